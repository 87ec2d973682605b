"""`mediscan policy list`, `mediscan policy show NAME` and `mediscan policy check FILE`."""

import csv
import json
import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mediscan._native.decide import Act
from mediscan.cli import console
from mediscan.errors import UsageError
from mediscan.plan.decisions import Decider, Decision, Handler, Replace, Step
from mediscan.profile import policy_file, table, targets
from mediscan.profile.actions import Option
from mediscan.profile.policy import Dates, Descriptors, Policy, Rule
from mediscan.standard import dictionary

_ACTS = {
    Act.ACT_KEEP: "keep",
    Act.ACT_REMOVE: "remove",
    Act.ACT_EMPTY: "empty",
    Act.ACT_DUMMY: "dummy",
    Act.ACT_YEAR: "year",
}
_ASKS = {
    Handler.UID: "new UID",
    Handler.PATIENT_ID: "pseudonym",
    Handler.PATIENT_NAME: "pseudonym",
    Handler.CODE: "code",
    Handler.AGE: "age, 90+",
    Handler.BIRTH_DATE: "year, not 90+",
    Handler.ZIP3: "ZIP3",
    Handler.TIME: "the time",
    Handler.CSA: "rebuilt",
}
_DATES = {Dates.SHIFT: "shift", Dates.KEEP: "keep"}
_TEXTS = {Descriptors.LEXICON: "clinical words", Descriptors.HUNT: "text without identifiers"}
_COLUMNS = ("tag", "name", "table code", "type 1", "type 2", "type 3", "HIPAA", "rule")
_RULE_COLUMNS = ("element", "action", "value", "elements", "reason")
_SOURCE_COLUMNS = ("matches", "policy", "options", "dates")


def main(arguments: Namespace) -> int:
    """List the policies, show the resolved table of one, or check a file."""
    if arguments.verb == "list":
        return _list(arguments)
    if arguments.verb == "check":
        return _check(arguments)
    policy = policy_file.load(arguments.name or policy_file.DEFAULT)
    rows = _rows(Decider(policy))
    rules = [_rule(rule) for rule in policy.rules]
    {"rich": _print, "csv": _write_csv, "json": _write_json, "md": _write_md}[arguments.format](policy, rows, rules)
    return 0


def _list(arguments: Namespace) -> int:
    if arguments.name is not None:
        raise UsageError("policy list takes no name; policy show NAME shows one")
    found = [policy_file.load(name) for name in policy_file.names()]
    columns = [("name", "bold"), ("title", ""), ("what it does", "")]
    console.table(None, columns, [(policy.name, policy.title, policy.description) for policy in found])
    return 0


def _check(arguments: Namespace) -> int:
    if arguments.name is None:
        raise UsageError("policy check needs a policy file")
    policy = policy_file.load(arguments.name)
    counts = [
        f"dates {policy.dates}",
        _count(len(policy.options), "option"),
        _count(len(policy.rules), "rule"),
        _count(len(policy.sources), "source"),
    ]
    print(f"{policy.name}: understood; {', '.join(counts)}; digest {policy.digest[:16]}")
    return 0


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


# --- what is shown ----------------------------------------------------------------------------------------------------


def _facts(policy: Policy) -> dict[str, str]:
    """What holds for the policy as a whole, in words."""
    steps = [f"{_name(tag)} {step:g}" for tag, step in policy.generalise]
    facts = {
        "options": ", ".join(f"{option.value} {option.meaning}" for option in Decider(policy).true_options()),
        "dates": str(policy.dates),
        "descriptors": str(policy.descriptors) if policy.cleans_text else "",
        "oldest birth year": str(policy.oldest_birth_year),
        "codes": ", ".join(sorted(map(_name, policy.codes))),
        "ZIP3": ", ".join(sorted(map(_name, policy.zip3))),
        "steps": ", ".join(steps),
        "allowed": ", ".join(sorted(policy.allow)),
        "key": "destroyed after the run" if policy.forget_key else "",
        "crosswalk": "" if policy.crosswalk else "never written",
        "private": f"{_safe_private(policy):,} safe elements may stay",
    }
    if Option.RETAIN_SAFE_PRIVATE not in policy.options:
        del facts["private"]
    return {key: words for key, words in facts.items() if words}


def _safe_private(policy: Policy) -> int:
    """How many listed private elements may stay, without those of local rules."""
    return sum(1 for _ in Decider(replace(policy, rules=())).privates())


def _rows(decider: Decider) -> list[tuple[str, ...]]:
    """One line per row of Table E.1-1; what it does at each attribute Type."""
    known = dictionary.load()
    shown = []
    for row in table.load().rows:
        if known.find(row.match) is None or row.mask != 0xFFFFFFFF:
            safe = row.pattern == "private" and Option.RETAIN_SAFE_PRIVATE in decider.policy.options
            words = ["remove all but the safe" if safe else "remove"] * 3
            shown.append((row.pattern, row.name, row.basic, *words, row.category or "", row.rule))
            continue
        decisions = [decider.decide(row.match, type_) for type_ in (1, 2, 3)]
        words = [_word(decider, decision) for decision in decisions]
        shown.append((dictionary.format_tag(row.match), row.name, row.basic, *words, row.category or "", decisions[0].rule))
    return shown


