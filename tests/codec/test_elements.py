"""Facts about the element table, on data sets made by hand (PS3.5 section 7)."""

import struct
from typing import NamedTuple

import numpy as np
import pytest

from handmade import UNDEFINED, explicit, implicit, item, item_end, open_item, sequence_end
from mediscan import errors
from mediscan._native.framing import ElementTable, Encoding, Status, TagList, VrIndex
from mediscan.codec import elements
from mediscan.codec.elements import BIG, FRAGMENTS, IMPLICIT, ITEM, SEQUENCE
from mediscan.codec.elements import UNDEFINED as OPEN
from mediscan.codec.tagindex import vr_index

LITTLE, NO_VR, BIG_ENDIAN = Encoding.EXPLICIT_LITTLE, Encoding.IMPLICIT_LITTLE, Encoding.EXPLICIT_BIG
CLASS, NAME, BEAM, PIXELS = 0x00080016, 0x00100010, 0x300A00B0, 0x7FE00010
ITEM_TAG = 0xFFFEE000
PN = explicit(NAME, "PN", b"A^B ")  # 12 bytes
PN_IMPLICIT = implicit(NAME, b"A^B ")  # 12 bytes


class Row(NamedTuple):
    """A row of `elements.ROW` with its VR as text."""

    tag: int
    vr: str
    depth: int
    flags: int
    start: int
    value: int
    length: int
    end: int
    parent: int
    item: int
    creator: int
    after: int


def walk(data: bytes, encoding: int = LITTLE, depth: int = 64, count: int = 10_000) -> list[Row]:
    table = ElementTable()
    table.attach(data)
    elements.walk(table, 0, encoding, vr_index(), depth, count)
    return [Row(r[0], r[1].to_bytes(2, "little").decode().strip("\0"), *r[2:]) for r in elements.rows(table).tolist()]


def refusal(data: bytes, encoding: int = LITTLE, depth: int = 64, count: int = 10_000) -> tuple[type, int]:
    with pytest.raises(errors.Refused) as caught:
        walk(data, encoding, depth, count)
    return type(caught.value), caught.value.offset


def shape(rows: list[Row]) -> list[tuple[int, int]]:
    return [(row.depth, row.tag) for row in rows]


# --- one element ------------------------------------------------------------------------------------------------------


def test_explicit_vr_little_endian_short_form() -> None:
    data = (
        b"\x10\x00\x10\x00"  # (0010,0010)
        b"PN"  # VR
        b"\x04\x00"  # 16-bit length
        b"A^B "  # value
    )
    assert walk(data) == [Row(NAME, "PN", 0, 0, 0, 8, 4, 12, -1, 0, -1, 1)]


def test_explicit_vr_little_endian_long_form() -> None:
    data = (
        b"\xe0\x7f\x10\x00"  # (7FE0,0010)
        b"OW"  # VR
        b"\x00\x00"  # reserved
        b"\x02\x00\x00\x00"  # 32-bit length
        b"\x01\x02"  # value
    )
    assert walk(data) == [Row(PIXELS, "OW", 0, 0, 0, 12, 2, 14, -1, 0, -1, 1)]


def test_explicit_vr_big_endian() -> None:
    data = (
        b"\x00\x10\x00\x10"  # (0010,0010)
        b"PN"  # VR
        b"\x00\x04"  # 16-bit length
        b"A^B "  # value
        b"\x7f\xe0\x00\x10"  # (7FE0,0010)
        b"OW"  # VR
        b"\x00\x00"  # reserved
        b"\x00\x00\x00\x02"  # 32-bit length
        b"\x01\x02"  # value
    )
    assert walk(data, BIG_ENDIAN) == [
        Row(NAME, "PN", 0, BIG, 0, 8, 4, 12, -1, 0, -1, 1),
        Row(PIXELS, "OW", 0, BIG, 12, 24, 2, 26, -1, 0, -1, 2),
    ]


