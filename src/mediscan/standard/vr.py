"""Value Representations: PS3.5 section 6.2 (Table 6.2-1), 7.1.2 (length field) and 6.1.2.3 (padding)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

_DIGITS: Final = "0123456789"
_UPPER: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LOWER: Final = _UPPER.lower()
_PRINTABLE: Final = "".join(map(chr, range(0x20, 0x7F)))  # Default Character Repertoire without control characters
_URI: Final = _UPPER + _LOWER + _DIGITS + "-._~:/?#[]@!$&'()*+,;=%"  # RFC 3986 section 2

CHARACTERS_UNLIMITED: Final = 0
"""``VR.max_length`` where PS3.5 gives none but the length field itself (2^32 - 2)."""


class Kind(StrEnum):
    """What a Value Field of a VR holds."""

    TEXT = "text"  # AE AS CS LO LT PN SH ST UC UR UT
    NUMBER_STRING = "number_string"  # DS IS: a number in characters
    DATE_TIME = "date_time"  # DA DT TM
    UID = "uid"  # UI
    NUMBER = "number"  # FD FL SL SS SV UL US UV: binary numbers, one after another
    TAG = "tag"  # AT: pairs of 16-bit integers
    BINARY = "binary"  # OB OD OF OL OV OW UN
    SEQUENCE = "sequence"  # SQ


@dataclass(frozen=True, slots=True)
class VR:
    """
    One Value Representation.

    Attributes
    ----------
    code : str
        Its two characters.
    kind : Kind
        What the Value Field holds.
    long_form : bool
        In an Explicit VR Transfer Syntax two reserved bytes and a 32-bit length follow (PS3.5 Table 7.1-1).
    padding : int
        The byte that makes an odd length even: SPACE for text, NULL for UI, OB, UN and all binary ones.
    width : int
        Bytes of one binary value, also the unit of byte swapping; 4 for AT, which swaps as two of 2. 0 for text and SQ.
    max_length : int
        Characters of one value at most, 0 where there is no limit of its own. For PN: of one component group, of which
        there are up to three.
    fixed_length : bool
        Every value has exactly ``max_length`` characters (AS, DA).
    backslash : bool
        A backslash separates values. False for the binary VRs, and for those of text that are always one value.
    charset : bool
        Specific Character Set (0008,0005) applies to it (PS3.5 6.1.2.3).
    repertoire : frozenset of str or None
        The characters that a value may have, padding included, where PS3.5 lists them; None for all others.
    """

    code: str
    kind: Kind
    long_form: bool = False
    padding: int = 0x20
    width: int = 0
    max_length: int = CHARACTERS_UNLIMITED
    fixed_length: bool = False
    backslash: bool = False
    charset: bool = False
    repertoire: frozenset[str] | None = None


def _text(code: str, length: int, *, charset: bool = False, characters: str = "", one: bool = False) -> VR:
    """Make a text VR; `one` means that it never has more than one value."""
    long_form = code in ("UC", "UR", "UT")
    repertoire = frozenset(characters) or None
    return VR(code, Kind.TEXT, long_form, 0x20, 0, length, code == "AS", not one, charset, repertoire)


def _structured(code: str, kind: Kind, length: int, characters: str, *, padding: int = 0x20) -> VR:
    """Make a VR of characters with a grammar: numbers, dates, times and UIDs."""
    return VR(code, kind, False, padding, 0, length, code == "DA", True, False, frozenset(characters))


def _binary(code: str, kind: Kind, width: int, *, long_form: bool) -> VR:
    """Make a VR whose values are not characters."""
    return VR(code, kind, long_form, 0x00, width)


_ALL: Final = (
    _text("AE", 16, characters=_PRINTABLE.replace("\\", "")),
    _text("AS", 4, characters=_DIGITS + "DWMY"),
    _binary("AT", Kind.TAG, 4, long_form=False),
    _text("CS", 16, characters=_UPPER + _DIGITS + " _"),
    _structured("DA", Kind.DATE_TIME, 8, _DIGITS),
    _structured("DS", Kind.NUMBER_STRING, 16, _DIGITS + "+-Ee. "),
    _structured("DT", Kind.DATE_TIME, 26, _DIGITS + "+-. "),
    _binary("FD", Kind.NUMBER, 8, long_form=False),
    _binary("FL", Kind.NUMBER, 4, long_form=False),
    _structured("IS", Kind.NUMBER_STRING, 12, _DIGITS + "+- "),
    _text("LO", 64, charset=True),
    _text("LT", 10240, charset=True, one=True),
    _binary("OB", Kind.BINARY, 1, long_form=True),
    _binary("OD", Kind.BINARY, 8, long_form=True),
    _binary("OF", Kind.BINARY, 4, long_form=True),
    _binary("OL", Kind.BINARY, 4, long_form=True),
    _binary("OV", Kind.BINARY, 8, long_form=True),
    _binary("OW", Kind.BINARY, 2, long_form=True),
    _text("PN", 64, charset=True),
    _text("SH", 16, charset=True),
    _binary("SL", Kind.NUMBER, 4, long_form=False),
    _binary("SQ", Kind.SEQUENCE, 0, long_form=True),
    _binary("SS", Kind.NUMBER, 2, long_form=False),
    _text("ST", 1024, charset=True, one=True),
    _binary("SV", Kind.NUMBER, 8, long_form=True),
    _structured("TM", Kind.DATE_TIME, 14, _DIGITS + ". "),
    _text("UC", CHARACTERS_UNLIMITED, charset=True),
    _structured("UI", Kind.UID, 64, _DIGITS + ".", padding=0x00),
    _binary("UL", Kind.NUMBER, 4, long_form=False),
    _binary("UN", Kind.BINARY, 1, long_form=True),
    _text("UR", CHARACTERS_UNLIMITED, characters=_URI + " ", one=True),
    _binary("US", Kind.NUMBER, 2, long_form=False),
    _text("UT", CHARACTERS_UNLIMITED, charset=True, one=True),
    _binary("UV", Kind.NUMBER, 8, long_form=True),
)

VRS: Final[Mapping[str, VR]] = MappingProxyType({vr.code: vr for vr in _ALL})
"""Every VR of PS3.5 Table 6.2-1 by its code."""
