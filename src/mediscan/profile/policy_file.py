"""A policy file (TOML) -> a frozen Policy. Every key is understood or the load fails, with the line and the cure."""

import fnmatch
import functools
import importlib.resources
import math
import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib.resources.abc import Traversable
from typing import Any, Final, TypeVar

from mediscan.errors import PolicyError
from mediscan.profile import local_rules, sop_classes, table, targets, toml_lines
from mediscan.profile.actions import Option
from mediscan.profile.policy import CLEANING, Dates, Descriptors, LocalAction, Policy, Rule, Source
from mediscan.standard import dictionary

DEFAULT: Final = "safe-harbor"
PATTERNS: Final = ("institution", "station", "path", "archive")
_SUFFIX: Final = ".toml"
_SHORT_TEXT: Final = frozenset({"LO", "SH"})  # what a code or a ZIP area is written as
_STEPPED: Final = frozenset({"AS", "DS", "IS"})
_NOT_YET: Final = frozenset({Option.CLEAN_PIXEL_DATA, Option.CLEAN_RECOGNIZABLE_VISUAL_FEATURES})
_OF_DATES: Final = {
    Option.RETAIN_LONGITUDINAL_FULL_DATES: Dates.KEEP,
    Option.RETAIN_LONGITUDINAL_MODIFIED_DATES: Dates.SHIFT,
}
_REQUIRED: Final = ("options", "dates", "oldest_birth_year", "codes", "zip3")  # of a file that extends no other
_E = TypeVar("_E", bound=StrEnum)


def option_name(option: Option) -> str:
    """Name of an option as policy files write it."""
    return option.name.lower().replace("_", "-")


def names() -> tuple[str, ...]:
    """Names of the policies that come with the package."""
    return tuple(sorted(p.name.removesuffix(_SUFFIX) for p in _folder().iterdir() if p.name.endswith(_SUFFIX)))


@functools.cache
def load(name: str) -> Policy:
    """Load a policy by its name, or from a TOML file by its path.

    Raises
    ------
    PolicyError
        If there is none, or anything in it is not understood, contradicts itself or can have no effect.
    """
    if name in names():
        return _load(name, None, ())
    if not name.endswith(_SUFFIX):
        raise PolicyError(f"no policy of that name; there are {', '.join(names())}, or give a .toml file")
    return _load(os.path.basename(name), os.path.dirname(os.path.abspath(name)), ())


def parse(text: str, name: str, folder: str | None = None) -> Policy:
    """Read a policy from the text of a file.

    Parameters
    ----------
    text : str
        TOML.
    name : str
        What the policy is called.
    folder : str, optional
        Where the files lie that it may refer to; None: it can only refer to named policies.

    Raises
    ------
    PolicyError
        As `load`.
    """
    return _read(text, name, folder, ())


def _folder() -> Traversable:
    return importlib.resources.files("mediscan.profile") / "data" / "policies"


def _load(name: str, folder: str | None, chain: tuple[str, ...]) -> Policy:
    """Load a named policy, or a file of `folder`; `chain` is what refers to it."""
    if name in names():
        return _read((_folder() / f"{name}{_SUFFIX}").read_text("utf-8"), name, None, chain)
    path = os.path.join(folder or "", name)
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError):
        raise PolicyError(f"the policy file {name} cannot be read as UTF-8 text") from None
    return _read(text, name.removesuffix(_SUFFIX), folder, chain)


def _read(text: str, name: str, folder: str | None, chain: tuple[str, ...]) -> Policy:
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)", str(error))
        line = where[1] if where and where[1] else text.count("\n") + 1
        what = str(error).replace(where[0] if where else "", "")
        raise PolicyError(f"policy {name}, line {line}: no TOML: {what}") from None
    return _File(name, folder, chain, toml_lines.scan(text)).policy(found)


@dataclass(frozen=True, slots=True)
class _Place:
    """Somewhere in a policy file; what is wrong there is told with its line."""

    name: str
    lines: Mapping[toml_lines.Path, int]
    path: toml_lines.Path = ()

    def at(self, *more: str | int) -> "_Place":
        return replace(self, path=(*self.path, *more))

    def error(self, text: str) -> PolicyError:
        path = self.path
        while path and path not in self.lines:
            path = path[:-1]
        return PolicyError(f"policy {self.name}, line {self.lines.get(path, 1)}: {text}")


# --- values -----------------------------------------------------------------------------------------------------------


