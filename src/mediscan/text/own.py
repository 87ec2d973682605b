"""What identifies the patient of one instance, and those who treated them, in the forms in which free text may repeat it."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import permutations

from mediscan.text import pieces
from mediscan.text.transliterate import to_latin

_LETTERS = re.compile(r"[^\W\d_]+(?:['’ʼ][^\W\d_]+)*")
_DIGITS = re.compile(r"[0-9]+")
_TITLES = frozenset(
    "bc dr drmed frau hab herr ing inz inż jr lek mag md med mgr miss mme mr mrs ms mudr mvdr nik pan pani phd prof rndr sr"
    " univ d-r д-р др проф".split()
)
_MIN_CODE = 3
_MIN_NUMBER = 4
_MIN_PLACE = 3
_MIN_JOINED = 4
_MIN_STEM = 5
_MAX_JOINED_PARTS = 4
_VOWELS = frozenset("aeiouyаеиоуыяюєії")
_FIRST_IDEOGRAPH = "\u2e80"  # from here on a letter is a syllable or a word


@dataclass(frozen=True, slots=True)
class Own:
    """
    Folded forms of everything that identifies (`mediscan.text.pieces.fold`).

    Attributes
    ----------
    words : frozenset of str
        Components of names, identifiers, dates and places: two characters at least.
    joined : frozenset of str
        Forms of several words or numbers without what separates them: ``kowalskijan``, ``mrn001234``, ``12041961``.
    guarded : frozenset of str
        Initials, single and in pairs, and components of two letters that are clinical words as well (``Le``, ``Pa``, ``Ma``).
        Alone they are everywhere in clinical text; they identify beside another word of the same person.
    """

    words: frozenset[str] = frozenset()
    joined: frozenset[str] = frozenset()
    guarded: frozenset[str] = frozenset()


def own(
    names: Iterable[str] = (),
    codes: Iterable[str] = (),
    dates: Iterable[str] = (),
    places: Iterable[str] = (),
    clinical: frozenset[str] = frozenset(),
) -> Own:
    r"""
    Gather what identifies in one instance, from values that are decoded already.

    Parameters
    ----------
    names : iterable of str
        Values of PN elements: of the patient, relatives, physicians, operators. Backslashes, component groups and
        components are told apart here.
    codes : iterable of str
        Patient IDs, accession numbers, telephone numbers and the like.
    dates : iterable of str
        Values of DA elements that identify, such as the date of birth.
    places : iterable of str
        Institutions, departments, addresses, stations.
    clinical : frozenset of str
        The lexicon. A word of a place that is in it is no identifier, or "Chest Hospital" would take the chest out of every
        description; words of names and codes are identifiers nevertheless.

    Returns
    -------
    Own
        Empty sets where nothing was given.
    """
    words: set[str] = set()
    joined: set[str] = set()
    guarded: set[str] = set()
    for value in names:
        for group in re.split(r"[\\=]", unicodedata.normalize("NFC", value)):
            _name(group, clinical, words, joined, guarded)
    for value in codes:
        for code in value.split("\\"):
            _code(unicodedata.normalize("NFC", code), clinical, words, joined)
    for value in dates:
        for date in re.findall(r"[0-9]{8}", value):
            words.add(date[:4])
            joined.update(_date_forms(date[:4], date[4:6], date[6:8]))
    for value in places:
        parts = [pieces.word(part) for part in _LETTERS.findall(unicodedata.normalize("NFC", value))]
        words.update(pieces.fold(part) for part in parts if len(part) >= _MIN_PLACE and part not in clinical)
        words.update(number for number in _DIGITS.findall(value) if len(number) >= _MIN_NUMBER)
    return Own(frozenset(words), frozenset(joined - words), frozenset(guarded - words))


def own_words(
    names: Iterable[str] = (),
    codes: Iterable[str] = (),
    dates: Iterable[str] = (),
    places: Iterable[str] = (),
    clinical: frozenset[str] = frozenset(),
) -> frozenset[str]:
    """
    Gather the words that `mediscan.text.lexicon.clean` must drop; see `own`.

    Returns
    -------
    frozenset of str
        All of `Own.words` and `Own.joined`, and the guarded ones of two letters that are a whole component: in a text of
        clinical words alone little is lost with them.
    """
    names = tuple(names)
    found = own(names, codes, dates, places, clinical)
    short = {pieces.fold(part) for name in names for part in _LETTERS.findall(name) if len(part) == 2}
    return found.words | found.joined | (short - _TITLES)


def _name(group: str, clinical: frozenset[str], words: set[str], joined: set[str], guarded: set[str]) -> None:
    """Add the forms of one component group of a name."""
    components = [_LETTERS.findall(component) for component in group.split("^")]
    names = [part for component in components for part in component if pieces.fold(part) not in _TITLES]
    folded = [pieces.fold(name) for name in names]
    for name, form in zip(names, folded, strict=True):
        short = len(form) == 1 or (len(form) == 2 and pieces.word(name) in clinical)
        (guarded if short else words).add(form)
        words.update(latin for latin in to_latin(pieces.word(name)) if len(latin) > 2)
        if form[-1] in _VOWELS and len(form) > _MIN_STEM:
            words.add(form[:-1])  # Kowalska and Kowalskiego, of Kowalski
    heads = folded[:_MAX_JOINED_PARTS]
    for size in (2, 3):
        for chosen in permutations(heads, size):
            together = "".join(chosen)
            (joined if len(together) >= _MIN_JOINED or together >= _FIRST_IDEOGRAPH else guarded).add(together)
            guarded.add("".join(form[0] for form in chosen))
    for one, other in permutations(heads, 2):
        joined.update({one[0] + other, one + other[0]} if len(other) > 2 and len(one) > 2 else ())
    guarded.update(form[0] for form in heads)


def _code(code: str, clinical: frozenset[str], words: set[str], joined: set[str]) -> None:
    """Add the forms of an identifier: whole without separators, and its longer parts."""
    parts = pieces.parts(code)
    whole = pieces.fold("".join(parts))
    if len(whole) < _MIN_CODE:
        return
    joined.add(whole)
    for part in parts:
        if part.isdigit():
            bare = part.lstrip("0")
            words.update({part} if len(part) >= _MIN_CODE else ())
            words.update({bare} if len(bare) >= _MIN_NUMBER else ())
        elif len(part) >= _MIN_CODE and part.casefold() not in clinical:
            words.add(pieces.fold(part))


def _date_forms(year: str, month: str, day: str) -> Iterator[str]:
    """Yield a date in the orders and lengths in which it is written, without separators."""
    for y in (year, year[2:]):
        for m in {month, month.lstrip("0")}:
            for d in {day, day.lstrip("0")}:
                for form in (y + m + d, d + m + y, m + d + y):
                    if len(form) > _MIN_NUMBER:
                        yield form
    yield year + month
    yield month + year
