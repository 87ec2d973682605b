"""A whole study of an invented patient, built with pydicom: CT, SEG, RTSTRUCT, RTPLAN, RTDOSE, SR, KO, PR and ECG that refer to
one another, with identifying text wherever people type. No value is of a real person."""

import struct
from itertools import count
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

ROOT = "1.2.826.0.1.3680043.10.99.7"
STUDY, FRAME, TRACK = f"{ROOT}.20200310", f"{ROOT}.4", f"{ROOT}.5"
PLANTED = ("Zmyslony", "Wydumana", "Fikcyjny", "ZZ-4711-88", "Szpital Nigdzie", "Nieistnieje")
SERIES = {name: f"{ROOT}.1.{n}" for n, name in enumerate("CT SEG RTSTRUCT RTPLAN RTDOSE SR KO PR ECG".split(), 1)}
CLASSES = {
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "SEG": "1.2.840.10008.5.1.4.1.1.66.4",
    "RTSTRUCT": "1.2.840.10008.5.1.4.1.1.481.3",
    "RTPLAN": "1.2.840.10008.5.1.4.1.1.481.5",
    "RTDOSE": "1.2.840.10008.5.1.4.1.1.481.2",
    "SR": "1.2.840.10008.5.1.4.1.1.88.33",
    "KO": "1.2.840.10008.5.1.4.1.1.88.59",
    "PR": "1.2.840.10008.5.1.4.1.1.11.1",
    "ECG": "1.2.840.10008.5.1.4.1.1.9.1.1",
}


def uid(kind: str, number: int = 1) -> str:
    return f"{SERIES[kind]}.{number}"


def ds(**values) -> Dataset:
    made = Dataset()
    for keyword, value in values.items():
        setattr(
            made, keyword, Sequence(value) if isinstance(value, list) and value and isinstance(value[0], Dataset) else value
        )
    return made


def code(value: str, scheme: str, meaning: str) -> list[Dataset]:
    return [ds(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)]


def ref(kind: str, number: int = 1, **more) -> Dataset:
    return ds(ReferencedSOPClassUID=CLASSES[kind], ReferencedSOPInstanceUID=uid(kind, number), **more)


def base(kind: str, number: int = 1, **more) -> Dataset:
    made = ds(
        SOPClassUID=CLASSES[kind],
        SOPInstanceUID=uid(kind, number),
        StudyDate="20200310",
        SeriesDate="20200310",
        ContentDate="20200310",
        StudyTime="101112",
        ContentTime="101112",
        AccessionNumber="ZZ-4711-88",
        Modality=kind,
        Manufacturer="ACME",
        ReferringPhysicianName="Fikcyjny^Adam",
        StudyDescription="CT chest, Zmyslony",
        SeriesDescription="Series of Zmyslony",
        InstitutionName="Szpital Nigdzie",
        PatientName="Zmyslony^Jan",
        PatientID="ZZ-4711-88",
        PatientBirthDate="19550102",
        PatientSex="M",
        StudyInstanceUID=STUDY,
        SeriesInstanceUID=SERIES[kind],
        StudyID="ZZ-4711-88",
        SeriesNumber=list(SERIES).index(kind) + 1,
        InstanceNumber=number,
        **more,
    )
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return made


def pixels(rows: int, columns: int, bits: int, data: bytes, **more) -> dict:
    return {
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": rows,
        "Columns": columns,
        "BitsAllocated": bits,
        "BitsStored": bits,
        "HighBit": bits - 1,
        "PixelRepresentation": 0,
        "PixelData": data,
    } | more


def plane(number: int) -> dict:
    return {
        "FrameOfReferenceUID": FRAME,
        "PositionReferenceIndicator": "",
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "ImagePositionPatient": [0, 0, 2.5 * number],
        "PixelSpacing": [0.5, 0.5],
        "SliceThickness": 2.5,
    }


