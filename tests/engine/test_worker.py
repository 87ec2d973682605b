"""Whatever goes wrong with one input is a row; nothing of it is written, and the others go on."""

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from handmade import CT_IMAGE, EXPLICIT_LE, explicit, part10
from mediscan.engine import worker
from mediscan.engine.config import RunConfig
from mediscan.engine.discover import Batch
from mediscan.engine.worker import Summary, Worker
from mediscan.errors import RunError, WorkerCrashed
from runs import ULTRASOUND, ct, fill, plan, rows, run, tree, uid


def make(tmp_path: Path, **settings: Any) -> Worker:
    (tmp_path / "out").mkdir(exist_ok=True)
    config = RunConfig((os.fsencode(tmp_path / "in"),), str(tmp_path / "out"), str(tmp_path / "out.ledger"), **settings)
    return Worker(config, plan(), "run")


def batch(source: Path, *names: str) -> Batch:
    return Batch("00000000", 0, os.fsencode(source) + b"/", tuple(os.fsencode(name) for name in names))


def only_row(tmp_path: Path) -> dict[str, Any]:
    (row,) = rows(tmp_path / "out")
    return row


def test_a_written_row_says_everything_the_contract_lists(tmp_path: Path) -> None:
    source = fill(tmp_path / "in", 1)
    run(source, tmp_path / "out", digest="sha256", digest_source=True)
    row = only_row(tmp_path)
    (output,) = (tmp_path / "out").rglob("*.dcm")
    assert row["status"] == "written"
    assert row["reason"] is row["detail"] is row["member"] is None
    assert row["source_size"] == (source / "0000.dcm").stat().st_size
    assert row["source_digest"] == hashlib.sha256((source / "0000.dcm").read_bytes()).hexdigest()
    assert row["output_digest"] == hashlib.sha256(output.read_bytes()).hexdigest()
    assert row["output_size"] == output.stat().st_size
    assert row["output_path"] == str(output.relative_to(tmp_path / "out"))
    parts = [row["patient"], row["study_uid"], row["series_uid"], row["sop_instance_uid"]]
    assert row["output_path"] == "/".join(parts) + ".dcm"
    assert (row["modality"], row["rows"], row["columns"], row["frames"]) == ("CT", 8, 8, None)
    assert row["transfer_syntax_uid"] == EXPLICIT_LE
    assert row["elements_seen"] > row["elements_changed"] > 0
    assert (row["leaks"], row["text_boxes"]) == (0, 0)


def test_elements_changed_counts_the_rows_of_actions(tmp_path: Path) -> None:
    run(fill(tmp_path / "in", 3), tmp_path / "out")
    changed = {row["file_id"]: row["elements_changed"] for row in rows(tmp_path / "out")}
    actions = [row["file_id"] for row in rows(tmp_path / "out", "actions")]
    assert changed == {file_id: actions.count(file_id) for file_id in changed}


@pytest.mark.parametrize(
    ("name", "contents", "status", "reason"),
    [
        ("note.txt", b"no DICOM", "not_dicom", "not_dicom"),
        ("empty", b"", "not_dicom", "not_dicom"),
        ("cut.dcm", ct(1)[:-10], "quarantined", "truncated"),
        ("preamble.dcm", bytes(128) + b"DICM", "quarantined", "truncated"),
        ("syntax.dcm", part10("1.2.3.4", b""), "quarantined", "unsupported_transfer_syntax"),
        ("class.dcm", ct(1, sop_class="1.2.3.4"), "quarantined", "unsafe_sop_class"),
        ("no-uid.dcm", part10(EXPLICIT_LE, explicit(0x00080016, "UI", CT_IMAGE)), "quarantined", "missing_uid"),
        ("deep.dcm", None, "quarantined", "nesting_too_deep"),
    ],
)  # fmt: skip
def test_bad_input_gets_one_row_and_writes_nothing(
    tmp_path: Path, name: str, contents: bytes | None, status: str, reason: str
) -> None:
    source = fill(tmp_path / "in", 1)
    (source / name).write_bytes(nested(70) if contents is None else contents)
    run(source, tmp_path / "out")
    assert [(row["status"], row["reason"]) for row in rows(tmp_path / "out")] == [("written", None), (status, reason)]
    assert len(tree(tmp_path / "out")) == 1
    assert {row["file_id"] for row in rows(tmp_path / "out", "actions")} == {0}