def test_implicit_vr_little_endian() -> None:
    data = (
        b"\x10\x00\x10\x00"  # (0010,0010)
        b"\x04\x00\x00\x00"  # 32-bit length
        b"A^B "  # value
    )
    assert walk(data, NO_VR) == [Row(NAME, "PN", 0, IMPLICIT, 0, 8, 4, 12, -1, 0, -1, 1)]


SHORT_FORM = "AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split()
LONG_FORM = "OB OD OF OL OV OW SV UC UN UR UT UV".split()


@pytest.mark.parametrize("vr", SHORT_FORM + LONG_FORM)
@pytest.mark.parametrize("length", [0, 1, 8])
def test_length_form_of_each_vr(vr: str, length: int) -> None:
    """PS3.5 Tables 7.1-1 and 7.1-2. Odd lengths are read as they are."""
    header = 8 if vr in SHORT_FORM else 12
    for big in (False, True):
        data = explicit(0x00200020, vr, bytes(length), big=big) + explicit(NAME, "PN", b"A^B ", big=big)
        first, second = walk(data, BIG_ENDIAN if big else LITTLE)
        assert (first.vr, first.value, first.length, first.end) == (vr, header, length, header + length)
        assert (second.start, second.vr) == (first.end, "PN")


@pytest.mark.parametrize("length", [0xFFFF, 0xFFFE])
def test_longest_values_of_the_short_form(length: int) -> None:
    """FFFF is a length there, not an undefined one."""
    (row,) = walk(explicit(0x00204000, "LT", bytes(length)))
    assert row.length == length


@pytest.mark.parametrize("vr", [b"\0\0", b"  ", b"??", b"ox", b"OA", b"ZZ", b"NA"])
def test_unknown_vr_is_malformed(vr: bytes) -> None:
    assert refusal(PN + b"\x20\x00\x20\x00" + vr + b"\x04\x00abcd") == (errors.Malformed, 12)


# --- sequences --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", [LITTLE, NO_VR, BIG_ENDIAN])
@pytest.mark.parametrize("open_sequence", [False, True])
@pytest.mark.parametrize("open_items", [False, True])
def test_sequence_of_two_items(encoding: int, open_sequence: bool, open_items: bool) -> None:
    """Defined and undefined lengths in every combination; delimiters are no rows and no part of a length."""
    big = encoding == BIG_ENDIAN
    name = PN_IMPLICIT if encoding == NO_VR else explicit(NAME, "PN", b"A^B ", big=big)
    one = open_item if open_items else item
    content = one(name, big=big) + one(name + name, big=big)
    length = UNDEFINED if open_sequence else len(content)
    head = implicit(BEAM, b"", length) if encoding == NO_VR else explicit(BEAM, "SQ", b"", length, big=big)
    data = head + content + (sequence_end(big=big) if open_sequence else b"")
    rows = walk(data + name, encoding)
    assert shape(rows) == [(0, BEAM), (1, ITEM_TAG), (2, NAME), (1, ITEM_TAG), (2, NAME), (2, NAME), (0, NAME)]
    assert [row.parent for row in rows] == [-1, 0, 1, 0, 3, 3, -1]
    assert [row.item for row in rows] == [0, 0, 0, 1, 0, 0, 0]
    assert [row.after for row in rows] == [6, 3, 3, 6, 5, 6, 7]
    assert [row.length for row in rows] == [len(content), 12, 4, 24, 4, 4, 4]
    assert rows[0].end == len(data)
    assert rows[0].flags & ~OPEN == SEQUENCE | encoding
    assert bool(rows[0].flags & OPEN) == open_sequence
    assert rows[1].flags == ITEM | encoding | (OPEN if open_items else 0)
    assert rows[1].end == rows[3].start
    assert rows[1].vr == ""


@pytest.mark.parametrize("content", [b"", item(), open_item(), item() * 3])
def test_empty_sequence_and_empty_items(content: bytes) -> None:
    for data in (explicit(BEAM, "SQ", content), explicit(BEAM, "SQ", content, UNDEFINED) + sequence_end()):
        rows = walk(data + PN)
        assert [row.length for row in rows if row.tag == ITEM_TAG] == [0] * (len(rows) - 2)
        assert rows[0].length == len(content)
        assert rows[-1].depth == 0


