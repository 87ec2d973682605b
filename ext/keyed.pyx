# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, freethreading_compatible=True, autotestdict=False
"""Keyed BLAKE2b of byte strings, a length before each. hashlib's takes the key's own block in anew for every digest, which
doubles the work on a short value; here the state behind that block is kept."""
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memcpy, memset

cdef extern from "blake2b.h" nogil:
    enum:
        BLAKE2B_KEY
        BLAKE2B_PERSON
        BLAKE2B_DIGEST
    ctypedef struct blake2b_state:
        pass
    void blake2b_start(blake2b_state* s, int size, const void* key, int key_length, const uint8_t* person)
    void blake2b_settle(blake2b_state* s)
    void blake2b_absorb(blake2b_state* s, const void* data, size_t n)
    void blake2b_finish(blake2b_state* s, uint8_t* out, int size)

cdef extern from *:
    """
    /* Decimal digits of a big-endian number of 16 bytes, without leading zeros; how many. */
    static int decimal_of(const uint8_t *number, char *out) {
        unsigned __int128 n = 0;
        char digits[39];
        int count = 0;
        for (int i = 0; i < 16; i++) n = n << 8 | number[i];
        do {
            uint64_t low = (uint64_t)(n % 10000000000000000000ULL);
            n /= 10000000000000000000ULL;
            for (int i = 0; i < 19 && (low > 0 || n > 0 || (i == 0 && count == 0)); i++) {
                digits[count++] = (char)('0' + low % 10);
                low /= 10;
            }
        } while (n > 0);
        for (int i = 0; i < count; i++) out[i] = digits[count - 1 - i];
        return count;
    }
    """
    int decimal_of(const uint8_t* number, char* out) nogil


cdef class Keyed:
    """A keyed function of any number of byte strings; the result has `size` bytes."""
    cdef blake2b_state keyless   # nothing taken in but the parameters and, unread, the key
    cdef blake2b_state state     # the key's block worked in
    cdef int size

    def __cinit__(self, bytes key not None, bytes person not None, int size):
        cdef uint8_t padded[16]
        if not (0 < len(key) <= BLAKE2B_KEY and len(person) <= BLAKE2B_PERSON and 0 < size <= BLAKE2B_DIGEST):
            raise ValueError("key, person or size out of range")
        memset(padded, 0, sizeof(padded))
        memcpy(padded, PyBytes_AS_STRING(person), len(person))
        self.size = size
        blake2b_start(&self.keyless, size, PyBytes_AS_STRING(key), <int>len(key), padded)
        self.state = self.keyless
        blake2b_settle(&self.state)

    def __dealloc__(self):
        memset(&self.keyless, 0, sizeof(blake2b_state))
        memset(&self.state, 0, sizeof(blake2b_state))

    cdef void digest(self, tuple parts, uint8_t* out) except *:
        cdef blake2b_state state = self.state if parts else self.keyless
        cdef uint8_t prefix[8]
        cdef uint64_t length
        cdef bytes part
        cdef int i
        for part in parts:
            if part is None:
                raise TypeError("a part is not bytes")
            length = PyBytes_GET_SIZE(part)
            for i in range(8):
                prefix[i] = (length >> (8 * i)) & 0xFF
            blake2b_absorb(&state, prefix, 8)
            blake2b_absorb(&state, PyBytes_AS_STRING(part), length)
        blake2b_finish(&state, out, self.size)

    def __call__(self, *parts):
        cdef uint8_t out[64]
        self.digest(parts, out)
        return PyBytes_FromStringAndSize(<const char*>out, self.size)

    def decimal(self, *parts):
        """The result, of 16 bytes, as a number in decimal digits."""
        cdef uint8_t out[64]
        cdef char digits[39]
        if self.size != 16:
            raise ValueError("not 16 bytes")
        self.digest(parts, out)
        return PyBytes_FromStringAndSize(digits, decimal_of(out, digits))
