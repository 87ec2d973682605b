"""_native.splice and its plain-Python twin build the same bytes; what comes out is framed again, by us and by pydicom."""

import collections
import errno
import io
import os
import random
import warnings

import pydicom
import pytest
from dataset_bytes import (
    BIG,
    ENCODINGS,
    IMPLICIT,
    LITTLE,
    UNDEFINED,
    element,
    framed,
    header,
    item,
    public_files,
    sequence,
)  # fmt: skip
from hypothesis import given, settings
from hypothesis import strategies as st
from splice_twin import KEEP, REMOVE, REPLACE, RESIZE, Rewriter, TooLong, set_edits

from mediscan import errors
from mediscan._native.framing import ElementTable, Status
from mediscan._native.splice import Mover, Splicer, SpliceStatus
from mediscan.codec import elements
from mediscan.codec.elements import FRAGMENTS, ITEM, SEQUENCE
from mediscan.codec.part10 import Reader
from mediscan.codec.tagindex import vr_index

SPLICER = Splicer()


def spliced(table, source, edits, prefix=b"", inserts=()):
    """The output by the kernel, after comparing it with the twin's."""
    set_edits(table, edits)
    assert SPLICER.assemble(table.capsule, prefix, list(inserts)) == SpliceStatus.SPLICED
    with memoryview(SPLICER) as view:
        got = bytes(view)
    assert len(got) == SPLICER.size
    assert got == Rewriter(source, elements.rows(table), table.meta, edits).build(prefix, inserts)
    return got


# --- hand-made --------------------------------------------------------------------------------------------------------


def nested_data_set(encoding, undefined):
    inner = element(0x00080100, "SH", b"CODE", encoding) + element(0x00080104, "LO", b"Code meaning", encoding)
    return b"".join(
        [
            element(0x00080005, "CS", b"ISO_IR 100", encoding),  # row 0
            sequence(0x00081110, [inner, b"", inner], encoding, undefined),  # 1; items 2, 5, 6
            element(0x00100010, "PN", b"Doe^Jane", encoding),  # 9
            sequence(  # 10; item 11
                0x00400275, [sequence(0x00081140, [inner], encoding, not undefined)], encoding, undefined
            ),  # 12 inside it; item 13; 14, 15
            element(0x7FE00010, "OW", bytes(range(40)), encoding),  # 16
        ]
    )


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("undefined", [False, True])
def test_lengths_are_mended(encoding, undefined):
    source = nested_data_set(encoding, undefined)
    table = framed(source, encoding)
    assert spliced(table, source, {}) == source
    edits = {3: (REMOVE, None), 9: (REPLACE, b"ODD"), 15: (RESIZE, 3)}
    got = spliced(table, source, edits)
    meaning = element(0x00080104, "LO", b"Code meaning", encoding)
    short = element(0x00080100, "SH", b"CODE", encoding) + element(0x00080104, "LO", b"Cod ", encoding)  # padded to 4
    inner = element(0x00080100, "SH", b"CODE", encoding) + meaning
    assert got == b"".join(
        [
            element(0x00080005, "CS", b"ISO_IR 100", encoding),
            sequence(0x00081110, [meaning, b"", inner], encoding, undefined),
            element(0x00100010, "PN", b"ODD ", encoding),
            sequence(0x00400275, [sequence(0x00081140, [short], encoding, not undefined)], encoding, undefined),
            element(0x7FE00010, "OW", bytes(range(40)), encoding),
        ]
    )


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("undefined", [False, True])
def test_sequences_and_items_go_whole(encoding, undefined):
    source = nested_data_set(encoding, undefined)
    table = framed(source, encoding)
    got = spliced(table, source, {1: (REPLACE, b""), 13: (REMOVE, None)})
    assert header(0x00081110, "SQ", 0, encoding) in got  # emptied: a defined length of 0 and no delimiter
    again = elements.rows(framed(got, encoding))
    assert [hex(tag) for tag in again["tag"]] == [
        "0x80005", "0x81110", "0x100010", "0x400275", "0xfffee000", "0x81140", "0x7fe00010"
    ]  # fmt: skip
    got = spliced(table, source, {2: (REMOVE, None), 10: (REMOVE, None)})
    again = elements.rows(framed(got, encoding))
    assert again["tag"].tolist().count(0xFFFEE000) == 2


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_odd_lengths_are_padded(encoding):
    inner = element(0x00080018, "UI", b"1.2.3", encoding)  # NULL
    source = (
        sequence(0x00081110, [inner], encoding)  # 0; item 1; 2: the lengths around it change too
        + element(0x00100010, "PN", b"ODD", encoding)  # 3: SPACE
        + element(0x00420011, "OB", b"ODD", encoding)  # 4: NULL
    )
    got = spliced(framed(source, encoding), source, {})
    assert got == (
        sequence(0x00081110, [element(0x00080018, "UI", b"1.2.3\0", encoding)], encoding)
        + element(0x00100010, "PN", b"ODD ", encoding)
        + element(0x00420011, "OB", b"ODD\0", encoding)
    )


