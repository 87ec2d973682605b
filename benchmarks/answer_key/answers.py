"""The answer key: ten kinds of checks as the public MIDI-B challenge has them, one line of a CSV file each."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

ACTIONS = (
    "tag_retained",
    "text_notnull",
    "text_retained",
    "text_removed",
    "date_shifted",
    "uid_changed",
    "uid_consistent",
    "patid_consistent",
    "pixels_hidden",
    "pixels_retained",
)


@dataclass(frozen=True)
class Check:
    """What has to hold for one place in one output.

    Attributes
    ----------
    action : str
        One of `ACTIONS`.
    file : str
        The input, relative to the folder of inputs.
    instance : int
        Its Instance Number, by which the scorer finds the output: unique in the benchmark, and in no row of Table E.1-1.
    patient : str
        The invented Patient ID; dates of one patient have to move alike.
    path : str
        The place, such as ``(0040,0275)[0].(0040,0007)``; ``*`` for anywhere in the file, bytes included.
    value : str
        What was planted, or is to be kept.
    note : str
        What makes the place interesting.
    """

    action: str
    file: str
    instance: int
    patient: str
    path: str
    value: str
    note: str


def write(path: Path, checks: Iterable[Check]) -> int:
    """Write a key; the number of its lines."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Check)])
        writer.writeheader()
        for check in checks:
            writer.writerow(asdict(check))
            count += 1
    return count


def read(path: Path) -> Iterator[Check]:
    """Read a key."""
    with path.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            yield Check(**{**line, "instance": int(line["instance"])})
