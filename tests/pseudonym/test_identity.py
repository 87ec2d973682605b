"""Who is the same patient."""

import re
import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mediscan.codec import mislabelled
from mediscan.pseudonym.identity import Identities, normalise, normalise_name
from mediscan.pseudonym.keyring import Key

SECRET = bytes(range(32))
PEOPLE = Identities(Key(SECRET))
OTHERS = Identities(Key(SECRET[::-1]))
WORDS = st.text(string.ascii_letters + string.digits + "^ -'", min_size=1, max_size=20).map(str.encode)


def by_id(patient_id, issuer=b"", people=PEOPLE):
    return people.patient(patient_id, issuer, b"Doe^Jane", b"19700101", b"1.2.3")


def by_name(name, birth_date=b"19700101", people=PEOPLE):
    return people.patient(b"", b"", name, birth_date, b"1.2.3")


@pytest.mark.parametrize("same", [b"ab12 ", b" AB12", b"AB12\0", b"Ab12", b"\xef\xbc\xa1B12"])  # the last: fullwidth A
def test_one_id_however_it_is_written(same):
    assert by_id(same) == by_id(b"AB12")


@pytest.mark.parametrize("other", [b"AB13", b"AB 12", b"AB012", b"AB1", b"AB12\\AB12"])
def test_another_id_is_another_patient(other):
    assert by_id(other) != by_id(b"AB12")


def test_the_issuer_separates():
    assert by_id(b"12", b"HOSP A") != by_id(b"12", b"HOSP B") != by_id(b"12")
    assert by_id(b"12", b"hosp a ") == by_id(b"12", b"HOSP A")
    assert by_id(b"ab", b"c") != by_id(b"a", b"bc")


def test_an_id_decides_alone():
    first = PEOPLE.patient(b"12", b"", b"Doe^Jane", b"19700101", b"1.2.3")
    assert first == PEOPLE.patient(b"12", b"", b"Roe^Richard", b"", b"9.9.9")


@pytest.mark.parametrize(
    "same",
    [b"LAST^FIRST^", b"LAST^FIRST^^^^", b"last^first", b"LAST ^ FIRST ", b"LAST^FIRST\0", b"LAST^FIRST^^ ^",
     b"LAST^FIRST=\xe5\xb1\xb1^\xe7\x94\xb0", b"=LAST^FIRST", b"^^=LAST^FIRST"],
)  # fmt: skip
def test_one_name_however_it_is_written(same):
    assert by_name(same) == by_name(b"LAST^FIRST")


@pytest.mark.parametrize("other", [b"LAST^^FIRST", b"FIRST^LAST", b"LAST FIRST", b"LAST^FIRST^M", b"LASTF^IRST"])
def test_another_name_is_another_patient(other):
    assert by_name(other) != by_name(b"LAST^FIRST")


def test_the_birth_date_separates_names():
    assert by_name(b"A^B", b"19700101") != by_name(b"A^B", b"19700102")
    assert by_name(b"A^B", b"19700101 ") == by_name(b"A^B", b"19700101")


@pytest.mark.parametrize("blank", [b"", b"  ", b"\0", b"^^^", b"=", b"^=^ "])
def test_the_nameless_are_kept_apart_by_study(blank):
    first, second = (PEOPLE.patient(b"", b"", blank, b"", study) for study in (b"1.2.3", b"1.2.4"))
    assert first != second
    assert first == PEOPLE.patient(b" ", b"ISSUER", b"", b"19700101", b"1.2.3")


def test_an_id_is_no_name_and_no_study():
    same = b"1.2.3"
    found = {
        PEOPLE.patient(same, b"", b"", b"", b""),
        PEOPLE.patient(b"", b"", same, b"", b""),
        PEOPLE.patient(b"", b"", b"", b"", same),
        PEOPLE.code(same),
    }
    assert len(found) == 4


def test_a_hundred_thousand_ids_do_not_collide():
    ids = [b"%d" % number for number in range(100_000)]
    pseudonyms = {by_id(one) for one in ids}
    assert len(pseudonyms) == len(ids)
    assert len({PEOPLE.code(one) for one in ids}) == len(ids)
    others = {by_id(one, people=OTHERS) for one in ids[:10_000]}
    assert not others & pseudonyms


def test_pseudonyms_fit_everywhere():
    for number in range(1000):
        assert re.fullmatch(rb"[A-Z2-7]{24}", by_id(b"%d" % number))  # LO, PN, a folder on any file system
        assert re.fullmatch(rb"[A-Za-z0-9_-]{16}", PEOPLE.code(b"%d" % number))  # SH


def test_codes():
    assert PEOPLE.code(b"acc-1 ") == PEOPLE.code(b"ACC-1") != PEOPLE.code(b"ACC-2")
    assert PEOPLE.code(b"") == PEOPLE.code(b"  ") == PEOPLE.code(b"\0") == b""
    assert PEOPLE.code(b"ACC-1") != OTHERS.code(b"ACC-1")


def test_one_name_in_two_character_sets():
    assert by_name("Müller^Jörg".encode()) == by_name("Müller^Jörg".encode("latin-1"))


@pytest.mark.parametrize(
    ("name", "encoding", "declared"),
    [
        ("Иванова^Анна", "cp1251", b"ISO_IR 100"),
        ("ИВАНОВА^АННА^", "koi8-r", b"ISO 2022 IR 6"),
        ("Иванова^Анна", "cp866", b""),
        ("Иванова^Анна", "iso8859-5", b"ISO_IR 144"),
        ("Иванова^Анна", "utf-8", b"ISO_IR 192"),
    ],
)
def test_one_person_in_any_encoding(name, encoding, declared):
    read = mislabelled.read(name.encode(encoding), declared, "PN")
    assert by_name(read) == by_name("Иванова^Анна")
    assert by_id(read) == by_id("Иванова^Анна".casefold() + ("^" if name.endswith("^") else ""))


def test_what_encodings_lack_is_folded_in_names():
    assert by_name("Ştefan^Ionuţ") == by_name("Ștefan^Ionuț")
    assert by_name("Лук'яненко") == by_name("Лук’яненко") == by_name("Лукʼяненко")


def test_text_and_its_bytes_are_one():
    assert by_name("Müller^Jörg") == by_name("Müller^Jörg".encode())
    assert PEOPLE.code("Ä1") == PEOPLE.code("ä1".encode())
    assert PEOPLE.code("\udc80") != PEOPLE.code("\udc81")  # what no encoding can hold


@given(WORDS)
def test_folding_is_stable(value):
    assert normalise(normalise(value)) == normalise(value)
    assert normalise(b" " + value.upper() + b"\0 ") == normalise(value.lower())
    assert normalise_name(value + b"^^") == normalise_name(value)


@given(WORDS, WORDS)
def test_what_folds_apart_stays_apart(first, second):
    assume(normalise(first) != normalise(second) and normalise(first) and normalise(second))
    assert by_id(first) != by_id(second)


@given(st.binary(max_size=40))
def test_any_bytes_have_a_pseudonym(value):
    assert len(PEOPLE.patient(value, value, value, value, value)) == 24
    assert len(PEOPLE.code(value)) in (0, 16)