def nested(depth: int) -> bytes:
    content = b""
    for _ in range(depth):
        content = explicit(0x00082218, "SQ", b"\xfe\xff\x00\xe0" + len(content).to_bytes(4, "little") + content)
    return part10(EXPLICIT_LE, explicit(0x00080016, "UI", CT_IMAGE) + content)


def test_a_vr_that_no_standard_knows_does_not_break_the_batch(tmp_path: Path) -> None:
    source = fill(tmp_path / "in", 2)
    odd = ct(7).replace(
        explicit(0x00080060, "CS", b"CT"), explicit(0x00080060, "CS", b"CT") + explicit(0x00080061, "ZZ", b"AB")
    )
    (source / "odd.dcm").write_bytes(odd)
    run(source, tmp_path / "out")
    assert [row["status"] for row in rows(tmp_path / "out")][:2] == ["written", "written"]
    assert len(rows(tmp_path / "out")) == 3


def test_an_error_nobody_foresaw_costs_one_input_and_tells_no_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Worker, *_: object) -> str:
        raise ValueError("Brzeczyk^Zofia")

    source = fill(tmp_path / "in", 1)
    monkeypatch.setattr(Worker, "_decide_and_write", broken)
    summary = make(tmp_path).process(batch(source, "0000.dcm"))
    assert summary.outcomes == {("quarantined", "internal_error"): 1}
    assert only_row(tmp_path)["detail"] == "ValueError"


@pytest.mark.parametrize("pixels", [8, 700])
@pytest.mark.parametrize("digest", ["none", "blake3"])
def test_an_input_that_changes_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pixels: int, digest: str
) -> None:
    source = fill(tmp_path / "in", 2, pixels=pixels)
    made = make(tmp_path, digest=digest)
    place = made._sink.place

    def touched(*arguments: Any) -> Any:
        os.utime(source / "0000.dcm", ns=(1, 1))
        return place(*arguments)

    monkeypatch.setattr(made._sink, "place", touched)
    summary = made.process(batch(source, "0000.dcm"))
    assert summary.outcomes == {("quarantined", "changed_while_read"): 1}
    assert tree(tmp_path / "out") == {}
    assert rows(tmp_path / "out", "actions") == []


def test_an_input_that_shrinks_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = fill(tmp_path / "in", 1, pixels=700)
    made = make(tmp_path, digest="none")
    place = made._sink.place

    def shrunk(*arguments: Any) -> Any:
        os.truncate(source / "0000.dcm", 300_000)
        return place(*arguments)

    monkeypatch.setattr(made._sink, "place", shrunk)
    assert made.process(batch(source, "0000.dcm")).outcomes == {("quarantined", "changed_while_read"): 1}
    assert tree(tmp_path / "out") == {}


def test_images_that_may_show_text_are_held(tmp_path: Path) -> None:
    source = fill(tmp_path / "in", 1)
    (source / "us.dcm").write_bytes(ct(8, sop_class=ULTRASOUND))
    result = run(source, tmp_path / "out", pixels="detect")
    assert [(row["status"], row["reason"]) for row in rows(tmp_path / "out")] == [
        ("written", None),
        ("held", "burned_in_possible"),
    ]
    assert result.exit_status == 1
    run(source, tmp_path / "all", pixels="off")
    assert [row["status"] for row in rows(tmp_path / "all")] == ["written", "written"]


