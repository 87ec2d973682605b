"""Instances for the tests of plan/: made by pydicom, de-identified in memory, read back by pydicom."""

import io

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from mediscan._native.splice import Splicer
from mediscan.codec.part10 import Reader
from mediscan.plan import executor
from mediscan.plan.plan import compile_policy
from mediscan.plan.planner import Planner
from mediscan.pseudonym.keyring import Key

KEY = Key(bytes(range(32)))
CT = "1.2.840.10008.5.1.4.1.1.2"
MR = "1.2.840.10008.5.1.4.1.1.4"
ENCODINGS = [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian]


def instance(**changes):
    """A small CT instance; a change of None leaves an attribute out."""
    values = {
        "SOPClassUID": CT,
        "SOPInstanceUID": "1.2.3.4.5",
        "StudyDate": "20200310",
        "SeriesDate": "20200312",
        "StudyTime": "101112",
        "SeriesTime": "101113.5",
        "AccessionNumber": "ACC1",
        "Modality": "CT",
        "PatientName": "Doe^Jane",
        "PatientID": "MRN-17",
        "PatientBirthDate": "19700515",
        "PatientSex": "F",
        "StudyInstanceUID": "1.2.3.4",
        "SeriesInstanceUID": "1.2.3.4.1",
        "StudyID": "77",
    }
    ds = Dataset()
    for keyword, value in (values | changes).items():
        if value is not None:
            setattr(ds, keyword, value)
    return ds


def encode(ds, syntax=ExplicitVRLittleEndian):
    """The file of a data set."""
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    raw = io.BytesIO()
    pydicom.dcmwrite(raw, ds, enforce_file_format=True)
    return raw.getvalue()


def planner(policy="safe-harbor", dates=None, key=KEY):
    return Planner(compile_policy(policy, key=key, dates=dates))


def run(data, chosen):
    """(output bytes, Instance) of one file."""
    reader, splicer = Reader(), Splicer()
    head = reader.read_bytes(data)
    found = chosen.decide(reader.table, head)
    whole = executor.lay_out(splicer, reader.table, head, found, chosen.attestation(head.syntax))
    return bytes(memoryview(splicer)) if whole is None else whole, found


def clean(ds, chosen, syntax=ExplicitVRLittleEndian):
    """A data set de-identified and read back."""
    return pydicom.dcmread(io.BytesIO(run(encode(ds, syntax), chosen)[0]))
