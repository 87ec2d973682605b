"""From what an importer understood, element by element, to a policy: one treatment of dates, rules that the loader takes.

Whatever cannot be said is remarked on, and its element is left to Table E.1-1, or removed where the Table is silent: an
imported policy keeps nothing that the script would have changed.
"""

import functools
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field, replace

from mediscan._native.decide import Act
from mediscan.errors import PolicyError, ScriptError
from mediscan.interop.policy_toml import PolicyRule, PolicyText, element, write
from mediscan.interop.remarks import Remark, Said, Unsayable
from mediscan.plan.decisions import Decider
from mediscan.profile import local_rules, policy_file, table, targets
from mediscan.profile.actions import Option
from mediscan.profile.policy import Dates, LocalAction, Policy, Rule, Target
from mediscan.standard import dictionary
from mediscan.standard import vr as standard_vr

_EXACT = 0xFFFFFFFF
PATIENT = "{patient}"
CODE = "{code}"
_PATIENT_TAGS = frozenset({0x00100010, 0x00100020})
_BIRTH_DATE = 0x00100030
_IDENTITY_REMOVED = 0x00120062
_DATES_MODIFIED = 0x00280303
_MODIFIED = {Dates.KEEP: "UNMODIFIED", Dates.SHIFT: "MODIFIED", Dates.YEAR: "MODIFIED", Dates.REMOVE: "REMOVED"}
_TEMPORAL = frozenset({"DA", "DT", "TM"})
_GOING = frozenset({LocalAction.REMOVE, LocalAction.EMPTY})
_STEPPED = frozenset({"PatientAge"})

_SWEPT = frozenset(standard_vr.VRS) - {"AS"}  # ages are named, or may be rounded

KEYED = "an unkeyed hash becomes a keyed one: the same values under the same key, and nobody without it can test a guess"


@dataclass(frozen=True, slots=True)
class Meaning:
    """
    What a script wants of an element.

    Attributes
    ----------
    action, value : LocalAction or None, str or None
        A rule; None where `dates` or `step` say it, or nothing needs to be said.
    dates : Dates or None
        The treatment of dates that says it.
    step : int or None
        Years to which an age is rounded down.
    partly : str
        What is left unsaid.
    note : str
        What a reader should know.
    """

    action: LocalAction | None = None
    value: str | None = None
    dates: Dates | None = None
    step: int | None = None
    partly: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """A meaning for one element (a tag) or several (a target as policies write it), and the statement that has it."""

    line: int
    what: str
    target: int | str
    meaning: Meaning
    spread: bool = False
    """One of many elements that one statement is about: what cannot be said is told once."""

    @property
    def tag(self) -> int | None:
        """Tag, where there is just one."""
        return self.target if isinstance(self.target, int) else None

    @property
    def name(self) -> str:
        """The target as policies write it."""
        return element(self.target) if isinstance(self.target, int) else self.target


