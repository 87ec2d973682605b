"""Writes a DICOMDIR (PS3.3 Annex F, PS3.10 8.6) for an output tree, from the outputs alone: nothing of an input's DICOMDIR.

A File ID is up to eight components of one to eight capitals, digits and underscores (PS3.10 8.2, 8.5), which names made of
UIDs are not: hence the layout ``media``. Offsets in a DICOMDIR count from its first byte, so that each record is encoded
once, its size known, and only then told where its neighbours are.
"""

import hashlib
import os
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mediscan.errors import RunError
from mediscan.plan import executor
from mediscan.profile import sop_classes
from mediscan.pseudonym.dummies import DUMMIES

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

NAME = "DICOMDIR"
_CLASS = "1.2.840.10008.1.3.10"  # Media Storage Directory Storage
_EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
_IN_USE = 0xFFFF
_UPPER = (("PATIENT", "PatientID"), ("STUDY", "StudyInstanceUID"), ("SERIES", "SeriesInstanceUID"))
_CONTENT_LABELS = "InstanceNumber ContentDate ContentTime ContentLabel", "ContentDescription ContentCreatorName"
# Keys of each type of record (PS3.3 F.5): those that must have a value; those that are copied where there are any, or empty.
_KEYS = {
    "PATIENT": ("PatientID", "PatientName"),
    "STUDY": ("StudyDate StudyTime StudyID StudyInstanceUID", "StudyDescription AccessionNumber"),
    "SERIES": ("Modality SeriesInstanceUID SeriesNumber", ""),
    "IMAGE": ("InstanceNumber", ""),
    "RT DOSE": ("InstanceNumber DoseSummationType", ""),
    "RT STRUCTURE SET": ("InstanceNumber StructureSetLabel", "StructureSetDate StructureSetTime"),
    "RT PLAN": ("InstanceNumber RTPlanLabel", "RTPlanDate RTPlanTime"),
    "RT TREAT RECORD": ("InstanceNumber", "TreatmentDate TreatmentTime"),
    "PRESENTATION": (
        "PresentationCreationDate PresentationCreationTime InstanceNumber ContentLabel",
        "ContentDescription ContentCreatorName",
    ),
    "WAVEFORM": ("InstanceNumber ContentDate ContentTime", ""),
    "SR DOCUMENT": ("InstanceNumber CompletionFlag VerificationFlag ContentDate ContentTime", ""),
    "KEY OBJECT DOC": ("InstanceNumber ContentDate ContentTime", ""),
    "SPECTROSCOPY": ("ImageType ContentDate ContentTime InstanceNumber NumberOfFrames Rows Columns", ""),
    "RAW DATA": ("InstanceNumber ContentDate ContentTime", ""),
    "REGISTRATION": _CONTENT_LABELS,
    "FIDUCIAL": _CONTENT_LABELS,
    "ENCAP DOC": ("InstanceNumber MIMETypeOfEncapsulatedDocument", "ContentDate ContentTime DocumentTitle"),
    "VALUE MAP": _CONTENT_LABELS,
    "STEREOMETRIC": ("", ""),
    "PLAN": ("", ""),
    "MEASUREMENT": _CONTENT_LABELS,
    "SURFACE": _CONTENT_LABELS,
    "SURFACE SCAN": ("ContentDate ContentTime", ""),
    "TRACT": _CONTENT_LABELS,
    "ASSESSMENT": ("InstanceNumber InstanceCreationDate", "InstanceCreationTime"),
    "RADIOTHERAPY": ("InstanceNumber", "UserContentLabel UserContentLongLabel ContentDescription ContentCreatorName"),
    "ANNOTATION": _CONTENT_LABELS,
}
# Keys whose presence in the instance decides (Type 1C).
_CONDITIONAL = {
    "SR DOCUMENT": "ConceptNameCodeSequence",
    "KEY OBJECT DOC": "ConceptNameCodeSequence",
    "PRESENTATION": "ReferencedSeriesSequence BlendingSequence",
    "ENCAP DOC": "ConceptNameCodeSequence",
}


@dataclass(slots=True)
class _Record:
    """A directory record, and those below it by their key."""

    dataset: "Dataset"
    below: "dict[str, _Record]" = field(default_factory=dict)
    at: int = 0

    def walk(self) -> "Iterator[_Record]":
        yield self
        for record in self.below.values():
            yield from record.walk()


