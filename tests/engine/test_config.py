"""Where a run may start: nothing lies in anything else, and nothing stands where the output goes."""

import os
from pathlib import Path

import pytest

from mediscan.engine.config import RunConfig, available_cores
from mediscan.errors import DestinationError
from runs import fill, run


def config(source: Path, dest: Path, ledger: Path | None = None) -> RunConfig:
    return RunConfig((os.fsencode(source),), str(dest), str(ledger or f"{dest}.ledger"))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return fill(tmp_path / "in", 1)


def test_an_absent_or_empty_destination_is_taken(source: Path, tmp_path: Path) -> None:
    config(source, tmp_path / "out").check_places()
    (tmp_path / "empty").mkdir()
    config(source, tmp_path / "empty").check_places()


@pytest.mark.parametrize(
    ("dest", "ledger"),
    [
        ("in/out", "ledger"),  # destination in source
        (".", "ledger"),  # source in destination
        ("in", "ledger"),
        ("out", "out/ledger"),  # ledger in destination
        ("ledger/out", "ledger"),
        ("out", "out"),
        ("out", "in/ledger"),  # ledger in source
        ("through-a-link/out", "ledger"),
    ],
)
def test_places_in_one_another_are_refused(source: Path, tmp_path: Path, dest: str, ledger: str) -> None:
    (tmp_path / "through-a-link").symlink_to(source)
    with pytest.raises(DestinationError, match=r"in one another|beside one another"):
        config(source, tmp_path / dest, tmp_path / ledger).check_places()


def test_names_that_only_begin_alike_are_apart(source: Path, tmp_path: Path) -> None:
    config(source, tmp_path / "in-clean").check_places()


def test_a_source_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DestinationError, match="does not exist"):
        config(tmp_path / "Brzeczyk", tmp_path / "out").check_places()


def test_a_destination_that_holds_something_is_refused(source: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "file").touch()
    with pytest.raises(DestinationError, match="--restart"):
        config(source, tmp_path / "out").check_places()


def test_a_destination_that_is_no_folder_is_refused(source: Path, tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(DestinationError, match="must be folders"):
        config(source, tmp_path / "out").check_places()


def test_an_unfinished_run_names_both_ways_on(source: Path, tmp_path: Path) -> None:
    run(source, tmp_path / "out")
    with pytest.raises(DestinationError, match="hold a run already"):
        config(source, tmp_path / "out").check_places()
    (tmp_path / "out.ledger" / "run.json").unlink()
    with pytest.raises(DestinationError, match=r"--restart.*--resume"):
        config(source, tmp_path / "out").check_places()


def test_messages_hold_no_part_of_a_source_path(tmp_path: Path) -> None:
    for source, dest in (("Brzeczyk/a", "out"), ("Brzeczyk", "Brzeczyk/out")):
        with pytest.raises(DestinationError) as caught:
            config(tmp_path / source, tmp_path / dest).check_places()
        assert "Brzeczyk" not in str(caught.value)


def test_cores_are_those_that_this_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 1 <= available_cores() <= len(os.sched_getaffinity(0))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3})
    assert available_cores() == 1
