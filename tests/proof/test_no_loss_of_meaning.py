"""No loss of meaning: the attributes of needed_attributes.tsv are the same bytes before and after, at every level of nesting.

Over every real file, and for those that no real file holds over instances made by hand. Patient's Age, Size and Weight are
compared with what the policy says of them.
"""

import functools
import math
import struct
import warnings
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from outputs import POLICIES, of
from proving import CT, Native, instance, padded, read
from pydicom.datadict import dictionary_VM, dictionary_VR, keyword_for_tag, tag_for_keyword
from pydicom.dataset import Dataset

from handmade import LONG_FORM, explicit
from mediscan.profile import policy_file

MEANING = [name for name in ("safe-harbor", "research") if name in POLICIES]
TABLE = Path(__file__).with_name("needed_attributes.tsv")
MEASURES = {"PatientAge": 0x00101010, "PatientSize": 0x00101020, "PatientWeight": 0x00101030}

# Values of real files that break their VR, so that PS3.5 gives them no meaning: (file, keyword).
NOT_VALUES = {
    ("badVR.dcm", "NumberOfFrames"),
    ("GH1301.dcm", "PatientSex"),
    # Codes of private schemes with six digits and more, which could be anybody's number: coded, consistently.
    ("dx_image.dcm", "CodeValue"),
    ("0_ORIGINAL_no_pixels.dcm", "CodeValue"),
    ("RGB_ORIGINAL.dcm", "CodeValue"),
}
# Sequences that Table E.1-1 removes whole under both policies, or that tell of the de-identification: what they hold is lost
# with them, and is no loss. Icons are images that nobody has looked at. Items of specimen preparation go one by one (specimen
# identifiers, names of staff: Table E.3.4-1), so those that stay have other numbers.
GONE_WHOLE = {
    "DeidentificationMethodCodeSequence",
    "IconImageSequence",
    "OriginalAttributesSequence",
    "ReferencedPerformedProcedureStepSequence",
    "ReferringPhysicianIdentificationSequence",
    "SpecimenPreparationStepContentItemSequence",
    "VerifyingObserverSequence",
}


@functools.cache
def needed() -> dict[str, str]:
    lines = TABLE.read_text("utf-8").splitlines()
    return dict(line.split("\t") for line in lines if line and not line.startswith("#"))


def values(dataset: Dataset, above: str = "") -> Iterator[tuple[str, str, bytes]]:
    """(path, keyword, bytes) of every element that is no sequence."""
    sequences = []
    for tag in dataset.keys():  # noqa: SIM118  a Dataset iterates over elements
        if tag.is_private or tag.group < 8:
            continue
        keyword = keyword_for_tag(tag)
        element = dataset.get_item(tag)
        if element.VR == "SQ" or (element.VR in (None, "UN") and keyword and dictionary_VR(tag) == "SQ"):
            sequences.append((tag, keyword))
        elif isinstance(element.value, bytes):
            yield f"{above}{keyword}", keyword, element.value
    for tag, keyword in sequences:  # afterwards: pydicom converts some elements on the way into a sequence
        for number, item in enumerate(dataset[tag].value if keyword not in GONE_WHOLE else ()):
            yield from values(item, f"{above}{keyword}[{number}].")


def same(after: bytes, before: bytes) -> bool:
    """PS3.5 7.1.1 wants an even length; padding after it is no part of the value."""
    return after == before or (len(before) % 2 == 1 and after[:-1] == before) or after == before.rstrip(b"\0 ")


def test_the_table_is_of_use() -> None:
    assert len(needed()) >= 150
    assert [keyword for keyword in needed() if tag_for_keyword(keyword) is None] == []


@pytest.mark.parametrize("policy", MEANING)
def test_what_is_needed_is_the_same_bytes(policy: str) -> None:
    lost, compared = [], 0
    for pair in of(policy):
        try:
            before, after = (_read(path) for path in (pair.source, pair.output))
        except Exception:  # noqa: BLE001  whatever pydicom trips over
            continue
        kept = {path: value for path, _, value in after}
        for path, keyword, value in before:
            if keyword not in needed() or not value.strip(b"\0 "):
                continue
            compared += 1
            if not same(kept.get(path, b""), value) and (pair.name, keyword) not in NOT_VALUES:
                lost.append((pair.name, path, "gone" if path not in kept else "changed"))
    print(f"{policy}: {compared} values of {len(needed())} attributes compared, {len(lost)} lost")  # noqa: T201
    assert lost == []
    assert compared > 5000


