"""pydicom Dataset in, new pydicom Dataset out: the same reader, planner and splicer as a run, over bytes in memory."""

import copy
import io

import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from mediscan import errors
from mediscan._native.splice import Splicer
from mediscan.codec.part10 import Reader
from mediscan.plan import executor
from mediscan.plan.plan import Plan
from mediscan.plan.planner import Planner


def deidentify(ds: Dataset, plan: Plan) -> FileDataset:
    """De-identify one data set; the input is left as it is.

    Parameters
    ----------
    ds : pydicom.Dataset
        With SOP Class, Study, Series and SOP Instance UID; its File Meta Information, if it has one, names the
        Transfer Syntax, else Explicit VR Little Endian is taken.
    plan : Plan
        From `compile_policy`.

    Raises
    ------
    errors.Refused
        If it could not be proved safe.
    """
    raw = _encode(ds)
    reader, planner, splicer = Reader(), Planner(plan), Splicer()
    header = reader.read_bytes(raw)
    instance = planner.decide(reader.table, header)
    attestation = planner.attestation(header.syntax)
    whole = executor.lay_out(splicer, reader.table, header, instance, attestation)
    return pydicom.dcmread(io.BytesIO(bytes(memoryview(splicer)) if whole is None else whole))


def _encode(ds: Dataset) -> bytes:
    """Bytes of a data set, with a File Meta Information that names the Transfer Syntax and nothing else.

    Raises
    ------
    errors.Malformed
        If pydicom cannot write it; its own message may hold a value, so that only the kind is told.
    """
    meta = FileMetaDataset()
    declared = getattr(ds, "file_meta", FileMetaDataset())
    meta.TransferSyntaxUID = declared.get("TransferSyntaxUID") or ExplicitVRLittleEndian
    source = copy.copy(ds)  # shallow: the elements are shared, the attributes are not
    source.file_meta, source.preamble = meta, bytes(128)
    raw = io.BytesIO()
    try:
        pydicom.dcmwrite(raw, source, enforce_file_format=False)
    except Exception as error:  # noqa: BLE001  pydicom's errors are of many kinds, and their texts hold values
        raise errors.Malformed(-1, f"pydicom cannot write it ({type(error).__name__})") from None
    return raw.getvalue()
