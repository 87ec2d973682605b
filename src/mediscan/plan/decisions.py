"""Policy x Table E.1-1 -> one decision per tag and attribute Type: pure, the same words for `explain` and for the kernels."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from mediscan._native.decide import TEXT_HANDLER, VRS, Act
from mediscan.errors import PolicyError
from mediscan.profile import safe_private, table, targets
from mediscan.profile.actions import Action, Option, resolve
from mediscan.profile.policy import Dates, Descriptors, LocalAction, Policy, Rule
from mediscan.profile.safe_private import SafeElement
from mediscan.standard import dictionary


class Handler(IntEnum):
    """Rows whose new value native code cannot know; numbers past the last one stand for `Decider.extras`."""

    TEXT = TEXT_HANDLER
    UID = 1
    PATIENT_ID = 2
    PATIENT_NAME = 3
    CODE = 4
    DESCRIPTOR = 5
    AGE = 6
    BIRTH_DATE = 7
    ZIP3 = 8
    DATE = 9
    TIME = 10
    CSA = 11


class Replace(NamedTuple):
    """A template of a local rule."""

    template: str


class Step(NamedTuple):
    """A quantity of one VR, rounded down to a multiple of `step`."""

    vr: str
    step: float


class Form(NamedTuple):
    """A text that stays where the pattern matches it whole; else it is cleaned, or goes where nothing cleans it."""

    pattern: re.Pattern[str]
    cleans: bool


Extra = Replace | Step | Form


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens to a tag: `act`, or `fallback` where that cannot be done, or where a kept text names this patient.

    `coded` marks what stays only as part of a code of a registered scheme; else it is asked about.
    """

    act: Act
    fallback: Act
    rule: str
    category: str | None = None
    handler: int = Handler.UID
    letter: str = "C"
    watched: bool = True
    coded: bool = False


@dataclass(frozen=True, slots=True)
class Private:
    """A private element that a rule names, and what happens to it.

    Attributes
    ----------
    creator : str
        Private Creator, without padding.
    group, element : int
        Group number, and the low byte of the element number.
    vr : str
        By which UN is read; UN itself where nobody tells.
    vrs : tuple of str
        VRs to which the decision applies.
    asked : tuple of str
        VRs of text that are cleaned although the decision is to keep.
    vm_max : int
        Most values; 0 where there is no bound.
    decision : Decision
        What happens to it.
    """

    creator: str
    group: int
    element: int
    vr: str
    vrs: tuple[str, ...]
    asked: tuple[str, ...]
    vm_max: int
    decision: Decision


_PATIENT_NAME, _PATIENT_ID, _BIRTH_DATE = 0x00100010, 0x00100020, 0x00100030
_FIRST_GROUP = 0x0008  # groups 0000, 0002 and 0004 have no place in a data set (PS3.5 7.1), wherever a writer put them
_DEIDENTIFICATION = frozenset({0x00120062, 0x00120063, 0x00120064, 0x00280303})
_FREE_TEXT = frozenset({"LT", "ST", "UT", "UC"})
_SHORT_TEXT = frozenset({"LO", "SH"})
_TEXT = _FREE_TEXT | _SHORT_TEXT
_TIMES = frozenset({"DA", "DT", "TM"})
# Bytes without a structure that PS3.3 gives them go, but for those that colour needs.
_OPAQUE_KEPT = frozenset({0x00282000})
_EXACT = 0xFFFFFFFF
_MOST_HANDLERS = 256  # their numbers are bytes
_TIMEZONE = 0x00080201
_OFFSET = Form(re.compile(r"[+-](?:0[0-9]|1[0-4])[0-5][0-9]", re.ASCII), cleans=False)
_CODE_MEANING = 0x00080104
_CODES = frozenset({0x00080100, _CODE_MEANING})  # a Long Code Value is free text
_ALWAYS_GO = frozenset({"AE", "UR"})
_IDENTIFIER_ENDINGS = ("ID", "IDs", "Identifier", "Number")
_ACTS = {Action.X: Act.ACT_REMOVE, Action.Z: Act.ACT_EMPTY, Action.D: Act.ACT_DUMMY}
# Characters that one value may have (PS3.5 Table 6.2-1); other text has room for anything a template says.
_ROOM = {"AE": 16, "CS": 16, "SH": 16, "LO": 64, "PN": 64, "DS": 16, "IS": 12, "UI": 64}
_FILLED = {"patient": "p" * 24, "code": "c" * 16, "year": "yyyy"}


