"""`mediscan policy import`: files and list, exit statuses, and what is never overwritten."""

from pathlib import Path

import pytest

from mediscan.cli.main import main
from mediscan.profile import policy_file

CTP = '<script>\n<e en="T" t="00080080">@keep()</e>\n{}</script>'
LOST = '<e en="T" t="00081030">@lookup(this,x)</e>\n'
RECIPE = "FORMAT dicom\n%filter graylist\nLABEL x\npresent Modality\ncoordinates 0,0,5,5\n%header\nKEEP InstitutionName\n"


@pytest.fixture
def script(tmp_path: Path) -> Path:
    return tmp_path / "ours.script"


def test_everything_said_is_exit_status_0(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script.write_text(CTP.format(""))
    assert main(["policy", "import", "ctp", str(script)]) == 0
    told = capsys.readouterr()
    assert policy_file.parse(told.out, "x").rules[0].element == "InstitutionName"
    assert told.err.splitlines()[-1] == "1 statements: 1 taken whole, 0 in part, 0 not"


def test_something_lost_is_exit_status_1_and_still_written(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script.write_text(CTP.format(LOST))
    out = script.with_name("out.toml")
    assert main(["policy", "import", "ctp", str(script), "-o", str(out)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("line 3: not taken: 00081030 @lookup(this,x): it needs CTP's look-up table")
    assert policy_file.load(str(out)).rules[0].element == "InstitutionName"


@pytest.mark.parametrize("kind", ["ctp", "ctp-pixels", "deid"])
@pytest.mark.parametrize("content", [b"", b"words", b"\xff\xfe\x00", b"<!DOCTYPE x><script/>"])
def test_what_cannot_be_read_is_exit_status_2_and_one_line(
    script: Path, kind: str, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    script.write_bytes(content)
    out = script.with_name("out.toml")
    assert main(["policy", "import", kind, str(script), "-o", str(out)]) == 2
    told = capsys.readouterr().err
    assert told.startswith("mediscan: ")
    assert told.count("\n") == 1
    assert not out.exists()


def test_a_missing_file_is_exit_status_2(script: Path) -> None:
    assert main(["policy", "import", "ctp", str(script)]) == 2


def test_a_recipe_of_both_kinds_needs_a_name_for_its_two_files(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script.write_text(RECIPE)
    assert main(["policy", "import", "deid", str(script)]) == 2
    assert "two files" in capsys.readouterr().err
    out = script.with_name("out.toml")
    assert main(["policy", "import", "deid", str(script), "-o", str(out)]) == 0
    assert policy_file.load(str(out))
    assert "[[region]]" in script.with_name("out.regions.toml").read_text()


def test_nothing_is_overwritten(script: Path) -> None:
    script.write_text(RECIPE)
    regions = script.with_name("out.regions.toml")
    regions.write_text("mine")
    assert main(["policy", "import", "deid", str(script), "-o", str(script.with_name("out.toml"))]) == 2
    assert regions.read_text() == "mine"
    assert not script.with_name("out.toml").exists()


def test_pixel_scripts_go_to_stdout(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script.write_text('{ Modality.equals("CT") } (0,0,5,5)')
    assert main(["policy", "import", "ctp-pixels", str(script)]) == 0
    assert 'convention = "half-open"' in capsys.readouterr().out


def test_the_other_verbs_of_policy_are_as_before(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "list"]) == 0
    with pytest.raises(SystemExit):
        main(["policy", "import", "word", "x"])
