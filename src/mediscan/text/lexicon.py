"""Clean Descriptors Option (PS3.15 E.3.5): a descriptor is rebuilt from what is known to be clinical; all else is dropped.

The words come in as data, case-folded and NFC. What is not surely clinical is not: in doubt a run goes.
"""

import functools
import re
import unicodedata
from itertools import pairwise
from typing import NamedTuple

from mediscan.text import pieces

_SLASHED = re.compile(r"(?<![^\W_])(?:[^\W\d_]/[^\W\d_]|i\.v)(?![^\W_])", re.IGNORECASE)  # w/o, b/k
_LEVEL = re.compile(r"(?:c[1-7]|th?1[0-2]|th?[1-9]|l[1-6]|s[1-5])", re.IGNORECASE)  # of the spine
_VENDOR_NAME = re.compile(
    r"(?:[bdhiu][0-9]{2}[fhms]|(?:b[flrv]|h[cfprv]|qr|sa|u[br])[0-9]{2}[a-z]?[0-9]?|fc[0-9]{2}"  # kernels
    r"|(?:ep|fi|fl|hse|ir|me|pc|qfl|re|se|spc|swi|tfi|tfl|tgse|tir|tof|tse)[23]d[0-9]{0,2}[a-z]{0,2})",  # sequences
    re.IGNORECASE,
)
_BARE_NUMBER = re.compile(r"[0-9.,]+")
_THREE_LETTERS = re.compile(r"[^\W\d_]{3}")
_LONE = re.compile(r"(?<![^ ])[0-9]{1,3}(?![^ ])")
_VALUE_COUNTS = re.compile(
    r"[0-9][ ]+[0-9]|[bB](?<![^\W_].)(?![^\W_])|[iouvxIOUVX](?i:sovue|mnipaque|ltravist|isipaque|omeron|meron|ptiray|enetix"
    r"|opamiro|ohexol|opamidol|opromide)"
)
_LINK = re.compile(r"[ _/-]*")  # what may stand within a phrase
_PHRASE_WORDS = 4
_MAX_FREE_DIGITS = 6
_MAX_DIGITS_IN_NUMBER = 3
_MAX_DIGITS_IN_WORD = 2
_MAX_DIGITS_IN_BARE_CODE = 2
_REMEMBERED_RUNS = 16384  # words come again where whole descriptors do not

# Numbers that could be a date, a time, a telephone number or an identifier; measures are masked before.
_NUMBER_TROUBLE = re.compile(
    r"""
      (?=[0-9])(?:                                                           # told once, not by each of them in turn
        [0-9]{4,}                                                            # a year, an identifier
      | [0-9]+[./:^-][0-9]+[./:^-][0-9]+(?:[./:^-][0-9]+)*                   # three numbers in a row
      | [0-9]+(?:\.[0-9]+)?(?:[\s./,:_^-]+[0-9]+(?:\.[0-9]+)?){2,}
      | (?<![0-9])[0-9]{1,2}[/-][0-9]{2}(?![0-9])                            # 12/04, 4-61
      | (?<![0-9])[0-9]{1,2}:[0-9]{2}(?![0-9])                               # 10:30
      | (?<![0-9])(?:0?[1-9]|[12][0-9]|3[01])\.(?:0[1-9]|1[0-2])(?![0-9])    # 24.12
      | [0-9]{2,3}[\s./,:_^-]+[0-9]{3}(?![0-9])                              # 555 123
      | [0-9]{3}[\s./,:_^-]+[0-9]{2,3}(?![0-9])
      | [0-9]\W*oct(?![^\W\d_])                                             # 4 OCT: a month, not the modality
      | [0-9]+\s*y(?![^\W\d_])                                              # 92Y: an age
      )
    | (?<![^\W\d_])oct\W*[0-9]+
    """,
    re.VERBOSE | re.IGNORECASE,
)

# What joins two words, and reads badly with one of them gone; of these the second kind not at the beginning either.
_JOINS = frozenset(
    "a al am an and by da de der des di din do du for from i in la mit na nad od of on or oraz pe pentru pod pri pro sau si și"
    " the to u und v vagy via von vor vs w with z za ze és și în из и или за із й на от під по при с след та у в від для до з"
    " со та".split()
)
_JOINS_AND_TITLES = _JOINS | frozenset("dr lek mgr mudr prof д-р др проф".split())
_CONJUNCTIONS = frozenset("a and i or oraz sau si și u und vagy és и или й та".split())


