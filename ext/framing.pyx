# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, freethreading_compatible=True, autotestdict=False
"""Walks a data set (PS3.5 section 7) once, without recursion and without a Python object per element, and fills the rows of an
element table. The source is memory or a file; of a file only headers and short values are read, into a private buffer:
a mapping would kill the process when the file shrinks. Every failure is a status and an offset."""
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.pycapsule cimport PyCapsule_New
from libc.errno cimport EINTR, errno
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcmp, memset

from endian cimport load16, load32
from table cimport (
    BIG, CAPSULE_NAME, FRAGMENTS, IMPLICIT, ITEM, META, SEQUENCE, UNDEFINED, Edit, Row, Segment, Table,
    resident, segment_of,
)
from tagindex cimport find_tag

cdef extern from "unistd.h" nogil:
    ssize_t pread(int fd, void* buf, size_t count, int64_t offset)

cdef extern from *:
    """
    #include <fcntl.h>
    #include <stdint.h>
    #include <sys/stat.h>
    #include <unistd.h>
    /* No symbolic link, no waiting for a pipe's other end, no controlling terminal. */
    static int open_source(const char *path) {
        return open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    }
    /* Size and time of last change of a regular file; 0, 1 where it is none, or -1. */
    static int regular_file(int fd, int64_t *size, int64_t *changed) {
        struct stat s;
        if (fstat(fd, &s) != 0) return -1;
        *size = (int64_t)s.st_size;
        *changed = (int64_t)s.st_mtim.tv_sec * 1000000000 + s.st_mtim.tv_nsec;
        return S_ISREG(s.st_mode) ? 0 : 1;
    }
    """
    int open_source(const char* path) nogil
    int regular_file(int fd, int64_t* size, int64_t* changed) nogil
    int close_file "close"(int fd) nogil


cpdef enum Status:
    OK = 0
    TRUNCATED = 1          # the source ends inside an element
    MALFORMED = 2          # a header that PS3.5 does not allow, or a value that overruns its item
    NESTING_TOO_DEEP = 3
    TOO_LARGE = 4          # more elements, fragments or resident bytes than allowed
    UNREADABLE = 5         # the operating system reported an error
    NO_MEMORY = 6
    NOT_REGULAR = 7        # no file that can be read twice
    NOT_OPENED = 8         # the operating system did not open it


cpdef enum Encoding:
    EXPLICIT_LITTLE = 0
    IMPLICIT_LITTLE = 1    # IMPLICIT
    EXPLICIT_BIG = 2       # BIG


cdef enum:
    MAX_DEPTH = 255
    CREATORS_PER_GROUP = 240                # blocks 10 to FF
    WHOLE_READ = 262144
    FIRST_READ = 16384
    MOST_AHEAD = 262144
    NEXT_READ = 4096
    PREAMBLE = 128
    META_DEPTH = 8
    META_ELEMENTS = 4096
    RESIDENT_UN = 65536                     # a UN value up to this size may be decoded as text later

cdef int64_t RESIDENT_TEXT = 16 << 20       # the longest value that is held in memory to be looked at
cdef int64_t RESIDENT_TOTAL = 192 << 20

cdef extern from *:
    """
    #define VR_(a, b) ((uint16_t)((a) | (b) << 8))
    enum { SHORT_FORM = 1, LONG_FORM = 2 };
    #define PLACE_(a, b) [((a) - 'A') << 5 | ((b) - 'A')]
    /* PS3.5 7.1.2: which VRs have a 16-bit and which a 32-bit length; 0: not a VR. */
    static const unsigned char FORMS[26 << 5] = {
        PLACE_('A','E') = 1, PLACE_('A','S') = 1, PLACE_('A','T') = 1, PLACE_('C','S') = 1, PLACE_('D','A') = 1,
        PLACE_('D','S') = 1, PLACE_('D','T') = 1, PLACE_('F','D') = 1, PLACE_('F','L') = 1, PLACE_('I','S') = 1,
        PLACE_('L','O') = 1, PLACE_('L','T') = 1, PLACE_('P','N') = 1, PLACE_('S','H') = 1, PLACE_('S','L') = 1,
        PLACE_('S','S') = 1, PLACE_('S','T') = 1, PLACE_('T','M') = 1, PLACE_('U','I') = 1, PLACE_('U','L') = 1,
        PLACE_('U','S') = 1,
        PLACE_('O','B') = 2, PLACE_('O','D') = 2, PLACE_('O','F') = 2, PLACE_('O','L') = 2, PLACE_('O','V') = 2,
        PLACE_('O','W') = 2, PLACE_('S','Q') = 2, PLACE_('S','V') = 2, PLACE_('U','C') = 2, PLACE_('U','N') = 2,
        PLACE_('U','R') = 2, PLACE_('U','T') = 2, PLACE_('U','V') = 2,
    };
    static inline int vr_form(uint16_t vr) {
        unsigned first = (vr & 0xFF) - 'A', second = (vr >> 8) - 'A';
        return first < 26 && second < 26 ? FORMS[first << 5 | second] : 0;
    }
    static inline int vr_bulk(uint16_t vr) { return (vr & 0xFF) == 'O'; }
    """
    int64_t UNDEFINED_LENGTH "0xFFFFFFFFLL"
    uint32_t TAG_ITEM "0xFFFEE000u"
    uint32_t TAG_ITEM_END "0xFFFEE00Du"
    uint32_t TAG_SEQUENCE_END "0xFFFEE0DDu"
    uint32_t TAG_PIXEL_DATA "0x7FE00010u"
    uint32_t TAG_TRANSFER_SYNTAX "0x00020010u"
    int vr_form(uint16_t vr) nogil
    int vr_bulk(uint16_t vr) nogil
    int SHORT_FORM, LONG_FORM
    uint16_t VR_SQ "VR_('S','Q')"
    uint16_t VR_UN "VR_('U','N')"
    uint16_t VR_UL "VR_('U','L')"
    uint16_t VR_LO "VR_('L','O')"
    uint16_t VR_OB "VR_('O','B')"
    uint16_t VR_OW "VR_('O','W')"


