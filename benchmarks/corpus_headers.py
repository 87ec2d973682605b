"""The invented headers of the benchmark corpus, as data.

Keyword (or tag, for private elements) -> value; `{name}` stands for a field of `corpus.fields`, all of fixed width, so
that a header is written once and patched afterwards. Every person, place and number here is made up.
"""

from typing import Any

Header = dict[str, Any]

TRANSFER_SYNTAXES = {
    "implicit": "1.2.840.10008.1.2",
    "explicit": "1.2.840.10008.1.2.1",
    "jpeg": "1.2.840.10008.1.2.4.50",
}

SOP_CLASSES = {
    "ct": "1.2.840.10008.5.1.4.1.1.2",
    "mr": "1.2.840.10008.5.1.4.1.1.4",
    "multi": "1.2.840.10008.5.1.4.1.1.2.1",
    "jpeg": "1.2.840.10008.5.1.4.1.1.6.1",
}


def code(value: str, scheme: str, meaning: str) -> Header:
    """Return one item of a code sequence (PS3.3 section 8.8)."""
    version = {"CodingSchemeVersion": "20190101"}
    return {"CodeValue": value, "CodingSchemeDesignator": scheme, **version, "CodeMeaning": meaning}


def reference(sop_class: str, instance: str) -> Header:
    """Return one item that refers to a SOP Instance (PS3.3 table 10-11)."""
    return {"ReferencedSOPClassUID": sop_class, "ReferencedSOPInstanceUID": instance}


_STUDY_CLASS = "1.2.840.10008.3.1.2.3.1"
_PERFORMED_STEP_CLASS = "1.2.840.10008.3.1.2.3.3"

_HISTORY = (
    "Invented history of PERSON{person}: follow-up after invented surgery by DR INVENTED on {study_date}; "
    "no known allergies; patient {patient_id} came from TESTTOWN and can be reached on +00 000 555 0100; "
    "compare with the invented earlier study of the same region, question of an invented change"
)

PATIENT: Header = {
    "PatientName": "INVENTED^PERSON{person}^TEST",
    "PatientID": "{patient_id}",
    "IssuerOfPatientID": "INVENTED HOSPITAL",
    "PatientBirthDate": "{birth_date}",
    "PatientSex": "O",
    "OtherPatientIDs": "ALT{patient_id}",
    "PatientAge": "054Y",
    "PatientSize": "1.74",
    "PatientWeight": "78.5",
    "PatientAddress": "1 NOWHERE STREET^TESTTOWN",
    "MedicalAlerts": "NONE KNOWN",
    "Allergies": "NONE KNOWN",
    "EthnicGroup": "UNKNOWN",
    "AdditionalPatientHistory": _HISTORY,
    "PregnancyStatus": 4,
    "PatientComments": "INVENTED RECORD FOR BENCHMARKS, NO REAL PERSON",
}

STUDY: Header = {
    "StudyDate": "{study_date}",
    "StudyTime": "{study_time}",
    "AccessionNumber": "{accession}",
    "ReferringPhysicianName": "INVENTED^REFERRER^^DR",
    "ReferringPhysicianAddress": "2 NOWHERE STREET^TESTTOWN",
    "StudyDescription": "THORAX WITH CONTRAST",
    "ProcedureCodeSequence": [code("IP-4711", "99INV", "Thorax with contrast")],
    "PhysiciansOfRecord": "INVENTED^RECORD^^DR",
    "NameOfPhysiciansReadingStudy": "INVENTED^READER^^DR",
    "OperatorsName": "INVENTED^OPERATOR",
    "AdmittingDiagnosesDescription": "INVENTED DIAGNOSIS",
    "ReferencedStudySequence": [reference(_STUDY_CLASS, "{study_uid}")],
    "ReferencedPerformedProcedureStepSequence": [reference(_PERFORMED_STEP_CLASS, "{step_uid}")],
    "StudyInstanceUID": "{study_uid}",
    "StudyID": "{study_id}",
    "RequestingPhysician": "INVENTED^REQUESTER^^DR",
    "RequestingService": "TEST WARD",
    "RequestedProcedureDescription": "CT THORAX WITH CONTRAST",
    "RequestedProcedureCodeSequence": [code("IP-4711", "99INV", "Thorax with contrast")],
}