def _word(decider: Decider, decision: Decision) -> str:
    if decision.act is not Act.ACT_ASK:
        return _ACTS[decision.act]
    return f"{_answer(decider, decision.handler)}, else {_ACTS[decision.fallback]}"


def _answer(decider: Decider, handler: int) -> str:
    """What a handler gives, in words."""
    if handler >= len(Handler):
        extra = decider.extras[handler - len(Handler)]
        if isinstance(extra, Replace):
            return f'"{extra.template}"'
        return f"steps of {extra.step:g}" if isinstance(extra, Step) else "a known form"
    if handler == Handler.DATE:
        return _DATES.get(decider.policy.dates, "the date")
    if handler == Handler.DESCRIPTOR:
        return _TEXTS.get(decider.policy.descriptors, "nothing")
    return _ASKS[Handler(handler)]


def _rule(rule: Rule) -> tuple[str, ...]:
    """One line per local rule, the most specific first, and how many elements of PS3.6 it means."""
    count = "" if rule.target.creator else str(len(targets.meant(rule.target, rule.action)))
    return rule.element, str(rule.action), rule.value or "", count, rule.reason


def _sources(policy: Policy) -> list[tuple[str, ...]]:
    """One line per source, in the order in which they are tried, and what holds where none matches."""
    shown = []
    for source in policy.sources:
        matches = ", ".join(f"{key} {glob}" for key, glob in source.patterns)
        options = ", ".join(policy_file.option_name(option) for option in sorted(source.policy.options))
        shown.append((matches, source.policy.name, options, str(source.policy.dates)))
    return [*shown, ("anything else", "basic", "", "remove")] if shown else []


def _name(tag: int) -> str:
    return dictionary.load().keyword(tag) or dictionary.format_tag(tag)


# --- how it is shown --------------------------------------------------------------------------------------------------


def _print(policy: Policy, rows: Sequence[tuple[str, ...]], rules: Sequence[tuple[str, ...]]) -> None:
    console.out.print(f"{policy.name}: {policy.title}", style="bold", markup=False)
    console.out.print(policy.description, markup=False)
    for key, words in _facts(policy).items():
        console.out.print(f"{key}: {words}", markup=False)
    sections = (
        ("Table E.1-1", _COLUMNS, rows),
        ("rules", _RULE_COLUMNS, rules),
        ("sources, the first match holds; the table above is where they start from", _SOURCE_COLUMNS, _sources(policy)),
    )
    for title, columns, lines in sections:
        if lines:
            console.out.print()
            escaped = [[cell.replace("[", "\\[") for cell in line] for line in lines]
            console.table(title, [(column, "bold" if column in ("name", "element") else "") for column in columns], escaped)


def _write_csv(_: Policy, rows: Sequence[tuple[str, ...]], rules: Sequence[tuple[str, ...]]) -> None:
    """One table, the local rules as its last lines."""
    local = [(element, reason, "", action, action, action, "", f"policy {element}") for element, action, _, _, reason in rules]
    csv.writer(sys.stdout).writerows([_COLUMNS, *rows, *local])


def _write_json(policy: Policy, rows: Sequence[tuple[str, ...]], rules: Sequence[tuple[str, ...]]) -> None:
    whole: dict[str, Any] = {"name": policy.name, "title": policy.title, "description": policy.description}
    whole |= {"digest": policy.digest, **_facts(policy)}
    for key, columns, lines in (
        ("table", _COLUMNS, rows),
        ("rules", _RULE_COLUMNS, rules),
        ("sources", _SOURCE_COLUMNS, _sources(policy)),
    ):
        whole[key] = [dict(zip(columns, line, strict=True)) for line in lines]
    print(json.dumps(whole, indent=1, ensure_ascii=False))


def _write_md(policy: Policy, rows: Sequence[tuple[str, ...]], rules: Sequence[tuple[str, ...]]) -> None:
    print(f"# {_escaped(policy.title)}\n\n{_escaped(policy.description)}\n")
    for key, words in _facts(policy).items():
        print(f"- {key}: {_escaped(words)}")
    for title, columns, lines in (
        ("Table E.1-1", _COLUMNS, rows),
        ("Rules", _RULE_COLUMNS, rules),
        ("Sources", _SOURCE_COLUMNS, _sources(policy)),
    ):
        if lines:
            print(f"\n## {title}\n")
            for line in (columns, ["---"] * len(columns), *lines):
                print(f"| {' | '.join(_escaped(cell) for cell in line)} |")


def _escaped(text: str) -> str:
    """Text for a Markdown page: what would be markup is not."""
    for mark in "\\|*_`<[":
        text = text.replace(mark, f"\\{mark}")
    return text.replace("\n", " ")
