"""The functions of `import mediscan`, as the contract states them."""

import subprocess
import sys
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

import mediscan
from mediscan.errors import KeyFileError, Malformed, MissingUid, PolicyError, Refused, UnsafeSopClass, UsageError
from runs import SECRET, ct, fill, rows, tree, uid


@pytest.fixture
def plan() -> mediscan.Plan:
    return mediscan.compile_policy("safe-harbor", key=mediscan.Key(SECRET))


@pytest.fixture
def slice_(tmp_path: Path) -> FileDataset:
    (tmp_path / "one.dcm").write_bytes(ct(1))
    return pydicom.dcmread(tmp_path / "one.dcm")


def test_every_public_name_is_there() -> None:
    assert sorted(mediscan.__all__) == ["Key", "Plan", "compile_policy", "deidentify", "run"]
    for name in mediscan.__all__:
        assert getattr(mediscan, name).__doc__
    with pytest.raises(AttributeError, match="no attribute"):
        _ = mediscan.anonymise


def test_a_key_is_loaded_from_its_file(tmp_path: Path) -> None:
    mediscan.Key(SECRET).save(tmp_path / "project.key")
    assert mediscan.Key.load(tmp_path / "project.key") == mediscan.Key(SECRET)
    (tmp_path / "project.key").chmod(0o644)
    with pytest.raises(KeyFileError):
        mediscan.Key.load(tmp_path / "project.key")


def test_a_policy_that_is_not_understood_is_refused() -> None:
    with pytest.raises(PolicyError):
        mediscan.compile_policy("nonsense", key=mediscan.Key(SECRET))
    with pytest.raises(PolicyError):
        mediscan.compile_policy("basic", key=mediscan.Key(SECRET), dates="sometimes")


def test_a_data_set_is_de_identified_and_the_input_untouched(slice_: FileDataset, plan: mediscan.Plan) -> None:
    slice_.file_meta.SourceApplicationEntityTitle = "WARD7"
    before, meta = slice_.to_json(), slice_.file_meta.to_json()
    clean = mediscan.deidentify(slice_, plan)
    assert slice_.to_json() == before
    assert slice_.file_meta.to_json() == meta
    assert slice_.preamble == bytes(128)
    assert clean is not slice_
    assert clean.PatientID not in ("", "PAT-1")
    assert clean.PatientName == clean.PatientID
    assert clean.StudyDate == "20190101"
    assert clean.SOPInstanceUID.startswith("2.25.")
    assert clean.file_meta.MediaStorageSOPInstanceUID == clean.SOPInstanceUID
    assert clean.PatientIdentityRemoved == "YES"
    assert clean.PixelData == slice_.PixelData


def test_a_data_set_without_file_meta_is_taken(slice_: FileDataset, plan: mediscan.Plan) -> None:
    bare = Dataset()
    bare.update(slice_)
    bare.file_meta = pydicom.dataset.FileMetaDataset()
    assert mediscan.deidentify(bare, plan).to_json() == mediscan.deidentify(slice_, plan).to_json()
    assert list(bare.file_meta) == []
    made = Dataset()
    made.update(slice_)
    assert mediscan.deidentify(made, plan).to_json() == mediscan.deidentify(slice_, plan).to_json()
    assert not hasattr(made, "file_meta")
    assert not hasattr(made, "preamble")


def test_the_transfer_syntax_of_the_data_set_is_kept(slice_: FileDataset, plan: mediscan.Plan) -> None:
    assert mediscan.deidentify(slice_, plan).file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    slice_.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    assert mediscan.deidentify(slice_, plan).file_meta.TransferSyntaxUID == ImplicitVRLittleEndian


def test_data_sets_and_files_get_the_same_pseudonyms(slice_: FileDataset, plan: mediscan.Plan, tmp_path: Path) -> None:
    result = mediscan.run([fill(tmp_path / "in", 2)], tmp_path / "out", plan)
    clean = mediscan.deidentify(slice_, plan)
    path = f"{clean.PatientID}/{clean.StudyInstanceUID}/{clean.SeriesInstanceUID}/{clean.SOPInstanceUID}.dcm"
    written = pydicom.dcmread(tmp_path / "out" / path)
    assert written.to_json() == clean.to_json()
    assert result.exit_status == 0


@pytest.mark.parametrize(
    ("keyword", "value", "error"),
    [("SOPClassUID", "1.2.3", UnsafeSopClass), ("SOPInstanceUID", "", MissingUid), ("StudyInstanceUID", "", MissingUid)],
)
def test_what_cannot_be_proved_safe_raises(
    slice_: FileDataset, plan: mediscan.Plan, keyword: str, value: str, error: type[Refused]
) -> None:
    setattr(slice_, keyword, value)
    with pytest.raises(error):
        mediscan.deidentify(slice_, plan)


def test_what_pydicom_cannot_write_raises_without_a_value(slice_: FileDataset, plan: mediscan.Plan) -> None:
    slice_["Rows"]._value = "Brzeczyk"
    with pytest.raises(Malformed) as caught:
        mediscan.deidentify(slice_, plan)
    assert "Brzeczyk" not in str(caught.value)


def test_run_does_what_the_command_line_does(plan: mediscan.Plan, tmp_path: Path) -> None:
    source = fill(tmp_path / "in", 4)
    (source / "bad.dcm").write_bytes(ct(9)[:-1])
    result = mediscan.run([str(source)], str(tmp_path / "out"), plan, workers=2, digest="sha256", layout="mirror")
    assert result.exit_status == 1
    assert result.as_dict()["written"] == len(tree(tmp_path / "out")) == 4
    assert result.ledger == f"{tmp_path}/out.ledger"
    assert len(rows(tmp_path / "out")) == 5


def test_run_takes_places_as_they_are_given(plan: mediscan.Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path / "in", 1)
    monkeypatch.chdir(tmp_path)
    result = mediscan.run(["in"], "out", plan, ledger="books")
    assert (result.dest, result.ledger) == (str(tmp_path / "out"), str(tmp_path / "books"))
    with pytest.raises(UsageError):
        mediscan.run(["in"], "in/out", plan)


SCRIPT = """
import sys
import mediscan
print("once")
plan = mediscan.compile_policy("safe-harbor", key=mediscan.Key(bytes(32)))
result = mediscan.run([sys.argv[1]], sys.argv[2], plan, workers=2)
print(result.summary.inputs)
"""


def test_a_script_without_a_main_guard_is_not_run_again_by_the_workers(tmp_path: Path) -> None:
    """multiprocessing imports the caller's script in every worker, which would start the run over, in a circle."""
    fill(tmp_path / "in", 5)
    (tmp_path / "script.py").write_text(SCRIPT)
    arguments = [sys.executable, tmp_path / "script.py", tmp_path / "in", tmp_path / "out"]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("once\n5\n", "")


def test_the_key_is_in_no_text(plan: mediscan.Plan) -> None:
    for text in (repr(plan), str(plan), repr(plan.key)):
        assert SECRET.hex() not in text
        assert repr(SECRET)[2:-1] not in text


def test_other_peoples_identifiers_in_one_data_set_get_their_own_pseudonyms(slice_: FileDataset, plan: mediscan.Plan) -> None:
    assert uid(1).rstrip(b"\0").decode() == slice_.StudyInstanceUID
    first = mediscan.deidentify(slice_, plan)
    slice_.PatientID = "PAT-2"
    second = mediscan.deidentify(slice_, plan)
    assert first.PatientID != second.PatientID
    assert first.StudyInstanceUID == second.StudyInstanceUID