def ct(number: int) -> Dataset:
    made = base("CT", number, ImageType=["ORIGINAL", "PRIMARY", "AXIAL"], KVP="120", **plane(number))
    made.update(ds(AcquisitionNumber=1, PatientPosition="HFS", RescaleIntercept="-1024", RescaleSlope="1", RescaleType="HU"))
    made.update(ds(**pixels(4, 4, 16, struct.pack("<16H", *range(number, number + 16)))))
    return made


def seg() -> Dataset:
    def frame(number: int) -> Dataset:
        source = ref("CT", number, PurposeOfReferenceCodeSequence=code("121322", "DCM", "Source image"))
        derivation = ds(SourceImageSequence=[source], DerivationCodeSequence=code("113076", "DCM", "Segmentation"))
        return ds(
            DerivationImageSequence=[derivation],
            FrameContentSequence=[ds(DimensionIndexValues=[1, number])],
            PlanePositionSequence=[ds(ImagePositionPatient=[0, 0, 2.5 * number])],
            SegmentIdentificationSequence=[ds(ReferencedSegmentNumber=1)],
        )

    segment = ds(
        SegmentedPropertyCategoryCodeSequence=code("123037004", "SCT", "Anatomical Structure"),
        SegmentNumber=1,
        SegmentLabel="Liver of Zmyslony",
        SegmentDescription="drawn by Wydumana",
        SegmentAlgorithmType="MANUAL",
        SegmentedPropertyTypeCodeSequence=code("10200004", "SCT", "Liver"),
        TrackingID="Zmyslony lesion 1",
        TrackingUID=TRACK,
    )
    index = f"{ROOT}.6"
    dimension = ds(DimensionOrganizationUID=index, DimensionIndexPointer=0x0062000B, FunctionalGroupPointer=0x0062000A)
    second = ds(DimensionOrganizationUID=index, DimensionIndexPointer=0x00200032, FunctionalGroupPointer=0x00209113)
    shared = ds(
        PlaneOrientationSequence=[ds(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])],
        PixelMeasuresSequence=[ds(SliceThickness=2.5, SpacingBetweenSlices=2.5, PixelSpacing=[0.5, 0.5])],
    )
    return base(
        "SEG",
        ImageType=["DERIVED", "PRIMARY"],
        FrameOfReferenceUID=FRAME,
        PositionReferenceIndicator="",
        ManufacturerModelName="ACME Seg",
        DeviceSerialNumber="ZZ-4711-88",
        SoftwareVersions="1.0",
        ContentLabel="SEGMENTATION",
        ContentDescription="Liver of Zmyslony",
        ContentCreatorName="Wydumana^Ewa",
        SegmentationType="BINARY",
        LossyImageCompression="00",
        SegmentSequence=[segment],
        NumberOfFrames=2,
        DimensionOrganizationSequence=[ds(DimensionOrganizationUID=index)],
        DimensionIndexSequence=[dimension, second],
        ReferencedSeriesSequence=[ds(SeriesInstanceUID=SERIES["CT"], ReferencedInstanceSequence=[ref("CT", 1), ref("CT", 2)])],
        SharedFunctionalGroupsSequence=[shared],
        PerFrameFunctionalGroupsSequence=[frame(1), frame(2)],
        **pixels(4, 4, 1, b"\x0f\xf0\xff\x00"),
    )


