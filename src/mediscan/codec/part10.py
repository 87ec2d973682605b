"""A file from its door inwards (PS3.10 section 7): preamble, DICM, File Meta Information, deflated data sets.

Files without preamble or File Meta Information are accepted only if the whole of them reads as a data set of a registered
SOP Class; nothing is guessed from a few bytes.
"""

import os
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from mediscan import errors
from mediscan._native.framing import ElementTable, Encoding, Status, TagList, VrIndex
from mediscan.codec import elements
from mediscan.codec.tagindex import vr_index
from mediscan.standard import transfer_syntax, uids
from mediscan.standard.transfer_syntax import TransferSyntax

_OK = int(Status.OK)  # looked up once: three times per file is too dear
_SOP_CLASS_UID = TagList(0x00080016)
_NATIVE = {
    Encoding.EXPLICIT_LITTLE: "1.2.840.10008.1.2.1",
    Encoding.IMPLICIT_LITTLE: "1.2.840.10008.1.2",
    Encoding.EXPLICIT_BIG: "1.2.840.10008.1.2.2",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Budgets of one input.

    Parameters
    ----------
    depth : int
        Sequences open at once, at most 127.
    elements : int
        Rows of the element table.
    inflated : int
        Bytes of a deflated data set.
    """

    depth: int = 64
    elements: int = 2_000_000
    inflated: int = 4 << 30


class Header(NamedTuple):
    """What the outer layer of a file says.

    Parameters
    ----------
    syntax : TransferSyntax
        As declared, or as found where nothing is declared.
    dataset : int
        Offset of the data set in the table's source.
    inflated : bool
        Whether that source is the inflated data set rather than the file.
    """

    syntax: TransferSyntax
    dataset: int
    inflated: bool


class Reader:
    """Reads one source after another into one reused `ElementTable`.

    Parameters
    ----------
    limits : Limits
        Budgets of each input.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.table = ElementTable()
        self.index: VrIndex = vr_index()

    def read_file(self, fd: int) -> Header:
        """Frame the regular file behind `fd`; of a larger one Pixel Data and other bulk values are not read.

        Raises
        ------
        errors.Refused
            With the reason and the byte offset.
        """
        elements.check(self.table.open(fd), 0)
        return self._read()

    def read_path(self, path: bytes) -> Header:
        """Frame the regular file at `path`, which stays open until `table.close`; see `read_file`."""
        status, number = self.table.open_path(path)
        if status != _OK:
            raise errors.Unreadable(-1, os.strerror(number)) if number else elements.error(status, 0)
        return self._read()

    def read_bytes(self, data: bytes | memoryview) -> Header:
        """Frame a file that is in memory; see `read_file`."""
        elements.check(self.table.attach(data), 0)
        return self._read()

    def _read(self) -> Header:
        table, index, limits = self.table, self.index, self.limits
        status, start, uid = table.walk_meta(index)
        if status != _OK:
            raise errors.NotDicom() if start == 0 and table.meta == 0 else elements.error(status, start)
        if not uid:
            return self._detect(start)
        syntax, encoding = _syntax(uid)
        if syntax is None:
            raise errors.UnsupportedTransferSyntax(start)
        dataset = start
        if syntax.deflated:
            self._inflate(start)
            dataset = 0
        elements.walk(table, dataset, encoding, index, limits.depth, limits.elements)
        return Header(syntax, dataset, syntax.deflated)

    def _inflate(self, start: int) -> None:
        """Replace the table's source by the inflated data set (PS3.5 A.5), within the budget."""
        table = self.table
        engine = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            data = engine.decompress(_all_from(table, start), self.limits.inflated + 1)
        except zlib.error:
            raise errors.Malformed(start, "the deflated data set does not inflate") from None
        if len(data) > self.limits.inflated:
            raise errors.TooLarge(start, "the deflated data set is larger than the limit")
        if not engine.eof:
            raise errors.Truncated(start)
        elements.check(table.attach(data, keep_rows=True), start)

    def _detect(self, start: int) -> Header:
        """Try the three native encodings of a file that declares none; the whole data set must agree with one of them."""
        table, limits = self.table, self.limits
        meta = table.meta
        failure: errors.Refused | None = None
        for encoding in _plausible(table.read(start, 8) or b"", table.size - start):
            table.rewind(meta)
            status, end = table.walk(start, encoding, self.index, limits.depth, limits.elements)
            if status != _OK:
                failure = failure or elements.error(status, end)
                continue
            if self._has_registered_class():
                return self._detected(encoding, start)
        if start == 0 or failure is None:
            raise errors.NotDicom()
        raise failure

    def _has_registered_class(self) -> bool:
        value = self.table.pick(_SOP_CLASS_UID)[0]
        return value.rstrip(b"\0 ").decode("ascii", "replace") in uids.load()

    def _detected(self, encoding: int, start: int) -> Header:
        rows = elements.rows(self.table)
        if (rows["flags"] & elements.FRAGMENTS).any():
            raise errors.UnsupportedTransferSyntax(start, "encapsulated Pixel Data without a declared Transfer Syntax")
        syntax = transfer_syntax.find(_NATIVE[Encoding(encoding)])
        assert syntax is not None
        return Header(syntax, start, inflated=False)


@lru_cache(maxsize=256)
def _syntax(uid: bytes) -> tuple[TransferSyntax | None, int]:
    """A Transfer Syntax that a file can be in, or None, and the encoding of its data sets."""
    syntax = transfer_syntax.find(uid.rstrip(b"\0 ").decode("ascii", "replace"))
    if syntax is None or not syntax.part10:
        return None, Encoding.EXPLICIT_LITTLE
    if syntax.implicit_vr:
        return syntax, Encoding.IMPLICIT_LITTLE
    return syntax, Encoding.EXPLICIT_BIG if syntax.big_endian else Encoding.EXPLICIT_LITTLE


def _is_vr(letters: bytes) -> bool:
    return len(letters) == 2 and letters.isalpha() and letters.isupper()


def _plausible(head: bytes, left: int) -> list[int]:
    """Encodings in which `head` could begin a data set of group 0008."""
    if len(head) < 8:
        return []
    found: list[int] = []
    little = int.from_bytes(head[:2], "little") == 0x0008
    if little and _is_vr(head[4:6]):
        found.append(Encoding.EXPLICIT_LITTLE)
    if little and int.from_bytes(head[4:8], "little") <= left:
        found.append(Encoding.IMPLICIT_LITTLE)
    if int.from_bytes(head[:2], "big") == 0x0008 and _is_vr(head[4:6]):
        found.append(Encoding.EXPLICIT_BIG)
    return found


def _all_from(table: ElementTable, start: int) -> bytes:
    """Every byte of the source from `start` on; compressed bytes, so bounded by the file's own size."""
    size = table.size - start
    if table.fd < 0:
        return table.read(start, size) or b""
    parts: list[bytes] = []
    while size > 0:
        part = os.pread(table.fd, min(size, 1 << 20), start)
        if not part:
            raise errors.Truncated(start)
        parts.append(part)
        start += len(part)
        size -= len(part)
    return b"".join(parts)
