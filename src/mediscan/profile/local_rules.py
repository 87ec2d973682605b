"""Local rules of a policy, checked against the Standard and against one another: each must be able to do what it says."""

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from mediscan.profile import table, targets
from mediscan.profile.actions import Action, Option, resolve
from mediscan.profile.policy import LocalAction, Policy, Rule, Target
from mediscan.standard import dictionary, vr

_TEXT = frozenset({"LO", "SH", "LT", "ST", "UC", "UT"})
_EXACT = 0xFFFFFFFF
_ALL = frozenset(vr.VRS)
_SUITS: Mapping[LocalAction, frozenset[str]] = MappingProxyType(
    {
        LocalAction.DUMMY: _ALL - {"SQ"},
        LocalAction.CLEAN: _TEXT | {"SQ"},
        LocalAction.UID: frozenset({"UI"}),
        LocalAction.CODE: _TEXT,
        LocalAction.REPLACE: frozenset(code for code, known in vr.VRS.items() if known.width == 0) - {"SQ"},
    }
)
_CURES: Mapping[LocalAction, str] = MappingProxyType(
    {
        LocalAction.DUMMY: "empty or remove it",
        LocalAction.CLEAN: "only text (LO, SH, LT, ST, UC, UT) and sequences can be cleaned",
        LocalAction.UID: "only VR UI holds UIDs",
        LocalAction.CODE: "only text (LO, SH, LT, ST, UC, UT) can hold a code",
        LocalAction.REPLACE: "only what is written in characters can be replaced; take dummy",
    }
)
_GOING = frozenset({LocalAction.REMOVE, LocalAction.EMPTY, LocalAction.DUMMY})

_PLACEHOLDERS: Mapping[str, str] = MappingProxyType({"patient": "ABCDEFGHIJKLMNOPQRSTUV27", "code": "Ab-_" * 4, "year": "2026"})
"""What each placeholder may become at its longest, in the characters it may have."""

# PS3.5 Table 6.2-1, of values that have a grammar beyond their characters.
_GRAMMAR: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "AS": re.compile(r"\d{3}[DWMY]"),
        "DA": re.compile(r"\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"),
        "DS": re.compile(r" *[+-]?(\d+\.?\d*|\.\d+)([Ee][+-]?\d+)? *"),
        "DT": re.compile(r"\d{4}((0[1-9]|1[0-2])((0[1-9]|[12]\d|3[01])(([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?)?)?)?)?)?"),
        "IS": re.compile(r" *[+-]?\d+ *"),
        "TM": re.compile(r"([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?)?)?"),
        "UI": re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+"),
    }
)


def check_rule(rule: Rule) -> None:
    """
    Check one rule by itself.

    Parameters
    ----------
    rule : Rule
        The rule.

    Raises
    ------
    ValueError
        If it is about nothing, about what must not be touched, or asks for what cannot be; with the cure.
    """
    _check_template(rule)
    if rule.target.path and rule.target.mask != _EXACT:
        raise ValueError(f"{rule.element}: in a place of its own only one element of PS3.6 can have a rule; name it")
    if rule.target.creator is not None:
        if rule.action is LocalAction.CLEAN:
            raise ValueError(
                f'{rule.element} is private, so nobody tells what it holds; only keep it or let it go, not "clean"'
            )
        return
    _check_protection(rule)
    tags = targets.meant(rule.target, rule.action)
    if not tags:
        raise ValueError(f"{rule.element} means no element of PS3.6 that a rule may touch; mend it or leave it out")
    _check_vrs(rule, sorted(tags))


def _check_protection(rule: Rule) -> None:
    if rule.target.mask != _EXACT:
        return
    tag = rule.target.match
    reason = targets.protection(tag)
    if reason is not None:
        raise ValueError(f"{rule.element} cannot have a rule: {reason}; leave the rule out")
    if tag in targets.INSTANCE_UIDS and rule.action not in (LocalAction.UID, LocalAction.KEEP):
        raise ValueError(f'{rule.element} tells objects apart; only action = "uid" is possible')


def _check_vrs(rule: Rule, tags: Sequence[int]) -> None:
    """Raise unless the action suits the VR of every element that is meant."""
    suits = _SUITS.get(rule.action, _ALL)
    unfit = [f"{_name(tag)} ({_vr(tag)})" for tag in tags if _vr(tag) not in suits]
    if unfit:
        shown = ", ".join(unfit[:3]) + (f" and {len(unfit) - 3} more" if len(unfit) > 3 else "")
        raise ValueError(f'action = "{rule.action}" does not suit {shown}; {_CURES[rule.action]}')
    if rule.action is LocalAction.REPLACE:
        for of_vr in sorted({_vr(tag) for tag in tags}):
            _check_value(rule.value or "", of_vr)


def _check_template(rule: Rule) -> None:
    if (rule.action is LocalAction.REPLACE) != (rule.value is not None):
        raise ValueError('value goes with action = "replace", and that with value; give both or neither')
    if rule.value is None:
        return
    if not rule.value.strip():
        raise ValueError('value is blank; say action = "empty"')
    static = re.sub("{(patient|code|year)}", "", rule.value)
    if "{" in static or "}" in static:
        raise ValueError("value has braces that are no placeholder; there are {patient}, {code} and {year}")
    if not (static.isascii() and static.isprintable()) or "\\" in static:
        raise ValueError("value has characters that not every character set has; keep to printable ASCII without backslash")


