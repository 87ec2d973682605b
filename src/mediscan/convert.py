"""pydicom Dataset in, new pydicom Dataset out: the same reader, planner and splicer as a run, over bytes in memory."""

import io

import pydicom
from pydicom.dataset import Dataset, FileDataset

from mediscan._native.splice import Splicer
from mediscan.codec.part10 import Reader
from mediscan.plan import executor
from mediscan.plan.plan import Plan
from mediscan.plan.planner import Planner


def deidentify(ds: Dataset, plan: Plan) -> FileDataset:
    """De-identify one data set; the input is left as it is.

    Parameters
    ----------
    ds : pydicom.Dataset
        With SOP Class, Study, Series and SOP Instance UID; its File Meta Information, if it has one, names the
        Transfer Syntax, else Explicit VR Little Endian is taken.
    plan : Plan
        From `compile_policy`.

    Raises
    ------
    errors.Refused
        If it could not be proved safe.
    """
    if not hasattr(ds, "file_meta") or "TransferSyntaxUID" not in ds.file_meta:
        source = FileDataset(None, ds, preamble=bytes(128))  # type: ignore[arg-type]
        source.file_meta = pydicom.dataset.FileMetaDataset()
        source.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    else:
        source = ds  # type: ignore[assignment]
    raw = io.BytesIO()
    pydicom.dcmwrite(raw, source, enforce_file_format=True)
    reader, planner, splicer = Reader(), Planner(plan), Splicer()
    header = reader.read_bytes(raw.getvalue())
    instance = planner.decide(reader.table, header)
    attestation = planner.attestation(header.syntax)
    whole = executor.lay_out(splicer, reader.table, header, instance, attestation)
    return pydicom.dcmread(io.BytesIO(bytes(memoryview(splicer)) if whole is None else whole))
