"""One row of `files/` while it is in memory; no Parquet here, so that it is cheap to import."""

from typing import NamedTuple


class FileRow(NamedTuple):
    """Outcome of one input, in the order of the schema after `run_id`. Fields are as in the contract."""

    file_id: int
    source_ref: str
    status: str
    worker: int
    started_at: int
    elapsed_us: int
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
    elements_seen: int = 0
    elements_changed: int = 0
    text_boxes: int = 0
    leaks: int = 0
