"""Hand-made data sets for the kernels' tests: elements, items and sequences in the three native encodings (PS3.5 7.1, 7.5)."""

import functools
import glob
import os

import pydicom

from mediscan._native.framing import ElementTable, Encoding, Status
from mediscan.codec.tagindex import vr_index

LITTLE, IMPLICIT, BIG = Encoding.EXPLICIT_LITTLE, Encoding.IMPLICIT_LITTLE, Encoding.EXPLICIT_BIG
ENCODINGS = [LITTLE, IMPLICIT, BIG]
LONG_FORM = ("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV")
UNDEFINED = 0xFFFFFFFF


def number(value, size, encoding):
    return value.to_bytes(size, "big" if encoding == BIG else "little")


def header(tag, vr, length, encoding=LITTLE):
    """Tag, VR if it is explicit, two reserved bytes if its form is long, length."""
    head = number(tag >> 16, 2, encoding) + number(tag & 0xFFFF, 2, encoding)
    if encoding == IMPLICIT or not vr:
        return head + number(length, 4, encoding)
    if vr in LONG_FORM:
        return head + vr.encode() + b"\0\0" + number(length, 4, encoding)
    return head + vr.encode() + number(length, 2, encoding)


def element(tag, vr, value, encoding=LITTLE):
    return header(tag, vr, len(value), encoding) + value


def item(content, encoding=LITTLE, undefined=False):
    if undefined:
        return header(0xFFFEE000, "", UNDEFINED, encoding) + content + header(0xFFFEE00D, "", 0, encoding)
    return element(0xFFFEE000, "", content, encoding)


def sequence(tag, items, encoding=LITTLE, undefined=False, vr="SQ"):
    """`items` are contents; an undefined length goes for the sequence and for its items."""
    content = b"".join(item(one, encoding, undefined) for one in items)
    if undefined:
        return header(tag, vr, UNDEFINED, encoding) + content + header(0xFFFEE0DD, "", 0, encoding)
    return element(tag, vr, content, encoding)


def framed(data, encoding=LITTLE):
    """An ElementTable of a data set without File Meta Information."""
    table = ElementTable()
    assert table.attach(data) == Status.OK
    assert table.walk(0, encoding, vr_index()) == (Status.OK, len(data))
    return table


@functools.cache
def public_files():
    """Every file of pydicom's own test data that lies in the installed package."""
    folder = os.path.join(os.path.dirname(pydicom.__file__), "data", "test_files")
    return sorted(p for p in glob.glob(os.path.join(folder, "**"), recursive=True) if os.path.isfile(p))
