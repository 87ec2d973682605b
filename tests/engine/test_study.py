"""A whole study under each policy: references between objects resolve as before, nothing planted is left, nothing is broken."""

import dataclasses
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.fileset import FileSet

import mediscan
import studies
from mediscan import errors
from mediscan.plan.plan import Plan
from mediscan.profile import policy_file
from mediscan.profile.actions import Option
from mediscan.profile.policy import Dates, Policy
from runs import SECRET, rows

CLEANING = frozenset({Option.CLEAN_DESCRIPTORS, Option.CLEAN_STRUCTURED_CONTENT, Option.CLEAN_GRAPHICS})


def policies() -> dict[str, Policy]:
    """The named ones, one that cleans and keeps what it may, and each treatment of dates."""
    named = {name: policy_file.load(name) for name in policy_file.names()}
    useful = dataclasses.replace(named["basic"], options=CLEANING | {Option.RETAIN_PATIENT_CHARACTERISTICS})
    return named | {f"cleaned, {dates}": dataclasses.replace(useful, dates=dates) for dates in Dates}


POLICIES = policies()


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return studies.write(tmp_path_factory.mktemp("study") / "in")


@pytest.fixture(scope="module", params=POLICIES)
def done(request: pytest.FixtureRequest, study: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Policy, Path]:
    """A policy and the output of a run under it."""
    policy = POLICIES[request.param]
    out = tmp_path_factory.mktemp("done") / "out"
    result = mediscan.run([study], out, Plan(policy, mediscan.Key(SECRET), "test 1"), layout="media", dicomdir=True)
    assert result.summary.of("written") == len(studies.instances())
    return policy, out


def read(folder: Path) -> dict[tuple[str, int], Dataset]:
    """Instances by Modality and Instance Number, which every policy keeps."""
    found = [pydicom.dcmread(path) for path in folder.rglob("*") if path.is_file() and path.name != "DICOMDIR"]
    return {(ds.Modality, int(ds.InstanceNumber)): ds for ds in found}


def names_of(instances: dict[tuple[str, int], Dataset]) -> dict[str, tuple[str, int | str]]:
    """What each UID of the study's own entities stands for."""
    names: dict[str, tuple[str, int | str]] = {}
    for kind, ds in instances.items():
        names[ds.SOPInstanceUID] = kind
        names[ds.SeriesInstanceUID] = (kind[0], "series")
        names[ds.StudyInstanceUID] = ("study", "")
        if "FrameOfReferenceUID" in ds:
            names[ds.FrameOfReferenceUID] = ("frame", "")
        for segment in ds.get("SegmentSequence", []):
            names[segment.TrackingUID] = ("track", "")
    return names


REFERRING = "ReferencedSOPInstanceUID StudyInstanceUID SeriesInstanceUID FrameOfReferenceUID ReferencedFrameOfReferenceUID UID"


def references(ds: Dataset) -> Iterator[tuple[str, str]]:
    """Every UID that points at something, from anywhere in an instance."""
    for element in ds.iterall():
        if element.keyword in REFERRING.split():
            yield element.keyword, element.value


def resolved(instances: dict[tuple[str, int], Dataset]) -> dict[tuple[str, int], Counter[tuple[str, object]]]:
    names = names_of(instances)
    return {kind: Counter((word, names.get(uid)) for word, uid in references(ds)) for kind, ds in instances.items()}


def test_every_reference_that_resolved_resolves_to_the_same(study: Path, done: tuple[Policy, Path]) -> None:
    before, after = resolved(read(study)), resolved(read(done[1]))
    assert before == after
    assert sum(count for found in before.values() for count in found.values()) > 60
    assert all(target is not None for found in before.values() for _, target in found)


def test_every_uid_of_the_study_is_new(study: Path, done: tuple[Policy, Path]) -> None:
    if Option.RETAIN_UIDS in done[0].options:
        return
    old = set(names_of(read(study)))
    assert not old & set(names_of(read(done[1])))


def test_nothing_planted_is_left(done: tuple[Policy, Path]) -> None:
    files = [path for path in done[1].rglob("*") if path.is_file()]
    assert len(files) == len(studies.instances()) + 1
    for path in files:
        data = path.read_bytes()
        left = [text for text in studies.PLANTED if text.encode() in data]
        assert left == [], path.name
        assert not re.search(rb"20200310|10\.03\.2020", data) or done[0].dates is Dates.KEEP


def test_no_age_over_89_is_left_in_a_report(done: tuple[Policy, Path]) -> None:
    ages = [
        measured.NumericValue
        for item in read(done[1])["SR", 1].ContentSequence
        if item.get("ValueType") == "NUM"
        for measured in item.MeasuredValueSequence
        if measured.MeasurementUnitsCodeSequence[0].CodeValue == "a"
    ]
    assert ages == ([90] if Option.RETAIN_PATIENT_CHARACTERISTICS in done[0].options else [])


