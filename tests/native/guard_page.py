"""Run as a program: frames files whose last byte is the last one before an unreadable page, so that reading past it kills.

Standard input has one path per line. The argument "overrun" reads one byte too many, to show that the page is armed.
"""

import contextlib
import ctypes
import mmap
import random
import sys

from mediscan import errors
from mediscan._native.framing import Encoding
from mediscan.codec.part10 import Reader
from mediscan.codec.tagindex import vr_index

PROT_NONE = 0
PAGE = mmap.PAGESIZE
CUTS = 1500  # from the start of the file's data set, one by one
MORE_CUTS = 40


class Guarded:
    """Memory that ends where nothing can be read."""

    def __init__(self, size: int) -> None:
        self.size = (size + PAGE - 1) // PAGE * PAGE
        self.memory = mmap.mmap(-1, self.size + PAGE)
        self.view = memoryview(self.memory)
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mprotect(ctypes.c_void_p(self.address + self.size), ctypes.c_size_t(PAGE), PROT_NONE):
            raise OSError(ctypes.get_errno(), "mprotect")

    def place(self, data: bytes) -> memoryview:
        """Copy `data` so that it ends at the guard page."""
        start = self.size - len(data)
        self.view[start : self.size] = data
        return self.view[start : self.size]


def read(reader: Reader, guarded: Guarded, data: bytes, start: int) -> None:
    """As a file, and as a data set in each encoding."""
    view = guarded.place(data)
    with contextlib.suppress(errors.Refused):
        reader.read_bytes(view)
    for encoding in (Encoding.EXPLICIT_LITTLE, Encoding.IMPLICIT_LITTLE, Encoding.EXPLICIT_BIG):
        reader.table.attach(view)
        reader.table.walk(start, encoding, vr_index())


def cuts(size: int, start: int) -> list[int]:
    """Where to cut a file: at its end, all along its beginning, and here and there."""
    draw = random.Random(size)
    near = range(start, min(size, start + CUTS))
    return [size, *near, *(draw.randint(0, size) for _ in range(MORE_CUTS))]


def frame(path: str) -> int:
    """Read one file cut in many places; how many."""
    with open(path, "rb") as file:
        data = file.read()
    guarded, reader = Guarded(len(data) or 1), Reader()
    try:
        start = reader.read_bytes(data).dataset
    except errors.Refused:
        start = 132
    start = min(start, len(data))
    places = cuts(len(data), start)
    for cut in places:
        read(reader, guarded, data[:cut], min(start, cut))
    return len(places)


def overrun() -> None:
    """Read the first byte of the guard page."""
    guarded = Guarded(1)
    ctypes.string_at(guarded.address + guarded.size, 1)


def main() -> None:
    if sys.argv[1:] == ["overrun"]:
        overrun()
    total = sum(frame(line.rstrip("\n")) for line in sys.stdin)
    sys.stdout.write(f"{total}\n")


if __name__ == "__main__":
    main()
