"""Plain-Python twin of `walk` in ext/framing.pyx: slow, over bytes in memory, and without its tricks.

A UN that is tried as a sequence and is none makes the twin start again from the first byte, with that element marked opaque.
"""

from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass, field

from mediscan._native.framing import Status
from mediscan.codec.elements import BIG, FRAGMENTS, IMPLICIT, ITEM, META, SEQUENCE, UNDEFINED
from mediscan.standard.vr import VRS

ITEM_TAG, ITEM_END, SEQUENCE_END, PIXEL_DATA = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD, 0x7FE00010
NO_LENGTH = 0xFFFFFFFF

VrOf = Callable[[int], str]


class Failed(Exception):
    """The walk ends here with a status other than OK."""

    def __init__(self, status: Status, offset: int, trial: int = -1) -> None:
        super().__init__(status, offset)
        self.status = status
        self.offset = offset
        self.trial = trial


@dataclass
class Row:
    """The fields of `mediscan.codec.elements.ROW`, in its order."""

    tag: int
    vr: int
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


@dataclass
class Level:
    """An open data set, sequence or item."""

    limit: int
    row: int
    flags: int
    items: int = 0
    group: int = 0
    creators: dict[int, int] = field(default_factory=dict)  # block -> row of its private creator
    latest: int = -1
    seen: int = 0


@dataclass
class Budget:
    """The limits of a walk."""

    depth: int
    elements: int
    fragments: int