def _read(path: Path) -> list[tuple[str, str, bytes]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(values(pydicom.dcmread(path, force=True)))


# --- by hand ----------------------------------------------------------------------------------------------------------

BY_VR = {
    "AS": b"045Y", "CS": b"AXIAL", "DS": b"12.625", "IS": b"37", "LO": b"CHEST", "SH": b"STANDARD", "ST": b"CHEST",
    "UT": b"CHEST", "AT": b"\x20\0\x32\0", "US": struct.pack("<H", 513), "SS": struct.pack("<h", -513),
    "UL": struct.pack("<I", 70001), "SL": struct.pack("<i", -70001), "FL": struct.pack("<f", 1.25),
    "FD": struct.pack("<d", math.pi), "OB": b"\1\2\3\4", "OW": b"\1\2\3\4", "OF": struct.pack("<f", 1.25),
}  # fmt: skip
AS_WRITTEN = {"SOPClassUID": CT.encode(), "Modality": b"CT", "PatientSex": b"F", "ConvolutionKernel": b"B31f"}


_TEXT = frozenset({"AS", "CS", "DS", "IS", "LO", "SH", "ST", "UT"})


def of_vm(keyword: str, vr: str, value: bytes) -> bytes:
    """As many values as PS3.6 asks for."""
    count = int(dictionary_VM(keyword).split("-")[0].rstrip("n") or 1)
    if vr in ("OB", "OW", "OF"):
        return value
    return (b"\\" if vr in _TEXT else b"").join([value] * count)


@pytest.mark.parametrize("policy", MEANING)
def test_what_is_needed_is_the_same_bytes_in_an_instance_made_by_hand(policy: str) -> None:
    through = Native(policy_file.load(policy))
    lost = []
    for keyword in needed():
        tag = int(tag_for_keyword(keyword) or 0)
        vr = dictionary_VR(tag).split(" or ")[0]
        value = AS_WRITTEN.get(keyword) or of_vm(keyword, vr, BY_VR[vr])
        filled = padded("UI" if vr == "UI" else vr, value) if vr in LONG_FORM or vr in _TEXT or vr == "UI" else value
        found = read(through(instance(**{f"x{tag:08x}": explicit(tag, vr, filled)}))).get(tag)
        if found is None or found.value.rstrip(b"\0 ") != filled.rstrip(b"\0 "):
            lost.append(keyword)
    assert lost == []


# --- as the policy says -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", MEANING)
@pytest.mark.parametrize(("keyword", "value"), [("PatientAge", "047Y"), ("PatientSize", "1.83"), ("PatientWeight", "81.3")])
def test_measures_of_the_patient_follow_the_policy(policy: str, keyword: str, value: str) -> None:
    tag, chosen = MEASURES[keyword], policy_file.load(policy)
    vr = "AS" if keyword == "PatientAge" else "DS"
    element = explicit(tag, vr, padded(vr, value.encode()))
    found = read(Native(chosen)(instance(**{f"x{tag:08x}": element})))[tag].value.strip().decode()
    step = dict(chosen.generalise).get(tag)
    if step is None:
        assert found == value
    else:
        number, whole = float(value.rstrip("Y")), float(found.rstrip("Y"))
        assert number - step < whole <= number
        assert math.isclose(whole / step, round(whole / step))


@pytest.mark.parametrize("policy", MEANING)
@pytest.mark.parametrize("age", [b"090Y", b"101Y", b"092Y", b"999Y"])
def test_no_age_over_89(policy: str, age: bytes) -> None:
    found = read(Native(policy_file.load(policy))(instance(x00101010=explicit(0x00101010, "AS", age))))
    assert found[0x00101010].value == b"090Y"