def rtstruct() -> Dataset:
    images = [ref("CT", n) for n in (1, 2, 3)]
    series = ds(SeriesInstanceUID=SERIES["CT"], ContourImageSequence=images)
    study = ds(
        ReferencedSOPClassUID="1.2.840.10008.3.1.2.3.1", ReferencedSOPInstanceUID=STUDY, RTReferencedSeriesSequence=[series]
    )
    frame = ds(FrameOfReferenceUID=FRAME, RTReferencedStudySequence=[study])
    contour = ds(
        ContourImageSequence=[ref("CT", 2)],
        ContourGeometricType="CLOSED_PLANAR",
        NumberOfContourPoints=3,
        ContourData=["0", "0", "5", "1", "0", "5", "1", "1", "5"],
    )
    roi = ds(
        ROINumber=1,
        ReferencedFrameOfReferenceUID=FRAME,
        ROIName="GTV Zmyslony",
        ROIDescription="drawn by Wydumana",
        ROIGenerationAlgorithm="MANUAL",
    )
    observation = ds(
        ObservationNumber=1,
        ReferencedROINumber=1,
        ROIObservationLabel="GTV Zmyslony",
        RTROIInterpretedType="GTV",
        ROIInterpreter="Fikcyjny^Adam",
    )
    return base(
        "RTSTRUCT",
        StructureSetLabel="Zmyslony",
        StructureSetName="Zmyslony 1",
        StructureSetDescription="for Fikcyjny",
        StructureSetDate="20200311",
        StructureSetTime="101112",
        OperatorsName="Wydumana^Ewa",
        ReferencedFrameOfReferenceSequence=[frame],
        StructureSetROISequence=[roi],
        ROIContourSequence=[ds(ReferencedROINumber=1, ROIDisplayColor=[255, 0, 0], ContourSequence=[contour])],
        RTROIObservationsSequence=[observation],
        FrameOfReferenceUID=FRAME,
        PositionReferenceIndicator="",
    )


def rtplan() -> Dataset:
    point = ds(ControlPointIndex=0, CumulativeMetersetWeight="0", NominalBeamEnergy="6", GantryAngle="0")
    limits = [
        ds(RTBeamLimitingDeviceType="X", NumberOfLeafJawPairs=1),
        ds(RTBeamLimitingDeviceType="Y", NumberOfLeafJawPairs=1),
    ]
    beam = ds(
        TreatmentMachineName="Nieistnieje 1",
        BeamNumber=1,
        BeamName="AP Zmyslony",
        BeamDescription="for Zmyslony",
        BeamType="STATIC",
        RadiationType="PHOTON",
        TreatmentDeliveryType="TREATMENT",
        BeamLimitingDeviceSequence=limits,
        NumberOfWedges=0,
        NumberOfCompensators=0,
        NumberOfBoli=0,
        NumberOfBlocks=0,
        FinalCumulativeMetersetWeight="1",
        NumberOfControlPoints=2,
        ControlPointSequence=[point, ds(ControlPointIndex=1, CumulativeMetersetWeight="1")],
    )
    group = ds(
        FractionGroupNumber=1,
        NumberOfFractionsPlanned=30,
        NumberOfBeams=1,
        NumberOfBrachyApplicationSetups=0,
        ReferencedBeamSequence=[ds(ReferencedBeamNumber=1, BeamMeterset="100")],
    )
    return base(
        "RTPLAN",
        RTPlanLabel="Zmyslony",
        RTPlanName="Zmyslony boost",
        RTPlanDescription="boost for Zmyslony, Fikcyjny",
        RTPlanDate="20200312",
        RTPlanTime="101112",
        RTPlanGeometry="PATIENT",
        OperatorsName="Wydumana^Ewa",
        FractionGroupSequence=[group],
        BeamSequence=[beam],
        ReferencedStructureSetSequence=[ref("RTSTRUCT")],
        FrameOfReferenceUID=FRAME,
        PositionReferenceIndicator="",
        ApprovalStatus="UNAPPROVED",
    )


def rtdose() -> Dataset:
    return base(
        "RTDOSE",
        OperatorsName="Wydumana^Ewa",
        DoseUnits="GY",
        DoseType="PHYSICAL",
        DoseSummationType="PLAN",
        DoseComment="of Zmyslony",
        DoseGridScaling="0.001",
        NumberOfFrames=2,
        FrameIncrementPointer=0x3004000C,
        GridFrameOffsetVector=["0", "2.5"],
        ReferencedRTPlanSequence=[ref("RTPLAN")],
        ReferencedStructureSetSequence=[ref("RTSTRUCT")],
        **plane(1),
        **pixels(2, 2, 16, struct.pack("<8H", *range(8))),
    )


def content(relationship: str, kind: str, concept: list[Dataset] | None, *below: Dataset, **value) -> Dataset:
    made = ds(RelationshipType=relationship, ValueType=kind, **value)
    if concept:
        made.ConceptNameCodeSequence = Sequence(concept)
    if below:
        made.ContentSequence = Sequence(below)
    return made


