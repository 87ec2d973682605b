from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt
from typing_extensions import Buffer

class Status(IntEnum):
    OK = 0
    TRUNCATED = 1
    MALFORMED = 2
    NESTING_TOO_DEEP = 3
    TOO_LARGE = 4
    UNREADABLE = 5
    NO_MEMORY = 6
    NOT_REGULAR = 7

class Encoding(IntEnum):
    EXPLICIT_LITTLE = 0
    IMPLICIT_LITTLE = 1
    EXPLICIT_BIG = 2

class VrIndex:
    def __init__(
        self, keys: npt.NDArray[np.uint32], values: npt.NDArray[np.int32], repeating: npt.NDArray[np.uint32]
    ) -> None: ...

class TagList:
    def __init__(self, *tags: int) -> None: ...

class ElementTable:
    @property
    def capsule(self) -> Any: ...
    @property
    def count(self) -> int: ...
    @property
    def meta(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def fd(self) -> int: ...
    @property
    def rows(self) -> bytes: ...
    @property
    def edits(self) -> bytes: ...
    @property
    def arena(self) -> bytes: ...
    def open(self, fd: int, whole: int = ..., ahead: int = ...) -> int: ...
    def unchanged(self) -> bool: ...
    def attach(self, data: Buffer, keep_rows: bool = ...) -> int: ...
    def close(self) -> None: ...
    def walk(
        self,
        start: int,
        encoding: int,
        index: VrIndex,
        depth: int = ...,
        elements: int = ...,
        fragments: int = ...,
        only_group: int = ...,
    ) -> tuple[int, int]: ...
    def rewind(self, count: int) -> None: ...
    def read(self, offset: int, length: int) -> bytes | None: ...
    def value(self, row: int) -> bytes | None: ...
    def pick(self, wanted: TagList, meta: bool = ...) -> list[bytes]: ...