@dataclass(slots=True)
class Draft:
    """A policy in the making."""

    source: str
    remarks: list[Remark] = field(default_factory=list)
    options: set[str] = field(default_factory=set)
    sweep: int | None = None
    """Line of the statement that removes every element that the script does not name; None: there is none."""
    unsaid: list[tuple[Wish, str]] = field(default_factory=list)
    """Wishes that an importer could not make out, and why."""
    _dates: Dates = Dates.REMOVE
    _rules: dict[str, PolicyRule] = field(default_factory=dict)
    _lines: dict[str, int] = field(default_factory=dict)
    _broad: list[Target] = field(default_factory=list)
    _steps: dict[str, float] = field(default_factory=dict)
    _spared: dict[tuple[int, str, str], list[str]] = field(default_factory=dict)

    def refuse(self, line: int, what: str, why: str) -> None:
        """Remark on a statement of which nothing is taken."""
        self.remarks.append(Remark(line, Said.NOT, what, why))

    def part(self, line: int, what: str, why: str) -> None:
        """Remark on a statement that is taken in part."""
        self.remarks.append(Remark(line, Said.PARTLY, what, why))

    def note(self, line: int, what: str, why: str) -> None:
        """Remark on a statement that is taken whole."""
        self.remarks.append(Remark(line, Said.NOTE, what, why))

    def take(self, wishes: Sequence[Wish]) -> None:
        """Turn wishes into rules; the dates of all are looked at first."""
        self._dates = self._mode(wishes)
        broad = [targets.parse(wish.target) for wish in wishes if isinstance(wish.target, str)]
        self._broad = [target for target in broad if target.creator is None]
        granted = set()
        for wish in wishes:
            try:
                self._say(wish)
            except Unsayable as reason:
                self.fail(wish, str(reason))
            else:
                granted.add(wish.line)
                self._tell(wish)
        for wish, why in self.unsaid:
            self.fail(wish, why)
        for (line, what, why), names in self._spared.items():
            shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
            (self.part if line in granted else self.refuse)(line, what, f"{shown}: {why}")
        if self.sweep is not None:
            self._sweep(self.sweep)
        self._prune()

    def fail(self, wish: Wish, why: str) -> None:
        """Remark on a wish that cannot be said, and see that its element does not stay for it."""
        why = (wish.tag is not None and targets.protection(wish.tag)) or why
        instead = self._instead(wish)
        if wish.spread:
            self._spared.setdefault((wish.line, wish.what, why + instead), []).append(wish.name)
        else:
            self.refuse(wish.line, wish.what, why + instead)

    def finish(self, title: str, remarks: Iterable[str]) -> str:
        """Give the text of the policy; the loader has read it."""
        text = write(
            PolicyText(
                title,
                f"Basic Profile of PS3.15 and the rules of {self.source}",
                tuple(remarks),
                frozenset(self.options),
                self._dates,
                self._steps,
                tuple(self._rules.values()),
            )
        )
        try:
            policy_file.parse(text, "imported")
        except PolicyError as error:
            raise ScriptError(f"its rules do not go together: {error}") from None
        return text

    # --- one wish -----------------------------------------------------------------------------------------------------

    def _tell(self, wish: Wish) -> None:
        if wish.meaning.partly and wish.tag not in (_IDENTITY_REMOVED, _DATES_MODIFIED):
            self.part(wish.line, wish.what, wish.meaning.partly)
        if wish.meaning.note:
            self.note(wish.line, wish.what, wish.meaning.note)

    def _say(self, wish: Wish) -> None:
        meaning, tag = wish.meaning, wish.tag
        if tag is not None and self._is_settled(tag, meaning, wish.spread):
            return
        if meaning.dates is not None:
            self._check_dates(wish, meaning.dates)
        elif meaning.step is not None:
            self._step(wish, meaning.step)
        elif meaning.action is not None:
            self._rule(wish, meaning.action, meaning.value)

    def _is_settled(self, tag: int, meaning: Meaning, spread: bool) -> bool:
        """Whether nothing need be said of an element; raise Unsayable if nothing can."""
        group = tag >> 16
        if (meaning.value or "").upper() == self._attested(tag):
            return True
        protection = targets.protection(tag)
        if protection is not None:
            return _granted(meaning, _GOING if group < 0x0008 else {LocalAction.KEEP}, protection)
        if group & 0xFF00 in (0x5000, 0x6000) and not group & 1:
            return _granted(meaning, _GOING, "overlays and curves go whole here")
        if vr(tag) == "":
            return _granted(meaning, _GOING, "PS3.6 does not know the element, so it is removed")
        if self.sweep is not None and meaning.action is LocalAction.REMOVE and vr(tag) in self._swept:
            return True
        if self._is_overrun(tag):
            return False
        if tag in _PATIENT_TAGS and meaning.value == PATIENT:
            return True
        if meaning.action is not LocalAction.KEEP:
            return False
        return self._kept_by_dates(tag) or (spread and self._stays(tag))

    def _is_overrun(self, tag: int) -> bool:
        """Whether a rule for many elements decides this one unless it has a rule of its own."""
        return self.sweep is not None or any(targets.means(target, LocalAction.REMOVE, tag, vr(tag)) for target in self._broad)

    def _attested(self, tag: int) -> str | None:
        """The value that the attestation will have anyway."""
        return "YES" if tag == _IDENTITY_REMOVED else _MODIFIED[self._dates] if tag == _DATES_MODIFIED else None

    @property
    def _swept(self) -> frozenset[str]:
        """VRs that `sweep` removes; no rule shifts a date, so dates are left to `dates` where they stay in another form."""
        return _SWEPT if self._dates is Dates.REMOVE else _SWEPT - _TEMPORAL

    def _kept_by_dates(self, tag: int) -> bool:
        if not is_temporal(tag):
            return False
        return self._dates is Dates.KEEP or (self._dates is Dates.SHIFT and vr(tag) == "TM")

    def _stays(self, tag: int) -> bool:
        """Whether an element stays as it is without a rule."""
        return vr(tag) != "" and _unruled(self._dates).decide(tag, 3).act is Act.ACT_KEEP

    def _check_dates(self, wish: Wish, dates: Dates) -> None:
        tag = wish.tag
        birth = tag == _BIRTH_DATE and dates is Dates.YEAR
        if tag is None or not (birth or is_temporal(tag)):
            raise Unsayable(f"Table E.1-1 has no option that keeps {wish.name} in another form")
        if any(targets.means(target, LocalAction.REMOVE, tag, vr(tag)) for target in self._broad):
            raise Unsayable("no rule shifts a date, and a line for many elements decides this one too")
        if dates is not self._dates:
            raise Unsayable(f'a policy treats all dates alike, and most of the script asks for dates = "{self._dates}"')

    def _step(self, wish: Wish, step: int) -> None:
        if wish.name not in _STEPPED or step < 1:
            raise Unsayable("only the Patient's Age can be rounded, by whole years")
        self.options.add(policy_file.option_name(Option.RETAIN_PATIENT_CHARACTERISTICS))
        self._steps[wish.name] = step

    def _rule(self, wish: Wish, action: LocalAction, value: str | None) -> None:
        if action is LocalAction.KEEP and self._dates is not Dates.KEEP and _is_instance_uid(wish.target):
            raise Unsayable("UIDs may hold dates, so they are kept only where all dates are")
        try:
            rule = Rule(wish.name, targets.parse(wish.name), action, value, wish.what)
            local_rules.check_rule(rule)
        except ValueError as error:
            raise Unsayable(str(error)) from None
        reason = f"{self.source} line {wish.line}: {' '.join(wish.what.split())}"
        self._rules[wish.name] = PolicyRule(wish.name, action, value, reason)
        self._lines[wish.name] = wish.line

    def _instead(self, wish: Wish) -> str:
        """What becomes of an element whose wish is not granted, in words; makes the rule that it takes."""
        tag, keep = wish.tag, wish.meaning.action is LocalAction.KEEP
        if tag is None or tag & 0x10000 or targets.protection(tag) is not None or wish.name in self._rules:
            return ""
        if self.sweep is not None:
            replaced = keep and _is_instance_uid(tag) and self._can(wish, LocalAction.UID)
            return "; it becomes a new one" if replaced else ""
        if self._is_overrun(tag):
            return "; a line for many elements decides"
        if is_temporal(tag):
            return f'; dates = "{self._dates}" decides'
        if table.load().find(tag) is not None:
            return "; Table E.1-1 decides"
        removed = not keep and self._stays(tag) and vr(tag) != "SQ" and self._can(wish, LocalAction.REMOVE)
        return "; it is removed instead" if removed else ""

    def _can(self, wish: Wish, action: LocalAction) -> bool:
        """Make a rule in place of one that cannot be; False if that cannot be either."""
        try:
            self._rule(replace(wish, what=f"{wish.what} (not taken)"), action, None)
        except Unsayable:
            return False
        return True

    # --- all of them --------------------------------------------------------------------------------------------------

    def _mode(self, wishes: Sequence[Wish]) -> Dates:
        """Treatment of dates that most wishes ask for; dates are kept as a whole only where UIDs are to stay too."""
        wishes = [wish for wish in wishes if not wish.spread or wish.meaning.dates is not None]
        timed = [wish for wish in wishes if wish.tag is not None and is_temporal(wish.tag)]
        asked = Counter(wish.meaning.dates for wish in timed if wish.meaning.dates is not None)
        if asked:
            return max((Dates.SHIFT, Dates.YEAR), key=lambda dates: asked[dates])
        kept = timed and all(wish.meaning.action is LocalAction.KEEP for wish in timed)
        uids = any(wish.meaning.action is LocalAction.KEEP and _is_instance_uid(wish.target) for wish in wishes)
        return Dates.KEEP if kept and uids and self.sweep is None else Dates.REMOVE

    def _sweep(self, line: int) -> None:
        """Remove what has no rule."""
        reason = f"{self.source}: elements that it does not name are removed"
        everything = [f"VR:{code}" for code in sorted(self._swept | ({"AS"} if not self._steps else set()))]
        if self._dates is not Dates.REMOVE:
            self.part(line, "", f'dates that the script does not name are treated by dates = "{self._dates}" like the others')
        for name in everything:
            self._rules.setdefault(name, PolicyRule(name, LocalAction.REMOVE, None, reason))

    def _prune(self) -> None:
        """Leave out rules for many elements of which more specific rules leave them none; the loader would refuse them."""
        rules = [Rule(r.element, targets.parse(r.element), r.action, r.value, r.reason) for r in self._rules.values()]
        for rule in rules:
            if rule.target.creator is None and rule.target.mask != _EXACT:
                try:
                    local_rules.check_against(rule, [other for other in rules if other is not rule])
                except ValueError:
                    del self._rules[rule.element]
                    if rule.element in self._lines:
                        self.note(self._lines[rule.element], "", f"without effect: others decide all that {rule.element} means")


