"""One whole run: places checked, batches run, contested names put right, the manifest written last."""

import contextlib
import os
import platform
import re
import resource
import shutil
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mediscan import errors
from mediscan.engine import dicomdir
from mediscan.engine.config import RunConfig
from mediscan.engine.discover import batches
from mediscan.engine.reconcile import reconcile
from mediscan.engine.runner import make_runner
from mediscan.engine.sink import OUTPUT_SUFFIX, TEMPORARY_SUFFIX
from mediscan.engine.worker import Summary, facts
from mediscan.ledger import reader
from mediscan.ledger.schema import SCHEMA_VERSION
from mediscan.ledger.writer import write_manifest
from mediscan.plan.plan import Plan

_MEDIA_NAME = re.compile("[A-Z2-7]{8}")
EXIT_CLEAN, EXIT_SOME_LEFT, EXIT_INTERRUPTED = 0, 1, 130


@dataclass(frozen=True, slots=True)
class Result:
    """A finished run.

    Attributes
    ----------
    summary : Summary
        Inputs by outcome, and bytes.
    seconds : float
        Wall clock.
    exit_status : int
        0 if every DICOM input was written, else 1.
    dest, ledger : str
        Where output and ledger are.
    """

    summary: Summary
    seconds: float
    exit_status: int
    dest: str
    ledger: str

    def as_dict(self) -> dict[str, Any]:
        """Counts for machines, as `--json` prints them."""
        return {**_counts(self.summary), "seconds": round(self.seconds, 3), "exit_status": self.exit_status}


def execute(config: RunConfig, plan: Plan, progress: Callable[[Summary], None] = lambda _: None) -> Result:
    """Run `plan` over every input of `config`.

    Raises
    ------
    errors.DestinationError
        If the places cannot take the run; nothing was touched.
    errors.RunError
        If it could not finish.
    KeyboardInterrupt
        If it was interrupted; committed batches stay, and no partial file.
    """
    config.check_places()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold what we remove
    run_id = uuid.uuid4().hex
    begun, clock = time.time(), time.monotonic()
    try:
        os.makedirs(config.ledger, mode=0o750, exist_ok=True)
        os.makedirs(config.dest, mode=0o750, exist_ok=True)
    except OSError as error:
        raise errors.DestinationError(f"destination or ledger cannot be made: {error.strerror}") from None
    try:
        total = make_runner(config, plan, run_id).run(batches(config.sources), progress)
        reconcile(config, plan, run_id, total)
    except BaseException:
        sweep(config.dest)
        raise
    if any(reason == errors.WorkerCrashed.reason for _, reason in total.outcomes):
        sweep(config.dest, reader.outputs(config.ledger))
    seconds = time.monotonic() - clock
    left = total.of("quarantined") + total.of("held")
    result = Result(total, seconds, EXIT_SOME_LEFT if left else EXIT_CLEAN, config.dest, config.ledger)
    write_manifest(config.ledger, _manifest(config, plan, run_id, begun, result))
    if config.dicomdir and not config.dry_run:
        dicomdir.write(config.dest, reader.outputs(config.ledger))
    return result


def sweep(dest: str, keep: set[str] | None = None) -> None:
    """Remove temporary files of killed workers, and outputs that are not among `keep`: their worker died after all."""
    for folder, _, names in os.walk(dest):
        for name in names:
            path = os.path.join(folder, name)
            orphan = keep is not None and is_output(name) and os.path.relpath(path, dest) not in keep
            if orphan or _is_temporary(name):
                os.unlink(path)


def is_output(name: str) -> bool:
    """Tell whether a run may have given a file this name."""
    return name.endswith(OUTPUT_SUFFIX) or _MEDIA_NAME.fullmatch(name) is not None


def _is_temporary(name: str) -> bool:
    return name.startswith(".") and name.endswith(TEMPORARY_SUFFIX)


def restart(config: RunConfig) -> None:
    """Forget an earlier run into the same places: its ledger, but for the key, and its output.

    What a run does not write stays where it is, and is then in the way of the new run.

    Raises
    ------
    errors.DestinationError
        If the places lie in one another, or the ledger is not one; nothing was removed.
    """
    config.check_apart()
    if not os.path.isdir(os.path.join(config.ledger, "files")):
        raise errors.DestinationError("there is no ledger of an earlier run, so nothing can be forgotten")
    for name in ("files", "actions"):
        shutil.rmtree(os.path.join(config.ledger, name), ignore_errors=True)
    manifest = os.path.join(config.ledger, "run.json")
    if os.path.exists(manifest):
        os.unlink(manifest)
    for folder, _, files in os.walk(config.dest, topdown=False):
        for name in files:
            if is_output(name) or name == dicomdir.NAME or _is_temporary(name):
                os.unlink(os.path.join(folder, name))
        with contextlib.suppress(OSError):  # not empty
            os.rmdir(folder)


def _counts(summary: Summary) -> dict[str, Any]:
    reasons: dict[str, int] = {}
    for (_, reason), count in sorted(summary.outcomes.items(), key=str):
        if reason:
            reasons[reason] = reasons.get(reason, 0) + count
    statuses = {status: summary.of(status) for status in ("written", "quarantined", "held", "duplicate", "not_dicom")}
    return {
        "inputs": summary.inputs,
        **statuses,
        "reasons": reasons,
        "bytes_in": summary.bytes_in,
        "bytes_out": summary.bytes_out,
    }


def _manifest(config: RunConfig, plan: Plan, run_id: str, begun: float, result: Result) -> dict[str, Any]:
    names = ("workers", "layout", "digest", "digest_source", "pixels", "dry_run", "dicomdir")
    settings = {name: getattr(config, name) for name in names}
    return {
        "schema_version": SCHEMA_VERSION,
        "run_id": run_id,
        **facts(plan),
        "dates": plan.policy.dates.value,
        "python": platform.python_version(),
        "settings": settings,
        "started_at": int(begun),
        **result.as_dict(),
    }
