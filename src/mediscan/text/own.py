"""What identifies the patient of one instance, and those who treated them, in the forms in which free text may repeat it."""

import functools
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import permutations
from typing import NamedTuple

from mediscan.text import pieces
from mediscan.text.transliterate import to_latin

_LETTERS = re.compile(r"[^\W\d_]+(?:['’ʼ][^\W\d_]+)*")
_DIGITS = re.compile(r"[0-9]+")
_DATE = re.compile(r"[0-9]{8}")
_GROUPS = re.compile(r"[\\=]")
_TITLES = frozenset(
    "bc dr drmed frau hab herr ing inz inż jr lek mag md med mgr miss mme mr mrs ms mudr mvdr nik pan pani phd prof rndr sr"
    " univ d-r д-р др проф".split()
)
_MIN_CODE = 3
_MIN_NUMBER = 4
_MIN_PLACE = 3
_MIN_WHOLE_PLACE = 8
_MIN_JOINED = 4
_MIN_STEM = 5
_MAX_JOINED_PARTS = 4
_VOWELS = frozenset("aeiouyаеиоуыяюєії")
_FIRST_IDEOGRAPH = "\u2e80"  # from here on a letter is a syllable or a word
_REMEMBERED = 4096  # values; physicians and institutions come again with each study


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
    found = [_name(value) for value in names]
    words, joined = _gathered(found, codes, dates, places, clinical)
    guarded = {form for name in found for form, word in name.short if word in clinical}.union(*[name.guarded for name in found])
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
    found = [_name(value) for value in names]
    words, joined = _gathered(found, codes, dates, places, clinical)
    return frozenset[str]().union(words, joined, *[name.pairs for name in found])


def distinctive_words(names: Iterable[str] = (), codes: Iterable[str] = (), places: Iterable[str] = ()) -> frozenset[str]:
    """
    Gather the words that must not stay in text of any kind: what is short, or may be a part of anything, is none of them.

    Returns
    -------
    frozenset of str
        Forms of names and codes as in `Own.words` and `Own.joined` of three characters at least, numbers of four, whatever
        the lexicon; and a place's whole name where that is long, without separators.
    """
    found = [*[_name(name).distinctive for name in names], *[_code(code).distinctive for code in codes]]
    return frozenset[str]().union(*found, *map(_whole_place, places))


def _gathered(
    names: "list[_Name]", codes: Iterable[str], dates: Iterable[str], places: Iterable[str], clinical: frozenset[str]
) -> tuple[set[str], set[str]]:
    """Return words and joined as in `Own`; here one may be in both."""
    words = {form for name in names for form, word in name.short if word not in clinical}
    words.update(*[name.words for name in names], *[_place(value, clinical) for value in places])
    joined = set[str]().union(*[name.joined for name in names])
    for code in map(_code, codes):
        words.update(code.numbers, [form for form, word in code.words if word not in clinical])
        joined |= code.joined
    for value in dates:
        for date in _DATE.findall(value):
            words.add(date[:4])
            joined.update(_date_forms(date[:4], date[4:6], date[6:8]))
    return words, joined


class _Name(NamedTuple):
    """Forms of one value of a PN element.

    Attributes
    ----------
    words, joined, guarded : frozenset of str
        As in `Own`, whatever the lexicon.
    short : frozenset of (str, str)
        Components of two letters, and the word of the lexicon that each would be.
    pairs : frozenset of str
        Components of two letters that are no titles.
    distinctive : frozenset of str
        See `distinctive_words`.
    """

    words: frozenset[str]
    joined: frozenset[str]
    guarded: frozenset[str]
    short: frozenset[tuple[str, str]]
    pairs: frozenset[str]
    distinctive: frozenset[str]


