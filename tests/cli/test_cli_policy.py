"""`mediscan policy`: the policies there are, and what one does with every row of the Table."""

import csv
import io
import json
import re
from pathlib import Path

import pytest

from mediscan.cli.main import main
from mediscan.profile import policy_file, safe_private, table


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
    rows = json.loads(shown(capsys, "show", name, "--format", "json"))["table"]
    assert [row["table code"] for row in rows] == [row.basic for row in table.load().rows]


def test_show_resolves_the_codes_by_type(capsys: pytest.CaptureFixture[str]) -> None:
    rows = {row["tag"]: row for row in json.loads(shown(capsys, "show", "basic", "--format", "json"))["table"]}
    physician = rows["(0008,0090)"]
    assert (physician["table code"], physician["type 1"], physician["type 2"]) == ("Z", "dummy", "empty")
    station = rows["(0008,1010)"]
    assert (station["table code"], station["type 1"], station["type 2"], station["type 3"]) == (
        "X/Z/D", "dummy", "empty", "remove",
    )  # fmt: skip


def test_show_as_csv_is_the_same_table(capsys: pytest.CaptureFixture[str]) -> None:
    heading, *rows = csv.reader(io.StringIO(shown(capsys, "show", "--format", "csv")))
    as_json = json.loads(shown(capsys, "show", "--format", "json"))["table"]
    found = [dict(zip(heading, row, strict=True)) for row in rows]
    assert found[: len(as_json)] == as_json
    assert [row["tag"] for row in found[len(as_json) :]] == [rule.element for rule in policy_file.load("safe-harbor").rules]


def test_show_for_people_names_the_options_and_dates(capsys: pytest.CaptureFixture[str]) -> None:
    out = " ".join(shown(capsys, "show", "safe-harbor").split())  # lines are folded
    for words in ("113100", "Clean Descriptors Option", "dates: year", "(0010,0010)"):
        assert words in out


SITE = """title = "Trial | 12"
description = "[for] people"
extends = "research"
descriptors = "hunt"
generalise = { PatientAge = 5 }

[[rule]]
element = '(0019,"SIEMENS MR HEADER",0C)'
action = "keep"
reason = "b-values"

[[rule]]
element = "InstitutionName"
action = "replace"
value = "SITE1-{year}"
reason = "sites are [numbered]"

[[source]]
institution = "*Clinic*"
policy = "basic"
"""


@pytest.fixture
def site(tmp_path: Path) -> str:
    path = tmp_path / "site.toml"
    path.write_text(SITE)
    return str(path)


def test_show_reads_a_file(site: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = " ".join(shown(capsys, "show", site).split())
    for words in (
        "site: Trial | 12", "[for] people", "dates: shift", "descriptors: hunt", "steps: PatientAge 5", "SITE1-{year}",
        '(0019,"SIEMENS MR HEADER",0C) keep b-values', "sites are [numbered]", "institution *clinic* basic remove",
        "anything else basic remove",
    ):  # fmt: skip
        assert words in out


def test_show_says_what_comes_of_a_row(site: str, capsys: pytest.CaptureFixture[str]) -> None:
    rows = {row["tag"]: row for row in json.loads(shown(capsys, "show", site, "--format", "json"))["table"]}
    said = {tag: row["type 3"] for tag, row in rows.items()}
    assert said["(0008,0080)"] == '"SITE1-{year}", else remove'
    assert said["(0010,1010)"] == "steps of 5, else remove"
    assert said["(0008,0020)"] == "shift, else remove"
    assert said["(0008,103E)"] == "text without identifiers, else remove"
    assert rows["(0008,0080)"]["rule"] == "policy InstitutionName"


def test_show_counts_the_safe_private_elements(capsys: pytest.CaptureFixture[str]) -> None:
    research = json.loads(shown(capsys, "show", "research", "--format", "json"))
    count = int(research["private"].split()[0].replace(",", ""))
    assert 100 < count <= len(safe_private.load().entries)
    assert research["table"][-1]["type 3"] == "remove all but the safe"
    basic = json.loads(shown(capsys, "show", "basic", "--format", "json"))
    assert "private" not in basic
    assert basic["table"][-1]["type 3"] == "remove"


def test_show_as_json_says_all_of_it(site: str, capsys: pytest.CaptureFixture[str]) -> None:
    whole = json.loads(shown(capsys, "show", site, "--format", "json"))
    assert whole["digest"] == policy_file.load(site).digest
    rules = {rule["element"]: rule["elements"] for rule in whole["rules"]}
    assert len(rules) == len(policy_file.load(site).rules)
    assert (rules["InstitutionName"], rules['(0019,"SIEMENS MR HEADER",0C)']) == ("1", "")
    assert whole["sources"][0] == {"matches": "institution *clinic*", "policy": "basic", "options": "", "dates": "remove"}


def test_show_as_csv_ends_with_the_rules(site: str, capsys: pytest.CaptureFixture[str]) -> None:
    rows = list(csv.reader(io.StringIO(shown(capsys, "show", site, "--format", "csv"))))
    rules = [rule.element for rule in policy_file.load(site).rules]
    assert [row[0] for row in rows[-len(rules) :]] == rules


def test_show_as_markdown_has_whole_tables(site: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(capsys, "show", site, "--format", "md")
    assert out.startswith("# Trial \\| 12\n")
    sections = [part.strip().splitlines() for part in out.split("\n## ")[1:]]
    assert [section[0] for section in sections] == ["Table E.1-1", "Rules", "Sources"]
    assert [len(section) - 4 for section in sections] == [len(table.load().rows), 5, 2]
    for _, _, *lines in sections:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) == 1


def test_check_says_that_a_file_is_understood(site: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(capsys, "check", site)
    assert out.startswith("site: understood; dates shift, 5 options, 5 rules, 1 source; digest ")
    assert out.count("\n") == 1
    assert policy_file.load(site).digest[:16] in out


def test_check_names_line_and_cure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.toml").write_text(SITE.replace("InstitutionName", "InstitutonName"))
    assert main(["policy", "check", str(tmp_path / "bad.toml")]) == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    assert streams.err == "mediscan: policy bad, line 13: 'InstitutonName' is no keyword of PS3.6; InstitutionName?\n"


@pytest.mark.parametrize("arguments", [["check"], ["list", "basic"], ["check", "no-such"], ["check", "no-such.toml"]])
def test_bad_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", *arguments]) == 2
    assert capsys.readouterr().err.startswith("mediscan: ")