class Walk:
    """One attempt over the source."""

    def __init__(self, data: bytes, start: int, vr_of: VrOf, budget: Budget, group: int, opaque: set[int]) -> None:
        self.data = data
        self.offset = start
        self.vr_of = vr_of
        self.budget = budget
        self.group = group
        self.first_bytes = group.to_bytes(2, "little")
        self.opaque = opaque
        self.rows: list[Row] = []
        self.levels: list[Level] = []
        self.trial = -1  # row of the UN that is being tried as a sequence
        self.done = False

    def run(self, encoding: int) -> int:
        self.levels = [Level(len(self.data), -1, encoding)]
        while not self.done:
            level = self.levels[-1]
            if self.offset == level.limit and (len(self.levels) == 1 or not level.flags & UNDEFINED):
                if len(self.levels) == 1:
                    break
                self.close(0)
            elif level.flags & SEQUENCE:
                self.step_item(level)
            else:
                self.step_element(level)
        return self.offset

    # -- reading ---------------------------------------------------------------------------------------------------

    def number(self, at: int, size: int, flags: int) -> int:
        return int.from_bytes(self.data[at : at + size], "big" if flags & BIG else "little")

    def tag_at(self, at: int, flags: int) -> int:
        return self.number(at, 2, flags) << 16 | self.number(at + 2, 2, flags)

    def fail(self, status: Status, offset: int | None = None) -> Failed:
        trial = self.rows[self.trial].start if self.trial >= 0 else -1
        return Failed(status, self.offset if offset is None else offset, trial)

    def need(self, end: int, limit: int, offset: int | None = None) -> None:
        """Fail unless bytes up to `end` lie within `limit`; only past the end of the source are bytes missing."""
        if end > limit:
            raise self.fail(Status.TRUNCATED if limit == len(self.data) else Status.MALFORMED, offset)

    def zeros_left(self) -> bool:
        return len(self.levels) == 1 and not any(self.data[self.offset :])

    # -- rows ------------------------------------------------------------------------------------------------------

    def append(self, tag: int, vr: str, flags: int, value: int, length: int) -> Row:
        if len(self.rows) >= self.budget.elements:
            raise self.fail(Status.TOO_LARGE)
        code = int.from_bytes(vr.encode("ascii"), "little")
        parent = self.levels[-1].row
        depth = len(self.levels) - 1
        after = len(self.rows) + 1
        row = Row(tag, code, depth, flags, self.offset, value, length, value + length, parent, 0, -1, after)
        self.rows.append(row)
        return row

    def open(self, flags: int, limit: int) -> None:
        if len(self.levels) > 2 * self.budget.depth:
            raise self.fail(Status.NESTING_TOO_DEEP)
        self.levels.append(Level(limit, len(self.rows) - 1, flags))

    def close(self, delimiter: int) -> None:
        level = self.levels.pop()
        row = self.rows[level.row]
        row.length = self.offset - delimiter - row.value
        row.end = self.offset
        row.after = len(self.rows)
        if level.row == self.trial:
            self.trial = -1

    def link_creator(self, row: Row) -> None:
        """PS3.5 7.8.1: (gggg,00bb) reserves (gggg,bb00) to (gggg,bbFF) of its own data set or item."""
        level, element = self.levels[-1], row.tag & 0xFFFF
        if not row.tag >> 16 & 1:
            return
        if level.group != row.tag >> 16:
            level.group, level.creators, level.latest, level.seen = row.tag >> 16, {}, -1, 0
        if not 0x10 <= element <= 0xFF:
            row.creator = level.creators.get(element >> 8, -1)
        elif level.seen < 240:
            row.creator = level.latest
            level.latest = level.creators[element] = len(self.rows) - 1
            level.seen += 1

    # -- steps -----------------------------------------------------------------------------------------------------

    def step_item(self, level: Level) -> None:
        self.need(self.offset + 8, level.limit)
        tag = self.tag_at(self.offset, level.flags)
        length = self.number(self.offset + 4, 4, level.flags)
        if tag == SEQUENCE_END and level.flags & UNDEFINED and length == 0:
            self.offset += 8
            self.close(8)
            return
        if tag != ITEM_TAG:
            raise self.fail(Status.MALFORMED)
        flags = ITEM | level.flags & (IMPLICIT | BIG)
        if length == NO_LENGTH:
            flags |= UNDEFINED
            length = 0
        self.need(self.offset + 8 + length, level.limit)
        self.append(tag, "", flags, self.offset + 8, length).item = level.items
        level.items += 1
        self.offset += 8
        self.open(flags, level.limit if flags & UNDEFINED else self.offset + length)

    def step_element(self, level: Level) -> None:
        if self.group and len(self.levels) == 1 and self.data[self.offset : self.offset + 2] != self.first_bytes:
            self.done = self.offset + 8 > level.limit or self.tag_at(self.offset, 0) >> 16 != 0xFFFE
            if self.done:
                return
        if self.offset + 8 > level.limit and self.zeros_left():
            self.offset = len(self.data)
            return
        self.need(self.offset + 8, level.limit)
        tag = self.tag_at(self.offset, level.flags)
        if tag >> 16 == 0xFFFE:
            self.end_item(level, tag)
        elif tag == 0 and self.zeros_left():
            self.offset = len(self.data)
        else:
            vr, header, length = self.header(level, tag)
            self.element(level, tag, vr, header, length)

    def end_item(self, level: Level, tag: int) -> None:
        is_open = level.flags & ITEM and level.flags & UNDEFINED
        if tag != ITEM_END or not is_open or self.number(self.offset + 4, 4, level.flags):
            raise self.fail(Status.MALFORMED)
        self.offset += 8
        self.close(8)

    def header(self, level: Level, tag: int) -> tuple[str, int, int]:
        """VR, bytes of header and value of the length field."""
        if level.flags & IMPLICIT:
            return self.vr_of(tag), 8, self.number(self.offset + 4, 4, level.flags)
        vr = self.data[self.offset + 4 : self.offset + 6].decode("latin-1")
        if vr not in VRS:
            raise self.fail(Status.MALFORMED)
        if not VRS[vr].long_form:
            return vr, 8, self.number(self.offset + 6, 2, level.flags)
        self.need(self.offset + 12, level.limit)
        return vr, 12, self.number(self.offset + 8, 4, level.flags)

    def element(self, level: Level, tag: int, vr: str, header: int, length: int) -> None:
        flags = level.flags & (IMPLICIT | BIG) | (META if self.group else 0)
        value = self.offset + header
        if length != NO_LENGTH:
            self.need(value + length, level.limit)
            self.defined(tag, vr, flags, value, length)
        elif tag == PIXEL_DATA:
            if vr not in ("OB", "OW") or flags & (IMPLICIT | BIG):
                raise self.fail(Status.MALFORMED)
            self.fragments(self.append(tag, vr, flags | UNDEFINED | FRAGMENTS, value, 0), level.limit)
        elif vr in ("SQ", "UN"):
            self.link_creator(self.append(tag, vr, flags | UNDEFINED | SEQUENCE, value, 0))
            self.offset = value
            inner = IMPLICIT if vr == "UN" else flags & (IMPLICIT | BIG)
            self.open(inner | SEQUENCE | UNDEFINED, level.limit)
        else:
            raise self.fail(Status.MALFORMED)

    def defined(self, tag: int, vr: str, flags: int, value: int, length: int) -> None:
        start = self.offset
        row = self.append(tag, vr, flags, value, length)
        self.link_creator(row)
        inner = flags & (IMPLICIT | BIG)
        nested = vr == "SQ"
        if vr == "UN" and not flags & IMPLICIT and length >= 8 and self.vr_of(tag) == "SQ" and start not in self.opaque:
            nested, inner = True, IMPLICIT
            if self.trial < 0:
                self.trial = len(self.rows) - 1
        if nested:
            row.flags |= SEQUENCE
            self.offset = value
            self.open(inner | SEQUENCE, value + length)
        else:
            self.offset = value + length

    def fragments(self, row: Row, limit: int) -> None:
        """PS3.5 A.4: items of defined length up to the Sequence Delimitation Item."""
        p = row.value
        while True:
            self.need(p + 8, limit, p)
            tag, length = self.tag_at(p, 0), self.number(p + 4, 4, 0)
            if tag == SEQUENCE_END and length == 0:
                break
            if tag != ITEM_TAG or length == NO_LENGTH:
                raise self.fail(Status.MALFORMED, p)
            if row.item >= self.budget.fragments:
                raise self.fail(Status.TOO_LARGE, p)
            self.need(p + 8 + length, limit, p)
            row.item += 1
            p += 8 + length
        row.length = p - row.value
        row.end = self.offset = p + 8


