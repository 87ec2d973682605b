"""The replacement of a CTP element, text with backslash escapes and calls ``@name(argument,…){clause}{clause}``, in parts."""

from dataclasses import dataclass
from typing import TypeAlias

from mediscan.interop.remarks import Unsayable

_WITH_CLAUSES = {"if": 2, "select": 2, "append": 1}


@dataclass(frozen=True, slots=True)
class Call:
    """One call: arguments without the quotes around them, clauses not read yet."""

    name: str
    arguments: tuple[str, ...]
    clauses: tuple[str, ...]

    def argument(self, place: int) -> str:
        """An argument; empty where it is not given."""
        return self.arguments[place] if place < len(self.arguments) else ""


Part: TypeAlias = str | Call


def parse(text: str) -> tuple[Part, ...]:
    """
    Take a replacement apart.

    Parameters
    ----------
    text : str
        The replacement.

    Returns
    -------
    tuple of str or Call
        In order; texts are never empty.

    Raises
    ------
    Unsayable
        If a call is not complete.
    """
    parts: list[Part] = []
    literal: list[str] = []
    at = 0
    while at < len(text):
        letter = text[at]
        at += 1
        if letter == "\\":
            literal.append(text[at : at + 1])
            at += 1
        elif letter == "@":
            if any(literal):
                parts.append("".join(literal))
            literal = []
            call, at = _call(text, at)
            parts.append(call)
        else:
            literal.append(letter)
    if any(literal):
        parts.append("".join(literal))
    return tuple(parts)


def _call(text: str, at: int) -> tuple[Call, int]:
    opening = text.find("(", at)
    if opening < 0:
        raise Unsayable("'@' without a function behind it")
    name = "".join(text[at:opening].split())
    arguments, at = [], opening
    while True:
        end = _delimiter(text, at + 1, ",)", "()")
        arguments.append(_bare(text[at + 1 : end]))
        at = end
        if text[end] == ")":
            break
    clauses, at = _clauses(text, at + 1, _WITH_CLAUSES.get(name, 0))
    return Call(name, tuple(arguments) if arguments != [""] else (), clauses), at


def _clauses(text: str, at: int, most: int) -> tuple[tuple[str, ...], int]:
    clauses: list[str] = []
    while len(clauses) < most:
        opening = text.find("{", at)
        if opening < 0 or text[at:opening].strip():
            break
        end = _delimiter(text, opening + 1, "}", "{}")
        clauses.append(text[opening + 1 : end])
        at = end + 1
    if most and not clauses:
        raise Unsayable("a conditional without its clause")
    return tuple(clauses), at


def _delimiter(text: str, at: int, wanted: str, brackets: str) -> int:
    """Where the first delimiter is that lies in no quotes, escapes or inner brackets."""
    depth, quoted, square = 0, False, 0
    while at < len(text):
        letter = text[at]
        if letter == "\\":
            at += 1
        elif letter == '"':
            quoted = not quoted
        elif quoted:
            pass
        elif letter in "[]":
            square += 1 if letter == "[" else -1
        elif letter in wanted and not depth and square <= 0:
            return at
        else:
            depth += (letter == brackets[0]) - (letter == brackets[1])
        at += 1
    raise Unsayable("a call that is never closed")


def _bare(argument: str) -> str:
    text = argument.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
