"""The outer layer of a file, on bytes made by hand: preamble, File Meta Information, deflate, and files that lack them."""

import errno
import itertools
import os
import struct
import zlib
from pathlib import Path

import pytest

from handmade import (
    CT_IMAGE,
    DEFLATED,
    EXPLICIT_BE,
    EXPLICIT_LE,
    IMPLICIT_LE,
    JPEG_BASELINE,
    UNDEFINED,
    explicit,
    implicit,
    item,
    meta,
    part10,
    sequence_end,
)
from mediscan import errors
from mediscan._native.framing import Encoding, Status, TagList
from mediscan.codec import elements
from mediscan.codec.part10 import Header, Limits, Reader

SOP_CLASS, NAME, BEAM, PIXELS, AFTER = 0x00080016, 0x00100010, 0x300A00B0, 0x7FE00010, 0xFFFCFFFC
PREAMBLE = bytes(128) + b"DICM"
LITTLE = explicit(SOP_CLASS, "UI", CT_IMAGE) + explicit(NAME, "PN", b"A^B ")
IMPLICIT = implicit(SOP_CLASS, CT_IMAGE) + implicit(NAME, b"A^B ")
BIG = explicit(SOP_CLASS, "UI", CT_IMAGE, big=True) + explicit(NAME, "PN", b"A^B ", big=True)


def read(data: bytes, limits: Limits | None = None) -> tuple[Header, Reader]:
    reader = Reader(limits)
    return reader.read_bytes(data), reader


def names(reader: Reader) -> bytes:
    return reader.table.pick(TagList(NAME))[0]


def refusal(data: bytes, limits: Limits | None = None) -> errors.Refused:
    with pytest.raises(errors.Refused) as caught:
        read(data, limits)
    return caught.value


def deflate(data: bytes) -> bytes:
    """A raw deflate bitstream (RFC 1951) without zlib's header, as PS3.5 A.5 has it."""
    engine = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return engine.compress(data) + engine.flush()


# --- Transfer Syntaxes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("syntax", "dataset"), [(EXPLICIT_LE, LITTLE), (IMPLICIT_LE, IMPLICIT), (EXPLICIT_BE, BIG), (JPEG_BASELINE, LITTLE)]
)
def test_data_set_in_its_transfer_syntax(syntax: str, dataset: bytes) -> None:
    header, reader = read(part10(syntax, dataset))
    assert header.syntax.uid == syntax
    assert not header.inflated
    assert header.dataset == len(PREAMBLE + meta(syntax))
    assert names(reader) == b"A^B "
    assert reader.table.meta == 2  # (0002,0000) and (0002,0010)


def test_deflated_data_set_becomes_the_source() -> None:
    header, reader = read(part10(DEFLATED, deflate(LITTLE)))
    assert header.inflated
    assert header.dataset == 0
    assert reader.table.size == len(LITTLE)
    assert names(reader) == b"A^B "
    assert reader.table.meta == 2


def test_null_that_makes_a_deflated_file_even_is_no_part_of_it() -> None:
    _, reader = read(part10(DEFLATED, deflate(LITTLE) + b"\0"))
    assert reader.table.size == len(LITTLE)


def test_regression_one_inflated_byte_too_many_is_too_large() -> None:
    """Where zlib had taken in the whole stream but not given out the last byte, it had been called truncated."""
    for size in range(300):
        dataset = LITTLE + explicit(PIXELS, "OW", bytes(size))
        error = refusal(part10(DEFLATED, deflate(dataset)), Limits(inflated=len(dataset) - 1))
        assert isinstance(error, errors.TooLarge)


@pytest.mark.parametrize("over", [-1, 0, 1])
@pytest.mark.parametrize("size", [100, 70_000, 1_000_000])
def test_limit_of_an_inflated_data_set(size: int, over: int) -> None:
    """Exactly the limit is allowed."""
    dataset = LITTLE + explicit(PIXELS, "OW", bytes(size))
    data = part10(DEFLATED, deflate(dataset))
    limits = Limits(inflated=len(dataset) - over)
    if over <= 0:
        assert read(data, limits)[1].table.size == len(dataset)
    else:
        error = refusal(data, limits)
        assert isinstance(error, errors.TooLarge)
        assert error.offset == len(PREAMBLE + meta(DEFLATED))


def test_deflate_bomb_is_too_large() -> None:
    bomb = part10(DEFLATED, deflate(LITTLE + explicit(PIXELS, "OW", bytes(32 << 20))))
    assert len(bomb) < 100_000
    assert isinstance(refusal(bomb, Limits(inflated=1 << 20)), errors.TooLarge)


