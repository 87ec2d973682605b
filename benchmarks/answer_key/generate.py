"""Plant identifiers of invented people into real DICOM files and write the answer key.

    python benchmarks/answer_key/generate.py DEST [--files N] [--source FOLDER ...]

DEST/in gets the files, DEST/key.csv the key, DEST/skipped.csv what was left out of the sources and why. Only inputs that can
be written are taken (see `unfit`), so that a missing output is a miss for every check of that file. Nothing is drawn at
random: the same sources give the same key.
"""

import argparse
import csv
import hashlib
import importlib.util
import itertools
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pydicom
from answers import Check, write
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, UID_dictionary

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CORPUS = ROOT.parent / "shared" / "corpus"
NEEDED = ROOT / "tests" / "proof" / "needed_attributes.tsv"
UIDS = "1.2.826.0.1.3680043.10.99.471"
FILES_PER_PATIENT, FILES_PER_SERIES = 4, 2
LARGEST = 4_000_000
# SOP Classes that a de-identifier may rightly refuse or hold: documents, sound, video, raw data, directories, photographs.
UNFIT = ("Encapsulated", "Audio", "Video", "Raw Data", "Directory", "Photographic", "Raw", "Hardcopy", "Film")


@dataclass(frozen=True)
class Person:
    """An invented patient."""

    number: int
    language: str
    family: str
    given: str
    address: str
    hospital: str
    phone: str
    mail: str
    national: str
    ascii: str

    @property
    def id(self) -> str:
        """What the hospital calls the patient."""
        return f"INV{self.number:04d}X{(self.number * 7919) % 9973:04d}"

    @property
    def name(self) -> str:
        """PN."""
        return f"{self.family}^{self.given}"

    @property
    def birth(self) -> str:
        """DA."""
        return f"{1947 + self.number % 40}{1 + self.number % 12:02d}{2 + self.number % 26:02d}"

    @property
    def day(self) -> str:
        """DA of all that was done."""
        return f"{2012 + self.number % 10}{1 + (self.number * 5) % 12:02d}{2 + (self.number * 3) % 26:02d}"


@dataclass
class Planting:
    """One file in the making, and the checks that come with what was planted."""

    dataset: Dataset
    person: Person
    file: str
    instance: int
    mislabelled: bool = False
    checks: list[Check] = field(default_factory=list)

    def check(self, action: str, path: str, value: str = "", note: str = "") -> None:
        """Add a line to the key."""
        self.checks.append(Check(action, self.file, self.instance, self.person.id, path, value, note))

    def put(self, keyword: str, value: Any, into: Dataset | None = None) -> None:
        """Set an attribute, in the declared or, if mislabelled, in the wrong character set."""
        if self.mislabelled and isinstance(value, str):
            value = value.encode("cp1251", "replace").decode("latin-1")
        setattr(self.dataset if into is None else into, keyword, value)

    def removed(self, keyword: str, value: str, *secrets: str, note: str = "") -> None:
        """Plant a value of which the secrets, or all of it, must not be in the output."""
        self.put(keyword, value)
        for secret in secrets or (value,):
            self.check("text_removed", tag(keyword), secret, note or keyword)

    def kept(self, keyword: str, value: str, note: str = "") -> None:
        """Plant a value that should be in the output."""
        self.put(keyword, value)
        self.check("text_retained", tag(keyword), value, note or keyword)


def tag(keyword: str) -> str:
    number = pydicom.datadict.tag_for_keyword(keyword)
    assert number is not None, keyword
    return f"({number >> 16:04X},{number & 0xFFFF:04X})"


# --- sources ----------------------------------------------------------------------------------------------------------


def sources(folders: list[Path]) -> Iterator[tuple[Path, Dataset | str]]:
    """Each distinct file with its data set, or why it is not fit."""
    seen: set[bytes] = set()
    for path in sorted(path for folder in folders for path in folder.rglob("*") if path.is_file()):
        if path.stat().st_size > LARGEST:
            yield path, "larger than the benchmark takes"
            continue
        data = path.read_bytes()
        digest = hashlib.blake2b(data).digest()
        if digest in seen:
            yield path, "the same bytes as another file"
            continue
        seen.add(digest)
        yield path, unfit(path)


