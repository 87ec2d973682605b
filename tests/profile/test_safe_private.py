"""Safe private elements as shipped: against the Table read on its own, PixelMed's list, and what public files hold."""

import collections
import json
import os
import re
import runpy

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom._private_dict import private_dictionaries

import mediscan.profile
from conftest import CORPUS
from mediscan.profile import safe_private
from mediscan.standard import private, vr
from mediscan.standard.dictionary import vm_bounds

DATA = os.path.join(os.path.dirname(mediscan.profile.__file__), "data")
SHARED = os.path.join(os.path.dirname(__file__), "..", "..", "..", "shared", "standard")
SOURCE = os.path.join(SHARED, "2026d", "e3_10_1_safe_private_merged.json")
PIXELMED = os.path.join(SHARED, "safe_private_pixelmed.json")
SAFE = safe_private.load()
NUMBERS_AND_CODES = {"CS", "DS", "FD", "FL", "IS", "SL", "SS", "UL", "US"}
STRUCTURELESS = {"OB", "OW", "OF", "OD", "OL", "OV", "UN"}
IDENTIFYING = {"PN", "DA", "DT", "TM", "AS", "AE", "UR"}

needs_source = pytest.mark.skipif(not os.path.exists(SOURCE), reason="the Standard as data is not here")


def of_the_standard():
    return [entry for entry in SAFE.entries if entry.rule.startswith("E.3.10-1")]


def table():
    with open(SOURCE, encoding="utf-8") as file:
        return json.load(file)["rows"]


def place(row):
    return int(row["tag"][1:5], 16), row["private_creator"].encode(), int(row["tag"][8:10], 16)


def test_counts():
    treatments = collections.Counter(entry.treatment for entry in of_the_standard())
    assert treatments == {"keep": 432, "text": 24, "never": 16, "uid": 7}
    assert len({entry.creator for entry in of_the_standard()}) == 20


@needs_source
def test_every_row_of_the_table_is_there_and_no_other():
    rows = table()
    assert len(rows) == 479
    assert len({place(row) for row in rows}) == 479
    found = {(entry.group, entry.creator.encode(), entry.element): entry for entry in of_the_standard()}
    assert set(found) == {place(row) for row in rows}


@needs_source
def test_vr_and_vm_are_the_tables():
    """What has no structure, and the containers of Hologic's frames, never stay; texts are cleaned, UIDs mapped."""
    for row in table():
        group, creator, element = place(row)
        entry = SAFE.find(group, creator, element)
        rule = f'E.3.10-1 ({group:04X},"{creator.decode()}",{element:02X})'
        known = row["vr"] if row["vr"] not in ("", "?") else None
        bound = int(row["vm"]) if row["vm"].isdigit() else int(re.sub(r".*-|n", "", row["vm"]).replace("?", "") or 0)
        if known in STRUCTURELESS or (creator == b"HOLOGIC, Inc." and known == "SQ"):
            expected = "never"
        else:
            expected = {"UI": "uid", "LO": "text", "SH": "text", "ST": "text", "LT": "text"}.get(known, "keep")
        found = (entry.rule, entry.vr, entry.vm_max, entry.treatment)
        assert found == (rule, known or "?", bound if known else 16, expected)
        assert known is None or entry.treatment_of(known) == expected


@needs_source
def test_pixelmed_adds_numbers_and_codes_whose_vr_is_known():
    with open(PIXELMED, encoding="utf-8") as file:
        listed = {name: groups for name, groups in json.load(file).items() if name[0] != "_"}
    expected = set()
    for creator, groups in listed.items():
        known = private_dictionaries.get({"PHILIPS MR IMAGING DD 001": "Philips MR Imaging DD 001"}.get(creator, creator), {})
        for group, spans in groups.items():
            for span in spans:
                for low in range(int(span[0], 16), int(span[1], 16) + 1) if isinstance(span, list) else [int(span, 16)]:
                    if known.get(f"{group.upper()}xx{low:02X}", ("UN",))[0] in NUMBERS_AND_CODES:
                        expected.add((int(group, 16), creator, low))
    standard = {(entry.group, entry.creator, entry.element) for entry in of_the_standard()}
    with open(os.path.join(DATA, "safe_private.tsv"), encoding="utf-8") as file:
        lines = [line.split("\t") for line in file if "\tPixelMed" in line]
    assert {(int(cells[0], 16), cells[1], int(cells[2], 16)) for cells in lines} == expected - standard


@needs_source
def test_generator_gives_the_file_shipped():
    generator = runpy.run_path(os.path.join(DATA, "generate_safe_private.py"))
    with open(os.path.join(DATA, "safe_private.tsv"), encoding="utf-8") as file:
        assert file.read() == generator["table"](SHARED)