def test_cut_deflate_stream_is_truncated_at_every_byte() -> None:
    whole = part10(DEFLATED, deflate(LITTLE))
    start = len(PREAMBLE + meta(DEFLATED))
    for cut in range(start, len(whole)):
        error = refusal(whole[:cut])
        assert isinstance(error, errors.Truncated)
        assert error.offset == start


def test_what_does_not_inflate_is_malformed() -> None:
    error = refusal(part10(DEFLATED, b"\xff" * 20))  # block type 3 does not exist
    assert isinstance(error, errors.Malformed)
    assert error.offset == len(PREAMBLE + meta(DEFLATED))


@pytest.mark.parametrize(
    "syntax",
    [
        "1.2.3.4",  # registered nowhere
        "1.2.840.10008.1.2.4.94",  # JPIP Referenced: Pixel Data is elsewhere
        "1.2.840.10008.1.2.4.95",  # and deflated
        "1.2.840.10008.1.2.6.2",  # XML Encoding
        "1.2.840.10008.1.20",  # Papyrus 3
    ],
)
def test_syntax_that_no_file_can_be_in(syntax: str) -> None:
    error = refusal(part10(syntax, LITTLE))
    assert isinstance(error, errors.UnsupportedTransferSyntax)
    assert error.offset == len(PREAMBLE + meta(syntax))


@pytest.mark.parametrize("padding", [b"", b"\0", b" ", b"\0\0"])
def test_padding_of_the_transfer_syntax_uid(padding: bytes) -> None:
    uid = explicit(0x00020010, "UI", EXPLICIT_LE.encode() + padding)
    assert read(PREAMBLE + uid + LITTLE)[0].syntax.uid == EXPLICIT_LE


# --- File Meta Information --------------------------------------------------------------------------------------------


def test_group_length_is_not_believed() -> None:
    """The File Meta Information ends where group 0002 ends."""
    group = meta(EXPLICIT_LE)[12:]
    for length in (0, 1, len(group) - 1, len(group) + 1, 0xFFFFFFFF):
        wrong = explicit(0x00020000, "UL", struct.pack("<I", length))
        header, reader = read(PREAMBLE + wrong + group + LITTLE)
        assert header.dataset == len(PREAMBLE + wrong + group)
        assert names(reader) == b"A^B "


def test_no_group_length() -> None:
    assert names(read(PREAMBLE + meta(EXPLICIT_LE)[12:] + LITTLE)[1]) == b"A^B "


def test_rows_of_the_file_meta_information_are_marked() -> None:
    _, reader = read(part10(IMPLICIT_LE, IMPLICIT))
    flags = elements.rows(reader.table)["flags"].tolist()
    assert flags == [elements.META, elements.META, elements.IMPLICIT, elements.IMPLICIT]


def test_meta_element_that_overruns_the_file() -> None:
    bad = PREAMBLE + explicit(0x00020010, "UI", b"1.2", 400)
    error = refusal(bad)
    assert isinstance(error, errors.Truncated)
    assert error.offset == len(PREAMBLE)


def test_cut_file_is_refused_at_every_byte() -> None:
    """But where only whole elements are missing."""
    data = part10(EXPLICIT_LE, LITTLE)
    start = len(PREAMBLE + meta(EXPLICIT_LE))
    whole = {start, start + len(explicit(SOP_CLASS, "UI", CT_IMAGE)), len(data)}
    for cut in range(len(data) + 1):
        if cut in whole:
            read(data[:cut])
        else:
            error = refusal(data[:cut])
            assert isinstance(error, errors.NotDicom if cut < 132 else errors.Truncated | errors.NotDicom)


# --- what is missing --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"\0", b"DICM", bytes(128), bytes(131), bytes(1000), b"%PDF-1.7" + bytes(200)])
def test_not_dicom(data: bytes) -> None:
    assert isinstance(refusal(data), errors.NotDicom)


def test_nothing_after_the_prefix() -> None:
    error = refusal(PREAMBLE)
    assert isinstance(error, errors.Truncated)
    assert error.offset == len(PREAMBLE)


def test_no_preamble() -> None:
    header, reader = read(meta(EXPLICIT_LE) + LITTLE)
    assert header.dataset == len(meta(EXPLICIT_LE))
    assert names(reader) == b"A^B "


