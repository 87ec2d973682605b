"""Inputs -> numbered batches. Folders are listed one at a time, by name: numbers are the same on every machine.

Nothing but one folder's names is ever in memory. Symbolic links are not followed: they are inputs that cannot be read,
and so are folders that cannot be listed, so that each gets its row.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter

_MOST_FILES = 1024
_MOST_BYTES = 256 << 20


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


def inputs(source: bytes) -> Iterator[tuple[bytes, bytes, int]]:
    """Yield (root, relative path, bytes or so) of every input under `source`, in a fixed order."""
    if os.path.islink(source) or not os.path.isdir(source):
        yield os.path.dirname(source) + b"/", os.path.basename(source), 0
        return
    root = source.rstrip(b"/") + b"/"
    open_folders = [b""]
    while open_folders:
        folder = open_folders.pop()
        try:
            with os.scandir(root + folder) as listing:
                names = list(_sized(sorted(listing, key=attrgetter("name"))))
        except OSError:
            yield root, folder.rstrip(b"/") or b".", 0
            continue
        subfolders = []
        for name, size in names:
            if size < 0:
                subfolders.append(folder + name + b"/")
            else:
                yield root, folder + name, size
        open_folders += reversed(subfolders)


def _sized(entries: "Iterable[os.DirEntry[bytes]]") -> Iterator[tuple[bytes, int]]:
    """Name and bytes of each entry, -1 for a folder; one file in eight is asked, the others are taken to be like it."""
    size = files = 0
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield entry.name, -1
            continue
        if files % 8 == 0:
            with contextlib.suppress(OSError):
                size = entry.stat(follow_symlinks=False).st_size
        files += 1
        yield entry.name, size


def batches(sources: tuple[bytes, ...]) -> Iterator[Batch]:
    """Cut the inputs of all sources into batches, small ones first so that every worker has work at once.

    A batch is one ledger fragment, and what is done again when a worker dies: it ends at 256 MiB or 1024 inputs.
    """
    number = first = 0
    for source in sources:
        pending: list[bytes] = []
        weight = 0
        most = _most_files(number)
        root = b""
        for root, path, size in inputs(source):
            pending.append(path)
            weight += size
            if len(pending) >= most or weight >= _MOST_BYTES:
                yield Batch(f"{number:08d}", first, root, tuple(pending))
                first += len(pending)
                number += 1
                most = _most_files(number)
                pending, weight = [], 0
        if pending:
            yield Batch(f"{number:08d}", first, root, tuple(pending))
            first += len(pending)
            number += 1


def _most_files(number: int) -> int:
    """8, 8, 64, 64, 512, 512, 1024 ..."""
    return min(8 << 3 * min(number // 2, 3), _MOST_FILES)