def test_nested_sequences() -> None:
    inner = explicit(BEAM, "SQ", item(PN) + open_item(PN), UNDEFINED) + sequence_end()
    rows = walk(explicit(BEAM, "SQ", open_item(inner) + item(PN + inner)) + PN)
    assert [row.depth for row in rows] == [0, 1, 2, 3, 4, 3, 4, 1, 2, 2, 3, 4, 3, 4, 0]
    assert rows[0].after == len(rows) - 1
    assert rows[rows[13].parent].item == 1


@pytest.mark.parametrize(
    ("data", "offset"),
    [
        (explicit(BEAM, "SQ", PN) + PN, 12),  # an element where an item has to be
        (explicit(BEAM, "SQ", item() + sequence_end()) + PN, 20),  # delimiter in a sequence of defined length
        (explicit(BEAM, "SQ", item(item_end())) + PN, 20),  # delimiter in an item of defined length
        (explicit(BEAM, "SQ", item(PN, 11), 20) + PN, 20),  # item ends within an element
        (explicit(BEAM, "SQ", item(PN, 13)) + PN, 12),  # item ends behind its sequence
        (explicit(BEAM, "SQ", item()[:4]) + PN, 12),  # sequence ends within an item's header
        (explicit(BEAM, "SQ", implicit(ITEM_TAG, PN, UNDEFINED)) + PN, 32),  # open item, closed sequence
        (explicit(BEAM, "SQ", item(explicit(NAME, "UT")[:8])) + PN, 20),  # item ends within a header of 12 bytes
        (explicit(BEAM, "SQ", b"", UNDEFINED) + implicit(0xFFFEE0DD, length=1) + PN, 12),  # delimiter with a length
        (explicit(BEAM, "SQ", implicit(ITEM_TAG, b"", UNDEFINED), UNDEFINED) + implicit(0xFFFEE00D, length=1) + PN, 20),
        (PN + item_end(), 12),  # delimiters and items at the top level
        (PN + sequence_end(), 12),
        (PN + item(), 12),
        (explicit(NAME, "PN", b"", 0) + explicit(0x00420011, "OB", b"", UNDEFINED) + sequence_end(), 8),
    ],
)
def test_what_is_malformed_and_where(data: bytes, offset: int) -> None:
    assert refusal(data) == (errors.Malformed, offset)


@pytest.mark.parametrize(
    ("data", "offset"),
    [
        (PN[:-1], 0),  # value
        (PN + PN[:7], 12),  # header
        (PN + explicit(NAME, "UT")[:11], 12),  # header of 12 bytes
        (PN + b"\1", 12),
        (explicit(BEAM, "SQ", item(PN), UNDEFINED), 32),  # no delimiter
        (explicit(BEAM, "SQ", implicit(ITEM_TAG, PN, UNDEFINED), UNDEFINED), 32),
        (explicit(BEAM, "SQ", item(PN), 21), 0),  # longer than the source
        (explicit(BEAM, "SQ", item(PN, 13), UNDEFINED), 12),
    ],
)
def test_what_is_truncated_and_where(data: bytes, offset: int) -> None:
    assert refusal(data) == (errors.Truncated, offset)


# --- Pixel Data -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vr", ["OB", "OW"])
def test_encapsulated_pixel_data_is_one_row(vr: str) -> None:
    fragments = item(struct.pack("<I", 0)) + item(b"\xff\xd8\xff\xd9") + item()  # offset table, two fragments
    data = explicit(PIXELS, vr, fragments, UNDEFINED) + sequence_end()
    pixels, name = walk(data + PN)
    assert pixels == Row(PIXELS, vr, 0, OPEN | FRAGMENTS, 0, 12, len(fragments), len(data), -1, 3, -1, 1)
    assert name.start == len(data)