def clean(value: str, words: frozenset[str], identifiers: frozenset[str] = frozenset()) -> str:
    r"""
    Rebuild a descriptor from its clinical words, measures, levels of the spine and small numbers.

    Parameters
    ----------
    value : str
        A decoded value, such as Series Description. Several values, separated by backslashes, are cleaned one by one; one
        that is left empty keeps its place.
    words : frozenset of str
        Words and phrases that may stay (`mediscan.profile.lexicons.load`): case-folded, NFC. A phrase lets a word stay
        beside its partners only, for words that are names too (``short axis``).
    identifiers : frozenset of str
        Words that must not stay whatever they mean, as `mediscan.text.own.own_words` folds them.

    Returns
    -------
    str
        The value itself, character for character, where nothing in it had to go; "" where nothing clinical is left.
    """
    if "\\" in value:
        cleaned = "\\".join(clean(one, words, identifiers) for one in value.split("\\"))
        return cleaned if cleaned == value or cleaned.strip("\\ ") else ""
    text = unicodedata.normalize("NFC", value)
    kept = _once(text, words, identifiers)
    if kept == text:
        return value
    while kept and kept != text:  # a gap may bring together what must not stand together
        text, kept = kept, _again(kept, words, identifiers)
    return kept


def forms(value: str) -> frozenset[str]:
    """Return everything in a value that `clean` compares with identifiers: if none of them is here, they change nothing."""
    return frozenset().union(*map(_forms, pieces.RUN.findall(unicodedata.normalize("NFC", value))))


def is_clinical(value: str, words: frozenset[str]) -> bool:
    """Tell whether a descriptor may stay as it is, by `clean`."""
    return clean(value, words) == value


class _Run(NamedTuple):
    """What is thought of a run, by itself or at its place.

    Attributes
    ----------
    tokens : tuple of str
        What has to be listed of it: itself where it is, else its parts.
    word : str
        As joining words are compared; empty where it is none whatever it says.
    digits, letters : int
        How many; digits of measures do not count.
    is_plain : bool
        Without odd characters.
    is_listed : bool
        Known as a whole.
    is_known : bool
        Known as a whole or part by part, or for the place where it stands.
    is_partner : bool
        Not known, but each part that is not may be so in a phrase.
    is_number, is_letter : bool
        Nothing but a number, or one letter.
    is_name : bool
        Letters with digits, known as a whole.
    has_word : bool
        Three letters side by side.
    """

    tokens: tuple[str, ...]
    word: str
    digits: int
    letters: int
    is_plain: bool
    is_listed: bool
    is_known: bool
    is_partner: bool
    is_number: bool
    is_letter: bool
    is_name: bool
    has_word: bool


_NUMBER = _Run((), "", 0, 0, True, False, True, False, True, False, False, False)


@functools.lru_cache(_REMEMBERED_RUNS)
def _by_itself(run: str, words: frozenset[str]) -> _Run:
    if run.isascii() and run.isdigit() and run not in words:
        return _NUMBER._replace(tokens=(run,), word=run, digits=len(run))
    word = pieces.word(run)
    listed = word in words or _LEVEL.fullmatch(run) is not None or _VENDOR_NAME.fullmatch(run) is not None
    tokens = (word,) if listed else tuple(_split(run, words))
    unknown = [] if listed else [token for token in tokens if not (token.isdigit() or token in words)]
    digits, letters = sum(map(str.isdigit, run)), sum(map(str.isalpha, run))
    return _Run(
        tokens,
        word,
        digits,
        letters,
        is_plain=all(char.isalpha() or char in "'’ʼ.,0123456789" for char in run),
        is_listed=listed,
        is_known=not unknown,
        is_partner=bool(unknown) and _phrases(words).words.issuperset(unknown),
        is_number=_BARE_NUMBER.fullmatch(run) is not None,
        is_letter=letters == len(run) == 1,
        is_name=listed and 0 < digits < len(run),
        has_word=_THREE_LETTERS.search(run) is not None,
    )


class _Phrases(NamedTuple):
    """The phrases of a lexicon: the words in them, and what is a phrase with more words after it."""

    words: frozenset[str]
    beginnings: frozenset[str]


@functools.lru_cache(4)
def _phrases(words: frozenset[str]) -> _Phrases:
    phrases = [word.split(" ") for word in words if " " in word]
    beginnings = {" ".join(phrase[:size]) for phrase in phrases for size in range(1, len(phrase))}
    return _Phrases(frozenset(word for phrase in phrases for word in phrase), frozenset(beginnings))


