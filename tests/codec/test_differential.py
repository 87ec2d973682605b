"""Every public file against pydicom and dcmdump (DCMTK): the same elements, or both refuse.

What we accept both others accept, with the same tree of tags, VRs and lengths. Each exception is pinned below with its reason;
a pin that is no longer needed fails too.
"""

import functools
import re
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pydicom
import pytest
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset

from mediscan import errors
from mediscan.codec import elements
from mediscan.codec.part10 import Reader

ITEM = 0xFFFEE000
UNKNOWN = -1  # length of what pydicom has decoded already


class Node(NamedTuple):
    """One data element or item; no VR where the encoding has none, no length where it is undefined."""

    depth: int
    tag: int
    vr: str | None
    length: int | None

    def __str__(self) -> str:
        return f"({self.tag >> 16:04X},{self.tag & 0xFFFF:04X}) {self.vr} length {self.length} at depth {self.depth}"


# --- three readers ----------------------------------------------------------------------------------------------------


def ours(path: Path) -> list[Node] | None:
    """The rows of `path`, or None if it is refused."""
    reader = Reader()
    with path.open("rb") as file:
        try:
            reader.read_file(file.fileno())
        except errors.Refused:
            return None
    return [_node(row) for row in elements.rows(reader.table)]


def _node(row: np.void) -> Node:
    flags = int(row["flags"])
    vr = int(row["vr"]).to_bytes(2, "little").decode() if row["vr"] else None
    length: int | None = int(row["length"])
    if flags & elements.UNDEFINED:
        length, vr = None, "SQ" if flags & elements.SEQUENCE else vr  # UN of undefined length is a sequence
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
            yield Node(depth, int(tag), raw.VR, None if nested else UNKNOWN)
        if nested:
            for item in dataset[tag].value:
                yield Node(depth + 1, ITEM, None, UNKNOWN)
                yield from _walk(item, depth + 2)


def _known(tag: int) -> str | None:
    try:
        return dictionary_VR(tag)
    except KeyError:
        return None


LINE = re.compile(r"^( *)\(([0-9a-f]{4}),([0-9a-f]{4})\) (\S\S) .*# *(\d+|u/l), *\d+ .*$")


def of_dcmdump(path: Path) -> list[Node] | str | None:
    """Its tree, None if it refuses, or a remark where it gives no verdict."""
    # Decode UN where the VR is known; do not load long values; no newline within a line; UIDs as they are.
    command = ["dcmdump", "-q", "+uc", "-M", "+Qn", "-Un", str(path)]
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


# --- comparison -------------------------------------------------------------------------------------------------------

# VRs that the dictionary leaves open, and DCMTK's name for the offsets in a DICOMDIR.
SAME_VR = {("US", "SS"), ("US", "xs"), ("OW", "OB"), ("UL", "up")}


def difference(mine: list[Node], theirs: list[Node], *, even: bool) -> str | None:
    """The first element on which two trees differ; `even` if the other reader rounds odd lengths up.

    What one side leaves opaque as UN, with a length, has no contents to compare.
    """
    i = j = 0
    while i < len(mine) and j < len(theirs):
        a, b = mine[i], theirs[j]
        if a[:2] != b[:2] or not _same_vr(a.vr, b.vr) or not _same_length(a.length, b.length, even=even):
            return f"{a} != {b}"
        i, j = i + 1, j + 1
        if a.length is not None and "UN" in (a.vr, b.vr):
            more = i < len(mine) and mine[i].depth > a.depth, j < len(theirs) and theirs[j].depth > a.depth
            if more[0] != more[1]:
                i, j = _behind(mine, i, a.depth), _behind(theirs, j, a.depth)
    return None if i == len(mine) and j == len(theirs) else "one has more elements"


def _same_vr(mine: str | None, theirs: str | None) -> bool:
    """In Implicit VR another dictionary may know a tag that ours does not; ours then says UN."""
    return theirs in (None, mine) or mine == "UN" or (mine, theirs) in SAME_VR


def _same_length(mine: int | None, theirs: int | None, *, even: bool) -> bool:
    if theirs == UNKNOWN or mine is None or theirs is None:
        return theirs == UNKNOWN or mine is theirs
    return mine == theirs or (even and mine + mine % 2 == theirs)


def _behind(nodes: list[Node], i: int, depth: int) -> int:
    while i < len(nodes) and nodes[i].depth > depth:
        i += 1
    return i


# --- the rule ---------------------------------------------------------------------------------------------------------

# File name -> why its verdicts differ.
PYDICOM_REFUSES = {
    "GH177_D_CLUNIE_CT1_IVRLE_BigEndian_undefined_length.dcm": (
        "UN of undefined length in Explicit VR Big Endian holds Implicit VR Little Endian (PS3.5 6.2.2); "
        "pydicom goes on in Big Endian"
    ),
}
WE_REFUSE = {
    "DICOMDIR-nooffset": "the last item promises 248 bytes and the file ends after 224; both others read what is there",
    "GH179A.dcm": "(0028,0120) has two spaces for a VR, and the file ends within a header",
    "GH340.dcm": "ACR-NEMA 2.0, before DICOM: no SOP Class UID, so nothing proves what it is",
    "meta_missing_tsyntax.dcm": "no Transfer Syntax UID and no SOP Class UID: the encoding would be a guess",
}


@functools.cache
def read(path: Path) -> list[Node] | None:
    return ours(path)


def test_every_other_public_file_is_read(public_files: list[Path]) -> None:
    """The comparison below is of hundreds of files, and of nested ones."""
    trees = [tree for path in public_files if (tree := read(path)) is not None]
    assert len(trees) > len(public_files) * 0.85
    assert sum(any(node.depth >= 4 for node in tree) for tree in trees) > 10


def test_against_pydicom(public_files: list[Path]) -> None:
    """pydicom with `force` refuses next to nothing, so only what we accept is compared."""
    found, refused = {}, set()
    for path in public_files:
        mine = read(path)
        if mine is None:
            continue
        theirs = of_pydicom(path)
        if theirs is None:
            refused.add(path.name)
        elif (text := difference(mine, theirs, even=False)) is not None:
            found[path.name] = text
    assert found == {}
    assert refused == PYDICOM_REFUSES.keys() & {path.name for path in public_files}


@pytest.mark.skipif(shutil.which("dcmdump") is None, reason="dcmdump (dcmtk) is not installed")
def test_against_dcmdump(public_files: list[Path]) -> None:
    with ThreadPoolExecutor(4) as pool:
        theirs = dict(zip(public_files, pool.map(of_dcmdump, public_files), strict=True))
    found, refused_by_us, refused_by_dcmdump, no_verdict = {}, set(), set(), set()
    for path in public_files:
        mine, other = read(path), theirs[path]
        if isinstance(other, str):
            no_verdict.add(path.name)
        elif mine is None and other is not None:
            refused_by_us.add(path.name)
        elif mine is not None and other is None:
            refused_by_dcmdump.add(path.name)
        elif mine is not None and other is not None and (text := difference(mine, other, even=True)) is not None:
            found[path.name] = text
    assert found == {}
    assert refused_by_dcmdump == set()
    assert refused_by_us == WE_REFUSE.keys() & {path.name for path in public_files}
    assert no_verdict == set()  # it neither crashed nor hung