def test_un_of_undefined_length_is_implicit_inside():  # PS3.5 6.2.2
    for encoding in (LITTLE, BIG):
        content = item(element(0x00080050, "SH", b"A1", IMPLICIT) + element(0x00080060, "CS", b"CT", IMPLICIT), IMPLICIT)
        source = (
            header(0x00091001, "UN", UNDEFINED, encoding)
            + content
            + header(0xFFFEE0DD, "", 0, IMPLICIT)  # its delimiter is little-endian as well
        )
        got = spliced(framed(source, encoding), source, {2: (REMOVE, None)})
        assert got == (
            header(0x00091001, "UN", UNDEFINED, encoding)
            + item(element(0x00080060, "CS", b"CT", IMPLICIT), IMPLICIT)
            + header(0xFFFEE0DD, "", 0, IMPLICIT)
        )


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("undefined", [False, True])
def test_inserts_stand_in_rising_order(encoding, undefined):
    source = nested_data_set(encoding, undefined)
    new = [(tag, element(tag, "CS", b"YES ", encoding)) for tag in (0x00080001, 0x00120062, 0x00280303, 0x7FE00020)]
    got = spliced(framed(source, encoding), source, {9: (REMOVE, None)}, b"prefix", new)
    assert got.startswith(b"prefix")
    again = elements.rows(framed(got[6:], encoding))
    top = again["tag"][again["depth"] == 0].tolist()
    assert top == sorted(top)
    assert {tag for tag, _ in new} <= set(top)


def test_inserts_into_an_empty_data_set():
    assert spliced(framed(b""), b"", {}, b"p", [(0x00120062, b"x"), (0x00280303, b"y")]) == b"pxy"
    assert spliced(framed(b""), b"", {}) == b""


def test_at_most_sixteen_inserts():
    with pytest.raises(ValueError, match="16"):
        SPLICER.assemble(framed(b"").capsule, b"", [(0x00080001, b"")] * 17)


def test_encapsulated_pixel_data_is_copied_or_replaced_whole():
    fragments = item(b"") + item(b"\xff\xd8ab") + item(b"cd\xff\xd9")
    source = (
        element(0x00100010, "PN", b"A1")  # 0
        + header(0x7FE00010, "OB", UNDEFINED)  # 1
        + fragments
        + header(0xFFFEE0DD, "", 0)
    )
    table = framed(source)
    pixels = source[10:]
    assert spliced(table, source, {0: (REMOVE, None)}) == pixels
    assert spliced(table, source, {0: (REMOVE, None), 1: (REPLACE, b"\0\0")}) == element(0x7FE00010, "OB", b"\0\0")


