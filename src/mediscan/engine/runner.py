"""SerialRunner and ProcessRunner behind one interface: batches in, summaries out, the same bytes whichever runs.

Each worker process has its own pipe. It is sent the next batch when it reports one done, with one in reserve so that it
never waits. The runner waits on pipes and process sentinels together: a killed worker is an outcome and never a hang.
"""

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
import time
import types
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, Protocol

from mediscan import errors
from mediscan.engine.config import RunConfig
from mediscan.engine.discover import Batch
from mediscan.engine.worker import Summary, Worker
from mediscan.ledger.writer import discard
from mediscan.plan.plan import Plan

_WINDOW = 2
_TICK_SECONDS = 0.2
_GRACE_SECONDS = 10.0
_PRELOAD = ["mediscan.engine.worker", "mediscan.engine.runner"]
# Numeric libraries would start threads in every worker, and before the fork server forks.
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "BLAKE3_NUM_THREADS")

Progress = Callable[[Summary], None]


class Runner(Protocol):
    """Runs batches to their end."""

    def run(self, work: Iterator[Batch], progress: Progress) -> Summary:
        """Process every batch; `progress` sees the running total a few times a second."""
        ...


class SerialRunner:
    """Everything in this process."""

    def __init__(self, config: RunConfig, plan: Plan, run_id: str) -> None:
        self._worker = Worker(config, plan, run_id)

    def run(self, work: Iterator[Batch], progress: Progress) -> Summary:
        """See `Runner.run`."""
        total = Summary()
        for batch in work:
            done = self._worker.process(batch, _Ticker(lambda part: progress(_sum(total, part))))
            total.add(done)
            progress(total)
        return total


def _sum(total: Summary, part: Summary) -> Summary:
    both = Summary()
    both.add(total)
    both.add(part)
    return both


class _Ticker:
    """Lets a summary through a few times a second."""

    def __init__(self, send: Callable[[Summary], None]) -> None:
        self._send = send
        self._next = time.monotonic() + _TICK_SECONDS

    def __call__(self, summary: Summary) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _TICK_SECONDS
            self._send(summary)


def _serve(pipe: Connection, config: RunConfig, plan: Plan, run_id: str, number: int) -> None:
    """Body of a worker process: batches in, ("tick" | "done" | "failed", payload) out, until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the runner decides when to stop
    try:
        worker = Worker(config, plan, run_id, number)
        while True:
            batch = pipe.recv()
            pipe.send(("done", worker.process(batch, _Ticker(lambda part: pipe.send(("tick", part))))))
    except (EOFError, BrokenPipeError):
        return
    except errors.MediscanError as error:
        pipe.send(("failed", str(error)))


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """Hide the caller's script, which multiprocessing would else run again in every worker: none needs it."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@dataclass(slots=True, eq=False)
class _Hand:
    """One worker process and what it has been given."""

    process: Any
    pipe: Connection
    held: deque[Batch] = field(default_factory=deque)
    partial: Summary = field(default_factory=Summary)


