"""Clinical words that may stay (Clean Descriptors Option, PS3.15 E.3.5): a descriptor is kept when every word is one.

The words come in as data, case-folded and NFC. What is not surely clinical is not: in doubt the answer is False.
"""

import re
import unicodedata
from itertools import pairwise

_RUN = re.compile(r"[^\W_]+")
_PART = re.compile(r"[0-9]+|[^\W\d_]+")
_HUMP = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][^\W\d_A-Z])")  # fatSat, LKnee
_SLASHED = re.compile(r"(?<![^\W_])[^\W\d_]/[^\W\d_](?![^\W_])")  # w/o, b/k
_APOSTROPHE = re.compile(r"(?<=[^\W\d_])['’ʼ](?=[^\W\d_])")  # м'язи: part of the word
_EXPONENT = str.maketrans("²³", "  ")
_FOUR_DIGITS = re.compile(r"\d{4}")
_B_VALUE = re.compile(r"(?<![^\W_])b[ =]?(?!19)[1-9][0-9]?00(?![0-9])", re.IGNORECASE)  # b1000: always in hundreds
_JPEG_2000 = re.compile(r"(?<=jpeg)[ -]?2000(?![0-9])", re.IGNORECASE)
_LEVEL = re.compile(r"(?<![^\W_])(?:c[1-7]|th?1[0-2]|th?[1-9]|l[1-6]|s[1-5])(?![^\W_])", re.IGNORECASE)  # of the spine
_WORD = re.compile(r"[^\W\d_]{3}")
_MATRIX = re.compile(r"[0-9]{1,3}(?:x[0-9]{1,3})+", re.IGNORECASE)  # 256x256
_PUNCTUATION = frozenset(" \t\r\n_-+*/\\.,:;()[]{}<>=%&#^|'\"!?$~°±×–")
_MAX_DIGITS = 6
_MAX_DIGITS_IN_RUN = 3
_MAX_DIGITS_IN_BARE_CODE = 2

# Numbers that could be a date, a time, a telephone number or an identifier.
_NUMBER_TROUBLE = re.compile(
    r"""
      \d{4}                                                    # a year, an identifier
    | \d+(?:[\s./,:_^-]+\d+){2}                                # three numbers in a row
    | (?<!\d)\d{1,2}[/-]\d{2}(?!\d)                            # 12/04, 4-61
    | (?<!\d)\d{1,2}:\d{2}(?!\d)                               # 10:30
    | (?<!\d)(?:0?[1-9]|[12]\d|3[01])\.(?:0[1-9]|1[0-2])(?!\d) # 24.12
    | \d{2,3}[\s./,:_^-]+\d{3}(?!\d)                           # 555 123
    | \d{3}[\s./,:_^-]+\d{2,3}(?!\d)
    | \d\W*oct(?![^\W\d_])|(?<![^\W\d_])oct\W*\d               # 4 OCT: a month, not the modality
    | \d\s*y(?![^\W\d_])                                       # 92Y: an age
    """,
    re.VERBOSE,
)


def is_clinical(value: str, words: frozenset[str]) -> bool:
    """
    Tell whether a descriptor holds nothing but clinical words and small numbers.

    Parameters
    ----------
    value : str
        A decoded value, such as Series Description.
    words : frozenset of str
        Words and two-word phrases that may stay (`mediscan.profile.lexicons.load`): case-folded, NFC. A phrase lets a
        word stay beside its partner only, for words that are names too (``short axis``).

    Returns
    -------
    bool
        True for a blank value; False for any word not listed, a number of more than three digits, more than six digits
        in all, numbers that could be a date, a telephone number or an identifier, and initials.
    """
    text = _APOSTROPHE.sub("", unicodedata.normalize("NFC", value.strip(" \0")).translate(_EXPONENT))
    # Most values that go have a long number in them; these two lines spare them the rest.
    if _FOUR_DIGITS.search(text) and not _B_VALUE.search(text) and not _JPEG_2000.search(text):
        return False
    if not all(char.isalpha() or char in _PUNCTUATION or (char.isascii() and char.isdigit()) for char in text):
        return False
    text = _JPEG_2000.sub("", _B_VALUE.sub("b", text))
    text = _SLASHED.sub(lambda slashed: "  " if slashed[0].casefold() in words else slashed[0], text)
    runs = _RUN.findall(text)
    trouble = _has_number_trouble(text.casefold()) or _has_code(runs) or _has_initials(runs)
    return not trouble and _all_known(runs, words) and not _is_bare_code(runs, words)


def _has_number_trouble(folded: str) -> bool:
    """Tell whether the numbers could identify."""
    return sum(map(str.isdigit, folded)) > _MAX_DIGITS or _NUMBER_TROUBLE.search(folded) is not None


def _has_code(runs: list[str]) -> bool:
    """Tell whether letters mixed with more than three digits could be an identifier; a matrix size is none."""
    return any(sum(map(str.isdigit, run)) > _MAX_DIGITS_IN_RUN and not _MATRIX.fullmatch(run) for run in runs)


def _is_bare_code(runs: list[str], words: frozenset[str]) -> bool:
    """Tell whether there is no word, only numbers and letters as of an identifier; levels of the spine are none."""
    rest = " ".join(run for run in runs if run.casefold() not in words and not _LEVEL.fullmatch(run))
    return not any(map(_WORD.search, runs)) and len(re.findall("[0-9]", rest)) > _MAX_DIGITS_IN_BARE_CODE


def _has_initials(runs: list[str]) -> bool:
    """Tell whether two letters stand alone side by side."""
    return any(len(run) == len(after) == 1 and (run + after).isalpha() for run, after in pairwise(runs))


def _all_known(runs: list[str], words: frozenset[str]) -> bool:
    """Tell whether every word is listed, by itself or as part of a phrase."""
    tokens = [token for run in runs for token in _split(run, words)]
    phrases = [f"{first} {second}" in words for first, second in pairwise(tokens)]
    beside = zip([False, *phrases], [*phrases, False], strict=False)
    return all(token.isdigit() or token in words or any(pair) for token, pair in zip(tokens, beside, strict=False))


def _split(run: str, words: frozenset[str]) -> list[str]:
    """Return a run whole where it is listed, else its parts at letter|digit and lower|upper borders."""
    if run.casefold() in words:
        return [run.casefold()]
    tokens: list[str] = []
    for part in _PART.findall(run):
        whole = part.casefold()
        tokens += [whole] if whole in words else [hump.casefold() for hump in _HUMP.split(part)]
    return tokens