def evidence(*kinds: str) -> list[Dataset]:
    held = {"CT": [1, 2, 3], "SEG": [1]}
    series = [ds(SeriesInstanceUID=SERIES[k], ReferencedSOPSequence=[ref(k, n) for n in held[k]]) for k in kinds]
    return [ds(StudyInstanceUID=STUDY, ReferencedSeriesSequence=series)]


def number(relationship: str, concept: list[Dataset], value: str, unit: str, *below: Dataset) -> Dataset:
    measured = ds(NumericValue=value, MeasurementUnitsCodeSequence=code(unit, "UCUM", unit))
    return content(relationship, "NUM", concept, *below, MeasuredValueSequence=[measured])


def sr() -> Dataset:
    """Observer, comment, measurements; item 5 of 7 refers to the first measurement by its position."""
    image = content("SELECTED FROM", "IMAGE", None, ReferencedSOPSequence=[ref("CT", 2)])
    region = content("INFERRED FROM", "SCOORD", None, image, GraphicData=[1.0, 1.0, 3.0, 3.0], GraphicType="POLYLINE")
    items = [
        content("HAS OBS CONTEXT", "PNAME", code("121008", "DCM", "Person Observer Name"), PersonName="Wydumana^Ewa"),
        content(
            "HAS OBS CONTEXT", "TEXT", code("121009", "DCM", "Person Observer's Organization Name"), TextValue="Nieistnieje"
        ),
        content("CONTAINS", "TEXT", code("121106", "DCM", "Comment"), TextValue="Zmyslony, seen by Fikcyjny on 10.03.2020"),
        number("CONTAINS", code("103339001", "SCT", "Long axis"), "12.5", "mm", region),
        content("CONTAINS", "TEXT", code("121071", "DCM", "Finding"), TextValue="liver mass"),
        content("CONTAINS", "UIDREF", code("112040", "DCM", "Tracking Unique Identifier"), UID=TRACK),
        content("CONTAINS", "IMAGE", None, ReferencedSOPSequence=[ref("SEG")]),
        content("CONTAINS", "TEXT", code("X1", "99HOSP", "said by Wydumana"), TextValue="Zmyslony has no pain"),
        number("HAS OBS CONTEXT", code("121033", "DCM", "Subject Age"), "93", "a"),
        content("CONTAINS", "DATE", code("111060", "DCM", "Study Date"), Date="20200310"),
    ]
    items[4].ContentSequence = Sequence([ds(RelationshipType="INFERRED FROM", ReferencedContentItemIdentifier=[1, 4])])
    return base(
        "SR",
        ReferencedPerformedProcedureStepSequence=None,
        CompletionFlag="COMPLETE",
        CompletionFlagDescription="signed by Fikcyjny",
        VerificationFlag="UNVERIFIED",
        PerformedProcedureCodeSequence=None,
        CurrentRequestedProcedureEvidenceSequence=evidence("CT", "SEG"),
        ValueType="CONTAINER",
        ConceptNameCodeSequence=code("126000", "DCM", "Imaging Measurement Report"),
        ContinuityOfContent="SEPARATE",
        ContentSequence=items,
    )


def ko() -> Dataset:
    items = [
        content("CONTAINS", "TEXT", code("113012", "DCM", "Key Object Description"), TextValue="for Fikcyjny: Zmyslony"),
        content("CONTAINS", "IMAGE", None, ReferencedSOPSequence=[ref("CT", 2)]),
        content("CONTAINS", "IMAGE", None, ReferencedSOPSequence=[ref("CT", 3)]),
    ]
    return base(
        "KO",
        ReferencedPerformedProcedureStepSequence=None,
        CurrentRequestedProcedureEvidenceSequence=evidence("CT"),
        ValueType="CONTAINER",
        ConceptNameCodeSequence=code("113000", "DCM", "Of Interest"),
        ContinuityOfContent="SEPARATE",
        ContentSequence=items,
    )