def test_a_value_past_its_length_field_is_refused():
    for vr, size, status in [
        ("LO", 0xFFFE, SpliceStatus.SPLICED),
        ("LO", 0xFFFF, SpliceStatus.VALUE_TOO_LONG),  # 10000H with its padding
        ("LT", 0x10000, SpliceStatus.VALUE_TOO_LONG),
        ("UT", 0x10000, SpliceStatus.SPLICED),
    ]:
        source = element(0x00104000, vr, b"A1")
        table = framed(source)
        edits = {0: (REPLACE, b"x" * size)}
        set_edits(table, edits)
        assert SPLICER.assemble(table.capsule, b"", []) == status
        if status == SpliceStatus.VALUE_TOO_LONG:
            with pytest.raises(TooLong):
                Rewriter(source, elements.rows(table), 0, edits).build(b"", [])
    odd = header(0x00104000, "LT", 0xFFFF) + b"x" * 0xFFFF  # cannot be padded within 16 bits
    assert SPLICER.assemble(_unedited(framed(odd)).capsule, b"", []) == SpliceStatus.VALUE_TOO_LONG


def _unedited(table):
    set_edits(table, {})
    return table


@pytest.mark.parametrize("undefined", [False, True])
def test_the_deepest_nesting(undefined):
    source, splicer = element(0x00080050, "SH", b"A1"), Splicer()
    for _ in range(127):  # the walk's own limit
        source = sequence(0x00081110, [source], undefined=undefined)
    table = ElementTable()
    table.attach(source)
    assert table.walk(0, LITTLE, vr_index(), 127) == (Status.OK, len(source))
    set_edits(table, {table.count - 1: (REMOVE, None)})
    assert splicer.assemble(table.capsule, b"", []) == SpliceStatus.SPLICED
    assert splicer.size == len(source) - 10


def test_no_layout_while_the_last_one_is_being_read():
    splicer, table = Splicer(), _unedited(framed(b""))
    splicer.assemble(table.capsule, b"abc", [])
    with memoryview(splicer) as view:
        assert view.readonly
        with pytest.raises(BufferError):
            splicer.assemble(table.capsule, b"x", [])
        assert bytes(view) == b"abc"
    assert splicer.assemble(table.capsule, b"x", []) == SpliceStatus.SPLICED


# --- by chance --------------------------------------------------------------------------------------------------------


def random_edits(rng, rows, meta, rate, values=(b"", b"x", b"odd", b"1.2.3.4", b"replacement")):
    edits = {}
    for i in range(meta, len(rows)):
        if rng.random() >= rate:
            continue
        flags, length = int(rows[i]["flags"]), int(rows[i]["length"])
        if flags & ITEM:
            edits[i] = (REMOVE, None)
        elif flags & SEQUENCE:
            edits[i] = rng.choice([(REMOVE, None), (REPLACE, b"")])
        elif flags & FRAGMENTS:
            edits[i] = rng.choice([(REMOVE, None), (REPLACE, b"\0\0")])
        else:
            edits[i] = rng.choice([(REMOVE, None), (REPLACE, rng.choice(values)), (RESIZE, rng.randint(0, length))])
    return edits


def survivors(rows, meta, edits):
    """(depth, tag, bytes of value as written or None for a container) of every row that is still there."""
    out, i = [], meta
    while i < len(rows):
        row, (op, what, *_) = rows[i], edits.get(i, (KEEP, None))
        length = {REPLACE: len(what or b"") if op == REPLACE else 0, RESIZE: what}.get(op, int(row["length"]))
        if op != REMOVE:
            container = op == KEEP and row["flags"] & (SEQUENCE | ITEM)
            size = None if container else length if row["flags"] & FRAGMENTS and op == KEEP else length + length % 2
            out.append((int(row["depth"]), int(row["tag"]), size))
        i = i + 1 if op == KEEP and row["flags"] & (SEQUENCE | ITEM) else int(row["after"])
    return out


