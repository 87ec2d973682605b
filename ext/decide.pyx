# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, freethreading_compatible=True, autotestdict=False
"""Gives every row of an element table its edit, by a compiled rule table. Default-deny: a tag the table does not hold is removed.
What stays is checked against its VR first (PS3.5 6.2). Rows whose new value depends on a secret, a lexicon or the patient
are asked for: once per distinct value, through memos that the caller owns."""
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.dict cimport PyDict_GetItem
from cpython.object cimport PyObject
from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memchr, memcmp, memcpy, memset

from table cimport (
    CAPSULE_NAME, FRAGMENTS, ITEM, KEEP, REMOVE, REPLACE, RESIZE, SEQUENCE, Edit, Row, Table, resident,
)
from tagindex cimport find_tag


cpdef enum Act:
    ACT_KEEP = 0       # as it is, after a check against its VR; of a sequence: go inside
    ACT_REMOVE = 1     # X
    ACT_EMPTY = 2      # Z
    ACT_DUMMY = 3      # D: the constant of its VR; of a sequence: go inside
    ACT_YEAR = 4       # dates to YYYY0101
    ACT_ASK = 5        # the caller's handler knows the new value


cpdef enum Builtin:
    """Rules that are not lines of a table; they hold the first places of every rule list."""
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


cpdef enum:
    TEXT_HANDLER = 0       # asked about text that stays but is not ASCII
    PATHED = 1             # mark: local rules hold in some places, look at the paths
    WATCHED = 2            # mark: text that stays must not hold this patient's words
    CODED = 4              # mark: part of a code, which says something only in a coding scheme that is registered


cdef struct Entry:
    uint64_t vrs         # permitted VRs, one bit each in the order of VRS
    int32_t rule
    int32_t vm_max       # 0: unbounded
    int32_t dummy        # place of its own dummy, or -1: that of the VR
    uint16_t vr          # the dictionary's VR, by which UN is read
    uint8_t act
    uint8_t fallback     # ACT_REMOVE, ACT_EMPTY or ACT_DUMMY: where `act` cannot be done
    uint8_t handler
    uint8_t letter       # what the ledger records where ACT_ASK changes the value
    uint8_t nested       # the entry differs inside some sequences: look at the pairs
    uint8_t marks        # PATHED, WATCHED
    uint32_t asked       # VRs of the file, those of number below 32, that are asked for where others are kept


cdef struct Span:
    int32_t offset
    int32_t length


cdef struct Path:
    uint32_t tag
    uint32_t entry
    uint32_t offset      # in `path_tags`: the enclosing sequences, the innermost first
    uint32_t count


cdef extern from *:
    """
    #define VR2(a, b) ((uint16_t)((a) | (b) << 8))
    /* VRs in the order of VRS; the number of one is its place, and UNKNOWN_VR for anything else. */
    static const char VR_NAMES[] = "AEASATCSDADSDTFDFLISLOLTOBODOFOLOVOWPNSHSLSQSSSTSVTMUCUIULUNURUSUTUV";
    enum { UNKNOWN_VR = 34 };
    static unsigned char VR_NUMBERS[26 * 26];
    static inline int vr_number(uint16_t vr) {
        unsigned a = (vr & 0xff) - 'A', b = (vr >> 8) - 'A';
        return a < 26 && b < 26 ? VR_NUMBERS[26 * a + b] : UNKNOWN_VR;
    }
    /* Width of one value in bytes; 0 for text, -1 for a sequence. PS3.5 table 6.2-1. */
    static const signed char WIDTH[35] = {0, 0, 4, 0, 0, 0, 0, 8, 4, 0, 0, 0, 1, 8, 4, 4, 8, 2, 0, 0, 4, -1, 2, 0, 8, 0, 0, 0, 4, 1, 0,
                                          2, 0, 8, -1};
    /* Longest single value in bytes, for the VRs whose repertoire is one byte a character. Writers overrun DS, IS and CS
       often and harmlessly, so those get room; 0: not checked here. */
    static const unsigned char LONGEST[35] = {16, 4, 0, 64, 18, 64, 54, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 28, 0, 64};
    /* A value may be followed by another one behind a backslash: not in LT, ST, UT, UR. */
    static int single(int n) { return n == 11 || n == 23 || n == 30 || n == 32; }
    static int permitted(int n, unsigned char c) {
        int digit = c >= '0' && c <= '9', upper = c >= 'A' && c <= 'Z', lower = c >= 'a' && c <= 'z';
        switch (n) {
        case 0: return c >= 0x20 && c < 0x7f;                                              /* AE */
        case 1: return digit || c == 'D' || c == 'W' || c == 'M' || c == 'Y';              /* AS */
        case 3: return upper || lower || digit || c == ' ' || c == '_' || c == '-' || c == '.' || c == '/' || c == '+';  /* CS */
        case 4: return digit || c == '.' || c == '-';                                      /* DA */
        case 5: return digit || c == '+' || c == '-' || c == '.' || c == 'e' || c == 'E' || c == ' ';      /* DS */
        case 6: return digit || c == '+' || c == '-' || c == '.' || c == ' ';              /* DT */
        case 9: return digit || c == '+' || c == '-' || c == ' ' || c == '.';              /* IS */
        case 25: return digit || c == '.' || c == ':' || c == '-' || c == ' ';             /* TM */
        case 27: return digit || c == '.';                                                 /* UI */
        }
        return 1;
    }
    /* One bit per VR with a repertoire of its own, for each byte that the VR permits; filled on import, as is the above. */
    static uint32_t PERMITTED[256];
    static void fill_tables(void) {
        memset(VR_NUMBERS, UNKNOWN_VR, sizeof(VR_NUMBERS));
        for (int n = 0; n < UNKNOWN_VR; n++)
            VR_NUMBERS[26 * (VR_NAMES[2 * n] - 'A') + VR_NAMES[2 * n + 1] - 'A'] = (unsigned char)n;
        for (int c = 0; c < 256; c++)
            for (int n = 0; n < 32; n++)
                if (permitted(n, (unsigned char)c)) PERMITTED[c] |= (uint32_t)1 << n;
    }
    """
    const uint32_t* PERMITTED
    void fill_tables()
    int vr_number(uint16_t vr) nogil
    const signed char* WIDTH
    const unsigned char* LONGEST
    int single(int n) nogil
    uint16_t VR_UN "VR2('U','N')"

