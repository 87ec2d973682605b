"""Facts of the DICOM Standard, as data plus thin readers. Nothing here imports pydicom: it costs 300 ms."""
