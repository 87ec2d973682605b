"""Element by element: what a plan does to one data set, by which rule of which table."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mediscan._native.decide import Builtin
from mediscan._native.framing import ElementTable
from mediscan.codec import elements
from mediscan.plan.decisions import Decision
from mediscan.plan.planner import Planner
from mediscan.plan.rules import RuleBook, RuleNames
from mediscan.standard import dictionary, iod

_REMOVE, _REPLACE, _RESIZE = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Explained:
    """What happens to one data element.

    Attributes
    ----------
    path, tag, keyword, vr : str
        Where and what it is; `keyword` is empty for what PS3.6 does not know.
    type_ : str
        Its attribute Type in the IOD ("3" where PS3.3 does not list it), or empty for private elements.
    action : str
        A code of Table E.1-1a; K for what stays.
    rule : str
        The row or rule that says so.
    category : str or None
        HIPAA letter.
    before, after : int
        Bytes of value.
    old, new : bytes or None
        The values; None where they are not in memory, or there is none.
    """

    path: str
    tag: str
    keyword: str
    vr: str
    type_: str
    action: str
    rule: str
    category: str | None
    before: int
    after: int
    old: bytes | None
    new: bytes | None


def explain(table: ElementTable, planner: Planner, sop_class: str) -> Iterator[Explained]:
    """Yield every element of a decided table in file order; what goes with a removed sequence is not named again."""
    rows, edits = elements.rows(table), elements.edits(table)
    known = dictionary.load()
    book, names, types = planner.book, planner.names, iod.load()
    arena = table.arena
    paths: dict[int, tuple[str, tuple[int, ...]]] = {}
    index = 0
    while index < len(rows):
        row, edit = rows[index], edits[index]
        tag, flags = int(row["tag"]), int(row["flags"])
        text, tags = paths.get(int(row["parent"]), ("", ()))
        if flags & elements.ITEM:
            paths[index] = f"{text}[{row['item']}].", tags
            if edit["action"]:
                yield _removed_item(paths[index][0].removesuffix("."), row, edit, names)
            index = int(row["after"]) if edit["action"] else index + 1
            continue
        path = text + dictionary.format_tag(tag)
        paths[index] = path, (*tags, tag)
        entry = None if flags & elements.META else known.find(tag)
        type_ = (types.type_of(sop_class, (*tags, tag)) or "3") if entry else ""
        changed, op = bool(edit["action"]), int(edit["op"])
        if changed:
            rule, category = names.rules[edit["rule"]], names.categories[edit["rule"]]
        else:
            decision = _kept(book, table, row, (*tags, tag), type_)
            rule, category = (decision.rule, decision.category) if decision else (names.rules[Builtin.RULE_UNKNOWN], None)
        new, after = _result(op, edit, arena, table, row)
        yield Explained(
            path,
            dictionary.format_tag(tag),
            (known.keyword(tag) or "") if entry or flags & elements.META else "",
            _vr(int(row["vr"])),
            type_,
            chr(edit["action"]) if changed else "K",
            rule,
            category,
            int(row["length"]),
            after,
            None if flags & (elements.SEQUENCE | elements.FRAGMENTS) else table.value(index),
            new,
        )
        index = index + 1 if flags & elements.SEQUENCE and op == 0 else int(row["after"])


def _removed_item(path: str, row: np.void, edit: np.void, names: RuleNames) -> Explained:
    """An item that goes with all inside it."""
    rule, category = names.rules[edit["rule"]], names.categories[edit["rule"]]
    tag = dictionary.format_tag(int(row["tag"]))
    return Explained(path, tag, "Item", "", "", chr(edit["action"]), rule, category, int(row["length"]), 0, None, None)


def _kept(book: RuleBook, table: ElementTable, row: np.void, path: tuple[int, ...], type_: str) -> Decision | None:
    """The decision by which an element stays."""
    tag = path[-1]
    if tag >> 16 & 1:
        if row["creator"] < 0 or tag & 0xFFFF < 0x1000:
            return None
        return book.private((table.value(int(row["creator"])) or b"").decode("ascii", "replace"), tag)
    if not type_:
        return None
    return book.decider.decide(tag, iod.effective(type_), book.decider.rule_in(tag, path[:-1]))


def _result(op: int, edit: np.void, arena: bytes, table: ElementTable, row: np.void) -> tuple[bytes | None, int]:
    """New value and its length."""
    size = int(edit["size"])
    if op == _REMOVE:
        return None, 0
    if op == _REPLACE:
        return arena[int(edit["data"]) : int(edit["data"]) + size], size
    if op == _RESIZE:
        return table.read(int(row["value"]), size), size
    return None, int(row["length"])


def _vr(code: int) -> str:
    return chr(code & 0xFF) + chr(code >> 8)
