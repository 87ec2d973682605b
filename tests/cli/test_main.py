"""The entry point: light, one line for what goes wrong, the exit status of the contract."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from mediscan.cli import main as entry
from mediscan.cli.flags import COMMANDS
from mediscan.cli.main import main
from mediscan.errors import UsageError
from runs import mediscan_cli

HEAVY = ("numpy", "pyarrow", "pydicom", "numba", "rich", "multiprocessing", "blake3")


def loaded(code: str) -> str:
    """Heavy modules in memory after `code`."""
    probe = f"import sys\n{code}\nprint(*[name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    return subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stderr.strip()


def test_import_mediscan_loads_nothing_heavy() -> None:
    assert loaded("import mediscan") == ""


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["--version"], ["run", "only-one"], ["no-such-command"]])
def test_help_and_usage_errors_load_nothing_heavy(arguments: list[str]) -> None:
    code = f"from mediscan.cli.main import main\ntry: main({arguments!r})\nexcept SystemExit: pass\nsys.stderr.flush()"
    assert loaded(code).splitlines()[-1:] in ([], [""]) or not set(loaded(code).split()) & set(HEAVY)


def test_the_probe_sees_what_is_loaded() -> None:
    assert "numpy" in loaded("import mediscan\nmediscan.Plan")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_has_help(command: object, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([command.name, "--help"])  # type: ignore[attr-defined]
    assert caught.value.code == 0
    shown = capsys.readouterr().out
    assert f"mediscan {command.name}" in shown  # type: ignore[attr-defined]
    for flag in command.flags:  # type: ignore[attr-defined]
        assert (
            flag.names[0] in shown.replace("SOURCE", "source").replace("DEST", "dest") or flag.options.get("metavar") in shown
        )


def test_help_names_every_command_and_exit_status(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    assert all(command.name in shown for command in COMMANDS)
    assert "130 interrupted" in shown


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"mediscan {version('mediscan')}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "nowhere", "out"],
        ["run", ".", "out", "--policy", "nonsense"],
        ["explain", "nowhere"],
        ["policy", "show", "nonsense"],
        ["policy", "show", "nowhere.toml"],
        ["key", "new", "no/such/folder/key"],
    ],
)
def test_an_error_is_one_line_on_stderr_with_status_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("mediscan: ")
    assert err.count("\n") == 1


def raising(error: BaseException) -> object:
    def command(_: object) -> int:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (UsageError("no"), 2, "mediscan: no\n"),
        (KeyboardInterrupt(), 130, "mediscan: interrupted; what is in the ledger is done, --restart starts over\n"),
        (
            FileNotFoundError(2, "gone", "/ward7/Brzeczyk"),
            3,
            "mediscan: internal error (FileNotFoundError in mediscan.cli.main",
        ),
        (ValueError("Brzeczyk"), 3, "mediscan: internal error (ValueError in mediscan.cli.main"),
    ],
)
def test_whatever_goes_wrong_is_one_line_without_a_value(
    error: BaseException, status: int, line: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from mediscan.cli.commands import key

    monkeypatch.setattr(key, "main", raising(error))
    assert main(["key", "new", "x"]) == status
    err = capsys.readouterr().err
    assert err.startswith(line)
    assert err.count("\n") == 1
    assert "Brzeczyk" not in err


def test_an_interrupt_by_sigterm_is_the_same_as_ctrl_c() -> None:
    with pytest.raises(KeyboardInterrupt):
        entry._interrupt(15, None)


def test_a_reader_that_went_away_is_no_error() -> None:
    pipe = subprocess.Popen(
        f"{sys.executable} -m mediscan policy show safe-harbor --format csv | head -1; exit ${{PIPESTATUS[0]}}",
        shell=True, executable="/bin/bash", stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    out, err = pipe.communicate(timeout=60)
    assert out.startswith(b"tag,name")
    assert b"Traceback" not in err
    assert b"BrokenPipe" not in err


def test_python_dash_m_is_the_same_program() -> None:
    done = mediscan_cli("policy", "list")
    assert done.returncode == 0
    assert b"safe-harbor" in done.stdout
