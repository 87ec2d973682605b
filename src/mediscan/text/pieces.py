"""Text taken apart into runs and separators, and put together again without some of the runs: the ground of this layer.

A run is what stands between separators: a word, a number with its decimals, or both in one (``t2``, ``5mm``).
"""

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

_SEPARATOR = r" \t\r\n\f\xa0_\-+*/\\.,:;()\[\]{}<>=%&#^|'\"’ʼ!?$~°±×–—„“”«»`´·•"
RUN = re.compile(
    rf"""
    (?: [^{_SEPARATOR}]+
      | (?<=[^\W\d_])['’ʼ](?=[^\W\d_])  # м'язи: part of the word
      | (?<=[0-9])[.,](?=[0-9])         # a decimal
    )+
    """,
    re.VERBOSE,
)
_PART = re.compile(r"[0-9]+|[^\W\d_]+")
_HUMP = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][^\W\d_A-Z])")  # fatSat, LKnee
_APOSTROPHES = str.maketrans("", "", "'’ʼ")
_EXPONENT = str.maketrans("²³", "  ")
_STROKED = str.maketrans({"ł": "l", "đ": "d", "ø": "o", "ı": "i", "æ": "ae", "œ": "oe"})  # no combining mark in them
_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_BRACKET = re.compile(r"[()\[\]{}]")
_NO_SEPARATOR = str.maketrans("", "", "()[]{}\"'’ʼ„“”«»`´")