def test_bytes_of_a_fragment_are_not_looked_at() -> None:
    """A fragment may hold what reads as a Sequence Delimitation Item."""
    fragments = item() + item(sequence_end() + PN)
    (pixels,) = walk(explicit(PIXELS, "OB", fragments, UNDEFINED) + sequence_end())
    assert (pixels.item, pixels.length) == (2, len(fragments))


def test_pixel_data_within_an_item() -> None:
    """Icon Image Sequence has Pixel Data of its own."""
    icon = explicit(PIXELS, "OB", item() + item(b"ab"), UNDEFINED) + sequence_end()
    rows = walk(explicit(0x00880200, "SQ", item(icon)) + PN)
    assert shape(rows) == [(0, 0x00880200), (1, ITEM_TAG), (2, PIXELS), (0, NAME)]
    assert rows[2].item == 2


@pytest.mark.parametrize(
    ("fragments", "error", "offset"),
    [
        (item() + item(b"ab"), errors.Truncated, 30),  # no delimiter
        (item() + item(b"ab", 3), errors.Truncated, 20),
        (item() + PN, errors.Malformed, 20),
        (item() + open_item(), errors.Malformed, 20),  # a fragment has a length
        (item() + implicit(0xFFFEE0DD, length=1) + PN, errors.Malformed, 20),
    ],
)
def test_broken_fragments(fragments: bytes, error: type, offset: int) -> None:
    assert refusal(explicit(PIXELS, "OB", fragments, UNDEFINED)) == (error, offset)


@pytest.mark.parametrize("encoding", [NO_VR, BIG_ENDIAN])
def test_pixel_data_is_encapsulated_in_explicit_vr_little_endian_only(encoding: int) -> None:
    head = implicit(PIXELS, b"", UNDEFINED) if encoding == NO_VR else explicit(PIXELS, "OB", b"", UNDEFINED, big=True)
    assert refusal(head + item() + sequence_end(), encoding) == (errors.Malformed, 0)


def test_elements_after_pixel_data() -> None:
    rows = walk(explicit(PIXELS, "OW", bytes(4)) + explicit(0xFFFAFFFA, "SQ", item(PN)) + explicit(0xFFFCFFFC, "OB"))
    assert shape(rows) == [(0, PIXELS), (0, 0xFFFAFFFA), (1, ITEM_TAG), (2, NAME), (0, 0xFFFCFFFC)]


@pytest.mark.parametrize("encoding", [LITTLE, NO_VR, BIG_ENDIAN])
@pytest.mark.parametrize("count", [1, 7, 8, 9, 4096, 100_000])
def test_trailing_zeros_are_padding(encoding: int, count: int) -> None:
    big = encoding == BIG_ENDIAN
    name = PN_IMPLICIT if encoding == NO_VR else explicit(NAME, "PN", b"A^B ", big=big)
    table = ElementTable()
    table.attach(name + bytes(count))
    assert table.walk(0, encoding, vr_index()) == (Status.OK, 12 + count)
    assert table.count == 1
    if encoding != NO_VR:  # without VR, eight zeros are an empty (0000,0000)
        table.attach(name + bytes(count) + b"\1")
        assert table.walk(0, encoding, vr_index())[1] == 12


def test_zeros_within_an_item_are_no_padding() -> None:
    assert refusal(explicit(BEAM, "SQ", item(PN + bytes(8))) + PN) == (errors.Malformed, 32)


def test_group_lengths_are_rows() -> None:
    """Retired but for group 0002; VR UL in every group, private ones too."""
    data = b"".join(implicit(group << 16, bytes(4)) for group in (0x0008, 0x0009, 0x0010, 0x7FE0))
    assert [row.vr for row in walk(data, NO_VR)] == ["UL"] * 4


