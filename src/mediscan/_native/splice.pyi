from enum import IntEnum
from typing import Any

class SpliceStatus(IntEnum):
    SPLICED = 0
    SHRANK = 1
    WRITE_FAILED = 2
    READ_FAILED = 3
    OUT_OF_MEMORY = 4
    VALUE_TOO_LONG = 5

class Mover(IntEnum):
    COPY_FILE_RANGE = 0
    SENDFILE = 1
    READ_WRITE = 2

class Splicer:
    def assemble(self, capsule: Any, prefix: bytes, inserts: list[tuple[int, bytes]]) -> int: ...
    def write(self, fd_in: int, fd_out: int, mover: int = ...) -> tuple[int, int]: ...
    def create(self, fd_in: int, folder: int, name: bytes, mover: int = ...) -> tuple[int, int]: ...
    @property
    def pieces(self) -> list[tuple[int, int, int]]: ...
    @property
    def size(self) -> int: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...
