"""`mediscan policy list` and `mediscan policy show NAME`."""

import csv
import json
import sys
from argparse import Namespace

from mediscan._native.decide import Act
from mediscan.cli import console
from mediscan.plan.decisions import Decider, Decision, Handler
from mediscan.profile import policy_file, table
from mediscan.standard import dictionary

_ACTS = {
    Act.ACT_KEEP: "keep",
    Act.ACT_REMOVE: "remove",
    Act.ACT_EMPTY: "empty",
    Act.ACT_DUMMY: "dummy",
    Act.ACT_YEAR: "year",
}
_ASKS: dict[int, str] = {
    Handler.UID: "new UID",
    Handler.PATIENT_ID: "pseudonym",
    Handler.PATIENT_NAME: "pseudonym",
    Handler.CODE: "code",
    Handler.DESCRIPTOR: "clinical words",
    Handler.AGE: "age, 90+",
    Handler.BIRTH_DATE: "year, not 90+",
    Handler.ZIP3: "ZIP3",
    Handler.DATE: "shift",
}
_COLUMNS = ("tag", "name", "table code", "type 1", "type 2", "type 3", "HIPAA", "rule")


def main(arguments: Namespace) -> int:
    """List the policies, or show the resolved table of one."""
    if arguments.verb == "list":
        found = [policy_file.load(name) for name in policy_file.names()]
        columns = [("name", "bold"), ("title", ""), ("what it does", "")]
        console.table(None, columns, [(policy.name, policy.title, policy.description) for policy in found])
        return 0
    policy = policy_file.load(arguments.name)
    rows = _rows(Decider(policy))
    if arguments.format == "csv":
        csv.writer(sys.stdout).writerows([_COLUMNS, *rows])
    elif arguments.format == "json":
        print(json.dumps([dict(zip(_COLUMNS, row, strict=True)) for row in rows], indent=1))
    else:
        options = ", ".join(f"{option.value} {option.meaning}" for option in Decider(policy).true_options())
        console.out.print(f"[bold]{policy.title}[/]: {policy.description}\n{options}\ndates: {policy.dates}\n")
        console.table(None, [(column, "bold" if column == "name" else "") for column in _COLUMNS], rows)
    return 0


def _rows(decider: Decider) -> list[tuple[str, ...]]:
    """One line per row of Table E.1-1; what it does at each attribute Type."""
    known = dictionary.load()
    shown = []
    for row in table.load().rows:
        if known.find(row.match) is None or row.mask != 0xFFFFFFFF:
            shown.append((row.pattern, row.name, row.basic, *["remove"] * 3, row.category or "", row.rule))
            continue
        decisions = [decider.decide(row.match, type_) for type_ in (1, 2, 3)]
        words = [_word(decision) for decision in decisions]
        shown.append((dictionary.format_tag(row.match), row.name, row.basic, *words, row.category or "", decisions[0].rule))
    return shown


def _word(decision: Decision) -> str:
    if decision.act is not Act.ACT_ASK:
        return _ACTS[decision.act]
    return f"{_ASKS.get(decision.handler, 'value of the policy')}, else {_ACTS[decision.fallback]}"
