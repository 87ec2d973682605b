"""Inputs -> numbered batches. Folders are listed one at a time, each in order of name, so numbers are the same on every machine.

Nothing but one folder's names is ever in memory. Symbolic links are not followed: they are inputs that cannot be read, and so
are folders that cannot be listed, so that each gets its row.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass

_RAMP = ((4, 16), (8, 64), (16, 256))
_FULL = 1024


@dataclass(frozen=True, slots=True)
class Batch:
    """Inputs handed to a worker at once.

    Attributes
    ----------
    name : str
        Of its ledger fragment.
    first : int
        Number of the first input; the others follow.
    root : bytes
        The SOURCE they lie in, with the separator behind it.
    paths : tuple of bytes
        Relative to `root`; empty for a SOURCE that is itself a file.
    """

    name: str
    first: int
    root: bytes
    paths: tuple[bytes, ...]

    def singles(self) -> "list[Batch]":
        """The same inputs one by one, for finding the one that kills a worker."""
        return [Batch(f"{self.name}.{i:04d}", self.first + i, self.root, (p,)) for i, p in enumerate(self.paths)]


def inputs(source: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield (root, relative path) of every input under `source`, in a fixed order."""
    if os.path.islink(source) or not os.path.isdir(source):
        yield os.path.dirname(source) + b"/", os.path.basename(source)
        return
    root = source.rstrip(b"/") + b"/"
    open_folders = [b""]
    while open_folders:
        folder = open_folders.pop()
        try:
            with os.scandir(root + folder) as listing:
                names = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in listing)
        except OSError:
            yield root, folder.rstrip(b"/") or b"."
            continue
        subfolders = []
        for name, is_folder in names:
            if is_folder:
                subfolders.append(folder + name + b"/")
            else:
                yield root, folder + name
        open_folders += reversed(subfolders)


def batches(sources: tuple[bytes, ...]) -> Iterator[Batch]:
    """Cut the inputs of all sources into batches, small ones first so that every worker has work at once."""
    number = first = 0
    for source in sources:
        pending: list[bytes] = []
        root = b""
        for root, path in inputs(source):
            pending.append(path)
            if len(pending) >= _size(number):
                yield Batch(f"{number:08d}", first, root, tuple(pending))
                first += len(pending)
                number += 1
                pending = []
        if pending:
            yield Batch(f"{number:08d}", first, root, tuple(pending))
            first += len(pending)
            number += 1


def _size(number: int) -> int:
    for until, size in _RAMP:
        if number < until:
            return size
    return _FULL
