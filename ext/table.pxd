# The element table as C structs, shared by the kernels: framing fills rows, decide fills edits, splice reads both.
# A table travels between kernels in a PyCapsule (framing.ElementTable.capsule), never as a bare address.
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t

cdef extern from *:
    """
    #define MEDISCAN_TABLE "mediscan.table"
    #define MEDISCAN_VR(a, b) ((uint16_t)((a) | (b) << 8))
    """
    const char* CAPSULE_NAME "MEDISCAN_TABLE"

# Encoding and shape of a row, or of the data set that a walk starts in.
cdef enum:
    IMPLICIT = 1      # header without VR
    BIG = 2           # big-endian header and value
    UNDEFINED = 4     # length FFFFFFFF, closed by a delimiter
    ITEM = 8          # (FFFE,E000)
    SEQUENCE = 16     # its items follow as rows
    FRAGMENTS = 32    # encapsulated Pixel Data; `item` counts the fragments, the offset table among them
    META = 64         # File Meta Information

cdef struct Row:
    uint32_t tag
    uint16_t vr         # two ASCII letters, first one in the low byte; 0 for an item
    uint8_t depth       # 0 at the top level; an item is one deeper than its sequence
    uint8_t flags
    int64_t start       # offset of the header in the source
    int64_t value       # offset of the value
    int64_t length      # bytes of value, delimiters not counted
    int64_t end         # offset of what follows, delimiters skipped
    int32_t parent      # row of the sequence (of an item) or of the item (of an element); -1 at the top level
    int32_t item        # of an item: its number, from 0
    int32_t creator     # of a private element: row of its private creator, or -1
    int32_t after       # index of the first row that is not inside this one

# What happens to a row when the data set is written again.
cdef enum:
    KEEP = 0          # copied as it is; of a sequence: its contents may change
    REMOVE = 1        # gone, with all inside it
    REPLACE = 2       # value from the arena: [data, data + size)
    RESIZE = 3        # the first `size` bytes of its own value, padded to even length

cdef struct Edit:
    uint8_t op
    uint8_t action      # ASCII letter for the ledger, 0 where nothing is recorded
    uint8_t pad         # padding byte where one is needed
    uint8_t dirty       # set by splice: this row, or one inside it, changes
    int32_t rule
    int64_t data
    int64_t size
    int64_t out         # set by splice: bytes of value to be written

cdef struct Segment:
    int64_t offset      # in the source
    int64_t length
    int64_t position    # in `data`

cdef struct Table:
    Row* rows
    Edit* edits
    int32_t count
    int32_t capacity
    int32_t meta        # rows of File Meta Information, ahead of the data set
    int fd              # source, or -1 when all of it is in `data`
    int64_t size        # bytes in the source
    const uint8_t* data
    Segment* segments
    int32_t segment_count
    int32_t segment_capacity
    uint8_t* arena      # replacement values
    int64_t arena_used
    int64_t arena_capacity


cdef inline const Segment* segment_of(const Table* t, int64_t offset, int64_t length) noexcept nogil:
    """The segment that holds bytes [offset, offset + length) of the source, or NULL. Segments lie in rising order."""
    cdef int32_t low = 0, high = t.segment_count - 1, middle
    cdef const Segment* s
    while low <= high:
        middle = (low + high) >> 1
        s = &t.segments[middle]
        if offset < s.offset:
            high = middle - 1
        elif offset + length > s.offset + s.length:
            low = middle + 1
        else:
            return s
    return NULL


cdef inline const uint8_t* resident(const Table* t, int64_t offset, int64_t length) noexcept nogil:
    """Bytes [offset, offset + length) of the source if they are in memory, else NULL."""
    cdef const Segment* s = segment_of(t, offset, length)
    if s == NULL:
        return NULL
    return t.data + s.position + (offset - s.offset)