# --- VR of Implicit VR, and UN ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tag", "vr"),
    [
        (0x00280106, "US"),  # US or SS
        (0x7FE00010, "OW"),  # OB or OW
        (0x60000010, "US"),  # Overlay Rows, a repeating group
        (0x60FE3000, "OW"),
        (0x50020010, "US"),  # Number of Points of a curve
        (0x60010010, "LO"),  # odd: a private creator
        (0x00090010, "LO"),
        (0x000900FF, "LO"),
        (0x0009000F, "UN"),
        (0x00090100, "UN"),
        (0x00091001, "UN"),
        (0x00080002, "UN"),  # no such element
        (0x12340010, "UN"),
    ],
)
def test_vr_in_implicit_vr(tag: int, vr: str) -> None:
    (row,) = walk(implicit(tag, b"ab"), NO_VR)
    assert row.vr == vr


@pytest.mark.parametrize("encoding", [LITTLE, BIG_ENDIAN])
@pytest.mark.parametrize("tag", [BEAM, 0x00091001, 0x12340010])
def test_un_of_undefined_length_is_an_implicit_sequence(encoding: int, tag: int) -> None:
    """PS3.5 6.2.2 note: in any Transfer Syntax it holds Implicit VR Little Endian, its delimiter too."""
    big = encoding == BIG_ENDIAN
    content = open_item(PN_IMPLICIT) + item(implicit(BEAM, item(PN_IMPLICIT)))
    data = explicit(tag, "UN", b"", UNDEFINED, big=big) + content + sequence_end()
    rows = walk(data + explicit(NAME, "PN", b"A^B ", big=big), encoding)
    depths = [0, 1, 2, 1, 2, 3, 4, 0]
    assert [row.depth for row in rows] == depths
    assert (rows[0].vr, rows[0].flags) == ("UN", SEQUENCE | OPEN | encoding)
    assert {row.flags & (IMPLICIT | BIG) for row in rows[1:-1]} == {IMPLICIT}
    assert [row.vr for row in rows if row.tag == NAME] == ["PN"] * 3
    assert rows[-1].flags == encoding


@pytest.mark.parametrize("encoding", [LITTLE, BIG_ENDIAN])
def test_un_of_a_known_sequence_is_decoded(encoding: int) -> None:
    """Another system had not known (300A,00B0) and wrote what it had in Implicit VR Little Endian."""
    big = encoding == BIG_ENDIAN
    content = item(PN_IMPLICIT) + open_item(implicit(BEAM, item(PN_IMPLICIT)))
    rows = walk(explicit(BEAM, "UN", content, big=big) + explicit(NAME, "PN", b"A^B ", big=big), encoding)
    assert [row.depth for row in rows] == [0, 1, 2, 1, 2, 3, 4, 0]
    assert (rows[0].vr, rows[0].flags, rows[0].length) == ("UN", SEQUENCE | encoding, len(content))
    assert rows[-1].flags == encoding


@pytest.mark.parametrize("tag", [NAME, 0x00091001, 0x12340010])
def test_un_with_a_length_stays_opaque_elsewhere(tag: int) -> None:
    (row,) = walk(explicit(tag, "UN", item(PN_IMPLICIT)))
    assert not row.flags & SEQUENCE


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"1234567",  # shorter than an item's header
        b"12345678",
        item(PN_IMPLICIT)[:-1],
        item(PN_IMPLICIT) + b"\0",
        item(PN_IMPLICIT, 99),
        item(implicit(BEAM, item(PN_IMPLICIT, 11))),
        item(implicit(BEAM, b"", UNDEFINED)),
        item() + sequence_end(),
        item(PN),  # in Explicit VR, which it must not be: a length of 4 overrun by "PN"
    ],
)
@pytest.mark.parametrize("last", [False, True])
def test_un_that_is_no_sequence_is_opaque_again(content: bytes, last: bool) -> None:
    """Whatever was found in it is forgotten, and the walk goes on behind it."""
    data = explicit(BEAM, "UN", content)
    rows = walk(PN + data + (b"" if last else PN))
    assert shape(rows) == [(0, NAME), (0, BEAM), (0, NAME)][: len(rows)]
    assert len(rows) == (2 if last else 3)
    assert rows[1] == Row(BEAM, "UN", 0, 0, 12, 24, len(content), 24 + len(content), -1, 0, -1, 2)


