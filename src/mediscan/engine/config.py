"""What a run is asked to do."""

import os
from dataclasses import dataclass, field

from mediscan.codec.part10 import Limits
from mediscan.errors import DestinationError

DIGESTS = ("blake3", "sha256", "none")
LAYOUTS = ("uid", "mirror", "media")
PIXELS = ("detect", "rules", "off")


@dataclass(frozen=True, slots=True)
class RunConfig:
    """Settings of one run; every path absolute.

    Attributes
    ----------
    sources : tuple of bytes
        Folders and files; a link that somebody named is resolved before, one found in a folder is never followed.
    dest, ledger : str
        Output tree and ledger; the ledger lies outside the tree.
    workers : int
        Processes; 0 runs everything in this one.
    layout : str
        ``uid`` (patient/study/series/instance), ``mirror`` (the source's shape), or ``media`` (like ``uid`` in names of
        eight characters, as PS3.10 8.2 has them).
    digest : str
        ``blake3``, ``sha256`` or ``none``: digest of each output file.
    digest_source : bool
        Whether inputs are digested too, with the same function (BLAKE3 when that is ``none``).
    pixels : str
        ``detect``, ``rules`` or ``off``.
    dry_run : bool
        Decide everything, write no DICOM.
    limits : Limits
        Budgets of each input.
    dicomdir : bool
        Write a DICOMDIR for the output tree; asks for layout ``media``.
    """

    sources: tuple[bytes, ...]
    dest: str
    ledger: str
    workers: int = 1
    layout: str = "uid"
    digest: str = "blake3"
    digest_source: bool = False
    pixels: str = "detect"
    dry_run: bool = False
    limits: Limits = field(default_factory=Limits)
    dicomdir: bool = False

    def check_apart(self) -> None:
        """Refuse places that would mix input, output and ledger.

        Raises
        ------
        DestinationError
            If one lies in another, a source does not exist, or a DICOMDIR is asked for that could not name the outputs.
        """
        if self.dicomdir and self.layout != "media":
            raise DestinationError("a DICOMDIR names files by File IDs of eight characters (PS3.10 8.2): add --layout media")
        dest, ledger = os.path.realpath(self.dest), os.path.realpath(self.ledger)
        if _inside(ledger, dest) or _inside(dest, ledger):
            raise DestinationError("the ledger and the destination must lie beside one another")
        for source in self.sources:
            real = os.path.realpath(os.fsdecode(source))
            if not os.path.lexists(real):
                raise DestinationError("a source does not exist")
            if any(_inside(place, real) or _inside(real, place) for place in (dest, ledger)):
                raise DestinationError("source, destination and ledger must not lie in one another")

    def check_places(self) -> None:
        """Refuse places that a run cannot start in.

        Raises
        ------
        DestinationError
            As `check_apart`; and if the destination is no folder, or it or the ledger hold something already.
        """
        self.check_apart()
        dest, ledger = os.path.realpath(self.dest), os.path.realpath(self.ledger)
        if any(os.path.lexists(place) and not os.path.isdir(place) for place in (dest, ledger)):
            raise DestinationError("the destination and the ledger must be folders")
        if os.path.exists(os.path.join(ledger, "files")) and not os.path.exists(os.path.join(ledger, "run.json")):
            raise DestinationError(
                "an unfinished run left this ledger; --restart forgets it and starts over (--resume is not built yet)"
            )
        if os.path.exists(os.path.join(ledger, "files")) or (os.path.isdir(dest) and os.listdir(dest)):
            raise DestinationError("destination or ledger hold a run already; --restart forgets it and starts over")


def available_cores() -> int:
    """Cores that this process may use: affinity, and the quota of its control group."""
    cores = len(os.sched_getaffinity(0))
    for path, unlimited in (("/sys/fs/cgroup/cpu.max", "max"), ("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1")):
        try:
            with open(path, encoding="ascii") as file:
                words = file.read().split()
            if len(words) == 1:
                with open("/sys/fs/cgroup/cpu/cpu.cfs_period_us", encoding="ascii") as file:
                    words += file.read().split()
            if words[0] != unlimited:
                cores = min(cores, max(1, int(words[0]) // int(words[1])))
        except (OSError, ValueError, IndexError, ZeroDivisionError):
            continue
    return max(1, cores)


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