def walk(
    data: bytes,
    start: int,
    encoding: int,
    vr_of: VrOf,
    depth: int = 64,
    elements: int = 2_000_000,
    fragments: int = 10_000_000,
    only_group: int = 0,
) -> tuple[Status, int, list[tuple[int, ...]]]:
    """Status, offset of the failure or of the end, and the rows (of a failed walk: none)."""
    budget = Budget(min(depth, 127), elements, fragments)
    for opaque in _more_and_more():
        attempt = Walk(data, start, vr_of, budget, only_group, opaque)
        try:
            end = attempt.run(encoding)
        except Failed as failed:
            if failed.trial < 0 or failed.status not in (Status.MALFORMED, Status.TRUNCATED):
                return failed.status, failed.offset, []
            opaque.add(failed.trial)
        else:
            return Status.OK, end, [astuple(row) for row in attempt.rows]
    raise AssertionError("unreachable")


def walk_meta(data: bytes, vr_of: VrOf) -> tuple[Status, int, list[tuple[int, ...]], bytes]:
    """As `walk`, of the File Meta Information of a file, and the value of its Transfer Syntax UID."""
    start = 132 if data[128:132] == b"DICM" else 0
    if len(data) < start + 6:
        return Status.TRUNCATED, start, [], b""
    if data[start : start + 2] != b"\2\0" or data[start + 4 : start + 6].decode("latin-1") not in VRS:
        return Status.OK, start, [], b""
    status, end, rows = walk(data, start, 0, vr_of, depth=8, elements=4096, fragments=0, only_group=2)
    uids = [data[row[5] : row[5] + row[6]] for row in rows if row[0] == 0x00020010 and row[2] == 0]
    return status, end, rows, uids[0] if uids else b""


def _more_and_more() -> Iterator[set[int]]:
    """The same set again and again: each failed attempt adds one element to it."""
    opaque: set[int] = set()
    while True:
        yield opaque
