"""Ages over 89 and ZIP codes (45 CFR 164.514(b)(2)(i))."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import config
from pydicom.valuerep import validate_value

from mediscan.profile import zip3 as zip3_list
from mediscan.pseudonym.generalise import OLDEST_AGE, birth_year_allowed, cap_age, step, zip3

POPULOUS = zip3_list.load()


@pytest.mark.parametrize("age", [b"000D", b"045Y", b"089Y", b"999D", b"999W", b"999M", b"006M"])
def test_age_stays(age):
    assert cap_age(age) == (age, False)


@pytest.mark.parametrize(
    "age",
    [
        b"090Y",
        b"092Y",
        b"999Y",
        b"092Y ",
        b"1080M",  # 90 years; four digits are malformed, but show the age all the same
        b"1100M",
        b"32850D",
        b"4700W",
        b"92Y",
        b"092y",
        b" 92 Y",
    ],
)
def test_age_over_89_is_one_category(age):
    assert cap_age(age) == (b"090Y", True)


@pytest.mark.parametrize(
    "age",
    [
        b"",
        b"   ",
        b"45Y",
        b" 45Y",
        b"045y",
        b"1079M",
        b"045",
        b"Y045",
        b"045Y\\046Y",
        b"-45Y",
        b"04.5Y",
        b"\xb2\xb3\xb2Y",
    ],
)
def test_malformed_age_goes(age):
    assert cap_age(age) == (None, False)


def test_padding_is_not_part_of_the_age():
    assert cap_age(b"045Y\0") == (b"045Y", False)


@given(st.integers(0, 999), st.sampled_from("DWMY"))
def test_every_valid_age(count, unit):
    value, over = cap_age(f"{count:03d}{unit}".encode())
    assert over == (unit == "Y" and count > OLDEST_AGE)
    assert value == (b"090Y" if over else f"{count:03d}{unit}".encode())


@given(st.binary(max_size=12))
def test_any_bytes_give_a_valid_age_or_none(value):
    age, over = cap_age(value)
    assert age is None or (len(age) == 4 and age[:3].isdigit() and age[3:] in b"DWMY")
    assert not over or age == b"090Y"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (b"75 Francis St, Boston, MA 02115", b"021"),
        (b"Boston MA 02115-6110", b"021"),
        (b"boston, ma 02115", b"021"),
        (b"Boston, Massachusetts 02115, USA", b"021"),
        (b"Boston^MA^02115^USA ", b"021"),
        (b"Boston 02115 U.S.A.", b"021"),
        (b"Boston, 02115, United States of America", b"021"),
        (b"Albany, New York 12207", b"122"),
        (b"Huntington, West Virginia 25701", b"257"),
        (b"Hartford, VT 05901", b"000"),  # 059: few people
        (b"Manassas, VA 20110", b"201"),
        (b"Washington, DC 20301", b"000"),
        (b"Rock Springs, WY 82190\r\nUSA", b"000"),
        (b"Dover, DE 19901", b"199"),
    ],
)
def test_zip_of_the_united_states(address, expected):
    assert zip3(address, POPULOUS) == expected


@pytest.mark.parametrize(
    "address",
    [
        b"",
        b"02115",
        b"Boston 02115",
        b"02115 Kyiv",
        "вул. Хрещатик 22, Київ 01001".encode(),
        "вул. Хрещатик 22, Київ, 01001, Україна".encode("cp1251"),
        b"Praha 1, 110 00",
        b"11000 Praha",
        b"DE 10115 Berlin",
        b"Berlin, DE 10115",
        b"10115 Berlin, DE",
        b"D-10115 Berlin",
        b"PL 00-950 Warszawa",
        b"Budapest, HU 1051",
        b"Jakarta, ID 10110",
        b"Rabat, MA 10000",
        b"Boston, MA 021156110",
        b"Boston, MA 2115",
        b"Boston, MA 90210",  # not a prefix of that state
        b"Boston, MA 02115 Ukraine",
        b"MA 02115 Main Street 7, Lviv",
        b"PANAMA 15001",
        b"Phone 02115-611",
        b"USA 02115",
    ],
)
def test_other_postal_codes_are_never_zip_codes(address):
    assert zip3(address, POPULOUS) is None


@given(st.binary(max_size=60))
def test_any_bytes_give_three_digits_or_none(address):
    found = zip3(address, POPULOUS)
    assert found is None or found == b"000" or found.decode() in POPULOUS


@pytest.mark.parametrize(
    ("birth", "study", "over", "allowed"),
    [
        (1960, 2020, False, True),
        (1931, 2020, False, True),  # 89 at most
        (1930, 2020, False, False),  # may be 90
        (1960, 2020, True, False),
        (1960, None, False, False),
        (2021, 2020, False, False),
        (2020, 2020, False, True),
    ],
)
def test_birth_year(birth, study, over, allowed):
    assert birth_year_allowed(birth, study, over, OLDEST_AGE) is allowed


@pytest.mark.parametrize(
    ("value", "vr", "width", "expected"),
    [
        (b"73.4", "DS", 10, b"70"),
        (b"73.4 ", "DS", 5, b"70"),
        (b"1.78", "DS", 0.1, b"1.7"),
        (b"1.7", "DS", 0.1, b"1.7"),  # in floats 1.7 // 0.1 is 16
        (b"1.70000000000000", "DS", 0.1, b"1.7"),
        (b"0.3", "DS", 0.1, b"0.3"),
        (b"1.78", "DS", 0.25, b"1.75"),
        (b"2", "DS", 0.25, b"2"),
        (b"+7.5E1", "DS", 10, b"70"),
        (b"-7", "DS", 10, b"-10"),
        (b"0", "DS", 10, b"0"),
        (b"4", "DS", 10, b"0"),
        (b".5", "DS", 0.5, b"0.5"),
        (b"73.4\\81", "DS", 10, b"70\\80"),
        (b"\\81", "DS", 10, b"\\80"),
        (b"", "DS", 10, b""),
        (b"73,4", "DS", 10, None),
        (b"73 kg", "DS", 10, None),
        (b"NaN", "DS", 10, None),
        (b"Infinity", "DS", 10, None),
        (b"1_0", "DS", 10, None),
        (b"1E99999999999999", "DS", 10, None),
        (b"1E-9999999999999", "DS", 10, None),
        (b"1E18", "DS", 10, None),  # 19 digits
        (b"12345678901234567", "DS", 10, None),
        (b"73", "IS", 10, b"70"),
        (b"73", "IS", 2.5, None),  # 72.5
        (b"75", "IS", 2.5, b"75"),
        (b"-1", "IS", 10, b"-10"),
        (b"-2147483648", "IS", 10, None),
        (b"7.0", "IS", 10, None),
        (b"043Y", "AS", 5, b"040Y"),
        (b"089Y", "AS", 5, b"085Y"),
        (b"092Y", "AS", 20, b"090Y"),
        (b"018M", "AS", 5, b"000M"),
        (b"070M", "AS", 5, b"060M"),
        (b"300W", "AS", 5, b"261W"),
        (b"400D", "AS", 1, b"365D"),
        (b"43Y", "AS", 5, None),
        (b"73", "LO", 10, None),
        (b"73", "DS", 0, None),
        (b"73", "DS", -1, None),
        (b"73", "DS", float("nan"), None),
        (b"73", "DS", float("inf"), None),
        (b"73", "DS", 1 / 3, None),  # more places than DS can hold
    ],
)
def test_step(value, vr, width, expected):
    assert step(value, vr, width) == expected


@given(st.decimals(-(10**6), 10**6, places=4), st.sampled_from([0.1, 0.5, 1, 2.5, 5, 10, 0.05]))
def test_a_multiple_that_is_at_most_a_step_below(number, width):
    value = f"{number:f}"[:16].encode()
    rounded = step(value, "DS", width)
    exact, down, wide = Fraction(value.decode()), Fraction(rounded.decode()), Fraction(str(width))
    assert 0 <= exact - down < wide
    assert (down / wide).denominator == 1
    assert step(rounded, "DS", width) == rounded
    assert len(rounded) <= 16


@given(st.integers(0, 999), st.sampled_from("DWMY"), st.sampled_from([0.5, 1, 1.5, 5, 10, 20]))
def test_ages_step_down_and_stay_there(count, unit, width):
    age = f"{count:03d}{unit}".encode()
    rounded = step(age, "AS", width)
    assert cap_age(rounded)[0] == rounded
    assert rounded <= age
    assert step(rounded, "AS", width) == rounded


@given(st.binary(max_size=20), st.sampled_from(["DS", "IS", "AS"]), st.floats())
def test_any_bytes_give_a_value_of_the_vr_or_none(value, vr, width):
    rounded = step(value, vr, width)
    if rounded is not None:
        for part in rounded.split(b"\\"):
            validate_value(vr, part.decode(), config.RAISE)