@functools.cache
def _unruled(dates: Dates) -> Decider:
    """What the engine does where no rule says anything."""
    return Decider(Policy("", "", "", frozenset(), dates, 9999, frozenset(), frozenset()))


def _granted(meaning: Meaning, anyway: Set[LocalAction], why: str) -> bool:
    """True where what happens anyway is what is asked for; raise Unsayable where it is not."""
    if meaning.action in anyway:
        return True
    raise Unsayable(why)


def group_tags(number: int) -> list[int]:
    """Elements of PS3.6 in a group that a rule may be about."""
    tags = dictionary.load().tags.tolist()
    return [tag for tag in tags if tag >> 16 == number and targets.protection(tag) is None]


def is_temporal(tag: int) -> bool:
    """Whether `dates` of a policy decides an element."""
    row = table.load().find(tag)
    return vr(tag) in _TEMPORAL and (row is None or Option.RETAIN_LONGITUDINAL_MODIFIED_DATES in row.options)


def _is_instance_uid(target: int | str) -> bool:
    """Whether a target is of UIDs that the option to retain UIDs is about."""
    if not isinstance(target, int):
        return target == "VR:UI"
    row = table.load().find(target)
    return row is not None and Option.RETAIN_UIDS in row.options and vr(target) == "UI"


@functools.cache
def vr(tag: int) -> str:
    """VR of an element; empty where PS3.6 does not know it."""
    entry = dictionary.load().find(tag)
    return entry.preferred_vr if entry else ""