def pr() -> Dataset:
    text = ds(
        BoundingBoxAnnotationUnits="DISPLAY",
        UnformattedTextValue="Zmyslony, seen by Fikcyjny",
        BoundingBoxTopLeftHandCorner=[0.1, 0.1],
        BoundingBoxBottomRightHandCorner=[0.5, 0.2],
        BoundingBoxTextHorizontalJustification="LEFT",
    )
    graphic = ds(
        GraphicAnnotationUnits="PIXEL",
        GraphicDimensions=2,
        NumberOfGraphicPoints=2,
        GraphicData=[1.0, 1.0, 3.0, 3.0],
        GraphicType="POLYLINE",
        GraphicFilled="N",
    )
    area = ds(
        ReferencedImageSequence=[ref("CT", 2)],
        DisplayedAreaTopLeftHandCorner=[1, 1],
        DisplayedAreaBottomRightHandCorner=[4, 4],
        PresentationSizeMode="SCALE TO FIT",
        PresentationPixelAspectRatio=[1, 1],
    )
    annotation = ds(
        ReferencedImageSequence=[ref("CT", 2)],
        GraphicLayer="LAYER1",
        TextObjectSequence=[text],
        GraphicObjectSequence=[graphic],
    )
    layer = ds(GraphicLayer="LAYER1", GraphicLayerOrder=1, GraphicLayerDescription="by Wydumana")
    return base(
        "PR",
        PresentationCreationDate="20200310",
        PresentationCreationTime="101112",
        ContentLabel="NOTES",
        ContentDescription="Zmyslony",
        ContentCreatorName="Wydumana^Ewa",
        ReferencedSeriesSequence=[ds(SeriesInstanceUID=SERIES["CT"], ReferencedImageSequence=[ref("CT", 2)])],
        DisplayedAreaSelectionSequence=[area],
        GraphicAnnotationSequence=[annotation],
        GraphicLayerSequence=[layer],
        PresentationLUTShape="IDENTITY",
    )


def ecg() -> Dataset:
    def channel(number: int) -> Dataset:
        return ds(
            ChannelLabel=f"Zmyslony {number}",
            ChannelSourceSequence=code("2:1", "MDC", "Lead I"),
            ChannelSensitivity="1",
            ChannelSensitivityUnitsSequence=code("uV", "UCUM", "microvolt"),
            ChannelSensitivityCorrectionFactor="1",
            ChannelBaseline="0",
            WaveformBitsStored=16,
            ChannelSampleSkew="0",
        )

    group = ds(
        WaveformOriginality="ORIGINAL",
        NumberOfWaveformChannels=12,
        NumberOfWaveformSamples=4,
        SamplingFrequency="500",
        MultiplexGroupLabel="of Zmyslony",
        ChannelDefinitionSequence=[channel(n) for n in range(12)],
        WaveformBitsAllocated=16,
        WaveformSampleInterpretation="SS",
        WaveformData=struct.pack("<48h", *range(48)),
    )
    note = ds(UnformattedTextValue="sinus rhythm, Zmyslony", ReferencedWaveformChannels=[1, 1], AnnotationGroupNumber=1)
    made = base(
        "ECG",
        AcquisitionDateTime="20200310101112",
        AcquisitionContextSequence=[
            content("", "TEXT", code("109054", "DCM", "Patient State"), TextValue="Zmyslony at rest"),
            content("", "CODE", code("109054", "DCM", "Patient State"), ConceptCodeSequence=code("Q1", "99HOSP", "Wydumana")),
        ],
        WaveformAnnotationSequence=[note],
        WaveformSequence=[group],
    )
    for item in made.AcquisitionContextSequence:
        del item.RelationshipType
    return made


def instances() -> list[Dataset]:
    return [*map(ct, (1, 2, 3)), seg(), rtstruct(), rtplan(), rtdose(), sr(), ko(), pr(), ecg()]


def write(folder: Path) -> Path:
    """Put the study into a new folder."""
    folder.mkdir()
    for serial, made in zip(count(), instances(), strict=False):
        made.save_as(folder / f"{serial:02d}.dcm", enforce_file_format=True)
    return folder
