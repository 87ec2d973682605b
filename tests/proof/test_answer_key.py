"""A small run of benchmarks/answer_key: generator, policy `research`, scorer; and the scorer against outputs that are wrong."""

import os
import shutil
import sys
from pathlib import Path

import pydicom
import pytest
from outputs import POLICIES, collections

import mediscan
from conftest import ROOT
from mediscan.engine.config import RunConfig
from mediscan.engine.run import execute
from runs import SECRET

sys.path.insert(0, str(ROOT / "benchmarks" / "answer_key"))
import answers
import generate
import score

FILES, LARGEST = 80, 150_000
GOAL = 99.95


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of inputs and key."""
    folder = tmp_path_factory.mktemp("key") / "planted"
    files, checks = generate.generate(folder, collections(), FILES, LARGEST)
    assert files == FILES
    assert checks > 100 * FILES
    return folder


@pytest.fixture(scope="module")
def result(planted: Path, tmp_path_factory: pytest.TempPathFactory) -> "tuple[Path, score.Score]":
    """Outputs under `research` and their score."""
    dest = tmp_path_factory.mktemp("out") / "out"
    plan = mediscan.compile_policy("research", key=mediscan.Key(SECRET))
    execute(RunConfig((os.fsencode(planted / "in"),), str(dest), f"{dest}.ledger", workers=1, pixels="off"), plan)
    return dest, score.score(dest, planted / "key.csv")


needs_research = pytest.mark.skipif("research" not in POLICIES, reason="there is no policy `research` yet")


@needs_research
@pytest.mark.parametrize("action", [action for action in answers.ACTIONS if action != "pixels_hidden"])
def test_every_type_reaches_the_goal(action: str, result: "tuple[Path, score.Score]") -> None:
    _, found = result
    percent = found.percent(action)
    assert percent is not None, "the key has no such check"
    misses = {(miss.check.path, miss.check.note, miss.why) for miss in found.misses if miss.check.action == action}
    assert percent >= GOAL, f"{percent:.3f} %: {sorted(misses)[:20]}"


@needs_research
def test_no_input_is_missing(planted: Path, result: "tuple[Path, score.Score]") -> None:
    outputs = score.Outputs(result[0])
    assert {check.file for check in answers.read(planted / "key.csv") if check.instance not in outputs} == set()


def test_every_kind_of_check_is_made(planted: Path) -> None:
    found = {check.action for check in answers.read(planted / "key.csv")}
    assert found == set(answers.ACTIONS) - {"pixels_hidden"}  # planned with the pixel options


def test_doing_nothing_scores_badly(planted: Path) -> None:
    found = score.score(planted / "in", planted / "key.csv")
    for action in ("text_removed", "date_shifted", "uid_changed", "patid_consistent"):
        assert found.percent(action) == 0, action
    for action in ("tag_retained", "text_notnull", "text_retained", "pixels_retained", "uid_consistent"):
        assert found.percent(action) == 100, action


def test_a_missing_output_fails_every_check(planted: Path, tmp_path: Path) -> None:
    found = score.score(tmp_path, planted / "key.csv")
    assert {found.percent(action) for action in answers.ACTIONS} == {0, None}
    assert {miss.why for miss in found.misses} == {"no output"}


def test_a_wrong_output_is_told(planted: Path, tmp_path: Path) -> None:
    shutil.copytree(planted / "in", tmp_path / "out")
    path = tmp_path / "out" / "0000.dcm"
    wrong = pydicom.dcmread(path)
    wrong.StudyInstanceUID = "1.2.3"
    wrong.PatientID = "ANOTHER"
    del wrong.StudyDescription
    wrong.PixelData = b"\1" + wrong.PixelData[1:] if wrong.PixelData[0] != 1 else b"\2" + wrong.PixelData[1:]
    wrong.save_as(path)
    before, after = (score.score(folder, planted / "key.csv") for folder in (planted / "in", tmp_path / "out"))
    new = {(miss.check.action, miss.check.path, miss.why) for miss in after.misses} - {
        (miss.check.action, miss.check.path, miss.why) for miss in before.misses
    }
    assert ("tag_retained", "(0008,1030)", "gone") in new
    assert ("pixels_retained", "(7FE0,0010)", "changed") in new
    assert ("uid_consistent", "(0020,000D)", "another UID elsewhere") in new
