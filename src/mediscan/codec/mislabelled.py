"""Text in another encoding than the declared one, told by its letters: CP1251, KOI8-R, CP866 or CP1250 under a Latin character
set, UTF-8 that nobody declared (pydicom 2115: Russian files that say ``ISO 2022 IR 6``).

For scanning and for pseudonyms only: what is guessed is never written. Each reading of the bytes is scored by bigrams of
names and words of each language (data/names.tsv) and by its shape (case, scripts within a word, symbols); the declared
reading has a start, and where nothing reads well there is no answer.
"""

import functools
import math
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from mediscan.codec import charset

_NAMES: Final = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "names.tsv")
_CYRILLIC: Final = ("cp1251", "koi8-r", "koi8-u", "cp866", "cp1125", "iso8859-5")
_LATIN: Final = ("cp1250", "iso8859-2", "cp1252")
# Scripts that no other encoding is taken for: what decodes is taken at its word.
_OTHER_SCRIPTS: Final = frozenset({"iso8859-6", "iso8859-7", "iso8859-8", "iso8859-11", "shift_jis"})
_EVERY_EXTENSION: Final = b"\\ISO 2022 IR 87\\ISO 2022 IR 159\\ISO 2022 IR 149\\ISO 2022 IR 58"
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’ʼ-][^\W\d_]+)*")
_QUIET: Final = frozenset("°²³µ№–—“”„«»…·±×")  # symbols of reports
_QUOTES: Final = frozenset("—“”„«»’")

# In nats. A bigram that was never counted costs about 7.
_DECLARED: Final = 3.0
_AT_LEAST: Final = -6.5  # for a bigram with a letter outside ASCII, on average
_UNKNOWN_LETTER: Final = -11.0
_SYMBOL: Final = -8.0
_QUIET_SYMBOL: Final = -2.0
_IN_WORD: Final = -18.0
_CASE: Final = -4.0  # xX
_LOWER_CASE: Final = -0.35  # a word that begins so
_SMOOTHING: Final = 2.0
_ENOUGH: Final = 64  # words that are looked at


def guess(value: bytes, declared: bytes, vr: str = "LO") -> tuple[str, str] | None:
    """
    Read a value that may be mislabelled.

    Parameters
    ----------
    value, declared, vr
        As for `charset.decode`.

    Returns
    -------
    (str, str) or None
        The text and the Python codec it was read by, or ``ISO 2022`` where that took escape sequences; the declared one
        where that is as good as any. None if nothing reads well.
    """
    if value.isascii() and b"\x1b" not in value:
        return value.decode("ascii"), "ascii"
    name = charset.codec_name(declared)
    text = charset.decode(value, declared, vr)
    if b"\x1b" in value or (name is None and text is not None):
        text = text if text is not None else charset.decode(value, _EVERY_EXTENSION, vr)
        return None if text is None else (text, "ISO 2022")
    if text is not None and name in _OTHER_SCRIPTS and _is_readable(text):
        return text, name
    many = _multibyte(value, declared, name)
    return many if many is not None else _by_letters(value, name, text)


def read(value: bytes, declared: bytes, vr: str = "LO") -> str:
    """
    Read a value in any case, one way: as `guess` does, else as it is declared, else byte by byte.

    Two spellings of one name in two encodings give one text, which is what a pseudonym has to be made from.
    """
    found = guess(value, declared, vr)
    if found is not None:
        return found[0]
    text = charset.decode(value, declared, vr)
    return text if text is not None else value.decode("latin-1")


def _multibyte(value: bytes, declared: bytes, name: str | None) -> tuple[str, str] | None:
    """Encodings that other bytes hardly ever fit: UTF-8, the declared GB 18030 or GBK, Korean or Chinese without escapes."""
    if name in ("gb18030", "gbk") and (common := _decoded(value, "gb2312")) is not None and _is_readable(common):
        return common, name
    candidates = ["utf-8"]
    if name in ("gb18030", "gbk"):
        candidates.append(name)
    candidates += [codec for term, codec in ((b"IR 149", "euc_kr"), (b"IR 58", "gb2312")) if term in declared]
    for codec in candidates:
        text = _decoded(value, codec)
        if text is not None and _is_readable(text):
            return text, codec
    return None


def _decoded(value: bytes, codec: str) -> str | None:
    try:
        return value.decode(codec)
    except UnicodeDecodeError:
        return None


