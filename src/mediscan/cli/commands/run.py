"""`mediscan run SOURCE... DEST`."""

import gc
import json
import os
from argparse import Namespace

from mediscan import errors
from mediscan.cli import console, progress
from mediscan.engine.config import RunConfig, available_cores
from mediscan.engine.run import Result, execute, restart
from mediscan.plan.plan import Plan, compile_policy
from mediscan.pseudonym.keyring import Key

_NEXT_STEP = {
    "burned_in_possible": "may show burned-in text; `--pixels off` writes them with their pixels as they are",
    "duplicate_uid_conflict": "another input has the same SOP Instance UID and other contents",
    "malformed": "breaks the encoding rules of PS3.5",
    "missing_uid": "has no Study, Series or SOP Instance UID",
    "truncated": "ends inside an element",
    "unreadable": "could not be read",
    "unsafe_sop_class": "a SOP Class that is unknown, private, or carries documents",
    "unsupported_transfer_syntax": "a Transfer Syntax that is unknown",
    "worker_crashed": "killed its worker twice",
}


def main(arguments: Namespace) -> int:
    """De-identify and say what came of it."""
    if arguments.workers is not None and arguments.workers < 1:
        raise errors.UsageError("--workers must be at least 1")
    config = _config(arguments)
    if arguments.restart:
        restart(config)
    config.check_places()
    plan, key_file = _plan(arguments, config)
    gc.freeze()  # what is loaded by now lives to the end
    with progress.choose(arguments.progress, config) as display:
        result = execute(config, plan, display)
    if arguments.forget_key and key_file is not None:
        os.unlink(key_file)
    if arguments.json:
        print(json.dumps({**result.as_dict(), "dest": config.dest, "ledger": config.ledger}))
    elif arguments.progress != "off":
        report(result)
    return result.exit_status


def _config(arguments: Namespace) -> RunConfig:
    dest = os.path.abspath(arguments.dest)
    return RunConfig(
        sources=tuple(os.fsencode(os.path.abspath(source)) for source in arguments.source),
        dest=dest,
        ledger=os.path.abspath(arguments.ledger) if arguments.ledger else f"{dest}.ledger",
        workers=arguments.workers or available_cores(),
        layout=arguments.layout,
        digest=arguments.digest,
        digest_source=arguments.digest_source,
        pixels=arguments.pixels,
        dry_run=arguments.dry_run,
    )


def _plan(arguments: Namespace, config: RunConfig) -> tuple[Plan, str | None]:
    """Plan, and the key's file if it is to be destroyed at the end. The policy is checked before anything is made."""
    probe = compile_policy(arguments.policy, key=Key.random(), dates=arguments.dates)
    if arguments.key is not None:
        return Plan(probe.policy, Key.load(arguments.key), probe.tool), arguments.key
    path = os.path.join(config.ledger, "key")
    if not os.path.exists(path):
        os.makedirs(config.ledger, mode=0o750, exist_ok=True)
        Key.random().save(path)
    return Plan(probe.policy, Key.load(path), probe.tool), path


def report(result: Result) -> None:
    """Say in a few lines what a run came to."""
    summary = result.summary
    rate = summary.inputs / result.seconds if result.seconds else 0.0
    written = f"{summary.of('written'):,} of {summary.inputs:,} inputs written"
    console.say(f"{written} in {result.seconds:.1f} s ({rate:,.0f} files/s)")
    for status in ("duplicate", "not_dicom"):
        if count := summary.of(status):
            console.say(f"{count:>7,} {status.replace('_', ' ')}")
    for (status, reason), count in sorted(summary.outcomes.items(), key=str):
        if status in ("quarantined", "held"):
            hint = _NEXT_STEP.get(reason or "", "")
            console.say(f"{count:>7,} {status}: {reason}" + (f": {hint}" if hint else ""))
    console.say(f"output: {result.dest}\nledger: {result.ledger}")
