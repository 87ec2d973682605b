"""Known Types of known IODs, and what merging and repeating must do to them."""

import pytest

from mediscan.standard import iod, uids
from mediscan.standard.dictionary import load as dictionary

T = iod.load()
CT = "1.2.840.10008.5.1.4.1.1.2"
ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"
MR = "1.2.840.10008.5.1.4.1.1.4"
ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"
SC = "1.2.840.10008.5.1.4.1.1.7"
US = "1.2.840.10008.5.1.4.1.1.6.1"
COMPREHENSIVE_SR = "1.2.840.10008.5.1.4.1.1.88.33"
RT_STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
ENCAPSULATED_PDF = "1.2.840.10008.5.1.4.1.1.104.1"
MEDIA_STORAGE_DIRECTORY = "1.2.840.10008.1.3.10"
WAVEFORM_PRESENTATION = "1.2.840.10008.5.1.4.1.1.9.100.1"
SHARED, PER_FRAME = 0x52009229, 0x52009230


def path(*keywords):
    return tuple(dictionary().tag(keyword) or int(keyword, 16) for keyword in keywords)


@pytest.mark.parametrize(
    ("sop_class", "keywords", "type_"),
    [
        (CT, "SOPClassUID", "1"),
        (CT, "SOPInstanceUID", "1"),
        (CT, "StudyInstanceUID", "1"),
        (CT, "SeriesInstanceUID", "1"),
        (CT, "FrameOfReferenceUID", "1"),
        (CT, "StudyDate", "2"),
        (CT, "StudyTime", "2"),
        (CT, "StudyID", "2"),
        (CT, "AccessionNumber", "2"),
        (CT, "ReferringPhysicianName", "2"),
        (CT, "PatientName", "2"),
        (CT, "PatientID", "2"),
        (CT, "PatientBirthDate", "2"),
        (CT, "PatientSex", "2"),
        (CT, "Manufacturer", "2"),
        (CT, "ContentDate", "2C"),
        (CT, "PositionReferenceIndicator", "2"),
        (CT, "SeriesDescription", "3"),
        (CT, "StudyDescription", "3"),
        (CT, "SeriesDate", "3"),
        (CT, "InstitutionName", "3"),
        (CT, "PatientAge", "3"),
        (CT, "KVP", "2"),
        (CT, "PixelData", "1C"),
        (SC, "ContentDate", "2C"),
        (SC, "ConversionType", "1"),
        (ENHANCED_MR, "ContentDate", "1"),
        (ENHANCED_MR, "ContentTime", "1"),
        (ENHANCED_MR, "AcquisitionDateTime", "1C"),
        (ENHANCED_MR, "Manufacturer", "1"),
        (ENHANCED_MR, "DeviceSerialNumber", "1"),
        (ENHANCED_CT, "DeviceSerialNumber", "1"),
        (ENHANCED_CT, "SoftwareVersions", "1"),
        (MR, "DeviceSerialNumber", "3"),
        (ENHANCED_MR, "SharedFunctionalGroupsSequence", "1"),
        (COMPREHENSIVE_SR, "ContentDate", "1"),
        (COMPREHENSIVE_SR, "CompletionFlag", "1"),
        (COMPREHENSIVE_SR, "VerifyingObserverSequence", "1C"),
        (COMPREHENSIVE_SR, "VerifyingObserverSequence VerifyingObserverName", "1"),
        (COMPREHENSIVE_SR, "VerifyingObserverSequence VerificationDateTime", "1"),
        (COMPREHENSIVE_SR, "VerifyingObserverSequence VerifyingObserverIdentificationCodeSequence", "2"),
        (COMPREHENSIVE_SR, "PerformedProcedureCodeSequence", "2"),
        (RT_STRUCTURE_SET, "StructureSetLabel", "1"),
        (RT_STRUCTURE_SET, "StructureSetDate", "2"),
        (RT_STRUCTURE_SET, "StructureSetROISequence ROIName", "2"),
        (SEGMENTATION, "ContentLabel", "1"),
        (SEGMENTATION, "SegmentSequence SegmentLabel", "1"),
        (ENCAPSULATED_PDF, "EncapsulatedDocument", "1"),
        (ENCAPSULATED_PDF, "DocumentTitle", "2"),
        (ENCAPSULATED_PDF, "BurnedInAnnotation", "1"),
    ],
)
def test_known_types(sop_class, keywords, type_):
    assert T.type_of(sop_class, path(*keywords.split())) == type_
    found = T.types(sop_class).get(path(*keywords.split()))
    assert found == (None if type_ == "3" else type_)


def test_items_of_an_optional_sequence_have_types_of_their_own():
    sequence = path("RequestAttributesSequence")
    assert T.type_of(CT, sequence) == "3"
    assert T.type_of(CT, (*sequence, *path("RequestedProcedureID"))) == "1C"


