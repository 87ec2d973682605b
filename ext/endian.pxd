# Unaligned little- and big-endian loads and stores, byte by byte: compilers turn each into one move (and a bswap).
from libc.stdint cimport uint8_t, uint16_t, uint32_t


cdef inline uint16_t load16(const uint8_t* p, bint big) noexcept nogil:
    return (p[0] << 8 | p[1]) if big else (p[1] << 8 | p[0])


cdef inline uint32_t load32(const uint8_t* p, bint big) noexcept nogil:
    if big:
        return <uint32_t>p[0] << 24 | <uint32_t>p[1] << 16 | <uint32_t>p[2] << 8 | p[3]
    return <uint32_t>p[3] << 24 | <uint32_t>p[2] << 16 | <uint32_t>p[1] << 8 | p[0]


cdef inline void store16(uint8_t* p, uint16_t v, bint big) noexcept nogil:
    p[1 if big else 0] = v & 0xFF
    p[0 if big else 1] = v >> 8


cdef inline void store32(uint8_t* p, uint32_t v, bint big) noexcept nogil:
    cdef int i
    for i in range(4):
        p[3 - i if big else i] = (v >> (8 * i)) & 0xFF
