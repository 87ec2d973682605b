"""Schemas of the ledger's datasets, version 1: signed integers and strings alone, so that every reader takes them."""

import pyarrow as pa

SCHEMA_VERSION = "1"
# Integers of which a fragment holds few distinct ones: stored by dictionary like strings, though no reader sees it.
REPEATED = frozenset(
    "source_size output_size rows columns frames elements_seen elements_changed text_boxes leaks worker bytes_after".split()
)

_TEXT = pa.dictionary(pa.int32(), pa.string())


def _fields(*names: str, nullable: bool = True) -> list[pa.Field]:
    """Dictionary-encoded strings; a column that is never null is written without definition levels."""
    return [pa.field(name, _TEXT, nullable) for name in names]


def _whole(name: str, type_: pa.DataType) -> pa.Field:
    return pa.field(name, type_, nullable=False)


FILES = pa.schema(
    [
        _whole("run_id", _TEXT),
        _whole("file_id", pa.int64()),
        _whole("source_ref", pa.string()),
        pa.field("member", pa.string()),
        pa.field("source_size", pa.int64()),
        pa.field("source_digest", pa.string()),
        _whole("status", _TEXT),
        *_fields("reason", "detail"),
        pa.field("output_path", pa.string()),
        pa.field("output_size", pa.int64()),
        pa.field("output_digest", pa.string()),
        *_fields("sop_class_uid", "modality", "transfer_syntax_uid"),
        pa.field("rows", pa.int32()),
        pa.field("columns", pa.int32()),
        pa.field("frames", pa.int32()),
        *_fields("patient", "study_uid", "series_uid"),
        pa.field("sop_instance_uid", pa.string()),
        *(_whole(name, pa.int32()) for name in ("elements_seen", "elements_changed", "text_boxes", "leaks", "worker")),
        _whole("started_at", pa.int64()),
        _whole("elapsed_us", pa.int64()),
    ]
)

ACTIONS = pa.schema(
    [
        _whole("run_id", _TEXT),
        _whole("file_id", pa.int64()),
        *_fields("path", "tag", "vr", nullable=False),
        *_fields("private_creator"),
        *_fields("action", nullable=False),
        *_fields("category"),
        *_fields("rule", nullable=False),
        _whole("bytes_before", pa.int64()),
        _whole("bytes_after", pa.int64()),
    ]
)


def with_metadata(schema: pa.Schema, facts: dict[str, str]) -> pa.Schema:
    """Add `facts` and the schema's version to the Parquet metadata, each under the prefix ``mediscan.``."""
    everything = {"schema_version": SCHEMA_VERSION, **facts}
    return schema.with_metadata({f"mediscan.{key}": value for key, value in everything.items()})