# Numbers that a unit, a parameter or their own form shows to be measures; years are none of them.
_NUMBER = r"[0-9]{1,3}(?:[.,][0-9]{1,3})?"
_LONG = rf"(?:{_NUMBER}|(?!19|20)[0-9]{{4}}(?:[.,][0-9]{{1,3}})?)(?![0-9])"
_LENGTH = r"(?:mm[23²³]?|cm[23²³]?|kvp?|kg|k?hz|mhz|weeks?|wks?|%|мм|см|кг|кв|кВ)"
_UNIT = (
    rf"(?:{_LENGTH}|[uμµ]m|ml|cc|dl|m?sec|ms|mins?|hrs?|kev|mev|ma|mas|mah|[mc]?gy|[mgk]bq|mci|[mu]sv|hu|mg|mcg|deg|grad"
    r"|ppm|px|pix|pixels?|bits?|bpm|fps|rpm|°|мл|мс|сек|мин|хв|мкм|мкл|мзв|мгр|мг)"
)
_SIDE = r"(?:1920|(?!19|20[0-3])[0-9]{4}|[0-9]{1,3}(?:[.,][0-9]{1,2})?)"
_B = r"(?:(?:1[0-8]|2[1-9]|[3-5][0-9]|[1-9])(?:00|50)|2000|50|0)"
_MEASURE = re.compile(
    rf"""
      (?<![^\W_])(?:                                                  # of each kind, how it may begin is told once, for speed
        (?=[0-9])(?<![0-9][\s./,:_^-])(?<![0-9].[./-])(?:             # not the end of another number
          {_LONG}[ _]?{_UNIT}(?![^\W\d_])                             # 3mm, 120 kV, 2.5 sec
        | {_NUMBER}[ ]?[st](?![^\W_])                                 # 2.5 s, 1.5T
        | (?:19|20)[0-9]{{2}}{_UNIT}(?![^\W\d_])                      # 2000ms, in one
        | {_NUMBER}[ ]?[-/–][ ]?{_NUMBER}[ ]?{_LENGTH}(?![^\W\d_])    # 0-15cm, 5/5mm
        | {_SIDE}(?:[ ]?[x×*][ ]?{_SIDE}){{1,2}}[ ]?(?:{_LENGTH}|pixels?|px)?(?![^\W_])     # 256x256, 3x3x5 mm
        | [0-9]{{1,4}}:1(?![0-9])                                     # a ratio
        )
      | (?=[bdefkmstvw])(?:
          (?:t[eri]|td|venc|(?:total)?dlp|etl|bw|ww|w)[ ]?[=:_]?[ ]?{_LONG}(?![^\W_])        # TR 4500, TE=12.10
        | (?:tr|ti|ww|w)[=_]?2000(?![^\W_])
        | (?:fov|fa|flip|thk|kvp?|mas?|wl|wc|sl)[=:_]?{_NUMBER}(?![^\W_])                    # FOV350
        | b[ =_]?{_B}(?:[ ,_/+-]{{1,2}}b?{_B}(?![0-9]))*(?![0-9])                            # b1000, b50_400_800
        | th?(?:[1-9]|1[01])[-/]1[0-2](?![^\W_])                                             # T11-12
        )
      )
    | (?<=jpeg)[ -]?2000(?![0-9])
    | (?=[iorvxu])(?:
        ratio\W{{0,2}}[0-9]{{1,4}}(?:\.[0-9]{{1,6}})?(?![0-9])
      | range[ ][-+]?[0-9]{{1,5}}[ ]to[ ][-+]?[0-9]{{1,5}}(?![0-9])
      | rgb[ ]?\([0-9]{{1,3}},[ ]?[0-9]{{1,3}},[ ]?[0-9]{{1,3}}\)
      | (?:isovue|omnipaque|ultravist|visipaque|iomeron|imeron|optiray|xenetix|iopamiro|iohexol|iopamidol|iopromide)  # mg I/ml
        (?:[ -]?[1-4][0-9]{{2}}(?:/[0-9]{{2,3}})?)(?![0-9])
      )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_DIGIT = re.compile("[0-9]")
UNIT = re.compile(_UNIT, re.IGNORECASE)
_ADDRESS = re.compile(r"\S*@\S*|\b(?:https?|ftp|file):\S*|\bwww\.\S*", re.IGNORECASE)


def fold(text: str) -> str:
    """Return text as identifiers are compared: case-folded, without diacritics and apostrophes."""
    if text.isascii():
        return text.lower().replace("'", "")
    folded = unicodedata.normalize("NFKD", text.casefold().translate(_STROKED))
    bare = "".join(char for char in folded if not unicodedata.combining(char))
    return unicodedata.normalize("NFC", bare.translate(_APOSTROPHES))  # Hangul comes apart in NFKD


def plain(text: str) -> str:
    """Return text of the same length with exponents blanked, which are no part of a unit's name."""
    return text if text.isascii() else text.translate(_EXPONENT)


def word(run: str) -> str:
    """Return a run as words of the lexicon are compared: case-folded, without apostrophes."""
    return _bare(run).casefold()


def measures(text: str) -> tuple[list[tuple[int, int]], str]:
    """Return the places of measures in a text, and the text with ``x`` for their digits."""
    found: list[tuple[int, int]] = []
    while _DIGIT.search(text):  # one may show only once that before it is masked
        spans = [match.span() for match in _MEASURE.finditer(text)]
        if not spans:
            break
        masked = list(text)
        for start, end in spans:
            masked[start:end] = ["x" if char.isdigit() else char for char in masked[start:end]]
        found, text = found + spans, "".join(masked)
    return found, text


def addresses(text: str) -> list[tuple[int, int]]:
    """Return the places of addresses of mail and web in a text."""
    if not ("@" in text or ":" in text or "www." in text.lower()):
        return []
    return [match.span() for match in _ADDRESS.finditer(text)]


def parts(run: str) -> list[str]:
    """Return the parts of a run at letter|digit borders."""
    return _PART.findall(_bare(run))


def _bare(run: str) -> str:
    return run.replace("'", "") if run.isascii() else run.translate(_APOSTROPHES)


def humps(part: str) -> list[str]:
    """Return the parts of a word at lower|upper borders."""
    return _HUMP.split(part)


def without(text: str, runs: "Sequence[re.Match[str]]", kept: Sequence[bool]) -> str:
    """
    Put text together again from the runs that are kept.

    Parameters
    ----------
    text : str
        What was taken apart.
    runs : sequence of Match
        Its runs, in order.
    kept : sequence of bool
        Which of them stay.

    Returns
    -------
    str
        The text itself where all stay. A gap leaves one separator, none is doubled or left dangling.
    """
    if all(kept):
        return text
    places = [place for place, stays in enumerate(kept) if stays]
    if not places:
        return ""
    seams = [text[before.end() : after.start()] for before, after in pairwise(runs)]
    head = text[: runs[0].start()] if kept[0] else ""
    tail = text[runs[-1].end() :] if kept[-1] else _closing(seams[places[-1] :], text[runs[-1].end() :])
    out = [head, runs[places[0]][0]]
    for left, right in pairwise(places):
        out += [seams[left] if right == left + 1 else _seam(seams[left:right]), runs[right][0]]
    whole = "".join([*out, tail])
    return (_balanced(whole) if _BRACKET.search(whole) else whole).strip(" \0\t\r\n\f\xa0")


def _seam(seams: list[str]) -> str:
    """One separator in place of all those of a gap, with the brackets that are not closed within it."""
    bare = [seam.translate(_NO_SEPARATOR) for seam in seams]
    if any("\n" in seam for seam in bare):
        middle = "\r\n" if any("\r\n" in seam for seam in bare) else "\n"
    else:
        middle = bare[0] if bare[0] == bare[-1] else next((seam for seam in bare if seam == " "), bare[0])
    brackets = _open("".join(seams))
    if not brackets:
        return middle or " "
    closing = "".join(char for char in brackets if char in ")]}")
    opening = "".join(char for char in brackets if char in "([{")
    return closing + (middle or " ") + opening


def _closing(seams: list[str], end: str) -> str:
    return "".join(char for char in _open("".join(seams) + end) if char in ")]}")


def _open(text: str) -> str:
    """Return the brackets of a text that have no partner in it."""
    stack: list[str] = []
    for char in _BRACKET.findall(text):
        if stack and _BRACKETS.get(stack[-1]) == char:
            stack.pop()
        else:
            stack.append(char)
    return "".join(stack)


def _balanced(text: str) -> str:
    """Return text without the brackets that have lost their partner."""
    waiting: list[int] = []
    lone: set[int] = set()
    for place, char in enumerate(text):
        if char in _BRACKETS:
            waiting.append(place)
        elif char in ")]}":
            if waiting and _BRACKETS[text[waiting[-1]]] == char:
                waiting.pop()
            else:
                lone.add(place)
    return "".join(char for place, char in enumerate(text) if place not in lone.union(waiting))
