"""The open-addressing tables that the kernels read, and the VR that each tag has in Implicit VR."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handmade import implicit
from mediscan._native.framing import ElementTable, Encoding
from mediscan.codec import elements
from mediscan.codec.tagindex import TagIndex, build, vr_index
from mediscan.standard import dictionary


def find(index: TagIndex, tag: int) -> int:
    """As `find_tag` of ext/tagindex.pxd does it."""
    mask = len(index.keys) - 1
    slot = (tag * 2654435769 & 0xFFFFFFFF) >> 7 & mask
    while index.keys[slot]:
        if index.keys[slot] == tag:
            return int(index.values[slot])
        slot = (slot + 1) & mask
    return -1


def make(tags: list[int]) -> TagIndex:
    return build(np.array(tags, np.uint32), np.arange(len(tags), dtype=np.int32))


@given(st.lists(st.integers(1, 0xFFFFFFFF), unique=True, max_size=200), st.integers(1, 0xFFFFFFFF))
def test_each_tag_is_found_and_no_other(tags: list[int], other: int) -> None:
    index = make(tags)
    assert [find(index, tag) for tag in tags] == list(range(len(tags)))
    assert find(index, other) == (tags.index(other) if other in tags else -1)


@pytest.mark.parametrize("count", [0, 1, 7, 8, 15, 16, 17, 1000])
def test_a_power_of_two_of_slots_at_most_half_full(count: int) -> None:
    """A free slot is always left, or a search for what is not there would not end."""
    slots = len(make([0x00080000 + i for i in range(1, count + 1)]).keys)
    assert slots & (slots - 1) == 0
    assert slots >= max(16, 2 * count + 1)


@pytest.mark.parametrize(("tags", "why"), [([1, 2, 1], "twice"), ([0, 1], "free slot"), ([0], "free slot")])
def test_what_cannot_be_indexed(tags: list[int], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        make(tags)


def test_every_registered_tag_has_its_vr_in_implicit_vr() -> None:
    """In one data set of all tags of PS3.6, each with an empty value."""
    known = dictionary.load()
    entries = [entry for tag in known.tags.tolist() if tag >> 16 != 0xFFFE and (entry := known.find(tag)) is not None]
    table = ElementTable()
    table.attach(b"\xff" + b"".join(implicit(entry.tag) for entry in entries))  # the first would be zero padding
    elements.walk(table, 1, Encoding.IMPLICIT_LITTLE, vr_index(), 64, 100_000)
    rows = elements.rows(table)
    assert rows["tag"].tolist() == [entry.tag for entry in entries]
    found = [int(vr).to_bytes(2, "little").decode() for vr in rows["vr"]]
    assert found == [entry.preferred_vr for entry in entries]
    assert len(entries) > 5000


def test_every_repeating_group_has_its_vr_in_implicit_vr() -> None:
    known = dictionary.load()
    entries = [(match | ~mask & 0x001E0050, entry) for mask, match, entry in known.repeating if entry.tag & 0xFFFF]
    table = ElementTable()
    table.attach(b"".join(implicit(tag) for tag, _ in entries))
    elements.walk(table, 0, Encoding.IMPLICIT_LITTLE, vr_index(), 64, 100_000)
    found = [int(vr).to_bytes(2, "little").decode() for vr in elements.rows(table)["vr"]]
    assert found == [entry.preferred_vr for _, entry in entries]
    assert len(entries) > 50


def test_the_index_is_made_once() -> None:
    assert vr_index() is vr_index()