cdef enum:
    NUMBER_UN = 29
    NUMBER_UI = 27
    NUMBER_AE = 0
    NUMBER_CS = 3
    NUMBER_OB = 12           # OB OD OF OL OV OW: VM 1, whatever their length
    NUMBER_OW = 17

cdef int FIRST_YEAR = 1850
cdef uint32_t PIXEL_GROUP = 0x7FE0
cdef uint32_t CHARACTER_SET = 0x00080005
cdef uint32_t CODING_SCHEME = 0x00080102
cdef uint32_t CODE_MEANING = 0x00080104
cdef uint32_t VALUE_TYPE = 0x0040A040
cdef uint32_t CONCEPT_NAME = 0x0040A043
cdef uint32_t LAST_OF_META = 0x00020013       # Implementation Version Name

fill_tables()

VRS = ("AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "LT", "OB", "OD", "OF", "OL", "OV", "OW", "PN", "SH",
       "SL", "SQ", "SS", "ST", "SV", "TM", "UC", "UI", "UL", "UN", "UR", "US", "UT", "UV")


# --- edits ------------------------------------------------------------------------------------------------------------

cdef int64_t arena_put(Table* t, const void* data, int64_t length) noexcept nogil:
    """Copy `length` bytes into the arena; their offset, or -1 when memory is out."""
    cdef int64_t capacity = t.arena_capacity if t.arena_capacity > 0 else 16384
    cdef uint8_t* grown
    while capacity < t.arena_used + length:
        capacity *= 2
    if capacity != t.arena_capacity:
        grown = <uint8_t*>realloc(t.arena, capacity)
        if grown == NULL:
            return -1
        t.arena = grown
        t.arena_capacity = capacity
    if length > 0:
        memcpy(t.arena + t.arena_used, data, length)
    t.arena_used += length
    return t.arena_used - length


cdef struct Rules:
    const Entry* entries
    const uint32_t* keys
    const int32_t* values
    uint32_t mask
    const uint64_t* pair_keys     # (tag of the sequence << 32 | tag), rising
    const int32_t* pair_values
    int32_t pairs
    const Span* dummies           # by VR number, then those of single attributes
    const uint8_t* dummy_bytes
    const uint32_t* repeating     # (mask, match, entry) triples
    int32_t repeating_count
    const Path* paths             # the longest first
    const uint32_t* path_tags
    int32_t path_count
    const uint64_t* private_keys  # (number of the creator << 24 | group << 8 | low byte of the element), rising
    const int32_t* private_values
    int32_t privates
    const Span* creators
    const uint8_t* creator_bytes
    int32_t creator_count


