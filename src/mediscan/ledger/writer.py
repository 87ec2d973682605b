"""Writes the ledger: one fragment per batch, each whole or absent; the manifest last.

A fragment of `actions/` comes before that of `files/`, and the latter is what makes the batch count as done.
"""

import contextlib
import json
import os
from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mediscan.ledger import schema
from mediscan.ledger.rows import FileRow
from mediscan.standard.vr import VRS

# Columns and `Node` of ext/journal.pyx.
_ACTION = {"file": "i8", "before": "i8", "after": "i8", "path": "i4", "rule": "i4", "creator": "i4", "vr": "u2", "letter": "u1"}
_NODE = np.dtype([("tag", "u4"), ("parent", "i4"), ("item", "i4")])
_LETTERS = "CDUXZ+"
MANIFEST = "run.json"
_LONG = 4096  # rows from which on dictionary numbers are worth compressing
_AT_ONCE = 1 << 17  # rows handed to a column's encoder in one go


class LedgerWriter:
    """Writes fragments of one run.

    Parameters
    ----------
    folder : str
        The ledger; its datasets are made when they are missing.
    run_id : str
        In every row.
    facts : dict of str to str
        For the Parquet metadata: versions, policy digest, edition.
    rules, categories : sequences
        What the rule numbers of the journal stand for; the same length.
    creators : sequence of str
        What the creator numbers stand for.
    """

    def __init__(
        self,
        folder: str,
        run_id: str,
        facts: dict[str, str],
        rules: Sequence[str],
        categories: Sequence[str | None],
        creators: Sequence[str],
    ) -> None:
        self._folder = folder
        self._run_id = run_id
        self._files = schema.with_metadata(schema.FILES, facts)
        self._actions = schema.with_metadata(schema.ACTIONS, facts)
        self._rules, self._rule = _numbered(rules)
        self._categories, self._category = _numbered(categories)
        self._creators = pa.array(creators, pa.string())
        self._vrs = pa.array(sorted(VRS), pa.string())
        self._vr = np.full(1 << 16, -1, np.int32)
        for number, vr in enumerate(sorted(VRS)):
            self._vr[ord(vr[0]) | ord(vr[1]) << 8] = number
        self._letters = pa.array(list(_LETTERS), pa.string())
        self._letter = np.zeros(256, np.int32)
        for number, letter in enumerate(_LETTERS):
            self._letter[ord(letter)] = number
        for dataset in ("files", "actions"):
            os.makedirs(os.path.join(folder, dataset), mode=0o750, exist_ok=True)

    def commit(self, name: str, rows: Sequence[FileRow], journal: tuple[dict[str, bytes], bytes]) -> None:
        """Commit one fragment called `name`: `rows` of files, and what `Journal.take` gave."""
        self._write("actions", name, self._actions_table(*journal))
        self._write("files", name, self._files_table(rows))

    def _write(self, dataset: str, name: str, table: pa.Table) -> None:
        final = fragment_path(self._folder, dataset, name)
        temporary = os.path.join(self._folder, dataset, f".{name}.{os.getpid()}.tmp")
        pq.write_table(table, temporary, **storage(table.schema, len(table)))
        os.rename(temporary, final)

    def _files_table(self, rows: Sequence[FileRow]) -> pa.Table:
        run_id = _coded(np.zeros(len(rows), np.int32), pa.array([self._run_id], pa.string()))
        fields = list(self._files)[1:]
        columns = zip(*map(attrgetter(*[field.name for field in fields]), rows), strict=True)
        arrays = [pa.array(column, field.type) for column, field in zip(columns, fields, strict=True)]
        return pa.Table.from_arrays([run_id, *arrays], schema=self._files)

    def _actions_table(self, actions: dict[str, bytes], nodes: bytes) -> pa.Table:
        rows = {name: np.frombuffer(actions[name], type_) for name, type_ in _ACTION.items()}
        paths, tags, tag_of = _paths(np.frombuffer(nodes, _NODE))
        columns = {
            "run_id": _coded(np.zeros(len(rows["file"]), np.int32), pa.array([self._run_id], pa.string())),
            "file_id": pa.array(rows["file"]),
            "path": _coded(rows["path"], pa.array(paths, pa.string())),
            "tag": _coded(tag_of[rows["path"]], pa.array(tags, pa.string())),
            "vr": _coded(self._vr[rows["vr"]], self._vrs),
            "private_creator": _coded(rows["creator"], self._creators),
            "action": _coded(self._letter[rows["letter"]], self._letters),
            "category": _coded(self._category[rows["rule"]], self._categories),
            "rule": _coded(self._rule[rows["rule"]], self._rules),
            "bytes_before": pa.array(rows["before"]),
            "bytes_after": pa.array(rows["after"]),
        }
        return pa.Table.from_arrays([columns[field.name] for field in self._actions], schema=self._actions)