@pytest.mark.parametrize("group", [SHARED, PER_FRAME])
def test_functional_group_macros_stand_under_both_sequences(group):
    assert T.type_of(ENHANCED_MR, (group, *path("ReferencedImageSequence"))) == "2"
    reference = (group, *path("ReferencedImageSequence", "ReferencedSOPInstanceUID"))
    assert T.type_of(ENHANCED_MR, reference) == "1"
    content = (group, *path("FrameContentSequence"))
    assert T.type_of(ENHANCED_MR, content) == "1"
    assert T.type_of(ENHANCED_MR, (*content, *path("FrameAcquisitionDateTime"))) == "1C"
    assert T.type_of(ENHANCED_MR, (*content, *path("FrameComments"))) == "3"
    assert T.type_of(ENHANCED_CT, (group, *path("PlanePositionSequence"))) == "1"


def test_the_strictest_module_holds():
    # Manufacturer: General Equipment 2, Enhanced General Equipment 1.
    assert T.type_of(CT, path("Manufacturer")) == "2"
    assert T.type_of(ENHANCED_CT, path("Manufacturer")) == "1"


def test_repeating_groups_count_like_their_lowest():
    assert T.types(US)[(0x60000010,)] == T.type_of(US, (0x60000010,)) == "1"
    assert T.type_of(US, (0x60020010,)) == "1"
    assert T.type_of(US, (0x601E3000,)) == "1"
    assert T.type_of(US, (0x60010010,)) == "3"  # private
    assert T.type_of(US, (0x60020022,)) == "3"  # Overlay Description


@pytest.mark.parametrize("depth", [1, 2, 7])
def test_content_items_nest_without_end(depth):
    items = path("ContentSequence") * depth
    assert T.type_of(COMPREHENSIVE_SR, (*items, *path("ValueType"))) == "1"
    assert T.type_of(COMPREHENSIVE_SR, (*items, *path("PersonName"))) == "1C"
    assert T.type_of(COMPREHENSIVE_SR, (*items, *path("ConceptNameCodeSequence", "CodeMeaning"))) == "1"


def test_unknown_sop_class():
    assert T.types("1.2.3") is None
    assert T.type_of("1.2.3", (0x00100010,)) is None
    assert T.gaps("1.2.3") == ()


def test_what_no_iod_lists_is_type_3():
    assert T.type_of(CT, (0x00091001,)) == "3"
    assert T.type_of(CT, ()) == "3"


def test_every_sop_class_has_the_attributes_of_sop_common_and_is_registered():
    assert len(T.sop_classes) == 184
    for uid in T.sop_classes:
        assert uid in uids.load()
        assert T.type_of(uid, path("SOPInstanceUID")) == ("3" if uid == MEDIA_STORAGE_DIRECTORY else "1")
        assert set(T.types(uid).values()) <= {"1", "1C", "2", "2C"}


def test_objects_of_a_patient_have_one_and_belong_to_a_study_and_series():
    patient, study, series = path("PatientName"), path("StudyInstanceUID"), path("SeriesInstanceUID")
    without = {T.sop_classes[uid] for uid in T.sop_classes if T.type_of(uid, patient) == "3"}
    assert without == {
        *("Media Storage Directory Storage", "Protocol Approval Storage", "Inventory Storage"),
        *("CT Defined Procedure Protocol Storage", "XA Defined Procedure Protocol Storage"),
        *("Hanging Protocol Storage", "Color Palette Storage", "Generic Implant Template Storage"),
        *("Implant Assembly Template Storage", "Implant Template Group Storage"),
    }
    for uid, name in T.sop_classes.items():
        if name not in without:
            assert [T.type_of(uid, at) for at in (patient, study, series)] == ["2", "1", "1"]


def test_image_storage_of_pydicom_is_known():
    storage = [
        uid
        for uid in uids.load()
        if uids.kind(uid) == "SOP Class" and uids.name(uid).endswith("Image Storage") and not uids.find(uid).retired
    ]
    foreign = ("DICOS", "Eddy Current")  # NEMA IIC 1 and ASTM E2934: IODs of other standards
    assert [uid for uid in storage if uid not in T.sop_classes and not uids.name(uid).startswith(foreign)] == []


def test_retired_sop_classes_are_read_by_their_successor():
    assert T.types("1.2.840.10008.5.1.4.1.1.6") is T.types(US)
    assert T.sop_classes["1.2.840.10008.5.1.4.1.1.6"].endswith("(Retired)")


def test_resolved_once_and_read_only():
    assert T.types(CT) is T.types(CT)
    assert iod.load() is T
    with pytest.raises(TypeError):
        T.types(CT)[(0,)] = "1"


def test_gaps_are_named():
    with_gaps = {uid for uid in T.sop_classes if T.gaps(uid)}
    assert WAVEFORM_PRESENTATION in with_gaps
    assert "waveform-presentation-montage" in T.gaps(WAVEFORM_PRESENTATION)
    assert with_gaps == {WAVEFORM_PRESENTATION, "1.2.840.10008.5.1.4.1.1.9.100.2"}
    assert T.gaps(CT) == ()


@pytest.mark.parametrize(("type_", "number"), [("1", 1), ("1C", 1), ("2", 2), ("2C", 2), ("3", 3)])
def test_effective(type_, number):
    assert iod.effective(type_) == number


@pytest.mark.parametrize("type_", ["", "4", "3C", "None"])
def test_effective_refuses(type_):
    with pytest.raises(ValueError, match="not an attribute Type"):
        iod.effective(type_)