def test_entries_are_sorted_and_unique():
    keys = [entry.key for entry in SAFE.entries]
    assert keys == sorted(set(keys))
    assert safe_private.load() is SAFE


def test_entries_are_of_one_piece():
    for entry in SAFE.entries:
        assert entry.group % 2 == 1, entry.rule
        assert entry.group > 0x0008, entry.rule
        assert 0 <= entry.element <= 0xFF, entry.rule
        assert entry.treatment in ("keep", "text", "uid", "csa", "never"), entry.rule
        assert not IDENTIFYING & {*entry.vrs, *entry.texts}, entry.rule
        assert not STRUCTURELESS & {*entry.vrs} or entry.treatment == "csa", entry.rule
        assert bool(entry.vrs) == (entry.treatment != "never"), entry.rule
        assert not set(entry.vrs) & set(entry.texts) or entry.treatment == "text", entry.rule
        assert entry.treatment != "keep" or set(entry.vrs) <= NUMBERS_AND_CODES | {"SQ", "SV", "UV"}, entry.rule
        assert SAFE.find(entry.group, entry.creator.encode(), 0x1000 | entry.element) is entry, entry.rule


def test_the_ledger_may_print_every_creator():
    assert {entry.creator for entry in SAFE.entries} <= private.load()


def test_what_is_not_listed_in_the_standard_is_numbers_codes_forms_and_containers():
    for entry in SAFE.entries:
        if entry.rule.startswith("safe private"):
            assert entry.vr in NUMBERS_AND_CODES | {"SQ"} or entry.form is not None or entry.treatment in ("csa", "never")


@pytest.mark.parametrize("text", ["ZZCANARY^EWA", "Kowalska", "EWA", "1950", "19500101", "48123456789", "MRC35119", "", "No\n"])
def test_no_identifier_has_the_form_of_a_code(text):
    forms = [entry for entry in SAFE.entries if entry.form is not None and entry.form.fullmatch(text)]
    assert [entry.rule for entry in forms] == (['E.3.10-1 (2001,"Philips Imaging DD 001",25)'] if text == "1950" else [])


@pytest.mark.parametrize(
    ("creator", "found"),
    [
        (b"SIEMENS MR HEADER", True),
        (b"SIEMENS MR HEADER ", True),
        (b"SIEMENS MR HEADER\0", True),
        (b" SIEMENS MR HEADER", True),
        (b"\0SIEMENS MR HEADER", False),
        (b"siemens mr header", False),
        (b"SIEMENS MR HEADER2", False),
        (b"SIEMENS  MR HEADER", False),
        (b"SIEMENS MR HEADER\0EWA", False),
        (b"SIEMENS MR HEADER\\EWA", False),
        (b"SIEMENS MR HEADE", False),
        (b"", False),
    ],
)
def test_the_creator_is_compared_byte_for_byte(creator, found):
    assert (SAFE.find(0x0019, creator, 0x100C) is not None) == found
    assert SAFE.find(0x0021, creator, 0x100C) is None


@given(st.integers(0, 0xFFFF), st.binary(max_size=64), st.integers(0, 0xFFFF))
def test_anything_can_be_looked_up(group, creator, element):
    entry = SAFE.find(group, creator, element)
    assert entry is None or entry.creator.encode() == creator.rstrip(b" \0").lstrip(b" ")


@pytest.mark.parametrize(
    ("group", "creator", "element", "treatment", "form_of"),
    [
        (0x0019, "SIEMENS MR HEADER", 0x0C, "keep", "IS"),
        (0x0019, "SIEMENS MR HEADER", 0x0E, "keep", "FD"),
        (0x0019, "SIEMENS MR HEADER", 0x27, "keep", "FD"),
        (0x0021, "SIEMENS MR SDI 02", 0x05, "keep", "IS"),
        (0x0029, "SIEMENS CSA HEADER", 0x10, "csa", "OB"),
        (0x0029, "SIEMENS CSA HEADER", 0x20, "csa", "OB"),
        (0x0043, "GEMS_PARM_01", 0x39, "keep", "IS"),
        (0x0019, "GEMS_ACQU_01", 0xBB, "keep", "DS"),
        (0x0025, "GEMS_SERS_01", 0x1B, "never", "OB"),
        (0x0009, "GEMS_PETD_01", 0x38, "keep", "FL"),
        (0x2001, "Philips Imaging DD 001", 0x03, "keep", "FL"),
        (0x2001, "PHILIPS IMAGING DD 001", 0x03, "keep", "FL"),
        (0x2005, "Philips MR Imaging DD 001", 0xB0, "keep", "FL"),
        (0x2005, "PHILIPS MR IMAGING DD 001", 0x0E, "keep", "FL"),
        (0x7053, "Philips PET Private Group", 0x00, "keep", "DS"),
        (0x7053, "Philips PET Private Group", 0x09, "keep", "DS"),
        (0x0065, "Image Private Header", 0x09, "keep", "FD"),
        (0x7005, "TOSHIBA_MEC_CT3", 0x40, "keep", "FD"),
        (0x7E01, "HOLOGIC, Inc.", 0x12, "never", "OB"),
    ],
)
def test_what_users_ask_for(group, creator, element, treatment, form_of):
    entry = SAFE.find(group, creator.encode(), element)
    assert (entry.treatment, entry.treatment_of(form_of)) == (treatment, treatment)


