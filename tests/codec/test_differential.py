"""Every public file against pydicom and dcmdump (DCMTK): the same elements, or both refuse.

What we accept both others accept, with the same tree of tags, VRs and lengths. Each exception is pinned below with its reason;
a pin that is no longer needed fails too.
"""

import re
import shutil
import subprocess
import warnings
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pydicom
import pytest
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset

from mediscan import errors
from mediscan.codec import elements
from mediscan.codec.part10 import Reader

ITEM = 0xFFFEE000


class Node(NamedTuple):
    """One data element or item; no VR where the encoding has none, no length where it is undefined."""

    depth: int
    tag: int
    vr: str | None
    length: int | None

    def __str__(self) -> str:
        return f"{self.depth} {self.tag:08x} {self.vr} {self.length}"


# --- three readers ----------------------------------------------------------------------------------------------------


def ours(path: Path) -> list[Node] | None:
    """The rows of `path`, or None if it is refused."""
    reader = Reader()
    with path.open("rb") as file:
        try:
            reader.read_file(file.fileno(), path.stat().st_size)
        except errors.Refused:
            return None
    return [_node(row) for row in elements.rows(reader.table)]


def _node(row: dict[str, int]) -> Node:
    vr = int(row["vr"]).to_bytes(2, "little").decode() if row["vr"] else None
    length = None if row["flags"] & elements.UNDEFINED else int(row["length"])
    return Node(int(row["depth"]), int(row["tag"]), vr, length)


def of_pydicom(path: Path) -> list[Node] | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom warns of values; here only the structure matters
        try:
            dataset = pydicom.dcmread(path, force=True)
            return [*_walk(dataset.file_meta, 0), *_walk(dataset, 0)]
        except Exception:  # noqa: BLE001 - whatever it raises, it refuses
            return None


def _walk(dataset: Dataset, depth: int) -> Iterator[Node]:
    for tag, raw in list(dataset.items()):
        if isinstance(raw, RawDataElement):
            length = None if raw.length == 0xFFFFFFFF else raw.length
            nested = "SQ" in (raw.VR, _known(tag) if raw.VR in (None, "UN") and length else None)
            yield Node(depth, int(tag), raw.VR, length)
        else:
            nested = raw.VR == "SQ"
            yield Node(depth, int(tag), raw.VR, None)
        if nested:
            for item in dataset[tag].value:
                yield Node(depth + 1, ITEM, None, None)
                yield from _walk(item, depth + 2)


def _known(tag: int) -> str | None:
    try:
        return dictionary_VR(tag)
    except KeyError:
        return None


LINE = re.compile(r"^( *)\(([0-9a-f]{4}),([0-9a-f]{4})\) (\S\S) .*# *(\d+|u/l), *\d+ .*$")


def of_dcmdump(path: Path) -> list[Node] | None | str:
    """Its tree, None if it refuses, or a remark where it gives no verdict."""
    command = ["dcmdump", "-q", "-M", "+Qn", "-Un", str(path)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=30)
    except subprocess.TimeoutExpired:
        return "timeout"
    if done.returncode < 0:
        return "crash"
    if done.returncode:
        return None
    return list(_parse(done.stdout.decode("latin-1")))


def _parse(text: str) -> Iterator[Node]:
    for line in text.splitlines():
        if not line.lstrip().startswith("(") or "(fffe,e00d)" in line[:40] or "(fffe,e0dd)" in line[:40]:
            continue
        found = LINE.match(line)
        assert found, line[:20]
        indent, group, element, vr, length = found.groups()
        if vr == "pi":  # a fragment
            continue
        size = None if length == "u/l" else int(length)
        yield Node(len(indent) // 2, int(group + element, 16), None if vr == "na" else vr, size)
