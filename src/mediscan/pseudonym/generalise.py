"""Values made coarser, as 45 CFR 164.514(b)(2)(i) allows: ages over 89 in one category, three digits of a ZIP code; and
quantities rounded down to a multiple of a step, where a policy asks for it.

Pure functions over value bytes. None means that the value cannot be generalised and has to go.
"""

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

OLDEST_AGE = 89
"""Highest age in years that may be shown; older ages become one category (164.514(b)(2)(i)(C))."""

_AGE = re.compile(rb"[0-9]{3}[DWMY]")
_READABLE_AGE = re.compile(rb"\s*([0-9]{1,9})\s*([DWMY])\s*", re.IGNORECASE)
_DAYS_PER_UNIT = MappingProxyType({b"D": 1, b"W": 7})
_OVER_89 = b"090Y"
_INTEGER = re.compile(rb"[+-]?[0-9]{1,11}")
_DECIMAL = re.compile(rb"(?=.{1,16}$)[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[Ee][+-]?[0-9]+)?")


def cap_age(value: bytes) -> tuple[bytes | None, bool]:
    """
    Put ages over 89 years into one category.

    Parameters
    ----------
    value : bytes
        A value of VR AS: three digits and D, W, M or Y (PS3.5 6.2).

    Returns
    -------
    bytes or None
        The age as it was, ``090Y`` for any age over 89 years, None for a malformed value.
    bool
        Whether the age is over 89 years, so that the year of birth must go too. A malformed value that still reads as
        such an age (``1100M``, ``92y``) counts.
    """
    age = value.rstrip(b" \0")
    readable = _READABLE_AGE.fullmatch(age)
    if readable is not None and _years(int(readable[1]), readable[2].upper()) > OLDEST_AGE:
        return _OVER_89, True
    return (age if _AGE.fullmatch(age) else None), False


def _years(count: int, unit: bytes) -> int:
    """Return completed years; a year of 365 days errs towards the higher age."""
    if unit == b"Y":
        return count
    return count // 12 if unit == b"M" else count * _DAYS_PER_UNIT[unit] // 365


def birth_year_allowed(birth_year: int, latest_study_year: int | None, over_89: bool, oldest: int) -> bool:
    """
    Tell whether a year of birth may stay: it must not reveal an age over the oldest that may be shown.

    Parameters
    ----------
    birth_year : int
        Year of birth.
    latest_study_year : int or None
        Latest year of any date that is kept of this patient; None where none is known.
    over_89 : bool
        Whether an age over 89 years was seen (the second result of `cap_age`).
    oldest : int
        Highest age in years that may be shown, such as `OLDEST_AGE`.

    Returns
    -------
    bool
        False in doubt: without a study year, or when the birth lies after it.
    """
    if over_89 or latest_study_year is None:
        return False
    return 0 <= latest_study_year - birth_year <= oldest