def _check_value(template: str, of_vr: str) -> None:
    """Raise unless what a template becomes at its longest is one value of a VR (PS3.5 Table 6.2-1)."""
    known, filled = vr.VRS[of_vr], template.format(**_PLACEHOLDERS)
    if known.max_length and len(filled) > known.max_length:
        raise ValueError(f"value becomes {len(filled)} characters, and VR {of_vr} has {known.max_length}; shorten it")
    wrong = set(filled) - known.repertoire if known.repertoire is not None else set()
    if wrong:
        raise ValueError(f"value has characters that VR {of_vr} has not ({''.join(sorted(wrong))!r}); mend it")
    if of_vr in _GRAMMAR and not _GRAMMAR[of_vr].fullmatch(filled):
        raise ValueError(f"value is not one of VR {of_vr}; write it as PS3.5 6.2 says")


# --- rules among one another ------------------------------------------------------------------------------------------


def ordered(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """
    Put the most specific rules first.

    Parameters
    ----------
    rules : iterable of Rule
        Rules without contradiction.

    Returns
    -------
    tuple of Rule
        In an order that does not depend on that of the file.
    """
    return tuple(
        sorted(rules, key=lambda rule: (*(-int(part) for part in rule.target.specificity), rule.target.match, str(rule.target)))
    )


def check_against(rule: Rule, others: Sequence[Rule]) -> None:
    """
    Check that a rule can come into force beside others.

    Parameters
    ----------
    rule : Rule
        The rule.
    others : sequence of Rule
        All others of the policy.

    Raises
    ------
    ValueError
        If another has the same target, contradicts it, or more specific ones leave it nothing; with the cure.
    """
    twin = next((other for other in others if other.target == rule.target), None)
    if twin is not None:
        raise ValueError(f"{rule.element} has a rule already ({twin.element}); leave one of the two out")
    beside = [other for other in others if _same_place(other.target, rule.target)]
    left = set(_extent(rule))
    for other in beside:
        if other.target.specificity > rule.target.specificity:
            left -= _extent(other)
    if not left:
        stronger = ", ".join(o.element for o in beside if o.target.specificity > rule.target.specificity)
        raise ValueError(f"{rule.element} is never reached: more specific rules ({stronger}) decide all it means; leave it out")
    for other in beside:
        if other.target.specificity == rule.target.specificity and (other.action, other.value) != (rule.action, rule.value):
            shared = sorted(left & _extent(other))
            if shared:
                raise ValueError(
                    f"{rule.element} and {other.element} contradict each other on {_shown(shared[0], rule)};"
                    " give that element a rule of its own"
                )


def _same_place(one: Target, other: Target) -> bool:
    """Whether two rules hold in the same places; a longer path is more specific and covers fewer."""
    return one.path == other.path and one.creator == other.creator


def _extent(rule: Rule) -> frozenset[int]:
    """Elements that a rule means; of a private block all 256."""
    target = rule.target
    if target.creator is None:
        return targets.meant(target, rule.action)
    group = target.match & 0xFFFF0000
    return frozenset(group | low for low in range(256) if (group | low) & target.mask == target.match)


def _shown(tag: int, rule: Rule) -> str:
    return _name(tag) if rule.target.creator is None else f"{tag & 0xFF:02X}"


# --- rules and the rest of a policy -----------------------------------------------------------------------------------


def check_within(rule: Rule, policy: Policy, chosen: frozenset[Option]) -> None:
    """
    Check that nothing else in a policy makes a rule idle, or is made idle by it.

    Parameters
    ----------
    rule : Rule
        The rule.
    policy : Policy
        The policy that it belongs to.
    chosen : frozenset of Option
        Options in force, those for dates among them.

    Raises
    ------
    ValueError
        With the cure.
    """
    if not rule.target.path:
        lists = {"codes": policy.codes, "zip3": policy.zip3, "generalise": {tag for tag, _ in policy.generalise}}
        for key, tags in lists.items():
            both = sorted(tag for tag in tags if targets.means(rule.target, rule.action, tag, _vr(tag)))
            if both:
                raise ValueError(f"{rule.element} decides {_name(both[0])}, which {key} names too; take it out of one of them")
    for depth, sequence in enumerate(rule.target.path):
        reason = _why_gone(sequence, rule.target.path[:depth], policy.rules, chosen)
        if reason is not None:
            raise ValueError(
                f"{rule.element} is never reached: {reason} takes {_name(sequence)} away with all that is in it;"
                f' add a rule with element = "{_name(sequence)}" and action = "keep", which cleans its items'
            )


def _why_gone(sequence: int, around: tuple[int, ...], rules: Iterable[Rule], chosen: frozenset[Option]) -> str | None:
    """What removes or empties a sequence wherever it lies inside `around`; None where it may stay."""
    about = [rule for rule in rules if targets.means(rule.target, rule.action, sequence, "SQ")]
    always = [rule for rule in about if _ends_with(around, rule.target.path)]
    sometimes = [rule for rule in about if _ends_with(rule.target.path, around) and rule not in always]
    if any(rule.action not in _GOING for rule in sometimes):
        return None
    if always:
        best = max(always, key=lambda rule: rule.target.specificity)
        return f"the rule for {best.element}" if best.action in _GOING else None
    row = table.load().find(sequence)
    if row is None or chosen & row.options.keys() or resolve(row.basic, 3) not in (Action.X, Action.Z):
        return None
    return row.rule


def _ends_with(path: tuple[int, ...], end: tuple[int, ...]) -> bool:
    return not end or path[-len(end) :] == end


def _vr(tag: int) -> str:
    entry = dictionary.load().find(tag)
    return entry.preferred_vr if entry else ""


def _name(tag: int) -> str:
    return dictionary.load().keyword(tag) or dictionary.format_tag(tag)