def assert_framed_again(rows, meta, edits, data, encoding, depth=64):
    """What was left is what is found again, and every length says what is inside."""
    table = ElementTable()
    table.attach(data)
    assert table.walk(0, encoding, vr_index(), depth) == (Status.OK, len(data))
    again = elements.rows(table)
    expected = survivors(rows, meta, edits)
    assert [(int(row["depth"]), int(row["tag"])) for row in again] == [(depth, tag) for depth, tag, _ in expected]
    for row, (_, _, size) in zip(again, expected, strict=True):
        assert size is None or row["length"] == size
    inside = collections.Counter()
    for row in again:
        inside[int(row["parent"])] += int(row["end"] - row["start"])
    for i, row in enumerate(again):
        if row["flags"] & (SEQUENCE | ITEM):
            assert row["length"] == inside[i]


LEAVES = st.tuples(st.just("leaf"), st.sampled_from(["LO", "UI", "OB", "UT", "US"]), st.binary(max_size=9))
TREES = st.recursive(
    LEAVES,
    lambda inner: st.tuples(st.just("sequence"), st.booleans(), st.lists(st.lists(inner, max_size=3), max_size=3)),
    max_leaves=12,
)


def encoded(tree, tag, encoding):
    kind, how, content = tree
    if kind == "leaf":
        return element(tag, how, content, encoding)
    inner = [b"".join(encoded(one, 0x00181000 + at, encoding) for at, one in enumerate(one_item)) for one_item in content]
    return sequence(tag, inner, encoding, how)


@settings(deadline=None)
@given(st.lists(TREES, max_size=4), st.sampled_from([LITTLE, BIG]), st.randoms(use_true_random=False))
def test_any_data_set(trees, encoding, rng):
    source = b"".join(encoded(tree, 0x00181000 + at, encoding) for at, tree in enumerate(trees))
    table = framed(source, encoding)
    rows = elements.rows(table)
    edits = random_edits(rng, rows, 0, 0.4)
    inserts = [(0x00181001, element(0x00181001, "LO", b"new ", encoding))] if rng.random() < 0.5 else []
    got = spliced(table, source, edits, b"", inserts)
    if not inserts:
        assert_framed_again(rows, 0, edits, got, encoding)


def framed_public_files():
    reader = Reader()
    for path in public_files():
        with open(path, "rb") as file:
            data = file.read()
        try:
            head = reader.read_bytes(data)
        except errors.Refused:
            continue
        yield path, reader.table, reader.table.read(0, reader.table.size), head


def encoding_of(head):
    return IMPLICIT if head.syntax.implicit_vr else BIG if head.syntax.big_endian else LITTLE


@pytest.mark.parametrize("seed", range(4))
def test_public_files(seed):
    rng, done = random.Random(seed), 0
    for path, table, source, head in framed_public_files():
        rows, meta = elements.rows(table), table.meta
        edits = random_edits(rng, rows, meta, rng.choice([0.02, 0.2, 0.5]))
        got = spliced(table, source, edits)
        assert_framed_again(rows, meta, edits, got, encoding_of(head))
        assert_read_by_pydicom(got, head, survivors(rows, meta, edits), path)
        done += 1
    assert done > 130


