"""Every row of Table E.1-1 x every option, pair of options, treatment of dates and Type: the expected action from `letters`,
which reads the standard's table on its own; compared with the decider, then with bytes through the native path.
"""

import functools
import itertools
from typing import NamedTuple

import letters
import pytest
from letters import OPTIONS, Row, expected, gone, rows
from proving import CT, Element, Native, policy, read, walk, with_element

from conftest import ROOT
from handmade import explicit, item
from mediscan import errors
from mediscan._native.decide import Act
from mediscan.errors import PolicyError
from mediscan.plan.rules import Decider
from mediscan.standard import dictionary, iod

pytestmark = pytest.mark.skipif(not letters.STANDARD.is_file(), reason="the standard's table is not beside this checkout")

KNOWN = dictionary.load()
PLAIN = tuple(code for code in OPTIONS if code not in (letters.FULL_DATES, letters.MODIFIED_DATES))
SETS = tuple(frozenset(chosen) for size in (0, 1, 2) for chosen in itertools.combinations(PLAIN, size))
RETAIN_UIDS = "113110"
LETTER = {Act.ACT_REMOVE: "X", Act.ACT_EMPTY: "Z", Act.ACT_DUMMY: "D", Act.ACT_YEAR: "C", Act.ACT_KEEP: "K"}
TIMEZONE = 0x00080201
ASKED_ABOUT = frozenset({"DA", "DT", "TM", "AS"})  # a handler keeps them only where they are valid
_PATIENT = {0x00100010, 0x00100020}  # a pseudonym, whatever the Type


class Wrong(NamedTuple):
    """One decision that is not what the standard says."""

    row: Row
    vr: str
    options: frozenset[str]
    type_: int
    got: str
    want: set[str]


def told(wrong: list[Wrong]) -> str:
    """A line per row and kind of error, with the smallest set of options and the lowest Type that show it."""
    kinds: dict[tuple[Row, str, str], list[Wrong]] = {}
    for one in wrong:
        kinds.setdefault((one.row, one.got, "".join(sorted(one.want))), []).append(one)
    lines = [f"{len(wrong)} wrong in {len({one.row for one in wrong})} rows"]
    for (row, got, want), ones in kinds.items():
        first = min(ones, key=lambda one: (len(one.options), one.type_))
        columns = " ".join(f"{code}:{letter}" for code, letter in row.options.items())
        lines.append(
            f"{row.where} {first.vr} {row.basic} [{columns}]: {got}, not {want}; {len(ones)} times, as with "
            f"{'+'.join(sorted(first.options)) or 'no option'} at Type {first.type_}"
        )
    return "\n".join(lines)


def vr_of(tag: int) -> str | None:
    entry = KNOWN.find(tag)
    return None if entry is None else entry.preferred_vr


def allowed(row: Row, vr: str, options: frozenset[str], mode: str, type_: int) -> set[str]:
    """Letters that a decision may carry: one, but for what depends on the value."""
    if row.tag in _PATIENT:
        return {"D"}
    letter = expected(row, vr, options, mode, type_)
    if row.tag == TIMEZONE and letter == "C":
        return {"C", "K"}  # whole days leave the offset from UTC true
    if vr == "SQ" and letter in "DUKC":
        return {"K", "D"}  # its items stay and are cleaned one by one
    if letter == "D" and vr == "UI":
        return {"U"}
    if letter == "C" and vr not in letters.TEXT | {"DA", "DT"}:
        return {"C", gone(type_), letters.BY_TYPE[row.basic][type_ - 1]}  # bytes, titles and codes are not cleaned by words
    return {letter}


def decided(decider: Decider, tag: int, type_: int) -> str:
    found = decider.decide(tag, type_)
    return found.letter if found.act == Act.ACT_ASK else LETTER[found.act]


@functools.cache
def decider(options: frozenset[str], mode: str) -> Decider | None:
    """The decider of one combination; None where it is refused, as UIDs that stay beside dates that move are."""
    try:
        return Decider(policy(options, mode))
    except PolicyError:
        assert RETAIN_UIDS in options
        assert mode in ("shift", "year")
        return None


@pytest.mark.parametrize("mode", letters.MODES)
@pytest.mark.parametrize("size", [0, 1, 2])
def test_every_row_and_option_and_type(mode: str, size: int) -> None:
    wrong = []
    for options in SETS:
        if len(options) != size or (found := decider(options, mode)) is None:
            continue
        for row, type_ in itertools.product(rows(), (1, 2, 3)):
            vr = vr_of(row.tag)
            if vr is not None:
                got, want = decided(found, row.tag, type_), allowed(row, vr, options, mode, type_)
                if got not in want and not (got == "C" and "K" in want and vr in ASKED_ABOUT):
                    wrong.append(Wrong(row, vr, options, type_, got, want))
    assert not wrong, told(wrong)


