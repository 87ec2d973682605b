"""Action codes, composite codes and profile options."""

import pytest
from pydicom.sr import _cid_dict, _concepts_dict

from mediscan.profile.actions import COMPOSITE, Action, Option, resolve


@pytest.mark.parametrize("code", COMPOSITE)
def test_no_action_breaks_the_iod(code):
    assert resolve(code, 1) in (Action.D, Action.U)
    assert resolve(code, 2) is not Action.X
    assert resolve(code, 3) in Action


@pytest.mark.parametrize("code", COMPOSITE)
def test_the_least_demanding_type_gets_the_first_letter_of_the_code(code):
    assert resolve(code, 3) == ("U" if code == "X/Z/U*" else code[0])


def test_z_on_type_1_is_a_dummy():
    assert [resolve("Z", type_) for type_ in (1, 2, 3)] == [Action.D, Action.Z, Action.Z]


def test_x_on_types_1_and_2_stays_present():
    assert [resolve("X", type_) for type_ in (1, 2, 3)] == [Action.D, Action.Z, Action.X]


def test_x_d_has_no_z_to_fall_to():
    assert [resolve("X/D", type_) for type_ in (1, 2, 3)] == [Action.D, Action.D, Action.X]


def test_references_are_replaced_at_every_type():
    assert {resolve("X/Z/U*", type_) for type_ in (1, 2, 3)} == {Action.U}


@pytest.mark.parametrize("code", ["K", "C"])
def test_option_codes_mean_the_same_at_every_type(code):
    assert {resolve(code, type_) for type_ in (1, 2, 3)} == {Action(code)}


@pytest.mark.parametrize(("code", "type_"), [("Q", 1), ("", 3), ("+", 3), ("X/U", 2), ("X", 0), ("X", 4)])
def test_an_unknown_code_or_type_is_an_error(code, type_):
    with pytest.raises(ValueError, match=r"E\.1-1|Type"):
        resolve(code, type_)


def test_composite_cannot_be_changed():
    with pytest.raises(TypeError):
        COMPOSITE["X"] = {}
    with pytest.raises(TypeError):
        COMPOSITE["X"][1] = Action.X


def test_options_are_cid_7050():
    concepts = (_concepts_dict.concepts["DCM"][keyword] for keyword in _cid_dict.cid_concepts[7050]["DCM"])
    known = {code: meaning for concept in concepts for code, (meaning, *_) in concept.items()}
    assert {option.value: option.meaning for option in Option} == known


def test_ten_options_have_a_column():
    columns = [option.column for option in Option if option.column]
    assert len(columns) == len(set(columns)) == 10
    without = {Option.BASIC_PROFILE, Option.CLEAN_PIXEL_DATA, Option.CLEAN_RECOGNIZABLE_VISUAL_FEATURES}
    assert {option for option in Option if option.column is None} == without
