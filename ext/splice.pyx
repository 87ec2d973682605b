# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, freethreading_compatible=True, autotestdict=False
"""Writes a data set again by its edits: one buffer for headers and replaced values, ranges of the source for everything else.
Lengths of sequences and items that change inside are mended; undefined lengths stay undefined; odd lengths are padded.
Ranges that are not in memory are moved from file to file by the kernel of the operating system."""
from cpython.buffer cimport PyBuffer_FillInfo
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.errno cimport EINTR, errno
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcpy

from endian cimport store16, store32
from table cimport (
    BIG, CAPSULE_NAME, FRAGMENTS, IMPLICIT, ITEM, KEEP, REMOVE, REPLACE, RESIZE, SEQUENCE, UNDEFINED,
    Edit, Row, Segment, Table,
)

cdef extern from *:
    """
    #ifndef _GNU_SOURCE
    #define _GNU_SOURCE
    #endif
    #include <stdint.h>
    #include <fcntl.h>
    #include <sys/sendfile.h>
    #include <unistd.h>
    static int open_new(int folder, const char *name) {
        return openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
    }
    """
    int open_new(int folder, const char* name) nogil
    int close_file "close"(int fd) nogil
    int64_t LONGEST_VALUE "0xFFFFFFFELL"

cdef extern from "unistd.h" nogil:
    ssize_t write(int fd, const void* buf, size_t count)
    ssize_t pread(int fd, void* buf, size_t count, int64_t offset)
    ssize_t copy_file_range(int fd_in, int64_t* off_in, int fd_out, int64_t* off_out, size_t length, unsigned int flags)

cdef extern from "sys/uio.h" nogil:
    cdef struct iovec:
        void* iov_base
        size_t iov_len
    ssize_t writev(int fd, const iovec* buffers, int count)

cdef extern from "sys/sendfile.h" nogil:
    ssize_t sendfile(int out_fd, int in_fd, int64_t* offset, size_t count)


cpdef enum SpliceStatus:
    SPLICED = 0
    SHRANK = 1            # the source ended before a range that was there when it was framed
    WRITE_FAILED = 2
    READ_FAILED = 3
    OUT_OF_MEMORY = 4
    VALUE_TOO_LONG = 5    # a replacement does not fit the length field of its VR


cpdef enum Mover:
    """How ranges go from file to file."""
    COPY_FILE_RANGE = 0
    SENDFILE = 1
    READ_WRITE = 2


cdef enum:
    MAX_OPEN = 256
    BOUNCE = 262144
    LENT = 8192           # from this many bytes on a second buffer in one call is cheaper than a copy


cdef struct Piece:
    int64_t literal       # bytes of the buffer that come first
    int64_t offset        # then this range of the source
    int64_t length
    const uint8_t* memory # where that range is in memory, or NULL


cdef struct Output:
    uint8_t* buffer
    int64_t used
    int64_t capacity
    int64_t marked        # bytes of the buffer that pieces account for
    Piece* pieces
    int32_t count
    int32_t room
    int64_t from_         # pending range of the source
    int64_t to


# --- output -----------------------------------------------------------------------------------------------------------

cdef uint8_t* reserve(Output* o, int64_t n) noexcept nogil:
    cdef int64_t capacity = o.capacity if o.capacity > 0 else 131072
    cdef uint8_t* grown
    while capacity < o.used + n:
        capacity *= 2
    if capacity != o.capacity:
        grown = <uint8_t*>realloc(o.buffer, capacity)
        if grown == NULL:
            return NULL
        o.buffer = grown
        o.capacity = capacity
    o.used += n
    return o.buffer + o.used - n


cdef int literal(Output* o, const void* data, int64_t n) noexcept nogil:
    cdef uint8_t* p = reserve(o, n)
    if p == NULL:
        return OUT_OF_MEMORY
    memcpy(p, data, n)
    return SPLICED


cdef int add_piece(Output* o, int64_t offset, int64_t length, const uint8_t* memory) noexcept nogil:
    cdef Piece* grown
    cdef int32_t room
    if o.count == o.room:
        room = 16 if o.room == 0 else 2 * o.room
        grown = <Piece*>realloc(o.pieces, room * sizeof(Piece))
        if grown == NULL:
            return OUT_OF_MEMORY
        o.pieces = grown
        o.room = room
    o.pieces[o.count].literal = o.used - o.marked
    o.pieces[o.count].offset = offset
    o.pieces[o.count].length = length
    o.pieces[o.count].memory = memory
    o.marked = o.used
    o.count += 1
    return SPLICED


