"""The Registry of DICOM Data Elements (PS3.6 section 6 to 9, PS3.7 Annex E): tag -> VR, VM, keyword.

Kept as arrays, sorted by tag, for the native kernels; ``find`` also knows the repeating groups. Private data
elements are not here: an odd group has only its Group Length.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from mediscan.standard import _data

_TAG: Final = re.compile(r"\(?([0-9A-Fa-f]{4}),?([0-9A-Fa-f]{4})\)?")
_T = TypeVar("_T", bound=np.generic)
_NO_VR: Final = "NONE"  # Item and the two Delimitation Items (PS3.5 7.5)


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One row of the registry.

    Attributes
    ----------
    tag : int
        The tag; for a repeating group the lowest one that the row covers.
    vr : str
        As PS3.6 gives it, "OB or OW" for instance; "NONE" for Item and the Delimitation Items.
    vm : str
        As PS3.6 gives it, "2-2n" for instance.
    keyword, name : str
        Keyword and name.
    retired : bool
        PS3.6 marks it RET.
    """

    tag: int
    vr: str
    vm: str
    keyword: str
    name: str
    retired: bool

    @property
    def preferred_vr(self) -> str:
        """The one VR to take, see `preferred_vr`."""
        return preferred_vr(self.vr)


@dataclass(frozen=True, eq=False)
class Dictionary:
    """
    The registry. Arrays are read-only and run in parallel, one row per tag, sorted by tag.

    Attributes
    ----------
    tags : ndarray of uint32
        Group in the high 16 bits, element in the low.
    vr : ndarray of uint16
        `preferred_vr` as it lies in an Explicit VR Little Endian data set: ``ord(a) | ord(b) << 8``. 0 for Item and the
        Delimitation Items, which have none.
    vm_min, vm_max, vm_step : ndarray of int32
        Value Multiplicity. ``vm_max`` 0 means unbounded; "2-2n" has minimum 2, maximum 0 and step 2.
    retired : ndarray of bool
        PS3.6 marks it RET.
    repeating : tuple of (mask, match, Entry)
        Repeating groups and elements, in the order in which they are to be tried: ``(tag & mask) == match``.
    """

    tags: NDArray[np.uint32]
    vr: NDArray[np.uint16]
    vm_min: NDArray[np.int32]
    vm_max: NDArray[np.int32]
    vm_step: NDArray[np.int32]
    retired: NDArray[np.bool_]
    repeating: tuple[tuple[int, int, Entry], ...]
    _rows: Mapping[int, int]
    _keywords: Mapping[str, int]
    _text: tuple[list[str], list[str], list[str], list[str]]  # VR, VM, keyword, name

    def find(self, tag: int) -> Entry | None:
        """
        Find the entry of a tag, repeating groups and Group Length (gggg,0000) included.

        Parameters
        ----------
        tag : int
            The tag.

        Returns
        -------
        Entry or None
            None for a tag that PS3.6 does not register, so for every private one.
        """
        row = self._rows.get(tag)
        if row is None:
            return next((entry for mask, match, entry in self.repeating if tag & mask == match), None)
        vr, vm, keyword, name = (column[row] for column in self._text)
        return Entry(tag, vr, vm, keyword, name, bool(self.retired[row]))

    def vr_set(self, tag: int) -> str | None:
        """
        Give the VR or VRs that PS3.6 allows, "US or SS" for instance.

        Parameters
        ----------
        tag : int
            The tag.

        Returns
        -------
        str or None
            None for a tag that is not registered.
        """
        entry = self.find(tag)
        return None if entry is None else entry.vr

    def keyword(self, tag: int) -> str | None:
        """
        Give the keyword of a tag.

        Parameters
        ----------
        tag : int
            The tag.

        Returns
        -------
        str or None
            None for a tag that is not registered, and for the six retired ones that PS3.6 left without a name.
        """
        entry = self.find(tag)
        return None if entry is None else entry.keyword or None

    def tag(self, keyword: str) -> int | None:
        """
        Give the tag of a keyword.

        Parameters
        ----------
        keyword : str
            A keyword, spelled as in PS3.6.

        Returns
        -------
        int or None
            None for an unknown keyword and for that of a repeating group, which is not one tag.
        """
        return self._keywords.get(keyword)