@pytest.mark.parametrize("head", [b"", PREAMBLE, bytes(128) + b"DICM" + explicit(0x00020013, "SH", b"X ")])
@pytest.mark.parametrize(("dataset", "syntax"), [(LITTLE, EXPLICIT_LE), (IMPLICIT, IMPLICIT_LE), (BIG, EXPLICIT_BE)])
def test_undeclared_encoding_is_found(head: bytes, dataset: bytes, syntax: str) -> None:
    """No preamble, no File Meta Information, or one that names no Transfer Syntax."""
    header, reader = read(head + dataset)
    assert header.syntax.uid == syntax
    assert header.dataset == len(head)
    assert names(reader) == b"A^B "


@pytest.mark.parametrize("uid", [b"1.2.3.4\0", b"", b"1.2.840.10008.5.1.4.1.1.2x"])
def test_undeclared_encoding_needs_a_registered_class(uid: bytes) -> None:
    assert isinstance(refusal(explicit(SOP_CLASS, "UI", uid) + explicit(NAME, "PN", b"A^B ")), errors.NotDicom)


def test_undeclared_encoding_needs_group_0008_first() -> None:
    assert isinstance(refusal(explicit(0x00070010, "LO", b"X ") + LITTLE), errors.NotDicom)


def test_undeclared_encoding_has_to_fit_to_the_last_byte() -> None:
    assert isinstance(refusal(LITTLE + b"\1"), errors.NotDicom)
    error = refusal(PREAMBLE + LITTLE + b"\1")
    assert isinstance(error, errors.Truncated)
    assert error.offset == len(PREAMBLE + LITTLE)


def test_undeclared_encapsulated_pixel_data_is_of_no_known_syntax() -> None:
    fragments = explicit(PIXELS, "OB", item() + item(b"\xff\xd8\xff\xd9") + sequence_end(), UNDEFINED)
    assert isinstance(refusal(LITTLE + fragments), errors.UnsupportedTransferSyntax)


@pytest.mark.parametrize("length", range(9))
def test_regression_fewer_bytes_than_a_header_after_the_file_meta_information(length: int) -> None:
    """An empty deflated data set has two bytes; they had been taken for a cut element of group 0002."""
    header, reader = read(part10(DEFLATED, deflate(b"") + bytes(length)))
    assert header.inflated
    assert (reader.table.size, reader.table.count) == (0, 2)
    assert deflate(b"") == b"\3\0"


def looks_explicit() -> bytes:
    """Implicit VR whose first length field, 16975, reads as OB: then 300000 bytes to skip, then no header."""
    first = implicit(0x00080001, struct.pack("<I", 300_000) + bytes(16_971))
    assert first[4:8] == b"OB\0\0"
    return first + IMPLICIT + implicit(0x00204000, b"x" * 100_000) + implicit(PIXELS, b"\1" * 400_000)