# First and last three-digit prefix of each state: they tell Dover, DE 19901 from 10115 in Germany (DE). A bound that is
# too narrow only makes the answer None.
_STATE_PREFIXES: Mapping[str, tuple[tuple[int, int], ...]] = MappingProxyType(
    {
        "AL": ((350, 369),), "AK": ((995, 999),), "AZ": ((850, 865),), "AR": ((716, 729),), "CA": ((900, 961),),
        "CO": ((800, 816),), "CT": ((60, 69),), "DE": ((197, 199),), "DC": ((200, 205),), "FL": ((320, 349),),
        "GA": ((300, 319), (398, 399)), "HI": ((967, 968),), "ID": ((832, 838),), "IL": ((600, 629),),
        "IN": ((460, 479),), "IA": ((500, 528),), "KS": ((660, 679),), "KY": ((400, 427),), "LA": ((700, 714),),
        "ME": ((39, 49),), "MD": ((206, 219),), "MA": ((10, 27), (55, 55)), "MI": ((480, 499),), "MN": ((550, 567),),
        "MS": ((386, 397),), "MO": ((630, 658),), "MT": ((590, 599),), "NE": ((680, 693),), "NV": ((889, 898),),
        "NH": ((30, 38),), "NJ": ((70, 89),), "NM": ((870, 884),), "NY": ((100, 149), (5, 5), (63, 63)),
        "NC": ((270, 289),), "ND": ((580, 588),), "OH": ((430, 459),), "OK": ((730, 749),), "OR": ((970, 979),),
        "PA": ((150, 196),), "PR": ((6, 9),), "RI": ((28, 29),), "SC": ((290, 299),), "SD": ((570, 577),),
        "TN": ((370, 385),), "TX": ((750, 799), (733, 733), (885, 885)), "UT": ((840, 847),),
        "VT": ((50, 54), (56, 59)), "VA": ((201, 201), (220, 246)), "VI": ((8, 8),), "WA": ((980, 994),),
        "WV": ((247, 268),), "WI": ((530, 549),), "WY": ((820, 831),),
    }
)  # fmt: skip
_STATE_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "ALABAMA": "AL", "ALASKA": "AK", "ARIZONA": "AZ", "ARKANSAS": "AR", "CALIFORNIA": "CA", "COLORADO": "CO",
        "CONNECTICUT": "CT", "DELAWARE": "DE", "DISTRICT OF COLUMBIA": "DC", "FLORIDA": "FL", "GEORGIA": "GA",
        "HAWAII": "HI", "IDAHO": "ID", "ILLINOIS": "IL", "INDIANA": "IN", "IOWA": "IA", "KANSAS": "KS",
        "KENTUCKY": "KY", "LOUISIANA": "LA", "MAINE": "ME", "MARYLAND": "MD", "MASSACHUSETTS": "MA", "MICHIGAN": "MI",
        "MINNESOTA": "MN", "MISSISSIPPI": "MS", "MISSOURI": "MO", "MONTANA": "MT", "NEBRASKA": "NE", "NEVADA": "NV",
        "NEW HAMPSHIRE": "NH", "NEW JERSEY": "NJ", "NEW MEXICO": "NM", "NEW YORK": "NY", "NORTH CAROLINA": "NC",
        "NORTH DAKOTA": "ND", "OHIO": "OH", "OKLAHOMA": "OK", "OREGON": "OR", "PENNSYLVANIA": "PA",
        "PUERTO RICO": "PR", "RHODE ISLAND": "RI", "SOUTH CAROLINA": "SC", "SOUTH DAKOTA": "SD", "TENNESSEE": "TN",
        "TEXAS": "TX", "UTAH": "UT", "VERMONT": "VT", "VIRGINIA": "VA", "VIRGIN ISLANDS": "VI", "WASHINGTON": "WA",
        "WEST VIRGINIA": "WV", "WISCONSIN": "WI", "WYOMING": "WY",
    }
)  # fmt: skip

_FIVE = r"(?<![\w-])(\d{5})(?:-\d{4})?"
_NATION = r"(?:U\.?S\.?A\.?|UNITED STATES(?: OF AMERICA)?)"
_GAP = r"[\s,;^]"
# Nothing but the country may follow: "IN 46202 Mumbai" is no address in Indiana.
_AFTER_STATE = re.compile(
    rf"(?<![A-Z0-9])({'|'.join(sorted([*_STATE_PREFIXES, *_STATE_NAMES], key=len, reverse=True))})\.?{_GAP}+{_FIVE}"
    rf"(?={_GAP}*(?:{_NATION})?{_GAP}*$)",
    re.ASCII,
)
_BEFORE_NATION = re.compile(rf"{_FIVE}(?={_GAP}+{_NATION}{_GAP}*$)", re.ASCII)


