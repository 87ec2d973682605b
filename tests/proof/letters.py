"""What PS3.15 says of every row of Table E.1-1 under every set of options, read from the standard's own table and reasoned
anew: nothing here comes through `mediscan.profile`.

The letter of Table E.1-1a first; where mediscan departs from it, DEVIATIONS says so and docs/conformance.md has to as well.
"""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from conftest import ROOT

STANDARD = ROOT.parent / "shared" / "standard" / "2026d" / "e1_1_merged_2026d.json"
OPTIONS = {  # CID 7050 code -> key of the column
    "113111": "rtnSafePrivOpt",
    "113110": "rtnUIDsOpt",
    "113109": "rtnDevIdOpt",
    "113112": "rtnInstIdOpt",
    "113108": "rtnPatCharsOpt",
    "113106": "rtnLongFullDatesOpt",
    "113107": "rtnLongModifDatesOpt",
    "113105": "cleanDescOpt",
    "113104": "cleanStructContOpt",
    "113103": "cleanGraphOpt",
}
FULL_DATES, MODIFIED_DATES = "113106", "113107"
MODES = ("remove", "year", "shift", "keep")
MODE_OPTION = {"keep": FULL_DATES, "shift": MODIFIED_DATES}
TEMPORAL = frozenset({"DA", "DT", "TM"})
TEXT = frozenset({"LO", "SH", "LT", "ST", "UT", "UC"})

# Table E.1-1a, the prose of each code, for an Attribute of Type 1, 2 and 3 (PS3.5 7.4). Plain X and Z are given where they
# can be done; where PS3.3 wants the Attribute, see DEVIATIONS.
BY_TYPE = {
    "X": "DZX",
    "Z": "DZZ",
    "D": "DDD",
    "U": "UUU",
    "Z/D": "DZZ",
    "X/Z": "DZX",
    "X/D": "DDX",
    "X/Z/D": "DZX",
    "X/Z/U*": "UUU",
}

# Departures from the letter, and words that docs/conformance.md has to say of each.
DEVIATIONS = {
    "X on Type 1 or 2": "Plain X on Type 1 or 2",
    "X/Z/U* is U": "X/Z/U\\*",
    "year": "`year`",
    "times under year": "times",
    "retained age": "090Y",
    "whole groups": "60xx groups go whole",
    "groups below 8": "groups below 0008",
    "patient": "pseudonym",
    "birth year": "Birth Date",
}


@dataclass(frozen=True)
class Row:
    """One row, as the standard's table has it."""

    tag: int
    name: str
    basic: str
    options: Mapping[str, str] = field(hash=False)  # CID 7050 code -> K or C

    @property
    def where(self) -> str:
        return f"({self.tag >> 16:04X},{self.tag & 0xFFFF:04X}) {self.name}"


@functools.cache
def rows() -> tuple[Row, ...]:
    """Rows that name one tag."""
    return tuple(_row(entry) for entry in _entries() if len(entry["id"]) == 8 and "x" not in entry["id"])


@functools.cache
def other_rows() -> tuple[str, ...]:
    """Identifiers of the rows that name many: curves, overlays, private groups."""
    return tuple(entry["id"] for entry in _entries() if len(entry["id"]) != 8 or "x" in entry["id"])


@functools.cache
def _entries() -> tuple[dict[str, str], ...]:
    return tuple(json.loads(STANDARD.read_text("utf-8")))


def _row(entry: dict[str, str]) -> Row:
    options = {code: entry[column] for code, column in OPTIONS.items() if entry.get(column)}
    return Row(int(entry["id"], 16), entry["name"], entry["basicProfile"], options)


def effective(options: frozenset[str], mode: str) -> frozenset[str]:
    """The options in force: those named, and the one that the treatment of dates amounts to."""
    return options | ({MODE_OPTION[mode]} if mode in MODE_OPTION else frozenset())


def expected(row: Row, vr: str, options: frozenset[str], mode: str, type_: int) -> str:
    """The letter that holds: D Z X U K, or C (clean).

    Precedence (SPEC of issue 3, and docs/conformance.md): the dates mode on temporal rows with longitudinal columns unless it
    is `remove`; then C over K; then the Basic Profile column by Type.
    """
    if row.tag >> 16 < 8:
        return "X"
    in_force = effective(options, mode)
    basic = BY_TYPE[row.basic][type_ - 1]
    if vr in TEMPORAL and MODIFIED_DATES in row.options and mode != "remove":
        if mode == "year":
            return basic if vr == "TM" else "C"
        return "K" if mode == "keep" or vr == "TM" else "C"
    codes = {row.options[option] for option in in_force if option in row.options}
    code = "C" if "C" in codes else "K" if "K" in codes else basic
    if row.tag == 0x00100030 and mode == "year" and code in "XZD":
        return "C"
    return code


def gone(type_: int) -> str:
    """What a value that cannot be cleaned comes to."""
    return "DZX"[type_ - 1]
