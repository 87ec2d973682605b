"""Random data sets, written by pydicom in every native encoding and deflated, read back the same through the element table."""

import io
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import UID

from handmade import DEFLATED, EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE
from mediscan.codec import elements
from mediscan.codec.part10 import Reader
from mediscan.standard import dictionary
from mediscan.standard.vr import VRS

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
ITEM = 0xFFFEE000
DEPTH = 4

# PS3.6 tags with one VR only, a few of each; without those that pydicom itself reads (character sets, pixels, counts).
TAGS: dict[str, list[int]] = {vr: [] for vr in VRS}
for _tag in dictionary.load().tags.tolist():
    _vr = dictionary.load().vr_set(_tag)
    if (
        _vr in TAGS
        and len(TAGS[_vr]) < 12
        and _tag & 0xFFFF
        and 0x00080018 < _tag < 0x7FE00000
        and _tag >> 16 not in (0x0028, 0x0004)
    ):
        TAGS[_vr].append(_tag)
VALUED = [vr for vr, tags in TAGS.items() if tags and vr != "SQ"]


class Element(NamedTuple):
    """One data element as drawn: value bytes or items, and the tag of its private creator."""

    tag: int
    vr: str
    value: bytes
    items: list["Drawn"] | None = None
    open_sequence: bool = False
    creator: int = -1


class Drawn(NamedTuple):
    """A data set or item."""

    content: list[Element]
    open_item: bool


class Expected(NamedTuple):
    """What a row has to be."""

    depth: int
    tag: int
    vr: str
    value: bytes | None
    undefined: bool
    creator: int


# --- drawing ----------------------------------------------------------------------------------------------------------


VALUES = st.binary(max_size=20).map(lambda half: half + half)  # of even length; values are not looked at here


@st.composite
def public(draw: st.DrawFn) -> Element:
    vr = draw(st.sampled_from(VALUED))
    return Element(draw(st.sampled_from(TAGS[vr])), vr, draw(VALUES))


@st.composite
def sequences(draw: st.DrawFn, depth: int) -> Element:
    items = draw(st.lists(datasets(depth - 1), max_size=2))
    return Element(draw(st.sampled_from(TAGS["SQ"])), "SQ", b"", items, draw(st.booleans()))


@st.composite
def private_blocks(draw: st.DrawFn) -> list[Element]:
    """A private creator, with elements of its block, one of a block that nobody reserved, or neither."""
    group = draw(st.sampled_from((0x0009, 0x0011, 0x0029, 0x7001)))
    block = draw(st.integers(0x10, 0x12))
    creator = group << 16 | block
    content = [Element(creator, "LO", b"CREATOR ")] if draw(st.booleans()) else []
    for number in draw(st.lists(st.integers(0, 0xFF), max_size=3, unique=True)):
        of = creator if content and content[0].tag == creator else -1
        content.append(Element(group << 16 | block << 8 | number, "UN", draw(VALUES), creator=of))
    return content


@st.composite
def datasets(draw: st.DrawFn, depth: int = DEPTH) -> Drawn:
    """Distinct tags in rising order, as pydicom writes them; private blocks do not share a group."""
    parts = draw(st.lists(public(), max_size=3))
    if depth > 0:
        parts += draw(st.lists(sequences(depth), max_size=2))
    blocks = draw(st.lists(private_blocks(), max_size=2))
    groups = {element.tag >> 16: block for block in blocks for element in block}
    for block in groups.values():
        parts += block
    return Drawn(sorted({element.tag: element for element in parts}.values()), draw(st.booleans()))


# --- writing and reading ----------------------------------------------------------------------------------------------


def written(drawn: Drawn, syntax: str) -> bytes:
    dataset = as_pydicom(drawn, syntax)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.file_meta.MediaStorageSOPClassUID = UID(CT_IMAGE)
    dataset.file_meta.MediaStorageSOPInstanceUID = UID("1.2.3")
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def as_pydicom(drawn: Drawn, syntax: str) -> Dataset:
    """Values are raw: pydicom writes them as they are, with tag, VR and length of its own making."""
    dataset = Dataset()
    dataset.set_original_encoding(syntax == IMPLICIT_LE, syntax != EXPLICIT_BE, "iso8859")
    for tag, vr, value, items, open_sequence, _ in drawn.content:
        if items is None:
            dataset[tag] = RawDataElement(Tag(tag), vr, len(value), value, 0, False, True)
            continue
        sequence = DataElement(tag, "SQ", Sequence([as_pydicom(item, syntax) for item in items]))
        sequence.is_undefined_length = open_sequence
        for made, item in zip(sequence.value, items, strict=True):
            made.is_undefined_length_sequence_item = item.open_item
        dataset[tag] = sequence
    return dataset


def expected(drawn: Drawn, depth: int = 0) -> Iterator[Expected]:
    for tag, vr, value, items, open_sequence, creator in drawn.content:
        yield Expected(depth, tag, vr, value if items is None else None, items is not None and open_sequence, creator)
        for item in items or ():
            yield Expected(depth + 1, ITEM, "", None, item.open_item, -1)
            yield from expected(item, depth + 2)


def found(reader: Reader) -> Iterator[Expected]:
    table = elements.rows(reader.table)
    for number in range(reader.table.meta, reader.table.count):
        row = table[number]
        vr = int(row["vr"]).to_bytes(2, "little").decode().strip("\0")
        flags, creator = int(row["flags"]), int(row["creator"])
        plain = not flags & (elements.ITEM | elements.SEQUENCE)
        yield Expected(
            int(row["depth"]),
            int(row["tag"]),
            vr,
            reader.table.value(number) if plain else None,
            bool(flags & elements.UNDEFINED),
            -1 if creator < 0 else int(table["tag"][creator]),
        )


@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(drawn=datasets())
@pytest.mark.parametrize("syntax", [EXPLICIT_LE, IMPLICIT_LE, EXPLICIT_BE, DEFLATED])
def test_what_pydicom_wrote_is_what_is_read(syntax: str, drawn: Drawn) -> None:
    reader = Reader()
    header = reader.read_bytes(written(drawn, syntax))
    assert header.syntax.uid == syntax
    assert list(found(reader)) == list(expected(drawn))
