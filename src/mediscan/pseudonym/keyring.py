"""The project key: loads the secret and hands out keyed functions, never the secret itself.

Every function is keyed BLAKE2b (RFC 7693), separated by kind through BLAKE2b's personalisation and unambiguous
through a length before each part. There is no unkeyed mode.
"""

import os
import secrets
import stat

from mediscan._native.keyed import Keyed
from mediscan.errors import KeyFileError

KEY_BYTES = 32
_PERSON_BYTES, _DIGEST_BYTES = 16, 64


class Key:
    """A project key of 32 random bytes.

    Parameters
    ----------
    secret : bytes
        Exactly `KEY_BYTES` bytes.

    Raises
    ------
    KeyFileError
        If the length is another.
    """

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise KeyFileError(f"a project key has {KEY_BYTES} bytes")
        self._secret = secret

    @classmethod
    def random(cls) -> "Key":
        """Draw a key from the system's generator."""
        return cls(secrets.token_bytes(KEY_BYTES))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Key":
        """Read a key file; refuse one that others may read.

        Raises
        ------
        KeyFileError
            If it is missing, of another size, or open to group or others.
        """
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            raise KeyFileError(f"the key file cannot be opened: {error.strerror}") from None
        try:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode) or status.st_mode & 0o077:
                raise KeyFileError("the key file must be a regular file that only its owner may read (chmod 600)")
            return cls(os.read(fd, KEY_BYTES + 1))
        finally:
            os.close(fd)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the key to a new file, mode 0600.

        Raises
        ------
        KeyFileError
            If the file is there already or cannot be made.
        """
        try:
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise KeyFileError(f"the key file cannot be made: {error.strerror}") from None
        with open(fd, "wb") as file:
            file.write(self._secret)
            file.flush()
            os.fsync(fd)

    def function(self, kind: str, size: int = 16) -> Keyed:
        """Give a keyed function of any number of byte strings.

        Parameters
        ----------
        kind : str
            What it is for; functions of different kinds have nothing in common. At most 16 ASCII characters.
        size : int
            Bytes of its result, at least 12: shorter pseudonyms merge people.
        """
        if not 12 <= size <= _DIGEST_BYTES or not 0 < len(kind.encode("ascii")) <= _PERSON_BYTES:
            raise ValueError("size or kind out of range")
        return Keyed(self._secret, kind.encode("ascii"), size)

    @property
    def fingerprint(self) -> str:
        """A public name of the key (32 hex digits) by which two runs can be told to share it."""
        return self.function("fingerprint")(b"mediscan").hex()

    def __repr__(self) -> str:
        return f"Key(fingerprint={self.fingerprint!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and secrets.compare_digest(self._secret, other._secret)

    def __hash__(self) -> int:
        return hash(self.fingerprint)