class ProcessRunner:
    """Worker processes from a fork server that has everything loaded.

    Parameters
    ----------
    config : RunConfig
        Settings; `config.workers` processes.
    plan : Plan
        Handed to the workers through their pipes, so the key touches neither disk nor command line.
    run_id : str
        For the ledger.
    """

    def __init__(self, config: RunConfig, plan: Plan, run_id: str) -> None:
        self._config, self._plan, self._run_id = config, plan, run_id
        for name in _ONE_THREAD:
            os.environ.setdefault(name, "1")
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(_PRELOAD)
        self._hands: list[_Hand] = []
        self._suspects: deque[Batch] = deque()  # inputs of a batch that killed its worker, one by one
        self._tries: dict[str, int] = {}
        self._started = 0
        self._total = Summary()

    def run(self, work: Iterator[Batch], progress: Progress) -> Summary:
        """See `Runner.run`."""
        finished = False
        try:
            for _ in range(max(1, self._config.workers)):
                self._hands.append(self._start())
            self._feed(work)
            while any(hand.held for hand in self._hands):
                self._wait(work)
                progress(self._running_total())
            finished = True
        finally:
            self._stop(kill=not finished)
        return self._total

    def _start(self) -> _Hand:
        ours, theirs = self._context.Pipe()
        arguments = (theirs, self._config, self._plan, self._run_id, self._started)
        process = self._context.Process(target=_serve, args=arguments, daemon=True)
        with _without_main():
            process.start()
        theirs.close()
        self._started += 1
        return _Hand(process, ours)

    def _next(self, work: Iterator[Batch], hand: _Hand) -> Batch | None:
        """The next batch for a worker; suspects go alone, so that nothing else dies with them."""
        if self._suspects:
            return self._suspects.popleft() if not hand.held else None
        if hand.held and hand.held[0].name in self._tries:
            return None
        return next(work, None)

    def _feed(self, work: Iterator[Batch]) -> None:
        for _ in range(_WINDOW):
            for hand in self._hands:
                if len(hand.held) < _WINDOW and (batch := self._next(work, hand)) is not None:
                    hand.held.append(batch)
                    self._send(hand, batch)

    def _send(self, hand: _Hand, batch: Batch) -> None:
        with contextlib.suppress(OSError):  # the worker is dead; its sentinel says so and its batches are taken back
            hand.pipe.send(batch)

    def _wait(self, work: Iterator[Batch]) -> None:
        by_pipe = {hand.pipe: hand for hand in self._hands}
        by_sentinel = {hand.process.sentinel: hand for hand in self._hands}
        for ready in multiprocessing.connection.wait([*by_pipe, *by_sentinel], timeout=1.0):
            hand = by_pipe[ready] if isinstance(ready, Connection) else by_sentinel[ready]
            if hand not in self._hands:
                continue  # its pipe said already that it is dead
            if isinstance(ready, Connection):
                self._receive(hand)
            elif not hand.pipe.poll():
                self._bury(hand)
        self._feed(work)

    def _receive(self, hand: _Hand) -> None:
        try:
            kind, payload = hand.pipe.recv()
        except (EOFError, OSError):
            if hand in self._hands and not hand.process.is_alive():
                self._bury(hand)
            return
        if kind == "failed":
            raise errors.RunError(payload)
        if kind == "tick":
            hand.partial = payload
            return
        hand.held.popleft()
        hand.partial = Summary()
        self._total.add(payload)

    def _bury(self, hand: _Hand) -> None:
        """Take back the batches of a dead worker and start another one."""
        if hand not in self._hands:
            return
        hand.process.join()
        hand.pipe.close()
        self._hands.remove(hand)
        for batch in hand.held:
            self._take_back(batch, in_hand=batch is hand.held[0])
        self._hands.append(self._start())

    def _take_back(self, batch: Batch, *, in_hand: bool) -> None:
        """A batch not begun goes back whole; one that was in hand is tried input by input, each of them twice."""
        tries = self._tries.get(batch.name, 0) + in_hand
        self._tries[batch.name] = tries
        if in_hand:  # the worker may have died between its last commit and the word that it was done
            discard(self._config.ledger, batch.name)
        if not in_hand:
            self._suspects.append(batch)
        elif len(batch.paths) > 1:
            for single in batch.singles():
                self._tries[single.name] = 0
                self._suspects.append(single)
        elif tries < 2:
            self._suspects.append(batch)
        else:
            worker = Worker(self._config, self._plan, self._run_id, -1)
            self._total.add(worker.refuse(batch, errors.WorkerCrashed()))

    def _running_total(self) -> Summary:
        total = Summary()
        total.add(self._total)
        for hand in self._hands:
            total.add(hand.partial)
        return total

    def _stop(self, *, kill: bool) -> None:
        """Close every pipe; a worker ends at the end of what it holds, or at once."""
        for hand in self._hands:
            hand.pipe.close()
            if kill:
                hand.process.terminate()
        deadline = time.monotonic() + _GRACE_SECONDS
        for hand in self._hands:
            hand.process.join(max(0.0, deadline - time.monotonic()))
            if hand.process.is_alive():
                hand.process.kill()
                hand.process.join()
        self._hands.clear()


def make_runner(config: RunConfig, plan: Plan, run_id: str) -> Runner:
    """Choose by `config.workers`: 0 and 1 run in this process."""
    if config.workers <= 1:
        return SerialRunner(config, plan, run_id)
    return ProcessRunner(config, plan, run_id)
