"""VR facts against pydicom's lists."""

import pydicom.valuerep as oracle
import pytest

from mediscan.standard.vr import VRS, Kind


def test_every_vr_of_table_6_2_1():
    assert set(VRS) == {str(vr) for vr in oracle.STANDARD_VR}
    assert len(VRS) == 34
    assert all(code == vr.code for code, vr in VRS.items())


def test_length_form():
    assert {c for c, vr in VRS.items() if vr.long_form} == {str(vr) for vr in oracle.EXPLICIT_VR_LENGTH_32}
    assert {c for c, vr in VRS.items() if not vr.long_form} == {str(vr) for vr in oracle.EXPLICIT_VR_LENGTH_16}


def test_specific_character_set():
    assert {c for c, vr in VRS.items() if vr.charset} == {str(vr) for vr in oracle.CUSTOMIZABLE_CHARSET_VR}


def test_text_is_padded_with_space_and_the_rest_with_null():
    assert {c for c, vr in VRS.items() if vr.padding == 0x20} == {str(vr) for vr in oracle.STR_VR} - {"UI"}
    assert {vr.padding for vr in VRS.values()} == {0x00, 0x20}


def test_backslash_is_a_character_of_one_valued_text_and_of_binary():
    one = {c for c, vr in VRS.items() if not vr.backslash}
    assert one & {str(vr) for vr in oracle.STR_VR} == {"LT", "ST", "UR", "UT"}
    binary = (Kind.NUMBER, Kind.TAG, Kind.BINARY, Kind.SEQUENCE)
    assert not any(vr.backslash for vr in VRS.values() if vr.kind in binary)


def test_lengths():
    assert {c: VRS[c].max_length for c in oracle.MAX_VALUE_LEN} == oracle.MAX_VALUE_LEN
    others = {"AS": 4, "DA": 8, "DT": 26, "PN": 64, "TM": 14, "UC": 0, "UR": 0, "UT": 0}
    assert {c: VRS[c].max_length for c in others} == others
    assert {c for c, vr in VRS.items() if vr.fixed_length} == {"AS", "DA"}


def test_widths_of_binary_values():
    widths = {"AT": 4, "FD": 8, "FL": 4, "SL": 4, "SS": 2, "SV": 8, "UL": 4, "US": 2, "UV": 8}
    widths |= {"OB": 1, "OD": 8, "OF": 4, "OL": 4, "OV": 8, "OW": 2, "UN": 1}
    assert {c: vr.width for c, vr in VRS.items() if vr.width} == widths


@pytest.mark.parametrize(
    ("code", "good", "bad"),
    [
        ("AE", "MOD 1-a", "a\\b"),
        ("AS", "018M", "018m"),
        ("CS", "A_B 1", "a-"),
        ("DA", "20240229", "2024-02-29"),
        ("DS", "-1.5E+3 ", "1,5"),
        ("DT", "20240229120000.000000+0100", "T:Z"),
        ("IS", "-12 ", "1.0"),
        ("TM", "235959.999999", "23:59"),
        ("UI", "1.2.840", "1.2 \0a"),
        ("UR", "https://a.b/c?d=%20", '"<>'),
    ],
)
def test_repertoire(code, good, bad):
    repertoire = VRS[code].repertoire
    assert repertoire is not None
    assert set(good) <= repertoire
    assert not set(bad) <= repertoire


def test_free_text_has_no_repertoire_of_its_own():
    assert all(VRS[c].repertoire is None for c in ("LO", "LT", "PN", "SH", "ST", "UC", "UT", "OB", "US", "SQ"))
    assert {c for c, vr in VRS.items() if vr.repertoire} == {"AE", "AS", "CS", "DA", "DS", "DT", "IS", "TM", "UI", "UR"}


def test_mapping_is_read_only():
    with pytest.raises(TypeError):
        VRS["XX"] = VRS["UN"]
