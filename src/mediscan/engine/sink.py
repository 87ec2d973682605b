"""Puts an output file in place: whole or not at all, and never over another one."""

import contextlib
import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from enum import Enum, auto
from typing import Any

from mediscan import errors
from mediscan._native.place import Folder, rename_new
from mediscan._native.splice import Splicer, SpliceStatus
from mediscan.errors import RunError

_CHUNK = 1 << 20
_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
TEMPORARY_SUFFIX = ".part"
_SUFFIX = TEMPORARY_SUFFIX.encode()
OUTPUT_SUFFIX = ".dcm"
_SPLICED = int(SpliceStatus.SPLICED)


class Placed(Enum):
    """What became of an output."""

    WRITTEN = auto()
    DUPLICATE = auto()  # the same bytes stand there already
    CONFLICT = auto()  # other bytes stand there already


WRITTEN = Placed.WRITTEN  # looked up once: it is what nearly every file meets


def hasher(digest: str) -> Callable[[], Any] | None:
    """Constructor of a digest with `update` and `hexdigest`; None for ``none``."""
    if digest == "none":
        return None
    if digest == "sha256":
        return hashlib.sha256
    from blake3 import blake3

    return blake3


class Sink:
    """Writes outputs below one folder.

    Parameters
    ----------
    dest : str
        The output tree.
    digest : str
        ``blake3``, ``sha256`` or ``none``.
    """

    def __init__(self, dest: str, digest: str) -> None:
        self._dest = os.fsencode(dest) + b"/"
        self._hasher = hasher(digest)
        self._chunk = memoryview(bytearray(_CHUNK)) if self._hasher else None
        self._serial = 0
        self._prefix = b".%d-" % os.getpid()
        self._path = ""
        self._folder: Folder | None = None  # the one at `_path`: the next output mostly goes there too

    def place(
        self, path: str, splicer: Splicer, whole: bytes | None, fd_in: int, unchanged: Callable[[], bool]
    ) -> tuple[Placed, int, str | None]:
        """Write what `splicer` laid out, or `whole`, to `path` below the destination.

        `unchanged` is asked after the last read of the source, before the file gets its name.

        Returns
        -------
        tuple of Placed, int, str or None
            The outcome, the size in bytes, the digest in hex.

        Raises
        ------
        errors.Refused
            If the source cannot be read to its end, or changed.
        RunError
            If the destination cannot be written.
        """
        parent, _, name = path.rpartition("/")
        final = name.encode("ascii")
        self._serial += 1
        temporary = b"%b%d%b" % (self._prefix, self._serial, _SUFFIX)
        folder = self._open(parent)
        try:
            try:
                digest = self._fill(folder.fd, temporary, splicer, whole, fd_in)
            except FileNotFoundError:  # somebody removed the folder
                folder = self._open(parent, anew=True)
                digest = self._fill(folder.fd, temporary, splicer, whole, fd_in)
            if not unchanged():
                raise errors.ChangedWhileRead()
            return _name(folder.fd, temporary, final), splicer.size if whole is None else len(whole), digest
        except BaseException:
            with contextlib.suppress(OSError):  # whatever hinders this was raised already
                os.unlink(temporary, dir_fd=folder.fd)
            raise

    def _open(self, path: str, *, anew: bool = False) -> Folder:
        """The folder at `path`, made if it is not there."""
        if self._folder is None or anew or path != self._path:
            whole = self._dest + path.encode("ascii")
            try:
                self._folder = Folder(whole)
            except FileNotFoundError:
                self._folder = _make_folder(whole)
            except OSError as error:
                raise _failed(error.errno or errno.EIO) from None
            self._path = path
        return self._folder

    def _fill(self, folder: int, temporary: bytes, splicer: Splicer, whole: bytes | None, fd_in: int) -> str | None:
        """Make the temporary file; its digest. FileNotFoundError if the folder was removed."""
        if whole is None and self._hasher is None:
            status, number = splicer.create(fd_in, folder, temporary)
            if status != _SPLICED:
                raise _not_spliced(status, number)
            return None
        fd_out = _create(folder, temporary)
        digest = self._hasher() if self._hasher else None
        try:
            for chunk in [memoryview(whole)] if whole is not None else self._chunks(splicer, fd_in):
                if digest is not None:
                    digest.update(chunk)
                _write_all(fd_out, chunk)
        finally:
            os.close(fd_out)
        return digest.hexdigest() if digest is not None else None

    def _chunks(self, splicer: Splicer, fd_in: int) -> Iterator[memoryview]:
        """The output in order: literal bytes, and ranges of the source through one reused buffer."""
        assert self._chunk is not None
        with memoryview(splicer) as buffer:
            at = 0
            for literal, offset, length in splicer.pieces:
                if literal:
                    yield buffer[at : at + literal]
                    at += literal
                done = 0
                while done < length:
                    got = os.preadv(fd_in, [self._chunk[: min(_CHUNK, length - done)]], offset + done)
                    if not got:
                        raise errors.ChangedWhileRead(offset + done)
                    yield self._chunk[:got]
                    done += got


def _name(folder: int, temporary: bytes, final: bytes) -> Placed:
    """Give the file its name unless the name is taken."""
    number = rename_new(folder, temporary, final)
    if not number:
        return WRITTEN
    if number in (errno.EINVAL, errno.ENOSYS):  # a file system without it: a hard link never replaces either
        number = _link(folder, temporary, final)
    if number == errno.EEXIST:
        same = _same_bytes(folder, temporary, final)
        os.unlink(temporary, dir_fd=folder)
        return Placed.DUPLICATE if same else Placed.CONFLICT
    if number:
        raise _failed(number)
    return Placed.WRITTEN


def _link(folder: int, temporary: bytes, final: bytes) -> int:
    try:
        os.link(temporary, final, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError as error:
        return error.errno or errno.EIO
    os.unlink(temporary, dir_fd=folder)
    return 0


def _failed(number: int) -> RunError:
    return RunError(f"the destination cannot be written: {os.strerror(number)}")


def _make_folder(path: bytes) -> Folder:
    try:
        os.makedirs(path, mode=0o750, exist_ok=True)
        return Folder(path)
    except OSError as error:
        raise _failed(error.errno or errno.EIO) from None


def _create(folder: int, temporary: bytes) -> int:
    try:
        return os.open(temporary, _WRITE, 0o640, dir_fd=folder)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _failed(error.errno or errno.EIO) from None


def _write_all(fd: int, chunk: memoryview) -> None:
    try:
        while chunk:
            chunk = chunk[os.write(fd, chunk) :]
    except OSError as error:
        raise _failed(error.errno or errno.EIO) from None


def _not_spliced(status: int, number: int) -> Exception:
    if status == SpliceStatus.WRITE_FAILED:
        return FileNotFoundError() if number == errno.ENOENT else _failed(number)
    return errors.ChangedWhileRead() if status == SpliceStatus.SHRANK else errors.Unreadable()


def _same_bytes(folder: int, first: bytes, second: bytes) -> bool:
    with (
        open(os.open(first, _READ, dir_fd=folder), "rb") as a,
        open(os.open(second, _READ, dir_fd=folder), "rb") as b,
    ):
        if os.fstat(a.fileno()).st_size != os.fstat(b.fileno()).st_size:
            return False
        while chunk := a.read(_CHUNK):
            if chunk != b.read(_CHUNK):
                return False
    return True
