"""The registry against pydicom's, tag by tag."""

import os
import subprocess
import sys

import numpy as np
import pytest
from pydicom._dicom_dict import DicomDictionary, RepeatersDictionary
from pydicom.datadict import get_entry

from mediscan.standard import dictionary
from mediscan.standard.dictionary import format_tag, parse_tag, preferred_vr, vm_bounds
from mediscan.standard.vr import VRS

D = dictionary.load()


def as_pydicom(entry):
    return (entry.vr, entry.vm, entry.name, "Retired" if entry.retired else "", entry.keyword)


def test_every_tag_of_pydicom():
    wrong = [format_tag(tag) for tag, entry in DicomDictionary.items() if as_pydicom(D.find(tag)) != entry]
    assert wrong == []
    assert set(DicomDictionary) <= set(D.tags.tolist())


@pytest.mark.parametrize("pattern", sorted(RepeatersDictionary))
@pytest.mark.parametrize("digit", "0248ACE")
def test_repeating_groups(pattern, digit):
    tag = int(pattern.replace("x", digit), 16)
    if tag in DicomDictionary or tag & 0xFFFF == 0:  # Group Length: PS3.5 7.2, not in pydicom's registry
        return
    assert as_pydicom(D.find(tag)) == get_entry(tag)


def test_repeating_groups_overlap_only_where_pydicom_agrees():
    rng = np.random.default_rng(20260101)
    groups = rng.choice([0x0020, 0x0028, 0x1000, 0x1010, 0x5000, 0x5002, 0x6000, 0x60FE, 0x7F00, 0x7F02], 20000)
    for tag in (groups.astype(np.int64) << 16 | rng.integers(1, 0x3200, 20000)).tolist():
        try:
            expected = get_entry(tag)
        except KeyError:
            assert D.find(tag) is None, format_tag(tag)
        else:
            assert as_pydicom(D.find(tag)) == expected, format_tag(tag)


def test_odd_groups_have_group_length_only():
    assert D.find(0x60010010) is None  # a Private Creator, not Overlay Rows
    assert D.find(0x50010005) is None
    assert D.find(0x7F010010) is None
    assert D.find(0x00091001) is None
    assert D.find(0x00090000).vr == "UL"


def test_group_length_comes_before_the_repeating_elements():
    assert D.find(0x10100000).vr == "UL"  # not Zonal Map
    assert D.find(0x60000000).vr == "UL"
    assert D.find(0x00020000).keyword == "FileMetaInformationGroupLength"
    assert D.find(0x00080000).vr == "UL"


def test_arrays_are_sorted_parallel_and_read_only():
    assert D.tags.dtype == np.uint32
    assert D.vr.dtype == np.uint16
    assert np.all(D.tags[1:] > D.tags[:-1])
    for array in (D.tags, D.vr, D.vm_min, D.vm_max, D.vm_step, D.retired):
        assert len(array) == len(D.tags) >= 5117
        assert not array.flags.writeable
    for array in (D.vm_min, D.vm_max, D.vm_step):
        assert array.dtype == np.int32
        assert array.flags.c_contiguous


def test_arrays_agree_with_find():
    for row, tag in enumerate(D.tags.tolist()):
        entry = D.find(tag)
        assert (D.vm_min[row], D.vm_max[row], D.vm_step[row]) == vm_bounds(entry.vm)
        assert D.retired[row] == entry.retired
        if entry.vr == "NONE":
            assert D.vr[row] == 0
        else:
            assert D.vr[row].tobytes().decode() == entry.preferred_vr  # little-endian: reads as text
            assert entry.preferred_vr in VRS


def test_preferred_vr():
    at = {format_tag(tag): code for tag, code in zip(D.tags.tolist(), D.vr.tolist(), strict=True)}
    assert at["(7FE0,0010)"] == ord("O") | ord("W") << 8
    assert at["(0028,0106)"] == ord("U") | ord("S") << 8
    assert at["(FFFE,E000)"] == 0
    assert preferred_vr("US or SS or OW") == "US"
    assert preferred_vr("US or OW") == "US"
    assert preferred_vr("OB or OW") == "OW"
    assert preferred_vr("PN") == "PN"


def test_vr_set():
    assert D.vr_set(0x7FE00010) == "OB or OW"
    assert D.vr_set(0x60123000) == "OB or OW"
    assert D.vr_set(0x00090010) is None


@pytest.mark.parametrize(
    ("vm", "bounds"),
    [
        *(("1", (1, 1, 1)), ("16", (16, 16, 1)), ("1-2", (1, 2, 1)), ("1-32", (1, 32, 1)), ("1-n", (1, 0, 1))),
        *(("2-n", (2, 0, 1)), ("2-2n", (2, 0, 2)), ("3-3n", (3, 0, 3)), ("1-99", (1, 99, 1)), ("4-5", (4, 5, 1))),
    ],
)
def test_value_multiplicity(vm, bounds):
    assert vm_bounds(vm) == bounds


def test_keywords():
    assert D.keyword(0x00100010) == "PatientName"
    assert D.tag("PatientName") == 0x00100010
    assert D.tag("patientname") is None
    assert D.tag("") is None
    assert D.keyword(0x00080202) is None  # retired, without a name
    assert D.keyword(0x00110010) is None
    assert D.tag("OverlayData") is None  # a repeating group is not one tag
    assert D.keyword(0x60023000) == "OverlayData"
    assert all(D.tag(entry[4]) == tag for tag, entry in DicomDictionary.items() if entry[4])


def test_attributes_of_table_e_1_1_that_pydicom_lacks():
    assert D.find(0x00100012).vr == "LT"
    assert D.find(0x00100011).vr == "SQ"
    assert D.find(0x00102162).vm == "1-n"
    assert D.find(0x3004007F).keyword == "DoseCalculationModelName"


@pytest.mark.parametrize("text", ["(0010,0020)", "0010,0020", "00100020", " (0010,0020) "])
def test_parse_tag(text):
    assert parse_tag(text) == 0x00100020


def test_tags_are_written_upper_case_and_read_in_any():
    assert format_tag(0x7FE00010) == "(7FE0,0010)"
    assert parse_tag("(7fe0,0010)") == 0x7FE00010
    assert parse_tag(format_tag(0xFFFFFFFF)) == 0xFFFFFFFF


@pytest.mark.parametrize("text", ["", "(0010,0020", "0010,0020)", "0010", "0010 0020", "60xx3000", "0x00100020", "００100020"])
def test_parse_tag_refuses(text):
    with pytest.raises(ValueError, match="a tag is written"):
        parse_tag(text)


def test_loaded_once():
    assert dictionary.load() is D


def test_pydicom_is_not_imported():
    code = (
        "import sys\n"
        "from mediscan.standard import dictionary, iod, private, transfer_syntax, uids, vr\n"
        "for module in (dictionary, iod, private, transfer_syntax, uids): module.load()\n"
        "assert 'pydicom' not in sys.modules and 'highdicom' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