SERIES: Header = {
    "SeriesDate": "{study_date}",
    "SeriesTime": "{series_time}",
    "SeriesDescription": "SOFT TISSUE 2.5",
    "SeriesInstanceUID": "{series_uid}",
    "SeriesNumber": "{series_number}",
    "PerformingPhysicianName": "INVENTED^PERFORMER^^DR",
    "ProtocolName": "THORAX ROUTINE",
    "BodyPartExamined": "CHEST",
    "PatientPosition": "HFS",
    "FrameOfReferenceUID": "{frame_uid}",
    "PositionReferenceIndicator": "SN",
    "ScheduledProcedureStepStartDate": "{study_date}",
    "PerformedStationAETitle": "INVENTEDAE",
    "PerformedStationName": "INVENTED1",
    "PerformedProcedureStepStartDate": "{study_date}",
    "PerformedProcedureStepStartTime": "{study_time}",
    "PerformedProcedureStepID": "STEP{study_id}",
    "PerformedProcedureStepDescription": "THORAX WITH CONTRAST",
    "PerformedProtocolCodeSequence": [code("PP-0815", "99INV", "Thorax routine")],
    "CommentsOnThePerformedProcedureStep": "UNEVENTFUL",
    "RequestAttributesSequence": [
        {
            "RequestedProcedureDescription": "CT THORAX WITH CONTRAST",
            "ScheduledProcedureStepDescription": "THORAX ROUTINE",
            "ScheduledProtocolCodeSequence": [code("SP-0815", "99INV", "Thorax routine")],
            "ScheduledProcedureStepID": "SPS{study_id}",
            "RequestedProcedureID": "RP{study_id}",
        }
    ],
}

EQUIPMENT: Header = {
    "Manufacturer": "INVENTED MEDICAL SYSTEMS",
    "InstitutionName": "INVENTED HOSPITAL",
    "InstitutionAddress": "3 NOWHERE STREET^TESTTOWN",
    "StationName": "INVENTED1",
    "InstitutionalDepartmentName": "RADIOLOGY",
    "ManufacturerModelName": "Model Zero",
    "DeviceSerialNumber": "SN00000001",
    "SoftwareVersions": "inv_0.1",
    "DateOfLastCalibration": "20190102",
}

INSTANCE: Header = {
    "SpecificCharacterSet": "ISO_IR 100",
    "InstanceCreationDate": "{study_date}",
    "InstanceCreationTime": "{content_time}",
    "InstanceCreatorUID": "{device_uid}",
    "SOPClassUID": "{sop_class}",
    "SOPInstanceUID": "{sop_uid}",
    "AcquisitionDate": "{study_date}",
    "ContentDate": "{study_date}",
    "AcquisitionDateTime": "{study_date}{acquisition_time}",
    "AcquisitionTime": "{acquisition_time}",
    "ContentTime": "{content_time}",
    "AcquisitionNumber": "1",
    "InstanceNumber": "{instance_number}",
    "ImageComments": "IMAGE {instance_number} OF PERSON{person}",
    "LossyImageCompression": "00",
    "BurnedInAnnotation": "NO",
}

PLANE: Header = {
    "ImagePositionPatient": "-174.658\\-322.658\\{position}",
    "ImageOrientationPatient": "1\\0\\0\\0\\1\\0",
    "SliceLocation": "{position}",
    "PixelSpacing": "0.682\\0.682",
    "SliceThickness": "2.5",
    "SpacingBetweenSlices": "2.5",
    "AnatomicRegionSequence": [code("51185008", "SCT", "Thoracic structure")],
    "ReferencedImageSequence": [
        reference("{sop_class}", "{localizer_uid}"),
        reference("{sop_class}", "{previous_uid}"),
    ],
    "SourceImageSequence": [
        {
            **reference("{sop_class}", "{raw_uid}"),
            "PurposeOfReferenceCodeSequence": [code("121322", "DCM", "Source image for image processing operation")],
        }
    ],
}