def assert_read_by_pydicom(data, head, expected, path):
    """The top level, as another parser sees it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom remarks on what was wrong in the source already
        found = pydicom.filereader.read_dataset(io.BytesIO(data), head.syntax.implicit_vr, not head.syntax.big_endian)
    tags = [tag for depth, tag, _ in expected if depth == 0 and tag & 0xFFFF]
    assert sorted(int(tag) for tag in found._dict if tag & 0xFFFF) == sorted(set(tags)), path


def test_public_files_without_edits_stay_byte_for_byte():
    for path, table, source, _ in framed_public_files():
        rows = elements.rows(table)[table.meta :]
        leaves = rows[rows["flags"] & (SEQUENCE | ITEM | FRAGMENTS) == 0]
        got = spliced(table, source, {})
        if len(rows) and not (leaves["length"] % 2).any():
            assert got == source[int(rows["start"].min()) : int(rows["end"].max())], path


# --- from file to file ------------------------------------------------------------------------------------------------

PIXELS = random.Random(0).randbytes(300_000)
MOVERS = list(Mover)


def written(tmp_path, source, edits, mover, prefix=b"", ahead=4096, damage=None):
    """Status and output of `write` for a data set in a file."""
    path, out = tmp_path / "source", tmp_path / f"out-{mover.name}"
    path.write_bytes(source)
    fd_in = os.open(path, os.O_RDONLY)
    fd_out = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    table, splicer = ElementTable(), Splicer()
    try:
        assert table.open(fd_in, 0, ahead) == Status.OK
        assert table.walk(0, LITTLE, vr_index()) == (Status.OK, len(source))
        set_edits(table, edits)
        assert splicer.assemble(table.capsule, prefix, []) == SpliceStatus.SPLICED
        assert any(length for _, _, length in splicer.pieces)
        if damage:
            damage(path)
        result = splicer.write(fd_in, fd_out, mover)
    finally:
        os.close(fd_in)
        os.close(fd_out)
    expected = Rewriter(source, elements.rows(table), 0, edits).build(prefix, [])
    assert splicer.size == len(expected)
    return result, out.read_bytes(), expected


def large_data_set():
    return (
        element(0x00080018, "UI", b"1.2.3.4\0")  # row 0
        + element(0x00100010, "PN", b"Doe^Jane")  # 1
        + sequence(0x00880200, [element(0x00420011, "OB", PIXELS)])  # 2, 3, 4: a long value inside a sequence
        + element(0x7FE00010, "OW", PIXELS)  # 5: not in memory
        + element(0xFFFCFFFC, "OB", bytes(10))  # 6: behind it
    )


@pytest.mark.parametrize("mover", MOVERS, ids=lambda mover: mover.name)
@pytest.mark.parametrize(
    "edits",
    [
        {},
        {1: (REPLACE, b"Removed")},
        {2: (REMOVE, None), 6: (REMOVE, None)},
        {4: (RESIZE, 299_999), 5: (RESIZE, 100_001)},  # ranges that end with a padding byte
        {0: (REMOVE, None), 5: (REMOVE, None)},
    ],
)
def test_every_mover_writes_the_same(tmp_path, mover, edits):
    result, got, expected = written(tmp_path, large_data_set(), edits, mover, b"prefix")
    assert result == (SpliceStatus.SPLICED, 0)
    assert got == expected


@pytest.mark.parametrize("mover", MOVERS, ids=lambda mover: mover.name)
def test_a_source_that_shrank_is_told(tmp_path, mover):
    def shrink(path):
        os.truncate(path, 400_000)

    (status, _), got, expected = written(tmp_path, large_data_set(), {}, mover, damage=shrink)
    assert status == SpliceStatus.SHRANK
    assert expected.startswith(got)


@pytest.mark.parametrize("mover", MOVERS, ids=lambda mover: mover.name)
def test_failures_name_their_side(tmp_path, mover):
    source = large_data_set()
    path = tmp_path / "source"
    path.write_bytes(source)
    fd_in, folder = os.open(path, os.O_RDONLY), os.open(tmp_path, os.O_RDONLY)
    out = os.open(tmp_path / "out", os.O_WRONLY | os.O_CREAT)
    full = os.open("/dev/full", os.O_WRONLY)
    table, splicer = ElementTable(), Splicer()
    try:
        assert table.open(fd_in, 0, 4096) == Status.OK
        table.walk(0, LITTLE, vr_index())
        set_edits(table, {})
        splicer.assemble(table.capsule, b"", [])
        assert splicer.write(folder, out, mover) == (SpliceStatus.READ_FAILED, errno.EISDIR)
        assert splicer.write(fd_in, full, mover) == (SpliceStatus.WRITE_FAILED, errno.ENOSPC)
        assert splicer.write(fd_in, fd_in, mover) == (SpliceStatus.WRITE_FAILED, errno.EBADF)
    finally:
        for fd in (fd_in, folder, out, full):
            os.close(fd)
