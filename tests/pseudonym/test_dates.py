"""Dates that move together."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediscan.pseudonym.dates import DateShift, shift
from mediscan.pseudonym.keyring import Key

SHIFT = DateShift(Key(bytes(range(32))))
DATES = st.dates(dt.date(1900, 1, 1), dt.date(2100, 12, 31))
DAYS = st.integers(1, 3650)
TIMES = st.sampled_from(["", "10", "1030", "103059", "103059.123456", "103059+0100", "10-0500", "103059.1-1200"])


def test_days_are_of_the_patient_and_the_key():
    days = [SHIFT.days(b"%d" % number) for number in range(20_000)]
    assert min(days) >= 1
    assert max(days) <= 3650
    assert len(set(days)) > 3600  # nearly all of them occur
    assert SHIFT.days(b"A") == SHIFT.days(b"A")
    other = DateShift(Key(bytes(32)))
    assert sum(other.days(b"%d" % number) == day for number, day in enumerate(days)) < 50


@given(DATES, DATES, DAYS)
def test_intervals_hold(first, second, days):
    new = [dt.datetime.strptime(shift(f"{d:%Y%m%d}".encode(), days).decode(), "%Y%m%d").date() for d in (first, second)]
    assert new[1] - new[0] == second - first
    assert first - new[0] == dt.timedelta(days)


@given(DATES, TIMES, DAYS)
def test_times_of_day_hold(date, time, days):
    moved = date - dt.timedelta(days)
    assert shift(f"{date:%Y%m%d}{time}".encode(), days) == f"{moved:%Y%m%d}{time}".encode()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"20200301", b"20200229"),
        (b"20200301 ", b"20200229"),
        (b"20200301\0", b"20200229"),
        (b"2020.03.01", b"20200229"),  # ACR-NEMA
        (b"20200301\\20210301", b"20200229\\20210228"),
        (b"\\20210301", b"\\20210228"),
        (b"", b""),
        (b"00010102", b"00010101"),
    ],
)
def test_one_day_back(value, expected):
    assert shift(value, 1) == expected


@pytest.mark.parametrize(
    "value",
    [b"2020", b"202003", b"20200230", b"20201301", b"00000101", b"00010101", b"Jan 2020", b"20200301-20200401", b"20200301\\x",
     b"20200301T1030", b"\xb2020301", b"20200301 10"],
)  # fmt: skip
def test_what_is_no_full_date_has_to_go(value):
    assert shift(value, 1) is None


@given(st.binary(max_size=30), DAYS)
def test_any_bytes_give_dates_or_none(value, days):
    assert shift(value, days) is None or all(len(p) == 0 or p[:8].isdigit() for p in shift(value, days).split(b"\\"))
