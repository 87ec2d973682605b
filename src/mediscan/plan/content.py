"""Content trees of structured reports and acquisition contexts, and codes of private schemes: what depends on the concept.

`_native.decide` decides each element by its tag. What a content item may say depends on its Concept Name and Value Type too
(PS3.15 Table E.3.4-1): this pass goes over the items after it, and decides anew where the concept asks for something else.
An item that the Table does not list keeps what its value's own tag was given: names of people become dummies, dates follow
the policy's dates, text is cleaned, UIDs are replaced, numbers and codes stay.
"""

import re
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from mediscan._native.decide import Decider
from mediscan._native.framing import ElementTable
from mediscan.codec import elements
from mediscan.plan.answers import Met
from mediscan.plan.decisions import Decider as Decisions
from mediscan.plan.decisions import Handler
from mediscan.profile import structured
from mediscan.profile.actions import Option
from mediscan.profile.policy import Descriptors
from mediscan.pseudonym import generalise
from mediscan.pseudonym.dummies import DUMMIES
from mediscan.standard import iod

_VALUE_TYPE, _CONCEPT_NAME, _SCHEME = 0x0040A040, 0x0040A043, 0x00080102
_CODE_VALUES = (0x00080100, 0x00080119, 0x00080120)
_CONTENT, _REFERENCED_ITEM = 0x0040A730, 0x0040DB73
_LOOKED_FOR = (_VALUE_TYPE, _CONCEPT_NAME)
_TEXT, _UID = 0x0040A160, 0x0040A124
_MEASURED, _NUMBER, _UNITS = 0x0040A300, 0x0040A30A, 0x004008EA
_OTHER_FORMS = (0x0040A161, 0x0040A162, 0x0040A163)  # Floating Point Value, Rational Numerator and Denominator
# Value Type of an item that does not say it, as those of Acquisition Context Sequence did not once.
_TYPE_OF: Mapping[int, str] = MappingProxyType(
    {
        _TEXT: "TEXT",
        _UID: "UIDREF",
        0x0040A120: "DATETIME",
        0x0040A121: "DATE",
        0x0040A122: "TIME",
        0x0040A123: "PNAME",
        0x0040A168: "CODE",
        _MEASURED: "NUM",
        _NUMBER: "NUM",
    }
)
_KEPT_VALUES: Mapping[str, int] = MappingProxyType({"TEXT": _TEXT, "UIDREF": _UID})
_CATEGORIES: Mapping[str, str] = MappingProxyType({"PNAME": "A", "DATE": "C", "DATETIME": "C", "TIME": "C", "NUM": "C"})
# Ages as concepts: DCM Subject Age, LOINC Age, SNOMED Age and Current chronological age.
_AGES = frozenset({("DCM", "121033"), ("LN", "30525-0"), ("LN", "29553-5"), ("SCT", "397669002"), ("SCT", "424144002")})
_PER_YEAR: Mapping[str, float] = MappingProxyType({"a": 1, "mo": 12, "wk": 52.1786, "d": 365.25, "h": 8766})
_ASKED_FOR: Mapping[str, Handler] = MappingProxyType({"C": Handler.DESCRIPTOR, "K": Handler.TEXT})
_UID_VALUE = re.compile(rb"[0-9.]{1,64}")

RULE_AGE = "164.514(b)(2)(i)(C) age in a content item"
RULE_EMPTY = "PS3.3 C.17.3 no content item is left"
RULE_REFERENCE = "PS3.3 C.17.3.2.4 content item referred to"


class ContentCleaner:
    """The pass for one policy.

    Parameters
    ----------
    decider : Decisions
        Decisions of the policy, of which local rules hold over the Table.
    number : callable
        Gives a rule and its HIPAA category the number by which edits name it; the same numbers for one policy always.
    """

    def __init__(self, decider: Decisions, number: Callable[[str, str | None], int]) -> None:
        policy = decider.policy
        if policy.descriptors is Descriptors.REMOVE:
            policy = replace(policy, options=policy.options - {Option.CLEAN_DESCRIPTORS})
        self.policy, self._decider = policy, decider
        rows = structured.load().values()
        self.actions = {key: row.action(policy) for key, row in structured.load().items()}
        self.numbers = {row: number(row.rule, _CATEGORIES.get(row.value_type, "R")) for row in rows}
        self.rule_age = number(RULE_AGE, "C")
        self.rule_empty, self.rule_reference = number(RULE_EMPTY, None), number(RULE_REFERENCE, None)

    def clean(
        self, table: ElementTable, native: Decider, sop_class: str, met: Met, met_in: Mapping[int, Met] | None = None
    ) -> None:
        """Decide anew, after `native` has run over `table`.

        Parameters
        ----------
        table : ElementTable
            Decided.
        native : Decider
            Which takes the edits.
        sop_class : str
            SOP Class UID.
        met : Met
            Who answers.
        met_in : Mapping of int to Met, optional
            Who answers in place of `met`, by row, where text is in a character set of its own.
        """
        items = {parent for _, _, parent in native.find(table.capsule, _LOOKED_FOR) if parent >= 0}
        if items:
            _Pass(self, table, native, sop_class, met, met_in or {}).run(items)

    def is_local(self, path: tuple[int, ...], vr: str) -> bool:
        """Tell whether a local rule speaks of the element at a path of tags: then it holds, and nothing is decided anew."""
        decider, tag = self._decider, path[-1]
        return decider.rule_in(tag, path[:-1]) is not None or decider.local_rule(tag, vr) is not None