def write(dest: str, outputs: Iterable[str]) -> None:
    """Write ``DICOMDIR`` into `dest`.

    Parameters
    ----------
    dest : str
        The output tree.
    outputs : iterable of str
        Paths of its instances below it, each a File ID with ``/`` between components.

    Raises
    ------
    errors.RunError
        If an output cannot be read back, or the directory cannot be written.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's name values
            data = _encode(_records(dest, sorted(outputs)))
    except Exception as error:  # noqa: BLE001  the kind of error is told, its text may hold values
        raise RunError(f"the DICOMDIR cannot be made: {type(error).__name__}") from None
    try:
        temporary = os.path.join(dest, f".{NAME}.part")
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
        with open(fd, "wb") as file:
            file.write(data)
        os.rename(temporary, os.path.join(dest, NAME))
    except OSError as error:
        raise RunError(f"the DICOMDIR cannot be written: {error.strerror}") from None


# --- what is in the tree ----------------------------------------------------------------------------------------------


def _records(dest: str, outputs: list[str]) -> dict[str, _Record]:
    """Patients with what is below them."""
    import pydicom

    tags = _wanted()
    top: dict[str, _Record] = {}
    for path in outputs:
        instance = pydicom.dcmread(os.path.join(dest, path), stop_before_pixels=True, specific_tags=tags)
        level = top
        for kind, key in _UPPER:
            name = str(instance.get(key, ""))
            record = level.get(name)
            if record is None:
                record = level[name] = _Record(_record(kind, instance, len(level) + 1))
            level = record.below
        kind = sop_classes.load()[str(instance.SOPClassUID)].record
        leaf = _record(kind, instance, len(level) + 1)
        leaf.ReferencedFileID = path.split("/")
        leaf.ReferencedSOPClassUIDInFile = instance.SOPClassUID
        leaf.ReferencedSOPInstanceUIDInFile = instance.SOPInstanceUID
        leaf.ReferencedTransferSyntaxUIDInFile = instance.file_meta.TransferSyntaxUID
        level[path] = _Record(leaf)
    return top


def _wanted() -> list[str]:
    """Keywords that any record may need."""
    words = [word for keys in _KEYS.values() for part in keys for word in part.split()]
    words += [word for part in _CONDITIONAL.values() for word in part.split()]
    return sorted({*words, "VerifyingObserverSequence", "SpecificCharacterSet", "SOPClassUID", "SOPInstanceUID"})


def _record(kind: str, instance: "Dataset", number: int) -> "Dataset":
    """One record without its offsets; a key that must have a value and has none gets one, as PS3.3 F.5 asks of a creator."""
    from pydicom.dataset import Dataset

    record = Dataset()
    record.OffsetOfTheNextDirectoryRecord = 0
    record.RecordInUseFlag = _IN_USE
    record.OffsetOfReferencedLowerLevelDirectoryEntity = 0
    record.DirectoryRecordType = kind
    if instance.get("SpecificCharacterSet"):
        record.add(instance["SpecificCharacterSet"])
    required, optional = (part.split() for part in _KEYS[kind])
    for word in [*required, *optional, *(w for w in _CONDITIONAL.get(kind, "").split() if w in instance)]:
        if word in instance:
            record.add(instance[word])
        else:
            setattr(record, word, None)
    verified = [o.VerificationDateTime for o in instance.get("VerifyingObserverSequence", []) if "VerificationDateTime" in o]
    if kind == "SR DOCUMENT" and verified:
        record.VerificationDateTime = max(verified)
    for word in required:
        if record[word].VM == 0:
            record[word].value = _made_up(word, record[word].VR, number)
    return record


def _made_up(word: str, vr: str, number: int) -> str | int:
    if word.endswith(("Number", "ID")):
        return str(number)
    return int.from_bytes(DUMMIES[vr], "little") if vr == "US" else DUMMIES[vr].decode("ascii")


# --- bytes ------------------------------------------------------------------------------------------------------------


def _encode(top: dict[str, _Record]) -> bytes:
    """The whole file."""
    records = [record for first in top.values() for record in first.walk()]
    meta = _meta(records)
    at = len(meta) + len(_header(top)) + 12  # the header of Directory Record Sequence
    for record in records:
        record.at = at
        at += 8 + len(_bytes(record.dataset))
    _link(top)
    items = [_bytes(record.dataset) for record in records]
    sequence = b"".join(b"\xfe\xff\x00\xe0" + len(item).to_bytes(4, "little") + item for item in items)
    return meta + _header(top) + b"\x04\x00\x20\x12SQ\0\0" + len(sequence).to_bytes(4, "little") + sequence


def _link(level: dict[str, _Record]) -> None:
    """Tell each record where its next neighbour and its first child are."""
    siblings = list(level.values())
    for record, after in zip(siblings, [*siblings[1:], None], strict=False):
        record.dataset.OffsetOfTheNextDirectoryRecord = after.at if after else 0
        record.dataset.OffsetOfReferencedLowerLevelDirectoryEntity = next((r.at for r in record.below.values()), 0)
        _link(record.below)


def _header(top: dict[str, _Record]) -> bytes:
    from pydicom.dataset import Dataset

    places = [record.at for record in top.values()] or [0]
    head = Dataset()
    head.FileSetID = ""
    head.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity = places[0]
    head.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity = places[-1]
    head.FileSetConsistencyFlag = 0
    return _bytes(head)


def _meta(records: list[_Record]) -> bytes:
    """Preamble and File Meta Information; the UID of the directory follows from the instances that it names."""
    named = [str(record.dataset.get("ReferencedSOPInstanceUIDInFile", "")) for record in records]
    digest = hashlib.blake2b("\n".join(sorted(named)).encode(), digest_size=16).digest()
    return executor.file_meta(_CLASS, f"2.25.{int.from_bytes(digest, 'big')}", _EXPLICIT_LITTLE)


def _bytes(dataset: "Dataset") -> bytes:
    """A data set in Explicit VR Little Endian."""
    from pydicom.filebase import DicomBytesIO
    from pydicom.filewriter import write_dataset

    raw = DicomBytesIO()
    raw.is_little_endian, raw.is_implicit_VR = True, False
    write_dataset(raw, dataset)
    return raw.getvalue()