cdef struct Lookup:
    const uint32_t* keys      # tag index: tag -> VR
    const int32_t* values
    uint32_t mask
    const uint32_t* repeating  # (mask, match, VR) triples for repeating groups
    int32_t repeating_count


cdef struct Limits:
    int32_t depth
    int32_t elements
    int64_t fragments


cdef struct Level:
    int64_t limit        # no byte of this level lies at or past it
    int32_t row          # the open sequence or item; -1 for the data set
    int32_t items
    int32_t creator      # latest private creator of `group`, linked to the one before through Row.creator
    uint16_t group
    uint16_t creators
    uint8_t flags        # encoding, UNDEFINED, SEQUENCE (expects items) or ITEM (expects elements)


cdef struct Walk:
    Table* t
    const Lookup* lookup
    Limits limits
    int32_t only_group   # 0, or stop at the first element of another group
    int64_t offset       # where the walk stands, or where it failed
    int64_t nonzero      # a byte known not to be 0, so that the search for trailing padding is made once; or -1
    Level levels[MAX_DEPTH + 1]
    int32_t depth
    const uint8_t* memory  # the bytes [low, high) of the source: the segment that was looked at last
    int64_t low
    int64_t high
    int32_t trial        # row of an outermost defined-length UN that is tried as a sequence, or -1
    int32_t trial_depth


# --- the source -------------------------------------------------------------------------------------------------------

cdef int add_segment(Table* t, int64_t offset) noexcept nogil:
    cdef Segment* grown
    cdef int32_t capacity
    if t.segment_count == t.segment_capacity:
        capacity = 8 if t.segment_capacity == 0 else 2 * t.segment_capacity
        grown = <Segment*>realloc(t.segments, capacity * sizeof(Segment))
        if grown == NULL:
            return NO_MEMORY
        t.segments = grown
        t.segment_capacity = capacity
    cdef int64_t position = 0
    if t.segment_count > 0:
        position = t.segments[t.segment_count - 1].position + t.segments[t.segment_count - 1].length
    t.segments[t.segment_count].offset = offset
    t.segments[t.segment_count].length = 0
    t.segments[t.segment_count].position = position
    t.segment_count += 1
    return OK