def test_regression_second_encoding_is_tried_from_the_start_of_a_file(tmp_path: Path) -> None:
    """The first attempt had skipped past what the second had to read, and the file was called unreadable."""
    path = tmp_path / "looks_explicit"
    path.write_bytes(looks_explicit())
    header, reader = read(looks_explicit())
    assert header.syntax.uid == IMPLICIT_LE
    with path.open("rb") as file:
        assert Reader().read_file(file.fileno()) == header
    assert names(reader) == b"A^B "


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Pixel Data of 1 MiB and an element after it."""
    path = tmp_path / "large.dcm"
    dataset = LITTLE + explicit(PIXELS, "OW", bytes(1 << 20)) + explicit(AFTER, "OB", b"pad ") + LITTLE
    path.write_bytes(part10(EXPLICIT_LE, dataset))
    return path


def test_pixel_data_of_a_large_file_is_not_read(large: Path) -> None:
    reader = Reader()
    with large.open("rb") as file:
        reader.read_file(file.fileno())
    found = elements.rows(reader.table)
    (pixels,) = (i for i, tag in enumerate(found["tag"].tolist()) if tag == PIXELS)
    assert reader.table.value(pixels) is None
    assert reader.table.read(int(found["end"][pixels]) - 1, 1) is None
    assert found["length"][pixels] == 1 << 20
    assert reader.table.value(pixels - 1) == b"A^B "
    assert reader.table.value(reader.table.count - 1) == b"A^B "  # behind Pixel Data


def test_fragments_of_a_large_file_are_not_read(tmp_path: Path) -> None:
    frames = item() + item(bytes(100_000)) * 5 + sequence_end()
    path = tmp_path / "frames.dcm"
    path.write_bytes(part10(JPEG_BASELINE, LITTLE + explicit(PIXELS, "OB", frames, UNDEFINED) + LITTLE))
    reader = Reader()
    with path.open("rb") as file:
        reader.read_file(file.fileno())
    found = elements.rows(reader.table)
    (pixels,) = (i for i, tag in enumerate(found["tag"].tolist()) if tag == PIXELS)
    assert found["item"][pixels] == 6
    assert found["length"][pixels] == len(frames) - 8
    assert reader.table.value(pixels) is None
    assert reader.table.value(reader.table.count - 1) == b"A^B "


@pytest.mark.parametrize("extra", [-1, 0, 1])
def test_a_small_file_is_read_whole(tmp_path: Path, extra: int) -> None:
    whole = 262_144
    head = part10(EXPLICIT_LE, LITTLE)
    path = tmp_path / "small.dcm"
    path.write_bytes(head + explicit(PIXELS, "OW", bytes(whole + extra - len(head) - 12)))
    reader = Reader()
    with path.open("rb") as file:
        reader.read_file(file.fileno())
    assert (reader.table.value(reader.table.count - 1) is None) == (extra > 0)


@pytest.mark.parametrize("ahead", [1, 140, 1000, 65_536])
def test_what_is_read_ahead_does_not_change_the_rows(large: Path, ahead: int) -> None:
    reader = Reader()
    table = reader.table
    start = reader.read_bytes(large.read_bytes()).dataset
    table.rewind(0)
    elements.walk(table, start, Encoding.EXPLICIT_LITTLE, reader.index, 64, 100)
    rows = table.rows
    with large.open("rb") as file:
        assert table.open(file.fileno(), 0, ahead) == Status.OK
        elements.walk(table, start, Encoding.EXPLICIT_LITTLE, reader.index, 64, 100)
        assert table.rows == rows


def test_files_and_bytes_give_the_same_rows(public_files: list[Path]) -> None:
    from_file, from_bytes = Reader(), Reader()
    for path in public_files:
        outcomes: list[object] = []
        with path.open("rb") as file:
            for reader, argument in ((from_file, file.fileno()), (from_bytes, None)):
                try:
                    header = reader.read_bytes(path.read_bytes()) if argument is None else reader.read_file(argument)
                except errors.Refused as error:
                    outcomes.append((type(error), error.offset))
                else:
                    outcomes.append((header, reader.table.rows))
        assert outcomes[0] == outcomes[1], path.name


def test_a_folder_and_a_pipe_are_unreadable(tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    ends = os.pipe()
    try:
        for fd in (folder, ends[0]):
            with pytest.raises(errors.Unreadable):
                Reader().read_file(fd)
    finally:
        for fd in (folder, *ends):
            os.close(fd)


def test_what_a_path_leads_to(large: Path, tmp_path: Path) -> None:
    """A regular file alone is read; the size tells what was opened at all."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(large)
    with large.open("rb") as file:
        header = Reader().read_file(file.fileno())
    reader = Reader()
    assert reader.read_path(os.fsencode(large)) == header
    assert reader.table.opened_size == large.stat().st_size
    for name, size, detail in (("pipe", 0, "at byte 0"), (".", 0, "at byte 0"), ("link", None, os.strerror(errno.ELOOP)),
                               ("none", None, os.strerror(errno.ENOENT))):  # fmt: skip
        with pytest.raises(errors.Unreadable) as raised:
            reader.read_path(os.fsencode(tmp_path / name))
        assert (raised.value.detail, reader.table.opened_size) == (detail, size)
    with pytest.raises(ValueError, match="NUL"):
        reader.read_path(os.fsencode(large) + b"\0x")


@pytest.mark.parametrize("end", ["close", "another path", "bytes", "no file", "del"])
def test_a_path_is_open_until_the_next_source(large: Path, end: str) -> None:
    before = os.listdir("/proc/self/fd")
    reader = Reader()
    reader.read_path(os.fsencode(large))
    assert len(os.listdir("/proc/self/fd")) == len(before) + 1
    assert os.path.samestat(os.fstat(reader.table.file), large.stat())
    assert reader.table.unchanged()
    if end == "another path":
        reader.read_path(os.fsencode(large))
        assert len(os.listdir("/proc/self/fd")) == len(before) + 1
        reader.table.close()
    elif end == "bytes":
        reader.read_bytes(large.read_bytes())
    elif end == "no file":
        with pytest.raises(errors.Unreadable):
            reader.read_path(os.fsencode(large) + b"-")
    elif end == "del":
        del reader
    else:
        reader.table.close()
        assert (reader.table.file, reader.table.opened_size) == (-1, None)
    assert len(os.listdir("/proc/self/fd")) == len(before)