def unfit(path: Path) -> Dataset | str:
    """The data set of a file that every de-identifier can be asked to write, or why it is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            dataset = pydicom.dcmread(path)
            for element in dataset.iterall():
                _ = element.value
            dataset.decode()
    except Exception as error:  # noqa: BLE001  whatever pydicom trips over
        return f"pydicom: {type(error).__name__}"
    meta = dataset.file_meta
    syntax = meta.get("TransferSyntaxUID")
    if syntax is None or syntax not in UID_dictionary or syntax in (ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian):
        return "Transfer Syntax"
    name = UID(dataset.get("SOPClassUID", "")).name
    if UID_dictionary.get(dataset.get("SOPClassUID", ""), ("", ""))[1] != "SOP Class" or "Storage" not in name:
        return "no Storage SOP Class"
    if any(word in name for word in UNFIT):
        return f"kind: {name}"
    if not all(dataset.get(keyword) for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")):
        return "UIDs missing"
    return dataset


def bundled() -> list[Path]:
    """Folders that come with pydicom."""
    spec = importlib.util.find_spec("pydicom")
    assert spec is not None
    assert spec.origin is not None
    data = Path(spec.origin).parent / "data"
    return [data / "test_files", data / "charset_files"]


# --- tables -----------------------------------------------------------------------------------------------------------


def table(name: Path) -> list[list[str]]:
    return [line.split("\t") for line in name.read_text("utf-8").splitlines() if line and not line.startswith("#")]


class People:
    """Invented patients in turn, with descriptors in their language."""

    def __init__(self) -> None:
        self._people = table(HERE / "people.tsv")
        self._phrases: dict[str, list[tuple[str, str]]] = {}
        for language, charsets, phrase in table(HERE / "phrases.tsv"):
            self._phrases.setdefault(language, []).append((charsets, phrase))

    def person(self, number: int) -> Person:
        """Person of a number: names come round, the rest does not."""
        line = self._people[number % len(self._people)]
        return Person(number, *line)

    def phrases(self, language: str, number: int) -> Iterator[str]:
        """Descriptors without end, beginning at another place for each file."""
        own = self._phrases[language]
        return itertools.islice(itertools.cycle(phrase for _, phrase in own), number % len(own), None)

    def charset(self, language: str, number: int) -> str:
        """One of the character sets that the language is written in."""
        charsets = self._phrases[language][0][0].split(",")
        return charsets[number % len(charsets)]


# --- planting ---------------------------------------------------------------------------------------------------------


def plant(made: Planting, phrases: Iterator[str], number: int) -> None:
    """Everything that is planted into one file."""
    retained_as_it_was(made)
    identity(made)
    places_and_people(made)
    dates(made, number)
    uids(made, number)
    descriptors(made, phrases)
    mixed(made, phrases)
    sequences(made, phrases)
    private(made, number)
    outside(made)
    if made.mislabelled:  # what was meant to be kept is in bytes that only a guess can read: no reader can be sure of them
        made.checks = [check for check in made.checks if check.action != "text_retained" or check.value.isascii()]


def identity(made: Planting) -> None:
    person = made.person
    made.put("PatientName", person.name)
    for part in (person.family, person.given):
        made.check("text_removed", "*", part, "a name of the patient, anywhere")
    made.check("text_notnull", tag("PatientName"), "", "pseudonym")
    made.put("PatientID", person.id)
    made.dataset.pop("IssuerOfPatientID", None)  # who is the same patient may depend on it
    made.check("patid_consistent", tag("PatientID"), person.id)
    made.check("text_removed", "*", person.id, "Patient ID, anywhere")
    made.removed("PatientBirthDate", person.birth)
    made.removed("OtherPatientIDs", f"MRN-{person.id}", f"MRN-{person.id}")
    made.removed("PatientBirthName", f"Panna{person.family}^{person.given}", f"Panna{person.family}")
    made.removed("PatientMotherBirthName", f"Mater{person.family}", f"Mater{person.family}")
    made.removed("PatientAddress", person.address, person.address.split(",")[0])
    made.removed("PatientTelephoneNumbers", person.phone)
    made.removed("MilitaryRank", f"Rank {person.national}", person.national)
    made.put("PatientSex", "F")
    made.check("text_retained", tag("PatientSex"), "F")
    if person.number % 5 == 4:
        made.removed("PatientAge", "093Y", note="an age over 89")
    else:
        made.kept("PatientAge", f"{30 + person.number % 50:03d}Y")
    made.kept("PatientWeight", f"{50 + person.number % 40}.5")


def places_and_people(made: Planting) -> None:
    person = made.person
    number = f"{person.number:03d}"
    made.removed("AccessionNumber", f"ACC{number}7734")
    made.removed("StudyID", f"STU{number}99")
    made.removed("InstitutionName", person.hospital)
    made.removed("InstitutionAddress", person.address)
    made.removed("InstitutionalDepartmentName", f"Dept {person.hospital[-8:]} 4711", "4711")
    made.removed("StationName", f"STATN{number}QX")
    made.removed("DeviceSerialNumber", f"SER-{number}-55221")
    made.removed("ReferringPhysicianName", f"Medicus{number}^{person.given}", f"Medicus{number}")
    made.removed("OperatorsName", f"Technika{number}^Olga", f"Technika{number}")
    made.removed("PerformingPhysicianName", f"Chirurgia{number}^Ivo", f"Chirurgia{number}")
    made.removed("RequestingPhysician", f"Zleceniodawca{number}", note="PN")
    made.removed("PerformedStationAETitle", f"AETITLE{number}")
    made.removed("RequestingService", f"Ward {person.hospital}", person.hospital)
    made.removed("CurrentPatientLocation", f"Room 4711 {person.hospital}", person.hospital)
    made.removed("AdmissionID", f"ADM{number}3391")
    made.removed("PlacerOrderNumberImagingServiceRequest", f"PON{number}8812")
    made.removed("NameOfPhysiciansReadingStudy", f"Lector{number}^Eva", f"Lector{number}")


def dates(made: Planting, number: int) -> None:
    day = made.person.day
    for keyword in ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate", "PerformedProcedureStepStartDate"):
        made.put(keyword, day)
        made.check("date_shifted", tag(keyword), day, keyword)
    for keyword in ("StudyTime", "SeriesTime", "ContentTime"):
        made.kept(keyword, f"{8 + number % 10:02d}1530.25")
    moment = f"{day}{8 + number % 10:02d}1530.123456" + ("+0200" if number % 2 else "")
    made.put("AcquisitionDateTime", moment)
    made.check("date_shifted", tag("AcquisitionDateTime"), moment, "DT with fraction" + (" and offset" if number % 2 else ""))


def uids(made: Planting, number: int) -> None:
    person = made.person
    own = {
        "StudyInstanceUID": f"{UIDS}.1.{person.number}",
        "SeriesInstanceUID": f"{UIDS}.2.{number // FILES_PER_SERIES}",
        "SOPInstanceUID": f"{UIDS}.3.{number}",
        "FrameOfReferenceUID": f"{UIDS}.4.{person.number}.{person.day}",
    }
    for keyword, value in own.items():
        made.put(keyword, value)
        made.check("uid_changed", tag(keyword), value, keyword)
        made.check("uid_consistent", tag(keyword), value, keyword)
    made.dataset.file_meta.MediaStorageSOPInstanceUID = own["SOPInstanceUID"]
    other = Dataset()
    other.ReferencedSOPClassUID = made.dataset.SOPClassUID
    other.ReferencedSOPInstanceUID = f"{UIDS}.3.{number ^ 1}"
    made.put("SourceImageSequence", Sequence([other]))
    path = f"{tag('SourceImageSequence')}[0].{tag('ReferencedSOPInstanceUID')}"
    made.check("uid_changed", path, other.ReferencedSOPInstanceUID, "reference to another file")
    made.check("uid_consistent", path, other.ReferencedSOPInstanceUID, "reference to another file")
    made.check("tag_retained", f"{tag('SourceImageSequence')}[0].{tag('ReferencedSOPClassUID')}", "", "reference")


def descriptors(made: Planting, phrases: Iterator[str]) -> None:
    """Clinical words alone: to be kept whole."""
    for keyword in ("StudyDescription", "ProtocolName", "RequestedProcedureDescription"):
        made.kept(keyword, next(phrases), note=f"{keyword}, {made.person.language}")
        made.check("tag_retained", tag(keyword), "", keyword)
        made.check("text_notnull", tag(keyword), "", keyword)
    made.kept("BodyPartExamined", "CHEST")
    made.kept("SequenceName", "*tfl3d1_16" if made.instance % 2 else "SE_2D", note="sequence name")
    made.kept("ContrastBolusAgent", "Omnipaque 350" if made.instance % 2 else "Gadovist", note="contrast agent")
    made.kept("ContrastBolusRoute", "IV" if made.instance % 2 else "Oral", note="route")


def mixed(made: Planting, phrases: Iterator[str]) -> None:
    """Identifiers between clinical words: these kept, those gone."""
    person, phrase = made.person, next(phrases)
    first = phrase.split()[0]
    made.put("SeriesDescription", f"{phrase} {person.family}"[:64])
    made.check("text_removed", tag("SeriesDescription"), person.family, "a name after clinical words")
    made.check("text_retained", tag("SeriesDescription"), first, "clinical words before a name")
    made.put("PerformedProcedureStepDescription", f"{phrase} {person.id}"[:64])
    made.check("text_removed", tag("PerformedProcedureStepDescription"), person.id, "Patient ID after clinical words")
    made.check("text_retained", tag("PerformedProcedureStepDescription"), first, "clinical words before an ID")
    comment = (
        f"{phrase}. {person.given} {person.family}, {person.birth[6:]}.{person.birth[4:6]}.{person.birth[:4]}, "
        f"tel {person.phone}, {person.mail}, {person.national}, http://pacs.example.org/{person.id}, 192.0.2.47, "
        f"{UIDS}.3.{made.instance}"
    )
    made.put("ImageComments", comment)
    made.check("text_retained", tag("ImageComments"), first, "clinical words in a comment")
    for secret in (
        person.family,
        person.given,
        person.phone,
        person.mail,
        person.national,
        person.id,
        "192.0.2.47",
        f"{UIDS}.3",
    ):
        made.check("text_removed", tag("ImageComments"), secret, "identifier in a comment")
    made.check("text_removed", tag("ImageComments"), f"{person.birth[6:]}.{person.birth[4:6]}.{person.birth[:4]}", "birth date")
    made.removed("PatientComments", f"Daughter {person.family} calls {person.phone}", person.family, person.phone)
    made.removed(
        "AdditionalPatientHistory",
        f"Seen by Medicus{person.number:03d} on {person.day}",
        f"Medicus{person.number:03d}",
        person.day,
    )
    made.removed("AdmittingDiagnosesDescription", f"Fracture, {person.given} {person.family}", person.family)
    made.removed("ReasonForStudy", f"pain; {person.national}", person.national)
    made.removed("DerivationDescription", f"resampled by Technika{person.number:03d}", f"Technika{person.number:03d}")
    made.removed("ScanOptions", person.ascii, note="a name in a CS that no row lists")
    made.removed(
        "FilterType",
        f"F {person.ascii.title()}"[:16],
        person.ascii.title()[:14],
        note="a name in an SH that no row lists",
    )
    made.removed("AcquisitionDeviceProcessingCode", f"PROC {person.id}", person.id, note="an ID in an LO that no row lists")
    made.removed("LabelText", f"{person.family} {person.given}", person.family, note="UT that no row lists")


def sequences(made: Planting, phrases: Iterator[str]) -> None:
    """Below the top level, in sequences that Table E.1-1 lists and in those that it does not."""
    person, phrase = made.person, next(phrases)
    request = Dataset()
    made.put("RequestedProcedureID", f"RP{person.number:03d}661", request)
    made.put("ScheduledProcedureStepID", f"SPS{person.number:03d}662", request)
    made.put("RequestedProcedureDescription", phrase, request)
    made.put("ScheduledProcedureStepDescription", f"{phrase} {person.family}"[:64], request)
    made.put("RequestAttributesSequence", Sequence([request]))
    made.check("text_removed", "*", f"RP{person.number:03d}661", "Requested Procedure ID in an item")
    made.check("text_removed", "*", f"SPS{person.number:03d}662", "Scheduled Procedure Step ID in an item")
    other = Dataset()
    made.put("PatientID", f"OLD{person.id}", other)
    made.put("TypeOfPatientID", "TEXT", other)
    made.put("OtherPatientIDsSequence", Sequence([other]))
    made.check("text_removed", f"{tag('OtherPatientIDsSequence')}[0].{tag('PatientID')}", f"OLD{person.id}", "other Patient ID")
    region, modifier = Dataset(), Dataset()
    region.CodeValue, region.CodingSchemeDesignator = "51185008", "SCT"
    made.put("CodeMeaning", "Chest", region)
    modifier.CodeValue, modifier.CodingSchemeDesignator = "7771000", "SCT"
    made.put("CodeMeaning", f"Left {person.family}"[:64], modifier)
    made.put("TextComments", f"{person.given} {person.family}", modifier)
    made.put("PersonName", f"{person.family}^{person.given}", modifier)
    made.put("Date", person.day, modifier)
    region.AnatomicRegionModifierSequence = Sequence([modifier])
    made.put("AnatomicRegionSequence", Sequence([region]))
    at = f"{tag('AnatomicRegionSequence')}[0]."
    made.check("text_retained", at + tag("CodeMeaning"), "Chest", "code meaning in an unlisted sequence")
    made.check("text_retained", at + tag("CodeValue"), "51185008", "code in an unlisted sequence")
    deeper = f"{at}{tag('AnatomicRegionModifierSequence')}[0]."
    for keyword in ("CodeMeaning", "TextComments", "PersonName"):
        made.check("text_removed", deeper + tag(keyword), person.family, f"{keyword}, two levels down")
    made.check("text_removed", deeper + tag("Date"), person.day, "a date, two levels down")


SAFE_PRIVATE = (  # Table E.3.10-1: (group, element, creator, VR, value)
    (0x0019, 0x0C, "SIEMENS MR HEADER", "IS", "1000"),
    (0x2001, 0x03, "Philips Imaging DD 001", "FL", 1000.0),
    (0x7053, 0x00, "Philips PET Private Group", "DS", "0.000471"),
)


def private(made: Planting, number: int) -> None:
    """A block of nobody's that holds a name, and one attribute that the Standard calls safe."""
    person, dataset = made.person, made.dataset
    for group in {0x0019, 0x2001, 0x7053, 0x0009, 0x0029}:
        for element in [e.tag for e in dataset if e.tag.group == group]:
            del dataset[element]
    block = dataset.private_block(0x0009, "INVENTED VENDOR 47", create=True)
    block.add_new(0x01, "LO", made_text(made, person.family))
    block.add_new(0x02, "OB", person.id.encode() + b"\0" * (len(person.id) % 2))
    block.add_new(0x03, "DA", person.day)
    block.add_new(0x04, "UI", f"{UIDS}.5.{number}")
    inner = Dataset()
    made.put("PatientName", person.name, inner)
    block.add_new(0x05, "SQ", Sequence([inner]))
    for element, secret in ((1, person.family), (2, person.id), (3, person.day), (4, f"{UIDS}.5.{number}")):
        made.check("text_removed", f"(0009,10{element:02X})", secret, "private")
    dataset.private_block(0x0029, f"OF {person.ascii}", create=True).add_new(0x01, "LO", "x")
    made.check("text_removed", "*", f"OF {person.ascii}", "a name as private creator")
    group, element, creator, vr, value = SAFE_PRIVATE[number % len(SAFE_PRIVATE)]
    dataset.private_block(group, creator, create=True).add_new(element, vr, value)
    made.check("text_retained", f"({group:04X},10{element:02X})", str(value), f"safe private, {creator}")


