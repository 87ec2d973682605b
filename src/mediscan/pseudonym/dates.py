"""Dates and times: what is one (PS3.5 6.2), and dates that move the same number of days for all of one patient, so that
intervals hold (option Modified Dates).

Whole days move, so times of day, fractions of a second and offsets from UTC stay, and a DA beside a TM moves as a DT does.
A partial DT (a year, a month) cannot move by days and has to go.
"""

import datetime as dt
import re

from mediscan.pseudonym.keyring import Key

_ACR_NEMA_DATE = re.compile(rb"(\d{4})\.(\d{2})\.(\d{2})")
_DATE = re.compile(rb"(\d{4})(\d{2})(\d{2})")
_TIME = rb"(?:[01]\d|2[0-3])(?:[0-5]\d(?:(?:[0-5]\d|60)(?:\.\d{1,6})?)?)?"
_OFFSET = rb"(?:\+(?:(?:0\d|1[0-3])[0-5]\d|1400)|-(?!0000)(?:(?:0\d|1[01])[0-5]\d|1200))"
_TIME_OF_DAY = re.compile(_TIME)
_DATE_TIME = re.compile(rb"(\d{4})(\d{2})(\d{2})((?:" + _TIME + rb")?(?:" + _OFFSET + rb")?)")
_PARTIAL_DATE_TIME = re.compile(rb"(\d{4})(0[1-9]|1[0-2])?(?:" + _OFFSET + rb")?")
_LONGEST_SHIFT = 3650
_FIRST_YEAR = 1850  # as in ext/decide.pyx: what is earlier is an identifier or a placeholder


class DateShift:
    """Keyed offsets of 1 to 3650 days into the past."""

    def __init__(self, key: Key) -> None:
        self._keyed = key.function("dates")

    def days(self, patient: bytes) -> int:
        """Days by which the dates of this patient (a pseudonym) go back."""
        return 1 + int.from_bytes(self._keyed(patient), "big") % _LONGEST_SHIFT


def shift(value: bytes, days: int) -> bytes | None:
    """Move each date of a DA or DT value `days` days back; None if one of them is no full date, or its time none.

    Times of day and offsets from UTC stay.
    """
    parts = [_shift_one(part, days) for part in _values(value)]
    return None if None in parts else b"\\".join(part or b"" for part in parts)


def valid_date(value: bytes, vr: str) -> bool:
    """
    Tell whether a value may stay as it is where dates and times are kept.

    Parameters
    ----------
    value : bytes
        One or more values behind one another; padding at the end of each counts for nothing.
    vr : str
        DA, DT or TM.

    Returns
    -------
    bool
        Whether each is empty or a day of the calendar since 1850, a time of day, or for DT both, the month or the year
        alone; nothing that is for queries only (ranges) or as it was written before 1993 (``2020.03.01``).
    """
    one = {"DA": _is_date, "DT": _is_date_time, "TM": _is_time}.get(vr)
    return one is not None and all(not part or one(part) for part in _values(value))


def _values(value: bytes) -> list[bytes]:
    return [part.rstrip(b"\0 ") for part in value.split(b"\\")]


def _is_time(value: bytes) -> bool:
    return _TIME_OF_DAY.fullmatch(value) is not None


def _is_date(value: bytes) -> bool:
    return len(value) == 8 and _day(_DATE.fullmatch(value)) is not None


def _is_date_time(value: bytes) -> bool:
    if partial := _PARTIAL_DATE_TIME.fullmatch(value):
        return int(partial[1]) >= _FIRST_YEAR
    return _day(_DATE_TIME.fullmatch(value)) is not None


def _day(match: re.Match[bytes] | None) -> dt.date | None:
    """Day of the calendar that a match has in its first three groups."""
    if match is None or int(match[1]) < _FIRST_YEAR:
        return None
    try:
        return dt.date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None


def _shift_one(value: bytes, days: int) -> bytes | None:
    if not value:
        return value
    match = _ACR_NEMA_DATE.fullmatch(value) or _DATE_TIME.fullmatch(value)
    day = _day(match)
    if match is None or day is None:
        return None
    moved = day - dt.timedelta(days)
    return f"{moved:%Y%m%d}".encode() + (match[4] if match.re is _DATE_TIME else b"")
