"""Score an output tree against an answer key: checks passed by type, every miss listed.

    python benchmarks/answer_key/score.py OUT KEY [--misses FILE.csv] [--goal 99.95]

An output is found by its Instance Number. A missing output fails every check of its file, removal checks too: the generator
takes only inputs that can be written. pixels_hidden counts as not applicable when the key has none of it. Exit status 1 when a
type is below the goal.
"""

import argparse
import csv
import datetime as dt
import functools
import hashlib
import re
import sys
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pydicom
from answers import ACTIONS, Check, read
from pydicom.dataset import Dataset

GOAL = 99.95
_STEP = re.compile(r"\(([0-9A-F]{4}),([0-9A-F]{4})\)(?:\[(\d+)\])?")
_MISLABELLED = ("cp1251",)  # bytes that the generator declares as ISO_IR 100
_ENCODINGS = ("utf-8", "latin-1", "iso8859-2", "iso8859-5", "cp1251", "cp1250", "koi8-r", "cp866")


@dataclass(frozen=True)
class Miss:
    """A check that failed, and how."""

    check: Check
    why: str


@dataclass(frozen=True)
class Score:
    """Checks by type, and those that failed."""

    total: Counter[str]
    misses: tuple[Miss, ...]

    @property
    def missed(self) -> Counter[str]:
        """Checks that failed, by type."""
        return Counter(miss.check.action for miss in self.misses)

    def percent(self, action: str) -> float | None:
        """Percentage passed; None where the key has no such check."""
        return 100 * (1 - self.missed[action] / self.total[action]) if self.total[action] else None


class Outputs:
    """Outputs by Instance Number."""

    def __init__(self, folder: Path) -> None:
        self._paths: dict[int, Path] = {}
        self.unreadable: list[Path] = []
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    found = pydicom.dcmread(path, specific_tags=["InstanceNumber"], stop_before_pixels=True)
                self._paths[int(found.InstanceNumber)] = path
            except Exception:  # noqa: BLE001  it is no output then
                self.unreadable.append(path)

    def __contains__(self, instance: int) -> bool:
        return instance in self._paths

    @functools.lru_cache(maxsize=4)  # noqa: B019  checks come file by file
    def dataset(self, instance: int) -> Dataset:
        """The output as pydicom reads it."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return pydicom.dcmread(self._paths[instance])

    @functools.lru_cache(maxsize=4)  # noqa: B019
    def bytes(self, instance: int) -> bytes:
        """The file without its pixels, in which anything could occur."""
        data, pixels = self._paths[instance].read_bytes(), self.dataset(instance).get("PixelData")
        return data.replace(pixels, b"", 1) if pixels else data


def at(dataset: Dataset, path: str) -> tuple[bool, str]:
    """(whether the element is there, its value as text)."""
    here: Dataset = dataset
    for group, element, item in _STEP.findall(path):
        tag = int(group + element, 16)
        if tag not in here:
            return False, ""
        if item == "":
            return True, text(here, tag)
        content = here[tag].value
        if not content or int(item) >= len(content):
            return False, ""
        here = content[int(item)]
    raise ValueError(f"no path: {path}")


def text(dataset: Dataset, tag: int) -> str:
    """The value as text; of a sequence all there is in it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        element = dataset[tag]
        if element.VR == "SQ":
            return " ".join(text(item, inner) for item in element.value for inner in item.keys())  # noqa: SIM118
        if isinstance(element.value, bytes):
            return element.value.decode("latin-1").rstrip("\0 ")
        return "" if element.value is None else str(element.value)


# --- checks: None when passed, else why not ---------------------------------------------------------------------------