def zip3(address: bytes, populous: frozenset[str]) -> bytes | None:
    """
    Return the first three digits of the ZIP code of a United States address.

    Parameters
    ----------
    address : bytes
        An address in any character set that extends ASCII.
    populous : frozenset of str
        Three-digit prefixes that may stay (`mediscan.profile.zip3.load`).

    Returns
    -------
    bytes or None
        The three digits; ``000`` where the area has 20,000 people or fewer; None unless the address ends in five digits
        (or ZIP+4) that follow the state they belong to, or that the country's name follows. A five-digit postal code of
        another country is never taken for a ZIP code.
    """
    text = address.decode("latin-1").rstrip(" \0").upper()
    prefix = _prefix(text)
    if prefix is None:
        return None
    return prefix.encode("ascii") if prefix in populous else b"000"


def _prefix(text: str) -> str | None:
    """Return the three-digit prefix of a ZIP code at the end of the address."""
    found = _AFTER_STATE.search(text)
    if found is not None:
        state = _STATE_NAMES.get(found[1], found[1])
        inside = any(first <= int(found[2][:3]) <= last for first, last in _STATE_PREFIXES[state])
        return found[2][:3] if inside else None
    found = _BEFORE_NATION.search(text)
    return found[1][:3] if found is not None else None


# --- steps ------------------------------------------------------------------------------------------------------------

_INTEGER_RANGE = range(-(2**31), 2**31)  # IS (PS3.5 6.2)
_LONGEST_DS = 16
_LARGEST = 10**15
_UNITS_PER_YEAR = MappingProxyType({b"Y": Fraction(1), b"M": Fraction(12), b"W": Fraction(365, 7), b"D": Fraction(365)})


def step(value: bytes, vr: str, width: float) -> bytes | None:
    r"""
    Round quantities down to a multiple of a step.

    Parameters
    ----------
    value : bytes
        One or more values; padding counts for nothing, empty ones stay.
    vr : str
        DS, IS or AS.
    width : float
        The step, greater than 0; of ages in years, whatever their unit, which stays.

    Returns
    -------
    bytes or None
        The values in the VR, as decimals that have no more places than the step; ``090Y`` for any age over 89 years. None if
        one is no number, or the multiple cannot be written in the VR.
    """
    one = {"DS": _step_decimal, "IS": _step_integer, "AS": _step_age}.get(vr)
    exact = Fraction(repr(float(width))) if 0 < width < _LARGEST else None
    if one is None or exact is None:
        return None
    parts = [one(part, exact) if part else part for part in (each.strip(b" \0") for each in value.split(b"\\"))]
    return None if None in parts else b"\\".join(part or b"" for part in parts)


def _step_decimal(value: bytes, width: Fraction) -> bytes | None:
    number = _number(value)
    if number is None:
        return None
    floor = number // width * width
    places = _places(width)
    if places is None:
        return None
    digits = str(abs(floor.numerator) * 10**places // floor.denominator).rjust(places + 1, "0")
    whole, fraction = digits[: len(digits) - places], digits[len(digits) - places :].rstrip("0")
    text = ("-" if floor < 0 else "") + whole + ("." + fraction if fraction else "")
    return text.encode("ascii") if len(text) <= _LONGEST_DS else None


def _step_integer(value: bytes, width: Fraction) -> bytes | None:
    if not _INTEGER.fullmatch(value):
        return None
    floor = int(value) // width * width
    return b"%d" % floor.numerator if floor.denominator == 1 and floor.numerator in _INTEGER_RANGE else None


def _step_age(value: bytes, width: Fraction) -> bytes | None:
    """Whole units that are at least the multiple: so an age that is one stays what it is."""
    age, over = cap_age(value)
    if age is None or over:
        return age
    units = width * _UNITS_PER_YEAR[age[3:]]
    return b"%03d" % math.ceil(int(age[:3]) // units * units) + age[3:]


def _number(value: bytes) -> Fraction | None:
    """A DS value, exactly; None for one that is malformed or too large to be a quantity."""
    if not _DECIMAL.fullmatch(value):
        return None
    number = Decimal(value.decode("ascii"))
    return Fraction(number) if -20 < number.adjusted() < 20 else None


def _places(width: Fraction) -> int | None:
    """Decimal places that a multiple of the step needs."""
    return next((places for places in range(_LONGEST_DS) if 10**places % width.denominator == 0), None)
