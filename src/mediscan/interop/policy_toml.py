"""A policy as TOML text, in the form that `mediscan.profile.policy_file` reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mediscan.interop.toml_text import comment, number, string
from mediscan.profile.policy import Dates, LocalAction
from mediscan.standard import dictionary

_NO_YEAR_OF_BIRTH = 9999
_STRICT = (
    f"oldest_birth_year = {_NO_YEAR_OF_BIRTH}",
    "codes = []",
    "zip3 = []",
)


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One `[[rule]]` table."""

    element: str
    action: LocalAction
    value: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class PolicyText:
    """What an importer found to say; everything else is the Basic Profile."""

    title: str
    description: str
    remarks: tuple[str, ...] = ()
    options: frozenset[str] = frozenset()
    dates: Dates = Dates.REMOVE
    generalise: Mapping[str, float] = field(default_factory=dict)
    rules: tuple[PolicyRule, ...] = ()


def write(policy: PolicyText) -> str:
    """Give the text of the file."""
    head = [
        *map(comment, policy.remarks),
        f"title = {string(policy.title)}",
        f"description = {string(policy.description)}",
        f"options = [{', '.join(string(option) for option in sorted(policy.options))}]",
        f"dates = {string(policy.dates)}",
        *_STRICT,
    ]
    if policy.generalise:
        steps = ", ".join(f"{keyword} = {number(step)}" for keyword, step in policy.generalise.items())
        head.append(f"generalise = {{ {steps} }}")
    return "\n\n".join(["\n".join(head), *map(_rule, policy.rules)]) + "\n"


def _rule(rule: PolicyRule) -> str:
    lines = ["[[rule]]", f"element = {string(rule.element)}", f"action = {string(rule.action)}"]
    if rule.value is not None:
        lines.append(f"value = {string(rule.value)}")
    return "\n".join([*lines, f"reason = {string(rule.reason)}"])


def element(tag: int) -> str:
    """Name an element as a policy does: its keyword, or the tag where a keyword would not lead back to it."""
    known = dictionary.load()
    keyword = known.keyword(tag)
    return keyword if keyword and known.tag(keyword) == tag else dictionary.format_tag(tag)
