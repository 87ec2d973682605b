"""Attribute Types against sources that the table was not made from: innolitics' JSON of 2025b says which modules and which
Functional Group Macros an IOD has, its table of 2020-04 which Types the attributes of a module had."""

import csv
import json
import os
import random
import re
from collections import Counter, defaultdict

import pytest

from mediscan.standard import iod
from mediscan.standard.dictionary import load as dictionary

STANDARD = os.path.join(os.path.dirname(__file__), "..", "..", "..", "shared", "standard")
pytestmark = pytest.mark.skipif(not os.path.isdir(STANDARD), reason="the Standard's data is not beside the checkout")
T = iod.load()
GROUPS = (0x52009229, 0x52009230)  # shared, per frame

# Modules in which an attribute of 2020 was renumbered, moved, or made optional since (Content Creator's Name in most).
CHANGED = {
    "rt-roi-observations", "intraocular-lens-calculations", "enhanced-us-image", "uv-mapping", "rt-radiation-common",
    "ophthalmic-optical-coherence-tomography-en-face-image", "acquisition-context", "multi-energy-ct-image",
    "presentation-state-identification", "volumetric-presentation-state-identification", "parametric-map-image",
    "spatial-registration", "spatial-fiducials", "deformable-spatial-registration", "segmentation-image",
    "surface-segmentation", "tractography-results", "real-world-value-mapping", "structured-display", "structure-set",
    "roi-contour", "rt-physician-intent", "rt-segment-annotation", "rt-radiation-set", "rt-dose-contribution",
    "c-arm-photon-electron-delivery-device", "robotic-arm-delivery-device", "color-palette-definition",
}  # fmt: skip

# Macros whose sequence is not called as they are.
SEQUENCES = {
    "Plane Position (Patient)": "PlanePositionSequence",
    "Plane Orientation (Patient)": "PlaneOrientationSequence",
    "Frame VOI LUT with LUT": "FrameVOILUTSequence",
    "Patient Orientation in Frame": "PatientOrientationInFrameSequence",
    "MR Timing and Related Parameters": "MRTimingAndRelatedParametersSequence",
    "X-Ray Frame Characteristics": "XAXRFFrameCharacteristicsSequence",
    "X-Ray Field of View": "FieldOfViewSequence",
    "X-Ray Frame Pixel Data Properties": "FramePixelDataPropertiesSequence",
    "X-Ray Frame Detector Parameters": "FrameDetectorParametersSequence",
    "X-Ray Calibration Device Usage": "CalibrationSequence",
    "X-Ray Frame Acquisition": "FrameAcquisitionSequence",
    "X-Ray Collimator": "CollimatorShapeSequence",
    "X-Ray Exposure Control Sensing Regions": "ExposureControlSensingRegionsSequence",
    "X-Ray Object Thickness": "ObjectThicknessSequence",
    "X-Ray Positioner": "PositionerPositionSequence",
    "X-Ray Table Position": "TablePositionSequence",
    "X-Ray Projection Pixel Calibration": "ProjectionPixelCalibrationSequence",
    "X-Ray Isocenter Reference System": "IsocenterReferenceSystemSequence",
    "Identity Pixel Value Transformation": "PixelValueTransformationSequence",
    "CT Pixel Value Transformation": "PixelValueTransformationSequence",
    "Image Frame Conversion Source": "ConversionSourceAttributesSequence",
    "Segmentation": "SegmentIdentificationSequence",
    "RT Image Frame Radiation Acquisition Parameters": "RTImageFrameRadiationAcquisitionSequence",
    "RT Beam Limiting Device Opening Sequence": "RTBeamLimitingDeviceOpeningSequence",
    "Breast Biopsy Target": "BiopsyTargetSequence",
    "Breast X-Ray Positioner": "PositionerPositionSequence",
    "Breast X-Ray Detector": "DetectorPositionSequence",
    "Breast X-Ray Geometry": "XRayGeometrySequence",
    "Breast X-Ray Acquisition Dose": "XRayAcquisitionDoseSequence",
    "Breast X-Ray Isocenter Reference System": "IsocenterReferenceSystemSequence",
    "Photoacoustic Image Data Type": "ImageDataTypeSequence",
    "Photoacoustic Reconstruction Algorithm": "ReconstructionAlgorithmSequence",
}
NOT_ONE_SEQUENCE = {"RT Cone-Beam Imaging"}


