"""Reads a ledger back, fragment by fragment; page checksums are verified."""

import os
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mediscan.ledger.writer import fragment_path, storage

_PREFIX, _SUFFIX = "part-", ".parquet"


def fragments(folder: str) -> list[str]:
    """Names of the committed fragments, in order."""
    names = os.listdir(os.path.join(folder, "files"))
    return sorted(n[len(_PREFIX) : -len(_SUFFIX)] for n in names if n.startswith(_PREFIX) and n.endswith(_SUFFIX))


def read(folder: str, dataset: str, name: str) -> pa.Table:
    """One fragment of `files` or `actions`."""
    return pq.read_table(fragment_path(folder, dataset, name), page_checksum_verification=True)


def holders(folder: str, paths: set[str]) -> Iterator[tuple[str, int, str]]:
    """Yield (output path, file_id, fragment) of every row in state `written` whose output is among `paths`."""
    wanted = pa.array(sorted(paths), pa.string())
    for name in fragments(folder):
        table = pq.read_table(
            fragment_path(folder, "files", name),
            columns=["file_id", "status", "output_path"],
            page_checksum_verification=True,
        )
        hit = table.filter(
            pc.and_(pc.equal(table["status"].cast(pa.string()), "written"), pc.is_in(table["output_path"], wanted))
        )
        for row in hit.to_pylist():
            yield row["output_path"], row["file_id"], name


def outputs(folder: str) -> set[str]:
    """Paths of all outputs in state `written`."""
    found: set[str] = set()
    for name in fragments(folder):
        table = read(folder, "files", name).select(["status", "output_path"])
        written = pc.equal(table["status"].cast(pa.string()), "written")
        found.update(path for path in table.filter(written)["output_path"].to_pylist() if path)
    return found


def drop(folder: str, name: str, file_ids: set[int]) -> None:
    """Rewrite a fragment without the rows of `file_ids`; actions first, as when it was committed."""
    gone = pa.array(sorted(file_ids), pa.int64())
    for dataset in ("actions", "files"):
        table = read(folder, dataset, name)
        rest = table.filter(pc.invert(pc.is_in(table["file_id"], gone)))
        _replace(fragment_path(folder, dataset, name), rest)


def _replace(final: str, table: pa.Table) -> None:
    temporary = f"{final}.tmp"
    pq.write_table(table, temporary, **storage(table.schema, len(table)))
    os.rename(temporary, final)