cdef int32_t segment_at(const Table* t, int64_t offset) noexcept nogil:
    """The first segment that ends after `offset`."""
    cdef int32_t low = 0, high = t.segment_count, middle
    while low < high:
        middle = (low + high) >> 1
        if t.segments[middle].offset + t.segments[middle].length <= offset:
            low = middle + 1
        else:
            high = middle
    return low


cdef int flush(Output* o, const Table* t) noexcept nogil:
    """Put out the pending range: short runs in memory as literal bytes, the rest as ranges of the source.

    A long run that is in memory is lent, not copied; a source that is no file cannot be read again, so it is copied.
    """
    cdef int64_t at = o.from_, stop
    cdef const uint8_t* memory
    cdef int32_t i = segment_at(t, at)
    cdef const Segment* s
    cdef int status = SPLICED
    while at < o.to and status == SPLICED:
        s = &t.segments[i] if i < t.segment_count else NULL
        if s != NULL and s.offset <= at:
            stop = min(o.to, s.offset + s.length)
            memory = t.data + s.position + (at - s.offset)
            if stop - at >= LENT and t.fd >= 0:
                status = add_piece(o, at, stop - at, memory)
            else:
                status = literal(o, memory, stop - at)
            i += 1
        else:
            stop = o.to if s == NULL else min(o.to, s.offset)
            status = add_piece(o, at, stop - at, NULL)
        at = stop
    o.from_ = o.to = 0
    return status


cdef int copy(Output* o, const Table* t, int64_t start, int64_t end) noexcept nogil:
    """Copy [start, end) of the source; adjacent ranges become one."""
    cdef int status = SPLICED
    if o.to == start and o.to > o.from_:
        o.to = end
        return SPLICED
    if o.to > o.from_:
        status = flush(o, t)
    o.from_ = start
    o.to = end
    return status


cdef int put(Output* o, const Table* t, const void* data, int64_t n) noexcept nogil:
    """Literal bytes behind whatever is pending."""
    cdef int status = SPLICED
    if o.to > o.from_:
        status = flush(o, t)
    return status if status != SPLICED else literal(o, data, n)


cdef int put_header(Output* o, const Table* t, const Row* row, int64_t length) noexcept nogil:
    """The header of `row` with another length, in the row's own form and byte order."""
    cdef uint8_t h[12]
    cdef bint big = row.flags & BIG
    cdef int n = 8
    store16(h, <uint16_t>(row.tag >> 16), big)
    store16(h + 2, <uint16_t>(row.tag & 0xFFFF), big)
    if row.flags & (IMPLICIT | ITEM):
        store32(h + 4, <uint32_t>length, big)
    else:
        h[4] = row.vr & 0xFF
        h[5] = row.vr >> 8
        if row.value - row.start == 12:
            h[6] = h[7] = 0
            store32(h + 8, <uint32_t>length, big)
            n = 12
        elif length > 0xFFFE:
            return VALUE_TOO_LONG
        else:
            store16(h + 6, <uint16_t>length, big)
    if length > LONGEST_VALUE:
        return VALUE_TOO_LONG
    return put(o, t, h, n)


# --- lengths, from the inside out -------------------------------------------------------------------------------------

cdef void measure(Table* t) noexcept nogil:
    """Fill `out` and `dirty` of every edit; children come after their parents, so one pass backwards does it."""
    cdef int32_t i
    cdef Row* row
    cdef Edit* edit
    cdef Edit* parent
    cdef int64_t total
    for i in range(t.meta, t.count):
        t.edits[i].out = 0
        t.edits[i].dirty = 0
    for i in range(t.count - 1, t.meta - 1, -1):
        row = &t.rows[i]
        edit = &t.edits[i]
        if edit.op == REMOVE:
            total = 0
            edit.dirty = 1
        elif edit.op == REPLACE or edit.op == RESIZE:
            edit.dirty = 1
            edit.out = edit.size + (edit.size & 1)
            total = row.value - row.start + edit.out
        elif row.flags & (SEQUENCE | ITEM):
            total = row.value - row.start + edit.out + (8 if row.flags & UNDEFINED else 0)
        elif row.flags & FRAGMENTS:
            total = row.end - row.start
        else:
            edit.out = row.length + (row.length & 1)
            edit.dirty = row.length & 1
            total = row.value - row.start + edit.out
        if row.parent >= 0:
            parent = &t.edits[row.parent]
            parent.out += total
            parent.dirty |= edit.dirty


cdef int put_value(Output* o, const Table* t, const Row* row, const Edit* edit) noexcept nogil:
    """A changed element that is no sequence, or a sequence that was emptied."""
    cdef int status = put_header(o, t, row, edit.out)
    cdef int64_t n = edit.size
    if status != SPLICED:
        return status
    if edit.op == REPLACE:
        status = put(o, t, t.arena + edit.data, n)
    else:
        if edit.op == KEEP:
            n = row.length
        if n > 0:
            status = copy(o, t, row.value, row.value + n)
    if status == SPLICED and n & 1:
        status = put(o, t, &edit.pad, 1)
    return status