CT: Header = {
    "ImageType": "ORIGINAL\\PRIMARY\\AXIAL",
    "Modality": "CT",
    "ContrastBolusAgent": "INVENTED 300",
    "ContrastBolusAgentSequence": [code("IC-1", "99INV", "Invented agent")],
    "ScanOptions": "HELICAL MODE",
    "KVP": "120",
    "ReconstructionDiameter": "349.0",
    "DistanceSourceToDetector": "949.147",
    "GantryDetectorTilt": "0.0",
    "TableHeight": "142.5",
    "RotationDirection": "CW",
    "ExposureTime": "500",
    "XRayTubeCurrent": "320",
    "Exposure": "160",
    "FilterType": "BODY FILTER",
    "FocalSpots": "1.2",
    "ConvolutionKernel": "STANDARD",
    "CTDIvol": 9.87,
    "CTDIPhantomTypeCodeSequence": [code("113691", "DCM", "IEC Body Dosimetry Phantom")],
    "RescaleIntercept": "-1024",
    "RescaleSlope": "1",
    "RescaleType": "HU",
    "WindowCenter": "40\\-500",
    "WindowWidth": "400\\1500",
    "ReferencedPatientSequence": [reference("1.2.840.10008.3.1.2.1.1", "{person_uid}")],
    "IrradiationEventUID": "{event_uid}",
    "IssuerOfAccessionNumberSequence": [
        {"LocalNamespaceEntityID": "INVENTED", "UniversalEntityID": "1.2.3.4.5", "UniversalEntityIDType": "ISO"}
    ],
    "OtherPatientIDsSequence": [
        {"PatientID": "ALT{patient_id}", "IssuerOfPatientID": "INVENTED CLINIC", "TypeOfPatientID": "TEXT"},
        {"PatientID": "OLD{patient_id}", "IssuerOfPatientID": "INVENTED OFFICE", "TypeOfPatientID": "TEXT"},
        {"PatientID": "WEB{patient_id}", "IssuerOfPatientID": "INVENTED PORTAL", "TypeOfPatientID": "TEXT"},
    ],
    "ReferringPhysicianIdentificationSequence": [
        {
            "InstitutionName": "INVENTED PRACTICE",
            "PersonIdentificationCodeSequence": [code("DR-1", "99INV", "Invented Referrer")],
            "PersonTelephoneNumbers": "+00 000 555 0101",
        }
    ],
    "OperatorIdentificationSequence": [
        {
            "InstitutionName": "INVENTED HOSPITAL",
            "PersonIdentificationCodeSequence": [code("OP-1", "99INV", "Invented Operator")],
        }
    ],
}

MR: Header = {
    "ImageType": "ORIGINAL\\PRIMARY\\M\\ND",
    "Modality": "MR",
    "ScanningSequence": "SE",
    "SequenceVariant": "SK\\SP",
    "ScanOptions": "PFP",
    "MRAcquisitionType": "2D",
    "SequenceName": "*tse2d1_9",
    "AngioFlag": "N",
    "RepetitionTime": "4000",
    "EchoTime": "95",
    "NumberOfAverages": "2",
    "ImagingFrequency": "63.676",
    "ImagedNucleus": "1H",
    "EchoNumbers": "1",
    "MagneticFieldStrength": "1.5",
    "NumberOfPhaseEncodingSteps": "288",
    "EchoTrainLength": "9",
    "PercentSampling": "75",
    "PercentPhaseFieldOfView": "100",
    "PixelBandwidth": "180",
    "TransmitCoilName": "Body",
    "AcquisitionMatrix": [0, 128, 96, 0],
    "InPlanePhaseEncodingDirection": "ROW",
    "FlipAngle": "150",
    "VariableFlipAngleFlag": "N",
    "SAR": "0.57",
    "dBdt": "0",
    "TriggerTime": "0",
    "NominalInterval": "0",
    "BeatRejectionFlag": "N",
    "ReceiveCoilName": "Spine",
    "WindowCenter": "512",
    "WindowWidth": "1024",
}

ENHANCED_CT: Header = {
    "ImageType": "ORIGINAL\\PRIMARY\\VOLUME\\NONE",
    "Modality": "CT",
    "PixelPresentation": "MONOCHROME",
    "VolumetricProperties": "VOLUME",
    "VolumeBasedCalculationTechnique": "NONE",
    "AcquisitionDuration": 6.4,
    "ContentQualification": "RESEARCH",
    "PresentationLUTShape": "IDENTITY",
    "NumberOfFrames": "128",
    "DimensionOrganizationSequence": [{"DimensionOrganizationUID": "{organization_uid}"}],
    "DimensionIndexSequence": [
        {
            "DimensionOrganizationUID": "{organization_uid}",
            "DimensionIndexPointer": 0x00209057,  # In-Stack Position Number
            "FunctionalGroupPointer": 0x00209111,  # Frame Content Sequence
        }
    ],
    "SharedFunctionalGroupsSequence": [
        {
            "PixelMeasuresSequence": [{"SliceThickness": "1.25", "PixelSpacing": "0.682\\0.682"}],
            "PlaneOrientationSequence": [{"ImageOrientationPatient": "1\\0\\0\\0\\1\\0"}],
            "FrameAnatomySequence": [
                {
                    "FrameLaterality": "U",
                    "AnatomicRegionSequence": [code("51185008", "SCT", "Thoracic structure")],
                }
            ],
            "PixelValueTransformationSequence": [{"RescaleIntercept": "-1024", "RescaleSlope": "1", "RescaleType": "HU"}],
            "FrameVOILUTSequence": [{"WindowCenter": "40", "WindowWidth": "400"}],
        }
    ],
}