cdef class VrIndex:
    """VR of each tag of PS3.6, for data sets in Implicit VR; see mediscan.codec.tagindex for how it is made."""
    cdef Lookup lookup
    cdef tuple kept

    def __init__(self, const uint32_t[::1] keys, const int32_t[::1] values, const uint32_t[::1] repeating):
        if keys.shape[0] == 0 or keys.shape[0] & (keys.shape[0] - 1) or keys.shape[0] != values.shape[0]:
            raise ValueError("a tag index has a power of two of slots")
        self.kept = (keys, values, repeating)
        self.lookup.keys = &keys[0]
        self.lookup.values = &values[0]
        self.lookup.mask = <uint32_t>(keys.shape[0] - 1)
        self.lookup.repeating_count = <int32_t>(repeating.shape[0] // 3)
        self.lookup.repeating = &repeating[0] if self.lookup.repeating_count > 0 else NULL


cdef class TagList:
    """Tags to be picked from a table, rising."""
    cdef uint32_t tags[32]
    cdef Py_ssize_t count

    def __init__(self, *tags):
        if len(tags) > 32 or list(tags) != sorted(set(tags)):
            raise ValueError("at most 32 tags, rising")
        self.count = len(tags)
        for i, tag in enumerate(tags):
            self.tags[i] = tag


cdef class ElementTable:
    """One source and the rows of its elements; reused from file to file so that a worker's memory stays flat."""
    cdef Table t
    cdef uint8_t* owned
    cdef int64_t owned_capacity
    cdef Py_buffer view
    cdef bint viewing
    cdef readonly int file          # the file that was opened, also when its inflated data set is the source now; or -1
    cdef int owned_file             # the same if it is to be closed, regular or not; or -1
    cdef int64_t file_size          # -1: none was opened
    cdef int64_t changed            # time of last change of the file, in nanoseconds
    cdef readonly object capsule

    def __cinit__(self):
        memset(&self.t, 0, sizeof(Table))
        self.t.fd = -1
        self.file = self.owned_file = -1
        self.file_size = -1
        self.owned = NULL
        self.owned_capacity = 0
        self.viewing = False
        self.capsule = PyCapsule_New(&self.t, CAPSULE_NAME, NULL)

    def __dealloc__(self):
        if self.viewing:
            PyBuffer_Release(&self.view)
        if self.owned_file >= 0:
            close_file(self.owned_file)
        free(self.owned)
        free(self.t.rows)
        free(self.t.edits)
        free(self.t.segments)
        free(self.t.arena)

    cdef void let_go(self):
        if self.viewing:
            PyBuffer_Release(&self.view)
            self.viewing = False
        self.t.segment_count = 0
        self.t.fd = -1
        self.t.size = 0
        self.t.data = NULL
        if self.owned_capacity > 4 * (1 << 20):
            free(self.owned)
            self.owned = NULL
            self.owned_capacity = 0

    cdef void forget(self):
        self.let_go()
        if self.owned_file >= 0:
            close_file(self.owned_file)
        self.file = self.owned_file = -1
        self.file_size = -1
        self.t.count = 0
        self.t.meta = 0
        self.t.arena_used = 0
        if self.t.capacity > 1 << 18:
            free(self.t.rows)
            free(self.t.edits)
            self.t.rows = NULL
            self.t.edits = NULL
            self.t.capacity = 0
        if self.t.arena_capacity > 4 * (1 << 20):
            free(self.t.arena)
            self.t.arena = NULL
            self.t.arena_capacity = 0

    cdef int grow(self, int64_t need) noexcept nogil:
        cdef int64_t capacity = FIRST_READ if self.owned_capacity == 0 else self.owned_capacity
        cdef uint8_t* grown
        if need > RESIDENT_TOTAL:
            return TOO_LARGE
        while capacity < need:
            capacity *= 2
        if capacity != self.owned_capacity:
            grown = <uint8_t*>realloc(self.owned, capacity)
            if grown == NULL:
                return NO_MEMORY
            self.owned = grown
            self.owned_capacity = capacity
        self.t.data = self.owned
        return OK

    cdef int fetch(self, int64_t offset, int64_t length, int64_t ahead) noexcept nogil:
        """Make [offset, offset + length) resident, reading up to `ahead` bytes; the caller has checked it against size."""
        cdef Segment* last
        cdef int64_t used, have, want
        cdef ssize_t got
        cdef int status
        if resident(&self.t, offset, length) != NULL:
            return OK
        if self.t.fd < 0:
            return TRUNCATED
        last = &self.t.segments[self.t.segment_count - 1] if self.t.segment_count > 0 else NULL
        if last == NULL or offset > last.offset + last.length:
            status = add_segment(&self.t, offset)
            if status != OK:
                return status
        elif offset < last.offset:
            return UNREADABLE            # the walk only goes forward
        elif ahead < last.length:
            ahead = min(last.length, <int64_t>MOST_AHEAD)    # a long header is read in doubling steps
        last = &self.t.segments[self.t.segment_count - 1]
        have = last.offset + last.length
        want = offset + (length if length > ahead else ahead)
        if want > self.t.size:
            want = self.t.size
        used = last.position + last.length
        status = self.grow(used + (want - have))
        if status != OK:
            return status
        while have < want:
            got = pread(self.t.fd, self.owned + used, want - have, have)
            if got < 0:
                if errno == EINTR:
                    continue
                return UNREADABLE
            if got == 0:
                break                    # the file shrank while we read it
            have += got
            used += got
            last.length += got
        return OK if have >= offset + length else TRUNCATED

    cdef int take(self, int fd, int64_t whole, int64_t ahead) noexcept nogil:
        """Take an open file as the source."""
        cdef int status
        self.file_size = 0
        status = regular_file(fd, &self.t.size, &self.changed)
        if status != 0:
            self.t.size = 0
            return NOT_REGULAR if status > 0 else UNREADABLE
        self.t.fd = self.file = fd
        self.file_size = self.t.size
        if self.t.size == 0:
            return OK
        return self.fetch(0, 1, self.t.size if self.t.size <= whole else ahead)

    def open(self, int fd, int64_t whole=WHOLE_READ, int64_t ahead=FIRST_READ):
        """Take the file behind `fd` as the source: all of it is read if it has up to `whole` bytes, else `ahead` bytes.

        NOT_REGULAR for a folder, device, socket or pipe.
        """
        cdef int status
        self.forget()
        with nogil:
            status = self.take(fd, whole, ahead)
        return status

    def open_path(self, bytes path not None, int64_t whole=WHOLE_READ, int64_t ahead=FIRST_READ):
        """Open the file at `path` until `close` or the next source, and take it as `open` does.

        Returns (status, errno where it is NOT_OPENED); a symbolic link is not opened.
        """
        cdef const char* name = path
        cdef int status = NOT_OPENED, number = 0
        if 0 in path:
            raise ValueError("a path holds a NUL")
        self.forget()
        with nogil:
            self.owned_file = open_source(name)
            if self.owned_file < 0:
                number = errno
            else:
                status = self.take(self.owned_file, whole, ahead)
        return status, number

    def unchanged(self):
        """Whether the file still has the size and time of last change that it had when it was opened."""
        cdef int64_t size, changed
        return self.file < 0 or (
            regular_file(self.file, &size, &changed) == 0 and size == self.file_size and changed == self.changed
        )

    @property
    def opened_size(self):
        """Bytes of the file that was opened, also when its inflated data set is the source by now; 0 if what was opened is no
        regular file, None if nothing was."""
        return None if self.file_size < 0 else self.file_size

    def attach(self, data, bint keep_rows=False):
        """Take a contiguous buffer as the source; with `keep_rows` the rows found so far stay (deflated data sets)."""
        if keep_rows:
            self.let_go()
        else:
            self.forget()
        PyObject_GetBuffer(data, &self.view, PyBUF_SIMPLE)
        self.viewing = True
        self.t.data = <const uint8_t*>self.view.buf
        self.t.size = self.view.len
        cdef int status = add_segment(&self.t, 0)
        if status == OK:
            self.t.segments[0].length = self.view.len
        return status

    def close(self):
        """Drop the source and every row; close the file if it was opened here."""
        self.forget()

    cdef int run(self, Walk* w, VrIndex index, int64_t start, int encoding, int depth, int elements, int64_t fragments,
                 int only_group) noexcept:
        cdef int status
        w.t = &self.t
        w.lookup = &index.lookup
        w.limits.depth = 2 * min(depth, MAX_DEPTH // 2)      # a sequence and its item are two levels
        w.limits.elements = elements
        w.limits.fragments = fragments
        w.only_group = only_group
        w.offset = start
        with nogil:
            status = walk(self, w, encoding & (IMPLICIT | BIG))
        return status

    def walk(self, int64_t start, int encoding, VrIndex index not None, int depth=64, int elements=2_000_000,
             int64_t fragments=10_000_000, int only_group=0):
        """Append the rows of the data set at `start`; return (status, offset of the failure or of the end).

        With `only_group` the walk ends before the first element of another group, and the rows are File Meta Information.
        """
        cdef Walk w
        cdef int status = self.run(&w, index, start, encoding, depth, elements, fragments, only_group)
        if only_group:
            self.t.meta = self.t.count
        return status, w.offset

    def walk_meta(self, VrIndex index not None):
        """Step over preamble, DICM and File Meta Information (PS3.10 7.1), and append the latter's rows.

        Returns (status, offset of the failure or of the data set, value of Transfer Syntax UID); that value is empty where
        there is none, TRUNCATED at offset 0 means that there are not even six bytes.
        """
        cdef Walk w
        cdef int64_t start = 0
        cdef int status
        cdef int32_t i
        cdef Row* row
        cdef const uint8_t* p = resident(&self.t, PREAMBLE, 4)
        if p != NULL and memcmp(p, b"DICM", 4) == 0:
            start = PREAMBLE + 4
        p = resident(&self.t, start, 6)
        if p == NULL:
            return TRUNCATED, start, b""
        if load16(p, False) != 2 or vr_form(<uint16_t>(p[4] | p[5] << 8)) == 0:
            return OK, start, b""
        status = self.run(&w, index, start, 0, META_DEPTH, META_ELEMENTS, 0, 2)
        self.t.meta = self.t.count
        for i in range(self.t.count):
            row = &self.t.rows[i]
            p = resident(&self.t, row.value, row.length)
            if row.tag == TAG_TRANSFER_SYNTAX and row.depth == 0 and p != NULL:
                return status, w.offset, PyBytes_FromStringAndSize(<const char*>p, row.length)
        return status, w.offset, b""

    def rewind(self, int32_t count):
        """Forget the rows from `count` on, and what was read of a file past its first segment: a walk only goes forward."""
        if 0 <= count <= self.t.count:
            self.t.count = count
            self.t.meta = min(self.t.meta, count)
            self.t.segment_count = min(self.t.segment_count, 1)

    @property
    def count(self):
        """Rows, those of the File Meta Information among them."""
        return self.t.count

    @property
    def meta(self):
        """Rows of File Meta Information; they come first."""
        return self.t.meta

    @property
    def size(self):
        """Bytes in the source."""
        return self.t.size

    @property
    def fd(self):
        """The file that is the source, or -1."""
        return self.t.fd

    @property
    def rows(self):
        """The rows as bytes, to be read with codec.elements.ROW; a copy, as the table is reused."""
        return PyBytes_FromStringAndSize(<const char*>self.t.rows, self.t.count * sizeof(Row))

    @property
    def edits(self):
        """The edits as bytes, to be read with codec.elements.EDIT; a copy."""
        return PyBytes_FromStringAndSize(<const char*>self.t.edits, self.t.count * sizeof(Edit))

    @property
    def arena(self):
        """Replacement values, as the edits point into them; a copy."""
        return PyBytes_FromStringAndSize(<const char*>self.t.arena, self.t.arena_used)

    def read(self, int64_t offset, int64_t length):
        """Resident bytes [offset, offset + length), or None if they are not in memory."""
        cdef const uint8_t* p
        if offset < 0 or length < 0 or length > self.t.size - offset:
            return None
        p = resident(&self.t, offset, length)
        return None if p == NULL else PyBytes_FromStringAndSize(<const char*>p, length)

    def value(self, int32_t row):
        """The value bytes of one row, or None if they are not in memory."""
        if row < 0 or row >= self.t.count:
            raise IndexError("no such row")
        return self.read(self.t.rows[row].value, self.t.rows[row].length)

    def pick(self, TagList wanted not None, bint meta=False):
        """Values of top-level elements, the first of each tag: one bytes per tag, empty where there is none."""
        cdef const uint32_t* tags = wanted.tags
        cdef int32_t i = 0 if meta else self.t.meta
        cdef int32_t stop = self.t.meta if meta else self.t.count
        cdef Py_ssize_t k = 0
        cdef list found = [b""] * wanted.count
        cdef const uint8_t* p
        cdef Row* row
        cdef uint32_t last = 0
        while i < stop:
            row = &self.t.rows[i]
            i = row.after
            if row.tag < last:
                k = 0                   # out of order, against PS3.5 7.1: nothing may be missed for that
            last = row.tag
            while k < wanted.count and tags[k] < row.tag:
                k += 1
            if k < wanted.count and tags[k] == row.tag and not row.flags & (SEQUENCE | FRAGMENTS) and not found[k]:
                p = resident(&self.t, row.value, row.length)
                if p != NULL:
                    found[k] = PyBytes_FromStringAndSize(<const char*>p, row.length)
        return found


# --- what the walk looks at -------------------------------------------------------------------------------------------

cdef int fetch(ElementTable table, Walk* w, int64_t offset, int64_t length, int64_t ahead) noexcept nogil:
    """Have bytes in memory; those that were there may lie elsewhere now."""
    w.low = w.high = 0
    return table.fetch(offset, length, ahead)


cdef int turn_to(ElementTable table, Walk* w, int64_t length) noexcept nogil:
    """Have [w.offset, w.offset + length) in memory and the window on it."""
    cdef int status = fetch(table, w, w.offset, length, NEXT_READ)
    cdef const Segment* s
    if status != OK:
        return status
    s = segment_of(w.t, w.offset, length)
    w.low = s.offset
    w.high = s.offset + s.length
    w.memory = w.t.data + s.position
    return OK


cdef inline const uint8_t* look(ElementTable table, Walk* w, int64_t length, int* status) noexcept nogil:
    """The `length` bytes at w.offset, which the caller has checked against the limits; NULL and a status if they are not to be
    had."""
    if w.offset < w.low or w.offset + length > w.high:
        status[0] = turn_to(table, w, length)
        if status[0] != OK:
            return NULL
    return w.memory + (w.offset - w.low)


cdef inline int have(ElementTable table, Walk* w, int64_t value, int64_t length) noexcept nogil:
    """Have a value in memory."""
    if w.low <= value and value + length <= w.high:
        return OK
    return fetch(table, w, value, length, length)


# --- rows -------------------------------------------------------------------------------------------------------------

cdef int append_row(Walk* w, uint32_t tag, uint16_t vr, uint8_t flags, int64_t value, int64_t length) noexcept nogil:
    """Add a row that starts at w.offset; TOO_LARGE past the budget."""
    cdef Table* t = w.t
    cdef Row* rows
    cdef Edit* edits
    cdef int32_t capacity
    if t.count >= w.limits.elements:
        return TOO_LARGE
    if t.count == t.capacity:
        capacity = 512 if t.capacity == 0 else 2 * t.capacity
        rows = <Row*>realloc(t.rows, capacity * sizeof(Row))
        if rows == NULL:
            return NO_MEMORY
        t.rows = rows
        edits = <Edit*>realloc(t.edits, capacity * sizeof(Edit))
        if edits == NULL:
            return NO_MEMORY
        t.edits = edits
        t.capacity = capacity
    cdef Row* row = &t.rows[t.count]
    row.tag = tag
    row.vr = vr
    row.depth = <uint8_t>w.depth
    row.flags = flags
    row.start = w.offset
    row.value = value
    row.length = length
    row.end = value + length
    row.parent = w.levels[w.depth].row
    row.item = 0
    row.creator = -1
    t.count += 1
    row.after = t.count
    return OK


cdef uint16_t dictionary_vr(const Lookup* lookup, uint32_t tag) noexcept nogil:
    """VR of a tag in an implicit data set; UN where PS3.6 does not know it."""
    cdef int32_t vr, i
    if tag & 0xFFFF == 0:
        return VR_UL
    if tag >> 16 & 1:
        return VR_LO if 0x10 <= (tag & 0xFFFF) <= 0xFF else VR_UN
    vr = find_tag(lookup.keys, lookup.values, lookup.mask, tag)
    if vr >= 0:
        return <uint16_t>vr
    for i in range(lookup.repeating_count):
        if tag & lookup.repeating[3 * i] == lookup.repeating[3 * i + 1]:
            return <uint16_t>lookup.repeating[3 * i + 2]
    return VR_UN


cdef void link_creator(Walk* w, int32_t index) noexcept nogil:
    """Find the private creator of a private element in its own item (PS3.5 7.8.1), or note that it is one."""
    cdef Level* level = &w.levels[w.depth]
    cdef Row* row = &w.t.rows[index]
    cdef uint16_t group = <uint16_t>(row.tag >> 16)
    cdef uint32_t element = row.tag & 0xFFFF
    cdef int32_t i
    if level.group != group:
        level.group = group
        level.creator = -1
        level.creators = 0
    if 0x10 <= element <= 0xFF:
        if level.creators < CREATORS_PER_GROUP:
            row.creator = level.creator
            level.creator = index
            level.creators += 1
        return
    i = level.creator
    while i >= 0:
        if w.t.rows[i].tag & 0xFF == element >> 8:
            row.creator = i
            return
        i = w.t.rows[i].creator


# --- the walk ---------------------------------------------------------------------------------------------------------

cdef int open_level(Walk* w, int32_t row, uint8_t flags, int64_t limit) noexcept nogil:
    cdef Level* level
    if w.depth + 1 > w.limits.depth:
        return NESTING_TOO_DEEP
    w.depth += 1
    level = &w.levels[w.depth]
    level.limit = limit
    level.row = row
    level.items = 0
    level.creator = -1
    level.group = 0
    level.creators = 0
    level.flags = flags
    return OK


cdef void close_level(Walk* w, int64_t delimiter) noexcept nogil:
    """End the open sequence or item at w.offset; `delimiter` bytes of it are not value."""
    cdef Row* row = &w.t.rows[w.levels[w.depth].row]
    row.length = w.offset - delimiter - row.value
    row.end = w.offset
    row.after = w.t.count
    if w.trial == w.levels[w.depth].row:
        w.trial = -1
    w.depth -= 1


cdef int fail(Walk* w, int status, int64_t offset) noexcept nogil:
    w.offset = offset
    return status


cdef int short_of(Walk* w, int64_t limit) noexcept nogil:
    """Past `limit`: the end of the source means it was cut off, the end of an item that its lengths disagree."""
    return TRUNCATED if limit == w.t.size else MALFORMED


cdef int skip_fragments(Walk* w, int64_t p, int64_t limit, int64_t* count) noexcept nogil:
    """Step over encapsulated Pixel Data (PS3.5 A.4) from `p`; w.offset is left behind the sequence delimiter."""
    cdef uint8_t header[8]
    cdef const uint8_t* h
    cdef int64_t length
    cdef ssize_t got
    cdef uint32_t tag
    count[0] = 0
    while True:
        if p + 8 > limit:
            return fail(w, short_of(w, limit), p)
        h = resident(w.t, p, 8)
        if h == NULL:
            got = pread(w.t.fd, header, 8, p)
            if got != 8:
                return fail(w, UNREADABLE if got < 0 else TRUNCATED, p)
            h = header
        tag = <uint32_t>load16(h, False) << 16 | load16(h + 2, False)
        length = load32(h + 4, False)
        if tag == TAG_SEQUENCE_END and length == 0:
            w.offset = p + 8
            return OK
        if tag != TAG_ITEM or length == UNDEFINED_LENGTH:
            return fail(w, MALFORMED, p)
        if count[0] >= w.limits.fragments:
            return fail(w, TOO_LARGE, p)
        if length > limit - p - 8:
            return fail(w, short_of(w, limit), p)
        count[0] += 1
        p += 8 + length


cdef bint only_zeros_left(ElementTable table, Walk* w) noexcept nogil:
    """Whether the rest of the source is trailing zero padding."""
    cdef int64_t p = w.offset, n, i
    cdef const uint8_t* h
    if p <= w.nonzero:
        return False
    while p < w.t.size:
        n = w.t.size - p
        if n > NEXT_READ:
            n = NEXT_READ
        if fetch(table, w, p, n, n) != OK:
            w.nonzero = w.t.size
            return False
        h = resident(w.t, p, n)
        for i in range(n):
            if h[i] != 0:
                w.nonzero = p + i
                return False
        p += n
    return True


cdef bint begins_group(ElementTable table, Walk* w) noexcept nogil:
    """Whether the few bytes that are left begin an element of the group that is walked; else they are a data set's."""
    if w.offset + 2 > w.t.size or fetch(table, w, w.offset, 2, 2) != OK:
        return False
    return load16(resident(w.t, w.offset, 2), False) == w.only_group


cdef int step_sequence(ElementTable table, Walk* w) noexcept nogil:
    """Inside a sequence: an item, or the delimiter that ends it."""
    cdef Level* level = &w.levels[w.depth]
    cdef bint big = level.flags & BIG
    cdef int64_t limit = level.limit, length
    cdef const uint8_t* h
    cdef uint32_t tag
    cdef uint8_t flags
    cdef int status
    if w.offset + 8 > limit:
        return short_of(w, limit)
    h = look(table, w, 8, &status)
    if h == NULL:
        return status
    tag = <uint32_t>load16(h, big) << 16 | load16(h + 2, big)
    length = load32(h + 4, big)
    if tag == TAG_SEQUENCE_END:
        if not level.flags & UNDEFINED or length != 0:
            return MALFORMED
        w.offset += 8
        close_level(w, 8)
        return OK
    if tag != TAG_ITEM:
        return MALFORMED
    flags = ITEM | (level.flags & (IMPLICIT | BIG))
    if length == UNDEFINED_LENGTH:
        flags |= UNDEFINED
        length = 0
    elif length > limit - w.offset - 8:
        return short_of(w, limit)
    status = append_row(w, tag, 0, flags, w.offset + 8, length)
    if status != OK:
        return status
    w.t.rows[w.t.count - 1].item = level.items
    level.items += 1
    w.offset += 8
    return open_level(w, w.t.count - 1, flags, limit if flags & UNDEFINED else w.offset + length)


cdef int step_element(ElementTable table, Walk* w) noexcept nogil:
    """Inside a data set or item: one element, or the delimiter that ends the item."""
    cdef Level* level = &w.levels[w.depth]
    cdef bint big = level.flags & BIG, implicit = level.flags & IMPLICIT
    cdef int64_t limit = level.limit, length, header = 8
    cdef const uint8_t* h
    cdef uint32_t tag
    cdef uint16_t vr
    cdef uint8_t flags = level.flags & (IMPLICIT | BIG)
    cdef int status
    if w.offset + 8 > limit:
        if w.only_group and w.depth == 0 and not begins_group(table, w):
            w.only_group = -1
            return OK
        if w.depth == 0 and only_zeros_left(table, w):
            w.offset = w.t.size
            return OK
        return short_of(w, limit)
    h = look(table, w, 8, &status)
    if h == NULL:
        return status
    tag = <uint32_t>load16(h, big) << 16 | load16(h + 2, big)
    if tag >> 16 == 0xFFFE:
        if tag != TAG_ITEM_END or level.flags & (ITEM | UNDEFINED) != ITEM | UNDEFINED or load32(h + 4, big) != 0:
            return MALFORMED
        w.offset += 8
        close_level(w, 8)
        return OK
    if w.only_group and w.depth == 0 and tag >> 16 != <uint32_t>w.only_group:
        w.only_group = -1
        return OK
    if tag == 0 and w.depth == 0:
        if only_zeros_left(table, w):
            w.offset = w.t.size
            return OK
        h = look(table, w, 8, &status)
        if h == NULL:
            return status
    if implicit:
        vr = dictionary_vr(w.lookup, tag)
        length = load32(h + 4, big)
    else:
        vr = <uint16_t>(h[4] | h[5] << 8)
        if vr_form(vr) == SHORT_FORM:
            length = load16(h + 6, big)
        elif vr_form(vr) == LONG_FORM:
            header = 12
            if w.offset + 12 > limit:
                return short_of(w, limit)
            h = look(table, w, 12, &status)
            if h == NULL:
                return status
            length = load32(h + 8, big)
        else:
            return MALFORMED
    if w.only_group:
        flags |= META
    if length == UNDEFINED_LENGTH:
        return open_undefined(table, w, tag, vr, flags, header, limit)
    if length > limit - w.offset - header:
        return short_of(w, limit)
    return add_defined(table, w, tag, vr, flags, header, length)


cdef int open_undefined(ElementTable table, Walk* w, uint32_t tag, uint16_t vr, uint8_t flags, int64_t header,
                        int64_t limit) noexcept nogil:
    """An element of undefined length: encapsulated Pixel Data, a sequence, or UN that holds one (PS3.5 6.2.2)."""
    cdef int64_t value = w.offset + header, fragments = 0
    cdef int32_t index = w.t.count
    cdef uint8_t inner
    cdef int status
    flags |= UNDEFINED
    if tag == TAG_PIXEL_DATA:
        if flags & (IMPLICIT | BIG) or (vr != VR_OB and vr != VR_OW):
            return MALFORMED
        status = append_row(w, tag, vr, flags | FRAGMENTS, value, 0)
        if status != OK:
            return status
        status = skip_fragments(w, value, limit, &fragments)
        if status != OK:
            return status
        w.t.rows[index].item = <int32_t>fragments
        w.t.rows[index].length = w.offset - 8 - value
        w.t.rows[index].end = w.offset
        return OK
    if vr == VR_SQ:
        inner = flags & (IMPLICIT | BIG)
    elif vr == VR_UN:
        inner = IMPLICIT
    else:
        return MALFORMED
    status = append_row(w, tag, vr, flags | SEQUENCE, value, 0)
    if status != OK:
        return status
    if tag >> 16 & 1:
        link_creator(w, index)
    w.offset = value
    return open_level(w, index, inner | SEQUENCE | UNDEFINED, limit)


cdef int add_defined(ElementTable table, Walk* w, uint32_t tag, uint16_t vr, uint8_t flags, int64_t header,
                     int64_t length) noexcept nogil:
    """An element of defined length that fits; a sequence is opened, also one that another system wrote as UN."""
    cdef int64_t value = w.offset + header
    cdef int32_t index = w.t.count
    cdef bint nested = vr == VR_SQ
    cdef uint8_t inner = flags & (IMPLICIT | BIG)
    cdef int status = append_row(w, tag, vr, flags, value, length)
    if status != OK:
        return status
    if tag >> 16 & 1:
        link_creator(w, index)
    if vr == VR_UN and not flags & IMPLICIT and length >= 8 and dictionary_vr(w.lookup, tag) == VR_SQ:
        nested = True
        inner = IMPLICIT
        if w.trial < 0:
            w.trial = index
            w.trial_depth = w.depth
        if length <= RESIDENT_UN:            # whole, in case it turns out opaque
            status = have(table, w, value, length)
            if status != OK:
                return status
    if nested:
        w.t.rows[index].flags |= SEQUENCE
        w.offset = value
        return open_level(w, index, inner | SEQUENCE, value + length)
    if length > 0 and length <= RESIDENT_TEXT and not vr_bulk(vr) and (vr != VR_UN or length <= RESIDENT_UN):
        status = have(table, w, value, length)
        if status != OK:
            return status
    w.offset = value + length
    return OK


cdef bint give_up_trial(Walk* w, int status) noexcept nogil:
    """A defined-length UN whose bytes are no sequence after all becomes one opaque row again."""
    cdef Row* row
    if w.trial < 0 or (status != MALFORMED and status != TRUNCATED):
        return False
    row = &w.t.rows[w.trial]
    row.flags &= ~SEQUENCE & 0xFF
    row.after = w.trial + 1
    row.length = w.levels[w.trial_depth + 1].limit - row.value
    row.end = row.value + row.length
    w.t.count = w.trial + 1
    w.depth = w.trial_depth
    w.offset = row.end
    w.trial = -1
    return True


cdef int walk(ElementTable table, Walk* w, uint8_t encoding) noexcept nogil:
    cdef Level* level = &w.levels[0]
    cdef int status
    w.depth = 0
    w.trial = -1
    w.nonzero = -1
    w.memory = NULL
    w.low = w.high = 0
    level.limit = w.t.size
    level.row = -1
    level.items = 0
    level.creator = -1
    level.group = 0
    level.creators = 0
    level.flags = encoding
    while True:
        level = &w.levels[w.depth]
        if w.offset == level.limit and (w.depth == 0 or not level.flags & UNDEFINED):
            if w.depth == 0:
                return OK
            close_level(w, 0)
            continue
        if level.flags & SEQUENCE:
            status = step_sequence(table, w)
        else:
            status = step_element(table, w)
        if status != OK and not give_up_trial(w, status):
            return status
        if w.only_group < 0:
            return OK
