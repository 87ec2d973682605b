"""Dates that move: the same number of days for all dates of one patient, so that intervals hold (option Modified Dates)."""

import datetime as dt
import re

from mediscan.pseudonym.keyring import Key

_DATE = re.compile(rb"(\d{4})\.?(\d{2})\.?(\d{2})")
_DATE_TIME = re.compile(rb"(\d{4})(\d{2})(\d{2})(\d{0,6}(?:\.\d{1,6})?(?:[+-]\d{4})?)")
_LONGEST_SHIFT = 3650


class DateShift:
    """Keyed offsets of 1 to 3650 days into the past."""

    def __init__(self, key: Key) -> None:
        self._keyed = key.function("dates")

    def days(self, patient: bytes) -> int:
        """Days by which the dates of this patient (a pseudonym) go back."""
        return 1 + int.from_bytes(self._keyed(patient), "big") % _LONGEST_SHIFT


def shift(value: bytes, days: int) -> bytes | None:
    """Move each date of a DA or DT value `days` days back; None if one of them is no full date.

    Times of day and offsets from UTC stay.
    """
    parts = [_shift_one(part.strip(b"\0 "), days) for part in value.split(b"\\")]
    return None if None in parts else b"\\".join(part or b"" for part in parts)


def _shift_one(value: bytes, days: int) -> bytes | None:
    if not value:
        return value
    match = _DATE.fullmatch(value) or _DATE_TIME.fullmatch(value)
    if match is None:
        return None
    try:
        moved = dt.date(int(match[1]), int(match[2]), int(match[3])) - dt.timedelta(days)
    except (ValueError, OverflowError):
        return None
    return f"{moved:%Y%m%d}".rjust(8, "0").encode() + (match[4] if match.lastindex == 4 else b"")
