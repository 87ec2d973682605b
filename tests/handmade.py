"""Data sets made by hand, field by field (PS3.5 section 7.1 and 7.5), for tests that state what the bytes are."""

import struct

UNDEFINED = 0xFFFFFFFF
LONG_FORM = frozenset(("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"))
IMPLICIT_LE = "1.2.840.10008.1.2"
EXPLICIT_LE = "1.2.840.10008.1.2.1"
EXPLICIT_BE = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
CT_IMAGE = b"1.2.840.10008.5.1.4.1.1.2\0"


def explicit(tag: int, vr: str, value: bytes = b"", length: int | None = None, *, big: bool = False) -> bytes:
    """One element with its VR; `length` where the field is to differ from the value."""
    order = ">" if big else "<"
    size = len(value) if length is None else length
    head = struct.pack(order + "HH", tag >> 16, tag & 0xFFFF)  # group, element
    head += vr.encode("ascii")  # VR
    if vr in LONG_FORM:
        head += struct.pack(order + "HI", 0, size)  # reserved, 32-bit length
    else:
        head += struct.pack(order + "H", size)  # 16-bit length
    return head + value


def implicit(tag: int, value: bytes = b"", length: int | None = None, *, big: bool = False) -> bytes:
    """One element without VR; items and delimiters look the same in every encoding."""
    order = ">" if big else "<"
    size = len(value) if length is None else length
    return struct.pack(order + "HHI", tag >> 16, tag & 0xFFFF, size) + value


def item(content: bytes = b"", length: int | None = None, *, big: bool = False) -> bytes:
    """(FFFE,E000) of defined length."""
    return implicit(0xFFFEE000, content, length, big=big)


def open_item(content: bytes = b"", *, big: bool = False) -> bytes:
    """(FFFE,E000) of undefined length with its delimiter."""
    return implicit(0xFFFEE000, content, UNDEFINED, big=big) + item_end(big=big)


def item_end(*, big: bool = False) -> bytes:
    """(FFFE,E00D), Item Delimitation Item."""
    return implicit(0xFFFEE00D, big=big)


def sequence_end(*, big: bool = False) -> bytes:
    """(FFFE,E0DD), Sequence Delimitation Item."""
    return implicit(0xFFFEE0DD, big=big)


def meta(syntax: str, *more: bytes) -> bytes:
    """File Meta Information with its Group Length, naming `syntax`."""
    uid = syntax.encode("ascii")
    group = explicit(0x00020010, "UI", uid + b"\0" * (len(uid) % 2)) + b"".join(more)
    return explicit(0x00020000, "UL", struct.pack("<I", len(group))) + group


def part10(syntax: str, dataset: bytes) -> bytes:
    """A whole file: 128 bytes of preamble, DICM, File Meta Information, data set."""
    return bytes(128) + b"DICM" + meta(syntax) + dataset
