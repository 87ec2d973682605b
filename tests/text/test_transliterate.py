"""Cyrillic names in the Latin spellings that passports, clerks and devices use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediscan.text.own import own_words
from mediscan.text.transliterate import to_latin


@pytest.mark.parametrize(
    ("word", "forms"),
    [
        ("измислешкова", {"izmisleshkova", "izmisleskova", "ismisleschkowa", "izmisleszkowa", "yzmyslieshkova"}),
        ("щербакова", {"shcherbakova", "szczerbakowa", "schtscherbakowa"}),
        ("євген", {"ievhen"}),
        ("юлия", {"iuliia", "yuliya"}),
        ("хаджиев", {"khadzhiev", "hadzhiev"}),
        ("поляков", {"poliakov", "polyakov", "poljakow"}),
    ],
)
def test_spellings(word, forms):
    found = to_latin(word)
    assert len(found & forms) >= min(len(forms), 1)
    assert all(form.isascii() for form in found)


def test_a_latin_word_has_none():
    assert to_latin("kowalski") == frozenset()


@given(st.text("абвгґдеёєжзиіїйклмнопрстуфхцчшщъыьэюяabc", max_size=20))
def test_every_form_is_ascii(word):
    assert all(form.isascii() for form in to_latin(word))


def test_own_words_hold_the_latin_forms_of_names():
    words = own_words(names=["Измислешкова^Анна"])
    assert {"izmisleshkova", "anna"} <= words
