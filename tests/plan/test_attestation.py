"""What PS3.15 E.1.1 requires to be added, as another parser reads it."""

import io

import pydicom
import pytest
from plan_data import ENCODINGS, clean, instance, planner
from pydicom.dataset import Dataset
from pydicom.sr import _cid_dict, _concepts_dict

from mediscan.plan.attestation import attest
from mediscan.plan.decisions import Decider
from mediscan.profile import policy_file
from mediscan.profile.policy import Dates

BASIC, DESCRIPTORS, CHARACTERISTICS = "113100", "113105", "113108"
STRUCTURED, GRAPHICS = "113104", "113103"
SAFE_HARBOR = {BASIC, DESCRIPTORS, CHARACTERISTICS, STRUCTURED, GRAPHICS}
FULL_DATES, MODIFIED_DATES = "113106", "113107"
CID_7050 = {
    code: meaning
    for keyword in _cid_dict.cid_concepts[7050]["DCM"]
    for code, (meaning, *_) in _concepts_dict.concepts["DCM"][keyword].items()
}
CASES = [
    ("basic", None, {BASIC}, "REMOVED"),
    ("basic", "keep", {BASIC, FULL_DATES}, "UNMODIFIED"),
    ("safe-harbor", None, SAFE_HARBOR, "MODIFIED"),  # years alone: no option says so
    ("safe-harbor", "shift", {*SAFE_HARBOR, MODIFIED_DATES}, "MODIFIED"),
    ("safe-harbor", "keep", {*SAFE_HARBOR, FULL_DATES}, "UNMODIFIED"),
    ("safe-harbor", "remove", SAFE_HARBOR, "REMOVED"),
]


@pytest.mark.parametrize("syntax", ENCODINGS, ids=lambda syntax: syntax.name)
@pytest.mark.parametrize(("name", "dates", "codes", "temporal"), CASES)
def test_every_output_attests(syntax, name, dates, codes, temporal):
    found = clean(instance(), planner(name, dates), syntax)
    assert found.PatientIdentityRemoved == "YES"
    method = found.DeidentificationMethod
    assert method[0].startswith("mediscan ")
    assert method[1] == f"policy {name}"
    assert all(len(value) <= 64 for value in method)
    items = found.DeidentificationMethodCodeSequence
    assert {item.CodeValue for item in items} == codes
    assert items[0].CodeValue == BASIC
    assert all(item.CodingSchemeDesignator == "DCM" and item.CodeMeaning == CID_7050[item.CodeValue] for item in items)
    assert found.LongitudinalTemporalInformationModified == temporal
    tags = [int(tag) for tag in found._dict]
    assert tags == sorted(tags)


@pytest.mark.parametrize("syntax", ENCODINGS, ids=lambda syntax: syntax.name)
def test_what_another_tool_attested_is_not_repeated(syntax):
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "99", "99DOE", "Doe"
    ds = instance(
        PatientIdentityRemoved="NO",
        DeidentificationMethod="by Jane Doe",
        DeidentificationMethodCodeSequence=[code],
        LongitudinalTemporalInformationModified="UNMODIFIED",
    )
    found = clean(ds, planner(), syntax)
    assert found == clean(instance(), planner(), syntax)
    assert "Doe" not in str(found)


@pytest.mark.parametrize(("implicit", "big"), [(False, False), (True, False), (False, True)])
def test_rows_for_the_ledger_say_what_is_there(implicit, big):
    made = attest(
        policy_file.load("safe-harbor"),
        Decider(policy_file.load("safe-harbor")).true_options(),
        "mediscan 1",
        implicit=implicit,
        big=big,
    )
    found = pydicom.filereader.read_dataset(io.BytesIO(b"".join(data for _, data in made.inserts)), implicit, not big)
    raw = [(int(tag), one.length) for tag, one in sorted(found._dict.items())]
    assert raw == [(tag, length) for tag, _, length in made.rows.tolist()]
    for tag, vr, length in made.rows.tolist():
        assert chr(vr & 0xFF) + chr(vr >> 8) == found[tag].VR
        assert length % 2 == 0
    assert [tag for tag, _ in made.inserts] == sorted({min(raw)[0], max(raw)[0]})


def test_options_of_every_treatment_of_dates():
    chosen = policy_file.load("basic")
    found = {dates: {option.value for option in Decider(chosen.with_dates(dates)).true_options()} for dates in Dates}
    assert found == {
        Dates.YEAR: {BASIC},
        Dates.REMOVE: {BASIC},
        Dates.SHIFT: {BASIC, MODIFIED_DATES},
        Dates.KEEP: {BASIC, FULL_DATES},
    }


def test_a_long_or_foreign_policy_name_fits_lo():
    import dataclasses

    chosen = dataclasses.replace(policy_file.load("basic"), name="Політика\\" + "x" * 80)
    made = attest(chosen, [], "mediscan 1", implicit=False, big=False)
    found = pydicom.filereader.read_dataset(io.BytesIO(made.inserts[0][1]), False, True)
    method = found.DeidentificationMethod
    assert len(method) == 4
    assert all(len(value) <= 64 and value.isascii() for value in method)
