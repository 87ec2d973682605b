"""`mediscan explain`: what happens to each element and why; values only where they are asked for."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from handmade import explicit
from mediscan.cli.main import main
from runs import ct

NAME, IDENTIFIER = "Brzeczyk", "PAT-1"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A CT slice with a description, a private block and a nested name."""
    nested = explicit(0x00100010, "PN", b"Nested^Person ")
    more = explicit(0x00081030, "LO", b"Brzeczyk's knee ")
    more += explicit(0x00082218, "SQ", b"\xfe\xff\x00\xe0" + len(nested).to_bytes(4, "little") + nested)
    more += explicit(0x00090010, "LO", b"SECRET CREATOR")
    before = explicit(0x00100010, "PN", b"Brzeczyk^Zofia")
    path = tmp_path / "one.dcm"
    path.write_bytes(ct(1).replace(before, more + before))
    return path


def lines(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, dict[str, Any]]:
    assert main(["explain", *arguments, "--json"]) == 0
    return {line["path"]: line for line in map(json.loads, capsys.readouterr().out.splitlines())}


@pytest.mark.parametrize("options", [[], ["--json"], ["--changed"], ["--changed", "--json"], ["--dates", "shift"]])
def test_no_value_is_shown(file: Path, options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(file), *options]) == 0
    out, err = capsys.readouterr()
    assert "PatientName" in out
    for value in (NAME, IDENTIFIER, "knee", "Nested", "SECRET", "20190412", "1.2.826"):
        assert value not in out + err


def test_values_are_shown_where_they_are_asked_for(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = lines(capsys, str(file), "--show-phi")
    assert shown["(0010,0010)"]["old"] == "Brzeczyk^Zofia"
    assert shown["(0008,0020)"]["new"] == "20190101"
    assert shown["(0010,0020)"]["new"] not in ("", IDENTIFIER)
    assert main(["explain", str(file), "--show-phi"]) == 0
    assert NAME in capsys.readouterr().out


def test_action_rule_and_category_of_each_element(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = lines(capsys, str(file))
    name = shown["(0010,0010)"]
    assert (name["keyword"], name["vr"], name["action"], name["rule"], name["category"]) == (
        "PatientName", "PN", "D", "E.1-1 (0010,0010)", "A",
    )  # fmt: skip
    assert shown["(0008,1030)"]["action"] == "C"
    assert shown["(0009,0010)"]["rule"] == "E.1-1 (private)"
    assert shown["(0020,000D)"]["action"] == "U"
    assert shown["(0028,0010)"]["action"] == "K"
    assert shown["(0008,2218)[0].(0010,0010)"]["action"] in "XZD"


def test_only_what_changes(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    everything, changed = lines(capsys, str(file)), lines(capsys, str(file), "--changed")
    assert set(changed) == {path for path, line in everything.items() if line["action"] != "K"}
    assert len(everything) > len(changed) > 5


@pytest.mark.parametrize(
    ("contents", "reason"),
    [(b"no DICOM", "not_dicom"), (ct(1)[:-4], "truncated"), (ct(1, sop_class="1.2.3"), "unsafe_sop_class")],
)
def test_a_file_that_a_run_would_refuse(
    tmp_path: Path, contents: bytes, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "Brzeczyk.dcm"
    path.write_bytes(contents)
    assert main(["explain", str(path)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert reason in err
    assert NAME not in err


def test_what_is_no_file_is_an_error_and_no_hang(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, status in ((tmp_path, 1), (tmp_path / "pipe", 1), (tmp_path / "nowhere", 2)):
        assert main(["explain", str(path)]) == status
        assert capsys.readouterr().err.count("\n") == 1
