"""Cyrillic words as devices and clerks write them in Latin letters: one form for each system that is in use."""

import functools
import importlib.resources

_LEFT_OUT = "-"


@functools.cache
def _systems() -> tuple[dict[int, str], ...]:
    """One translation table for each column of data/transliteration.tsv."""
    text = (importlib.resources.files("mediscan.text") / "data" / "transliteration.tsv").read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    letters, *columns = zip(*rows, strict=True)
    return tuple({ord(a): "" if b == _LEFT_OUT else b for a, b in zip(letters, column, strict=True)} for column in columns)


def to_latin(word: str) -> frozenset[str]:
    """
    Write a Cyrillic word in Latin letters.

    Parameters
    ----------
    word : str
        A word in lower case.

    Returns
    -------
    frozenset of str
        Every form that differs; empty for a word without Cyrillic letters.
    """
    forms = {word.translate(system) for system in _systems()}
    return frozenset(form for form in forms if form and form != word and form.isascii())
