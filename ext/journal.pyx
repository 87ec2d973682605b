# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, freethreading_compatible=True, autotestdict=False
"""Columns of the ledger's actions, filled straight from the edits: one number per action in each and no Python object.
Paths of elements are interned in a trie, so that each distinct path becomes one string of a dictionary."""
from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memset

from table cimport CAPSULE_NAME, ITEM, KEEP, REMOVE, SEQUENCE, Edit, Row, Table, resident


cdef struct Actions:
    int64_t* file
    int64_t* before
    int64_t* after
    int32_t* path
    int32_t* rule
    int32_t* creator      # number given by the caller's dict, or -1
    uint16_t* vr
    uint8_t* letter


cdef struct Node:
    uint32_t tag
    int32_t parent        # node that this one hangs on, or -1
    int32_t item          # of an item: its number; else -1


cdef enum:
    CREATOR_BYTES = 64


cdef int enlarge(void** column, int64_t capacity, size_t width) noexcept nogil:
    cdef void* grown = realloc(column[0], capacity * width)
    if grown == NULL:
        return -1
    column[0] = grown
    return 0


cdef bytes column(const void* data, int64_t count, size_t width):
    return PyBytes_FromStringAndSize(<const char*>data, count * width)


cdef class Journal:
    """Actions of the files of one ledger fragment."""
    cdef Actions actions
    cdef int64_t count
    cdef int64_t capacity
    cdef Node* nodes
    cdef int32_t node_count
    cdef int32_t node_capacity
    cdef int32_t* slots
    cdef uint32_t slot_mask

    def __cinit__(self):
        memset(&self.actions, 0, sizeof(Actions))
        self.count = self.capacity = 0
        self.nodes = NULL
        self.node_count = self.node_capacity = 0
        self.slots = NULL
        self.slot_mask = 0

    def __dealloc__(self):
        free(self.actions.file)
        free(self.actions.before)
        free(self.actions.after)
        free(self.actions.path)
        free(self.actions.rule)
        free(self.actions.creator)
        free(self.actions.vr)
        free(self.actions.letter)
        free(self.nodes)
        free(self.slots)

    cdef int rehash(self) noexcept nogil:
        cdef uint32_t mask = 4095 if self.slot_mask == 0 else 2 * self.slot_mask + 1
        cdef int32_t* slots = <int32_t*>calloc(mask + 1, sizeof(int32_t))
        cdef int32_t i
        cdef uint32_t at
        if slots == NULL:
            return -1
        free(self.slots)
        self.slots = slots
        self.slot_mask = mask
        for i in range(self.node_count):
            at = self.slot_of(self.nodes[i].tag, self.nodes[i].parent, self.nodes[i].item)
            while self.slots[at] != 0:
                at = (at + 1) & mask
            self.slots[at] = i + 1
        return 0

    cdef inline uint32_t slot_of(self, uint32_t tag, int32_t parent, int32_t item) noexcept nogil:
        cdef uint64_t h = tag * <uint64_t>0x9E3779B97F4A7C15
        h = (h ^ (<uint64_t><uint32_t>parent << 32 | <uint32_t>item)) * <uint64_t>0xD6E8FEB86659FD93
        return <uint32_t>(h >> 32) & self.slot_mask

    cdef int32_t intern(self, uint32_t tag, int32_t parent, int32_t item) noexcept nogil:
        """Number of the node; -1 when memory is out."""
        cdef uint32_t at
        cdef Node* node
        cdef Node* grown
        cdef int32_t capacity
        if self.slots == NULL or <uint32_t>(2 * self.node_count) > self.slot_mask:
            if self.rehash() < 0:
                return -1
        at = self.slot_of(tag, parent, item)
        while self.slots[at] != 0:
            node = &self.nodes[self.slots[at] - 1]
            if node.tag == tag and node.parent == parent and node.item == item:
                return self.slots[at] - 1
            at = (at + 1) & self.slot_mask
        if self.node_count == self.node_capacity:
            capacity = 1024 if self.node_capacity == 0 else 2 * self.node_capacity
            grown = <Node*>realloc(self.nodes, capacity * sizeof(Node))
            if grown == NULL:
                return -1
            self.nodes = grown
            self.node_capacity = capacity
        node = &self.nodes[self.node_count]
        node.tag = tag
        node.parent = parent
        node.item = item
        self.node_count += 1
        self.slots[at] = self.node_count
        return self.node_count - 1

    cdef int32_t path_of(self, const Table* t, int32_t index) noexcept nogil:
        """Node of a row, its ancestors first; the depth of rows is bounded by the walk."""
        cdef int32_t chain[256]
        cdef int n = 0
        cdef int32_t node = -1
        cdef const Row* row = &t.rows[index]
        if row.depth == 0:
            return self.intern(row.tag, -1, -1)
        while index >= 0 and n < 256:
            chain[n] = index
            n += 1
            index = t.rows[index].parent
        while n > 0:
            n -= 1
            row = &t.rows[chain[n]]
            node = self.intern(row.tag, node, row.item if row.flags & ITEM else -1)
            if node < 0:
                return -1
        return node

    cdef int grow(self) noexcept nogil:
        cdef int64_t capacity = 8192 if self.capacity == 0 else 2 * self.capacity
        if (
            enlarge(<void**>&self.actions.file, capacity, sizeof(int64_t)) < 0
            or enlarge(<void**>&self.actions.before, capacity, sizeof(int64_t)) < 0
            or enlarge(<void**>&self.actions.after, capacity, sizeof(int64_t)) < 0
            or enlarge(<void**>&self.actions.path, capacity, sizeof(int32_t)) < 0
            or enlarge(<void**>&self.actions.rule, capacity, sizeof(int32_t)) < 0
            or enlarge(<void**>&self.actions.creator, capacity, sizeof(int32_t)) < 0
            or enlarge(<void**>&self.actions.vr, capacity, sizeof(uint16_t)) < 0
            or enlarge(<void**>&self.actions.letter, capacity, sizeof(uint8_t)) < 0
        ):
            return -1
        self.capacity = capacity
        return 0

    cdef int push(self, int64_t file, int32_t path, uint16_t vr, int32_t creator, uint8_t letter, int32_t rule,
                  int64_t before, int64_t after) noexcept nogil:
        """Append one action; -1 when memory is out."""
        cdef int64_t at = self.count
        if path < 0 or (at == self.capacity and self.grow() < 0):
            return -1
        self.actions.file[at] = file
        self.actions.before[at] = before
        self.actions.after[at] = after
        self.actions.path[at] = path
        self.actions.rule[at] = rule
        self.actions.creator[at] = creator
        self.actions.vr[at] = vr
        self.actions.letter[at] = letter
        self.count += 1
        return 0

    def record(self, capsule, int64_t file, dict creators, const uint32_t[:, ::1] added, int32_t added_rule):
        """Append one action per edit that changes something and one per added element; return how many.

        `creators` numbers the private creators that may be named; `added` holds rows (tag, VR, bytes).
        """
        cdef Table* t = <Table*>PyCapsule_GetPointer(capsule, CAPSULE_NAME)
        cdef int64_t before = self.count
        cdef int32_t i = 0, known_row = -2, known = -1, creator
        cdef uint16_t vr
        cdef Row* row
        cdef Edit* edit
        cdef Py_ssize_t k
        while i < t.count:
            row = &t.rows[i]
            edit = &t.edits[i]
            if edit.action == 0:
                i = i + 1 if row.flags & (SEQUENCE | ITEM) and edit.op == KEEP else row.after
                continue
            creator = -1
            if row.creator >= 0 and row.tag & 0xFFFF > 0xFF:
                if row.creator != known_row:
                    known_row = row.creator
                    known = self.creator_number(t, row.creator, creators)
                creator = known
            vr = row.vr if not row.flags & ITEM else t.rows[row.parent].vr     # an item that goes with all inside it
            if self.push(file, self.path_of(t, i), vr, creator, edit.action, edit.rule, row.length,
                         0 if edit.op == REMOVE else edit.size + (edit.size & 1)) < 0:
                raise MemoryError
            i = row.after
        for k in range(added.shape[0]):
            if self.push(file, self.intern(added[k, 0], -1, -1), <uint16_t>added[k, 1], -1, c'+', added_rule, 0,
                         added[k, 2]) < 0:
                raise MemoryError
        return self.count - before

    cdef int32_t creator_number(self, const Table* t, int32_t index, dict creators):
        cdef const Row* row = &t.rows[index]
        cdef const uint8_t* p
        cdef int64_t length = row.length
        if row.length > CREATOR_BYTES:
            return -1
        p = resident(t, row.value, row.length)
        if p == NULL:
            return -1
        while length > 0 and (p[length - 1] == 32 or p[length - 1] == 0):
            length -= 1
        number = creators.get(PyBytes_FromStringAndSize(<const char*>p, length))
        return -1 if number is None else <int32_t>number

    def truncate(self, int64_t count):
        """Forget the actions from number `count` on: those of an input that was refused after all."""
        if 0 <= count <= self.count:
            self.count = count

    def __len__(self):
        return self.count

    def take(self):
        """(columns of the actions by name, path nodes in the layout of ledger.writer), all of them bytes; and start anew."""
        columns = {
            "file": column(self.actions.file, self.count, sizeof(int64_t)),
            "before": column(self.actions.before, self.count, sizeof(int64_t)),
            "after": column(self.actions.after, self.count, sizeof(int64_t)),
            "path": column(self.actions.path, self.count, sizeof(int32_t)),
            "rule": column(self.actions.rule, self.count, sizeof(int32_t)),
            "creator": column(self.actions.creator, self.count, sizeof(int32_t)),
            "vr": column(self.actions.vr, self.count, sizeof(uint16_t)),
            "letter": column(self.actions.letter, self.count, sizeof(uint8_t)),
        }
        nodes = column(self.nodes, self.node_count, sizeof(Node))
        self.count = 0
        self.node_count = 0
        free(self.slots)
        self.slots = NULL
        self.slot_mask = 0
        return columns, nodes
