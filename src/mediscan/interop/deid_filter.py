"""Filters of a deid recipe -> pixel regions.

Every label whose conditions hold is applied, in the order of the recipe. Conditions are read strictly from left to right.
Where deid's code and its documents differ, the reading that is true of more images is taken, since a label masks or holds.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mediscan.interop import conditions
from mediscan.interop.deid_recipe import Label
from mediscan.interop.region_toml import All, Any, Area, Check, Condition, Fate, Not, Operator, Region, joined, opposite
from mediscan.interop.remarks import Remark, Said, Unsayable, shorten

_COORDINATES = re.compile(r"(ctp)?(keep)?coordinates\s*(.*)", re.I)
_JOINT = re.compile(r"(\|\||\+)\s*(?=(?:contains|notcontains|equals|notequals|missing|present|empty)\b)", re.I)
_PREDICATE = re.compile(r"(contains|notcontains|equals|notequals|missing|present|empty)\s+(\S+)(?:\s+(.*))?", re.I)
_TAG = re.compile(r"0x([0-9A-Fa-f]{4})([0-9A-Fa-f]{4})|\(?([0-9A-Fa-f]{4}),?([0-9A-Fa-f]{4})\)?")
_FOUR = re.compile(r"(\d{1,7})\s*,\s*(\d{1,7})\s*,\s*(\d{1,7})\s*,\s*(\d{1,7})")
_FROM_REGIONS = "from:SequenceOfUltrasoundRegions"
_CLEAN_FILTERS = ("whitelist", "allowlist")
_REFUSE_FILTERS = ("blacklist", "denylist")
_LOWERED = re.compile(r"\\[A-Z]")

WHOLE, ULTRASOUND = "all", "ultrasound-regions"

_BY_LINE = "deid's documents take what stands on one line together, its code goes from left to right; the wider is taken"
_OR_LINES = "conditions on lines of their own, or after ||: deid's code wants all of them, its documents any; any is taken"
_EITHER = "equals with |: deid's code compares with the whole text, its documents with either; either is taken"


@dataclass(frozen=True, slots=True)
class _Term:
    """One predicate, how it is joined to what stands before (`+`, `||` or nothing), and whether it names alternatives."""

    joint: str
    check: Condition
    either: bool


def regions(label: Label, source: str) -> tuple[list[Region], list[Remark]]:
    """
    Turn one label into regions.

    Parameters
    ----------
    label : Label
        The label.
    source : str
        What the recipe is called.

    Returns
    -------
    list of Region
        None where the label cannot be said; more than one where it masks again what it kept.
    list of Remark
        What could not be said.
    """
    remarks: list[Remark] = []
    try:
        steps = list(_steps(label, remarks))
        condition = _condition(label, remarks)
        fate = _fate(label, bool(steps), condition)
    except Unsayable as reason:
        return [], [*remarks, Remark(label.line, Said.NOT, f"LABEL {label.name}", str(reason))]
    name, where = shorten(label.name) or f"label of line {label.line}", f"{source} line {label.line}"
    if fate is not Fate.MASK:
        if steps:
            remarks.append(Remark(label.line, Said.NOTE, "", "its coordinates mean nothing in such a filter"))
        return [Region(name, where, fate, condition)], remarks
    return [Region(name, where, fate, condition, masked, kept) for masked, kept in _grouped(steps)], remarks


def _fate(label: Label, has_steps: bool, condition: Condition) -> Fate:
    kind = label.filter.lower()
    if condition == Any(()):
        raise Unsayable("it is never true")
    if kind in _CLEAN_FILTERS:
        if "BurnedInAnnotation" in _elements(condition):
            raise Unsayable("an image is not taken as clean because it says so itself")
        return Fate.CLEAN
    if kind in _REFUSE_FILTERS:
        return Fate.REFUSE
    return Fate.MASK if has_steps else Fate.HOLD


def _elements(condition: Condition) -> set[str]:
    if isinstance(condition, Check):
        return {condition.element}
    parts = (condition.part,) if isinstance(condition, Not) else condition.parts
    return set().union(*map(_elements, parts))


# --- coordinates ------------------------------------------------------------------------------------------------------


def _steps(label: Label, remarks: list[Remark]) -> Iterator[tuple[bool, Area]]:
    """Areas in order, and whether each is kept."""
    for line, member in label.members:
        found = _COORDINATES.fullmatch(member)
        if found is None:
            continue
        try:
            yield bool(found[2]), _area(found[3].strip(), ctp=bool(found[1]))
        except Unsayable as reason:
            if found[2] is None:
                raise Unsayable(f"line {line}: {reason}") from None
            remarks.append(Remark(label.line, Said.PARTLY, member, f"line {line}: {reason}; nothing is kept for it"))


def _area(text: str, ctp: bool) -> Area:
    if text.lower() == WHOLE:
        return WHOLE
    if text.lower().startswith("from:"):
        if text.lower() != _FROM_REGIONS.lower():
            raise Unsayable("only the Sequence of Ultrasound Regions gives rectangles")
        return ULTRASOUND
    numbers = _FOUR.fullmatch(text)
    if numbers is None:
        raise Unsayable("no four numbers")
    left, top, third, fourth = map(int, numbers.groups())
    right, bottom = (left + third, top + fourth) if ctp else (third, fourth)
    return conditions.rectangle(left, top, right, bottom)


def _grouped(steps: Sequence[tuple[bool, Area]]) -> Iterator[tuple[tuple[Area, ...], tuple[Area, ...]]]:
    """Runs of masked areas and the kept ones behind each."""
    masked: list[Area] = []
    kept: list[Area] = []
    for keeps, area in steps:
        if not keeps and kept:
            yield tuple(masked), tuple(kept)
            masked, kept = [], []
        (kept if keeps else masked).append(area)
    yield tuple(masked), tuple(kept)


# --- conditions -------------------------------------------------------------------------------------------------------


def _condition(label: Label, remarks: list[Remark]) -> Condition:
    """The conditions of all lines; of two readings the wider, and for a filter that lets images through none."""
    lines = [terms for line, member in label.members if (terms := _terms(line, member, label, remarks))]
    if not lines:
        return All(())
    checks: list[list[list[_Term]]] = []
    for terms in lines:
        if terms[0].joint and checks:
            checks[-1].append(terms)
        else:
            checks.append([terms])
    readings = [_readings(check) for check in checks]
    notes = {
        _BY_LINE: any(len(reading) > 1 for reading in readings),
        _OR_LINES: len(checks) > 1 or any(terms[0].joint == "||" for terms in lines[1:]),
        _EITHER: any(term.either for terms in lines for term in terms),
    }
    if label.filter.lower() in _CLEAN_FILTERS and any(notes.values()):
        raise Unsayable("deid's code and its documents do not agree on its conditions, and it would let images through")
    remarks.extend(Remark(label.line, Said.NOTE, "", text) for text, is_so in notes.items() if is_so)
    return joined(Any, [joined(Any, reading) for reading in readings])


def _readings(lines: Sequence[Sequence[_Term]]) -> list[Condition]:
    """What one check may mean: from left to right, and each line by itself first; one of them where it is the same."""
    flat = _folded([(term.joint, term.check) for terms in lines for term in terms])
    by_line = _folded([(terms[0].joint, _folded([(term.joint, term.check) for term in terms])) for terms in lines])
    if all(terms[0].joint == "+" for terms in lines if len({term.joint for term in terms}) > 1 and terms[0].joint):
        return [flat] if flat == by_line else [flat, flat]
    return [flat, by_line]


def _folded(terms: Sequence[tuple[str, Condition]]) -> Condition:
    result = terms[0][1]
    for joint, check in terms[1:]:
        result = joined(All if joint == "+" else Any, [result, check])
    return result


def _terms(line: int, member: str, label: Label, remarks: list[Remark]) -> list[_Term]:
    """The predicates of one line; of a line that deid passes over, none."""
    if _COORDINATES.fullmatch(member) or member.startswith("#"):
        return []
    sign = "||" if member.startswith("||") else "+" if member.startswith("+") else ""
    rest = member[len(sign) :].strip()
    if _PREDICATE.match(rest) is None:
        remarks.append(Remark(label.line, Said.PARTLY, member, f"line {line}: no condition; deid passes over it"))
        return []
    parts = _JOINT.split(rest)
    joints = [sign, *parts[1::2]]
    return [_term(line, joint, text.strip()) for joint, text in zip(joints, parts[::2], strict=True)]


def _term(line: int, joint: str, text: str) -> _Term:
    found = _PREDICATE.fullmatch(text)
    try:
        if found is None:
            raise Unsayable("no condition of deid")
        verb, element, value = found[1].lower(), _element(found[2]), (found[3] or "").strip()
        either = verb == "equals" and "|" in value and conditions.is_plain(value.replace("|", ""))
        values = value.split("|") if either else [value]
        return _Term(joint, joined(Any, [_predicate(verb, element, part.strip()) for part in values]), either)
    except Unsayable as reason:
        raise Unsayable(f"line {line}: {reason}") from None


def _element(text: str) -> str:
    tag = _TAG.fullmatch(text)
    return conditions.tagged(tag[1] or tag[3], tag[2] or tag[4]) if tag else conditions.named(text)


def _predicate(verb: str, element: str, value: str) -> Condition:
    if verb in ("missing", "present"):
        return Check(element, Operator.PRESENT, verb == "present")
    if verb == "empty":
        return Check(element, Operator.EMPTY, value=True)
    if not value:
        raise Unsayable(f"{verb} without a value")
    if verb.endswith("equals"):
        check = Check(element, Operator.EQUALS, value)
    elif conditions.is_plain(value):
        check = Check(element, Operator.CONTAINS, value)
    else:
        if _LOWERED.search(value):
            raise Unsayable("deid writes its expressions in small letters, which changes the meaning of this one")
        check = Check(element, Operator.MATCHES, conditions.pattern(value))
    return opposite(check) if verb.startswith("not") else check
