"""Whole runs: what they leave, when they refuse, how they are interrupted, and what a key decides."""

import json
import os
import re
import signal
import subprocess
import time
import zlib
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from handmade import DEFLATED, part10
from mediscan.engine.run import sweep
from mediscan.errors import DestinationError
from runs import ULTRASOUND, command, ct, fill, mediscan_cli, rows, run, timeless, tree


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return fill(tmp_path / "in", 12)


# --- one key, two keys ------------------------------------------------------------------------------------------------


def test_two_runs_with_one_key_are_identical(source: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        run(source, tmp_path / name)
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    for dataset in ("files", "actions"):
        assert timeless(rows(tmp_path / "one", dataset)) == timeless(rows(tmp_path / "two", dataset))


PSEUDONYMS = ("source_ref", "patient", "study_uid", "series_uid", "sop_instance_uid", "output_path")


@pytest.mark.parametrize("layout", ["uid", "mirror"])
def test_two_keys_have_no_pseudonym_in_common(source: Path, tmp_path: Path, layout: str) -> None:
    found = []
    for name, secret in (("one", bytes(32)), ("two", bytes(31) + b"\1")):
        run(source, tmp_path / name, secret=secret, layout=layout)
        found.append({row[column] for row in rows(tmp_path / name) for column in PSEUDONYMS})
        parts = {part for path in tree(tmp_path / name) for part in path.removesuffix(".dcm").split("/")}
        found[-1] |= parts
    assert len(found[0]) == len(found[1])
    assert found[0].isdisjoint(found[1])


def test_the_key_is_made_once_kept_and_private(source: Path, tmp_path: Path) -> None:
    assert mediscan_cli("run", source, tmp_path / "out").returncode == 0
    key = tmp_path / "out.ledger" / "key"
    assert key.stat().st_mode & 0o777 == 0o600
    before, secret = tree(tmp_path / "out"), key.read_bytes()
    assert mediscan_cli("run", source, tmp_path / "out", "--restart").returncode == 0
    assert key.read_bytes() == secret
    assert tree(tmp_path / "out") == before


def test_a_forgotten_key_is_gone(source: Path, tmp_path: Path) -> None:
    assert mediscan_cli("run", source, tmp_path / "out", "--forget-key").returncode == 0
    assert not (tmp_path / "out.ledger" / "key").exists()


def test_a_policy_that_forgets_its_key_destroys_it(source: Path, tmp_path: Path) -> None:
    assert mediscan_cli("run", source, tmp_path / "out", "--policy", "gdpr-anonymous").returncode == 0
    assert {row["status"] for row in rows(tmp_path / "out")} == {"written"}
    assert not (tmp_path / "out.ledger" / "key").exists()


def test_a_policy_that_forgets_its_key_takes_none_of_ones_own(source: Path, tmp_path: Path) -> None:
    key = tmp_path / "project.key"
    assert mediscan_cli("key", "new", key).returncode == 0
    done = mediscan_cli("run", source, tmp_path / "out", "--key", key, "--policy", "gdpr-anonymous")
    assert done.returncode == 2
    assert b"policy gdpr-anonymous destroys LEDGER/key at the end" in done.stderr
    assert key.exists()
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "out.ledger").exists()