class Judge:
    """Judges checks one by one; what has to be consistent is judged when all have been seen."""

    def __init__(self, outputs: Outputs) -> None:
        self._outputs = outputs
        self._shifts: dict[str, list[tuple[Check, int]]] = defaultdict(list)
        self._uids: dict[str, list[tuple[Check, str]]] = defaultdict(list)
        self._patients: dict[str, list[tuple[Check, str]]] = defaultdict(list)

    def __call__(self, check: Check) -> str | None:
        """Why a check fails, or None."""
        if check.instance not in self._outputs:
            return "no output"
        if check.path == "*":
            return self._anywhere(check)
        found, value = at(self._outputs.dataset(check.instance), check.path)
        judges: dict[str, Callable[[Check, bool, str], str | None]] = {
            "tag_retained": lambda _, found, __: None if found else "gone",
            "text_notnull": lambda _, __, value: None if value.strip() else "empty",
            "text_retained": self._retained,
            "text_removed": self._removed,
            "date_shifted": self._shifted,
            "uid_changed": lambda check, found, value: None if found and value and value != check.value else "not changed",
            "uid_consistent": self._uid,
            "patid_consistent": self._patient,
            "pixels_retained": self._pixels,
            "pixels_hidden": lambda *_: "not judged yet",
        }
        return judges[check.action](check, found, value)

    def _anywhere(self, check: Check) -> str | None:
        data = self._outputs.bytes(check.instance)
        for encoding in _ENCODINGS:
            needle = check.value.encode(encoding, "ignore")
            if len(needle) >= len(check.value) and needle in data:
                return f"still there, in {encoding}"
        return None

    def _removed(self, check: Check, _: bool, value: str) -> str | None:
        readings = (value, *filter(None, map(functools.partial(_misread, value), _MISLABELLED)))
        return "still there" if any(check.value.casefold() in reading.casefold() for reading in readings) else None

    def _retained(self, check: Check, found: bool, value: str) -> str | None:
        if not found:
            return "gone"
        if check.value.casefold() in value.casefold():
            return None
        left = set(re.split(r"\s+", value.casefold()))
        lost = [word for word in check.value.split() if word.casefold() not in left]
        return "words lost: " + " ".join(lost) if lost else None

    def _shifted(self, check: Check, found: bool, value: str) -> str | None:
        if not found or not value:
            return "gone"
        if value[8:] != check.value[8:]:
            return "time of day, fraction or offset changed"
        try:
            days = (_day(check.value) - _day(value)).days
        except ValueError:
            return "no date"
        if days == 0:
            return "not shifted"
        self._shifts[check.patient].append((check, days))
        return None

    def _uid(self, check: Check, found: bool, value: str) -> str | None:
        if not found or not value:
            return "gone"
        self._uids[check.value].append((check, value))
        return None

    def _patient(self, check: Check, found: bool, value: str) -> str | None:
        if not found or not value or value == check.value:
            return "gone" if not value else "not changed"
        self._patients[check.value].append((check, value))
        return None

    def _pixels(self, check: Check, found: bool, _: str) -> str | None:
        if not found:
            return "gone"
        pixels = self._outputs.dataset(check.instance).PixelData
        same = hashlib.blake2b(pixels + b"\0" * (len(pixels) % 2), digest_size=16).hexdigest() == check.value
        return None if same else "changed"

    def late(self) -> Iterable[Miss]:
        """What is inconsistent: those that differ from the most frequent answer, and two questions with one answer."""
        for shifts in self._shifts.values():
            yield from _odd(shifts, "not by as many days as other dates of the patient")
        for kind, what in ((self._uids, "UID"), (self._patients, "Patient ID")):
            owners: dict[str, set[str]] = defaultdict(set)
            for original, answers in kind.items():
                yield from _odd(answers, f"another {what} elsewhere")
                for _, answer in answers:
                    owners[answer].add(original)
            for answers in kind.values():
                yield from (Miss(check, f"two {what}s became one") for check, answer in answers if len(owners[answer]) > 1)


def _odd(answers: "list[tuple[Check, int]] | list[tuple[Check, str]]", why: str) -> Iterable[Miss]:
    usual = Counter(answer for _, answer in answers).most_common(1)[0][0]
    return (Miss(check, why) for check, answer in answers if answer != usual)


def _misread(value: str, actual: str) -> str:
    """What a person would read whose program takes the bytes for what they are, not for what the file says."""
    return value.encode("latin-1", "ignore").decode(actual, "ignore")


def _day(value: str) -> dt.date:
    return dt.date(int(value[:4]), int(value[4:6]), int(value[6:8]))


def score(out: Path, key: Path) -> Score:
    """Judge every check of a key."""
    judge, total, misses = Judge(Outputs(out)), Counter[str](), list[Miss]()
    for check in read(key):
        total[check.action] += 1
        why = judge(check)
        if why is not None:
            misses.append(Miss(check, why))
    misses += judge.late()
    return Score(total, tuple(misses))


def table(result: Score) -> str:
    """One line per type, and the whole."""
    lines = [f"{'type':<18}{'checks':>9}{'missed':>9}{'passed':>10}"]
    for action in ACTIONS:
        percent = result.percent(action)
        shown = "not applicable" if percent is None else f"{percent:9.3f}%"
        lines.append(
            f"{action:<18}{result.total[action]:>9}{result.missed[action]:>9}{shown:>{10 if percent is not None else 16}}"
        )
    checks, missed = result.total.total(), result.missed.total()
    lines.append(f"{'all':<18}{checks:>9}{missed:>9}{100 * (1 - missed / checks):9.3f}%")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("key", type=Path)
    parser.add_argument("--misses", type=Path, help="write every miss to this CSV file")
    parser.add_argument("--goal", type=float, default=GOAL, help="percentage that every type has to reach")
    chosen = parser.parse_args()
    result = score(chosen.out, chosen.key)
    print(table(result))
    kinds = Counter(
        (miss.check.action, miss.check.path if miss.check.path != "*" else "anywhere", miss.check.note, miss.why)
        for miss in result.misses
    )
    for (action, path, note, why), count in kinds.most_common():
        print(f"{count:>7}  {action}  {path}  {note}: {why}")
    if chosen.misses:
        with chosen.misses.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("action", "file", "path", "value", "note", "why"))
            writer.writerows(
                (m.check.action, m.check.file, m.check.path, m.check.value, m.check.note, m.why) for m in result.misses
            )
    return int(any(percent < chosen.goal for action in ACTIONS if (percent := result.percent(action)) is not None))


if __name__ == "__main__":
    sys.exit(main())