def made_text(made: Planting, text: str) -> str:
    return text.encode("cp1251", "replace").decode("latin-1") if made.mislabelled else text


def outside(made: Planting) -> None:
    """Preamble and File Meta Information."""
    person = made.person
    made.dataset.preamble = f"II*\0 {person.id} {person.ascii}".encode().ljust(128, b"\0")[:128]
    made.dataset.file_meta.SourceApplicationEntityTitle = f"SRC{person.number:03d}AE47"
    made.check("text_removed", "*", f"SRC{person.number:03d}AE47", "File Meta Information")
    made.check("text_removed", "*", f"{person.id} {person.ascii}", "preamble")
    made.put("InstanceNumber", str(made.instance))
    made.check("text_retained", tag("InstanceNumber"), str(made.instance))
    pixels = made.dataset.get("PixelData")
    if pixels is not None:
        made.check("pixels_retained", "(7FE0,0010)", digest(pixels))


def digest(pixels: bytes) -> str:
    return hashlib.blake2b(pixels + b"\0" * (len(pixels) % 2), digest_size=16).hexdigest()


def retained_as_it_was(made: Planting) -> None:
    """What the file brings of the attributes that every reader needs; before anything is planted."""
    for keyword, *_ in table(NEEDED):
        element = made.dataset.get_item(keyword) if keyword in made.dataset else None
        value = made.dataset.get(keyword)
        if element is None or value in (None, "") or isinstance(value, bytes) or keyword in PLANTED:
            continue
        if isinstance(value, MultiValue | list) and pydicom.datadict.dictionary_VM(keyword) == "1":
            continue  # no value of this attribute
        made.check("text_retained", tag(keyword), str(value), "needed")