@pytest.mark.parametrize(("mode", "option"), letters.MODE_OPTION.items())
def test_naming_the_option_of_the_dates_changes_nothing(mode: str, option: str) -> None:
    for options in SETS[:9]:
        plain, named = decider(options, mode), decider(options | {option}, mode)
        if plain is None or named is None:
            continue
        for row, type_ in itertools.product(rows(), (1, 2, 3)):
            if vr_of(row.tag) is not None:
                assert decided(plain, row.tag, type_) == decided(named, row.tag, type_), (row.where, sorted(options))


def test_every_row_counts() -> None:
    assert len(rows()) == 653
    assert sorted(letters.other_rows()) == ["50xxxxxx", "60xx3000", "60xx4000", "ggggeeee-where-gggg-is-odd"]
    unknown = [row.where for row in rows() if vr_of(row.tag) is None]
    assert unknown == []


def test_departures_from_the_letter_are_documented() -> None:
    text = (ROOT / "docs" / "conformance.md").read_text("utf-8")
    assert [name for name, words in letters.DEVIATIONS.items() if words not in text] == []


# --- through the native path ------------------------------------------------------------------------------------------

MARK = b"ZZCANARY"
PLANTED = {
    "AE": MARK, "AS": b"045Y", "CS": MARK, "DA": b"20190411", "DS": b"81.25", "DT": b"20190411101112.5+0100", "IS": b"8125",
    "LO": MARK, "LT": MARK, "OB": MARK, "PN": MARK + b"^ANN", "SH": MARK, "ST": MARK, "TM": b"101112.5", "UC": MARK,
    "UI": b"1.2.826.0.1.3680043.10.99.83620947", "UN": MARK, "UR": b"http://zzcanary.example", "US": b"\x47\x83", "UT": MARK,
    "SQ": explicit(0x00080104, "LO", b"CHEST ") + explicit(0x00100010, "PN", MARK),
}  # fmt: skip
CLINICAL = b"CHEST"
BINARY = frozenset({"OB", "UN", "US"})
PAIRS_THAT_MEET = (frozenset({"113108", "113105"}), frozenset({"113110", "113109"}))
END_TO_END = (frozenset(), *(frozenset({code}) for code in PLAIN), *PAIRS_THAT_MEET)
_UIDS_OF_THE_TREE = {0x00080018, 0x0020000D, 0x0020000E}


@functools.cache
def places() -> tuple[tuple[Row, str, str, int], ...]:
    """(row, VR, SOP Class, Type): each row at the top level of a few SOP Classes, at each Type it has in any of them."""
    left = {(row, 3) for row in rows()} | _typed()
    chosen = []
    classes = {CT: _types(CT)} | {uid: _types(uid) for uid in sorted(iod.load().sop_classes) if _written(uid)}
    while left:
        uid, covered = max(
            ((uid, {(row, t) for row, t in left if types.get(row.tag, 3) == t}) for uid, types in classes.items()),
            key=lambda pair: len(pair[1]),
        )
        if not covered:
            break
        chosen += [(row, str(vr_of(row.tag)), uid, t) for row, t in sorted(covered, key=lambda p: (p[0].tag, p[1]))]
        left -= covered
    return tuple(chosen)


@functools.cache
def _types(uid: str) -> dict[int, int]:
    types = iod.load().types(uid) or {}
    return {path[0]: iod.effective(type_) for path, type_ in types.items() if len(path) == 1}


@functools.cache
def _typed() -> frozenset[tuple[Row, int]]:
    by_tag = {row.tag: row for row in rows()}
    classes = [uid for uid in iod.load().sop_classes if _written(uid)]
    return frozenset((by_tag[tag], t) for uid in classes for tag, t in _types(uid).items() if tag in by_tag)


@functools.cache
def _written(uid: str) -> bool:
    try:
        native(frozenset(), "remove")(with_element(0x00080008, "CS", b"ORIGINAL\\PRIMARY", uid))
    except errors.Refused:
        return False
    return True


@functools.cache
def native(options: frozenset[str], mode: str) -> Native:
    return Native(policy(options, mode))


def outcome(row: Row, vr: str, planted: bytes, out: Element | None) -> str:
    """The letter that bytes show."""
    if out is None:
        return "X"
    if vr == "SQ":
        return "items" if out.items else "Z"
    value = out.value if vr in BINARY else out.value.rstrip(b"\0 ")
    if not value:
        return "Z"
    return "K" if value == planted else "U" if vr == "UI" else "changed"


