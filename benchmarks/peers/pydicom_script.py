"""The usual pydicom script: walk, drop private elements, empty or replace what identifies, renew UIDs, save.

python benchmarks/peers/pydicom_script.py SRC DST
"""

import os
import sys

import pydicom
from pydicom.uid import generate_uid

REMOVE = """
AdditionalPatientHistory Allergies ImageComments InstitutionAddress InstitutionName InstitutionalDepartmentName
IssuerOfPatientID MedicalAlerts NameOfPhysiciansReadingStudy OperatorsName OtherPatientIDs
OtherPatientIDsSequence PatientAddress PatientComments PerformingPhysicianName PhysiciansOfRecord
ReferringPhysicianAddress ReferringPhysicianIdentificationSequence RequestAttributesSequence RequestingPhysician
RequestingService StationName
""".split()
REPLACE = {"PatientName": "ANONYMOUS", "PatientID": "ANONYMOUS", "AccessionNumber": "", "ReferringPhysicianName": ""}
SALT = "not a secret, a benchmark"


def clean(dataset: pydicom.Dataset, element: pydicom.DataElement) -> None:
    """Apply the rules to one element; UIDs of the Standard itself stay."""
    if element.keyword in REMOVE:
        del dataset[element.tag]
    elif element.keyword in REPLACE:
        element.value = REPLACE[element.keyword]
    elif element.VR in ("DA", "DT") and element.value:
        element.value = element.value[:4] + "0101"
    elif element.VR == "UI" and not str(element.value).startswith("1.2.840.10008."):
        element.value = generate_uid(entropy_srcs=[SALT, str(element.value)])


def deidentify(source: str, target: str) -> None:
    """Write a de-identified copy of one file."""
    dataset = pydicom.dcmread(source)
    dataset.remove_private_tags()
    dataset.walk(clean)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.save_as(target)


def main(source: str, destination: str) -> None:
    """De-identify every file below `source` into the same tree below `destination`."""
    for folder, _, names in os.walk(source):
        target = os.path.join(destination, os.path.relpath(folder, source))
        os.makedirs(target, exist_ok=True)
        for name in names:
            deidentify(os.path.join(folder, name), os.path.join(target, name))


if __name__ == "__main__":
    main(*sys.argv[1:])