cdef struct Insert:
    uint32_t tag
    const void* data
    int64_t length


cdef int close_until(Output* o, const Table* t, int32_t* open_rows, int* depth, int32_t i) noexcept nogil:
    """Delimiters of the undefined-length sequences and items that end before row `i`."""
    cdef int status = SPLICED
    cdef const Row* row
    while depth[0] > 0 and t.rows[open_rows[depth[0] - 1]].after <= i and status == SPLICED:
        row = &t.rows[open_rows[depth[0] - 1]]
        status = copy(o, t, row.end - 8, row.end)
        depth[0] -= 1
    return status


cdef int assemble(Output* o, Table* t, const Insert* inserts, int insert_count) noexcept nogil:
    cdef int32_t i = t.meta
    cdef int32_t open_rows[MAX_OPEN]
    cdef int depth = 0, added = 0, status = SPLICED
    cdef Row* row
    cdef Edit* edit
    measure(t)
    while i < t.count and status == SPLICED:
        row = &t.rows[i]
        edit = &t.edits[i]
        if depth > 0:
            status = close_until(o, t, open_rows, &depth, i)
        while status == SPLICED and row.depth == 0 and added < insert_count and inserts[added].tag < row.tag:
            status = put(o, t, inserts[added].data, inserts[added].length)
            added += 1
        if status != SPLICED:
            return status
        if not edit.dirty:
            status = copy(o, t, row.start, row.end)
            i = row.after
        elif edit.op == REMOVE:
            i = row.after
        elif edit.op == KEEP and row.flags & (SEQUENCE | ITEM):
            if row.flags & UNDEFINED:
                status = copy(o, t, row.start, row.value)
                open_rows[depth] = i
                depth += 1
            else:
                status = put_header(o, t, row, edit.out)
            i += 1
        else:
            status = put_value(o, t, row, edit)
            i = row.after
    if status == SPLICED:
        status = close_until(o, t, open_rows, &depth, t.count)
    while status == SPLICED and added < insert_count:
        status = put(o, t, inserts[added].data, inserts[added].length)
        added += 1
    if status == SPLICED and o.to > o.from_:
        status = flush(o, t)
    if status == SPLICED and (o.used > o.marked or o.count == 0):
        status = add_piece(o, 0, 0, NULL)
    return status


# --- doing it ---------------------------------------------------------------------------------------------------------

cdef int write_all(int fd, const uint8_t* p, int64_t n) noexcept nogil:
    cdef ssize_t done
    while n > 0:
        done = write(fd, p, n)
        if done < 0:
            if errno == EINTR:
                continue
            return WRITE_FAILED
        p += done
        n -= done
    return SPLICED


cdef int write_both(int fd, const uint8_t* first, int64_t n, const uint8_t* second, int64_t m) noexcept nogil:
    """Two buffers in one call; the rest one after the other where the call did less."""
    cdef iovec both[2]
    cdef ssize_t done
    both[0].iov_base = <void*>first
    both[0].iov_len = n
    both[1].iov_base = <void*>second
    both[1].iov_len = m
    done = writev(fd, both, 2)
    if done < 0:
        if errno != EINTR:
            return WRITE_FAILED
        done = 0
    if done < n:
        if write_all(fd, first + done, n - done) != SPLICED:
            return WRITE_FAILED
        done = n
    return write_all(fd, second + (done - n), m - (done - n))


cdef int bounce(int fd_in, int fd_out, int64_t offset, int64_t length) noexcept nogil:
    """Through user space, where the faster calls are not to be had."""
    cdef uint8_t* buffer = <uint8_t*>malloc(BOUNCE)
    cdef ssize_t got
    cdef int status = SPLICED
    if buffer == NULL:
        return OUT_OF_MEMORY
    while length > 0 and status == SPLICED:
        got = pread(fd_in, buffer, min(length, <int64_t>BOUNCE), offset)
        if got < 0 and errno == EINTR:
            continue
        if got <= 0:
            status = SHRANK if got == 0 else READ_FAILED
        else:
            status = write_all(fd_out, buffer, got)
            offset += got
            length -= got
    free(buffer)
    return status


cdef int move_range(int fd_in, int fd_out, int64_t offset, int64_t length, int mover) noexcept nogil:
    """Copy a range of one file to the write position of another."""
    cdef ssize_t done
    cdef int64_t at = offset, left = length
    while left > 0:
        if mover == COPY_FILE_RANGE:
            done = copy_file_range(fd_in, &at, fd_out, NULL, left, 0)
        elif mover == SENDFILE:
            done = sendfile(fd_out, fd_in, &at, left)
        else:
            return bounce(fd_in, fd_out, at, left)
        if done > 0:
            left -= done
        elif done == 0:
            return bounce(fd_in, fd_out, at, left)      # the end of the source, or a file system that reports 0 for "no"
        elif errno != EINTR:
            mover += 1          # not to be had here, or failed: reading and writing tells on which side
    return SPLICED


