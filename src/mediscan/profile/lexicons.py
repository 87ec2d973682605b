"""Clinical words that may stay in a descriptor, read from data/lexicon/ (one word or two-word phrase a line)."""

import functools
import importlib.resources
import unicodedata
from collections.abc import Iterator

_STROKED = str.maketrans({"ł": "l", "đ": "d", "ø": "o"})  # letters whose stroke is no combining mark


def _plain(word: str) -> str:
    """Return the word without diacritics where that leaves ASCII, as many devices write it; else the word."""
    decomposed = unicodedata.normalize("NFD", word.translate(_STROKED))
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return bare if bare.isascii() else word


def _spellings(line: str) -> Iterator[str]:
    """Yield the spellings of one entry as `mediscan.text.lexicon` compares them."""
    folded = unicodedata.normalize("NFC", line.strip().casefold().replace("'", ""))
    yield folded
    yield _plain(folded)


@functools.cache
def load() -> frozenset[str]:
    """
    Return the words and two-word phrases of every lexicon file, case-folded, NFC.

    Returns
    -------
    frozenset of str
        A phrase holds one space. Words written with diacritics are there without them too; apostrophes are left out.
    """
    folder = importlib.resources.files("mediscan.profile") / "data" / "lexicon"
    files = (entry for entry in folder.iterdir() if entry.name.endswith(".txt"))
    lines = (line for entry in files for line in entry.read_text("utf-8").splitlines())
    return frozenset(word for line in lines if line and not line.startswith("#") for word in _spellings(line))