def preferred_vr(vr_set: str) -> str:
    """
    Choose the one VR to take where PS3.6 allows several and nothing else decides.

    Parameters
    ----------
    vr_set : str
        VRs as in PS3.6.

    Returns
    -------
    str
        OW for "OB or OW", as Implicit VR Little Endian demands (PS3.5 A.1); else the first.
    """
    return "OW" if vr_set == "OB or OW" else vr_set.split(" ", 1)[0]


def vm_bounds(vm: str) -> tuple[int, int, int]:
    """
    Minimum, maximum and step of a Value Multiplicity (PS3.5 6.4).

    Parameters
    ----------
    vm : str
        As in PS3.6: "3", "1-2", "1-n", "2-2n".

    Returns
    -------
    tuple of int
        Maximum 0 means unbounded.
    """
    low, _, high = vm.partition("-")
    if not high:
        return int(low), int(low), 1
    if high.endswith("n"):
        return int(low), 0, int(high[:-1] or 1)
    return int(low), int(high), 1


def parse_tag(text: str) -> int:
    """
    Read a tag written as (gggg,eeee), gggg,eeee or ggggeeee.

    Parameters
    ----------
    text : str
        The tag in hexadecimal digits of either case.

    Returns
    -------
    int
        Group in the high 16 bits, element in the low.

    Raises
    ------
    ValueError
        It is not written so.
    """
    match = _TAG.fullmatch(text.strip())
    if match is None or text.strip().startswith("(") != text.strip().endswith(")"):
        raise ValueError("a tag is written (gggg,eeee) or ggggeeee, in hexadecimal digits")
    return int(match[1] + match[2], 16)


def format_tag(tag: int) -> str:
    """
    Write a tag as PS3.6 does.

    Parameters
    ----------
    tag : int
        The tag.

    Returns
    -------
    str
        "(gggg,eeee)", upper case.
    """
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


@cache
def load() -> Dictionary:
    """
    Read the registry, once.

    Returns
    -------
    Dictionary
        Frozen, shared by all callers.
    """
    codes, vrs, vms, keywords, names, retired = _data.columns("dictionary.tsv", 6)
    tags = np.frombuffer(bytes.fromhex("".join(codes)), dtype=">u4").astype(np.uint32)
    vr_codes = {vr: _vr_code(vr) for vr in set(vrs)}
    bounds = {vm: vm_bounds(vm) for vm in set(vms)}
    vm = np.array([bounds[vm] for vm in vms], dtype=np.int32)
    row_tags = tags.tolist()
    return Dictionary(
        tags=_frozen(tags),
        vr=_frozen(np.array([vr_codes[vr] for vr in vrs], dtype=np.uint16)),
        vm_min=_frozen(vm[:, 0].copy()),
        vm_max=_frozen(vm[:, 1].copy()),
        vm_step=_frozen(vm[:, 2].copy()),
        retired=_frozen(np.array([flag == "RET" for flag in retired], dtype=np.bool_)),
        repeating=_repeating(),
        _rows=MappingProxyType({tag: row for row, tag in enumerate(row_tags)}),
        _keywords=MappingProxyType({word: tag for word, tag in zip(keywords, row_tags, strict=True) if word}),
        _text=(vrs, vms, keywords, names),
    )


def _vr_code(vr_set: str) -> int:
    """Pack the preferred VR as two little-endian ASCII bytes."""
    if vr_set == _NO_VR:
        return 0
    return int.from_bytes(preferred_vr(vr_set).encode("ascii"), "little")


def _frozen(array: NDArray[_T]) -> NDArray[_T]:
    """Make the array read-only."""
    array.flags.writeable = False
    return array


def _repeating() -> tuple[tuple[int, int, Entry], ...]:
    """Rows of the repeating groups, in the file's order."""
    rows = zip(*_data.columns("repeating.tsv", 6), strict=True)
    return tuple(_repeating_row(*row) for row in rows)


def _repeating_row(pattern: str, vr: str, vm: str, keyword: str, name: str, retired: str) -> tuple[int, int, Entry]:
    """Mask, match and entry of a pattern such as 60xx0010."""
    mask = int("".join("0" if digit == "x" else "F" for digit in pattern), 16)
    match = int(pattern.replace("x", "0"), 16)
    if pattern[3] == "x" and not pattern.startswith("xxxx"):
        mask |= 0x00010000  # (6001,0010) is a Private Creator: groups repeat over even numbers only (PS3.5 7.6)
    return mask, match, Entry(match, vr, vm, keyword, name, retired == "RET")