def storage(table: pa.Schema, rows: int) -> dict[str, Any]:
    """How a fragment is stored: zstd, page checksums, no statistics.

    Statistics would put the smallest and largest value of every column into the footer. A column that is a few run lengths
    of dictionary numbers is left as it is: setting up zstd for it costs more than it holds.
    """
    by_dictionary = [f.name for f in table if pa.types.is_dictionary(f.type) or f.name in schema.REPEATED]
    zstd = [name for name in table.names if rows >= _LONG or name not in by_dictionary]
    return {
        "compression": dict.fromkeys(table.names, "none") | dict.fromkeys(zstd, "zstd"),
        "compression_level": dict.fromkeys(zstd, 1),
        "use_dictionary": by_dictionary,
        "write_batch_size": _AT_ONCE,
        "write_statistics": False,
        "write_page_checksum": True,
    }


def fragment_path(folder: str, dataset: str, name: str) -> str:
    """Path of a committed fragment."""
    return os.path.join(folder, dataset, f"part-{name}.parquet")


def discard(folder: str, name: str) -> None:
    """Take a fragment back, if it is there: its batch is done again."""
    for dataset in ("files", "actions"):  # without the former the batch does not count as done
        with contextlib.suppress(FileNotFoundError):
            os.unlink(fragment_path(folder, dataset, name))


def write_manifest(folder: str, manifest: dict[str, Any]) -> None:
    """Write `run.json`: the run is finished once it is there."""
    final = os.path.join(folder, MANIFEST)
    temporary = f"{final}.tmp"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(manifest, file, indent=2, sort_keys=True)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    os.rename(temporary, final)


def _numbered(names: Sequence[str | None]) -> tuple[pa.Array, np.ndarray[Any, Any]]:
    """The distinct names, and the number of each name among them, -1 for None.

    A dictionary that holds a name twice would not be written as one.
    """
    distinct = sorted({name for name in names if name})
    numbers = {name: number for number, name in enumerate(distinct)}
    return pa.array(distinct, pa.string()), np.array([numbers.get(name or "", -1) for name in names], np.int32)


def _coded(numbers: np.ndarray[Any, Any], dictionary: pa.Array) -> pa.DictionaryArray:
    """Dictionary-encode by numbers of type int32 into `dictionary`; negative ones are null."""
    gaps = len(numbers) and numbers.min() < 0
    valid = pa.py_buffer(np.packbits(numbers >= 0, bitorder="little")) if gaps else None
    indices = pa.Array.from_buffers(pa.int32(), len(numbers), [valid, pa.py_buffer(numbers)])
    return pa.DictionaryArray.from_arrays(indices, dictionary, safe=False)


def _paths(nodes: np.ndarray[Any, Any]) -> tuple[list[str], list[str], np.ndarray[Any, Any]]:
    """Path of every node of the trie, the distinct tags, and the tag's number for each node."""
    paths: list[str] = []
    for tag, parent, item in nodes.tolist():
        if item >= 0:
            paths.append(f"{paths[parent]}[{item}]")
        else:
            name = f"({tag >> 16:04x},{tag & 0xFFFF:04x})"
            paths.append(f"{paths[parent]}.{name}" if parent >= 0 else name)
    distinct, tag_of = np.unique(nodes["tag"], return_inverse=True)
    return paths, [f"{tag:08x}" for tag in distinct.tolist()], tag_of.astype(np.int32)
