"""Pixel regions as TOML text: which rectangles go in which images. docs/howto-import.md describes the form."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from mediscan.interop.toml_text import comment, string

FORM = "mediscan-regions-1"
CONVENTION = "half-open"


class Operator(StrEnum):
    """How the text of an element is looked at."""

    EQUALS = "equals"
    CONTAINS = "contains"
    STARTS = "starts"
    ENDS = "ends"
    MATCHES = "matches"
    LESS = "less"
    GREATER = "greater"
    PRESENT = "present"
    EMPTY = "empty"


class Fate(StrEnum):
    """What becomes of an image that a region is about."""

    MASK = "mask"
    HOLD = "hold"
    REFUSE = "refuse"
    CLEAN = "clean"


class Match(StrEnum):
    """Which of several regions that are about an image holds."""

    FIRST = "first"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Check:
    """One look at one element; letters count only with `case`."""

    element: str
    operator: Operator
    value: str | bool
    case: bool = False


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition."""

    part: "Condition"


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds; of no parts, true."""

    parts: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Any:
    """At least one part holds; of no parts, false."""

    parts: "tuple[Condition, ...]"


Condition: TypeAlias = Check | Not | All | Any
Area: TypeAlias = tuple[int, int, int, int] | str


@dataclass(frozen=True, slots=True)
class Region:
    """One `[[region]]` table."""

    name: str
    source: str
    fate: Fate
    when: Condition
    rectangles: tuple[Area, ...] = ()
    keep: tuple[Area, ...] = ()


def write(title: str, match: Match, regions: Iterable[Region], remarks: Iterable[str] = ()) -> str:
    """Give the text of the file."""
    head = [
        *map(comment, remarks),
        f"form = {string(FORM)}",
        f"title = {string(title)}",
        f"convention = {string(CONVENTION)}",
        f"match = {string(match)}",
    ]
    return "\n\n".join(["\n".join(head), *map(_region, regions)]) + "\n"


def _region(region: Region) -> str:
    lines = [
        "[[region]]",
        f"name = {string(region.name)}",
        f"source = {string(region.source)}",
        f"action = {string(region.fate)}",
        _when(region.when),
    ]
    if region.rectangles:
        lines.append(f"rectangles = [{', '.join(map(_area, region.rectangles))}]")
    if region.keep:
        lines.append(f"keep = [{', '.join(map(_area, region.keep))}]")
    return "\n".join(lines)


def _area(area: Area) -> str:
    return string(area) if isinstance(area, str) else f"[{', '.join(map(str, area))}]"


def _when(condition: Condition) -> str:
    parts = condition.parts if isinstance(condition, All) else (condition,)
    return "\n".join(["when = [", *(f"    {_condition(part)}," for part in parts), "]"]) if parts else "when = []"


def _condition(condition: Condition) -> str:
    if isinstance(condition, Not):
        return f"{{ not = {_condition(condition.part)} }}"
    if isinstance(condition, All | Any):
        word = "all" if isinstance(condition, All) else "any"
        return f"{{ {word} = [{', '.join(map(_condition, condition.parts))}] }}"
    value = string(condition.value) if isinstance(condition.value, str) else str(condition.value).lower()
    case = ", case = true" if condition.case else ""
    return f"{{ element = {string(condition.element)}, {condition.operator} = {value}{case} }}"


def joined(kind: type[All] | type[Any], parts: Iterable[Condition]) -> Condition:
    """All or any of some conditions, without a level that changes nothing; true and false are All(()) and Any(())."""
    flat: list[Condition] = []
    neutral, absorbing = (All(()), Any(())) if kind is All else (Any(()), All(()))
    for part in parts:
        if part == absorbing:
            return absorbing
        if part != neutral:
            flat.extend(part.parts if isinstance(part, kind) else (part,))
    return flat[0] if len(flat) == 1 else kind(tuple(flat))


def opposite(part: Condition) -> Condition:
    """Not, without two in a row and without constants."""
    if isinstance(part, Not):
        return part.part
    if part == All(()):
        return Any(())
    return All(()) if part == Any(()) else Not(part)
