"""What becomes of the instances of each Storage SOP Class, as data. One that the table does not hold is refused."""

import functools
import importlib.resources
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Fate(StrEnum):
    """What becomes of an instance."""

    DEIDENTIFY = "deidentify"
    """Data elements by the policy; Pixel Data as it is unless a rule for pixels says otherwise."""
    CLEAN = "clean"
    """Likewise, and content trees, labels and annotations are gone through."""
    HOLD = "hold"
    """Likewise, but the image often shows burned-in text: for review."""
    REFUSE = "refuse"
    """Not written."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of content.

    Attributes
    ----------
    name : str
        As a policy's `allow` names it.
    allowed : Fate or None
        Fate where a policy allows it; None where it is not refused.
    meaning : str
        What it is, and what allowing it means.
    """

    name: str
    allowed: Fate | None
    meaning: str


@dataclass(frozen=True, slots=True)
class SopClass:
    """One row of the table: UID, kind, fate where nothing is allowed, type of its directory record, name."""

    uid: str
    kind: Kind
    fate: Fate
    record: str
    name: str


def _rows(name: str) -> list[list[str]]:
    text = (importlib.resources.files("mediscan.profile") / "data" / name).read_text("utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]


@functools.cache
def kinds() -> Mapping[str, Kind]:
    """Every kind by name."""
    rows = _rows("sop_class_kinds.tsv")
    return MappingProxyType({name: Kind(name, None if fate == "-" else Fate(fate), text) for name, fate, text in rows})


@functools.cache
def load() -> Mapping[str, SopClass]:
    """Every Storage SOP Class by UID."""
    known, lines = kinds(), _rows("sop_classes.tsv")
    rows = (SopClass(uid, known[kind], Fate(fate), record, name) for uid, kind, fate, record, name in lines)
    return MappingProxyType({row.uid: row for row in rows})


def fate(uid: str, allow: frozenset[str] = frozenset()) -> Fate:
    """
    Tell what becomes of an instance.

    Parameters
    ----------
    uid : str
        SOP Class UID without padding.
    allow : frozenset of str
        Kinds that a policy allows although they are refused by default.
    """
    row = load().get(uid)
    if row is None:
        return Fate.REFUSE
    return row.kind.allowed if row.fate is Fate.REFUSE and row.kind.allowed and row.kind.name in allow else row.fate


def may_be_allowed() -> frozenset[str]:
    """Names of the kinds that a policy's `allow` may hold."""
    return frozenset(kind.name for kind in kinds().values() if kind.allowed not in (None, Fate.REFUSE))


def why_refused(uid: str) -> str:
    """A remark for the ledger on an instance that was refused; it names the kind and nothing else."""
    row = load().get(uid)
    if row is None or row.fate is not Fate.REFUSE:  # the File Meta Information may name a class that the data set lacks
        return "no Storage SOP Class of PS3.4"
    if row.kind.name == "directory":
        return "directory: never copied; --dicomdir writes a new DICOMDIR"
    if row.kind.name in may_be_allowed():
        return f"{row.kind.name}: refused by default; a policy may allow it"
    return f"{row.kind.name}: always refused"