@pytest.mark.parametrize(
    ("group", "creator", "element"),
    [
        (0x0009, "GEMS_PETD_01", 0x0D),  # scan date and time
        (0x0009, "GEMS_PETD_01", 0x3B),  # of administration
        (0x0009, "GEMS_PETD_01", 0x07),  # examination's UID
        (0x0019, "GEMS_ACQU_01", 0xA2),  # run number
        (0x0029, "SIEMENS MEDCOM HEADER2", 0x60),
        (0x0029, "SIEMENS CSA HEADER", 0x09),
        (0x0029, "SIEMENS CSA HEADER", 0x60),
        (0x0071, "SIEMENS MED PT", 0x22),  # of decay correction
        (0x7053, "Philips PET Private Group", 0x03),  # file name
        (0x7005, "TOSHIBA_MEC_CT3", 0x24),
        (0x2005, "Philips MR Imaging DD 005", 0x38),
    ],
)
def test_dates_names_and_opaque_values_are_not_listed(group, creator, element):
    assert SAFE.find(group, creator.encode(), element) is None


def test_an_unknown_vr_is_the_files_if_it_can_hold_no_text_and_no_bytes():
    entry = SAFE.find(0x2001, b"Philips Imaging DD 097", 0x1001)
    assert entry.vr == "?"
    assert {name: entry.treatment_of(name) for name in ("FL", "CS", "SQ", "LO", "LT", "OB", "UN", "UI", "PN", "DA", "UT")} == {
        "FL": "keep", "CS": "keep", "SQ": "keep", "LO": "text", "LT": "text",
        "OB": "never", "UN": "never", "UI": "never", "PN": "never", "DA": "never", "UT": "never",
    }  # fmt: skip


def test_vrs_are_those_of_the_standard():
    assert {name for entry in SAFE.entries for name in (*entry.vrs, *entry.texts)} <= set(vr.VRS)


def test_csa_list():
    tags = safe_private.csa_tags()
    assert len(tags) > 70
    assert list(tags) == sorted(tags)
    for name, tag in tags.items():
        assert re.fullmatch("[A-Za-z0-9_]{1,63}", name)
        assert not re.search("Protocol(?!Slice)|Name|Patient(?!$)|Weight|Serial|UID|Date|String|History|Coil|File", name)
        assert 0 < tag.vm[0] <= tag.vm[1]
        assert tag.vm == (1, 1) or not isinstance(tag.values, re.Pattern)
        if not isinstance(tag.values, re.Pattern):
            assert tag.values[0] < tag.values[1] <= 1_000_000


FILES = sorted(CORPUS.rglob("*.dcm")) if CORPUS.is_dir() else []


@pytest.mark.skipif(not FILES, reason="the public corpus is not beside this checkout")
def test_public_files_have_the_vrs_and_vms_that_are_listed():
    """Of the elements that are listed, in files that say which VR they have."""
    seen = 0
    for path in FILES:
        try:
            dataset = pydicom.dcmread(path, stop_before_pixels=True)
            elements = [] if dataset.is_implicit_VR else list(dataset.iterall())
        except Exception:  # noqa: BLE001  what pydicom cannot read is no subject here
            continue
        for element in elements:
            creator = element.tag.is_private and not element.tag.is_private_creator and element.private_creator
            entry = SAFE.find(element.tag.group, creator.encode(), element.tag.elem) if creator else None
            if entry is None or entry.treatment == "never" or element.VR == "UN":
                continue
            seen += 1
            assert entry.treatment_of(element.VR) != "never", entry.rule
            assert entry.vm_max == 0 or entry.vm_max >= element.VM or element.VR == "SQ", entry.rule
    assert seen > 100


def test_bounds_come_from_the_file():
    with open(os.path.join(DATA, "safe_private.tsv"), encoding="utf-8") as file:
        lines = [line.split("\t") for line in file if not line.startswith(("#", "group\t"))]
    for group, creator, element, name, vm, *_ in lines:
        entry = SAFE.find(int(group, 16), creator.encode(), int(element, 16))
        assert entry.vm_max == (16 if name == "?" else vm_bounds(vm)[1])
