"""Open-addressing tables tag -> small integer that the kernels read (ext/tagindex.pxd), and the one for implicit VR."""

from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mediscan._native.framing import VrIndex
from mediscan.standard import dictionary

_MULTIPLIER = 2654435769


class TagIndex(NamedTuple):
    """`keys` (uint32, 0 = free slot) and `values` (int32), the same power of two long and at most half full."""

    keys: npt.NDArray[np.uint32]
    values: npt.NDArray[np.int32]


def build(tags: npt.NDArray[np.uint32], values: npt.NDArray[np.int32]) -> TagIndex:
    """Build the table for distinct non-zero `tags`.

    Raises
    ------
    ValueError
        If a tag is 0 or occurs twice.
    """
    slots = 16
    while slots < 2 * len(tags) + 1:
        slots *= 2
    keys = np.zeros(slots, np.uint32)
    out = np.zeros(slots, np.int32)
    for tag, value in zip(tags.tolist(), values.tolist(), strict=True):
        slot = ((tag * _MULTIPLIER & 0xFFFFFFFF) >> 7) & (slots - 1)
        while keys[slot]:
            if keys[slot] == tag:
                raise ValueError("a tag occurs twice")
            slot = (slot + 1) & (slots - 1)
        if tag == 0:
            raise ValueError("tag 0 marks a free slot")
        keys[slot] = tag
        out[slot] = value
    return TagIndex(keys, out)


@cache
def vr_index() -> VrIndex:
    """VR of every tag of PS3.6, for data sets in Implicit VR."""
    known = dictionary.load()
    named = known.tags & 0xFFFF != 0  # group lengths are UL in every group, the kernel knows
    index = build(known.tags[named], known.vr[named].astype(np.int32))
    triples = [
        (mask, match, ord(entry.preferred_vr[0]) | ord(entry.preferred_vr[1]) << 8)
        for mask, match, entry in known.repeating
        if entry.tag & 0xFFFF
    ]
    return VrIndex(index.keys, index.values, np.array(triples, np.uint32).reshape(-1))
