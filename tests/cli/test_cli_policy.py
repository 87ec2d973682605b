"""`mediscan policy`: the policies there are, and what one does with every row of the Table."""

import csv
import io
import json
from pathlib import Path

import pytest

from mediscan.cli.main import main
from mediscan.profile import policy_file, table


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["policy", *arguments]) == 0
    return capsys.readouterr().out


def test_list_names_every_policy(capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(capsys, "list")
    for name in policy_file.names():
        assert name in out
        assert policy_file.load(name).title in out


@pytest.mark.parametrize("name", policy_file.names())
def test_show_has_one_line_for_each_row_of_the_table(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    rows = json.loads(shown(capsys, "show", name, "--format", "json"))
    assert [row["table code"] for row in rows] == [row.basic for row in table.load().rows]


def test_show_resolves_the_codes_by_type(capsys: pytest.CaptureFixture[str]) -> None:
    rows = {row["tag"]: row for row in json.loads(shown(capsys, "show", "basic", "--format", "json"))}
    physician = rows["(0008,0090)"]
    assert (physician["table code"], physician["type 1"], physician["type 2"]) == ("Z", "dummy", "empty")
    station = rows["(0008,1010)"]
    assert (station["table code"], station["type 1"], station["type 2"], station["type 3"]) == (
        "X/Z/D", "dummy", "empty", "remove",
    )  # fmt: skip


def test_show_as_csv_is_the_same_table(capsys: pytest.CaptureFixture[str]) -> None:
    heading, *rows = csv.reader(io.StringIO(shown(capsys, "show", "--format", "csv")))
    as_json = json.loads(shown(capsys, "show", "--format", "json"))
    assert [dict(zip(heading, row, strict=True)) for row in rows] == as_json


def test_show_for_people_names_the_options_and_dates(capsys: pytest.CaptureFixture[str]) -> None:
    out = " ".join(shown(capsys, "show", "safe-harbor").split())  # lines are folded
    for words in ("113100", "Clean Descriptors Option", "dates: year", "(0010,0010)"):
        assert words in out


def test_show_reads_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [
        'title = "Ours"',
        'description = "d"',
        "options = []",
        'dates = "keep"',
        "oldest_birth_year = 1937",
        "codes = []",
        "zip3 = []",
    ]
    (tmp_path / "ours.toml").write_text("\n".join(lines))
    assert "dates: keep" in shown(capsys, "show", str(tmp_path / "ours.toml"))
