# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, freethreading_compatible=True, autotestdict=False
"""The folder that outputs go to, held open so that names in it are found without its path; and a file's final name, given in
one call that never replaces another file (renameat2 with RENAME_NOREPLACE)."""
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
    static int rename_if_free(int folder, const char *from, const char *to) {
    #ifdef SYS_renameat2
        return (int)syscall(SYS_renameat2, folder, from, folder, to, 1u /* RENAME_NOREPLACE */);
    #else
        errno = ENOSYS;
        return -1;
    #endif
    }
    static int open_folder(const char *path) { return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC); }
    """
    int rename_if_free(int folder, const char* source, const char* target) nogil
    int open_folder(const char* path) nogil
    int close_folder "close"(int fd) nogil


cdef class Folder:
    """A folder that is there; OSError if it is not."""
    cdef readonly int fd

    def __cinit__(self, bytes path not None):
        cdef const char* name = path
        cdef int number
        self.fd = -1
        if 0 in path:
            raise ValueError("a path holds a NUL")
        with nogil:
            self.fd = open_folder(name)
            number = errno
        if self.fd < 0:
            raise OSError(number, "the folder cannot be opened")

    def __dealloc__(self):
        if self.fd >= 0:
            close_folder(self.fd)


def rename_new(int folder, bytes source not None, bytes target not None):
    """Rename `source` to `target`, both in `folder`, unless there is one; 0, or the errno: EEXIST where it is taken, EINVAL or
    ENOSYS where the file system or kernel cannot do it so."""
    cdef const char* a = source
    cdef const char* b = target
    cdef int failed
    if 0 in source or 0 in target:
        raise ValueError("a path holds a NUL")
    with nogil:
        failed = rename_if_free(folder, a, b)
    return errno if failed else 0