class _Descriptor:
    """One value, its runs and what is thought of each."""

    def __init__(self, text: str, words: frozenset[str]) -> None:
        self.text = pieces.plain(text.rstrip("\0"))
        self.words = words
        self.places = list(pieces.RUN.finditer(self.text))
        self.runs = [_by_itself(place[0], words) for place in self.places]
        self.kept = [run.is_plain for run in self.runs]
        measures, self.masked = pieces.measures(self.text)
        for index in self._touched(measures):
            digits = sum(map(str.isdigit, self.masked[slice(*self.places[index].span())]))
            self.runs[index] = self.runs[index]._replace(digits=digits, is_known=True, is_number=False)
        for index in self._slashed():
            self.runs[index] = self.runs[index]._replace(word="", is_known=True, is_letter=False)
        self.has_digits = any(run.digits for run in self.runs)

    def _touched(self, spans: list[tuple[int, int]]) -> list[int]:
        """Return which runs lie in one of these places, or a part of them does."""
        if not spans:
            return []
        return [
            index
            for index, place in enumerate(self.places)
            if any(start < place.end() and place.start() < end for start, end in spans)
        ]

    def _slashed(self) -> list[int]:
        """Return which runs begin within a word that is written with a slash, such as w/o."""
        if "/" not in self.text and "." not in self.text:
            return []
        found = _SLASHED.finditer(self.text)
        spans = [match.span() for match in found if match[0].casefold().replace(".", "/") in self.words]
        return [index for index, place in enumerate(self.places) if any(start <= place.start() < end for start, end in spans)]

    # --- one pass for each reason to drop a run; those with odd characters are dropped from the beginning --------------

    def drop_own(self, identifiers: frozenset[str]) -> None:
        """Drop runs of addresses and this patient's own words."""
        for index in self._touched(pieces.addresses(self.text)):
            self.kept[index] = False
        if identifiers:
            for index, place in enumerate(self.places):
                self.kept[index] &= identifiers.isdisjoint(_forms(place[0]))

    def drop_unknown(self) -> None:
        """Drop runs with a word that is not listed, by itself or as part of a phrase."""
        known = [run.is_known for run in self.runs]
        if all(known):
            return
        if any(run.is_partner for run in self.runs):
            known = self._known_in_phrases()
        self.kept = [stays and one for stays, one in zip(self.kept, known, strict=True)]

    def _known_in_phrases(self) -> list[bool]:
        """Tell of each run whether it is known, be it in phrases."""
        tokens = [(index, token) for index, run in enumerate(self.runs) for token in run.tokens]
        in_phrase = [False] * len(tokens)
        beginnings = _phrases(self.words).beginnings
        for first, (start, token) in enumerate(tokens):
            phrase = token
            for last in range(first + 1, min(first + _PHRASE_WORDS, len(tokens))):
                if phrase not in beginnings:
                    break
                before, after = tokens[last - 1][0], tokens[last][0]
                linked = before == after or _LINK.fullmatch(self.text, self.places[before].end(), self.places[after].start())
                if not (linked and self.kept[start] and self.kept[after]):
                    break
                phrase += f" {tokens[last][1]}"
                if phrase in self.words:
                    in_phrase[first : last + 1] = [True] * (last + 1 - first)
        known = [True] * len(self.runs)
        for (index, token), one in zip(tokens, in_phrase, strict=True):
            known[index] &= self.runs[index].is_known or one or token.isdigit() or token in self.words
        return known

    def drop_trouble(self) -> None:
        """Drop numbers that could identify, and letters mixed with more digits than a name of a sequence has."""
        if not self.has_digits:
            return
        for index in self._touched([match.span() for match in _NUMBER_TROUBLE.finditer(self.masked)]):
            self.kept[index] &= self.runs[index].is_name
        for index, run in enumerate(self.runs):
            if run.digits > (_MAX_DIGITS_IN_NUMBER if run.is_number else _MAX_DIGITS_IN_WORD):
                self.kept[index] &= run.is_name

    def drop_initials(self) -> None:
        """Drop two letters that stand alone side by side."""
        for index, (run, after) in enumerate(pairwise(self.runs)):
            if run.is_letter and after.is_letter:
                self.kept[index] = self.kept[index + 1] = False

    def drop_beside_gaps(self) -> None:
        """Drop numbers and letters beside what was dropped, as they may belong to it; units and joining words left alone."""
        if all(self.kept):
            return
        runs, kept, count = self.runs, self.kept, len(self.runs)
        for order in (range(count), range(count - 1, -1, -1)):
            for index, after in pairwise(order):
                if not kept[index] and (runs[after].is_number or runs[after].is_letter):
                    kept[after] = False
        for index, after in pairwise(range(count)):
            if not kept[index] and runs[index].is_number and pieces.UNIT.fullmatch(self.places[after][0]):
                kept[after] = False
        for index in range(count - 2, -1, -1):
            if not kept[index + 1] and runs[index].word in _JOINS_AND_TITLES:
                kept[index] = False
        for index, run in enumerate(runs):
            if kept[index] and (index == 0 or run.word not in _CONJUNCTIONS):
                break
            kept[index] = False

    def drop_codes(self) -> None:
        """Drop the numbers that are left where they are many, or where no word is left beside them."""
        if not self.has_digits:
            return
        free = [run.digits if stays and not run.is_listed else 0 for run, stays in zip(self.runs, self.kept, strict=True)]
        words = any(stays and run.has_word for run, stays in zip(self.runs, self.kept, strict=True))
        if sum(free) > (_MAX_FREE_DIGITS if words else _MAX_DIGITS_IN_BARE_CODE):
            self.kept = [stays and not digits for stays, digits in zip(self.kept, free, strict=True)]

    def drop_remains(self) -> None:
        """Drop everything where only letters, numbers and joining words are left of more."""
        if not all(self.kept) and not any(
            stays and run.letters > 1 and run.word not in _JOINS for run, stays in zip(self.runs, self.kept, strict=True)
        ):
            self.kept = [False] * len(self.kept)


