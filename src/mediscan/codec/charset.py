"""Specific Character Set (PS3.3 C.12.1.1.2, PS3.5 6.1.2): value bytes <-> text, strictly: what is not sure does not decode.

A data set states its character set in (0008,0005); an item may state its own, which then holds for all that lies inside it.
So the one in force at a row is that of the nearest enclosing item that has one, else the data set's: `Scopes` finds it.
Text that does not decode, or that decodes to nonsense, is for `mediscan.codec.mislabelled`.
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from mediscan._native.framing import ElementTable
from mediscan.codec import elements

SPECIFIC_CHARACTER_SET: Final = 0x00080005

# Sets of one byte for a character, by ISO-IR number: the upper half is G1, the lower is ASCII.
_SINGLE: Final = MappingProxyType(
    {
        "100": ("-A", "latin-1"),
        "101": ("-B", "iso8859-2"),
        "109": ("-C", "iso8859-3"),
        "110": ("-D", "iso8859-4"),
        "144": ("-L", "iso8859-5"),
        "127": ("-G", "iso8859-6"),
        "126": ("-F", "iso8859-7"),
        "138": ("-H", "iso8859-8"),
        "148": ("-M", "iso8859-9"),
        "203": ("-b", "iso8859-15"),
        "13": (")I", "shift_jis"),
        "166": ("-T", "iso8859-11"),
    }
)
_WITHOUT_EXTENSIONS: Final = MappingProxyType(
    {"": "ascii", "ISO_IR 6": "ascii", "ISO_IR 192": "utf-8", "GB18030": "gb18030", "GBK": "gbk"}
    | {f"ISO_IR {number}": codec for number, (_, codec) in _SINGLE.items()}
)
_ONE_BYTE: Final = frozenset(codec for _, codec in _SINGLE.values())
_EXTENDED: Final = "ISO 2022 IR "
_ESC: Final = 0x1B
_CONTROL: Final = re.compile(rb"[\x80-\x9f]")
_NOT_KATAKANA: Final = re.compile(rb"[\x80-\xa0\xe0-\xff]")
_DELIMITERS: Final = MappingProxyType({"PN": b"\\^=", "LT": b"", "ST": b"", "UT": b""})
_PARAGRAPHS: Final = frozenset({"LT", "ST", "UT"})
_FORMAT_CONTROLS: Final = frozenset("\t\n\f\r")


@dataclass(frozen=True, slots=True)
class _Set:
    """A set that an escape sequence designates (PS3.3 Tables C.12-3, C.12-4): where to, by which Python codec it is read."""

    escape: bytes
    codec: str
    plane: int
    double: bool

    def decode(self, piece: bytes) -> str:
        """Read bytes of this set alone; raise UnicodeDecodeError where they are not."""
        if self.plane == 1 or not self.double:
            return _whole(piece, self.codec)
        return (self.escape + piece).decode(self.codec)

    def encode(self, char: str) -> bytes | None:
        """Bytes of one character that is not ASCII; None if the set lacks it."""
        return _encode_char(self, char)


_ASCII: Final = _Set(b"\x1b(B", "ascii", 0, double=False)
_ROMAJI: Final = _Set(b"\x1b(J", "ascii", 0, double=False)  # differs in \ and ~, which PS3.5 gives their ASCII meaning
_BY_TERM: Final[Mapping[str, tuple[_Set, ...]]] = MappingProxyType(
    {
        "6": (_ASCII,),
        "87": (_Set(b"\x1b$B", "iso2022_jp", 0, double=True), _ROMAJI),
        "159": (_Set(b"\x1b$(D", "iso2022_jp_2", 0, double=True), _ROMAJI),
        "149": (_Set(b"\x1b$)C", "euc_kr", 1, double=True),),
        "58": (_Set(b"\x1b$)A", "gb2312", 1, double=True),),
    }
    | {
        number: (_Set(b"\x1b" + escape.encode(), codec, 1, double=False),) + ((_ROMAJI,) if number == "13" else ())
        for number, (escape, codec) in _SINGLE.items()
    }
)


@dataclass(frozen=True, slots=True)
class _Scheme:
    """What a value of (0008,0005) means: one codec, or with code extensions the sets by escape sequence and the first two."""

    codec: str | None
    sets: Mapping[bytes, _Set]
    g0: _Set = _ASCII
    g1: _Set | None = None


@functools.lru_cache(maxsize=256)
def _scheme(declared: bytes) -> _Scheme | None:
    """Understand a value of (0008,0005); None for an unknown term, or several without code extensions."""
    terms = [term.strip() for term in declared.rstrip(b"\0 ").decode("ascii", "replace").split("\\")]
    if len(terms) == 1 and terms[0] in _WITHOUT_EXTENSIONS:
        return _Scheme(_WITHOUT_EXTENSIONS[terms[0]], MappingProxyType({}))
    if not terms[0]:
        terms[0] = f"{_EXTENDED}6"
    numbers = [term.removeprefix(_EXTENDED) for term in terms]
    if any(not term.startswith(_EXTENDED) or number not in _BY_TERM for term, number in zip(terms, numbers, strict=True)):
        return None
    sets = {each.escape: each for number in numbers for each in _BY_TERM[number]} | {_ASCII.escape: _ASCII}
    g1 = _BY_TERM[numbers[0]][0]
    initial = None if g1.plane == 0 or g1.double else g1
    return _Scheme(None, MappingProxyType(sets), _ROMAJI if numbers[0] == "13" else _ASCII, initial)


@functools.lru_cache(maxsize=256)
def codec_name(declared: bytes) -> str | None:
    """Python codec of a value of (0008,0005); None where several sets are in use or the term is unknown.

    The first term may be written as its ISO 2022 twin, which means the same while no other term follows.
    """
    scheme = _scheme(declared)
    if scheme is None or scheme.codec is not None:
        return None if scheme is None else scheme.codec
    if len(scheme.sets.keys() - {_ASCII.escape, _ROMAJI.escape}) > (scheme.g1 is not None):
        return None
    return "ascii" if scheme.g1 is None else scheme.g1.codec


def decode(value: bytes, declared: bytes, vr: str = "LO") -> str | None:
    r"""
    Decode a value under its declared character set.

    Parameters
    ----------
    value : bytes
        A value of a VR to which (0008,0005) applies; any bytes.
    declared : bytes
        The value of (0008,0005) in force.
    vr : str
        Where the first set is active again: behind ``\``, in PN behind ``^`` and ``=`` too, in every VR behind a control
        character such as the end of a line (PS3.5 6.1.2.5.3). A backslash in LT, ST and UT is a character like others.

    Returns
    -------
    str or None
        None if a byte has no meaning in the set that is active, or an escape sequence invokes one that is not declared.
        ASCII without escape sequences decodes whatever is declared: it is part of all sets.
    """
    if value.isascii() and _ESC not in value:
        return value.decode("ascii")
    scheme = _scheme(declared)
    if scheme is None:
        return None
    try:
        if scheme.codec is None:
            return _extended(value, scheme, _DELIMITERS.get(vr, b"\\"))[0]
        return None if _ESC in value else _whole(value, scheme.codec)
    except UnicodeDecodeError:
        return None


def valid(value: bytes, declared: bytes, vr: str = "LO") -> bool:
    """
    Tell whether a value may be written as it is.

    Parameters
    ----------
    value, declared, vr
        As for `decode`; padding at the end counts for nothing.

    Returns
    -------
    bool
        Whether it decodes, without control characters but for those that lines and pages of LT, ST and UT are made of, and
        with the first character set active at its end.
    """
    value = value.rstrip(b"\0 ")
    text = decode(value, declared, vr)
    if text is None:
        return False
    permitted = _FORMAT_CONTROLS if vr in _PARAGRAPHS else frozenset()
    if any((char < " " or "\x7f" <= char <= "\x9f") and char not in permitted for char in text):
        return False
    scheme = _scheme(declared)
    return scheme is None or _ESC not in value or _extended(value, scheme, _DELIMITERS.get(vr, b"\\"))[1]


def encode(text: str, declared: bytes) -> bytes | None:
    r"""
    Encode text so that it is valid in a declared character set.

    Parameters
    ----------
    text : str
        Text of one or more values; with code extensions the first set is made active again before ``\``, ``^``, ``=``,
        control characters and at the end, which fits every VR.
    declared : bytes
        The value of (0008,0005) that the output has.

    Returns
    -------
    bytes or None
        None if a character has no place in the declared sets, or these are not known and the text is not ASCII.
    """
    if "\x1b" in text:
        return None
    if text.isascii():
        return text.encode("ascii")
    scheme = _scheme(declared)
    if scheme is None:
        return None
    if scheme.codec is None:
        data = _encode_extended(text, scheme)
    else:
        try:
            data = text.encode(scheme.codec)
        except UnicodeEncodeError:
            return None
    # A codec may write what another reader, or this one, takes for something else: Shift JIS has pairs of bytes.
    return data if data is not None and decode(data, declared, "PN") == text else None


def component_groups(text: str) -> tuple[str, str, str]:
    """Alphabetic, ideographic and phonetic group of a decoded Person Name (PS3.5 6.2.1); what is absent is empty."""
    first, second, third, *_ = [*text.split("=", 2), "", ""]
    return first, second, third


class Scopes:
    """Specific Character Set in force at each row of a table.

    Attributes
    ----------
    single : bool
        One for the whole data set, which is nearly always so; then `at` need not be asked row by row.
    """

    def __init__(self, table: ElementTable) -> None:
        self._rows = elements.rows(table)
        found = np.flatnonzero(self._rows["tag"] == SPECIFIC_CHARACTER_SET)
        # An element has its item for parent, or -1. A value out of memory is longer than any real one: no known term.
        self._of = {
            int(self._rows["parent"][row]): value if (value := table.value(int(row))) is not None else b"?"
            for row in found[::-1]
            if row >= table.meta
        }
        self.single = self._of.keys() <= {-1}

    def at(self, row: int) -> bytes:
        """Give the value of (0008,0005) in force at a row; empty where none is stated: the default repertoire."""
        above = int(self._rows["parent"][row])
        while above not in self._of and above >= 0:
            above = int(self._rows["parent"][above])
        return self._of.get(above, b"")


# --- one set ----------------------------------------------------------------------------------------------------------


def _whole(value: bytes, codec: str) -> str:
    """Decode without code extensions; 80 to 9F are control characters of no set (PS3.5 6.1.2.1)."""
    if codec in _ONE_BYTE and _CONTROL.search(value):
        raise UnicodeDecodeError(codec, b"", 0, 0, "control character")
    # JIS X 0201 has single bytes only; Python's codec for them also takes the pairs of Shift JIS.
    if codec == "shift_jis" and _NOT_KATAKANA.search(value):
        raise UnicodeDecodeError(codec, b"", 0, 0, "pair of bytes")
    return value.decode(codec)


@functools.lru_cache(maxsize=4096)
def _encode_char(chosen: _Set, char: str) -> bytes | None:
    """Bytes of one character in a set, without escape sequences."""
    try:
        data = char.encode(chosen.codec)
    except UnicodeEncodeError:
        return None
    if chosen.plane == 0:  # iso2022_jp brings its own, and has other sets too
        if not chosen.double or not data.startswith(chosen.escape):
            return None
        return data[len(chosen.escape) :].removesuffix(_ASCII.escape)
    return data if len(data) == 1 + chosen.double and data[0] >= 0xA0 else None


# --- code extensions (PS3.5 6.1.2.5) ----------------------------------------------------------------------------------


def _extended(value: bytes, scheme: _Scheme, delimiters: bytes) -> tuple[str, bool]:
    """Text, and whether the first set is active again at the end; raise UnicodeDecodeError where it cannot be read."""
    g0, g1 = scheme.g0, scheme.g1
    first, *runs = value.split(b"\x1b")
    text, g1 = _run(first, g0, g1, scheme.g1, delimiters)
    parts = [text]
    for run in runs:
        length = 3 if run[:1] == b"$" and run[1:2] in (b"(", b")") else 2
        chosen = scheme.sets.get(b"\x1b" + run[:length])
        if chosen is None:
            raise UnicodeDecodeError("ISO 2022", b"", 0, 0, "escape sequence")
        if chosen.plane == 0:
            g0 = chosen
        else:
            g1 = chosen
        text, g1 = _run(run[length:], g0, g1, scheme.g1, delimiters)
        parts.append(text)
    return "".join(parts), not g0.double


def _run(run: bytes, g0: _Set, g1: _Set | None, initial: _Set | None, delimiters: bytes) -> tuple[str, _Set | None]:
    """Text between two escape sequences, and what is in G1 behind it."""
    if g0.double:
        return _pairs(run, g0, g1), g1
    parts = []
    begin = 0
    for at, byte in enumerate(run):
        if byte in delimiters or byte < 0x20:
            parts += [_upper(run[begin:at], g1), chr(byte)]
            begin, g1 = at + 1, initial
    return "".join([*parts, _upper(run[begin:], g1)]), g1


def _upper(piece: bytes, g1: _Set | None) -> str:
    """ASCII and the set in G1."""
    return piece.decode("ascii") if g1 is None else g1.decode(piece)


def _pairs(run: bytes, g0: _Set, g1: _Set | None) -> str:
    """Characters of two bytes in G0; a control character may not occur before G0 is what it was at first."""
    parts = []
    at = 0
    while at < len(run):
        if 0x21 <= run[at] <= 0x7E:
            pair = run[at : at + 2]
            if len(pair) < 2 or not 0x21 <= pair[1] <= 0x7E:
                raise UnicodeDecodeError("ISO 2022", b"", 0, 0, "half a character")
            parts.append(g0.decode(pair))
            at += 2
        elif run[at] == 0x20 or (run[at] >= 0xA0 and g1 is not None and not g1.double):
            parts.append(_upper(run[at : at + 1], g1))
            at += 1
        else:
            raise UnicodeDecodeError("ISO 2022", b"", 0, 0, "no character of the set")
    return "".join(parts)


def _encode_extended(text: str, scheme: _Scheme) -> bytes | None:
    """Encode with an escape sequence wherever the set changes."""
    out = bytearray()
    active: list[_Set | None] = [scheme.g0, scheme.g1]
    for char in [*text, ""]:
        if char.isascii():  # the end of the value, too
            if active[0] != scheme.g0:
                out += scheme.g0.escape
                active[0] = scheme.g0
            if (char in ("", "\\", "^", "=") or char < " ") and active[1] != scheme.g1:
                out += scheme.g1.escape if scheme.g1 is not None else b""
                active[1] = scheme.g1
            out += char.encode("ascii")
            continue
        candidates = [each for each in active if each is not None] + list(scheme.sets.values())
        found = next(((each, data) for each in candidates if (data := each.encode(char)) is not None), None)
        if found is None:
            return None
        if active[found[0].plane] != found[0]:
            out += found[0].escape
            active[found[0].plane] = found[0]
        out += found[1]
    return bytes(out)
