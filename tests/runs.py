"""Small instances made by hand, runs over them, and what a run leaves behind: for tests of the engine and the command line."""

import os
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mediscan
from handmade import EXPLICIT_LE, explicit, part10
from mediscan.engine.config import RunConfig
from mediscan.engine.run import Result, execute
from mediscan.ledger import reader
from mediscan.plan.plan import Plan

SECRET = bytes(range(32))
CT = "1.2.840.10008.5.1.4.1.1.2"
ULTRASOUND = "1.2.840.10008.5.1.4.1.1.6.1"
ROOT_UID = "1.2.826.0.1.3680043.10.99"
CLOCKS = ("run_id", "worker", "started_at", "elapsed_us")  # what may differ between two runs that do the same


@dataclass(frozen=True)
class Pair:
    """An input and what was written for it."""

    source: Path
    output: Path
    row: dict[str, Any]

    @property
    def name(self) -> str:
        return self.source.name


def uid(*numbers: int) -> bytes:
    text = ".".join([ROOT_UID, *map(str, numbers)]).encode()
    return text + b"\0" * (len(text) % 2)


def ct(number: int, *, patient: str = "PAT-1", sop_class: str = CT, comment: bytes = b"", pixels: int = 8) -> bytes:
    """A CT slice of `pixels` x `pixels`; `number` tells instances apart, `comment` the contents of two with one UID."""
    kind = sop_class.encode() + b"\0" * (len(sop_class) % 2)
    identifier = patient.encode() + b" " * (len(patient) % 2)
    elements = [
        explicit(0x00080008, "CS", b"ORIGINAL\\PRIMARY\\AXIAL"),  # Image Type
        explicit(0x00080016, "UI", kind),  # SOP Class UID
        explicit(0x00080018, "UI", uid(3, number)),  # SOP Instance UID
        explicit(0x00080020, "DA", b"20190412"),  # Study Date
        explicit(0x00080060, "CS", b"CT"),  # Modality
        explicit(0x00100010, "PN", b"Brzeczyk^Zofia"),  # Patient's Name
        explicit(0x00100020, "LO", identifier),  # Patient ID
        explicit(0x00180022, "CS", comment) if comment else b"",  # Scan Options, which stay
        explicit(0x0020000D, "UI", uid(1)),  # Study Instance UID
        explicit(0x0020000E, "UI", uid(2)),  # Series Instance UID
        explicit(0x00200013, "IS", b"%04d" % number),  # Instance Number
        explicit(0x00280010, "US", struct.pack("<H", pixels)),  # Rows
        explicit(0x00280011, "US", struct.pack("<H", pixels)),  # Columns
        explicit(0x7FE00010, "OW", bytes([number % 256]) * (2 * pixels * pixels)),  # Pixel Data
    ]
    return part10(EXPLICIT_LE, b"".join(elements))


def fill(folder: Path, count: int, **more: Any) -> Path:
    """Put `count` instances into a new folder."""
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:04d}.dcm").write_bytes(ct(number, **more))
    return folder


def plan(secret: bytes = SECRET) -> Plan:
    return mediscan.compile_policy("safe-harbor", key=mediscan.Key(secret))


def run(source: Path, dest: Path, secret: bytes = SECRET, **settings: Any) -> Result:
    """Run over one folder in this process or, with workers, in several."""
    settings.setdefault("workers", 1)
    config = RunConfig((os.fsencode(source),), str(dest), f"{dest}.ledger", **settings)
    return execute(config, plan(secret))


def rows(dest: Path, dataset: str = "files") -> list[dict[str, Any]]:
    """Rows of the ledger beside `dest`, by input."""
    folder = f"{dest}.ledger"
    found = [row for name in reader.fragments(folder) for row in reader.read(folder, dataset, name).to_pylist()]
    return sorted(found, key=lambda row: row["file_id"])


def timeless(found: list[dict[str, Any]]) -> list[tuple[tuple[str, Any], ...]]:
    """Rows without what may differ between two runs that do the same."""
    bare = [tuple((name, value) for name, value in row.items() if name not in CLOCKS) for row in found]
    return sorted(bare, key=repr)


def tree(dest: Path) -> dict[str, bytes]:
    """Every file below `dest` with its contents."""
    return {str(path.relative_to(dest)): path.read_bytes() for path in sorted(dest.rglob("*")) if path.is_file()}


def command(*arguments: str | Path) -> list[str]:
    """The command line as a process of its own."""
    return [sys.executable, "-W", "error", "-m", "mediscan", *map(str, arguments)]


def mediscan_cli(*arguments: str | Path, cwd: Path | None = None) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(command(*arguments), capture_output=True, cwd=cwd, timeout=120)
