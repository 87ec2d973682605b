"""Table E.3.4-1 against its source, and what each row means under each option."""

import dataclasses
from itertools import combinations

import pytest

from conftest import ROOT
from mediscan.profile import policy_file, structured
from mediscan.profile.actions import Option
from mediscan.profile.policy import Dates

ITEMS = structured.load()
BASIC = policy_file.load("basic")
NAMED = {
    "clean_descriptors": Option.CLEAN_DESCRIPTORS,
    "retain_uids": Option.RETAIN_UIDS,
    "retain_device_identity": Option.RETAIN_DEVICE_IDENTITY,
    "retain_patient_characteristics": Option.RETAIN_PATIENT_CHARACTERISTICS,
}


def source():
    """Rows of the table as the shared folder has them, read on their own."""
    path = ROOT.parent / "shared" / "standard" / "2026d" / "e3_4_1_structured_content.psv"
    if not path.is_file():
        pytest.skip("the standard's tables are not beside this checkout")
    return [line.split("|") for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#")]


def expected(basic, options, policy, value_type):
    """The Table's word, spelled out once more."""
    codes = dict(option.split(":") for option in options)
    if "retain_longitudinal_temporal_information" in codes:
        return "C" if policy.dates in ("shift", "keep") or (policy.dates == "year" and value_type != "TIME") else basic[-1]
    chosen = {codes[name] for name in codes if NAMED[name] in policy.options}
    return "C" if "C" in chosen else "K" if "K" in chosen else basic.split("/")[-1]


def policies():
    for size in range(len(NAMED) + 1):
        for chosen in combinations(NAMED.values(), size):
            for dates in Dates:
                yield dataclasses.replace(BASIC, options=frozenset(chosen), dates=dates)


def test_every_row_under_every_combination_of_options():
    rows = source()
    assert len(rows) == 213
    for policy in policies():
        for scheme, code, value_type, basic, *options in rows:
            item = structured.find(scheme, code, value_type)
            assert item is not None
            assert item.action(policy) == expected(basic, options, policy, value_type), (item, policy.options, policy.dates)


def test_there_is_no_other_row_but_the_older_codes_of_snomed():
    known = {tuple(row[:3]) for row in source()}
    more = [item for key, item in ITEMS.items() if key not in known]
    assert {item.scheme for item in more} == {"SRT"}
    assert structured.find("SRT", "R-42B89", "TEXT").basic == structured.find("SCT", "371524004", "TEXT").basic


@pytest.mark.parametrize("scheme", ["SRT", "99SDM", "SNM3"])
def test_three_designators_name_one_scheme(scheme):
    assert structured.find(scheme, "R-42B89", "COMPOSITE").code == "R-42B89"


def test_a_concept_counts_with_its_value_type_only():
    assert structured.find("DCM", "121106", "TEXT") is not None
    assert structured.find("DCM", "121106", "CODE") is None
    assert structured.find("99DCM", "121106", "TEXT") is None


def test_rules_have_names_of_their_own():
    assert len({item.rule for item in ITEMS.values()}) == len(ITEMS)
    assert structured.find("DCM", "121106", "TEXT").rule == "E.3.4-1 (121106,DCM) TEXT"


@pytest.mark.parametrize("scheme", ["DCM", "SCT", "SRT", "99SDM", "LN", "UCUM", "NCIt", "RADLEX"])
def test_registered_schemes(scheme):
    assert scheme.encode() in structured.registered_schemes()


@pytest.mark.parametrize("scheme", ["", "L", "LOCAL", "99HOSP", "99", "HOSPITAL", "99DCM"])
def test_private_schemes(scheme):
    assert scheme.upper().encode() not in {known.upper() for known in structured.registered_schemes()}