def rows(name):
    with open(os.path.join(STANDARD, "2025b", f"{name}.json"), encoding="utf-8") as file:
        return json.load(file)


@pytest.fixture(scope="module")
def sop_classes():
    """Identifier of a CIOD -> UIDs of its SOP Classes."""
    of = {ciod["name"]: ciod["id"] for ciod in rows("ciods")}
    found = defaultdict(list)
    for sop in rows("sops"):
        found[of[sop["ciod"]]].append(sop["id"])
    return found


@pytest.fixture(scope="module")
def modules_of():
    found = defaultdict(set)
    for row in rows("ciod_to_modules"):
        found[row["ciodId"]].add(row["moduleId"])
    return found


@pytest.fixture(scope="module")
def attributes():
    """Module -> (path, Type) of 2020-04, without those of Type 3 and of Normalized IODs."""
    found = defaultdict(list)
    with open(os.path.join(STANDARD, "2020-04", "module_attribute_types.csv"), encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["type"] in ("1", "1C", "2", "2C"):
                path = tuple(int(tag.replace("x", "0"), 16) for tag in row["path"].split(":")[1:])
                found[row["moduleId"]].append((path, row["type"]))
    return found


def test_every_composite_sop_class_of_the_standard_is_known():
    assert {sop["id"] for sop in rows("sops")} <= set(T.sop_classes)


def test_every_iod_has_its_modules(modules_of):
    for ciod, modules in modules_of.items():
        assert modules <= set(T._modules_of[ciod])
    more = {ciod: set(T._modules_of[ciod]) - modules for ciod, modules in modules_of.items()}
    assert {ciod: found for ciod, found in more.items() if found} == {
        "rt-beams-treatment-record": {"rt-beams-salvage-record"},
        "rt-ion-beams-treatment-record": {"rt-ion-beams-salvage-record"},
        "enhanced-continuous-rt-image": {"enhanced-continuous-rt-image-multi-frame-functional-groups"},
    }


def test_random_attributes_are_as_strict_as_they_were(sop_classes, modules_of, attributes):
    """Each as strict at least: another module of the IOD may ask for more, and a later edition may."""
    chance = random.Random(20261122)
    pairs = [(uid, module) for ciod, uids in sop_classes.items() for uid in uids for module in sorted(modules_of[ciod])]
    known = [(uid, module) for uid, module in pairs if attributes.get(module)]
    assert len(known) / len(pairs) > 0.9
    weaker = Counter()
    for uid, module in chance.choices(known, k=20_000):
        path, type_ = chance.choice(attributes[module])
        if iod.effective(T.type_of(uid, path)) > iod.effective(type_):
            weaker[module] += 1
    assert set(weaker) <= CHANGED
    assert weaker.total() < 300


def test_every_functional_group_macro_is_under_both_sequences(sop_classes):
    """Shared or per frame is the writer's choice, so its Types hold in either place (PS3.3 C.7.6.16)."""
    names = {macro["id"]: macro["name"] for macro in rows("macros")}
    checked = 0
    for row in rows("ciod_to_func_group_macros"):
        name = names[row["macroId"]]
        if name in NOT_ONE_SEQUENCE or row["ciodId"] not in sop_classes:  # Real-Time Video and Audio are streams
            continue
        keyword = SEQUENCES.get(name, re.sub(r"[^A-Za-z0-9]", "", name) + "Sequence")
        tag = dictionary().tag(keyword)
        assert tag is not None, name
        for uid in sop_classes[row["ciodId"]]:
            for group in GROUPS:
                assert any(path[:2] == (group, tag) for path in T.types(uid)), (row["ciodId"], name)
                checked += 1
    assert checked > 900


def test_regression_functional_groups_of_enhanced_continuous_rt_image():
    """Its IOD names the Sparse Multi-frame Functional Groups, which have no macros; those of the IOD were left out."""
    uid = next(uid for uid, name in T.sop_classes.items() if name == "Enhanced Continuous RT Image Storage")
    measures = dictionary().tag("PixelMeasuresSequence")
    assert T.type_of(uid, (GROUPS[0], measures, dictionary().tag("PixelSpacing"))) == "1C"