class _Pass:
    """One data set: its rows as lists, and the items that are gone."""

    def __init__(
        self, cleaner: ContentCleaner, table: ElementTable, native: Decider, sop_class: str, met: Met, met_in: Mapping[int, Met]
    ) -> None:
        self._cleaner, self._table, self._native, self._sop_class = cleaner, table, native, sop_class
        self._met, self._met_in = met, met_in
        rows = elements.rows(table)
        self._tags: list[int] = rows["tag"].tolist()
        self._parents: list[int] = rows["parent"].tolist()
        self._vrs: list[int] = rows["vr"].tolist()
        self._after: list[int] = rows["after"].tolist()
        self._flags: list[int] = rows["flags"].tolist()
        self._gone: set[int] = set()

    def run(self, items: set[int]) -> None:
        """Items from the outside in, then what their removal leaves to be mended."""
        for item in sorted(items):
            if not self._is_gone(item):
                self._item(item)
        if self._gone:
            self._mend_references()
            self._drop_empty()

    # --- the table's rows ---------------------------------------------------------------------------------------------

    def _inside(self, parent: int) -> Iterator[int]:
        """Rows right inside an item, a sequence, or (-1) the data set."""
        row = parent + 1 if parent >= 0 else self._table.meta
        end = self._after[parent] if parent >= 0 else len(self._tags)
        while row < end:
            yield row
            row = self._after[row]

    def _child(self, parent: int, tag: int) -> int | None:
        return next((row for row in self._inside(parent) if self._tags[row] == tag), None)

    def _text(self, row: int | None) -> str:
        value = self._table.value(row) if row is not None else None
        return (value or b"").strip(b"\0 ").decode("ascii", "replace")

    def _is_gone(self, row: int) -> bool:
        while row >= 0:
            if row in self._gone:
                return True
            row = self._parents[row]
        return False

    def _path(self, row: int) -> tuple[int, ...]:
        """Tags from the top level, those of items left out."""
        path: list[int] = []
        while row >= 0:
            if not self._flags[row] & elements.ITEM:
                path.append(self._tags[row])
            row = self._parents[row]
        return tuple(reversed(path))

    def _is_local(self, row: int) -> bool:
        """Tell whether a local rule speaks of a row."""
        vr = chr(self._vrs[row] & 0xFF) + chr(self._vrs[row] >> 8)
        return bool(self._cleaner.policy.rules) and self._cleaner.is_local(self._path(row), vr)

    def _ask(self, handler: Handler, row: int) -> bytes | None:
        """What a handler makes of the value of a row; None where it may not stay or was not read."""
        own, met = self._table.value(row), self._met_in.get(row, self._met)
        if own is None:
            return None
        memo = met.memos[handler]
        if own not in memo:
            memo[own] = met.handlers[handler](own)
        return memo[own]

    def _decide(self, row: int, action: str, rule: int, data: bytes | None) -> None:
        self._native.replace(self._table.capsule, row, ord(action), rule, data)

    def _remove(self, item: int, rule: int) -> None:
        self._decide(item, "X", rule, None)
        self._gone.add(item)

    # --- content items ------------------------------------------------------------------------------------------------

    def _item(self, item: int) -> None:
        """Decide one content item by its concept."""
        children = {self._tags[row]: row for row in self._inside(item)}
        value_type = self._text(children.get(_VALUE_TYPE)) or next((_TYPE_OF[tag] for tag in children if tag in _TYPE_OF), "")
        scheme, code = self._concept(children.get(_CONCEPT_NAME))
        row = structured.find(scheme, code, value_type)
        action = self._cleaner.actions[row.scheme, row.code, row.value_type] if row else ""
        values = [child for tag, child in children.items() if _TYPE_OF.get(tag) == value_type]
        if row and not any(map(self._is_local, values)):
            rule = self._cleaner.numbers[row]
            if action == "X":
                self._remove(item, rule)
                return
            self._value(item, children.get(_KEPT_VALUES.get(value_type, 0)), row, action)
        if value_type == "NUM" and not self._is_gone(item):
            self._cap_age(item, children.get(_MEASURED), (scheme, code) in _AGES)

    def _value(self, item: int, value: int | None, row: structured.ContentItem, action: str) -> None:
        """Keep, clean or replace the text or UID of a listed item; other values were decided by their own tags."""
        if value is None:
            return
        rule, new = self._cleaner.numbers[row], None
        if row.value_type == "UIDREF":
            own = (self._table.value(value) or b"").rstrip(b"\0 ")
            if action == "K" and _UID_VALUE.fullmatch(own):
                self._decide(value, "C", rule, own)
            return
        if action in _ASKED_FOR:
            new = self._ask(_ASKED_FOR[action], value)
        if new:
            self._decide(value, "C", rule, new)
        elif action != "D" and row.basic == "X":
            self._remove(item, rule)
        else:
            self._decide(value, "D", rule, DUMMIES["UT"])

    def _concept(self, sequence: int | None) -> tuple[str, str]:
        """Scheme and code of the first item of a code sequence."""
        if sequence is None:
            return "", ""
        item = next(self._inside(sequence), None)
        if item is None:
            return "", ""
        cells = {self._tags[row]: row for row in self._inside(item)}
        codes = [self._text(cells[tag]) for tag in _CODE_VALUES if tag in cells]
        return self._text(cells.get(_SCHEME)), next(filter(None, codes), "")

    # --- numbers ------------------------------------------------------------------------------------------------------

    def _cap_age(self, item: int, measured: int | None, is_age: bool) -> None:
        """Put ages over 89 into one category; any number of years is taken for one."""
        holders = [item] if measured is None else list(self._inside(measured))
        for holder in holders:
            unit = self._concept(self._child(holder, _UNITS))[1]
            number = self._child(holder, _NUMBER)
            if number is None or unit not in _PER_YEAR or not (is_age or unit == "a"):
                continue
            oldest = (generalise.OLDEST_AGE + 1) * _PER_YEAR[unit]
            if _highest(self._text(number)) >= oldest:
                self._decide(number, "C", self._cleaner.rule_age, b"%d" % oldest)
                for tag in _OTHER_FORMS:
                    if (row := self._child(holder, tag)) is not None:
                        self._decide(row, "X", self._cleaner.rule_age, None)

    # --- what removal leaves ------------------------------------------------------------------------------------------

    def _left(self, sequence: int) -> list[int]:
        return [item for item in self._inside(sequence) if item not in self._gone]

    def _drop_empty(self) -> None:
        """Remove sequences that lost all their items, but for those that may be empty (Type 2)."""
        for sequence in sorted({self._parents[item] for item in self._gone}):
            if self._left(sequence) or self._is_gone(sequence):
                continue
            types = iod.load()
            type_ = "1C" if self._tags[sequence] == _CONTENT else types.type_of(self._sop_class, self._path(sequence)) or "3"
            if iod.effective(type_) != 2:
                self._decide(sequence, "X", self._cleaner.rule_empty, None)

    def _mend_references(self) -> None:
        """Number anew what items refer to by position; an item that refers to one that is gone goes too."""
        found = self._native.find(self._table.capsule, (_REFERENCED_ITEM,))
        rows = [row for _, row, parent in found if parent >= 0]
        while dangling := [row for row in rows if self._target(row) is None]:
            for row in dangling:
                if not self._is_gone(row):
                    self._remove(self._parents[row], self._cleaner.rule_reference)
            rows = [row for row in rows if not self._is_gone(row)]
        for row in rows:
            self._decide(row, "C", self._cleaner.rule_reference, self._target(row))

    def _target(self, row: int) -> bytes | None:
        """Position of the item that a row refers to, after removal; None if it is gone or never was."""
        value, order = self._table.value(row) or b"", ">" if self._flags[row] & elements.BIG else "<"
        form = f"{order}{len(value) // 4}I"
        steps = struct.unpack_from(form, value)
        if not steps or steps[0] != 1:
            return None
        node, moved = -1, [1]
        for step in steps[1:]:
            sequence = self._child(node, _CONTENT)
            items = list(self._inside(sequence)) if sequence is not None else []
            if not 1 <= step <= len(items) or items[step - 1] in self._gone:
                return None
            node = items[step - 1]
            moved.append(1 + sum(item not in self._gone for item in items[: step - 1]))
        return struct.pack(form, *moved)


def _highest(text: str) -> float:
    """The highest of the numbers of a DS value; what is no number counts as none."""
    numbers = [0.0]
    for part in text.split("\\"):
        try:
            numbers.append(float(part))
        except ValueError:
            continue
    return max(number for number in numbers if number == number)  # not NaN
