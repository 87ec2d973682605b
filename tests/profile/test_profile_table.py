"""Table E.1-1 as shipped: counts, look-up, HIPAA categories, and its source where that is at hand."""

import collections
import json
import os
import runpy

import pytest
from pydicom.datadict import dictionary_VR, keyword_for_tag

import mediscan.profile
from mediscan.profile import table
from mediscan.profile.actions import COMPOSITE, Option

DATA = os.path.join(os.path.dirname(mediscan.profile.__file__), "data")
SHARED = os.path.join(os.path.dirname(__file__), "..", "..", "..", "shared", "standard")
SOURCE = os.path.join(SHARED, "2026d", "e1_1_merged_2026d.json")
E_1_1 = table.load()

needs_source = pytest.mark.skipif(not os.path.exists(SOURCE), reason="the Standard as data is not here")


def codes(option):
    return collections.Counter(row.options[option] for row in E_1_1.rows if option in row.options)


def test_edition():
    assert E_1_1.edition == "2026d"


def test_basic_profile_code_counts():
    counts = collections.Counter(row.basic for row in E_1_1.rows)
    published = {"X": 417, "D": 93, "U": 55, "Z": 42, "X/D": 23, "X/Z": 11, "X/Z/D": 8, "Z/D": 6, "X/Z/U*": 2}
    assert counts == published
    assert len(E_1_1.rows) == 657
    assert set(counts) == set(COMPOSITE)


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        (Option.RETAIN_LONGITUDINAL_FULL_DATES, {"K": 169}),
        (Option.RETAIN_LONGITUDINAL_MODIFIED_DATES, {"C": 169}),
        (Option.RETAIN_UIDS, {"K": 60}),
        (Option.RETAIN_DEVICE_IDENTITY, {"K": 48, "C": 11}),
        (Option.RETAIN_INSTITUTION_IDENTITY, {"K": 10}),
        (Option.RETAIN_PATIENT_CHARACTERISTICS, {"K": 14, "C": 5}),
        (Option.RETAIN_SAFE_PRIVATE, {"C": 1}),
        (Option.CLEAN_DESCRIPTORS, {"C": 140}),
        (Option.CLEAN_STRUCTURED_CONTENT, {"C": 4}),
        (Option.CLEAN_GRAPHICS, {"C": 4}),
    ],
)
def test_option_counts(option, expected):
    assert codes(option) == expected


@pytest.mark.parametrize(
    ("tag", "rule", "basic"),
    [
        (0x00080050, "E.1-1 (0008,0050)", "Z"),
        (0x00100020, "E.1-1 (0010,0020)", "Z/D"),
        (0xFFFCFFFC, "E.1-1 (FFFC,FFFC)", "X"),
        (0x50000110, "E.1-1 (50xx,xxxx)", "X"),
        (0x501E3000, "E.1-1 (50xx,xxxx)", "X"),
        (0x60003000, "E.1-1 (60xx,3000)", "X"),
        (0x60FE4000, "E.1-1 (60xx,4000)", "X"),
        (0x00091001, "E.1-1 (private)", "X"),
        (0x50011000, "E.1-1 (private)", "X"),
        (0x60013000, "E.1-1 (private)", "X"),
        (0xFFFFFFFF, "E.1-1 (private)", "X"),
    ],
)
def test_find(tag, rule, basic):
    row = E_1_1.find(tag)
    assert (row.rule, row.basic) == (rule, basic)


@pytest.mark.parametrize("tag", [0, 0x00080060, 0x00280010, 0x60000010, 0x60003002, 0x7FE00010, 0x4FFE0000, 0x52000000])
def test_the_table_is_silent(tag):
    assert E_1_1.find(tag) is None


def test_every_row_finds_itself():
    for row in E_1_1.rows:
        assert E_1_1.find(row.match) is row


def test_rows_do_not_change():
    row = E_1_1.find(0x00080050)
    with pytest.raises(AttributeError):
        row.basic = "K"
    with pytest.raises(TypeError):
        row.options[Option.RETAIN_UIDS] = "K"
    assert hash(row) == hash(E_1_1.rows[E_1_1.rows.index(row)])
    assert table.load() is E_1_1


def vr_of(row):
    return dictionary_VR(row.match) if keyword_for_tag(row.match) else None


@pytest.mark.parametrize(
    ("vr", "letters"), [("PN", "A"), ("DA", "C"), ("TM", "C"), ("DT", "C"), ("AS", "C"), ("UI", "MR"), ("AE", "M")]
)
def test_vr_sets_the_category(vr, letters):
    rows = [row for row in E_1_1.rows if vr_of(row) == vr]
    assert rows
    assert {row.category for row in rows} <= set(letters)


@pytest.mark.parametrize(
    ("tag", "letter"),
    [
        (0x00100020, "H"),
        (0x00080050, "R"),
        (0x00080080, "B"),
        (0x00102154, "D"),
        (0x00101050, "I"),
        (0x00181000, "M"),
        (0x00081010, "M"),
        (0x00720071, "N"),
        (0x60003000, "Q"),
        (0x00102150, "B"),
        (0x00081030, "R"),
        (0x00091010, "R"),
        (0x00101040, "B"),
        (0x00101010, "C"),
        (0x00100040, None),
        (0x00101030, None),
    ],
)
def test_category(tag, letter):
    assert E_1_1.find(tag).category == letter


def test_every_category_line_belongs_to_a_row():
    with open(os.path.join(DATA, "hipaa_categories.tsv"), encoding="utf-8") as file:
        lines = [line.rstrip("\n").split("\t") for line in file if line.strip() and not line.startswith("#")]
    tags = [tag for tag, _ in lines]
    assert len(tags) == len(set(tags))
    assert set(tags) <= {row.pattern for row in E_1_1.rows}
    assert {letter for _, letter in lines} <= set("ABCDEFGHIJKLMNOPQR")


def test_only_patient_characteristics_have_no_category():
    assert sum(row.category is None for row in E_1_1.rows) == 20


@needs_source
def test_table_is_its_source():
    with open(SOURCE, encoding="utf-8") as file:
        source = json.load(file)
    expected = {}
    for row in source:
        tag = "private" if "odd" in row["id"] else row["id"]
        expected[tag] = (row["basicProfile"], {key: code for key, code in row.items() if key.endswith("Opt")})
    shipped = {row.pattern: (row.basic, {option.column: code for option, code in row.options.items()}) for row in E_1_1.rows}
    assert shipped == expected


@needs_source
def test_generator_gives_the_file_shipped():
    generator = runpy.run_path(os.path.join(DATA, "generate_table_e_1_1.py"))
    with open(SOURCE, encoding="utf-8") as file:
        made = generator["table"](json.load(file))
    with open(os.path.join(DATA, "table_e_1_1.tsv"), encoding="utf-8") as file:
        assert file.read() == made
