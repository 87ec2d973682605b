"""Free text whose unknown words may stay: what identifies this patient goes, and what has the form of an identifier."""

import re
import unicodedata

from mediscan.text import pieces
from mediscan.text.own import Own

_MIN_INSIDE = 5
_FIRST_IDEOGRAPH = "\u2e80"  # words of ideographs are not set apart
_MIN_PART = 3
_MAX_JOINED_RUNS = 6
_MAX_DIGITS_IN_RUN = 4

_MONTHS = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec|january|february|march|april|june|july|august|september|october"
    r"|november|december|stycz\w*|lut(?:y|ego)|marzec|marca|kwie\w*|maj\w*|czerw\w*|lip(?:iec|ca)|sierp\w*|wrze\w*|paźdz\w*"
    r"|pazdz\w*|listop\w*|grud\w*|led(?:en|na)|únor\w*|unor\w*|břez\w*|brez\w*|dub(?:en|na)|květ\w*|kvet\w*|červ\w*|cerv\w*"
    r"|srp(?:en|na)|září|zari|říj\w*|rij(?:en|na)|prosin\w*|ian(?:uarie)?|febr\w*|mart\w*|aprilie|mai|iun(?:ie)?|iul(?:ie)?"
    r"|sept\w*|oct\w*|noiem\w*|decem\w*|januar|märz|mai|juni|juli|okt\w*|dez\w*|márc\w*|ápr\w*|máj\w*|jún\w*|júl\w*|szept\w*"
    r"|янв\w*|фев\w*|мар(?:т\w*)?|апр\w*|ма[йяю]|июн\w*|июл\w*|авг\w*|сен\w*|окт\w*|ноя\w*|дек\w*|яну\w*|юни|юли|ное\w*"
    r"|січ\w*|лют\w*|берез\w*|квіт\w*|трав\w*|черв\w*|лип\w*|серп\w*|верес\w*|жовт\w*|листоп\w*|груд(?:ень|ня)"
    r"|i{1,3}|i?v|vi{1,3}|ix|xi{0,2})"
)
_DAY = r"(?:0?[1-9]|[12][0-9]|3[01])"
_MONTH = r"(?:0?[1-9]|1[0-2])"
_YEAR = r"(?:1[89]|20)[0-9]{2}"
_BETWEEN = r"[\s./,_-]"
TROUBLE = re.compile(
    rf"""
      (?<![0-9]){_YEAR}{_BETWEEN}{_MONTH}{_BETWEEN}{_DAY}(?![0-9])                 # 1961-04-12
    | (?<![0-9])(?:{_DAY}{_BETWEEN}{_MONTH}|{_MONTH}{_BETWEEN}{_DAY}){_BETWEEN}(?:{_YEAR}|[0-9]{{2}})(?![0-9])
    | (?<![0-9]){_DAY}(?:st|nd|rd|th)?(?:\W|_)*{_MONTHS}(?![^\W\d_])(?:(?:\W|_)*(?:{_YEAR}|[0-9]{{2}})(?![0-9]))?
    | (?<![^\W\d_]){_MONTHS}(?:\W|_)+(?:{_DAY}(?:st|nd|rd|th)?\W+)?{_YEAR}(?![0-9])  # April 12, 1961; IV 1961
    | (?<![0-9]){_MONTH}[/.-]{_YEAR}(?![0-9]) | (?<![0-9]){_YEAR}[/.-]{_MONTH}(?![0-9])
    | (?<![0-9])[0-3][0-9][/.][0-1][0-9](?![0-9])                                    # 12/04
    | (?<![0-9])[0-2]?[0-9]:[0-5][0-9](?::[0-5][0-9])?(?![0-9])                      # 10:30
    | \+?[0-9](?:[\s()./-]{{0,2}}[0-9]){{6,}}                                        # telephone numbers
    | (?<![0-9])[0-9]{{3}}[\s-][0-9]{{2}}[\s-]?[0-9]{{2,4}}(?![0-9])
    | (?<![0-9])9[0-9]\s?(?:y|yo|y/o|yrs?|years?|lat|let|rok\w*|ani|év\w*|годин\w*|рок\w*|лет|л)(?![^\W\d_])
    | (?<![0-9])1[0-9]{{2}}\s?(?:y|yo|y/o|yrs?|years?|lat|let|rok\w*|ani|év\w*|годин\w*|рок\w*|лет)(?![^\W\d_])
    """,
    re.VERBOSE | re.IGNORECASE,
)