def _text(place: _Place, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise place.error(f"{place.path[-1]} must be a text; write it in quotation marks")
    return value


def _truth(place: _Place, value: Any) -> bool:
    if not isinstance(value, bool):
        raise place.error(f"{place.path[-1]} must be true or false")
    return value


def _year(place: _Place, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1800 <= value <= 9999:
        raise place.error("oldest_birth_year must be a year, 1800 to 9999")
    return value


def _one_of(kind: type[_E]) -> Callable[[_Place, Any], _E]:
    def reader(place: _Place, value: Any) -> _E:
        try:
            return kind(value)
        except ValueError:
            raise place.error(f"{place.path[-1]} must be one of {', '.join(kind)}") from None

    return reader


def _list(place: _Place, value: Any) -> Iterator[tuple[_Place, str]]:
    """Yield the texts of a list, each once, and their places."""
    if not isinstance(value, list):
        raise place.error(f"{place.path[-1]} must be a list of texts")
    for index, word in enumerate(value):
        if not isinstance(word, str):
            raise place.at(index).error(f"{place.path[-1]} must be a list of texts; write each in quotation marks")
        if word in value[:index]:
            raise place.at(index).error(f"{place.path[-1]}: {word!r} is there twice; leave one out")
        yield place.at(index), word


def _tag(place: _Place, key: str, keyword: str, fit: frozenset[str]) -> int:
    """Tag of an element that a key names, which must be one VR of `fit`."""
    try:
        target = targets.parse(keyword)
    except ValueError as error:
        raise place.error(f"{key}: {error}") from None
    if target.mask != 0xFFFFFFFF or target.creator is not None or target.path:
        raise place.error(f"{key}: {keyword!r} is not one element wherever it lies; name it by its keyword alone")
    if dictionary.load().vr_set(target.match) not in fit:
        raise place.error(f"{key}: {keyword!r} is not of VR {' or '.join(sorted(fit))}; leave it out")
    return target.match


def _tags(place: _Place, value: Any) -> frozenset[int]:
    key = str(place.path[-1])
    found = set()
    for where, keyword in _list(place, value):
        tag = _tag(where, key, keyword, _SHORT_TEXT)
        if table.load().find(tag) is None:
            raise where.error(f"{key}: {keyword!r} is not in Table E.1-1; leave it out, or write a rule for it")
        found.add(tag)
    return frozenset(found)


def _options(place: _Place, value: Any) -> frozenset[Option]:
    by_name = {option_name(option): option for option in Option if option is not Option.BASIC_PROFILE}
    there = ", ".join(sorted(name for name, option in by_name.items() if option not in _NOT_YET))
    chosen = set()
    for where, word in _list(place, value):
        if word not in by_name:
            raise where.error(f"options: {word!r} is no option of CID 7050; there are {there}")
        if by_name[word] in _NOT_YET:
            raise where.error(f"options: {word} is not built yet; leave it out and look at the pixels by other means")
        chosen.add(by_name[word])
    return frozenset(chosen)


def _steps(place: _Place, value: Any) -> tuple[tuple[int, float], ...]:
    if not isinstance(value, dict):
        raise place.error("generalise must be a table of keywords and steps, such as { PatientAge = 5 }")
    found = {}
    for keyword, step in value.items():
        where = place.at(keyword)
        tag = _tag(where, "generalise", keyword, _STEPPED)
        if isinstance(step, bool) or not isinstance(step, int | float) or not (math.isfinite(step) and step > 0):
            raise where.error(f"generalise: the step of {keyword} must be a number above 0")
        if dictionary.load().vr_set(tag) != "DS" and step != int(step):
            raise where.error(f"generalise: the step of {keyword} must be a whole number, of years where it is an age")
        found[tag] = float(step)
    return tuple(sorted(found.items()))


def _kinds(place: _Place, value: Any) -> frozenset[str]:
    there = sop_classes.may_be_allowed()
    chosen = set()
    for where, word in _list(place, value):
        if word not in there:
            raise where.error(f"allow: {word!r} is no kind of content that is refused; there are {', '.join(sorted(there))}")
        chosen.add(word)
    return frozenset(chosen)


_KEYS: Final[Mapping[str, Callable[[_Place, Any], Any]]] = {
    "options": _options,
    "dates": _one_of(Dates),
    "descriptors": _one_of(Descriptors),
    "oldest_birth_year": _year,
    "codes": _tags,
    "zip3": _tags,
    "generalise": _steps,
    "allow": _kinds,
    "forget_key": _truth,
    "crosswalk": _truth,
}
_action = _one_of(LocalAction)


# --- tables -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _File:
    """One policy file while it is read: its name, the folder of files it may refer to, and what refers to it."""

    name: str
    folder: str | None
    chain: tuple[str, ...]
    lines: Mapping[toml_lines.Path, int]

    def policy(self, found: Mapping[str, Any]) -> Policy:
        """The policy of the whole file."""
        root = _Place(self.name, self.lines)
        _known(root, found, ("title", "description", "extends", *_KEYS, "rule", "source"))
        base = self._refer(root.at("extends"), found["extends"]) if "extends" in found else None
        missing = [key for key in ("title", "description", *(() if base else _REQUIRED)) if key not in found]
        if missing:
            cure = "write it" if base else "write it, or extend a policy that has it"
            raise root.error(f"{', '.join(missing)} missing; {cure}")
        if base is None:
            base = Policy("", "", "", frozenset(), Dates.REMOVE, 9999, frozenset(), frozenset())
        title, description = (_text(root.at(key), found[key]) for key in ("title", "description"))
        policy = replace(self._changed(root, found, base), name=self.name, title=title, description=description)
        if "source" in found:
            policy = replace(policy, sources=tuple(self._sources(root.at("source"), found["source"], policy)))
        return policy

    def _refer(self, place: _Place, value: Any) -> Policy:
        """The policy that `extends` or a source names."""
        name = _text(place, value)
        if name not in names():
            there = f"there are {', '.join(names())}, or name a .toml file beside this one"
            if not name.endswith(_SUFFIX) or self.folder is None or os.path.basename(name) != name:
                raise place.error(f"{place.path[-1]}: there is no policy {name!r}; {there}")
            if name in self.chain or name.removesuffix(_SUFFIX) == self.name:
                raise place.error(f"{place.path[-1]}: {name!r} leads back to itself; extend another policy")
            if not os.path.isfile(os.path.join(self.folder, name)):
                raise place.error(f"{place.path[-1]}: there is no file {name!r} beside this one; {there}")
        return _load(name, self.folder, (*self.chain, f"{self.name}{_SUFFIX}"))

    def _changed(self, place: _Place, found: Mapping[str, Any], base: Policy) -> Policy:
        """`base` with the keys and rules of one table, and all of it checked."""
        fields = {key: reader(place.at(key), found[key]) for key, reader in _KEYS.items() if key in found}
        policy = replace(base, **fields)
        for option in sorted(policy.options & _OF_DATES.keys()):
            if policy.dates is not _OF_DATES[option]:
                raise place.at("options", found["options"].index(option_name(option))).error(
                    f'option {option_name(option)} goes with dates = "{_OF_DATES[option]}", not "{policy.dates}";'
                    " change one or leave the option out, which dates implies"
                )
        policy = replace(policy, options=policy.options.difference(_OF_DATES))
        own = self._rules(place.at("rule"), found.get("rule", []))
        inherited = [rule for rule in base.rules if rule.target not in {rule.target for rule, _ in own}]
        policy = replace(policy, rules=local_rules.ordered([*inherited, *(rule for rule, _ in own)]))
        _check(place, found, policy)
        _check_rules(place, policy, own)
        return policy

    def _rules(self, place: _Place, value: Any) -> list[tuple[Rule, _Place]]:
        """Rules of one table, each by itself in order, and their places."""
        return [(_rule(place.at(index), found), place.at(index)) for index, found in enumerate(_tables(place, value))]

    def _sources(self, place: _Place, value: Any, policy: Policy) -> Iterator[Source]:
        seen: list[Source] = []
        for index, found in enumerate(_tables(place, value)):
            source = self._source(place.at(index), found, replace(policy, sources=()), index + 1)
            earlier = next((n for n, other in enumerate(seen, 1) if _covers(other.patterns, source.patterns)), None)
            if earlier is not None:
                raise place.at(index).error(
                    f"this source is never reached: source {earlier} takes all that it matches; put it before that one"
                )
            seen.append(source)
            yield source

    def _source(self, place: _Place, found: Mapping[str, Any], policy: Policy, number: int) -> Source:
        _known(place, found, (*PATTERNS, "policy", *_KEYS, "rule"))
        patterns = tuple((key, _text(place.at(key), found[key]).casefold()) for key in PATTERNS if key in found)
        if not patterns:
            raise place.error(f"a source needs one of {', '.join(PATTERNS)}, with a glob that it must match")
        base = self._refer(place.at("policy"), found["policy"]) if "policy" in found else policy
        if base.sources:
            raise place.at("policy").error("a source's policy cannot have sources itself; name one that has none")
        if found.keys() & {*_KEYS, "rule"}:
            base = replace(self._changed(place, found, base), name=f"{self.name} source {number}")
        if base.forget_key != policy.forget_key:
            wanted = str(base.forget_key).lower()
            raise place.at("forget_key" if "forget_key" in found else "policy").error(
                f"forget_key is {wanted} for this source and not for the run, which has one key;"
                f" say forget_key = {wanted} at the top, or the other here"
            )
        return Source(patterns, base)


def _known(place: _Place, found: Mapping[str, Any], keys: Sequence[str]) -> None:
    for key in found:
        if key not in keys:
            raise place.at(key).error(f"unknown key {key!r}; known are {', '.join(sorted(keys))}")


def _tables(place: _Place, value: Any) -> list[Mapping[str, Any]]:
    key = place.path[-1]
    if not isinstance(value, list) or not all(isinstance(part, dict) for part in value):
        header = ".".join(part for part in place.path if isinstance(part, str))
        raise place.error(f"{key} must be tables; begin each with [[{header}]]")
    return value


def _rule(place: _Place, found: Mapping[str, Any]) -> Rule:
    _known(place, found, ("element", "action", "value", "reason"))
    missing = [key for key in ("element", "action", "reason") if key not in found]
    if missing:
        raise place.error(f"a rule without {', '.join(missing)}; write it")
    element = _text(place.at("element"), found["element"])
    action = _action(place.at("action"), found["action"])
    value = _text(place.at("value"), found["value"]) if "value" in found else None
    reason = _text(place.at("reason"), found["reason"])
    try:
        target = targets.parse(element)
    except ValueError as error:
        raise place.at("element").error(str(error)) from None
    rule = Rule(element, target, action, value, reason)
    try:
        local_rules.check_rule(rule)
    except ValueError as error:
        key = "value" if str(error).startswith("value ") and "value" in found else "element"
        raise place.at(key).error(str(error)) from None
    return rule


# --- the whole --------------------------------------------------------------------------------------------------------


def _check(place: _Place, found: Mapping[str, Any], policy: Policy) -> None:
    """Refuse keys that contradict one another or decide nothing."""
    clash = policy.clash()
    if clash is not None:
        raise place.at(next((key for key in ("dates", "options", "extends", "policy") if key in found), "rule")).error(clash)
    if "descriptors" in found and not policy.cleans_text:
        raise place.at("descriptors").error(f"nothing here cleans text, so descriptors decides nothing; {CLEANING}")
    if policy.forget_key and policy.crosswalk:
        raise place.at("forget_key").error("nobody could read a crosswalk without the key; say crosswalk = false")
    steps = frozenset(tag for tag, _ in policy.generalise)
    for key, tags, other, more in (
        ("zip3", policy.zip3, "codes", policy.codes),
        ("generalise", steps, "codes", policy.codes | policy.zip3),
    ):
        both = sorted(tags & more)
        if both:
            word = dictionary.load().keyword(both[0])
            raise place.at(key if key in found else other).error(f"{word} is in {key} and in {other}; leave one out")
    for tag, _ in policy.generalise:
        row = table.load().find(tag)
        if row is not None and "K" not in {row.options.get(option) for option in policy.options}:
            word = dictionary.load().keyword(tag)
            raise place.at("generalise", word or "").error(
                f"generalise: {word} does not stay under these options; add the one that keeps it, or leave it out"
            )


def _check_rules(place: _Place, policy: Policy, own: Sequence[tuple[Rule, _Place]]) -> None:
    """Refuse rules that contradict one another or the rest of the policy, or are never reached."""
    chosen = policy.options | {option for option, dates in _OF_DATES.items() if dates is policy.dates}
    seen: list[Rule] = []
    for rule, where in own:
        others = [other for other in policy.rules if other.target != rule.target] + [
            other for other in seen if other.target == rule.target
        ]
        try:
            local_rules.check_against(rule, others)
            local_rules.check_within(rule, policy, chosen)
        except ValueError as error:
            raise where.at("element").error(str(error)) from None
        seen.append(rule)
    mine = {rule.target for rule, _ in own}
    for rule in policy.rules:
        if rule.target not in mine:
            try:
                local_rules.check_within(rule, policy, chosen)
            except ValueError as error:
                raise place.error(f"a rule that is taken over: {error}") from None


def _covers(earlier: tuple[tuple[str, str], ...], later: tuple[tuple[str, str], ...]) -> bool:
    """Whether every input that `later` matches is surely matched by `earlier` too."""
    given = dict(later)
    return all(key in given and _wider(glob, given[key]) for key, glob in earlier)


def _wider(glob: str, other: str) -> bool:
    """Whether a glob matches all that another does; False in doubt."""
    if glob == other:
        return True
    sure = not re.search(r"[?\[]", glob) and "[" not in other
    return sure and fnmatch.fnmatchcase(other, glob)