def test_un_that_is_no_sequence_within_items() -> None:
    one = explicit(BEAM, "UN", b"no items")
    rows = walk(explicit(BEAM, "SQ", item(one + PN) + open_item(one), UNDEFINED) + sequence_end() + PN)
    assert [row.depth for row in rows] == [0, 1, 2, 2, 1, 2, 0]
    assert rows[4].item == 1


def test_opaque_un_does_not_hide_limits() -> None:
    """A budget that is used up ends the walk also within a UN that is only tried."""
    content = item(implicit(BEAM, item(b""))) + b"no sequence after all"
    assert len(walk(explicit(BEAM, "UN", content))) == 1
    assert refusal(explicit(BEAM, "UN", content), depth=1) == (errors.NestingTooDeep, 28)
    assert refusal(explicit(BEAM, "UN", content), count=3) == (errors.TooLarge, 28)


# --- private creators -------------------------------------------------------------------------------------------------

ONE = explicit(0x00090010, "LO", b"ONE ")
TWO = explicit(0x00090011, "LO", b"TWO ")
OF_ONE = explicit(0x00091001, "LO", b"ab")
OF_TWO = explicit(0x00091101, "LO", b"ab")


@pytest.mark.parametrize("encoding", [LITTLE, NO_VR])
def test_private_elements_find_their_creator(encoding: int) -> None:
    data = ONE + TWO + OF_ONE + OF_TWO + explicit(0x00091201, "LO", b"ab")
    if encoding == NO_VR:
        tags = (0x00090010, 0x00090011, 0x00091001, 0x00091101, 0x00091201)
        data = b"".join(implicit(tag, b"ab") for tag in tags)
    assert [row.creator for row in walk(data, encoding)][2:] == [0, 1, -1]


def test_private_creator_of_another_group() -> None:
    rows = walk(ONE + explicit(0x000B1001, "LO", b"ab"))
    assert rows[1].creator == -1


def test_private_creator_holds_in_its_own_item_only() -> None:
    """PS3.5 7.8.1: neither from the outside in, nor from item to item, nor from the inside out."""
    inside = item(OF_ONE) + item(ONE + OF_ONE) + item(OF_ONE)
    rows = walk(ONE + explicit(BEAM, "SQ", inside))
    assert [row.creator for row in rows if row.tag == 0x00091001] == [-1, 5, -1]
    rows = walk(explicit(BEAM, "SQ", item(ONE)) + OF_ONE)
    assert rows[-1].creator == -1


def test_private_creator_goes_on_after_a_sequence() -> None:
    rows = walk(ONE + explicit(0x00091002, "SQ", item(TWO + OF_TWO)) + OF_ONE)
    assert [row.creator for row in rows] == [-1, 0, -1, -1, 3, 0]


def test_private_sequence_in_un_has_its_creator() -> None:
    rows = walk(ONE + explicit(0x00091002, "UN", b"", UNDEFINED) + item(PN_IMPLICIT) + sequence_end())
    assert rows[1].creator == 0


def test_second_creator_of_a_block_counts_from_there_on() -> None:
    again = explicit(0x00090010, "LO", b"ELSE")
    assert [row.creator for row in walk(ONE + OF_ONE + again + OF_ONE)][1::2] == [0, 2]


# --- limits -----------------------------------------------------------------------------------------------------------


def nested(depth: int) -> bytes:
    data = b""
    for _ in range(depth):
        data = explicit(BEAM, "SQ", item(data))
    return data


@pytest.mark.parametrize("limit", [1, 2, 64, 126, 127])
def test_depth_limit(limit: int) -> None:
    """Counted in sequences; one more is refused where its first item would be opened."""
    for depth in (limit - 1, limit):
        assert len(walk(nested(depth), depth=limit)) == 2 * depth
    assert refusal(nested(limit + 1), depth=limit) == (errors.NestingTooDeep, 20 * limit + 12)


