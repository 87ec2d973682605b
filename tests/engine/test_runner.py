"""However many workers there are, and whoever dies, the tree and the ledger are the same."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest
from crash_hook import PIDS, serve

from mediscan.engine import runner
from mediscan.engine.config import RunConfig
from mediscan.engine.runner import ProcessRunner, SerialRunner, make_runner
from mediscan.errors import RunError
from runs import ct, fill, plan, rows, run, timeless, tree


@pytest.fixture
def doomed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers do as the names of their inputs say."""
    monkeypatch.setattr(runner, "_serve", serve)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Good inputs, bad ones, duplicates, and conflicting ones that lie far apart."""
    folder = fill(tmp_path_factory.mktemp("source") / "in", 120)
    (folder / "0050x.txt").write_text("no DICOM")
    (folder / "0051x.dcm").write_bytes(ct(51)[:-3])
    (folder / "0052x.dcm").write_bytes(ct(0))
    (folder / "0110x.dcm").write_bytes(ct(3, comment=b"OTHER "))
    (folder / "0111x.dcm").write_bytes(ct(4, pixels=600))
    (folder / "0001x.dcm").write_bytes(ct(115, comment=b"FIRST "))
    return folder


@pytest.fixture(scope="module")
def serial(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    dest = tmp_path_factory.mktemp("serial") / "out"
    run(source, dest, workers=0)
    return dest


def assert_same(dest: Path, other: Path) -> None:
    assert tree(dest) == tree(other)
    for dataset in ("files", "actions"):
        assert timeless(rows(dest, dataset)) == timeless(rows(other, dataset))


@pytest.mark.parametrize("workers", [1, 2, 4])
@pytest.mark.parametrize("digest", ["blake3", "none"])
def test_any_number_of_workers_gives_the_same_tree_and_ledger(
    source: Path, serial: Path, tmp_path: Path, workers: int, digest: str
) -> None:
    run(source, tmp_path / "out", workers=workers, digest=digest)
    if digest == "none":
        assert tree(tmp_path / "out") == tree(serial)
    else:
        assert_same(tmp_path / "out", serial)


def test_one_worker_process_gives_the_same_as_none(source: Path, serial: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    config = RunConfig((os.fsencode(source),), str(tmp_path / "out"), str(tmp_path / "out.ledger"), workers=1)
    from mediscan.engine.discover import batches

    total = ProcessRunner(config, plan(), "run").run(batches(config.sources), lambda _: None)
    assert total.inputs == len(rows(serial))


def test_workers_that_ran_are_named_in_the_ledger(source: Path, tmp_path: Path) -> None:
    run(source, tmp_path / "out", workers=2)
    assert {row["worker"] for row in rows(tmp_path / "out")} <= {0, 1}


def test_the_number_of_workers_chooses_the_runner(tmp_path: Path) -> None:
    def chosen(workers: int) -> type:
        config = RunConfig((b"/nowhere",), str(tmp_path / "out"), str(tmp_path / "out.ledger"), workers=workers)
        return type(make_runner(config, plan(), "run"))

    assert [chosen(n) for n in (0, 1, 2)] == [SerialRunner, SerialRunner, ProcessRunner]


def test_totals_are_those_of_the_ledger(source: Path, tmp_path: Path) -> None:
    seen = []
    config = RunConfig((os.fsencode(source),), str(tmp_path / "out"), str(tmp_path / "out.ledger"), workers=2)
    from mediscan.engine.run import execute

    result = execute(config, plan(), lambda summary: seen.append(summary.inputs))
    found = rows(tmp_path / "out")
    assert result.summary.inputs == len(found) == 126
    for status in ("written", "duplicate", "quarantined", "not_dicom"):
        assert result.summary.of(status) == sum(row["status"] == status for row in found)
    assert result.summary.bytes_out == sum(row["output_size"] or 0 for row in found if row["status"] == "written")
    assert seen == sorted(seen)
    assert seen[-1] == 126


# --- workers that die -------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("doomed")
@pytest.mark.parametrize("workers", [2, 4])
def test_an_input_that_kills_its_worker_twice_is_refused_and_all_others_are_done(tmp_path: Path, workers: int) -> None:
    source = fill(tmp_path / "in", 60)
    (source / "0030-kills-always.dcm").write_bytes(ct(900))
    (source / "0047-kills-always.dcm").write_bytes(ct(901))
    result = run(source, tmp_path / "out", workers=workers)
    found = rows(tmp_path / "out")
    assert [row["file_id"] for row in found] == list(range(62))
    assert [n for n, row in enumerate(found) if row["reason"] == "worker_crashed"] == [30, 48]
    assert sum(row["status"] == "written" for row in found) == 60
    assert result.exit_status == 1
    assert sorted(tree(tmp_path / "out")) == sorted(row["output_path"] for row in found if row["output_path"])


@pytest.mark.usefixtures("doomed")
@pytest.mark.parametrize("name", ["0030-kills-once.dcm", "0030-dies-after-commit.dcm", "0000-kills-once.dcm"])
def test_a_worker_that_dies_once_loses_nothing(tmp_path: Path, name: str) -> None:
    source = fill(tmp_path / "in", 60)
    (source / name).write_bytes(ct(900))
    result = run(source, tmp_path / "out", workers=2)
    run(source, tmp_path / "again", workers=0)
    assert result.exit_status == 0
    assert result.summary.outcomes == {("written", None): 61}
    assert_same(tmp_path / "out", tmp_path / "again")


@pytest.mark.usefixtures("doomed")
def test_workers_killed_from_outside_lose_nothing(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for number in range(60):
        (source / f"{number:04d}-slow.dcm").write_bytes(ct(number))
    dest = tmp_path / "out"
    killed: set[int] = set()

    def killer() -> None:
        """Two kills, when no batch of a single input is in hand: a third could make one of them the second for an input."""
        deadline = time.monotonic() + 60
        while len(killed) < 2 and time.monotonic() < deadline:
            time.sleep(0.2)
            if len(list(dest.rglob("*.dcm"))) < 8:
                continue
            pid = next(pid for pid in map(int, os.listdir(Path(f"{dest}.ledger") / PIDS)) if pid not in killed)
            os.kill(pid, signal.SIGKILL)
            killed.add(pid)

    thread = threading.Thread(target=killer)
    thread.start()
    result = run(source, dest, workers=2)
    thread.join()
    assert len(killed) == 2
    assert result.summary.outcomes == {("written", None): 60}
    run(source, tmp_path / "again", workers=0)
    assert_same(dest, tmp_path / "again")


@pytest.mark.usefixtures("doomed")
def test_what_a_crashed_input_left_behind_is_removed(tmp_path: Path) -> None:
    """The hook kills the worker when the output has its name already: with its row refused it must not stay."""
    source = fill(tmp_path / "in", 3)
    (source / "0001-kills-always.dcm").write_bytes(ct(900))
    run(source, tmp_path / "out", workers=2)
    assert len(tree(tmp_path / "out")) == 3


def test_a_destination_that_cannot_be_written_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = fill(tmp_path / "in", 40)
    run(source, tmp_path / "probe", workers=0)
    patient = next(iter(tree(tmp_path / "probe"))).split("/")[0]
    config = RunConfig((os.fsencode(source),), str(tmp_path / "out"), str(tmp_path / "out.ledger"), workers=2)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / patient).write_bytes(b"in the way")
    from mediscan.engine.discover import batches

    with pytest.raises(RunError, match="destination cannot be written"):
        ProcessRunner(config, plan(), "run").run(batches(config.sources), lambda _: None)


def test_no_worker_outlives_the_run(source: Path, tmp_path: Path) -> None:
    import multiprocessing

    run(source, tmp_path / "out", workers=2)
    assert multiprocessing.active_children() == []