cdef class RuleTable:
    """The compiled rules of one policy and SOP Class: arrays that are checked and taken once, and read by every call."""
    cdef Rules rules
    cdef tuple kept

    def __init__(self, const uint8_t[::1] entries, const uint32_t[::1] keys, const int32_t[::1] values,
                 const uint32_t[::1] repeating, const uint64_t[::1] pair_keys, const int32_t[::1] pair_values,
                 const uint32_t[::1] paths, const uint32_t[::1] path_tags,
                 const uint64_t[::1] private_keys, const int32_t[::1] private_values,
                 const int32_t[::1] creators, const uint8_t[::1] creator_bytes,
                 const int32_t[::1] dummies, const uint8_t[::1] dummy_bytes):
        cdef Py_ssize_t i, places = entries.shape[0] // sizeof(Entry)
        if keys.shape[0] == 0 or keys.shape[0] & (keys.shape[0] - 1) or keys.shape[0] != values.shape[0]:
            raise ValueError("a tag index has a power of two of slots")
        if (pair_keys.shape[0] != pair_values.shape[0] or private_keys.shape[0] != private_values.shape[0]
                or repeating.shape[0] % 3 or paths.shape[0] % 4 or creators.shape[0] % 2 or dummies.shape[0] % 2
                or dummies.shape[0] < 2 * (len(VRS) + 1)):
            raise ValueError("arrays of unequal length")
        within(values, places - 1)
        within(pair_values, places)
        within(private_values, places)
        for i in range(2, repeating.shape[0], 3):
            if repeating[i] >= <uint32_t>places:
                raise ValueError("an index past the entries")
        for i in range(0, paths.shape[0], 4):
            if paths[i + 1] >= <uint32_t>places or <uint64_t>paths[i + 2] + paths[i + 3] > <uint64_t>path_tags.shape[0]:
                raise ValueError("a path past its tags or the entries")
        spans(creators, creator_bytes.shape[0])
        spans(dummies, dummy_bytes.shape[0])
        self.kept = (entries, keys, values, repeating, pair_keys, pair_values, paths, path_tags, private_keys, private_values,
                     creators, creator_bytes, dummies, dummy_bytes)
        self.rules.entries = <const Entry*>&entries[0]
        for i in range(places):
            if self.rules.entries[i].dummy >= dummies.shape[0] // 2:
                raise ValueError("an index past the dummies")
        self.rules.keys = &keys[0]
        self.rules.values = &values[0]
        self.rules.mask = <uint32_t>(keys.shape[0] - 1)
        self.rules.repeating_count = <int32_t>(repeating.shape[0] // 3)
        self.rules.repeating = &repeating[0] if self.rules.repeating_count > 0 else NULL
        self.rules.pairs = <int32_t>pair_keys.shape[0]
        self.rules.pair_keys = &pair_keys[0] if self.rules.pairs > 0 else NULL
        self.rules.pair_values = &pair_values[0] if self.rules.pairs > 0 else NULL
        self.rules.path_count = <int32_t>(paths.shape[0] // 4)
        self.rules.paths = <const Path*>&paths[0] if self.rules.path_count > 0 else NULL
        self.rules.path_tags = &path_tags[0] if path_tags.shape[0] > 0 else NULL
        self.rules.privates = <int32_t>private_keys.shape[0]
        self.rules.private_keys = &private_keys[0] if self.rules.privates > 0 else NULL
        self.rules.private_values = &private_values[0] if self.rules.privates > 0 else NULL
        self.rules.creator_count = <int32_t>(creators.shape[0] // 2)
        self.rules.creators = <const Span*>&creators[0] if self.rules.creator_count > 0 else NULL
        self.rules.creator_bytes = &creator_bytes[0] if creator_bytes.shape[0] > 0 else NULL
        self.rules.dummies = <const Span*>&dummies[0]
        self.rules.dummy_bytes = &dummy_bytes[0]


cdef within(const int32_t[::1] numbers, Py_ssize_t limit):
    """Raise unless every number is in [0, limit)."""
    cdef Py_ssize_t i
    for i in range(numbers.shape[0]):
        if not 0 <= numbers[i] < limit:
            raise ValueError("an index past the entries")


cdef spans(const int32_t[::1] pairs, Py_ssize_t size):
    """Raise unless every (offset, length) lies in `size` bytes."""
    cdef Py_ssize_t i
    for i in range(0, pairs.shape[0], 2):
        if pairs[i] < 0 or pairs[i + 1] < 0 or <int64_t>pairs[i] + pairs[i + 1] > size:
            raise ValueError("a span past its bytes")


cdef int32_t search(const uint64_t* keys, const int32_t* values, int32_t count, uint64_t key) noexcept nogil:
    """Value of `key` among rising keys; -1 if it is not there."""
    cdef int32_t low = 0, high = count - 1, middle
    while low <= high:
        middle = (low + high) >> 1
        if keys[middle] == key:
            return values[middle]
        if keys[middle] < key:
            low = middle + 1
        else:
            high = middle - 1
    return -1


cdef bint lies_in(const Rules* rules, const Path* path, const Table* t, const Row* row) noexcept nogil:
    """Whether the innermost sequences around a row are those of the path."""
    cdef uint32_t i
    cdef int32_t item = row.parent, sequence
    for i in range(path.count):
        if item < 0:
            return False
        sequence = t.rows[item].parent
        if t.rows[sequence].tag != rules.path_tags[path.offset + i]:
            return False
        item = t.rows[sequence].parent
    return True


cdef int32_t find_entry(const Rules* rules, const Table* t, const Row* row) noexcept nogil:
    """Entry of a row: exact tag, a repeating group, or the pair of enclosing sequence and tag; -1 if the plan does not know it."""
    cdef int32_t found = find_tag(rules.keys, rules.values, rules.mask, row.tag), i, paired
    if found < 0:
        for i in range(rules.repeating_count):
            if row.tag & rules.repeating[3 * i] == rules.repeating[3 * i + 1]:
                return <int32_t>rules.repeating[3 * i + 2]
        return -1
    if row.depth == 0:
        return found
    if rules.entries[found].marks & PATHED:
        for i in range(rules.path_count):
            if rules.paths[i].tag == row.tag and lies_in(rules, &rules.paths[i], t, row):
                return <int32_t>rules.paths[i].entry
    if not rules.entries[found].nested:
        return found
    paired = search(rules.pair_keys, rules.pair_values, rules.pairs,
                    <uint64_t>t.rows[t.rows[row.parent].parent].tag << 32 | row.tag)
    return paired if paired >= 0 else found + 1     # the entry behind is for sequences that PS3.3 gives no Type to


cdef inline bint asks_for(const Entry* entry, uint16_t vr) noexcept nogil:
    cdef int number = vr_number(vr)
    return number < 32 and entry.asked >> number & 1


cdef inline bint is_private_data(uint32_t tag) noexcept nogil:
    """Whether a tag is that of a private element, and not of a Private Creator."""
    return tag >> 16 & 1 and tag & 0xFFFF >= 0x1000


cdef int32_t creator_number(const Rules* rules, const Table* t, const Row* creator) noexcept nogil:
    """Number of a Private Creator that some rule names, byte for byte but for padding (PS3.5 7.8.1); -1 for any other."""
    cdef const uint8_t* p = resident(t, creator.value, creator.length)
    cdef int64_t n = creator.length
    cdef int32_t i
    if p == NULL:
        return -1
    while n > 0 and (p[n - 1] == 32 or p[n - 1] == 0):
        n -= 1
    while n > 0 and p[0] == 32:
        p += 1
        n -= 1
    for i in range(rules.creator_count):
        if rules.creators[i].length == n and memcmp(rules.creator_bytes + rules.creators[i].offset, p, n) == 0:
            return i
    return -1


cdef int set_value(Table* t, Edit* edit, const void* data, int64_t length) noexcept nogil:
    edit.op = REPLACE
    edit.data = arena_put(t, data, length)
    edit.size = length
    return 0 if edit.data >= 0 else -1


cdef int deny(Table* t, int32_t index, const Entry* entry, const Rules* rules, int act, int32_t rule) noexcept nogil:
    """Remove, empty or replace a row by a constant; -1 when memory is out."""
    cdef Edit* edit = &t.edits[index]
    cdef int number
    edit.rule = rule
    if act == ACT_REMOVE:
        edit.op = REMOVE
        edit.action = c'X'
        return 0
    if act == ACT_DUMMY and t.rows[index].flags & SEQUENCE:
        edit.op = KEEP
        return 0
    if act == ACT_EMPTY:
        edit.action = c'Z'
        return set_value(t, edit, NULL, 0)
    number = vr_number(t.rows[index].vr)
    if entry != NULL and (number == NUMBER_UN or number == vr_number(entry.vr)):
        number = entry.dummy if entry.dummy >= 0 else vr_number(entry.vr)
    edit.action = c'D'
    return set_value(t, edit, rules.dummy_bytes + rules.dummies[number].offset, rules.dummies[number].length)


# --- what stays is checked --------------------------------------------------------------------------------------------

cdef int64_t before_nul(const uint8_t* p, int64_t n) noexcept nogil:
    """Length up to the first NUL if anything but padding follows it, else n."""
    cdef const uint8_t* nul = <const uint8_t*>memchr(p, 0, n)
    cdef const uint8_t* q
    if nul == NULL:
        return n
    q = nul
    while q < p + n:
        if q[0] != 0 and q[0] != 32:
            return nul - p
        q += 1
    return n


cdef bint text_holds(const uint8_t* p, int64_t n, int number, int32_t vm_max) noexcept nogil:
    """Repertoire, length and number of the values of a text VR."""
    cdef int64_t i, begin = 0
    cdef int32_t values = 1
    cdef uint32_t bit = <uint32_t>1 << (number & 31)
    while n > 0 and (p[n - 1] == 0 or p[n - 1] == 32):
        n -= 1
    if LONGEST[number] == 0:                    # any characters, any length: the number of values alone
        return vm_max == 0 or single(number) or memchr(p, c'\\', n) == NULL or free_text_holds(p, n, vm_max)
    for i in range(n):
        if p[i] == c'\\':
            if i - begin > LONGEST[number]:
                return False
            values += 1
            begin = i + 1
        elif not PERMITTED[p[i]] & bit:
            return False
    return n - begin <= LONGEST[number] and (vm_max == 0 or values <= vm_max)


cdef bint free_text_holds(const uint8_t* p, int64_t n, int32_t vm_max) noexcept nogil:
    """Number of the values; not counted where a backslash may be half of a multi-byte character."""
    cdef int64_t i
    cdef int32_t values = 1
    for i in range(n):
        if p[i] >= 0x80 or p[i] == 0x1B:
            return True
        values += p[i] == c'\\'
    return values <= vm_max


cdef int keep(Table* t, int32_t index, const Entry* entry, const Rules* rules) noexcept nogil:
    """Keep a row if its value is what its VR says."""
    cdef Row* row = &t.rows[index]
    cdef Edit* edit = &t.edits[index]
    cdef int number = vr_number(row.vr)
    cdef const uint8_t* p
    cdef int64_t length = row.length
    if number == NUMBER_UN:
        number = vr_number(entry.vr)
    if row.flags & FRAGMENTS or length == 0:
        return 0
    if WIDTH[number] != 0:
        if WIDTH[number] < 0 or (length % WIDTH[number] and number != NUMBER_OW):   # 8-bit pixels in OW, left unpadded
            return deny(t, index, entry, rules, entry.fallback, RULE_VR)
        if entry.vm_max and not NUMBER_OB <= number <= NUMBER_OW and length // WIDTH[number] > entry.vm_max:
            return deny(t, index, entry, rules, entry.fallback, RULE_VR)
        return 0
    p = resident(t, row.value, length)
    if p == NULL:
        return deny(t, index, entry, rules, entry.fallback, RULE_UNSEEN)
    length = before_nul(p, length)
    if not text_holds(p, length, number, entry.vm_max):
        return deny(t, index, entry, rules, entry.fallback, RULE_VR)
    if length != row.length:
        edit.op = RESIZE
        edit.size = length
        edit.action = c'C'
        edit.rule = RULE_NUL
    return 0


cdef bint is_foreign(const Table* t, const Row* row, const Entry* entry) noexcept nogil:
    """Whether a text holds characters that are not ASCII, or escape sequences."""
    cdef const uint8_t* p = resident(t, row.value, row.length)
    cdef int64_t i
    cdef uint8_t high = 0, escapes = 0
    for i in range(row.length):         # without an early end, so that the compiler takes many bytes at once
        high |= p[i]
        escapes |= p[i] == 0x1B
    return high >= 0x80 or escapes


cdef bint digits(const uint8_t* p, int64_t n) noexcept nogil:
    cdef int64_t i
    for i in range(n):
        if p[i] < c'0' or p[i] > c'9':
            return False
    return True


cdef int number_of(const uint8_t* p, int64_t n) noexcept nogil:
    """Value of n digits; -1 if they are none."""
    cdef int64_t i
    cdef int value = 0
    if not digits(p, n):
        return -1
    for i in range(n):
        value = 10 * value + (p[i] - c'0')
    return value


cdef bint is_date(const uint8_t* p, int64_t n) noexcept nogil:
    """Whether a DA or DT value begins with a year, and a month and a day if it has them: an identifier mostly does not."""
    cdef int64_t i, at = 4
    if n < 4 or n > 26 or number_of(p, 4) < FIRST_YEAR:
        return False
    for i in range(4, n):
        if not (digits(p + i, 1) or p[i] == c'.' or p[i] == c'+' or p[i] == c'-'):
            return False
    if n == 10 and p[4] == c'.' and p[7] == c'.':               # as ACR-NEMA wrote it
        return 1 <= number_of(p + 5, 2) <= 12 and 1 <= number_of(p + 8, 2) <= 31
    while at < n and digits(p + at, 1):
        at += 1
    if at % 2 or (at >= 6 and not 1 <= number_of(p + 4, 2) <= 12):
        return False
    return at < 8 or 1 <= number_of(p + 6, 2) <= 31


cdef int64_t year_only(const uint8_t* p, int64_t n, uint8_t* out, int64_t room) noexcept nogil:
    """Each DA or DT value as YYYY0101; bytes written, or -1 if a value is no date."""
    cdef int64_t begin = 0, end, used = 0, stop
    while True:
        end = begin
        while end < n and p[end] != c'\\':
            end += 1
        stop = end
        while stop > begin and (p[stop - 1] == 32 or p[stop - 1] == 0):
            stop -= 1
        if used + 9 > room:
            return -1
        if stop > begin:
            if not is_date(p + begin, stop - begin):
                return -1
            memcpy(out + used, p + begin, 4)
            memcpy(out + used + 4, <const char*>b"0101", 4)
            used += 8
        if end >= n:
            return used
        out[used] = c'\\'
        used += 1
        begin = end + 1


cdef int year(Table* t, int32_t index, const Entry* entry, const Rules* rules) noexcept nogil:
    cdef uint8_t out[1024]
    cdef Row* row = &t.rows[index]
    cdef Edit* edit = &t.edits[index]
    cdef const uint8_t* p = resident(t, row.value, row.length)
    cdef int64_t used
    if row.length == 0:
        return 0
    used = -1 if p == NULL else year_only(p, row.length, out, sizeof(out))
    if used < 0:
        return deny(t, index, entry, rules, entry.fallback, entry.rule)
    if used == row.length and memcmp(out, p, used) == 0:
        return 0
    edit.action = c'C'
    edit.rule = entry.rule
    return set_value(t, edit, out, used)


cdef bint same_but_padding(const uint8_t* p, int64_t n, const char* new, int64_t length) noexcept nogil:
    """Whether a value of n bytes is `new`, or `new` and padding."""
    if length > n or memcmp(p, new, length) != 0:
        return False
    while n > length and (p[n - 1] == 0 or p[n - 1] == 32):
        n -= 1
    return n == length


# --- this patient's own words -----------------------------------------------------------------------------------------

cdef enum:
    WATCH_PIECES = 5         # words before one that are looked at together with it: "MRN-00-12-34"

cdef uint64_t BASE = 0x9E3779B97F4A7C15


cdef inline int kind_of(uint8_t c) noexcept nogil:
    """1 for an ASCII letter, 2 for a digit, 0 for what separates words."""
    if c'0' <= c <= c'9':
        return 2
    return 1 if c'A' <= (c & 0xDF) <= c'Z' else 0


cdef struct Word:
    uint64_t hash       # a polynomial in BASE, so that those of neighbours can be joined without their bytes
    uint64_t power      # BASE to its length
    int64_t length


cdef inline Word hashed(const uint8_t* p, int64_t n) noexcept nogil:
    """Hash of n letters and digits without regard to case."""
    cdef Word word
    cdef int64_t i
    word.hash = 0
    word.power = 1
    word.length = n
    for i in range(n):
        word.hash = word.hash * BASE + (p[i] | 0x20)
        word.power *= BASE
    return word


cdef class Watch:
    """Words that must not stand in any text that stays: a set of hashes, since a needless hit costs one value and no more.

    Letters and digits are words of their own, and neighbours are looked at as one word too.
    """
    cdef uint64_t* slots      # 0: free
    cdef uint64_t mask
    cdef uint64_t lengths     # one bit for each length, the last one for all from 63 on

    def __cinit__(self, words):
        cdef uint64_t size = 16, h, at
        cdef bytes word
        while size < 2 * <uint64_t>len(words) + 1:
            size *= 2
        self.slots = <uint64_t*>calloc(size, sizeof(uint64_t))
        if self.slots == NULL:
            raise MemoryError
        self.mask = size - 1
        self.lengths = 0
        for word in words:
            h = hashed(<const uint8_t*>PyBytes_AS_STRING(word), PyBytes_GET_SIZE(word)).hash | 1
            self.lengths |= <uint64_t>1 << min(<int64_t>PyBytes_GET_SIZE(word), 63)
            at = h >> 32
            while self.slots[at & self.mask] not in (0, h):
                at += 1
            self.slots[at & self.mask] = h

    def __dealloc__(self):
        free(self.slots)

    cdef inline bint holds(self, uint64_t h, int64_t length) noexcept nogil:
        cdef uint64_t at
        if not self.lengths >> min(length, 63) & 1:
            return False
        h |= 1
        at = h >> 32
        while self.slots[at & self.mask] != 0:
            if self.slots[at & self.mask] == h:
                return True
            at += 1
        return False

    cdef bint finds(self, const uint8_t* p, int64_t n) noexcept nogil:
        """Whether one of the words is in n bytes of text."""
        cdef Word before[WATCH_PIECES]      # the last words, joined with all that came after them
        cdef Word word
        cdef int count = 0, i, kind
        cdef int64_t at = 0, end
        if self.lengths == 0:
            return False
        while at < n:
            kind = kind_of(p[at])
            if kind == 0:
                at += 1
                continue
            end = at + 1
            while end < n and kind_of(p[end]) == kind:
                end += 1
            word = hashed(p + at, end - at)
            if self.holds(word.hash, word.length):
                return True
            if count == WATCH_PIECES:
                for i in range(WATCH_PIECES - 1):
                    before[i] = before[i + 1]
                count -= 1
            for i in range(count):
                before[i].hash = before[i].hash * word.power + word.hash
                before[i].length += word.length
                if self.holds(before[i].hash, before[i].length):
                    return True
            before[count] = word
            count += 1
            at = end
        return False

    def __contains__(self, bytes text not None):
        return self.finds(<const uint8_t*>PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))


cdef bint is_registered(const Table* t, int32_t item, Watch schemes) noexcept nogil:
    """Whether an item has a Coding Scheme Designator that is registered (PS3.16 8)."""
    cdef int32_t i = item + 1
    cdef const uint8_t* p
    cdef int64_t n
    while i < t.rows[item].after and t.rows[i].tag <= CODING_SCHEME:
        if t.rows[i].tag == CODING_SCHEME:
            n = t.rows[i].length
            p = resident(t, t.rows[i].value, n)
            while p != NULL and n > 0 and (p[n - 1] == 32 or p[n - 1] == 0):
                n -= 1
            return p != NULL and n > 0 and schemes.holds(hashed(p, n).hash, n)
        i = t.rows[i].after
    return False


cdef bint has_many_digits(const uint8_t* p, int64_t n) noexcept nogil:
    cdef int64_t i
    cdef int found = 0
    for i in range(n):
        found += c'0' <= p[i] <= c'9'
    return found >= 6


cdef bint can_name(const Row* row, const Entry* entry) noexcept nogil:
    """Whether the VR of a row holds words: not numbers, dates, UIDs."""
    cdef int number = vr_number(row.vr)
    if number == NUMBER_UN:
        number = vr_number(entry.vr)
    return WIDTH[number] == 0 and (LONGEST[number] == 0 or number in (NUMBER_AE, NUMBER_CS))


cdef inline bint same_bytes(const uint8_t* p, int64_t n, bytes key) noexcept:
    return PyBytes_GET_SIZE(key) == n and memcmp(p, PyBytes_AS_STRING(key), n) == 0


# --- the pass over the rows -------------------------------------------------------------------------------------------

cdef struct Asked:
    int32_t row
    int32_t entry
    int32_t handler
    int32_t rule
    int32_t seen        # handler of the answer in `seen_answers` at the same place


cdef class Decider:
    """Scratch space of one worker; `schemes` are the designators of registered coding schemes, in bytes of any case."""
    cdef Asked* asked
    cdef int32_t asked_count
    cdef int32_t asked_capacity
    cdef int32_t creator         # row of the Private Creator that was looked up last, and its number
    cdef int32_t creator_is
    # What was asked last, and the answers, in order: those of the next file of a series are mostly the same, and comparing is
    # quicker than the memo. They hold for one list of memos, thus for one patient.
    cdef list seen_for
    cdef list seen_keys
    cdef list seen_answers
    cdef Watch watch
    cdef Watch schemes
    cdef readonly bint has_content       # whether the last table has items of a content tree
    cdef readonly bint inner_charsets    # whether an item of the last table has a Specific Character Set of its own

    def __cinit__(self, schemes=()):
        self.schemes = Watch(schemes)
        self.asked = NULL
        self.asked_count = 0
        self.asked_capacity = 0

    def __dealloc__(self):
        free(self.asked)

    cdef int note(self, int32_t row, int32_t entry, int32_t handler, int32_t rule) noexcept nogil:
        cdef Asked* grown
        cdef int32_t capacity
        if self.asked_count == self.asked_capacity:
            capacity = 128 if self.asked_capacity == 0 else 2 * self.asked_capacity
            grown = <Asked*>realloc(self.asked, capacity * sizeof(Asked))
            if grown == NULL:
                return -1
            self.asked = grown
            self.asked_capacity = capacity
        self.asked[self.asked_count].row = row
        self.asked[self.asked_count].entry = entry
        self.asked[self.asked_count].handler = handler
        self.asked[self.asked_count].rule = rule
        self.asked_count += 1
        return 0

    cdef int decide(self, Table* t, const Rules* rules) noexcept nogil:
        """One pass in file order; a removed or replaced sequence is stepped over whole. -1 when memory is out."""
        cdef int32_t i = t.meta, at
        cdef Row* row
        cdef Edit* edit
        cdef const Entry* entry
        cdef int act
        t.arena_used = 0
        self.asked_count = 0
        self.creator = -1
        self.inner_charsets = self.has_content = False
        memset(t.edits, 0, t.count * sizeof(Edit))
        for i in range(t.meta):             # written anew as a whole; what has no place in it is gone
            t.edits[i].op = REMOVE
            t.edits[i].action = 0 if t.rows[i].tag <= LAST_OF_META else c'X'
            t.edits[i].rule = RULE_META
        i = t.meta
        while i < t.count:
            row = &t.rows[i]
            edit = &t.edits[i]
            if row.flags & ITEM:
                i += 1
                continue
            edit.pad = 32 if WIDTH[vr_number(row.vr)] == 0 and vr_number(row.vr) != NUMBER_UI else 0
            if row.depth > 0:
                self.inner_charsets |= row.tag == CHARACTER_SET
                self.has_content |= row.tag == VALUE_TYPE or row.tag == CONCEPT_NAME
            if row.tag & 0xFFFF == 0:
                deny(t, i, NULL, rules, ACT_REMOVE, RULE_GROUP_LENGTH)
            elif row.tag >> 16 & 1:
                at = self.find_private(t, row, rules)
                if at < 0:
                    deny(t, i, NULL, rules, ACT_REMOVE, RULE_PRIVATE)
                elif self.apply(t, i, at, rules) < 0:
                    return -1
            else:
                at = find_entry(rules, t, row)
                if at < 0 or (row.depth > 0 and row.tag >> 16 == PIXEL_GROUP):
                    deny(t, i, NULL, rules, ACT_REMOVE, RULE_UNKNOWN)
                elif self.apply(t, i, at, rules) < 0:
                    return -1
            if edit.op == KEEP and row.flags & SEQUENCE:
                i += 1
            else:
                i = row.after
        return 0

    cdef int32_t find_private(self, const Table* t, const Row* row, const Rules* rules) noexcept nogil:
        """Entry of a private element in a block of a creator that some rule names; -1 for any other, and for creators."""
        if rules.privates == 0 or row.creator < 0 or not is_private_data(row.tag):
            return -1
        if row.creator != self.creator:
            self.creator = row.creator
            self.creator_is = creator_number(rules, t, &t.rows[row.creator])
        if self.creator_is < 0:
            return -1
        return search(rules.private_keys, rules.private_values, rules.privates,
                      <uint64_t>self.creator_is << 24 | <uint64_t>(row.tag >> 16) << 8 | (row.tag & 0xFF))

    cdef void keep_creators(self, Table* t) noexcept nogil:
        """A Private Creator stays where an element of its block does."""
        cdef int32_t i
        cdef Edit* edit
        for i in range(t.meta, t.count):
            if t.rows[i].creator >= 0 and is_private_data(t.rows[i].tag) and t.edits[i].op != REMOVE:
                edit = &t.edits[t.rows[i].creator]
                edit.op = KEEP
                edit.action = 0

    cdef int apply(self, Table* t, int32_t index, int32_t at, const Rules* rules) noexcept nogil:
        cdef Row* row = &t.rows[index]
        cdef const Entry* entry = &rules.entries[at]
        cdef int act = entry.act
        if act <= ACT_DUMMY and act != ACT_KEEP:
            return deny(t, index, entry, rules, act, entry.rule)
        if row.vr != VR_UN and not entry.vrs >> vr_number(row.vr) & 1:
            return deny(t, index, entry, rules, entry.fallback, RULE_VR)
        if row.flags & SEQUENCE:
            return 0                    # its contents decide
        if act == ACT_KEEP and not (entry.asked and asks_for(entry, row.vr)):
            if keep(t, index, entry, rules) < 0:
                return -1
            return self.read(t, index, at, rules) if t.edits[index].op in (KEEP, RESIZE) and can_name(row, entry) else 0
        if act == ACT_YEAR:
            return year(t, index, entry, rules)
        return self.note(index, at, entry.handler, entry.rule)

    cdef int read(self, Table* t, int32_t index, int32_t at, const Rules* rules) noexcept nogil:
        """Look at the text of a row that stays."""
        cdef Row* row = &t.rows[index]
        cdef const Entry* entry = &rules.entries[at]
        cdef const uint8_t* p = resident(t, row.value, row.length)
        if p == NULL or row.length == 0:
            return 0
        if entry.marks & WATCHED and self.watch is not None and self.watch.finds(p, row.length):
            t.edits[index].op = KEEP
            return deny(t, index, entry, rules, entry.fallback, RULE_OWN)
        if (entry.marks & CODED and (row.parent < 0 or not is_registered(t, row.parent, self.schemes))
                and (row.tag == CODE_MEANING or has_many_digits(p, row.length))):
            if entry.handler == TEXT_HANDLER:
                t.edits[index].op = KEEP
                return deny(t, index, entry, rules, entry.fallback, RULE_CODE)
            return self.note(index, at, entry.handler, RULE_CODE)
        if is_foreign(t, row, entry):
            return self.note(index, at, TEXT_HANDLER, RULE_CHARSET)
        return 0

    def run(self, capsule, RuleTable rules not None, list memos, tuple handlers, Watch watch=None):
        """Fill the edits of the table behind `capsule`.

        No text that stays holds a word of `watch`. `memos[h]` is a dict value -> new value that handler h's answers are kept
        in; an answer of None means that the entry's
        fallback applies, one equal to the value but for padding that the element stays.
        """
        cdef Table* t = <Table*>PyCapsule_GetPointer(capsule, CAPSULE_NAME)
        cdef int status
        self.watch = watch
        with nogil:
            status = self.decide(t, &rules.rules)
        if status < 0:
            raise MemoryError
        self.answer(t, &rules.rules, memos, handlers, None)
        if rules.rules.privates > 0:
            self.keep_creators(t)

    def again(self, capsule, RuleTable rules not None, list memos, tuple handlers, const uint8_t[::1] chosen not None):
        """Ask anew for the rows of the last table that `chosen` has a 1 for: their text is in another character set."""
        cdef Table* t = <Table*>PyCapsule_GetPointer(capsule, CAPSULE_NAME)
        if chosen.shape[0] != t.count:
            raise ValueError("a byte for each row")
        self.answer(t, &rules.rules, memos, handlers, chosen)
        if rules.rules.privates > 0:
            self.keep_creators(t)

    def find(self, capsule, tuple tags not None):
        """(tag, row, parent) of the rows, in file order, whose tag is among `tags` and that nothing removed holds."""
        cdef Table* t = <Table*>PyCapsule_GetPointer(capsule, CAPSULE_NAME)
        cdef uint32_t wanted[8]
        cdef int32_t i = t.meta
        cdef int k, n = 0
        if len(tags) > 8:
            raise ValueError("at most 8 tags")
        for tag in tags:
            wanted[n] = tag
            n += 1
        found = []
        while i < t.count:
            if t.edits[i].op == REMOVE or (t.edits[i].op != KEEP and t.rows[i].flags & SEQUENCE):
                i = t.rows[i].after
                continue
            for k in range(n):
                if t.rows[i].tag == wanted[k]:
                    found.append((t.rows[i].tag, i, t.rows[i].parent))
            i += 1
        return found

    def replace(self, capsule, int32_t row, uint8_t action, int32_t rule, bytes data):
        """Decide one row anew: another value, its own value (then it stays), or None to remove the element or item."""
        cdef Table* t = <Table*>PyCapsule_GetPointer(capsule, CAPSULE_NAME)
        cdef Edit* edit
        cdef const uint8_t* p
        if not t.meta <= row < t.count:
            raise IndexError("no row of the data set")
        edit = &t.edits[row]
        edit.action = action
        edit.rule = rule
        if data is None:
            edit.op = REMOVE
            return
        if t.rows[row].flags & (SEQUENCE | ITEM | FRAGMENTS):
            raise ValueError("a row without a value of its own")
        p = resident(t, t.rows[row].value, t.rows[row].length)
        if p != NULL and same_but_padding(p, t.rows[row].length, PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data)):
            edit.op = KEEP
            edit.action = 0
        elif set_value(t, edit, PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data)) < 0:
            raise MemoryError

    cdef int remember(self, int32_t place, bytes key, new) except -1:
        if place < len(self.seen_keys):
            self.seen_keys[place] = key
            self.seen_answers[place] = new
        elif place == len(self.seen_keys):
            self.seen_keys.append(key)
            self.seen_answers.append(new)
        else:
            return 0        # one before it was not asked
        self.asked[place].seen = self.asked[place].handler
        return 0

    cdef int answer(self, Table* t, const Rules* rules, list memos, tuple handlers, const uint8_t[::1] chosen) except -1:
        """Ask for each noted row: the memo first, then its handler."""
        cdef int32_t i
        cdef Row* row
        cdef Edit* edit
        cdef const Entry* entry
        cdef Asked* asked
        cdef const uint8_t* p
        cdef PyObject* hit
        cdef dict memo
        cdef Py_ssize_t known = min(len(memos), len(handlers))
        if memos is not self.seen_for:
            self.seen_for = memos
            self.seen_keys = []
            self.seen_answers = []
        for i in range(self.asked_count):
            asked = &self.asked[i]
            if chosen is not None:
                if not chosen[asked.row]:
                    continue
                t.edits[asked.row].op = KEEP
                t.edits[asked.row].action = 0
            row = &t.rows[asked.row]
            edit = &t.edits[asked.row]
            entry = &rules.entries[asked.entry]
            p = resident(t, row.value, row.length)
            if p == NULL:
                if deny(t, asked.row, entry, rules, entry.fallback, RULE_UNSEEN) < 0:
                    raise MemoryError
                continue
            if asked.handler >= known:
                raise ValueError("a handler that is not there")
            key = self.seen_keys[i] if i < len(self.seen_keys) and asked.seen == asked.handler else None
            if key is not None and same_bytes(p, row.length, <bytes>key):
                new = self.seen_answers[i]
            else:
                key = PyBytes_FromStringAndSize(<const char*>p, row.length)
                memo = <dict>memos[asked.handler]
                hit = PyDict_GetItem(memo, key)
                if hit != NULL:
                    new = <object>hit
                else:
                    new = handlers[asked.handler](key)
                    memo[key] = new
                self.remember(i, key, new)
            if new is None:
                if deny(t, asked.row, entry, rules, entry.fallback, asked.rule) < 0:
                    raise MemoryError
            elif not same_but_padding(p, row.length, PyBytes_AS_STRING(<bytes?>new), PyBytes_GET_SIZE(new)):
                edit.action = c'C' if asked.rule == RULE_CHARSET or asked.rule == RULE_CODE else entry.letter
                edit.rule = asked.rule
                if set_value(t, edit, PyBytes_AS_STRING(new), PyBytes_GET_SIZE(new)) < 0:
                    raise MemoryError
        return 0
