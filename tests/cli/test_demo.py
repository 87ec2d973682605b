"""`mediscan demo` does the main job on real files, and the query that it prints runs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from runs import mediscan_cli, rows


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> "tuple[Path, subprocess.CompletedProcess[bytes]]":
    folder = tmp_path_factory.mktemp("demo")
    return folder, mediscan_cli("demo", cwd=folder)


Demo = tuple[Path, "subprocess.CompletedProcess[bytes]"]


def test_it_exits_with_0_although_bad_files_are_quarantined(demo: Demo) -> None:
    folder, done = demo
    assert done.returncode == 0, done.stderr
    statuses = [row["status"] for row in rows(folder / "mediscan-demo/out")]
    assert statuses.count("written") > 50
    assert statuses.count("quarantined") > 0
    assert json.loads((folder / "mediscan-demo/out.ledger/run.json").read_text())["written"] == statuses.count("written")


def test_it_says_where_output_and_ledger_are(demo: Demo) -> None:
    folder, done = demo
    said = done.stderr.decode()
    assert f"output: {folder}/mediscan-demo/out\n" in said
    assert f"ledger: {folder}/mediscan-demo/out.ledger\n" in said
    assert "--pixels off" in said


def test_the_printed_query_runs_and_counts_rules(demo: Demo) -> None:
    folder, done = demo
    query = done.stdout.decode()
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    ran = subprocess.run(["bash", "-c", query], capture_output=True, text=True, cwd=folder, env=environment)
    assert ran.returncode == 0, ran.stderr
    lines = ran.stdout.splitlines()
    assert len(lines) == 20
    assert "PS3.10 7.1" in ran.stdout
    counts = [int(line.split()[0]) for line in lines]
    assert counts == sorted(counts, reverse=True)


def test_it_can_be_run_again(demo: Demo) -> None:
    folder, _ = demo
    assert mediscan_cli("demo", "--workers", "1", cwd=folder).returncode == 0


def test_it_leaves_what_is_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "mine" / "out").mkdir(parents=True)
    (tmp_path / "mine" / "out" / "thesis.odt").touch()
    done = mediscan_cli("demo", "mine", cwd=tmp_path)
    assert done.returncode == 2
    assert os.listdir(tmp_path / "mine" / "out") == ["thesis.odt"]