PLANTED = {"SOPClassUID", "InstanceNumber", "PatientSex", "ScanOptions", "FilterType", "BodyPartExamined", "CodeValue"}

# --- the whole --------------------------------------------------------------------------------------------------------


def generate(dest: Path, folders: list[Path], limit: int | None = None, largest: int = LARGEST) -> tuple[int, int]:
    """Write inputs and key; (files, checks)."""
    inputs = dest / "in"
    inputs.mkdir(parents=True)
    people, checks, skipped, number = People(), list[Check](), list[tuple[str, str]](), 0
    for path, found in sources(folders):
        dataset = "larger than asked for" if isinstance(found, Dataset) and path.stat().st_size > largest else found
        if isinstance(dataset, str):
            skipped.append((path.name, dataset))
            continue
        if limit is not None and number >= limit:
            break
        made = one(people, dataset, number)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                made.dataset.save_as(inputs / made.file, enforce_file_format=True)
        except Exception as error:  # noqa: BLE001  what pydicom cannot write is no input
            (inputs / made.file).unlink(missing_ok=True)
            skipped.append((path.name, f"pydicom cannot write it: {type(error).__name__}"))
            continue
        checks += made.checks
        number += 1
    with (dest / "skipped.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("file", "why"), *skipped])
    return number, write(dest / "key.csv", checks)


def one(people: People, dataset: Dataset, number: int) -> Planting:
    """Plant into one file."""
    person = people.person(number // FILES_PER_PATIENT)
    mislabelled = person.language in ("bg", "uk", "ru") and number % 4 == 3
    charset = "ISO_IR 100" if mislabelled else people.charset(person.language, number)
    for inside in [dataset, *(item for e in dataset.iterall() if e.VR == "SQ" for item in e.value)]:
        inside.pop("SpecificCharacterSet", None)
    made = Planting(dataset, person, f"{number:04d}.dcm", 470000 + number, mislabelled)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset.SpecificCharacterSet = charset
        plant(made, people.phrases(person.language, number), number)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("dest", type=Path)
    parser.add_argument("--files", type=int, help="stop after so many")
    parser.add_argument(
        "--source", type=Path, action="append", help="folder of real files; pydicom's and ../shared/corpus when not given"
    )
    chosen = parser.parse_args()
    folders = chosen.source or [*bundled(), *([CORPUS] if CORPUS.is_dir() else [])]
    files, checks = generate(chosen.dest, folders, chosen.files)
    print(f"{files} files, {checks} checks in {chosen.dest / 'key.csv'}")


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    main()
