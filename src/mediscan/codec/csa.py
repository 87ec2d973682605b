"""Siemens CSA headers: read with every length checked, and rebuilt from tags that a list allows; nothing is copied.

Copying will not do: the 64 bytes of a name, and whatever else Siemens' writer leaves unset, hold what was in its memory before,
such as a scanner's serial number. There are two forms, neither published: one that begins with SV10 and an older one without.
What is written is always the former, which every reader knows.
"""

import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MOST_TAGS = 1000  # tags of a header, and items of a tag; readers refuse more
_SV10 = b"SV10"
_UNUSED = b"\x04\x03\x02\x01"
_COUNT = struct.Struct("<II")
_TAG = struct.Struct("<64si4siii")
_ITEM = struct.Struct("<4i")
_CHECK = 77
_WITH_VALUES, _WITHOUT = 77, 205
_PADDED_TO = 6  # items come by six, the last ones empty; dcm2niix reads three where it needs one
_SYNGO_TYPES = {"DS": 3, "FD": 4, "IS": 6, "SL": 7, "SS": 8, "UL": 9, "US": 10, "CS": 16, "LO": 19, "SH": 22}
_WHOLE = frozenset({"IS", "SL", "SS", "UL", "US"})
_INTEGER = re.compile(r"[+-]?\d{1,10}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?\d{1,12}(\.\d{0,12})?([eE][+-]?\d{1,2})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class SafeTag:
    """
    A CSA tag that may stay.

    Attributes
    ----------
    vr : str
        The only Value Representation it may have.
    vm : tuple of int
        Fewest and most values; none at all are always allowed.
    values : re.Pattern or tuple of float
        What a whole value matches, or its lowest and highest number.
    """

    vr: str
    vm: tuple[int, int]
    values: "re.Pattern[str] | tuple[float, float]"

    def allows(self, vr: str, values: Sequence[str]) -> bool:
        """Tell whether a tag of this name may have this VR and these values."""
        return vr == self.vr and (not values or self.vm[0] <= len(values) <= self.vm[1]) and all(map(self._fits, values))

    def _fits(self, value: str) -> bool:
        if isinstance(self.values, re.Pattern):
            return self.values.fullmatch(value) is not None
        form = _INTEGER if self.vr in _WHOLE else _DECIMAL
        return form.fullmatch(value) is not None and self.values[0] <= float(value) <= self.values[1]


@dataclass(frozen=True, slots=True)
class CsaTag:
    """
    One tag as read.

    Attributes
    ----------
    name, vr : str
        Up to the first NUL.
    values : tuple of str
        Without padding, and without the empty ones at the end that fill a tag up.
    """

    name: str
    vr: str
    values: tuple[str, ...]


class _BrokenError(Exception):
    """The bytes are no CSA header."""


def clean(value: bytes, safe: Mapping[str, SafeTag]) -> bytes | None:
    """
    Rebuild a CSA header from the tags that may stay.

    Parameters
    ----------
    value : bytes
        Value of the data element.
    safe : mapping of str to SafeTag
        By name.

    Returns
    -------
    bytes or None
        A header in form SV10; None where the value is no CSA header or no tag of it may stay: then the element has to go.
    """
    tags = read(value)
    if tags is None:
        return None
    kept: dict[str, CsaTag] = {}
    for tag in tags:
        rule = safe.get(tag.name)
        if rule is not None and tag.name not in kept and rule.allows(tag.vr, tag.values):
            kept[tag.name] = tag
    return write(list(kept.values()), safe) if kept else None


def read(value: bytes) -> list[CsaTag] | None:
    """
    Read all tags of a CSA header of either form.

    Parameters
    ----------
    value : bytes
        Value of the data element.

    Returns
    -------
    list of CsaTag or None
        None where a count or length does not fit the bytes there are.
    """
    try:
        return _tags(value)
    except (_BrokenError, struct.error):
        return None


def _tags(value: bytes) -> list[CsaTag]:
    sv10 = value.startswith(_SV10)
    position = len(_SV10) + len(_UNUSED) if sv10 else 0
    count, check = _COUNT.unpack_from(value, position)
    if check != _CHECK or not 0 < count <= MOST_TAGS:
        raise _BrokenError
    position += _COUNT.size
    tags: list[CsaTag] = []
    base = None
    for number in range(count):
        name, _, vr, _, items, _ = _TAG.unpack_from(value, position)
        position += _TAG.size
        if not 0 <= items <= MOST_TAGS:
            raise _BrokenError
        if number == 0 and not sv10:
            base = items
        values, position = _values(value, position, items, base)
        tags.append(CsaTag(_until_nul(name), _until_nul(vr), values))
    return tags


def _values(value: bytes, position: int, items: int, base: int | None) -> tuple[tuple[str, ...], int]:
    """Values of the items from `position` on, and where these end.

    The older form counts lengths from `base`, the number of items of its first tag, and ends a tag early with one below it.
    """
    values: list[str] = []
    for _ in range(items):
        first, second, _, _ = _ITEM.unpack_from(value, position)
        position += _ITEM.size
        length = second if base is None else first - base
        if length < 0 and base is not None:
            break
        if not 0 <= length <= len(value) - position:
            raise _BrokenError
        values.append(_until_nul(value[position : position + length]).strip(" "))
        position += (length + 3) // 4 * 4
    while values and not values[-1]:
        values.pop()
    return tuple(values), position


def _until_nul(raw: bytes) -> str:
    return raw.partition(b"\0")[0].decode("latin-1")


def write(tags: Sequence[CsaTag], safe: Mapping[str, SafeTag]) -> bytes:
    """
    Write a CSA header in form SV10.

    Parameters
    ----------
    tags : sequence of CsaTag
        At least one, each named in `safe`.
    safe : mapping of str to SafeTag
        Says which tags have a VM of their own.

    Returns
    -------
    bytes
        A whole number of four-byte words.
    """
    parts = [_SV10, _UNUSED, _COUNT.pack(len(tags), _CHECK)]
    for tag in tags:
        low, high = safe[tag.name].vm
        count = -(-len(tag.values) // _PADDED_TO) * _PADDED_TO
        vm = high if low == high else 0
        kind = _WITH_VALUES if count else _WITHOUT
        parts.append(_TAG.pack(tag.name.encode("ascii"), vm, tag.vr.encode("ascii"), _SYNGO_TYPES[tag.vr], count, kind))
        parts += map(_item, tag.values)
        parts.append(_ITEM.pack(0, 0, _WITHOUT, 0) * (count - len(tag.values)))
    return b"".join(parts)


def _item(value: str) -> bytes:
    """One item with its value, ended by NUL and filled up to a whole word."""
    text = value.encode("ascii") + b"\0"
    return _ITEM.pack(len(text), len(text), _WITH_VALUES, len(text)) + text + bytes(-len(text) % 4)