def test_depth_limit_cannot_be_raised_past_127() -> None:
    assert refusal(nested(128), depth=1000) == (errors.NestingTooDeep, 20 * 127 + 12)


def test_depth_of_open_sequences() -> None:
    head = explicit(BEAM, "SQ", b"", UNDEFINED) + implicit(ITEM_TAG, b"", UNDEFINED)
    assert refusal(head * 100_000) == (errors.NestingTooDeep, 20 * 64 + 12)


@pytest.mark.parametrize("limit", [1, 2, 511, 512, 513, 1024, 1025])
def test_element_limit(limit: int) -> None:
    """Around the sizes at which the table grows, too."""
    for count in (limit - 1, limit):
        assert len(walk(PN * count, count=limit)) == count
    assert refusal(PN * (limit + 1), count=limit) == (errors.TooLarge, 12 * limit)


def test_items_count_as_elements() -> None:
    data = explicit(BEAM, "SQ", item() * 9)
    assert len(walk(data, count=10)) == 10
    assert refusal(data, count=9) == (errors.TooLarge, 12 + 8 * 8)


# --- the table --------------------------------------------------------------------------------------------------------


def test_layout_is_that_of_the_kernels() -> None:
    assert elements.ROW.itemsize == 56
    assert elements.EDIT.itemsize == 32
    table = ElementTable()
    table.attach(PN * 3)
    elements.walk(table, 0, LITTLE, vr_index(), 64, 100)
    assert len(table.rows) == 3 * elements.ROW.itemsize
    assert len(table.edits) == 3 * elements.EDIT.itemsize
    assert len(elements.edits(table)) == len(elements.rows(table)) == table.count


def test_empty_table() -> None:
    table = ElementTable()
    assert (table.count, table.meta, table.size, table.fd, table.rows, table.edits) == (0, 0, 0, -1, b"", b"")
    assert table.read(0, 1) is None
    assert table.pick(TagList(NAME)) == [b""]


def test_rewind_forgets_rows() -> None:
    table = ElementTable()
    table.attach(PN * 3)
    elements.walk(table, 0, LITTLE, vr_index(), 64, 100)
    for count, left in ((4, 3), (-1, 3), (2, 2), (0, 0)):
        table.rewind(count)
        assert table.count == left


def test_pick_takes_top_level_values() -> None:
    inside = explicit(BEAM, "SQ", item(explicit(0x00200013, "IS", b"7 ")))
    data = explicit(CLASS, "UI", b"1.2\0") + explicit(NAME, "PN", b"A^B ") + inside + explicit(0xFFFCFFFC, "OB", b"ab")
    table = ElementTable()
    table.attach(data)
    elements.walk(table, 0, LITTLE, vr_index(), 64, 100)
    assert table.pick(TagList(CLASS, 0x00090010, NAME, BEAM)) == [b"1.2\0", b"", b"A^B ", b""]
    assert table.pick(TagList(0x00200013, 0xFFFCFFFC)) == [b"", b"ab"]
    assert table.pick(TagList(CLASS), meta=True) == [b""]
    assert table.pick(TagList()) == []


def test_tags_to_pick_rise() -> None:
    for tags in ((NAME, CLASS), (NAME, NAME), tuple(range(1, 34))):
        with pytest.raises(ValueError, match="at most 32 tags, rising"):
            TagList(*tags)


def test_vr_index_has_a_power_of_two_of_slots() -> None:
    nothing = np.zeros(0, np.uint32)
    for keys, values in ((0, 0), (3, 3), (4, 8)):
        with pytest.raises(ValueError, match="power of two"):
            VrIndex(np.zeros(keys, np.uint32), np.zeros(values, np.int32), nothing)


def test_every_status_has_its_error() -> None:
    elements.check(Status.OK)
    for status in set(Status) - {Status.OK}:
        with pytest.raises(errors.Refused) as caught:
            elements.check(status, 42)
        assert caught.value.offset == 42
