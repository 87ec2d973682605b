# Tag -> small integer, an open-addressing table built by mediscan.codec.tagindex: `keys` holds tags (0 = free slot),
# `values` what they map to, and the number of slots is a power of two.
from libc.stdint cimport int32_t, uint32_t


cdef inline int32_t find_tag(const uint32_t* keys, const int32_t* values, uint32_t mask, uint32_t tag) noexcept nogil:
    cdef uint32_t slot = (tag * <uint32_t>2654435769) >> 7 & mask
    while keys[slot] != 0:
        if keys[slot] == tag:
            return values[slot]
        slot = (slot + 1) & mask
    return -1