def hunt(value: str, identifiers: Own) -> str:
    r"""
    Remove from free text what identifies, and keep the rest.

    Parameters
    ----------
    value : str
        A decoded value; values separated by backslashes are treated one by one.
    identifiers : Own
        What identifies in this instance (`mediscan.text.own.own`).

    Returns
    -------
    str
        The value itself where nothing had to go. Gone are this patient's words in any case, with or without diacritics, apart
        or written together, also as part of a longer word; numbers and initials beside them; dates, times, long numbers,
        telephone numbers, addresses of mail and web, ages of 90 and more.

    Notes
    -----
    One letter, a pair of initials, and a component of two letters that is a clinical word too (a patient named Le, Pa or Ma)
    go only beside another identifier: alone they are in most texts ("LE venous", "PA") and say nothing.
    """
    if "\\" in value:
        hunted = "\\".join(hunt(one, identifiers) for one in value.split("\\"))
        return hunted if hunted == value or hunted.strip("\\ ") else ""
    text = unicodedata.normalize("NFC", value)
    kept = _once(text, identifiers)
    if kept == text:
        return value
    while kept != text:  # a gap may bring together what must not stand together
        text, kept = kept, _once(kept, identifiers)
    return kept


def _once(text: str, identifiers: Own) -> str:
    plain = pieces.plain(text.rstrip("\0"))
    runs = list(pieces.RUN.finditer(plain))
    masked = pieces.measures(plain)[1]
    troubles = [match.span() for match in TROUBLE.finditer(masked)]
    troubles += pieces.addresses(plain)
    forms = [pieces.fold("".join(pieces.parts(run[0]))) for run in runs]
    named = _named(runs, forms, identifiers)
    kept = [not own and _is_plain(run[0]) for own, run in zip(named, runs, strict=True)]
    for place, run in enumerate(runs):
        digits = sum(map(str.isdigit, masked[run.start() : run.end()]))
        trouble = any(start < run.end() and run.start() < end for start, end in troubles)
        kept[place] &= digits <= _MAX_DIGITS_IN_RUN and not trouble
    _spread(runs, forms, named, kept, identifiers)
    return pieces.without(text, runs, kept)


def _is_plain(run: str) -> bool:
    """Tell whether a run has no control, format or unassigned characters, private ones included."""
    return not any(unicodedata.category(char).startswith("C") for char in run)


def _named(runs: "list[re.Match[str]]", forms: list[str], identifiers: Own) -> list[bool]:
    """Tell of each run whether it is, holds, or is part of something that identifies."""
    inside = [
        word
        for word in identifiers.words | identifiers.joined
        if len(word) >= _MIN_INSIDE or (len(word) > 1 and word >= _FIRST_IDEOGRAPH)
    ]
    named = [
        form in identifiers.words
        or form in identifiers.joined
        or any(word in form for word in inside)
        or any(len(part) >= _MIN_PART and part in identifiers.words for part in _inner(run[0]))
        for run, form in zip(runs, forms, strict=True)
    ]
    for first in range(len(runs)):
        joined = forms[first]
        for last in range(first + 1, min(first + _MAX_JOINED_RUNS, len(runs))):
            joined += forms[last]
            if joined in identifiers.joined or joined in identifiers.words:
                named[first : last + 1] = [True] * (last + 1 - first)
    return named


def _inner(run: str) -> list[str]:
    """Return the parts of a run, folded, at letter|digit and at lower|upper borders."""
    return [pieces.fold(hump) for part in pieces.parts(run) for hump in {part, *pieces.humps(part)}]


def _spread(runs: "list[re.Match[str]]", forms: list[str], named: list[bool], kept: list[bool], identifiers: Own) -> None:
    """Drop initials, short components and numbers beside an identifier; they count as one for their other neighbour."""
    for places in (range(len(runs)), range(len(runs) - 1, -1, -1)):
        for place in places:
            beside = [near for near in (place - 1, place + 1) if 0 <= near < len(runs)]
            short = forms[place] in identifiers.guarded or forms[place].isdigit()
            if short and any(named[near] for near in beside):
                named[place], kept[place] = True, False
