"""What an import gives: the TOML texts, and a remark for everything that could not be said in them as it was."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from mediscan.errors import ScriptError

LONGEST_SCRIPT = 4_000_000
"""Characters; the longest script known to us has 0.3 million."""
_LONGEST_SHOWN = 100
_MOST_SHOWN = 20


class Said(StrEnum):
    """How much of a statement found its way into our files."""

    NOT = "not taken"
    """Nothing of it."""
    PARTLY = "taken in part"
    """Some of it."""
    NOTE = "note"
    """All of it, but for something that a reader should know."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A statement of the script, by line, and why it is not in our files as it was; line 0 is the script as a whole."""

    line: int
    said: Said
    what: str
    why: str
    statement: int = 0
    """Tells statements of one line apart."""


@dataclass(frozen=True, slots=True)
class Imported:
    """
    What became of a script.

    Attributes
    ----------
    policy, regions : str or None
        The policy file and the pixel region file; None where the script has nothing for it.
    remarks : tuple of Remark
        By line.
    statements : int
        Statements of the script that are in force.
    """

    policy: str | None
    regions: str | None
    remarks: tuple[Remark, ...]
    statements: int

    @property
    def complete(self) -> bool:
        """Whether everything was said."""
        return all(remark.said is Said.NOTE for remark in self.remarks)

    @property
    def counts(self) -> tuple[int, int, int]:
        """Statements taken whole, in part, and not."""
        lost, partly = self._statements(Said.NOT), self._statements(Said.PARTLY)
        partly -= lost
        return self.statements - len(lost) - len(partly), len(partly), len(lost)

    def _statements(self, said: Said) -> set[tuple[int, int]]:
        return {(remark.line, remark.statement) for remark in self.remarks if remark.line and remark.said is said}


def lines(remarks: Iterable[Remark]) -> list[str]:
    """Write remarks for people: by line, notes of the same words together and last."""
    shown, notes = [], dict[str, list[int]]()
    for remark in remarks:
        if remark.said is Said.NOTE:
            notes.setdefault(remark.why, []).append(remark.line)
        else:
            what = f" {shorten(remark.what)}:" if remark.what else ""
            shown.append(f"{_where([remark.line])}: {remark.said}:{what} {remark.why}")
    return shown + [f"{_where(found)}: {Said.NOTE}: {why}" for why, found in notes.items()]


def _where(found: list[int]) -> str:
    numbers = sorted({line for line in found if line})
    if not numbers:
        return "whole script"
    more = f" and {len(numbers) - _MOST_SHOWN} more" if len(numbers) > _MOST_SHOWN else ""
    return f"line{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers[:_MOST_SHOWN]))}{more}"


def shorten(text: str) -> str:
    """One printable line of a text, cut where it is long."""
    flat = "".join(letter if letter.isprintable() else " " for letter in " ".join(text.split()))
    return flat if len(flat) <= _LONGEST_SHOWN else f"{flat[: _LONGEST_SHOWN - 1]}…"


def checked(text: str) -> str:
    """Give a script back without its byte order mark; raise ScriptError if it is too long or not text."""
    if len(text) > LONGEST_SCRIPT:
        raise ScriptError(f"a script of more than {LONGEST_SCRIPT} characters is not read")
    if "\0" in text:
        raise ScriptError("this is not a text file: it has a NUL in it")
    return text.removeprefix("\ufeff")


class Unsayable(Exception):
    """Something that our files cannot say, with the reason; never leaves this layer."""
