"""Clean Descriptors Option (PS3.15 E.3.5): a descriptor is rebuilt from what is known to be clinical; all else is dropped.

The words come in as data, case-folded and NFC. What is not surely clinical is not: in doubt a run goes.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

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
_LINK = re.compile(r"[ _/-]*")  # what may stand within a phrase
_PHRASE_WORDS = 4
_MAX_FREE_DIGITS = 6
_MAX_DIGITS_IN_NUMBER = 3
_MAX_DIGITS_IN_WORD = 2
_MAX_DIGITS_IN_BARE_CODE = 2

# Numbers that could be a date, a time, a telephone number or an identifier; measures are masked before.
_NUMBER_TROUBLE = re.compile(
    r"""
      [0-9]{4,}                                                          # a year, an identifier
    | [0-9]+[./:^-][0-9]+[./:^-][0-9]+(?:[./:^-][0-9]+)*                 # three numbers in a row
    | [0-9]+(?:\.[0-9]+)?(?:[\s./,:_^-]+[0-9]+(?:\.[0-9]+)?){2,}
    | (?<![0-9])[0-9]{1,2}[/-][0-9]{2}(?![0-9])                          # 12/04, 4-61
    | (?<![0-9])[0-9]{1,2}:[0-9]{2}(?![0-9])                             # 10:30
    | (?<![0-9])(?:0?[1-9]|[12][0-9]|3[01])\.(?:0[1-9]|1[0-2])(?![0-9])  # 24.12
    | [0-9]{2,3}[\s./,:_^-]+[0-9]{3}(?![0-9])                            # 555 123
    | [0-9]{3}[\s./,:_^-]+[0-9]{2,3}(?![0-9])
    | [0-9]\W*oct(?![^\W\d_])|(?<![^\W\d_])oct\W*[0-9]+                  # 4 OCT: a month, not the modality
    | [0-9]+\s*y(?![^\W\d_])                                             # 92Y: an age
    """,
    re.VERBOSE | re.IGNORECASE,
)

# What joins two words, and reads badly with one of them gone; of these the second kind not at the beginning either.
_JOINS = frozenset(
    "a al am an and by da de der des di din do du for from i in la mit na nad od of on or oraz pe pentru pod pri pro sau si și"
    " the to u und v vagy via von vor vs w with z za ze és și în из и или за із й на от під по при с след та у в від для до з"
    " со та".split()
)
_TITLES = frozenset("dr lek mgr mudr prof д-р др проф".split())
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
    while kept != text:  # a gap may bring together what must not stand together
        text, kept = kept, _once(kept, words, identifiers)
    return kept


def forms(value: str) -> frozenset[str]:
    """Return everything in a value that `clean` compares with identifiers: if none of them is here, they change nothing."""
    return frozenset(form for run in pieces.RUN.finditer(unicodedata.normalize("NFC", value)) for form in _forms(run[0]))


def is_clinical(value: str, words: frozenset[str]) -> bool:
    """Tell whether a descriptor may stay as it is, by `clean`."""
    return clean(value, words) == value


class _Descriptor:
    """One value, its runs and what is thought of each."""

    def __init__(self, text: str, words: frozenset[str]) -> None:
        self.text = pieces.plain(text.rstrip("\0"))
        self.words = words
        self.runs = list(pieces.RUN.finditer(self.text))
        self.kept = [True] * len(self.runs)
        measures, self.masked = pieces.measures(self.text)
        self.measured = [any(start < run.end() and run.start() < end for start, end in measures) for run in self.runs]
        slashed = [match.span() for match in _SLASHED.finditer(self.text) if match[0].casefold().replace(".", "/") in words]
        self.slashed = [any(start <= run.start() < end for start, end in slashed) for run in self.runs]

    def is_listed(self, place: int) -> bool:
        """Tell whether a run is known as a whole."""
        run = self.runs[place][0]
        return pieces.word(run) in self.words or _LEVEL.fullmatch(run) is not None or _VENDOR_NAME.fullmatch(run) is not None

    def is_number(self, place: int) -> bool:
        return not self.measured[place] and _BARE_NUMBER.fullmatch(self.runs[place][0]) is not None

    def is_letter(self, place: int) -> bool:
        run = self.runs[place][0]
        return len(run) == 1 and run.isalpha() and not self.slashed[place]

    # --- one pass for each reason to drop a run -----------------------------------------------------------------------

    def drop_odd(self, identifiers: frozenset[str]) -> None:
        """Drop runs with odd characters, those of addresses and this patient's own words."""
        addresses = [match.span() for match in pieces.ADDRESS.finditer(self.text)]
        for place, run in enumerate(self.runs):
            plain = all(char.isalpha() or char in "'’ʼ.,0123456789" for char in run[0])
            apart = not any(start < run.end() and run.start() < end for start, end in addresses)
            self.kept[place] = plain and apart and not _is_own(run[0], identifiers)

    def drop_unknown(self) -> None:
        """Drop runs with a word that is not listed, by itself or as part of a phrase."""
        tokens: list[tuple[int, str]] = []
        for place, run in enumerate(self.runs):
            whole = [pieces.word(run[0])] if self.is_listed(place) else _split(run[0], self.words)
            tokens += [(place, token) for token in whole]
        known = self._in_phrases(tokens)
        for (place, token), in_phrase in zip(tokens, known, strict=True):
            one = in_phrase or token.isdigit() or token in self.words or self.measured[place] or self.slashed[place]
            self.kept[place] &= one or self.is_listed(place)

    def _in_phrases(self, tokens: list[tuple[int, str]]) -> list[bool]:
        """Tell of each token whether it is part of a phrase that is listed."""
        known = [False] * len(tokens)
        for first, (start, token) in enumerate(tokens):
            phrase = token
            for last in range(first + 1, min(first + _PHRASE_WORDS, len(tokens))):
                before, after = tokens[last - 1][0], tokens[last][0]
                linked = before == after or _LINK.fullmatch(self.text, self.runs[before].end(), self.runs[after].start())
                if not (linked and self.kept[start] and self.kept[after]):
                    break
                phrase += f" {tokens[last][1]}"
                if phrase in self.words:
                    known[first : last + 1] = [True] * (last + 1 - first)
        return known

    def drop_trouble(self) -> None:
        """Drop numbers that could identify, and letters mixed with more digits than a name of a sequence has."""
        troubles = [match.span() for match in _NUMBER_TROUBLE.finditer(self.masked)]
        for place, run in enumerate(self.runs):
            trouble = any(start < run.end() and run.start() < end for start, end in troubles)
            name = self.is_listed(place) and any(map(str.isdigit, run[0])) and not run[0].isdigit()
            limit = _MAX_DIGITS_IN_NUMBER if self.is_number(place) else _MAX_DIGITS_IN_WORD
            code = not name and sum(map(str.isdigit, self.masked[run.start() : run.end()])) > limit
            self.kept[place] &= name or not (code or trouble)

    def drop_initials(self) -> None:
        """Drop two letters that stand alone side by side."""
        for place, after in pairwise(range(len(self.runs))):
            if self.is_letter(place) and self.is_letter(after):
                self.kept[place] = self.kept[after] = False

    def drop_beside_gaps(self) -> None:
        """Drop numbers and letters beside what was dropped, as they may belong to it; units and joining words left alone."""
        for places in (range(len(self.runs)), range(len(self.runs) - 1, -1, -1)):
            for place, after in pairwise(places):
                if not self.kept[place] and (self.is_number(after) or self.is_letter(after)):
                    self.kept[after] = False
        for place, after in pairwise(range(len(self.runs))):
            if not self.kept[place] and self.is_number(place) and pieces.UNIT.fullmatch(self.runs[after][0]):
                self.kept[after] = False
        for place in range(len(self.runs) - 2, -1, -1):
            if not self.kept[place + 1] and self._is_one_of(place, _JOINS | _TITLES):
                self.kept[place] = False
        for place in range(1, len(self.runs)):
            if self.kept[place] and not any(self.kept[:place]) and self._is_one_of(place, _CONJUNCTIONS):
                self.kept[place] = False

    def _is_one_of(self, place: int, words: frozenset[str]) -> bool:
        return pieces.word(self.runs[place][0]) in words and not self.slashed[place]

    def drop_codes(self) -> None:
        """Drop the numbers that are left where they are many, or where no word is left beside them."""
        free = [
            sum(map(str.isdigit, self.masked[run.start() : run.end()])) * (stays and not self.is_listed(place))
            for place, (run, stays) in enumerate(zip(self.runs, self.kept, strict=True))
        ]
        words = any(stays and _THREE_LETTERS.search(run[0]) for run, stays in zip(self.runs, self.kept, strict=True))
        if sum(free) > (_MAX_FREE_DIGITS if words else _MAX_DIGITS_IN_BARE_CODE):
            self.kept = [stays and not digits for stays, digits in zip(self.kept, free, strict=True)]

    def drop_remains(self) -> None:
        """Drop everything where only letters, numbers and joining words are left of more."""
        if not all(self.kept) and not any(
            stays and sum(map(str.isalpha, run[0])) > 1 and not self._is_one_of(place, _JOINS)
            for place, (run, stays) in enumerate(zip(self.runs, self.kept, strict=True))
        ):
            self.kept = [False] * len(self.kept)