def agrees(row: Row, vr: str, want: set[str], got: str) -> bool:
    """Whether what came out is what one of the letters means."""
    meanings = {"X": {"X"}, "Z": {"Z"}, "D": {"changed", "U", "items"}, "U": {"U"}, "K": {"K", "items"}}
    if vr in ("DA", "DT"):
        meanings["C"] = {"changed"}
    else:
        meanings["C"] = {"X", "Z", "changed"}  # a name is no clinical word
    return any(got in meanings[letter] for letter in want)


@pytest.mark.parametrize("mode", letters.MODES)
def test_every_row_end_to_end(mode: str) -> None:
    wrong = []
    for options in END_TO_END:
        if decider(options, mode) is None:
            continue
        through = native(options, mode)
        for row, vr, sop_class, type_ in places():
            if row.tag in _UIDS_OF_THE_TREE and RETAIN_UIDS in options:
                continue  # names of the output tree; test_retained_uids_stay looks at them
            want, planted = allowed(row, vr, options, mode, type_), PLANTED[vr]
            out = read(through(with_element(row.tag, vr, planted, sop_class)))
            got = outcome(row, vr, planted, out.get(row.tag))
            if not agrees(row, vr, want, got):
                wrong.append(Wrong(row, vr, options, type_, got, want))
            elif got != "K" and vr not in ("AS", "US", "TM") and planted in b"".join(e.value for _, e in walk(out)):
                wrong.append(Wrong(row, vr, options, type_, "left elsewhere in the output", want))
            elif vr == "SQ" and MARK in b"".join(e.value for _, e in walk(out)):
                wrong.append(Wrong(row, vr, options, type_, "a name left inside", want))
    assert not wrong, told(wrong)


@pytest.mark.parametrize("mode", letters.MODES)
def test_cleaned_text_keeps_clinical_words(mode: str) -> None:
    """C on a text: a value of clinical words alone stays; the columns of every option that cleans text say so."""
    lost = []
    for options in END_TO_END:
        if decider(options, mode) is None:
            continue
        for row, vr, sop_class, type_ in places():
            if vr not in letters.TEXT or expected(row, vr, options, mode, type_) != "C" or row.tag == TIMEZONE:
                continue
            out = read(native(options, mode)(with_element(row.tag, vr, CLINICAL, sop_class))).get(row.tag)
            if out is None or out.value.rstrip() != CLINICAL:
                lost.append(Wrong(row, vr, options, type_, "lost", {"C"}))
    assert not lost, told(lost)


@pytest.mark.parametrize("mode", letters.MODES)
def test_rows_hold_inside_a_sequence_that_the_table_does_not_list(mode: str) -> None:
    """Anatomic Region Sequence (0008,2218) is in no row: what lies in it follows the same rows, as Type 3 or stricter."""
    wrong = []
    for options in END_TO_END:
        if decider(options, mode) is None:
            continue
        through = native(options, mode)
        for row in rows():
            vr = str(vr_of(row.tag))
            planted = PLANTED[vr]
            element = explicit(row.tag, vr, item(planted) if vr == "SQ" else planted + b" " * (len(planted) % 2))
            out = read(through(with_element(0x00082218, "SQ", element)))
            inside = out[0x00082218].items[0] if 0x00082218 in out and out[0x00082218].items else {}
            want = set().union(*(allowed(row, vr, options, mode, type_) for type_ in (1, 2, 3)))
            got = outcome(row, vr, planted, inside.get(row.tag))
            if not agrees(row, vr, want, got):
                wrong.append(Wrong(row, vr, options, 3, got, want))
    assert not wrong, told(wrong)


@pytest.mark.parametrize("mode", ["remove", "keep"])
def test_retained_uids_stay(mode: str) -> None:
    through = native(frozenset({RETAIN_UIDS}), mode)
    for tag in _UIDS_OF_THE_TREE:
        out = read(through(with_element(tag, "UI", PLANTED["UI"])))
        assert out[tag].value.rstrip(b"\0") == PLANTED["UI"], hex(tag)


# --- rows that name many tags -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", END_TO_END, ids=lambda options: "+".join(sorted(options)) or "none")
def test_curves_overlays_and_private_elements(options: frozenset[str]) -> None:
    """Bitmaps and texts of a repeating group go, whatever is chosen; a private element stays only where it is known safe."""
    through = native(options, "remove")
    planted = {
        0x50003000: ("OW", MARK),
        0x50020022: ("LO", MARK),
        0x60004000: ("LT", MARK),
        0x60020022: ("LO", MARK),
        0x60FE3000: ("OW", MARK),
        0x00091001: ("LO", MARK),
        0x00290010: ("LO", MARK),
    }
    for tag, (vr, value) in planted.items():
        out = read(through(with_element(tag, vr, value)))
        assert MARK not in b"".join(e.value for _, e in walk(out)), hex(tag)
