"""Clinical words that may stay in a descriptor, read from data/lexicon/lexicon.lst (one word or phrase a line)."""

import functools
import importlib.resources


@functools.cache
def load() -> frozenset[str]:
    """
    Return the words and phrases of the compiled lexicon.

    Returns
    -------
    frozenset of str
        Case-folded, NFC; a phrase has single spaces. Words written with diacritics are there without them too; apostrophes
        are left out.
    """
    file = importlib.resources.files("mediscan.profile") / "data" / "lexicon" / "lexicon.lst"
    return frozenset(file.read_text("utf-8").split("\n")[2:-1])
