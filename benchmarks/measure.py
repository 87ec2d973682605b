"""Run a command to its end, say what CPU and wall-clock time it took, children included; statistics of a few runs."""

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass


class CommandError(Exception):
    """A measured command ended with a status other than 0."""

    def __init__(self, argv: list[str], status: int, stderr: str):
        super().__init__(f"{argv[0]} ended with status {status}: {stderr.strip()[-600:]}")


@dataclass(frozen=True)
class Usage:
    """Seconds of CPU (user and system, of the process and the children it waited for) and of wall clock."""

    cpu: float
    wall: float


@dataclass(frozen=True)
class Spread:
    """Median, least and greatest of a few values."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        """Return the spread of at least one value."""
        ordered = sorted(values)
        return cls(statistics.median(ordered), ordered[0], ordered[-1])

    def __str__(self) -> str:
        return f"{significant(self.median)} ({significant(self.low)}..{significant(self.high)})"


def significant(value: float) -> str:
    """Return a value with three significant digits, without an exponent."""
    size = abs(value)
    decimals = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3 if size >= 0.1 else 4
    return f"{value:.{decimals}f}"


def run(argv: list[str]) -> Usage:
    """
    Run a command and measure it.

    Linux's wait4 adds to a process's own usage that of the children it waited for, and of theirs: a child that nobody
    waits for is not counted.

    Raises
    ------
    CommandError
        If its exit status is not 0.
    """
    with tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)  # it is reaped: Popen must not wait for it again
        if process.returncode:
            errors.seek(0)
            raise CommandError(argv, process.returncode, errors.read().decode(errors="replace"))
    return Usage(usage.ru_utime + usage.ru_stime, wall)
