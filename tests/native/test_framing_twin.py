"""`framing.walk` and its plain-Python twin: the same rows, or the same status at the same offset."""

import random
from functools import cache
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from conftest import bundled_files
from handmade import (
    CT_IMAGE,
    EXPLICIT_BE,
    EXPLICIT_LE,
    IMPLICIT_LE,
    JPEG_BASELINE,
    UNDEFINED,
    explicit,
    implicit,
    item,
    item_end,
    open_item,
    part10,
    sequence_end,
)
from mediscan import errors
from mediscan._native.framing import ElementTable, Encoding, Status
from mediscan.codec import elements
from mediscan.codec.part10 import Header, Reader
from mediscan.codec.tagindex import vr_index
from mediscan.standard import dictionary
from native import framing_twin

Result = tuple[int, int, list[tuple[int, ...]]]
ENCODINGS = (Encoding.EXPLICIT_LITTLE, Encoding.IMPLICIT_LITTLE, Encoding.EXPLICIT_BIG)
TABLE = ElementTable()


@cache
def vr_of(tag: int) -> str:
    """VR of a tag in Implicit VR, from the dictionary itself rather than from the kernel's index of it."""
    if tag & 0xFFFF == 0:
        return "UL"  # Group Length
    if tag >> 16 & 1:
        return "LO" if 0x10 <= tag & 0xFFFF <= 0xFF else "UN"
    entry = dictionary.load().find(tag)
    return "UN" if entry is None else entry.preferred_vr


def native(data: bytes, start: int, encoding: int, depth: int = 64, count: int = 2_000_000) -> Result:
    TABLE.attach(data)
    status, offset = TABLE.walk(start, encoding, vr_index(), depth, count)
    return status, offset, elements.rows(TABLE).tolist() if status == Status.OK else []


def both(data: bytes, start: int, encoding: int, depth: int = 64, count: int = 2_000_000) -> Result:
    """Result of the kernel, which is that of the twin."""
    result = native(data, start, encoding, depth, count)
    assert result == framing_twin.walk(data, start, encoding, vr_of, depth, count)
    return result


def both_meta(data: bytes) -> tuple[int, int, bytes]:
    """The same of File Meta Information."""
    TABLE.attach(data)
    status, offset, uid = TABLE.walk_meta(vr_index())
    twin_status, twin_offset, rows, twin_uid = framing_twin.walk_meta(data, vr_of)
    assert (status, offset) == (twin_status, twin_offset)
    if status == Status.OK:
        assert (elements.rows(TABLE).tolist(), uid) == (rows, twin_uid)
        assert TABLE.meta == len(rows)
    return status, offset, uid


def frame(path: Path) -> tuple[bytes, int, int] | None:
    """Source, start and encoding of the data set in a file; None where the reader finds none to walk."""
    reader = Reader()
    try:
        header: Header = reader.read_bytes(path.read_bytes())
    except errors.Refused:
        return None
    source = reader.table.read(0, reader.table.size) or b""
    big = Encoding.EXPLICIT_BIG if header.syntax.big_endian else Encoding.EXPLICIT_LITTLE
    return source, header.dataset, Encoding.IMPLICIT_LITTLE if header.syntax.implicit_vr else big


def bundled(name: str) -> tuple[bytes, int, int]:
    path = next(path for path in bundled_files() if path.name == name)
    found = frame(path)
    assert found is not None
    return found


# --- public files -----------------------------------------------------------------------------------------------------


def test_data_sets_of_public_files(small_files: list[Path]) -> None:
    framed = [found for path in small_files if (found := frame(path)) is not None]
    assert len(framed) > 100
    for source, start, encoding in framed:
        assert both(source, start, encoding)[0] == Status.OK


