"""Dates that move together."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import config
from pydicom.valuerep import validate_value

from mediscan.pseudonym.dates import DateShift, shift, valid_date
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
        (b"18500101", b"18491231"),
    ],
)
def test_one_day_back(value, expected):
    assert shift(value, 1) == expected


@pytest.mark.parametrize(
    "value",
    [b"2020", b"202003", b"20200230", b"20201301", b"00000101", b"00010101", b"Jan 2020", b"20200301-20200401", b"20200301\\x",
     b"20200301T1030", b"\xb2020301", b"20200301 10", b"2020030124", b"202003011060", b"20200301105961", b"20200301105959.",
     b"18491231",
     b"20200301105959.1234567",
     b"2020030110+1401", b"2020030110-1201", b"2020030110-0000", b"2020030110+0060", b"20200301+",
     b"-"],
)  # fmt: skip
def test_what_is_no_full_date_has_to_go(value):
    assert shift(value, 1) is None


@given(st.binary(max_size=30), DAYS)
def test_any_bytes_give_dates_or_none(value, days):
    assert shift(value, days) is None or all(len(p) == 0 or p[:8].isdigit() for p in shift(value, days).split(b"\\"))


@given(DATES, TIMES, DAYS)
def test_da_with_tm_moves_as_dt(date, time, days):
    day = f"{date:%Y%m%d}".encode()
    assert shift(day + time.encode(), days) == shift(day, days) + time.encode()


@pytest.mark.parametrize(
    ("vr", "value"),
    [
        *(("DA", v) for v in (b"", b"  ", b"20200229", b"20200229 ", b"20200229\\20200301", b"\\20200301", b"18500101")),
        *(("TM", v) for v in (b"", b"10", b"1030", b"103059", b"235960", b"103059.1 ", b"103059.123456", b"10\\11")),
        *(("DT", v) for v in (b"", b"2020", b"202012", b"20200229", b"2020022910", b"20200229103059.123456+1400")),
        *(("DT", v) for v in (b"2020-1200", b"202012+0000", b"2020022910-0130 ", b"20200229\\2020")),
    ],
)
def test_what_is_a_date_may_stay(vr, value):
    assert valid_date(value, vr)


@pytest.mark.parametrize(
    ("vr", "value"),
    [
        *(("DA", v) for v in (b"2020", b"202002", b"20200230", b"20201301", b"18491231", b"2020.02.29", b"20200229-", b"-")),
        *(("DA", v) for v in (b"20200229-20200301", b"2020022910", b" 20200229", b"Mustermann", b"20200229\\x", b"\xb2020229")),
        *(
            ("TM", v)
            for v in (b"24", b"1060", b"103061", b"10:30", b"103059.", b"1030.5", b"1", b"103059.1234567", b"Doe", b"10-11")
        ),
        *(("DT", v) for v in (b"1849", b"000001", b"202013", b"20200230", b"2020022924", b"20200229+1401", b"20200229-0000")),
        *(("DT", v) for v in (b"20200229-1300", b"20200229103059.", b"2020-02-29", b"202", b"20200229 10", b"\xff")),
        *((vr, b"20200229") for vr in ("", "LO", "AS")),
    ],
)
def test_what_is_none_goes(vr, value):
    assert not valid_date(value, vr)


@given(st.binary(max_size=30) | st.text("0123456789+-. \\", max_size=28).map(str.encode), st.sampled_from(["DA", "DT", "TM"]))
def test_any_bytes_are_a_date_or_not(value, vr):
    if valid_date(value, vr):
        for part in value.split(b"\\"):
            validate_value(vr, part.rstrip(b"\0 ").decode(), config.RAISE)
        assert set(value) <= set(b"0123456789+-. \\\0")


@given(DATES, TIMES, DAYS)
def test_what_moves_is_a_date_still(date, time, days):
    assert valid_date(shift(f"{date:%Y%m%d}{time}".encode(), days), "DT")