def _is_readable(text: str) -> bool:
    """Tell whether all that is not ASCII are letters, marks and the symbols of reports."""
    return all(
        char.isascii() or char in _QUIET or unicodedata.category(char) in ("Lu", "Ll", "Lo", "Mn", "Mc", "Zs", "Po", "Ps", "Pe")
        for char in text
    )


def _by_letters(value: bytes, name: str | None, declared_text: str | None) -> tuple[str, str] | None:
    """The best of all readings in which a byte is a character."""
    best: tuple[float, str, str] | None = None
    if declared_text is not None and name is not None:
        best = (score(declared_text) + _DECLARED, declared_text, name)
    for codec in (*_CYRILLIC, *_LATIN):
        if codec == name or (text := _decoded(value, codec)) is None:
            continue
        reached = score(text)
        if best is None or reached > best[0]:
            best = (reached, text, codec)
    if best is None or best[0] < _AT_LEAST * _bigrams(best[1]):
        return None
    return best[1], best[2]


def _bigrams(text: str) -> int:
    """How many bigrams the score of a text is made of, as far as it was looked at."""
    return sum(not (first.isascii() and second.isascii()) for first, second in pairwise(f" {text} "))


def score(text: str) -> float:
    """
    Say how much text looks like names and words, in nats; of all languages the one that fits best.

    Only what has to do with a letter outside ASCII counts, so that texts of the same bytes compare.
    """
    words = [word for word in _WORD.findall(text) if not word.isascii()][:_ENOUGH]
    folded = [word.casefold() for word in words]
    return sum(map(_case, words)) + _symbols(text) + max(sum(map(language.score, folded)) for language in _languages())


def _case(word: str) -> float:
    """Cost of a word's case."""
    parts = re.split("['’ʼ-]", word)
    inside: int = sum(first.islower() and second.isupper() for part in parts for first, second in pairwise(part))
    # MÜLLER, Müller, müller; MüLLER is none of them
    sharp: int = sum(first.isupper() and second.islower() for part in parts for first, second in pairwise(part[1:]))
    return _CASE * float(inside + sharp) + (_LOWER_CASE if word[0].islower() else 0.0)


def _symbols(text: str) -> float:
    """Cost of what is neither ASCII nor a letter: much of it where a letter is beside, for which it then stands."""
    cost = 0.0
    for before, char, after in zip(f" {text[:-1]}", text, f"{text[1:]} ", strict=True):
        if not char.isascii() and not char.isalpha():
            beside = before.isalpha() or after.isalpha()
            cost += _IN_WORD if beside and char not in _QUOTES else _QUIET_SYMBOL if char in _QUIET else _SYMBOL
    return cost


@dataclass(frozen=True, slots=True)
class _Language:
    """Bigrams of one language, case-folded; a word begins and ends with a space."""

    letters: frozenset[str]
    pairs: Mapping[tuple[str, str], float]
    lone: Mapping[str, float]
    firsts: Mapping[str, float]

    def score(self, word: str) -> float:
        """Logarithm of the probability of those bigrams that have a letter outside ASCII in them."""
        scores = (self._bigram(a, b) for a, b in pairwise(f" {word} ") if not (a.isascii() and b.isascii()))
        return math.fsum(scores)

    def _bigram(self, first: str, second: str) -> float:
        if not (first in self.letters and second in self.letters):
            return _UNKNOWN_LETTER
        seen = self.firsts[first]
        return math.log((self.pairs.get((first, second), 0.0) + _SMOOTHING * self.lone[second]) / (seen + _SMOOTHING))


@functools.cache
def _languages() -> tuple[_Language, ...]:
    """Count the bigrams, once and when first needed."""
    with open(_NAMES, encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]
    return tuple(_count(words.split(" ")) for _, words in rows)


def _count(words: list[str]) -> _Language:
    """Bigrams of a list of words."""
    pairs: Counter[tuple[str, str]] = Counter()
    for word in words:
        pairs.update(pairwise(f" {word.casefold()} "))
    firsts: Counter[str] = Counter()
    lone: Counter[str] = Counter()
    for (first, second), count in pairs.items():
        firsts[first] += count
        lone[second] += count
    total = lone.total()
    letters = frozenset(lone) | frozenset("abcdefghijklmnopqrstuvwxyz" if "a" in lone else "")
    return _Language(
        letters,
        {pair: float(count) for pair, count in pairs.items()},
        {letter: (lone[letter] + 0.5) / total for letter in letters},
        {letter: float(firsts[letter]) for letter in letters},
    )
