"""Descriptors cleaned: rebuilt from clinical words or hunted for identifiers, and written in the character set of their place.

What a value becomes without regard to anybody is worked out once; a person's own words are looked for in that.
"""

from collections.abc import Callable
from typing import NamedTuple

from mediscan.codec import charset, mislabelled
from mediscan.profile import lexicons
from mediscan.profile.policy import Descriptors
from mediscan.text import hunt, lexicon, own
from mediscan.text.own import Own

_LIMIT = 32768


class _Read(NamedTuple):
    """A value as text, what of it is clinical, and the words of that."""

    text: str | None
    clinical: str
    words: frozenset[str]


class Voice(NamedTuple):
    """What identifies in one instance, as values of its elements."""

    names: tuple[bytes, ...]
    codes: tuple[bytes, ...]
    dates: tuple[bytes, ...]
    places: tuple[bytes, ...]


class OwnWords(NamedTuple):
    """Words of one instance's people.

    Attributes
    ----------
    hunted : Own
        What must not stay in a descriptor.
    kept : frozenset of str
        What must not stay in a value that is kept for being listed nowhere: folded, three characters at least, and no word
        of the lexicon, or a patient named Head would take the heads out of coded values.
    """

    hunted: Own
    kept: frozenset[str]


class DescriptorCleaner:
    """Cleans values of LO, SH, ST, LT, UT and UC.

    Parameters
    ----------
    mode : Descriptors
        LEXICON or HUNT; under REMOVE nothing is asked.
    """

    def __init__(self, mode: Descriptors) -> None:
        self._mode = mode
        self._words = lexicons.load()
        self._read: dict[tuple[bytes, bytes], _Read] = {}

    def words_of(self, voice: Voice, declared: bytes) -> OwnWords:
        """Gather what identifies in one instance."""
        names, codes, dates, places = [[_read(value, declared) for value in values if value] for values in voice]
        if self._mode is Descriptors.HUNT:
            hunted = own.own(names, codes, dates, places, self._words)
        else:
            hunted = Own(own.own_words(names, codes, dates, places, self._words))
        return OwnWords(hunted, own.distinctive_words(names, codes, places) - self._words)

    def of(self, words: OwnWords, declared: bytes) -> Callable[[bytes], bytes | None]:
        """Give the function that cleans a value in a character set."""
        return lambda value: self._clean(value, declared, words.hunted)

    def _clean(self, value: bytes, declared: bytes, identifiers: Own) -> bytes | None:
        value = value.partition(b"\0")[0].rstrip(b" ")  # what is behind a NUL is no part of it
        read = self._read.get((declared, value))
        if read is None:
            if len(self._read) >= _LIMIT:
                self._read.clear()
            read = self._read[declared, value] = self._understood(value, declared)
        if read.text is None:
            return None
        if self._mode is Descriptors.HUNT:
            cleaned = hunt.hunt(read.text, identifiers)
        elif identifiers.words.isdisjoint(read.words):
            cleaned = read.clinical
        else:
            cleaned = lexicon.clean(read.text, self._words, identifiers.words)
        return _written(value, read.text, cleaned, declared)

    def _understood(self, value: bytes, declared: bytes) -> _Read:
        text = charset.decode(value, declared) if value.isascii() else mislabelled.read(value, declared)
        if text is None or self._mode is Descriptors.HUNT:
            return _Read(text, "", frozenset())
        clinical = lexicon.clean(text, self._words)
        return _Read(text, clinical, lexicon.forms(clinical))


def _read(value: bytes, declared: bytes) -> str:
    """A value as text in any case; most are ASCII."""
    bare = value.rstrip(b"\0 ")
    return bare.decode("ascii") if bare.isascii() and b"\x1b" not in bare else mislabelled.read(bare, declared)


def _written(value: bytes, text: str, cleaned: str, declared: bytes) -> bytes | None:
    """Bytes of what is left; the value itself where nothing had to go; None where nothing is left or cannot be written."""
    if not cleaned.strip("\\ "):
        return None if text.strip("\\ ") else b""
    if cleaned.isascii():  # in every character set
        return value if cleaned == text else cleaned.encode("ascii")
    if cleaned == text and charset.valid(value, declared):
        return value
    return charset.encode(cleaned, declared)