def test_a_source_that_is_named_may_be_a_link(source: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(source)
    assert mediscan_cli("run", tmp_path / "link", tmp_path / "out").returncode == 0
    assert {row["status"] for row in rows(tmp_path / "out")} == {"written"}


def test_an_image_that_says_so_out_of_order_is_held_all_the_same(tmp_path: Path) -> None:
    plain = ct(1)
    at = plain.index(b"\x08\x00\x08\x00CS")
    early, late = b"\x28\x00\x01\x03CS\x04\x00YES ", plain[at:]  # Burned In Annotation ahead of group 0008
    (tmp_path / "in").mkdir()
    first = b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 100"  # Specific Character Set
    (tmp_path / "in" / "a.dcm").write_bytes(plain[:at] + first + early + late)
    assert run(tmp_path / "in", tmp_path / "out", pixels="detect").summary.outcomes == {("held", "burned_in_possible"): 1}


def test_a_key_of_ones_own_is_never_destroyed(source: Path, tmp_path: Path) -> None:
    key = tmp_path / "project.key"
    assert mediscan_cli("key", "new", key).returncode == 0
    done = mediscan_cli("run", source, tmp_path / "out", "--key", key, "--forget-key")
    assert done.returncode == 2
    assert key.exists()
    assert not (tmp_path / "out").exists()


def test_a_deflated_input_counts_with_its_size_on_disk(tmp_path: Path) -> None:
    plain = ct(1)
    at = plain.index(b"\x08\x00\x08\x00CS")
    engine = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    deflated = part10(DEFLATED, engine.compress(plain[at:]) + engine.flush())
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.dcm").write_bytes(deflated)
    assert run(tmp_path / "in", tmp_path / "out").summary.outcomes == {("written", None): 1}
    assert [row["source_size"] for row in rows(tmp_path / "out")] == [len(deflated)]


def test_a_given_key_is_used_and_none_is_made(source: Path, tmp_path: Path) -> None:
    assert mediscan_cli("key", "new", tmp_path / "project.key").returncode == 0
    for name in ("one", "two"):
        assert mediscan_cli("run", source, tmp_path / name, "--key", tmp_path / "project.key").returncode == 0
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    assert not (tmp_path / "one.ledger" / "key").exists()


# --- what a run leaves ------------------------------------------------------------------------------------------------


def test_the_manifest_counts_and_names_no_place(source: Path, tmp_path: Path) -> None:
    (source / "note.txt").write_text("no DICOM")
    result = run(source, tmp_path / "out")
    text = (tmp_path / "out.ledger" / "run.json").read_text()
    manifest = json.loads(text)
    assert (manifest["inputs"], manifest["written"], manifest["not_dicom"], manifest["exit_status"]) == (13, 12, 1, 0)
    assert manifest["policy"] == "safe-harbor"
    assert {row["run_id"] for row in rows(tmp_path / "out")} == {manifest["run_id"]}
    assert str(tmp_path) not in text
    assert result.as_dict().items() <= manifest.items()


def test_the_ledger_is_versioned_and_signed_integers_and_strings(source: Path, tmp_path: Path) -> None:
    run(source, tmp_path / "out")
    for dataset in ("files", "actions"):
        for path in (tmp_path / "out.ledger" / dataset).iterdir():
            schema = pq.read_schema(path)
            assert schema.metadata[b"mediscan.schema_version"] == b"1"
            assert not any("uint" in str(field.type) for field in schema)
            parquet = pq.ParquetFile(path).metadata
            groups = [parquet.row_group(n) for n in range(parquet.num_row_groups)]
            # Statistics would put the smallest and the largest value into the footer.
            assert not any(group.column(n).is_stats_set for group in groups for n in range(group.num_columns))


def test_duckdb_reads_the_ledger(source: Path, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    run(source, tmp_path / "out")
    query = f"select count(*) from read_parquet('{tmp_path}/out.ledger/files/*.parquet') where status = 'written'"
    assert duckdb.sql(query).fetchall() == [(12,)]


def test_not_a_file_but_output_and_ledger_is_made(source: Path, tmp_path: Path) -> None:
    before = tree(source)
    assert mediscan_cli("run", source, tmp_path / "out", cwd=tmp_path).returncode == 0
    assert sorted(os.listdir(tmp_path)) == ["in", "out", "out.ledger"]
    assert sorted(os.listdir(tmp_path / "out.ledger")) == ["actions", "files", "key", "run.json"]
    assert tree(source) == before


# --- exit status ------------------------------------------------------------------------------------------------------


def test_exit_status_0_when_all_is_written_though_some_is_no_dicom(source: Path, tmp_path: Path) -> None:
    (source / "note.txt").write_text("no DICOM")
    (source / "again.dcm").write_bytes(ct(0))
    done = mediscan_cli("run", source, tmp_path / "out", "--json")
    assert done.returncode == 0
    summary = json.loads(done.stdout)
    assert (summary["written"], summary["duplicate"], summary["not_dicom"]) == (12, 1, 1)
    assert summary["exit_status"] == 0


@pytest.mark.parametrize("bad", [ct(99)[:-5], ct(99, sop_class=ULTRASOUND)])
def test_exit_status_1_when_something_is_quarantined_or_held(source: Path, tmp_path: Path, bad: bytes) -> None:
    (source / "bad.dcm").write_bytes(bad)
    assert mediscan_cli("run", source, tmp_path / "out").returncode == 1
    assert len(tree(tmp_path / "out")) == 12


def test_pixels_off_holds_nothing(source: Path, tmp_path: Path) -> None:
    (source / "us.dcm").write_bytes(ct(99, sop_class=ULTRASOUND))
    assert mediscan_cli("run", source, tmp_path / "out", "--pixels", "off").returncode == 0
    assert len(tree(tmp_path / "out")) == 13


@pytest.mark.parametrize(
    "arguments",
    [
        ["nowhere", "out"],
        ["in", "in/out"],
        ["in", "full"],
        ["in", "file"],
        ["in", "out", "--ledger", "out/ledger"],
        ["in", "out", "--policy", "no-such-policy"],
        ["in", "out", "--key", "no-such-key"],
        ["in", "out", "--workers", "0"],
        ["in", "out", "--dates", "sometimes"],
        ["in", "out", "--restart"],
        ["in"],
    ],
)
def test_exit_status_2_and_nothing_is_touched(source: Path, tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "precious").touch()
    (tmp_path / "file").touch()
    before = sorted(tmp_path.rglob("*"))
    done = mediscan_cli("run", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert sorted(tmp_path.rglob("*")) == before
    assert done.stdout == b""
    assert done.stderr.splitlines()[-1].startswith(b"mediscan")
    assert b"Traceback" not in done.stderr


def test_exit_status_3_when_the_run_cannot_finish(source: Path, tmp_path: Path) -> None:
    blocked = "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
    blocked += "resource.setrlimit(resource.RLIMIT_FSIZE, (100000, -1));"
    blocked += "from mediscan.cli.main import main; sys.exit(main(sys.argv[1:]))"
    (source / "big.dcm").write_bytes(ct(99, pixels=400))
    arguments = [*command()[:3], "-c", blocked, "run", str(source), str(tmp_path / "out"), "--workers", "1"]
    done = subprocess.run(arguments, capture_output=True)
    assert done.returncode == 3, done.stderr
    assert done.stderr.decode().splitlines()[-1].startswith("mediscan: the destination cannot be written")
    assert not (tmp_path / "out.ledger" / "run.json").exists()
    assert not list((tmp_path / "out").rglob("*.part"))


# --- once more --------------------------------------------------------------------------------------------------------


def test_a_second_run_into_the_same_place_needs_restart(source: Path, tmp_path: Path) -> None:
    assert mediscan_cli("run", source, tmp_path / "out").returncode == 0
    again = mediscan_cli("run", source, tmp_path / "out")
    assert again.returncode == 2
    assert b"--restart" in again.stderr
    (source / "0000.dcm").unlink()
    assert mediscan_cli("run", source, tmp_path / "out", "--restart").returncode == 0
    assert len(tree(tmp_path / "out")) == len(rows(tmp_path / "out")) == 11


@pytest.mark.parametrize("mistake", [["--policy", "no-such"], ["--key", "no-such"], ["--workers", "0"]])
def test_restart_forgets_nothing_when_the_command_line_is_wrong(source: Path, tmp_path: Path, mistake: list[str]) -> None:
    run(source, tmp_path / "out")
    before = tree(tmp_path / "out") | tree(tmp_path / "out.ledger")
    assert mediscan_cli("run", source, tmp_path / "out", "--restart", *mistake).returncode == 2
    assert tree(tmp_path / "out") | tree(tmp_path / "out.ledger") == before


def test_restart_never_removes_a_source(source: Path, tmp_path: Path) -> None:
    """Removing DEST first and looking for overlaps afterwards would lose the input."""
    run(source, tmp_path / "out")
    first = next((tmp_path / "out").iterdir())
    before = tree(tmp_path / "out")
    assert mediscan_cli("run", first, tmp_path / "out", "--restart").returncode == 2
    assert tree(tmp_path / "out") == before


def test_restart_leaves_what_no_run_wrote(source: Path, tmp_path: Path) -> None:
    run(source, tmp_path / "out")
    (tmp_path / "out" / "thesis.odt").write_bytes(b"three years of work")
    assert mediscan_cli("run", source, tmp_path / "out", "--restart").returncode == 2
    assert tree(tmp_path / "out") == {"thesis.odt": b"three years of work"}


def test_dry_run_writes_no_dicom(source: Path, tmp_path: Path) -> None:
    done = mediscan_cli("run", source, tmp_path / "out", "--dry-run", "--json")
    assert json.loads(done.stdout)["written"] == 12
    assert tree(tmp_path / "out") == {}
    assert [row["status"] for row in rows(tmp_path / "out")] == ["written"] * 12


def test_several_sources_are_one_run(source: Path, tmp_path: Path) -> None:
    other = fill(tmp_path / "other", 3, patient="PAT-2")
    (tmp_path / "one.dcm").write_bytes(ct(77, patient="PAT-3"))
    done = mediscan_cli("run", source, other, tmp_path / "one.dcm", tmp_path / "out", "--json")
    assert json.loads(done.stdout)["inputs"] == 16
    assert len(os.listdir(tmp_path / "out")) == 3  # patients


# --- interrupted ------------------------------------------------------------------------------------------------------


def begun(source: Path, dest: Path, workers: int) -> "subprocess.Popen[bytes]":
    """A run in a process group of its own that has written something."""
    arguments = command("run", source, dest, "--workers", str(workers), "--progress", "off")
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not any(dest.rglob("*.dcm") if dest.exists() else ()):
        time.sleep(0.005)
    return process


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough to be interrupted in: hard links of a few large instances are read, digested and written each."""
    source = fill(tmp_path_factory.mktemp("many") / "in", 40, pixels=1024)
    for number in range(40, 1600):
        os.link(source / f"{number % 40:04d}.dcm", source / f"{number:04d}.dcm")
    return source


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("whole_group", [True, False])
def test_ctrl_c_ends_with_130_and_leaves_nothing_half_done(many: Path, tmp_path: Path, workers: int, whole_group: bool) -> None:
    dest = tmp_path / "out"
    process = begun(many, dest, workers)
    assert process.poll() is None
    (os.killpg if whole_group else os.kill)(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert out == b""
    assert re.fullmatch(rb"mediscan: interrupted; .*--restart.*\n", err)
    assert not (tmp_path / "out.ledger" / "run.json").exists()
    assert not [path for path in dest.rglob("*") if path.is_file() and path.suffix != ".dcm"]
    assert not alive(process.pid)


def alive(group: int) -> bool:
    """Whether a process of the group is left after a moment."""
    for _ in range(100):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return False
        time.sleep(0.05)
    return True


def test_ctrl_c_is_not_lost_while_a_fragment_is_made(source: Path, tmp_path: Path) -> None:
    """pyarrow tries to import pandas wherever it has to infer a type, and swallows an interrupt that arrives meanwhile."""
    code = "import sys; from runs import run; from pathlib import Path; from mediscan.ledger.writer import LedgerWriter\n"
    code += "commit, tried = LedgerWriter.commit, []\n"
    code += "def watched(*arguments):\n    sys.meta_path.insert(0, finder); commit(*arguments); sys.meta_path.remove(finder)\n"
    code += "finder = type('', (), {'find_spec': lambda self, name, *_: tried.append(name)})()\n"
    code += "LedgerWriter.commit = watched; run(*map(Path, sys.argv[1:])); print('pandas' in tried)"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    arguments = [*command()[:1], "-c", code, str(source), str(tmp_path / "out")]
    assert subprocess.run(arguments, capture_output=True, env=environment, check=True).stdout == b"False\n"


def test_sigterm_is_an_interruption_too(many: Path, tmp_path: Path) -> None:
    process = begun(many, tmp_path / "out", 2)
    process.terminate()
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert not list((tmp_path / "out").rglob(".*.part"))


def test_workers_die_with_a_killed_runner(many: Path, tmp_path: Path) -> None:
    process = begun(many, tmp_path / "out", 2)
    process.kill()
    process.communicate(timeout=30)
    assert not alive(process.pid)


def test_an_interrupted_run_is_named_and_can_be_started_over(source: Path, many: Path, tmp_path: Path) -> None:
    process = begun(many, tmp_path / "out", 2)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=30)
    again = mediscan_cli("run", source, tmp_path / "out")
    assert again.returncode == 2
    assert b"--restart" in again.stderr
    assert b"--resume" in again.stderr
    assert mediscan_cli("run", source, tmp_path / "out", "--restart").returncode == 0
    assert len(tree(tmp_path / "out")) == 12


def test_only_temporary_files_and_orphans_are_swept(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for name in ("a/.12-1.part", "a/kept.dcm", "a/orphan.dcm", "a/.hidden", "a/x.part"):
        (tmp_path / name).touch()
    sweep(str(tmp_path))
    assert sorted(tree(tmp_path)) == ["a/.hidden", "a/kept.dcm", "a/orphan.dcm", "a/x.part"]
    sweep(str(tmp_path), {"a/kept.dcm"})
    assert sorted(tree(tmp_path)) == ["a/.hidden", "a/kept.dcm", "a/x.part"]


def test_a_run_refuses_before_it_makes_anything(source: Path, tmp_path: Path) -> None:
    with pytest.raises(DestinationError):
        run(source, source / "out")
    assert sorted(os.listdir(tmp_path)) == ["in"]
