from collections.abc import Callable, Collection
from enum import IntEnum
from typing import Any, Self

import numpy as np
import numpy.typing as npt

class Act(IntEnum):
    ACT_KEEP = 0
    ACT_REMOVE = 1
    ACT_EMPTY = 2
    ACT_DUMMY = 3
    ACT_YEAR = 4
    ACT_ASK = 5

class Builtin(IntEnum):
    RULE_PRIVATE = 0
    RULE_UNKNOWN = 1
    RULE_GROUP_LENGTH = 2
    RULE_VR = 3
    RULE_NUL = 4
    RULE_UNSEEN = 5
    RULE_META = 6
    RULE_ADDED = 7
    RULE_CHARSET = 8
    RULE_OWN = 9
    RULE_CODE = 10
    BUILTIN_RULES = 11

TEXT_HANDLER: int
PATHED: int
WATCHED: int
CODED: int
VRS: tuple[str, ...]

class RuleTable:
    def __init__(
        self,
        entries: npt.NDArray[np.uint8],
        keys: npt.NDArray[np.uint32],
        values: npt.NDArray[np.int32],
        repeating: npt.NDArray[np.uint32],
        pair_keys: npt.NDArray[np.uint64],
        pair_values: npt.NDArray[np.int32],
        paths: npt.NDArray[np.uint32],
        path_tags: npt.NDArray[np.uint32],
        private_keys: npt.NDArray[np.uint64],
        private_values: npt.NDArray[np.int32],
        creators: npt.NDArray[np.int32],
        creator_bytes: npt.NDArray[np.uint8],
        dummies: npt.NDArray[np.int32],
        dummy_bytes: npt.NDArray[np.uint8],
    ) -> None: ...

class Watch:
    def __new__(cls, words: Collection[bytes]) -> Self: ...
    def __contains__(self, key: bytes, /) -> bool: ...

class Decider:
    def __new__(cls, schemes: Collection[bytes] = ()) -> Self: ...
    @property
    def has_content(self) -> bool: ...
    @property
    def inner_charsets(self) -> bool: ...
    def again(
        self,
        capsule: Any,
        rules: RuleTable,
        memos: list[dict[bytes, bytes | None]],
        handlers: tuple[Callable[[bytes], bytes | None], ...],
        chosen: npt.NDArray[np.uint8],
    ) -> None: ...
    def run(
        self,
        capsule: Any,
        rules: RuleTable,
        memos: list[dict[bytes, bytes | None]],
        handlers: tuple[Callable[[bytes], bytes | None], ...],
        watch: Watch | None = None,
    ) -> None: ...
    def find(self, capsule: Any, tags: tuple[int, ...]) -> list[tuple[int, int, int]]: ...
    def replace(self, capsule: Any, row: int, action: int, rule: int, data: bytes | None) -> None: ...
