# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, freethreading_compatible=True, autotestdict=False
"""Gives a file its final name in one call that never replaces another file (renameat2 with RENAME_NOREPLACE)."""
from libc.errno cimport errno

cdef extern from *:
    """
    #ifndef _GNU_SOURCE
    #define _GNU_SOURCE
    #endif
    #include <errno.h>
    #include <fcntl.h>
    #include <sys/syscall.h>
    #include <unistd.h>
    static int rename_if_free(const char *from, const char *to) {
    #ifdef SYS_renameat2
        return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 1u /* RENAME_NOREPLACE */);
    #else
        errno = ENOSYS;
        return -1;
    #endif
    }
    """
    int rename_if_free(const char* source, const char* target) nogil


def rename_new(bytes source not None, bytes target not None):
    """Rename `source` to `target` unless there is one; 0, or the errno: EEXIST where it is taken, EINVAL or ENOSYS where the
    file system or kernel cannot do it so."""
    cdef const char* a = source
    cdef const char* b = target
    cdef int failed
    if 0 in source or 0 in target:
        raise ValueError("a path holds a NUL")
    with nogil:
        failed = rename_if_free(a, b)
    return errno if failed else 0
