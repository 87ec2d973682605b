"""One row of `files/` while it is in memory; no Parquet here, so that it is cheap to import."""


class FileRow:
    """Outcome of one input; fields are as in the contract. What is not set is null, or 0 for the counts.

    Parameters
    ----------
    file_id : int
        Number of the input.
    source_ref : str
        Keyed digest of its path.
    worker : int
        Number of the process; -1 for the runner itself.
    started_at : int
        Microseconds since 1970.
    """

    status = "quarantined"  # until something better is true
    elapsed_us = 0
    source_size: int | None = None
    member: str | None = None
    source_digest: str | None = None
    reason: str | None = None
    detail: str | None = None
    output_path: str | None = None
    output_size: int | None = None
    output_digest: str | None = None
    sop_class_uid: str | None = None
    modality: str | None = None
    transfer_syntax_uid: str | None = None
    rows: int | None = None
    columns: int | None = None
    frames: int | None = None
    patient: str | None = None
    study_uid: str | None = None
    series_uid: str | None = None
    sop_instance_uid: str | None = None
    elements_seen = 0
    elements_changed = 0
    text_boxes = 0
    leaks = 0

    def __init__(self, file_id: int, source_ref: str, worker: int, started_at: int) -> None:
        self.file_id = file_id
        self.source_ref = source_ref
        self.worker = worker
        self.started_at = started_at

    def refuse(self, reason: str, detail: str | None) -> None:
        """Record that nothing of the input is written."""
        self.status = "quarantined"
        self.reason = reason
        self.detail = detail or None
        self.elements_changed = 0