def test_public_files_from_every_start_and_in_the_wrong_encoding(small_files: list[Path]) -> None:
    """Also what is no DICOM at all: README, JSON, gzip."""
    for path in small_files:
        data = path.read_bytes()
        for encoding in ENCODINGS:
            for start in (0, 132, len(data) // 2):
                both(data, start, encoding)


def test_file_meta_information_of_public_files(small_files: list[Path]) -> None:
    for path in small_files:
        data = path.read_bytes()
        both_meta(data)
        both_meta(data[132:])


# --- truncation -------------------------------------------------------------------------------------------------------

SHORT = (
    "UN_sequence.dcm",  # a UN that holds a sequence
    "nested_priv_SQ.dcm",  # private sequences, implicit VR
    "priv_SQ.dcm",
    "chrSQEncoding.dcm",
    "rtplan.dcm",
    "reportsi.dcm",  # deep nesting
    "JPEG2000-embedded-sequence-delimiter.dcm",  # fragments
    "image_dfl.dcm",
    "ExplVR_BigEnd.dcm",
)


@pytest.mark.parametrize("name", SHORT)
def test_cut_at_every_byte(name: str) -> None:
    """A cut data set is refused, unless the cut falls between two top-level elements."""
    source, start, encoding = bundled(name)
    whole = both(source, start, encoding)[2]
    between = {start} | {row[7] for row in whole if row[2] == 0}  # Row.end of depth 0
    last = min(len(source), start + 12_000)
    for cut in range(start, last):
        status, _, rows = both(source[:cut], start, encoding)
        if cut in between:
            assert status == Status.OK
            assert [row[0] for row in rows] == [row[0] for row in whole if row[7] <= cut]
        elif status == Status.OK:
            # What is left after the last whole element reads as trailing padding.
            assert not any(source[max(end for end in between if end < cut) : cut])
        else:
            assert status == Status.TRUNCATED


def test_file_meta_information_cut_at_every_byte(small_files: list[Path]) -> None:
    data = small_files[len(small_files) // 2].read_bytes()
    for cut in range(min(len(data), 1000)):
        both_meta(data[:cut])
        both_meta(data[132:][:cut])


# --- crafted ----------------------------------------------------------------------------------------------------------

BEAM = 0x300A00B0  # Beam Sequence
NAME = 0x00100010  # Patient's Name
PIXELS = 0x7FE00010
PREFERRED = explicit(0x00080005, "CS", b"ISO_IR 192")

CRAFTED = [
    b"",
    bytes(7),
    bytes(8),
    bytes(9),
    bytes(5000) + b"\1",
    explicit(NAME, "PN", b"A^B "),
    explicit(NAME, "PN", b"A^B ") + bytes(100),
    explicit(NAME, "PN", b"A^B ") + bytes(100) + b"\1",
    explicit(NAME, "PN", b"A^B ", 5),  # overruns the source
    explicit(NAME, "ZZ", b"A^B "),  # no VR
    explicit(NAME, "OB", b"", UNDEFINED) + sequence_end(),  # undefined length outside Pixel Data
    explicit(NAME, "OB")[:11],  # header cut within its 32-bit length
    explicit(BEAM, "SQ", item(explicit(NAME, "PN", b"A^B ")) + item()),
    explicit(BEAM, "SQ", item(explicit(NAME, "PN", b"A^B ")), UNDEFINED) + sequence_end(),
    explicit(BEAM, "SQ", open_item(explicit(NAME, "PN", b"A^B ")), UNDEFINED) + sequence_end(),
    explicit(BEAM, "SQ", open_item() + open_item()),  # open items in a sequence of defined length
    explicit(BEAM, "SQ", implicit(0xFFFEE000, b"", UNDEFINED)) + explicit(NAME, "PN", b"A^B "),  # item never ended
    explicit(BEAM, "SQ", item() + sequence_end()),  # delimiter of a sequence that has a length
    explicit(BEAM, "SQ", item(item_end())),  # delimiter of an item that has a length
    explicit(BEAM, "SQ", item(explicit(NAME, "PN", b"A^B "), 11)),  # item one byte short
    explicit(BEAM, "SQ", item(explicit(NAME, "PN", b"A^B "), 13)),  # item one byte over its sequence
    explicit(BEAM, "SQ", explicit(NAME, "PN", b"A^B ")),  # no item
    explicit(BEAM, "SQ", b"\xfe\xff\x00\xe0"),  # half an item header
    explicit(BEAM, "SQ", implicit(0xFFFEE000, b"", UNDEFINED) + implicit(0xFFFEE00D, length=2)),
    explicit(BEAM, "SQ", b"", UNDEFINED) + implicit(0xFFFEE0DD, length=2),
    explicit(BEAM, "UN", item(implicit(NAME, b"A^B "))),  # a sequence in disguise
    explicit(BEAM, "UN", b"no items"),
    explicit(BEAM, "UN", b"nothing"),
    explicit(BEAM, "UN", item(implicit(NAME, b"A^B "), 99)) + explicit(0x00200010, "SH", b"1 "),
    explicit(BEAM, "UN", item(implicit(BEAM, item(implicit(NAME, b"A^B ", 5))))),
    explicit(BEAM, "UN", item(implicit(NAME, b"A^B ")), UNDEFINED) + sequence_end(),
    explicit(0x00091001, "UN", item(implicit(NAME, b"A^B ")), UNDEFINED) + sequence_end(),
    explicit(BEAM, "SQ", item(explicit(BEAM, "UN", b"no items") + explicit(NAME, "PN", b"A^B "))),
    explicit(BEAM, "SQ", item(explicit(BEAM, "UN", b"no items"))) + b"\1",
    explicit(PIXELS, "OB", item() + item(b"\xff\xd8\xff\xd9") + sequence_end(), UNDEFINED),
    explicit(PIXELS, "OB", item() + item(b"\xff\xd8\xff\xd9"), UNDEFINED),  # never ended
    explicit(PIXELS, "OB", item() + explicit(NAME, "PN", b"A^B "), UNDEFINED),  # no fragment
    explicit(PIXELS, "OB", open_item() + sequence_end(), UNDEFINED),
    explicit(PIXELS, "OB", item(b"", 8) + sequence_end(), UNDEFINED),  # fragment swallows the delimiter
    explicit(PIXELS, "OB", item(b"", 9) + sequence_end(), UNDEFINED),
    explicit(PIXELS, "UN", item() + sequence_end(), UNDEFINED),
    explicit(PIXELS, "OW", bytes(6)) + explicit(0xFFFCFFFC, "OB", bytes(6)),
    item_end(),
    sequence_end(),
    item(),
    implicit(NAME, b"A^B "),
    implicit(BEAM, item(implicit(NAME, b"A^B ")), UNDEFINED) + sequence_end(),
    implicit(BEAM, item(implicit(NAME, b"A^B "))),
    implicit(0x00091001, item(implicit(NAME, b"A^B ")), UNDEFINED) + sequence_end(),
    implicit(NAME, item(), UNDEFINED) + sequence_end(),  # undefined length, yet PN
    implicit(PIXELS, item() + sequence_end(), UNDEFINED),  # encapsulated in Implicit VR
    implicit(0x60020010, b"\1\0") + implicit(0x60033000, b"\1\0") + implicit(0x50080010, b"\1\0"),  # repeating groups
    implicit(0, b"") * 50 + b"\1",
]  # fmt: skip


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("number", range(len(CRAFTED)))
def test_crafted(number: int, encoding: Encoding) -> None:
    """Also in the encodings that they were not crafted for, cut at every byte, and with one byte added."""
    data = CRAFTED[number]
    for cut in range(len(data) + 1):
        both(data[:cut], 0, encoding)
    both(data + b"\0", 0, encoding)
    both(data + b"\xff", 0, encoding)


UID = explicit(0x00020010, "UI", b"1.2\0")
METAS = [
    b"",
    UID[:6],
    UID[:5],
    UID,
    UID + UID[:-4] + b"1.3\0",  # twice: the first one counts
    UID + PREFERRED,
    explicit(0x00020000, "UL", b"\0\0\0\0") + UID + PREFERRED,
    explicit(0x00020000, "UL", b"\0\0\0\0") + PREFERRED,
    explicit(0x00020010, "UI") + PREFERRED,
    explicit(0x00020100, "SQ", item(UID)) + PREFERRED,  # not at the top level
    explicit(0x00020010, "SQ", item(UID)) + PREFERRED,
    explicit(0x00020010, "QQ", b"1.2\0") + PREFERRED,
    explicit(0x00020001, "OB", b"\0\1") + explicit(0x00020010, "QQ", b"1.2\0") + PREFERRED,
    explicit(0x00020102, "OB", item() + sequence_end(), UNDEFINED) + UID,
    implicit(0x00020010, b"1.2\0") + PREFERRED,
    UID + bytes(20),
    UID + bytes(7),
    UID + bytes(20) + b"\1",
    UID + item_end(),
    UID * 4095 + PREFERRED,
    UID * 4096 + PREFERRED,
    UID * 4097 + PREFERRED,
]


@pytest.mark.parametrize("number", range(len(METAS)))
def test_crafted_file_meta_information(number: int) -> None:
    for head in (b"", bytes(128) + b"DICM", bytes(128) + b"dicm"):
        for cut in range(min(len(METAS[number]), 100)):
            both_meta(head + METAS[number][:cut])
        both_meta(head + METAS[number])


@pytest.mark.parametrize("swapped", [(0, 1), (1, 0)])
def test_private_creators(swapped: tuple[int, int]) -> None:
    """A second creator of the block, a second block, a group entered twice, and items that have none or their own."""
    creators = [explicit(0x00090010, "LO", b"ONE "), explicit(0x00090011, "LO", b"TWO ")]
    inside = item(explicit(0x00091001, "UN", b"ab")) + item(creators[0] + explicit(0x00091001, "UN", b"ab"))
    data = b"".join(creators[i] for i in swapped)
    data += explicit(0x00090010, "LO", b"ONE2") + explicit(0x00091001, "SQ", inside) + explicit(0x00091102, "LO", b"ab")
    data += explicit(0x00091202, "LO", b"ab") + explicit(0x00090009, "LO", b"ab") + explicit(0x00090100, "LO", b"ab")
    data += explicit(0x000B0010, "LO", b"ELSE") + explicit(0x00091001, "LO", b"ab")
    assert both(data, 0, Encoding.EXPLICIT_LITTLE)[0] == Status.OK


@pytest.mark.parametrize("count", [239, 240, 241])
def test_private_creators_beyond_a_group(count: int) -> None:
    """PS3.5 7.8.1 has 240 blocks in a group; repeated creators past that are not followed."""
    blocks = [0x10 + i % 240 for i in range(count)]
    data = b"".join(explicit(0x00090000 | block, "LO", b"%3d " % i) for i, block in enumerate(blocks))
    data += explicit(0x00091001, "LO", b"ab") + explicit(0x0009FF01, "LO", b"ab")
    assert both(data, 0, Encoding.EXPLICIT_LITTLE)[0] == Status.OK


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("depth", [-1, 0, 1, 2, 3, 126, 127, 128, 1000])
def test_depth_limits(encoding: Encoding, depth: int) -> None:
    big = encoding == Encoding.EXPLICIT_BIG
    data = b""
    for level in range(130):
        inner = item(data, big=big)
        data = implicit(BEAM, inner) if encoding == Encoding.IMPLICIT_LITTLE else explicit(BEAM, "SQ", inner, big=big)
        if level in (0, 1, 2, 3, 125, 126, 127, 129):
            both(data, 0, encoding, depth=depth)


@pytest.mark.parametrize("count", range(9))
def test_element_limits(count: int) -> None:
    beams = item(explicit(NAME, "PN")) + open_item(explicit(BEAM, "UN", b"no items"))
    data = explicit(BEAM, "SQ", beams) + explicit(PIXELS, "OB", item() + sequence_end(), UNDEFINED)
    both(data, 0, Encoding.EXPLICIT_LITTLE, count=count)


@pytest.mark.parametrize("fragments", range(5))
def test_fragment_limits(fragments: int) -> None:
    data = explicit(PIXELS, "OB", item() * 3 + sequence_end(), UNDEFINED)
    TABLE.attach(data)
    result = TABLE.walk(0, Encoding.EXPLICIT_LITTLE, vr_index(), fragments=fragments)
    assert result == framing_twin.walk(data, 0, Encoding.EXPLICIT_LITTLE, vr_of, fragments=fragments)[:2]
    assert result == ((Status.OK, len(data)) if fragments >= 3 else (Status.TOO_LARGE, 12 + 8 * fragments))


# --- random -----------------------------------------------------------------------------------------------------------

SEED = 20240117


def test_random_bytes() -> None:
    draw = random.Random(SEED)
    for _ in range(3000):
        both(draw.randbytes(draw.randrange(64)), 0, draw.choice(ENCODINGS))


def test_random_headers() -> None:
    """Bytes that nearly are elements: tags, VRs and lengths that matter, in random order."""
    draw = random.Random(SEED)
    tags = (NAME, BEAM, PIXELS, 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD, 0x00090010, 0x00091001, 0x00080000, 0, 0xFFFCFFFC)
    for _ in range(20_000):
        encoding = draw.choice(ENCODINGS)
        big = encoding == Encoding.EXPLICIT_BIG
        data = b""
        for _ in range(draw.randrange(1, 7)):
            tag, size = draw.choice(tags), draw.choice((0, 0, 0, 4, 8, 12, 16, 40, UNDEFINED))
            if tag >> 16 == 0xFFFE or encoding == Encoding.IMPLICIT_LITTLE or draw.random() < 0.1:
                data += implicit(tag, b"", size, big=big)
            else:
                vr = draw.choice(("SQ", "SQ", "UN", "UN", "OB", "LO", "Q?"))
                data += explicit(tag, vr, b"", size & 0xFFFF if vr in ("LO", "Q?") else size, big=big)
        both(data, 0, encoding)


def _seeds() -> list[tuple[bytes, int, int]]:
    """Small data sets to mutate: crafted ones of each shape, and the beginnings of public ones."""
    nested = explicit(BEAM, "SQ", open_item(explicit(NAME, "PN", b"A^B ")) + item(explicit(BEAM, "SQ")), UNDEFINED)
    little = explicit(0x00080016, "UI", CT_IMAGE) + nested + sequence_end()
    little += explicit(0x00090010, "LO", b"ONE ") + explicit(0x00091001, "UN", b"ab")
    disguised = explicit(BEAM, "UN", item(implicit(NAME, b"A^B ") + implicit(BEAM, item())))
    encapsulated = explicit(PIXELS, "OB", item() + item(b"\xff\xd8\xff\xd9") + sequence_end(), UNDEFINED)
    name = explicit(NAME, "PN", b"A^B ", big=True)
    inside = explicit(BEAM, "SQ", item(name, big=True) + open_item(big=True), big=True)
    files = [
        part10(EXPLICIT_LE, little + disguised),
        part10(JPEG_BASELINE, little + encapsulated),
        part10(EXPLICIT_BE, inside + name),
        part10(IMPLICIT_LE, implicit(BEAM, open_item(implicit(NAME, b"A^B ")) + item(), UNDEFINED) + sequence_end()),
    ]
    reader = Reader()
    seeds = []
    for data in files:
        header = reader.read_bytes(data)
        encoding = Encoding.IMPLICIT_LITTLE if header.syntax.implicit_vr else Encoding.EXPLICIT_LITTLE
        seeds.append((data, header.dataset, Encoding.EXPLICIT_BIG if header.syntax.big_endian else encoding))
    return seeds + [bundled(name) for name in ("UN_sequence.dcm", "nested_priv_SQ.dcm", "test-SR.dcm")]


SEEDS = _seeds()
LENGTHS = (0, 1, 2, 0x7FFF, 0xFFFE, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)


def length_fields(source: bytes, start: int, encoding: int) -> list[tuple[int, int]]:
    """Offset and size of every length field of a data set."""
    fields = []
    for row in native(source, start, encoding)[2]:
        header = row[5] - row[4]  # Row.value - Row.start
        short = header == 8 and row[1] and not row[3] & elements.IMPLICIT
        fields.append((row[5] - 2, 2) if short else (row[5] - 4, 4))
    return fields


FIELDS = [length_fields(*seed) for seed in SEEDS]


@settings(max_examples=2000)
@given(number=st.integers(0, len(SEEDS) - 1), where=st.randoms(use_true_random=False), value=st.integers(0, 255))
@example(number=0, where=random.Random(0), value=0xFF)
def test_one_byte_changed(number: int, where: random.Random, value: int) -> None:
    source, start, encoding = SEEDS[number]
    data = bytearray(source)
    data[where.randrange(start, len(data))] = value
    both(bytes(data), start, encoding)


@pytest.mark.parametrize("number", range(len(SEEDS)))
def test_every_length_field_changed(number: int) -> None:
    """To each length that is a boundary somewhere, and by one, up and down."""
    source, start, encoding = SEEDS[number]
    order: Literal["big", "little"] = "big" if encoding == Encoding.EXPLICIT_BIG else "little"
    for at, size in FIELDS[number][:60]:
        now = int.from_bytes(source[at : at + size], order)
        for length in {*LENGTHS, now - 2, now - 1, now + 1, now + 2, 2 * now, len(source) - at - size}:
            field = (length % (1 << 8 * size)).to_bytes(size, order)
            both(source[:at] + field + source[at + size :], start, encoding)


@settings(max_examples=1000)
@given(number=st.integers(0, len(SEEDS) - 1), data=st.data())
def test_two_length_fields_changed_and_the_end_cut(number: int, data: st.DataObject) -> None:
    source, start, encoding = SEEDS[number]
    changed = bytearray(source)
    for _ in range(2):
        at, size = data.draw(st.sampled_from(FIELDS[number]))
        changed[at : at + size] = data.draw(st.binary(min_size=size, max_size=size))
    both(bytes(changed[: data.draw(st.integers(start, len(source)))]), start, encoding)
