"""`mediscan run SOURCE... DEST`."""

import gc
import json
import os
from argparse import Namespace
from dataclasses import replace

from mediscan import errors
from mediscan.cli import console, progress
from mediscan.engine.config import RunConfig, available_cores
from mediscan.engine.run import Result, execute, restart
from mediscan.plan.plan import compile_policy
from mediscan.pseudonym.keyring import Key

_NEXT_STEP = {
    "burned_in_possible": "may show burned-in text; `--pixels off` writes them with their pixels as they are",
    "duplicate_uid_conflict": "another input has the same SOP Instance UID and other contents",
    "malformed": "breaks the encoding rules of PS3.5",
    "missing_uid": "has no Study, Series or SOP Instance UID",
    "truncated": "ends inside an element",
    "unreadable": "could not be read",
    "unsafe_sop_class": "a SOP Class that is unknown, private, or of a kind that the policy does not allow; see `detail`",
    "unsupported_transfer_syntax": "a Transfer Syntax that is unknown",
    "worker_crashed": "killed its worker twice",
}


def main(arguments: Namespace) -> int:
    """De-identify and say what came of it."""
    if arguments.workers is not None and arguments.workers < 1:
        raise errors.UsageError("--workers must be at least 1")
    if arguments.forget_key and arguments.key is not None:
        raise errors.UsageError("--forget-key destroys LEDGER/key; a key of your own (--key) is yours to destroy")
    config = _config(arguments)
    given = Key.load(arguments.key) if arguments.key is not None else Key.random()
    plan = compile_policy(  # before anything is touched
        arguments.policy, key=given, dates=arguments.dates, descriptors=arguments.descriptors
    )
    if plan.policy.forget_key and arguments.key is not None:
        raise errors.UsageError(
            f"policy {plan.policy.name} destroys LEDGER/key at the end; a key of your own (--key) is yours to destroy:"
            " run without --key, or under another policy"
        )
    if arguments.restart:
        restart(config)
    config.check_places()
    key_file = arguments.key or _own_key(config)
    plan = replace(plan, key=Key.load(key_file))
    gc.freeze()  # what is loaded by now lives to the end
    with progress.choose(arguments.progress, config) as display:
        result = execute(config, plan, display)
    if arguments.forget_key or plan.policy.forget_key:
        os.unlink(key_file)
    if arguments.json:
        print(json.dumps({**result.as_dict(), "dest": config.dest, "ledger": config.ledger}))
    elif arguments.progress != "off":
        report(result)
    return result.exit_status


def _config(arguments: Namespace) -> RunConfig:
    dest = os.path.abspath(arguments.dest)
    return RunConfig(
        sources=tuple(os.fsencode(os.path.realpath(source)) for source in arguments.source),
        dest=dest,
        ledger=os.path.abspath(arguments.ledger) if arguments.ledger else f"{dest}.ledger",
        workers=arguments.workers or available_cores(),
        layout=arguments.layout,
        digest=arguments.digest,
        digest_source=arguments.digest_source,
        pixels=arguments.pixels,
        dry_run=arguments.dry_run,
        dicomdir=arguments.dicomdir,
    )


def _own_key(config: RunConfig) -> str:
    """File of the ledger's own key, made when it is missing."""
    path = os.path.join(config.ledger, "key")
    if not os.path.exists(path):
        try:
            os.makedirs(config.ledger, mode=0o750, exist_ok=True)
        except OSError as error:
            raise errors.DestinationError(f"the ledger cannot be made: {error.strerror}") from None
        Key.random().save(path)
    return path


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