def test_exact_duplicates_are_recorded_and_conflicts_refused(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for name, comment in (("a", b""), ("b", b""), ("c", b"OTHER ")):
        (source / name).write_bytes(ct(1, comment=comment))
    run(source, tmp_path / "out")
    first, second, third = rows(tmp_path / "out")
    assert (first["status"], second["status"]) == ("written", "duplicate")
    assert second["output_path"] == first["output_path"]
    assert (third["status"], third["reason"]) == ("quarantined", "duplicate_uid_conflict")
    assert third["output_path"] is None
    assert third["output_size"] is third["output_digest"] is None
    assert len(tree(tmp_path / "out")) == 1


def test_the_mirror_layout_keeps_the_shape_and_not_the_names(tmp_path: Path) -> None:
    source = tmp_path / "in"
    (source / "ward 7" / "Brzeczyk").mkdir(parents=True)
    for number, name in enumerate(["ward 7/Brzeczyk/1.dcm", "ward 7/Brzeczyk/2.dcm", "ward 7/1.dcm", "1.dcm"]):
        (source / name).write_bytes(ct(number))
    run(source, tmp_path / "out", layout="mirror")
    paths = [Path(row["output_path"]) for row in rows(tmp_path / "out")]  # files first, then folders
    top, ward, one, two = paths
    assert (top.parent, ward.parent.parent, one.parent.parent) == (Path("."), Path("."), ward.parent)
    assert one.parent == two.parent
    assert top.stem == ward.stem == one.stem != two.stem  # one name, one pseudonym
    assert not any(word in str(path) for path in paths for word in ("ward", "Brzeczyk"))


def test_a_dry_run_decides_everything_and_writes_nothing(tmp_path: Path) -> None:
    source = fill(tmp_path / "in", 3)
    run(source, tmp_path / "dry", dry_run=True)
    run(source, tmp_path / "out")
    assert tree(tmp_path / "dry") == {}
    assert [row["status"] for row in rows(tmp_path / "dry")] == ["written"] * 3
    assert [row["output_path"] for row in rows(tmp_path / "dry")] == [None] * 3
    actions = [[{**row, "run_id": ""} for row in rows(tmp_path / name, "actions")] for name in ("dry", "out")]
    assert actions[0] == actions[1]


def test_the_source_is_digested_with_blake3_where_outputs_are_not(tmp_path: Path) -> None:
    from blake3 import blake3

    source = fill(tmp_path / "in", 1)
    run(source, tmp_path / "out", digest="none", digest_source=True)
    row = only_row(tmp_path)
    assert row["output_digest"] is None
    assert row["source_digest"] == blake3((source / "0000.dcm").read_bytes()).hexdigest()


def test_a_crashed_batch_is_recorded_without_opening_it(tmp_path: Path) -> None:
    summary = make(tmp_path).refuse(batch(tmp_path, "not-there.dcm"), WorkerCrashed())
    assert summary.outcomes == {("quarantined", "worker_crashed"): 1}
    assert only_row(tmp_path)["reason"] == "worker_crashed"


def test_a_ledger_that_cannot_be_written_stops_the_run(tmp_path: Path) -> None:
    source = fill(tmp_path / "in", 1)
    made = make(tmp_path)
    for name in ("files", "actions"):
        (tmp_path / "out.ledger" / name).rmdir()
    with pytest.raises(RunError, match="ledger cannot be written"):
        made.process(batch(source, "0000.dcm"))


def test_a_summary_adds_up() -> None:
    total, part = Summary(), Summary()
    part.outcomes[("written", None)] = 2
    part.bytes_in = 7
    part.contested.append((1, b"/", b"x", "y"))
    total.add(part)
    total.add(part)
    assert (total.inputs, total.of("written"), total.of("held"), total.bytes_in) == (4, 4, 0, 14)
    assert len(total.contested) == 2


def test_the_ledger_names_tool_policy_and_edition(tmp_path: Path) -> None:
    made = plan()
    assert worker.facts(made) == {
        "tool": made.tool,
        "policy": "safe-harbor",
        "policy_digest": made.policy.digest,
        "ps3_15_edition": "2026d",
        "key_fingerprint": made.key.fingerprint,
    }


def test_uids_of_one_series_stay_together(tmp_path: Path) -> None:
    run(fill(tmp_path / "in", 3), tmp_path / "out")
    found = rows(tmp_path / "out")
    assert len({(row["study_uid"], row["series_uid"], row["patient"]) for row in found}) == 1
    assert len({row["sop_instance_uid"] for row in found}) == 3
    assert uid(1).rstrip(b"\0").decode() not in {row["study_uid"] for row in found}
