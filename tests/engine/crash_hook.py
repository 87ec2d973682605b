"""Workers that die or dawdle on inputs of certain names. A test puts `serve` in the place of the runner's own; no product
code knows of it.

A name that holds `kills-always` kills the worker that opens it; `kills-once` only the first time; `dies-after-commit` once
when its batch is in the ledger and nobody knows yet; `slow` takes a twentieth of a second.
"""

import os
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from mediscan.engine import runner
from mediscan.engine.config import RunConfig
from mediscan.engine.discover import Batch
from mediscan.engine.worker import Summary, Worker
from mediscan.ledger.rows import FileRow
from mediscan.plan.plan import Plan

PIDS = "pids"  # folder beside the ledger, one empty file per worker


class DoomedWorker(Worker):
    """Does as the names of its inputs say."""

    def __init__(self, config: RunConfig, plan: Plan, run_id: str, number: int = 0) -> None:
        super().__init__(config, plan, run_id, number)
        self.marks = Path(config.ledger)
        (self.marks / PIDS).mkdir(exist_ok=True)
        (self.marks / PIDS / str(os.getpid())).touch()

    def _one(self, file_id: int, root: bytes, path: bytes, summary: Summary) -> FileRow:
        if b"slow" in path:
            time.sleep(0.05)
        row = super()._one(file_id, root, path, summary)
        if b"kills-always" in path or (b"kills-once" in path and self.first(path)):
            os.kill(os.getpid(), signal.SIGKILL)
        return row

    def process(self, batch: Batch, tick: Callable[[Summary], None] = lambda _: None) -> Summary:
        done = super().process(batch, tick)
        for path in batch.paths:
            if b"dies-after-commit" in path and self.first(path):
                os.kill(os.getpid(), signal.SIGKILL)
        return done

    def first(self, path: bytes) -> bool:
        """Whether this is the first time that a worker asks for `path`."""
        try:
            (self.marks / os.fsdecode(path.replace(b"/", b"_") + b".seen")).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True


def serve(pipe: Connection, config: RunConfig, plan: Plan, run_id: str, number: int) -> None:
    """As `mediscan.engine.runner._serve`, in the worker's own process."""
    runner.Worker = DoomedWorker  # type: ignore[misc]
    runner._serve(pipe, config, plan, run_id, number)