def test_what_refers_by_position_refers_to_the_same_item(done: tuple[Policy, Path]) -> None:
    items = read(done[1])["SR", 1].ContentSequence
    (finding,) = [item for item in items if item.get("ConceptNameCodeSequence", [Dataset()])[0].get("CodeValue") == "121071"]
    position = finding.ContentSequence[0].ReferencedContentItemIdentifier
    assert position[0] == 1
    assert items[position[1] - 1].ConceptNameCodeSequence[0].CodeValue == "103339001"
    assert len(items) < 10


KEPT = (
    "ImagePositionPatient ImageOrientationPatient PixelSpacing SliceThickness ContourData ROINumber DoseGridScaling DoseUnits "
    "GridFrameOffsetVector PixelData WaveformData GraphicData GraphicType ChannelSensitivity SamplingFrequency GantryAngle "
    "CumulativeMetersetWeight NominalBeamEnergy NumberOfFractionsPlanned RTROIInterpretedType RescaleSlope RescaleIntercept "
    "SegmentNumber SegmentationType DimensionIndexValues ReferencedSegmentNumber BoundingBoxTopLeftHandCorner"
).split()


def test_geometry_dose_and_signals_stay(study: Path, done: tuple[Policy, Path]) -> None:
    def kept(folder: Path) -> dict[tuple[str, int], list[tuple[str, object]]]:
        return {k: [(e.keyword, e.value) for e in ds.iterall() if e.keyword in KEPT] for k, ds in read(folder).items()}

    assert kept(study) == kept(done[1])


def complaints(path: Path) -> set[str]:
    run = subprocess.run(["dciodvfy", "-new", path], capture_output=True, text=True, errors="replace")
    lines = [line for line in (run.stdout + run.stderr).splitlines() if line.startswith("Error")]
    return {re.sub(r"\[\d+\]|=? ?<[^<>/]*>", "", line) for line in lines}


@pytest.mark.skipif(which("dciodvfy") is None, reason="dicom3tools is not installed")
def test_dciodvfy_finds_no_error_that_the_input_lacks(study: Path, done: tuple[Policy, Path]) -> None:
    before = {kind: complaints(Path(str(ds.filename))) for kind, ds in read(study).items()}
    after = {kind: complaints(Path(str(ds.filename))) for kind, ds in read(done[1]).items()}
    assert {kind: sorted(after[kind] - before[kind]) for kind in before} == {kind: [] for kind in before}
    assert complaints(done[1] / "DICOMDIR") == set()


def test_the_dicomdir_names_every_output(done: tuple[Policy, Path]) -> None:
    found = FileSet(done[1] / "DICOMDIR")
    outputs = {path for path in done[1].rglob("*") if path.is_file() and path.name != "DICOMDIR"}
    assert {Path(instance.path) for instance in found} == outputs
    assert {instance.SOPInstanceUID for instance in found} == {ds.SOPInstanceUID for ds in read(done[1]).values()}
    found._stage["t"].cleanup()  # its folder for staging would be warned of when it is collected


def test_a_dicomdir_needs_names_that_can_be_file_ids(study: Path, tmp_path: Path) -> None:
    with pytest.raises(errors.DestinationError, match="--layout media"):
        mediscan.run([study], tmp_path / "out", Plan(POLICIES["basic"], mediscan.Key(SECRET), "test 1"), dicomdir=True)
    assert not (tmp_path / "out").exists()


def test_a_document_that_is_allowed_is_written_without_its_content(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    document = studies.base("SR", EncapsulatedDocument=b"%PDF Zmyslony", MIMETypeOfEncapsulatedDocument="application/pdf")
    document.SOPClassUID = "1.2.840.10008.5.1.4.1.1.104.1"
    document.save_as(source / "a.dcm", enforce_file_format=True)
    allowing = dataclasses.replace(POLICIES["safe-harbor"], allow=frozenset({"document"}))
    for number, policy in enumerate((POLICIES["safe-harbor"], allowing)):
        mediscan.run([source], tmp_path / str(number), Plan(policy, mediscan.Key(SECRET), "test 1"))
    (refused,), (written,) = rows(tmp_path / "0"), rows(tmp_path / "1")
    assert (refused["reason"], written["status"]) == ("unsafe_sop_class", "written")
    assert b"Zmyslony" not in (tmp_path / "1" / written["output_path"]).read_bytes()


def test_a_dicomdir_among_the_input_is_refused_and_says_why(done: tuple[Policy, Path], tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    (source / "DICOMDIR").write_bytes((done[1] / "DICOMDIR").read_bytes())
    mediscan.run([source], tmp_path / "out", Plan(done[0], mediscan.Key(SECRET), "test 1"))
    (row,) = rows(tmp_path / "out")
    assert (row["status"], row["reason"]) == ("quarantined", "unsafe_sop_class")
    assert row["detail"].startswith("directory: never copied")