@functools.lru_cache(_REMEMBERED)
def _name(value: str) -> _Name:
    words: set[str] = set()
    joined: set[str] = set()
    guarded: set[str] = set()
    short: set[tuple[str, str]] = set()
    for group in _GROUPS.split(unicodedata.normalize("NFC", value)):
        parts = [(form, part) for part in _LETTERS.findall(group) if (form := pieces.fold(part)) and form not in _TITLES]
        for form, part in parts:
            if len(form) == 2:
                short.add((form, pieces.word(part)))
            elif len(form) > 2:
                words.add(form)
            if not part.isascii():
                words.update(latin for latin in to_latin(pieces.word(part)) if len(latin) > 2)
            if form[-1] in _VOWELS and len(form) > _MIN_STEM:
                words.add(form[:-1])  # Kowalska and Kowalskiego, of Kowalski
        heads = [form for form, _ in parts[:_MAX_JOINED_PARTS]]
        for chosen in (*permutations(heads, 2), *permutations(heads, 3)):
            together = "".join(chosen)
            (joined if len(together) >= _MIN_JOINED or together >= _FIRST_IDEOGRAPH else guarded).add(together)
            guarded.add("".join([form[0] for form in chosen]))
        for one, other in permutations(heads, 2):
            if len(other) > 2 and len(one) > 2:
                joined |= {one[0] + other, one + other[0]}
        guarded.update([form[0] for form in heads], [form for form, _ in parts if len(form) == 1])
    pairs = {pieces.fold(part) for part in _LETTERS.findall(value) if len(part) == 2} - _TITLES - {""}
    distinctive = _distinctive(words | joined)
    return _Name(frozenset(words), frozenset(joined), frozenset(guarded), frozenset(short), frozenset(pairs), distinctive)


class _Code(NamedTuple):
    """Forms of one value of an identifier.

    Attributes
    ----------
    joined : frozenset of str
        Whole, without separators.
    numbers : frozenset of str
        Its longer numbers.
    words : frozenset of (str, str)
        Its longer parts of letters, and the word of the lexicon that each would be.
    distinctive : frozenset of str
        See `distinctive_words`.
    """

    joined: frozenset[str]
    numbers: frozenset[str]
    words: frozenset[tuple[str, str]]
    distinctive: frozenset[str]


@functools.lru_cache(_REMEMBERED)
def _code(value: str) -> _Code:
    joined: set[str] = set()
    numbers: set[str] = set()
    words: set[tuple[str, str]] = set()
    for code in value.split("\\"):
        parts = pieces.parts(unicodedata.normalize("NFC", code))
        whole = pieces.fold("".join(parts))
        if len(whole) < _MIN_CODE:
            continue
        joined.add(whole)
        for part in parts:
            if len(part) < _MIN_CODE:
                continue
            if not part.isdigit():
                words.add((pieces.fold(part), part.casefold()))
                continue
            numbers.add(part)
            if len(bare := part.lstrip("0")) >= _MIN_NUMBER:
                numbers.add(bare)
    distinctive = _distinctive(joined.union(numbers, [form for form, _ in words]))
    return _Code(frozenset(joined), frozenset(numbers), frozenset(words), distinctive)


def _distinctive(forms: set[str]) -> frozenset[str]:
    return frozenset([form for form in forms if len(form) >= (_MIN_NUMBER if form.isdigit() else _MIN_CODE)])


def _date_forms(year: str, month: str, day: str) -> list[str]:
    """Return a date in the orders and lengths in which it is written, without separators."""
    days = [(y, m, d) for y in (year, year[2:]) for m in {month, month.lstrip("0")} for d in {day, day.lstrip("0")}]
    forms = [form for y, m, d in days for form in (y + m + d, d + m + y, m + d + y) if len(form) > _MIN_NUMBER]
    return [*forms, year + month, month + year]


@functools.lru_cache(_REMEMBERED)
def _place(value: str, clinical: frozenset[str]) -> frozenset[str]:
    """Return the words of a place that are not in the lexicon, and its longer numbers."""
    parts = [pieces.word(part) for part in _LETTERS.findall(unicodedata.normalize("NFC", value))]
    words = {pieces.fold(part) for part in parts if len(part) >= _MIN_PLACE and part not in clinical}
    return frozenset(words.union([number for number in _DIGITS.findall(value) if len(number) >= _MIN_NUMBER]))


@functools.lru_cache(_REMEMBERED)
def _whole_place(value: str) -> frozenset[str]:
    """Return a place without what separates its words, if that is long."""
    whole = pieces.fold("".join(pieces.parts(value)))
    return frozenset([whole] if len(whole) >= _MIN_WHOLE_PLACE else [])
