"""A run as it goes: a live display on a terminal, one line per interval elsewhere."""

import sys
import threading
import time
from types import TracebackType
from typing import Protocol, Self

from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from mediscan.cli import console
from mediscan.engine.config import RunConfig
from mediscan.engine.discover import inputs
from mediscan.engine.worker import Summary

_INTERVAL_SECONDS = 10.0
_STYLES = {"written": "green", "duplicate": "", "not_dicom": "", "held": "yellow", "quarantined": "red"}


class Display(Protocol):
    """Shows running totals while it is entered."""

    def __enter__(self) -> Self: ...
    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...
    def __call__(self, summary: Summary) -> None:
        """Take a running total."""
        ...


class Quiet:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def __call__(self, summary: Summary) -> None:
        """Take a running total."""


class Plain(Quiet):
    """One line per interval on stderr."""

    def __init__(self, interval: float = _INTERVAL_SECONDS) -> None:
        self._interval = interval
        self._begun = self._last = time.monotonic()

    def __call__(self, summary: Summary) -> None:
        """Take a running total."""
        now = time.monotonic()
        if now - self._last >= self._interval:
            self._last = now
            print(line(summary, now - self._begun), file=sys.stderr, flush=True)


def line(summary: Summary, seconds: float) -> str:
    """One line about a running total."""
    rate = summary.inputs / seconds if seconds else 0.0
    counts = ", ".join(f"{summary.of(status)} {status}" for status in _STYLES if summary.of(status))
    speed = console.size(summary.bytes_in / seconds if seconds else 0.0)
    return f"{summary.inputs} inputs, {rate:.0f} files/s, {speed}/s: {counts or 'nothing yet'}"


class LiveDisplay:
    """Counts, rates and time left on a terminal; the inputs are counted by a thread of its own meanwhile."""

    def __init__(self, config: RunConfig) -> None:
        self._config = config
        self._summary = Summary()
        self._begun = time.monotonic()
        self._total: int | None = None
        self._ended = False
        self._live = Live(get_renderable=self._render, console=console.err, refresh_per_second=4, transient=True)

    def __enter__(self) -> Self:
        threading.Thread(target=self._count, daemon=True).start()
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        self._live.stop()

    def __call__(self, summary: Summary) -> None:
        """Take a running total."""
        self._summary = summary

    def _count(self) -> None:
        total = 0
        for source in self._config.sources:
            for _ in inputs(source):
                total += 1
                if self._ended:
                    return
        self._total = total

    def _render(self) -> Table:
        summary, seconds = self._summary, max(time.monotonic() - self._begun, 1e-6)
        done, rate = summary.inputs, summary.inputs / seconds
        left = f"{_clock((self._total - done) / rate)} left" if self._total and rate else "counting inputs"
        grid = Table.grid(padding=(0, 2, 0, 0))
        bar = ProgressBar(total=self._total or 1, completed=done if self._total else 0, width=32, pulse=self._total is None)
        grid.add_row(bar, f"{done:,}" + (f" of {self._total:,}" if self._total else ""), left)
        speeds = f"{rate:,.0f} files/s"
        written = f"{console.size(summary.bytes_in / seconds)}/s in, {console.size(summary.bytes_out / seconds)}/s out"
        grid.add_row(Text(f"{_clock(seconds)}, {max(1, self._config.workers)} workers"), speeds, written)
        outer = Table.grid()
        outer.add_row(grid)
        outer.add_row(
            Text("  ").join(
                Text(f"{summary.of(status):,} {status.replace('_', ' ')}", style) for status, style in _STYLES.items()
            )
        )
        return outer


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def choose(wanted: str, config: RunConfig) -> Display:
    """The display for `--progress`."""
    if wanted == "off":
        return Quiet()
    if wanted == "auto" and console.err.is_terminal:
        return LiveDisplay(config)
    return Plain()
