"""CTP pixel scripts (DicomPixelAnonymizer) and bare filter expressions (DicomFilter) -> pixel regions.

The first signature that is true holds, and CTP looks no further; a filter lets an object through when it is true.
"""

import bisect
import re
from dataclasses import dataclass

from mediscan.errors import ScriptError
from mediscan.interop import conditions, ctp_expression, region_toml
from mediscan.interop.region_toml import Any, Fate, Match, Region, opposite
from mediscan.interop.remarks import Imported, Remark, Said, Unsayable, checked, shorten

_SIGNATURE = re.compile(r"\{([^}]*)\}")
_REGION = re.compile(r"\(([^)]*)(?:\)|\Z)")
_NUMBERS = re.compile(r"\(\s*(\d{1,7})\s*,\s*(\d{1,7})\s*,\s*(\d{1,7})\s*,\s*(\d{1,7})\s*\)")
_LONGEST_NAME = 80
_EMPTY = "a signature without a rectangle: nothing is masked, and as in CTP no later one is looked at"


@dataclass(frozen=True, slots=True)
class _Signature:
    """A signature of the script: what stands before it, the expression, and the rectangles behind."""

    line: int
    place: int
    before: str
    expression: str
    rectangles: tuple[tuple[int, str], ...]


def convert(text: str, name: str) -> Imported:
    """
    Turn a script into a region file.

    Parameters
    ----------
    text : str
        The script.
    name : str
        What to call it.

    Returns
    -------
    Imported
        With `regions`, and no policy.

    Raises
    ------
    ScriptError
        If it is neither a pixel script nor a filter.
    """
    text = checked(text)
    if text.lstrip().startswith("<"):
        raise ScriptError("no pixel script: it is XML, as anonymizer scripts are")
    if "{" not in text:
        return _filter(text, name)
    signatures = _signatures(text)
    if not signatures:
        raise ScriptError("no signature in it: '{' is never closed")
    found = [_region(signature, name) for signature in signatures]
    regions = [region for region, _ in found if region is not None]
    unclosed = _unclosed(text)
    remarks = sorted((remark for some in (unclosed, *(some for _, some in found)) for remark in some), key=_by_line)
    head = [f"Imported from the CTP pixel script {name}; rectangles were (left,top,width,height)."]
    written = region_toml.write(f"CTP pixel script {name}", Match.FIRST, regions, head)
    return Imported(None, written, tuple(remarks), len(signatures) + len(unclosed))


def _by_line(remark: Remark) -> int:
    return remark.line


def _filter(text: str, name: str) -> Imported:
    try:
        condition = opposite(ctp_expression.parse(text))
    except Unsayable as reason:
        raise ScriptError(f"neither a pixel script (no '{{' in it) nor a filter: {reason}") from None
    if condition == Any(()):
        raise ScriptError("a filter that lets everything through")
    region = Region("filter", f"{name} line 1", Fate.REFUSE, condition)
    head = [f"Imported from the CTP filter {name}: what the filter does not let through is refused."]
    return Imported(None, region_toml.write(f"CTP filter {name}", Match.FIRST, [region], head), (), 1)


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def _unclosed(text: str) -> list[Remark]:
    start = max((found.end() for found in _SIGNATURE.finditer(text)), default=0)
    at = text.find("{", start)
    if at < 0:
        return []
    return [Remark(_line(text, at), Said.NOT, text[at:], "'{' is never closed, so CTP sees no signature in it", -1)]


def _signatures(text: str) -> list[_Signature]:
    found = list(_SIGNATURE.finditer(text))
    starts = [match.start() for match in found] + [len(text)]
    ends = [0] + [match.end() for match in found]
    lines = _Lines(text)
    return [
        _Signature(
            lines.at(match.start()),
            place,
            text[ends[place] : match.start()],
            match[1],
            tuple((lines.at(area.start()), area[0]) for area in _REGION.finditer(text, match.end(), starts[place + 1])),
        )
        for place, match in enumerate(found)
    ]


class _Lines:
    """Line numbers of rising offsets, counted once."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def at(self, offset: int) -> int:
        return bisect.bisect_right(self._starts, offset)


def _region(signature: _Signature, name: str) -> tuple[Region | None, list[Remark]]:
    line = signature.line
    try:
        condition = ctp_expression.parse(signature.expression)
        if condition == Any(()):
            raise Unsayable("it is never true")
    except Unsayable as reason:
        return None, [Remark(line, Said.NOT, signature.expression, str(reason), signature.place)]
    rectangles, remarks = _rectangles(signature)
    lost = [remark for remark in remarks if remark.said is not Said.NOTE]
    if lost and not rectangles:
        return None, [
            *remarks,
            Remark(line, Said.NOT, signature.expression, "none of its rectangles can be said", signature.place),
        ]
    if not rectangles:
        remarks.append(Remark(line, Said.NOTE, signature.expression, _EMPTY))
    fate = Fate.MASK if rectangles else Fate.CLEAN
    return Region(_name(signature), f"{name} line {line}", fate, condition, rectangles), remarks


def _rectangles(signature: _Signature) -> tuple[tuple[tuple[int, int, int, int], ...], list[Remark]]:
    rectangles, remarks = [], []
    for line, text in signature.rectangles:
        numbers = _NUMBERS.fullmatch(text)
        try:
            if numbers is None:
                raise Unsayable("not four numbers (left,top,width,height)")
            left, top, width, height = map(int, numbers.groups())
            rectangles.append(conditions.rectangle(left, top, left + width, top + height))
        except Unsayable as reason:
            # brackets in a remark between two signatures, which CTP skips with a warning
            if numbers is None and not re.search(r"\d\s*,|,\s*\d", text):
                remarks.append(Remark(line, Said.NOTE, text, "words in brackets that are no rectangle; CTP skips them too"))
            else:
                remarks.append(Remark(signature.line, Said.PARTLY, text, f"{reason}; line {line}", signature.place))
    return tuple(rectangles), remarks


def _name(signature: _Signature) -> str:
    """The last words before a signature, outside brackets: what its author calls it."""
    words = [line.strip() for line in _REGION.sub("", signature.before).splitlines() if any(map(str.isalpha, line))]
    return shorten(words[-1])[:_LONGEST_NAME] if words else f"signature of line {signature.line}"
