"""What the terminal shows: plain words on stderr, results on stdout. The only module that knows rich."""

import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

out = Console(highlight=False, soft_wrap=False)
err = Console(stderr=True, highlight=False)


def say(text: str) -> None:
    """A message on stderr; never folded and never read as markup, so that paths can be copied."""
    err.print(text, soft_wrap=True, markup=False, emoji=False)


def table(title: str | None, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[str]]) -> None:
    """Print a table; `columns` are (heading, style), a heading that starts with '>' is right-aligned."""
    shown = Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for heading, style in columns:
        right = heading.startswith(">")
        shown.add_column(heading.lstrip(">"), style=style, justify="right" if right else "left", overflow="fold")
    for row in rows:
        shown.add_row(*row)
    # A pipe has no width: let nothing be folded there.
    (out if sys.stdout.isatty() else Console(highlight=False, width=240)).print(shown)


def size(count: float) -> str:
    """Bytes for people, in powers of ten."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if abs(count) < 1000 or unit == "TB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError
