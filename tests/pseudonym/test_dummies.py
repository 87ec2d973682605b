"""Action D: what stands in is what its VR says."""

import io

import pydicom
import pytest
from pydicom import config
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.valuerep import validate_value

from mediscan._native.decide import VRS
from mediscan.profile import dummies as profile
from mediscan.profile import table
from mediscan.pseudonym.dates import valid_date
from mediscan.pseudonym.dummies import DUMMIES, dummy
from mediscan.standard import dictionary
from mediscan.standard import vr as standard

BINARY = (standard.Kind.NUMBER, standard.Kind.TAG, standard.Kind.BINARY)


def test_every_vr_has_one():
    assert set(DUMMIES) == set(VRS) == set(standard.VRS)


@pytest.mark.parametrize("vr", sorted(set(VRS) - {"SQ"}))
def test_it_says_something_and_fits(vr):
    value, facts = DUMMIES[vr], standard.VRS[vr]
    assert value
    if facts.kind in BINARY:
        assert len(value) % max(facts.width, 2) == 0
        assert not any(value)
    else:
        text = value.decode("ascii")
        assert facts.max_length == 0 or len(text) <= facts.max_length
        assert facts.repertoire is None or set(text) <= facts.repertoire
        assert not facts.fixed_length or len(text) == facts.max_length
        assert "\\" not in text


@pytest.mark.parametrize("vr", sorted(set(VRS) - {"SQ", "UN", "OB", "OD", "OF", "OL", "OV", "OW"}))
def test_pydicom_takes_it(vr):
    value = DUMMIES[vr]
    if standard.VRS[vr].kind not in BINARY:
        validate_value(vr, value.decode(), config.RAISE)
    head = b"\x09\x00\x01\x10" + vr.encode()
    head += b"\0\0" + len(value).to_bytes(4, "little") if standard.VRS[vr].long_form else len(value).to_bytes(2, "little")
    found = pydicom.filereader.read_dataset(io.BytesIO(head + value), False, True)
    one = found[0x00091001]
    assert isinstance(one, DataElement)
    assert one.VM == 1
    again = Dataset()
    again.add_new(0x00091001, vr, one.value)
    assert again[0x00091001].value == one.value


OWN = profile.load()
ROWS = [row.match for row in table.load().rows if row.mask == 0xFFFFFFFF and dictionary.load().find(row.match) is not None]


def fits(tag: int, value: bytes) -> None:
    """PS3.6 and PS3.5: VR, VM."""
    entry = dictionary.load().find(tag)
    low, high, step = dictionary.vm_bounds(entry.vm)
    vr = entry.preferred_vr
    facts = standard.VRS[vr]
    if facts.kind in BINARY:
        count = len(value) // facts.width if facts.kind is not standard.Kind.BINARY else 1
        assert facts.kind is standard.Kind.BINARY or len(value) % facts.width == 0
    else:
        parts = value.decode("ascii").split("\\") if facts.backslash else [value.decode("ascii")]
        count = len(parts)
        for part in parts:
            assert part
            validate_value(vr, part, config.RAISE)
            assert facts.max_length == 0 or len(part) <= facts.max_length
            assert facts.repertoire is None or set(part) <= facts.repertoire
    assert count >= low
    assert high == 0 or count <= high
    assert count == low or (count - low) % step == 0


@pytest.mark.parametrize("tag", sorted(OWN), ids="{:08X}".format)
def test_its_own_dummy_fits_the_attribute(tag):
    entry = dictionary.load().find(tag)
    assert entry is not None
    assert standard.VRS[entry.preferred_vr].kind not in BINARY
    assert OWN[tag] != DUMMIES[entry.preferred_vr]
    fits(tag, dummy(tag, entry.preferred_vr, dictionary.vm_bounds(entry.vm)[0]))


def test_every_attribute_has_one_that_fits():
    """Those of E.1-1, and all others, since any kept value may turn out invalid where PS3.3 demands one."""
    known = dictionary.load()
    tags = [tag for tag in known.tags.tolist() if (entry := known.find(tag)) and standard.VRS.get(entry.preferred_vr)]
    assert set(ROWS) <= set(tags)
    for tag in tags:
        entry = known.find(tag)
        if entry.preferred_vr not in ("SQ", "UI"):
            fits(tag, dummy(tag, entry.preferred_vr, dictionary.vm_bounds(entry.vm)[0]))


ENUMERATED = {  # Enumerated Values of PS3.3, set down here on their own
    "PatientSex": "M F O",
    "ReasonForTheAttributeModification": "COERCE CORRECT",
    "ImageLaterality": "R L U B",
    "FrameLaterality": "R L U B",
    "BurnedInAnnotation": "YES NO",
    "RecognizableVisualFeatures": "YES NO",
    "CompletionFlag": "PARTIAL COMPLETE",
    "VerificationFlag": "UNVERIFIED VERIFIED",
    "ContinuityOfContent": "SEPARATE CONTINUOUS",
    "LossyImageCompression": "00 01",
    "PresentationLUTShape": "IDENTITY INVERSE",
    "PresentationIntentType": "FOR~PRESENTATION FOR~PROCESSING",
    "SynchronizationTrigger": "SOURCE EXTERNAL PASSTHRU NO~TRIGGER",
    "AcquisitionTimeSynchronized": "Y N",
    "ApprovalStatus": "APPROVED UNAPPROVED REJECTED",
    "DoseUnits": "GY RELATIVE",
    "DoseType": "PHYSICAL EFFECTIVE ERROR",
    "ContentQualification": "PRODUCT RESEARCH SERVICE",
    "ObserverType": "PSN DEV",
    "TypeOfPatientID": "TEXT RFID BARCODE",
}


@pytest.mark.parametrize("keyword", sorted(ENUMERATED))
def test_enumerated_values_hold(keyword):
    terms = [term.replace("~", " ") for term in ENUMERATED[keyword].split(" ")]
    assert dummy(dictionary.load().tag(keyword), "CS").decode() in terms


def test_dates_are_plausible_and_agree():
    assert {dummy(0, vr)[:8] for vr in ("DA", "DT")} == {b"20000101"}
    assert dummy(0x00700082, "DA") + dummy(0x00700083, "TM") == b"20000101000000"
    assert all(valid_date(dummy(0, vr), vr) for vr in ("DA", "DT", "TM"))


def test_several_values():
    assert dummy(0x00187999, "DS", 3) == rb"0\0\0"
    assert dummy(0x00189089, "FD", 3) == bytes(24)
    assert dummy(0x00420011, "OB", 5) == bytes(2)
    assert dummy(0x00700006, "ST", 2) == b"REMOVED"
    assert dummy(0x00280034, "IS", 2) == rb"1\1"


def test_no_geometry_is_made_up():
    for keyword in ("PixelSpacing", "ImagePositionPatient", "ImageOrientationPatient", "RescaleSlope", "DoseGridScaling"):
        assert dictionary.load().tag(keyword) not in OWN