ULTRASOUND: Header = {
    "ImageType": "ORIGINAL\\PRIMARY\\ABDOMINAL\\0001",
    "Modality": "US",
    "TransducerData": "C5-1\\INVENTED",
    "ProcessingFunction": "ABDOMEN",
    "HeartRate": "72",
    "BurnedInAnnotation": "YES",
    "LossyImageCompression": "01",
    "LossyImageCompressionRatio": "9.5",
    "LossyImageCompressionMethod": "ISO_10918_1",
    "SequenceOfUltrasoundRegions": [
        {
            "RegionSpatialFormat": 1,
            "RegionDataType": 1,
            "RegionFlags": 0,
            "RegionLocationMinX0": 10,
            "RegionLocationMinY0": 40,
            "RegionLocationMaxX1": 200,
            "RegionLocationMaxY1": 100,
            "PhysicalUnitsXDirection": 3,
            "PhysicalUnitsYDirection": 3,
            "PhysicalDeltaX": 0.02,
            "PhysicalDeltaY": 0.02,
        }
    ],
}


def image(columns: int, rows: int, bits: int = 16) -> Header:
    """Return the Image Pixel Module of a monochrome image (PS3.3 section C.7.6.3)."""
    return {
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": rows,
        "Columns": columns,
        "BitsAllocated": bits,
        "BitsStored": min(bits, 12),
        "HighBit": min(bits, 12) - 1,
        "PixelRepresentation": 0,
        **({"SmallestImagePixelValue": 0, "LargestImagePixelValue": 4095} if bits == 16 else {}),
    }


def frame_groups(number: int) -> Header:
    """Return one item of the Per-Frame Functional Groups Sequence, frames counted from 1."""
    position = f"-{400 - 1.25 * number:.2f}"
    return {
        "FrameContentSequence": [
            {
                "FrameAcquisitionNumber": number,
                "FrameReferenceDateTime": "{study_date}{study_time}",
                "FrameAcquisitionDateTime": "{study_date}{study_time}",
                "FrameAcquisitionDuration": 50.0,
                "StackID": "1",
                "InStackPositionNumber": number,
                "DimensionIndexValues": number,
            }
        ],
        "PlanePositionSequence": [{"ImagePositionPatient": f"-174.658\\-322.658\\{position}"}],
        "CTExposureSequence": [
            {"ExposureTimeInms": 50.0, "XRayTubeCurrentInmA": 320.0, "ExposureInmAs": 16.0, "CTDIvol": 9.87}
        ],
        "CTPositionSequence": [{"TablePosition": float(number), "DataCollectionCenterPatient": [0.0, -148.0, 12.5]}],
        "IrradiationEventIdentificationSequence": [{"IrradiationEventUID": "{event_uid}"}],
        "DerivationImageSequence": [{"SourceImageSequence": [reference("{sop_class}", "{raw_uid}")]}],
    }


# group, creator -> element number inside the block, VR, value (PS3.5 section 7.8.1)
Private = dict[tuple[int, str], list[tuple[int, str, Any]]]

PRIVATE: Private = {
    (0x0009, "INVENTED IDENT 01"): [
        (0x01, "LO", "INVENTED^PERSON{person}"),
        (0x02, "SH", "{patient_id}"),
        (0x03, "LO", "INV_SUITE_0.1"),
        (0x10, "DA", "{study_date}"),
        (0x11, "TM", "{study_time}"),
        (0x12, "UI", "{series_uid}"),
        (0x13, "SL", 42),
    ],
    (0x0019, "INVENTED ACQ 01"): [
        (0x02, "SL", 912),
        (0x03, "DS", "389.75"),
        (0x04, "DS", "1.09"),
        (0x0F, "DS", "760.0"),
        (0x11, "SS", 1),
        (0x23, "DS", "55.0"),
        (0x24, "DS", "13.0"),
        (0x26, "SL", 984),
        (0x2C, "OB", bytes(range(256)) * 2),
    ],
}