cdef class Splicer:
    """Output buffer and ranges of one file; reused from file to file."""
    cdef Output o
    cdef int exports

    def __cinit__(self):
        self.exports = 0
        self.o.buffer = NULL
        self.o.pieces = NULL
        self.o.capacity = self.o.used = self.o.marked = 0
        self.o.count = self.o.room = 0

    def __dealloc__(self):
        free(self.o.buffer)
        free(self.o.pieces)

    def assemble(self, capsule, bytes prefix, list inserts):
        """Lay out `prefix` and the edited data set; `inserts` are (tag, encoded elements), in rising order of tag."""
        cdef Table* t = <Table*>PyCapsule_GetPointer(capsule, CAPSULE_NAME)
        cdef Insert places[16]
        cdef int n = 0, status
        if len(inserts) > 16:
            raise ValueError("at most 16 inserts")
        if self.exports > 0:
            raise BufferError("a view of the last file is still in use")
        for tag, data in inserts:
            places[n].tag = tag
            places[n].data = PyBytes_AS_STRING(data)
            places[n].length = PyBytes_GET_SIZE(data)
            n += 1
        if self.o.capacity > 4 * (1 << 20):
            free(self.o.buffer)
            self.o.buffer = NULL
            self.o.capacity = 0
        self.o.used = self.o.marked = self.o.from_ = self.o.to = 0
        self.o.count = 0
        cdef const char* head = PyBytes_AS_STRING(prefix)
        cdef int64_t head_length = PyBytes_GET_SIZE(prefix)
        with nogil:
            status = literal(&self.o, head, head_length)
            if status == SPLICED:
                status = assemble(&self.o, t, places, n)
        return status

    cdef int put_out(self, int fd_in, int fd_out, int mover) noexcept nogil:
        """Write every piece."""
        cdef int32_t i
        cdef int status = SPLICED
        cdef int64_t at = 0
        cdef const Piece* piece
        for i in range(self.o.count):
            piece = &self.o.pieces[i]
            if piece.memory != NULL:
                status = write_both(fd_out, self.o.buffer + at, piece.literal, piece.memory, piece.length)
            else:
                status = write_all(fd_out, self.o.buffer + at, piece.literal)
            at += piece.literal
            if status == SPLICED and piece.length > 0 and piece.memory == NULL:
                status = move_range(fd_in, fd_out, piece.offset, piece.length, mover)
            if status != SPLICED:
                break
        return status

    def write(self, int fd_in, int fd_out, int mover=COPY_FILE_RANGE):
        """Write what `assemble` laid out to `fd_out`; ranges come from `fd_in`. The status, with errno where it failed.

        The table that was assembled must still have its source.
        """
        cdef int status, number
        with nogil:
            status = self.put_out(fd_in, fd_out, mover)
            number = errno
        return status, number if status in (WRITE_FAILED, READ_FAILED) else 0

    def create(self, int fd_in, int folder, bytes name not None, int mover=COPY_FILE_RANGE):
        """Make a new file in `folder` of what `assemble` laid out, mode 0640; WRITE_FAILED with EEXIST where there is one."""
        cdef const char* new = name
        cdef int fd, status, number
        if 0 in name:
            raise ValueError("a path holds a NUL")
        with nogil:
            fd = open_new(folder, new)
            status = self.put_out(fd_in, fd, mover) if fd >= 0 else WRITE_FAILED
            number = errno
            if fd >= 0 and close_file(fd) != 0 and status == SPLICED:
                status = WRITE_FAILED
                number = errno
        return status, number if status in (WRITE_FAILED, READ_FAILED) else 0

    @property
    def pieces(self):
        """(bytes of the buffer, offset, length of the range of the source that follows them), in order."""
        cdef int32_t i
        return [(self.o.pieces[i].literal, self.o.pieces[i].offset, self.o.pieces[i].length) for i in range(self.o.count)]

    @property
    def size(self):
        """Bytes of the whole output."""
        cdef int32_t i
        cdef int64_t total = self.o.used
        for i in range(self.o.count):
            total += self.o.pieces[i].length
        return total

    def __getbuffer__(self, Py_buffer* view, int flags):
        PyBuffer_FillInfo(view, self, self.o.buffer, self.o.used, 1, flags)
        self.exports += 1

    def __releasebuffer__(self, Py_buffer* view):
        self.exports -= 1