def _once(text: str, words: frozenset[str], identifiers: frozenset[str]) -> str:
    shape = None if identifiers else _shape(text, words)
    if shape is None:
        descriptor = _judged(text, words, identifiers)
        places, kept = descriptor.places, descriptor.kept
    else:
        places, kept = list(pieces.RUN.finditer(pieces.plain(text.rstrip("\0")))), list(_kept_in(shape, words))
    if kept and not any(kept):
        return ""
    return pieces.without(text, places, kept)


def _judged(text: str, words: frozenset[str], identifiers: frozenset[str]) -> _Descriptor:
    descriptor = _Descriptor(text, words)
    descriptor.drop_own(identifiers)
    descriptor.drop_unknown()
    if any(descriptor.kept):
        descriptor.drop_trouble()
        descriptor.drop_initials()
        descriptor.drop_beside_gaps()
        descriptor.drop_codes()
        descriptor.drop_remains()
    return descriptor


def _shape(text: str, words: frozenset[str]) -> str | None:
    """Return text with another number of as many digits for each lone one, where it does not matter which; else None.

    Of a number of up to three digits with blanks about it the length counts, and what its neighbours are, but not its value:
    except in lists of numbers, b-values and strengths of contrast media, and where the lexicon has it.
    """
    shape = _LONE.sub(_sevens, text)
    if shape == text or _VALUE_COUNTS.search(text) or not _numbers(words).isdisjoint(_LONE.findall(text)):
        return None
    return shape


def _sevens(number: re.Match[str]) -> str:
    return "7" * len(number[0])


@functools.lru_cache(4)
def _numbers(words: frozenset[str]) -> frozenset[str]:
    """The numbers that are words of a lexicon, or of its phrases."""
    return frozenset(part for word in words for part in word.split(" ") if part.isdigit())


@functools.lru_cache(_REMEMBERED_RUNS)
def _kept_in(shape: str, words: frozenset[str]) -> tuple[bool, ...]:
    return tuple(_judged(shape, words, frozenset()).kept)


_again = functools.lru_cache(_REMEMBERED_RUNS)(_once)  # what is left of many descriptors is the same few words


@functools.lru_cache(_REMEMBERED_RUNS)
def _forms(run: str) -> frozenset[str]:
    """Return what of a run is compared with identifiers; one letter is not enough for a part of it."""
    inner = {hump for part in pieces.parts(run) for hump in (part, *pieces.humps(part)) if len(hump) > 1}
    return frozenset({pieces.fold(run), *map(pieces.fold, inner)})


def _split(run: str, words: frozenset[str]) -> list[str]:
    """Return the parts of a run at letter|digit and, where the whole part is not listed, at lower|upper borders."""
    tokens: list[str] = []
    for part in pieces.parts(run):
        whole = part.casefold()
        tokens += [whole] if whole in words else [hump.casefold() for hump in pieces.humps(part)]
    return tokens
