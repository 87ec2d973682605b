"""Schemas of the ledger's datasets, version 1: signed integers and strings alone, so that every reader takes them."""

import pyarrow as pa

SCHEMA_VERSION = "1"

_TEXT = pa.dictionary(pa.int32(), pa.string())


def _fields(*names: str, text: pa.DataType = _TEXT) -> list[pa.Field]:
    return [pa.field(name, text) for name in names]


FILES = pa.schema(
    [
        pa.field("run_id", _TEXT),
        pa.field("file_id", pa.int64()),
        pa.field("source_ref", pa.string()),
        pa.field("member", pa.string()),
        pa.field("source_size", pa.int64()),
        pa.field("source_digest", pa.string()),
        *_fields("status", "reason", "detail"),
        pa.field("output_path", pa.string()),
        pa.field("output_size", pa.int64()),
        pa.field("output_digest", pa.string()),
        *_fields("sop_class_uid", "modality", "transfer_syntax_uid"),
        pa.field("rows", pa.int32()),
        pa.field("columns", pa.int32()),
        pa.field("frames", pa.int32()),
        *_fields("patient", "study_uid", "series_uid"),
        pa.field("sop_instance_uid", pa.string()),
        pa.field("elements_seen", pa.int32()),
        pa.field("elements_changed", pa.int32()),
        pa.field("text_boxes", pa.int32()),
        pa.field("leaks", pa.int32()),
        pa.field("worker", pa.int32()),
        pa.field("started_at", pa.int64()),
        pa.field("elapsed_us", pa.int64()),
    ]
)

ACTIONS = pa.schema(
    [
        pa.field("run_id", _TEXT),
        pa.field("file_id", pa.int64()),
        *_fields("path", "tag", "vr", "private_creator", "action", "category", "rule"),
        pa.field("bytes_before", pa.int64()),
        pa.field("bytes_after", pa.int64()),
    ]
)


def with_metadata(schema: pa.Schema, facts: dict[str, str]) -> pa.Schema:
    """Add `facts` and the schema's version to the Parquet metadata, each under the prefix ``mediscan.``."""
    everything = {"schema_version": SCHEMA_VERSION, **facts}
    return schema.with_metadata({f"mediscan.{key}": value for key, value in everything.items()})