def test_an_inflated_file_stays_open(tmp_path: Path) -> None:
    path = tmp_path / "deflated.dcm"
    path.write_bytes(part10(DEFLATED, deflate(LITTLE)))
    reader = Reader()
    assert reader.read_path(os.fsencode(path)).inflated
    assert reader.table.fd == -1
    assert os.path.samestat(os.fstat(reader.table.file), path.stat())
    path.write_bytes(b"")
    assert not reader.table.unchanged()


def test_an_empty_file_is_not_dicom(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.touch()
    with path.open("rb") as file, pytest.raises(errors.NotDicom):
        Reader().read_file(file.fileno())


def test_a_file_that_was_written_to_has_changed(large: Path) -> None:
    reader = Reader()
    with large.open("rb") as file:
        reader.read_file(file.fileno())
        assert reader.table.unchanged()
        with large.open("ab") as more:
            more.write(b"\0")
        assert not reader.table.unchanged()


def test_regression_a_deflated_file_that_was_written_to_has_changed(tmp_path: Path) -> None:
    """Once the inflated data set was the source, the file behind it was no longer looked at."""
    path = tmp_path / "deflated.dcm"
    path.write_bytes(part10(DEFLATED, deflate(LITTLE)))
    reader = Reader()
    with path.open("rb") as file:
        assert reader.read_file(file.fileno()).inflated
        assert reader.table.unchanged()
        with path.open("ab") as more:
            more.write(b"\0")
        assert not reader.table.unchanged()
        reader.read_bytes(part10(EXPLICIT_LE, LITTLE))  # another source: that file is of no interest any more
        assert reader.table.unchanged()


def test_a_reader_is_used_again(large: Path) -> None:
    """One table for one source after another, refused ones among them; nothing of the last one stays."""
    reader = Reader()
    sources = [part10(EXPLICIT_LE, LITTLE), b"", part10(DEFLATED, deflate(LITTLE)), PREAMBLE + LITTLE + b"\1"]
    for data in itertools.chain(sources, reversed(sources)):
        with large.open("rb") as file:
            reader.read_file(file.fileno())
        try:
            reader.read_bytes(data)
        except errors.Refused:
            continue
        assert names(reader) == b"A^B "
        assert reader.table.count - reader.table.meta == 2
    reader.table.close()
    assert (reader.table.count, reader.table.size, reader.table.fd) == (0, 0, -1)


# --- limits and bugs --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("over", [-1, 0, 1])
def test_limit_of_elements(over: int) -> None:
    """Rows of the File Meta Information count."""
    data = part10(EXPLICIT_LE, LITTLE)
    limits = Limits(elements=4 - over)
    if over <= 0:
        assert read(data, limits)[1].table.count == 4
    else:
        error = refusal(data, limits)
        assert isinstance(error, errors.TooLarge)
        assert error.offset == len(data) - len(explicit(NAME, "PN", b"A^B "))


@pytest.mark.parametrize("over", [-1, 0, 1])
def test_limit_of_depth(over: int) -> None:
    dataset = b""
    for _ in range(5):
        dataset = explicit(BEAM, "SQ", item(dataset))
    data = part10(EXPLICIT_LE, dataset)
    if over <= 0:
        read(data, Limits(depth=5 - over))
    else:
        error = refusal(data, Limits(depth=5 - over))
        assert isinstance(error, errors.NestingTooDeep)
        assert error.offset == len(data) - 8  # where the innermost sequence would begin


@pytest.mark.timeout(20)
def test_regression_zeros_before_the_last_byte_take_linear_time() -> None:
    """Each of 250 000 elements (0000,0000) had searched the whole rest for a byte that is not zero."""
    data = part10(IMPLICIT_LE, bytes(2_000_000) + b"\1")
    error = refusal(data)
    assert isinstance(error, errors.Truncated)
    assert error.offset == len(data) - 1


def test_reading_outside_of_the_source_gives_nothing() -> None:
    table = read(part10(EXPLICIT_LE, LITTLE))[1].table
    size = table.size
    for offset, length in ((-1, 1), (0, -1), (0, size + 1), (size, 1), (size + 1, 0), (2**62, 2**62), (1, 2**63 - 1)):
        assert table.read(offset, length) is None
    assert table.read(size - 1, 1) == b" "
    for row in (-1, table.count):
        with pytest.raises(IndexError):
            table.value(row)
