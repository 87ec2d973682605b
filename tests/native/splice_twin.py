"""Plain-Python twin of splice.assemble, and access to a table's edits that only native code has otherwise.

The twin rebuilds the data set recursively from its rows; `set_edits` writes edits into native memory, as decide would.
"""

import ctypes

import numpy as np

from mediscan.codec import elements
from mediscan.codec.elements import BIG, FRAGMENTS, IMPLICIT, ITEM, SEQUENCE, UNDEFINED

KEEP, REMOVE, REPLACE, RESIZE = range(4)


class TooLong(Exception):
    """A value does not fit its length field."""


class NativeTable(ctypes.Structure):
    """`Table` of ext/table.pxd."""

    _fields_ = [
        ("rows", ctypes.c_void_p),
        ("edits", ctypes.c_void_p),
        ("count", ctypes.c_int32),
        ("capacity", ctypes.c_int32),
        ("meta", ctypes.c_int32),
        ("fd", ctypes.c_int),
        ("size", ctypes.c_int64),
        ("data", ctypes.c_void_p),
        ("segments", ctypes.c_void_p),
        ("segment_count", ctypes.c_int32),
        ("segment_capacity", ctypes.c_int32),
        ("arena", ctypes.c_void_p),
        ("arena_used", ctypes.c_int64),
        ("arena_capacity", ctypes.c_int64),
    ]


_libc = ctypes.CDLL(None)
_libc.realloc.restype = ctypes.c_void_p
_libc.realloc.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.restype = ctypes.c_void_p
_pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]


def native(table):
    """The C struct behind an ElementTable; valid while the table is."""
    return NativeTable.from_address(_pointer(table.capsule, b"mediscan.table"))


def set_edits(table, edits):
    """Write `edits`, {row: (op, replacement or size)} or {row: (op, ..., action letter, rule)}; all other rows are kept."""
    struct = native(table)
    array = np.zeros(table.count, elements.EDIT)
    known = elements.rows(table)
    arena = bytearray()
    for row, (op, what, *record) in edits.items():
        array["op"][row] = op
        array["action"][row], array["rule"][row] = record or (b"X"[0], 0)
        if op == REPLACE:
            array["data"][row], array["size"][row] = len(arena), len(what)
            arena += what
        elif op == RESIZE:
            array["size"][row] = what
    array["pad"] = [padding(vr) for vr in known["vr"].tolist()]
    struct.arena = _libc.realloc(struct.arena, max(len(arena), 16384))
    struct.arena_capacity, struct.arena_used = max(len(arena), 16384), len(arena)
    ctypes.memmove(struct.arena, bytes(arena), len(arena))
    ctypes.memmove(struct.edits, array.tobytes(), array.nbytes)


def arena_bytes(table, offset, size):
    """Replacement value at `offset` of the arena."""
    return ctypes.string_at(native(table).arena + offset, size)


def padding(vr):
    """PS3.5 6.2: text is padded with SPACE, UI and everything binary with NULL."""
    letters = chr(vr & 0xFF) + chr(vr >> 8)
    return 0x20 if letters in "AE AS CS DA DS DT IS LO LT PN SH ST TM UC UR UT".split() else 0


class Rewriter:
    """Rebuilds one data set: `source`, its rows, and edits as in `set_edits`."""

    def __init__(self, source, rows, meta, edits):
        self.source = source
        self.rows = rows
        self.meta = meta
        self.edits = edits
        self.children = {}
        for i in range(meta, len(rows)):
            self.children.setdefault(int(rows[i]["parent"]), []).append(i)

    def build(self, prefix, inserts):
        parts, left = [prefix], list(inserts)
        for i in self.children.get(-1, []):
            while left and left[0][0] < self.rows[i]["tag"]:
                parts.append(left.pop(0)[1])
            parts.append(self.element(i))
        return b"".join([*parts, *(data for _, data in left)])

    def changed(self, i):
        row, (op, *_) = self.rows[i], self.edits.get(i, (KEEP, None))
        if op != KEEP:
            return True
        if row["flags"] & (SEQUENCE | ITEM):
            return any(self.changed(child) for child in self.children.get(i, []))
        return not row["flags"] & FRAGMENTS and row["length"] % 2 == 1

    def element(self, i):
        row = self.rows[i]
        op, what, *_ = self.edits.get(i, (KEEP, None))
        start, value, length, end = (int(row[name]) for name in ("start", "value", "length", "end"))
        if op == REMOVE:
            return b""
        if not self.changed(i):
            return self.source[start:end]
        if op == KEEP and row["flags"] & (SEQUENCE | ITEM):
            content = b"".join(self.element(child) for child in self.children.get(i, []))
            if row["flags"] & UNDEFINED:
                return self.source[start:value] + content + self.source[end - 8 : end]
            return self.header(row, len(content)) + content
        new = {KEEP: self.source[value : value + length], REPLACE: what}.get(op)
        if new is None:
            new = self.source[value : value + what]
        if len(new) % 2:
            new += bytes([padding(int(row["vr"]))])
        return self.header(row, len(new)) + new

    def header(self, row, length):
        order = "big" if row["flags"] & BIG else "little"
        tag, vr = int(row["tag"]), int(row["vr"])
        head = (tag >> 16).to_bytes(2, order) + (tag & 0xFFFF).to_bytes(2, order)
        if row["flags"] & (IMPLICIT | ITEM):
            return head + length.to_bytes(4, order)
        head += bytes([vr & 0xFF, vr >> 8])
        if row["value"] - row["start"] == 12:
            return head + b"\0\0" + length.to_bytes(4, order)
        if length > 0xFFFE:
            raise TooLong
        return head + length.to_bytes(2, order)
