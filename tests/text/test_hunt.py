"""Identifiers taken out of free text whose other words stay, and the forms of what identifies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediscan.profile import lexicons
from mediscan.text import pieces
from mediscan.text.hunt import hunt
from mediscan.text.own import Own, distinctive_words, own, own_words

OWN = own(
    names=["Wojciechowski^Łukasz^M^dr=\u6728\u6751^\u592a\u90ce", "Van der Berg^Anna", "Ng^Li"],
    codes=["MRN-001234", "AB/77\\90210"],
    dates=["19610412"],
    places=["St. Hedwig Chest Hospital, Musterstraße 12"],
    clinical=lexicons.load(),
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("frobnicated lesion, zyx 3", "frobnicated lesion, zyx 3"),
        ("seen by Wojciechowski today", "seen by today"),
        ("WOJCIECHOWSKI seen", "seen"),
        ("p. Wojciechowskiego seen", "p seen"),
        ("p. Wojciechowska seen", "p seen"),
        ("lukasz WOJCIECHOWSKI", ""),
        ("Wojciechowski-Łukasz^brain", "brain"),
        ("lukaszwojciechowski brain", "brain"),
        ("WojciechowskiBrain x", "x"),
        ("Wojcie-chowski brain", "brain"),
        ("L. Wojciechowski brain", "brain"),
        ("Wojciechowski L M brain", "brain"),
        ("Wojciechowski 61 brain", "brain"),
        ("M brain L knee", "M brain L knee"),
        ("van der berg", ""),
        ("Ng brain", "brain"),
        ("\u6728\u6751\u592a\u90ce brain", "brain"),
        ("mrn001234", ""),
        ("mrn 001234 x", "x"),
        ("id 1234 x", "id x"),
        ("AB 77 x", "x"),
        ("x90210y z", "z"),
        ("q. 1961 x", "q x"),
        ("Hedwig chest", "chest"),
        ("born 12.04.1961 x", "born x"),
        ("born 12 04 61 x", "born x"),
        ("born 4/12/61 x", "born x"),
        ("x 12041961", "x"),
        ("seen 3 May 2019 x", "seen x"),
        ("seen May 3, 2019 x", "seen x"),
        ("wizyta 12 kwietnia 2019 x", "wizyta x"),
        ("принят 12 апреля 2019 x", "принят x"),
        ("прийом 12.IV.2019 x", "прийом x"),
        ("2019-04-12 x", "x"),
        ("at 10:30 x", "at x"),
        ("tel +48 601 234 567 x", "tel x"),
        ("SSN 123-45-6789 x", "SSN x"),
        ("x 123456 y", "x y"),
        ("mail john@example.org x", "mail x"),
        ("see https://example.org/a?b=c x", "see x"),
        ("aged 93 years x", "aged x"),
        ("aged 43 years x", "aged 43 years x"),
        ("ep2d_diff_b50_400_800 TR 4500 256x256", "ep2d_diff_b50_400_800 TR 4500 256x256"),
        ("study of 2019", "study of 2019"),
        ("Wojciechowski\\x", "\\x"),
        ("Wojciechowski\\Łukasz", ""),
        ("x\x1b y", "y"),
        ("", ""),
        (" ", " "),
    ],
)
def test_hunt(value, expected):
    assert hunt(value, OWN) == expected


def test_nothing_known_nothing_gone():
    assert hunt("Wojciechowski brain", Own()) == "Wojciechowski brain"


def test_short_components_need_company():
    le = own(names=["Le^Van Pa"], clinical=frozenset({"le", "pa"}))
    assert hunt("LE venous, chest PA", le) == "LE venous, chest PA"
    assert hunt("Le Van venous", le) == "venous"
    assert hunt("Van Pa chest", le) == "chest"


@pytest.mark.parametrize(
    "name",
    ["Wojciechowski^Łukasz^M", "Kim=\uae40^\ud76c\uc911", "Smith, John", "O'Neill^Mary-Jane", "", "^^^=", "\\", "ʼ^\uff9e"],
)
def test_own_is_folded(name):
    found = own([name])
    for form in found.words | found.joined | found.guarded:
        assert form == pieces.fold(form) != ""


def test_words_for_the_lexicon():
    assert own_words(["Pa^Le"], clinical=frozenset({"pa", "le"})) >= {"pa", "le"}
    assert "dr" not in own_words(["Smith^John^^Dr"])
    assert "chest" not in own_words(places=["Chest Hospital"], clinical=frozenset({"chest"}))
    assert "chest" in own_words(names=["Chest^Ann"], clinical=frozenset({"chest"}))


def test_the_lexicon_is_asked_each_time():
    for clinical, words in ((frozenset({"le", "head"}), {"van"}), (frozenset(), {"le", "van", "head"})):
        assert own(names=["Le^Van"], places=["Head"], clinical=clinical).words == words


def test_distinctive_words():
    found = distinctive_words(["Le^Van"], ["A1234\\123\\Chest 07"], ["St. Hedwig", "Ward"])
    assert found == {"van", "levan", "vanle", "a1234", "1234", "chest07", "chest", "sthedwig"}


@given(st.text(max_size=40), st.text(max_size=12))
def test_hunting_twice_changes_nothing(value, name):
    identifiers = own([name])
    once = hunt(value, identifiers)
    assert hunt(once, identifiers) == once


LETTERS = st.text(st.characters(categories=["Lu", "Ll"], max_codepoint=0x17F), min_size=3, max_size=10)


@given(LETTERS, LETTERS, st.sampled_from([str, str.upper, str.lower]), st.sampled_from([" ", "-", "_", "", ", "]))
def test_a_name_goes_in_every_form(family, given_name, case, between):
    identifiers = own([f"{family}^{given_name}"])
    for form in (family + between + given_name, given_name + between + family):
        left = hunt(f"qq {case(form)} qq", identifiers)
        assert {pieces.fold(run) for run in pieces.RUN.findall(left)} <= {"qq"}