def _once(text: str, words: frozenset[str], identifiers: frozenset[str]) -> str:
    descriptor = _Descriptor(text, words)
    descriptor.drop_odd(identifiers)
    descriptor.drop_unknown()
    descriptor.drop_trouble()
    descriptor.drop_initials()
    descriptor.drop_beside_gaps()
    descriptor.drop_codes()
    descriptor.drop_remains()
    return pieces.without(text, descriptor.runs, descriptor.kept)


def _is_own(run: str, identifiers: frozenset[str]) -> bool:
    """Tell whether a run or a part of it is one of the patient's own words; one letter is not enough for a part."""
    return bool(identifiers) and not identifiers.isdisjoint(_forms(run))


def _forms(run: str) -> Iterator[str]:
    """Yield what of a run is compared with identifiers."""
    yield pieces.fold(run)
    for part in pieces.parts(run):
        for hump in (part, *pieces.humps(part)):
            if len(hump) > 1:
                yield pieces.fold(hump)


def _split(run: str, words: frozenset[str]) -> list[str]:
    """Return the parts of a run at letter|digit and, where the whole part is not listed, at lower|upper borders."""
    tokens: list[str] = []
    for part in pieces.parts(run):
        whole = part.casefold()
        tokens += [whole] if whole in words else [hump.casefold() for hump in pieces.humps(part)]
    return tokens