_TEMPORAL_OPTION = {
    Dates.KEEP: frozenset({Option.RETAIN_LONGITUDINAL_FULL_DATES}),
    Dates.SHIFT: frozenset({Option.RETAIN_LONGITUDINAL_MODIFIED_DATES}),
}


class Decider:
    """Decisions of one policy, element by element.

    Parameters
    ----------
    policy : Policy
        The policy; its `sources` are not looked at.

    Attributes
    ----------
    extras : tuple of Replace, Step or Form
        What handler numbers from ``len(Handler)`` on stand for.
    placed : tuple of Rule
        Local rules for certain places, the longest path first.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._rows = table.load()
        self._unlisted_rows = table.unlisted()
        self._options = policy.options | _TEMPORAL_OPTION.get(policy.dates, frozenset())
        self._dictionary = dictionary.load()
        self._steps = dict(policy.generalise)
        self._everywhere = [rule for rule in policy.rules if rule.target.creator is None and not rule.target.path]
        self._cleans_text = Option.CLEAN_DESCRIPTORS in policy.options and policy.descriptors is not Descriptors.REMOVE
        self._every_date_decided = policy.dates is not Dates.REMOVE
        placed = (rule for rule in policy.rules if rule.target.path)
        self.placed = tuple(sorted(placed, key=lambda rule: rule.target.specificity, reverse=True))
        self.extras: tuple[Extra, ...] = tuple(dict.fromkeys(self._needed()))
        if len(Handler) + len(self.extras) > _MOST_HANDLERS:
            raise PolicyError(f"policy {policy.name}: too many different values of rules; say more with {{code}} and {{year}}")

    def _needed(self) -> Iterator[Extra]:
        """Templates and steps in the order of the policy."""
        for rule in self.policy.rules:
            if rule.action is LocalAction.REPLACE:
                yield Replace(rule.value or "")
        for tag, step in self.policy.generalise:
            yield Step(self._vr(tag), step)
        yield _OFFSET
        if Option.RETAIN_SAFE_PRIVATE in self.policy.options:
            for element in safe_private.load().entries:
                if element.form:
                    yield Form(element.form, self._cleans_text)

    def _vr(self, tag: int) -> str:
        entry = self._dictionary.find(tag)
        assert entry is not None
        return entry.preferred_vr

    def _row(self, tag: int) -> table.Row | None:
        """The row of Table E.1-1, or one of ours where that is silent."""
        return self._rows.find(tag) or self._unlisted_rows.get(tag)

    def decide(self, tag: int, type_: int, local: Rule | None = None) -> Decision:
        """Decide for a tag of PS3.6 whose effective Type is 1, 2 or 3; `local` is a rule for the place where it lies."""
        entry = self._dictionary.find(tag)
        assert entry is not None
        vr = entry.preferred_vr
        row = self._row(tag)
        fallback = _ACTS[resolve("X", type_)]
        if tag >> 16 < _FIRST_GROUP:
            return Decision(Act.ACT_REMOVE, Act.ACT_REMOVE, "PS3.5 7.1 group of commands, files or directories")
        if tag in _DEIDENTIFICATION:
            return Decision(Act.ACT_REMOVE, Act.ACT_REMOVE, "PS3.15 E.1.1 written anew")
        local = local or self.local_rule(tag, vr)
        if local is not None:
            return self.locally(local, vr, type_, row.category if row else None)
        if tag in self._steps:
            rule = f"policy generalise {dictionary.format_tag(tag)}"
            return self._asked(Step(vr, self._steps[tag]), fallback, rule, row.category if row else None, "C")
        if tag in _CODES:
            return self._coded(tag, fallback)
        if row is None:
            return self._unlisted(vr, entry.retired, fallback, opaque_kept=tag in _OPAQUE_KEPT)
        special = self._special(tag, row.rule, row.category, fallback)
        return special or self._listed(entry.keyword, vr, row, type_, fallback)

    # --- the policy's own rules ---------------------------------------------------------------------------------------

    def local_rule(self, tag: int, vr: str) -> Rule | None:
        """The most specific rule for a standard element wherever it lies."""
        found = [rule for rule in self._everywhere if _means(rule, tag, vr)]
        return max(found, key=lambda rule: rule.target.specificity, default=None)

    def rule_in(self, tag: int, above: tuple[int, ...]) -> Rule | None:
        """The local rule for a place, given the tags of the sequences around it, the outer one first."""
        fits = (
            rule for rule in self.placed if rule.target.match == tag and above[-len(rule.target.path) :] == rule.target.path
        )
        return next(fits, None)

    def locally(self, rule: Rule, vr: str, type_: int, category: str | None) -> Decision:
        """Decision of a local rule for an element of `vr`."""
        fallback = _ACTS[resolve("X", type_)]
        match rule.action:
            case LocalAction.KEEP:
                return Decision(Act.ACT_KEEP, fallback, rule.name, category, watched=False)
            case LocalAction.REMOVE:
                return Decision(fallback, fallback, rule.name, category)
            case LocalAction.EMPTY:
                act = _ACTS[resolve("Z", type_)]
                return Decision(act, act, rule.name, category)
            case LocalAction.CLEAN:
                return self._cleaned(vr, rule.name, category, fallback)
            case LocalAction.CODE:
                return Decision(Act.ACT_ASK, fallback, rule.name, category, Handler.CODE, "D")
            case LocalAction.REPLACE:
                _check_room(rule, vr)
                return self._asked(Replace(rule.value or ""), fallback, rule.name, category, "D")
        if rule.action is LocalAction.UID or vr == "UI":
            return Decision(Act.ACT_ASK, fallback, rule.name, category, Handler.UID, "U")
        return Decision(Act.ACT_DUMMY, Act.ACT_DUMMY, rule.name, category)

    def privates(self) -> Iterator[Private]:
        """Private elements that the policy names, the less specific rules first."""
        if Option.RETAIN_SAFE_PRIVATE in self.policy.options:
            yield from filter(None, map(self._safe, safe_private.load().entries))
        rules = [rule for rule in self.policy.rules if rule.target.creator is not None]
        for rule in sorted(rules, key=lambda rule: rule.target.specificity):
            target = rule.target
            decision = self.locally(rule, target.vr or "UN", 3, "R")
            vrs = (target.vr,) if target.vr else VRS
            for element in range(256):
                if element & target.mask & 0xFF == target.match & 0xFF:
                    group, creator = target.match >> 16, target.creator or ""
                    yield Private(creator, group, element, target.vr or "UN", vrs, (), 0, decision)

    def _safe(self, element: SafeElement) -> Private | None:
        """A private element of Table E.3.10-1 and the like; None where it goes."""
        rule, gone = f"{element.rule} option {Option.RETAIN_SAFE_PRIVATE}", Act.ACT_REMOVE
        cleans = self._cleans_text
        match element.treatment:
            case safe_private.KEEP:
                decision = Decision(Act.ACT_KEEP, gone, rule, "R", Handler.DESCRIPTOR)
            case safe_private.TEXT if element.form:
                decision = self._asked(Form(element.form, cleans), gone, rule, "R", "C")
            case safe_private.TEXT if cleans:
                decision = Decision(Act.ACT_ASK, gone, rule, "R", Handler.DESCRIPTOR)
            case safe_private.UID if Option.RETAIN_UIDS in self.policy.options:
                decision = Decision(Act.ACT_KEEP, gone, rule, "R")
            case safe_private.UID:
                decision = Decision(Act.ACT_ASK, gone, rule, "R", Handler.UID, "U")
            case safe_private.CSA:
                decision = Decision(Act.ACT_ASK, gone, rule, "R", Handler.CSA)
            case _:
                return None
        asked = element.texts if cleans and element.treatment == safe_private.KEEP else ()
        vr = "SQ" if element.vr == safe_private.UNKNOWN else element.vr  # what says UN is no sequence, so it goes
        return Private(element.creator, element.group, element.element, vr, element.vrs, asked, element.vm_max, decision)

    def _asked(self, extra: Extra, fallback: Act, rule: str, category: str | None, letter: str) -> Decision:
        return Decision(Act.ACT_ASK, fallback, rule, category, len(Handler) + self.extras.index(extra), letter)

    def true_options(self) -> list[Option]:
        """The codes of CID 7050 that are true for a run under the policy."""
        chosen = set(self._options)
        if self.policy.descriptors is Descriptors.REMOVE:
            chosen.discard(Option.CLEAN_DESCRIPTORS)
        return sorted(chosen) if self.weakens() else [Option.BASIC_PROFILE, *sorted(chosen)]

    def weakens(self) -> bool:
        """Whether a local rule keeps or cleans what the table, under the chosen options, would not: 113100 is not true then."""
        kept = (LocalAction.KEEP, LocalAction.CLEAN)
        for rule in self.policy.rules:
            if rule.action not in kept:
                continue
            if rule.target.creator is not None:
                return True
            exact = rule.target.mask == _EXACT
            for tag in [rule.target.match] if exact else self._dictionary.tags.tolist():
                if tag >> 16 >= _FIRST_GROUP and _means(rule, tag, self._vr(tag)) and self._is_stricter(tag, rule):
                    return True
        return False

    def _is_stricter(self, tag: int, rule: Rule) -> bool:
        """Whether the policy would do more to a tag if it had not this rule."""
        row, vr = self._row(tag), self._vr(tag)
        if row is None:
            bare = self._unlisted(vr, False, Act.ACT_REMOVE, opaque_kept=tag in _OPAQUE_KEPT)
        else:
            bare = self._special(tag, "", None, Act.ACT_REMOVE) or self._listed("", vr, row, 3, Act.ACT_REMOVE)
        cleans = bare.act is Act.ACT_ASK and bare.handler == Handler.DESCRIPTOR
        return bare.act is not Act.ACT_KEEP and not (rule.action is LocalAction.CLEAN and cleans)

    # --- the table ----------------------------------------------------------------------------------------------------

    def _special(self, tag: int, rule: str, category: str | None, fallback: Act) -> Decision | None:
        """Patient, dates of birth, codes and addresses: rows whose replacement is a pseudonym or a generalisation."""
        policy = self.policy
        if tag == _PATIENT_ID:
            return Decision(Act.ACT_ASK, Act.ACT_EMPTY, rule, category, Handler.PATIENT_ID, "D")
        if tag == _PATIENT_NAME:
            return Decision(Act.ACT_ASK, Act.ACT_EMPTY, rule, category, Handler.PATIENT_NAME, "D")
        if tag == _BIRTH_DATE and policy.dates is Dates.YEAR:
            return Decision(Act.ACT_ASK, fallback, rule, category, Handler.BIRTH_DATE, "C")
        if tag in policy.codes:
            return Decision(Act.ACT_ASK, fallback, rule, category, Handler.CODE, "D")
        if tag in policy.zip3:
            return Decision(Act.ACT_ASK, fallback, f"{rule} + 164.514(b)(2)(i)(B)", "B", Handler.ZIP3, "C")
        return None

    def _listed(self, keyword: str, vr: str, row: table.Row, type_: int, fallback: Act) -> Decision:
        if vr in _TIMES and Option.RETAIN_LONGITUDINAL_MODIFIED_DATES in row.options and self._every_date_decided:
            timed = self._temporal(vr, row.rule, row.category, fallback)
            return timed or self._basically(keyword, vr, row, type_, fallback)
        code, option = self._option_code(row)
        rule = f"{row.rule} option {option}" if option else row.rule
        if code == "K":
            return self._kept(vr, rule, row.category, fallback)
        if code == "C":
            if row.match == _TIMEZONE:  # whole days leave it true
                return self._asked(_OFFSET, fallback, rule, row.category, "C")
            if vr in ("AE", "SH", "LO") and option == Option.RETAIN_DEVICE_IDENTITY:
                return Decision(Act.ACT_ASK, fallback, rule, row.category, Handler.CODE, "C")
            return self._cleaned(vr, rule, row.category, fallback)
        return self._basically(keyword, vr, row, type_, fallback)

    def _basically(self, keyword: str, vr: str, row: table.Row, type_: int, fallback: Act) -> Decision:
        """The Basic Profile's code, resolved by Type."""
        action = resolve(row.basic, type_)
        if action is Action.U or (action is Action.D and vr == "UI"):
            if vr == "SQ":
                return Decision(Act.ACT_KEEP, fallback, row.rule, row.category)
            return Decision(Act.ACT_ASK, fallback, row.rule, row.category, Handler.UID, "U")
        if action is Action.D and vr in _SHORT_TEXT and keyword.endswith(_IDENTIFIER_ENDINGS):
            return Decision(Act.ACT_ASK, Act.ACT_DUMMY, row.rule, row.category, Handler.CODE, "D")
        return Decision(_ACTS[action], _ACTS[action], row.rule, row.category)

    def _option_code(self, row: table.Row) -> tuple[str | None, Option | None]:
        """K or C where a chosen option has one in this row, and the option; cleaning is the stricter and holds over keeping."""
        chosen = [(row.options[option], option) for option in sorted(self._options) if option in row.options]
        return min(chosen, default=(None, None))

    def _unlisted(self, vr: str, retired: bool, fallback: Act, *, opaque_kept: bool) -> Decision:
        """A tag that PS3.6 knows and Table E.1-1 does not list: kept, unless its VR can hold anything."""
        rule = f"default: VR {vr} not listed in E.1-1"
        if vr == "UI":
            if Option.RETAIN_UIDS in self.policy.options:
                return Decision(Act.ACT_KEEP, fallback, rule, "R")
            return Decision(Act.ACT_ASK, fallback, rule, "R", Handler.UID, "U")
        if vr in _TIMES:
            timed = self._temporal(vr, rule, "C", fallback)
            return timed or Decision(fallback, fallback, rule, "C")
        if vr == "PN" or vr in _ALWAYS_GO or (vr == "OB" and not opaque_kept):
            return Decision(fallback, fallback, rule, "A" if vr == "PN" else "R")
        if vr in _FREE_TEXT or (retired and vr in _TEXT):
            if Option.CLEAN_DESCRIPTORS not in self.policy.options:
                return Decision(fallback, fallback, rule, "R")
            return self._cleaned(vr, rule, "R", fallback)
        return self._kept(vr, rule, None, fallback)

    def _coded(self, tag: int, fallback: Act) -> Decision:
        """A value or meaning of a code (PS3.3 8.8): without a registered scheme anybody may have written anything."""
        rule = f"default: VR {self._vr(tag)} not listed in E.1-1"
        handler = Handler.CODE if tag != _CODE_MEANING else Handler.DESCRIPTOR if self._cleans_text else Handler.TEXT
        return Decision(Act.ACT_KEEP, fallback, rule, None, handler, coded=True)

    def _temporal(self, vr: str, rule: str, category: str | None, fallback: Act) -> Decision | None:
        dates = self.policy.dates
        if dates in (Dates.KEEP, Dates.SHIFT):
            handler = Handler.TIME if vr == "TM" else Handler.DATE
            return Decision(Act.ACT_ASK, fallback, rule, category, handler)
        if dates is Dates.YEAR and vr != "TM":
            return Decision(Act.ACT_YEAR, fallback, rule, category)
        return None

    def _kept(self, vr: str, rule: str, category: str | None, fallback: Act) -> Decision:
        if vr == "AS":
            return Decision(Act.ACT_ASK, fallback, rule, "C", Handler.AGE, "C")
        if vr in _TIMES:
            handler = Handler.TIME if vr == "TM" else Handler.DATE
            return Decision(Act.ACT_ASK, fallback, rule, category, handler)
        return Decision(Act.ACT_KEEP, fallback, rule, category)

    def _cleaned(self, vr: str, rule: str, category: str | None, fallback: Act) -> Decision:
        """Clean: a descriptor keeps what is clinical, the contents of a sequence decide, anything else goes."""
        if vr == "SQ":
            return Decision(Act.ACT_KEEP, fallback, rule, category)
        if vr in _TEXT and self.policy.descriptors is not Descriptors.REMOVE:
            return Decision(Act.ACT_ASK, fallback, rule, category, Handler.DESCRIPTOR, "C")
        return Decision(fallback, fallback, rule, category)


def _check_room(rule: Rule, vr: str) -> None:
    """Raise PolicyError if what a template gives is longer than one value of the VR may be."""
    if len((rule.value or "").format(**_FILLED)) > _ROOM.get(vr, 1024):
        raise PolicyError(f"{rule.name}: the value is longer than the {_ROOM[vr]} characters that VR {vr} has; shorten it")


def _means(rule: Rule, tag: int, vr: str) -> bool:
    return targets.means(rule.target, rule.action, tag, vr)
