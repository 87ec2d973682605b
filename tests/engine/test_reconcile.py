"""Of several inputs with one SOP Instance UID the first in order is written, whichever worker was quicker."""

import os
from pathlib import Path

import pytest
from crash_hook import serve

from mediscan.engine import runner
from mediscan.engine.config import RunConfig
from mediscan.engine.discover import batches
from mediscan.engine.reconcile import reconcile
from mediscan.engine.worker import Summary, Worker
from runs import ct, fill, plan, rows, run, timeless, tree


@pytest.fixture
def contested(tmp_path: Path) -> Path:
    """Twenty inputs with one UID and different contents, far apart."""
    source = fill(tmp_path / "in", 100)
    for number in range(0, 100, 5):
        (source / f"{number:04d}.dcm").write_bytes(ct(500, comment=b"C%03d" % number))
    return source


@pytest.mark.parametrize("workers", [0, 2, 4])
def test_the_first_in_order_is_written(contested: Path, tmp_path: Path, workers: int) -> None:
    run(contested, tmp_path / "out", workers=workers)
    found = [row for row in rows(tmp_path / "out") if row["file_id"] % 5 == 0]
    assert [row["status"] for row in found] == ["written"] + ["quarantined"] * 19
    assert {row["reason"] for row in found[1:]} == {"duplicate_uid_conflict"}
    assert b"C000" in (tmp_path / "out" / found[0]["output_path"]).read_bytes()


def backwards(source: Path, dest: Path) -> Summary:
    """Everything done by one worker, the last batch first; then put right."""
    config = RunConfig((os.fsencode(source),), str(dest), f"{dest}.ledger")
    dest.mkdir()
    worker, total = Worker(config, plan(), "run"), Summary()
    for batch in reversed(list(batches(config.sources))):
        total.add(worker.process(batch))
    reconcile(config, plan(), "run", total)
    return total


def test_the_slowest_winner_still_wins(contested: Path, tmp_path: Path) -> None:
    total = backwards(contested, tmp_path / "out")
    result = run(contested, tmp_path / "forwards", workers=0)
    assert tree(tmp_path / "out") == tree(tmp_path / "forwards")
    for dataset in ("files", "actions"):
        assert timeless(rows(tmp_path / "out", dataset)) == timeless(rows(tmp_path / "forwards", dataset))
    assert total.outcomes == result.summary.outcomes
    assert (total.bytes_in, total.bytes_out) == (result.summary.bytes_in, result.summary.bytes_out)


def test_duplicates_of_the_winner_are_duplicates_and_those_of_a_loser_conflicts(tmp_path: Path) -> None:
    source = fill(tmp_path / "in", 30)
    for number, comment in ((2, b"A "), (9, b"B "), (15, b"A "), (28, b"B ")):
        (source / f"{number:04d}.dcm").write_bytes(ct(500, comment=comment))
    backwards(source, tmp_path / "out")
    found = rows(tmp_path / "out")
    assert [found[n]["status"] for n in (2, 9, 15, 28)] == ["written", "quarantined", "duplicate", "quarantined"]
    assert len(found) == 30


def test_inputs_of_several_sources_keep_the_order_of_the_sources(tmp_path: Path) -> None:
    for name, comment in (("b", b"ONE "), ("a", b"TWO ")):
        fill(tmp_path / name, 20)
        (tmp_path / name / "0019.dcm").write_bytes(ct(500, comment=comment))
    sources = tuple(os.fsencode(tmp_path / name) for name in ("b", "a"))
    config = RunConfig(sources, str(tmp_path / "out"), str(tmp_path / "out.ledger"))
    (tmp_path / "out").mkdir()
    worker, total = Worker(config, plan(), "run"), Summary()
    for batch in reversed(list(batches(sources))):
        total.add(worker.process(batch))
    reconcile(config, plan(), "run", total)
    found = rows(tmp_path / "out")
    assert [row["status"] for row in found] == ["written"] * 20 + ["duplicate"] * 19 + ["quarantined"]


def test_conflicts_and_a_dead_worker_at_once(contested: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (contested / "0000.dcm").rename(contested / "0000-kills-once.dcm")
    (contested / "0050.dcm").rename(contested / "0050-dies-after-commit.dcm")
    run(contested, tmp_path / "again", workers=0)
    monkeypatch.setattr(runner, "_serve", serve)
    run(contested, tmp_path / "out", workers=2)
    assert tree(tmp_path / "out") == tree(tmp_path / "again")
    assert timeless(rows(tmp_path / "out")) == timeless(rows(tmp_path / "again"))
