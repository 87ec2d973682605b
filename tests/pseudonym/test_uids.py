"""Action U."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import UID

from mediscan.pseudonym.keyring import Key
from mediscan.pseudonym.uids import UidMap
from mediscan.standard import uids

REPLACE = UidMap(Key(bytes(range(32))), uids.load())
OTHER = UidMap(Key(bytes(range(1, 33))), uids.load())
CT = b"1.2.840.10008.5.1.4.1.1.2"


def test_a_uid_becomes_one_of_a_uuid():
    new = REPLACE(b"1.2.3.4")
    assert re.fullmatch(rb"2\.25\.(0|[1-9][0-9]{0,38})", new)
    assert int(new[5:]) < 1 << 128
    assert new == REPLACE(b"1.2.3.4") != REPLACE(b"1.2.3.5")


@pytest.mark.parametrize("padded", [b"1.2.3.4\0", b"1.2.3.4 ", b" 1.2.3.4", b"1.2.3.4\0\0"])
def test_padding_makes_no_other_uid(padded):
    assert REPLACE(padded) == REPLACE(b"1.2.3.4")


def test_each_value_by_itself():
    one, two = REPLACE(b"1.2.3"), REPLACE(b"4.5.6")
    assert REPLACE(b"1.2.3\\4.5.6") == one + b"\\" + two
    assert REPLACE(b"1.2.3\\\\" + CT + b"\0") == one + b"\\\\" + CT


def test_registered_uids_stay():
    assert all(REPLACE(uid.encode()) == uid.encode() for uid in uids.load())
    assert REPLACE(CT + b"\0") == CT
    assert REPLACE(CT + b".1.99") != CT + b".1.99"  # below a registered one, but not itself registered


@pytest.mark.parametrize("blank", [b"", b"\0", b"  "])
def test_nothing_stays_nothing(blank):
    assert REPLACE(blank) == b""


@given(st.one_of(st.binary(min_size=1, max_size=70), st.from_regex(rb"[0-2](\.[1-9][0-9]{0,5}){1,9}", fullmatch=True)))
def test_whatever_it_was_it_is_a_valid_uid_now(value):
    for new in REPLACE(value).split(b"\\"):
        assert not new or (UID(new.decode("ascii")).is_valid and len(new) <= 64)


def test_a_hundred_thousand_uids_and_two_keys():
    old = [b"1.2.826.%d" % number for number in range(100_000)]
    new = {REPLACE(uid) for uid in old}
    assert len(new) == len(old)
    assert max(map(len, new)) <= 44
    assert not new & {OTHER(uid) for uid in old[:20_000]}


def test_what_was_replaced_is_replaced_again():
    assert REPLACE(REPLACE(b"1.2.3")) not in (b"1.2.3", REPLACE(b"1.2.3"))
