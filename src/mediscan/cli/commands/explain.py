"""`mediscan explain FILE`."""

import json
import os
from argparse import Namespace
from dataclasses import asdict

from mediscan import errors
from mediscan.cli import console
from mediscan.codec.part10 import Reader
from mediscan.plan.explain import Explained, explain
from mediscan.plan.plan import compile_policy
from mediscan.plan.planner import Planner
from mediscan.pseudonym.keyring import Key

_SHOWN_BYTES = 48
_WORDS = {"K": "keep", "X": "remove", "Z": "empty", "D": "replace", "C": "clean", "U": "new UID"}
_STYLES = {"K": "", "X": "red", "Z": "red", "D": "yellow", "C": "cyan", "U": "cyan"}


def main(arguments: Namespace) -> int:
    """Explain one file; values are shown only where asked for."""
    plan = compile_policy(arguments.policy, key=Key.random(), dates=arguments.dates, descriptors=arguments.descriptors)
    planner = Planner(plan)
    reader = Reader()
    try:
        fd = os.open(arguments.file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise errors.UsageError(f"the file cannot be opened: {error.strerror}") from None
    try:
        header = reader.read_file(fd)
        instance = planner.decide(reader.table, header, os.fsencode(os.path.abspath(arguments.file)))
    except errors.Refused as error:
        where = f" ({error.detail})" if error.detail else ""
        console.say(f"a run would quarantine this file: {error.reason}{where}")
        return 1
    finally:
        os.close(fd)
    lines = explain(reader.table, planner, instance.sop_class)
    chosen = [line for line in lines if line.action != "K" or not arguments.changed]
    if arguments.json:
        for line in chosen:
            print(json.dumps(_record(line, arguments.show_phi)))
    else:
        _print(chosen, planner, arguments.show_phi)
    return 0


def _record(line: Explained, show_phi: bool) -> dict[str, object]:
    record = asdict(line)
    old, new = record.pop("old"), record.pop("new")
    if show_phi:
        record |= {"old": _text(old), "new": _text(new)}
    return record


def _print(lines: list[Explained], planner: Planner, show_phi: bool) -> None:
    policy = planner.plan.policy
    columns = [
        ("element", ""),
        ("keyword", "bold"),
        ("VR", ""),
        ("type", ""),
        ("action", ""),
        (">bytes", ""),
        ("rule", "dim"),
    ]
    if show_phi:
        columns += [("old value", ""), ("new value", "")]
    rows = []
    for line in lines:
        action = f"[{_STYLES[line.action]}]{_WORDS[line.action]}[/]" if _STYLES[line.action] else _WORDS[line.action]
        size = str(line.before) if line.before == line.after else f"{line.before} → {line.after}"
        row = [line.path.replace("[", "\\["), line.keyword, line.vr, line.type_, action, size, line.rule]
        if show_phi:
            row += [_text(line.old).replace("[", "\\["), _text(line.new).replace("[", "\\[")]
        rows.append(row)
    console.table(f"policy {policy.name}, dates: {policy.dates}", columns, rows)


def _text(value: bytes | None) -> str:
    if value is None:
        return ""
    shown = value[:_SHOWN_BYTES].decode("ascii", "backslashreplace").strip("\0 ")
    printable = "".join(c if c.isprintable() else "." for c in shown)
    return printable + ("…" if len(value) > _SHOWN_BYTES else "")
