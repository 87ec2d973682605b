"""The table of commands and flags is what the parser, the help and the contract say."""

import argparse
import importlib

import pytest

from mediscan.cli.flags import COMMANDS, Command
from mediscan.cli.main import make_parser

# What scripts rely on (the contract's table), as far as it is built.
PROMISED = {
    "run": {
        "--policy", "--key", "--forget-key", "--ledger", "--workers", "--engine", "--pixels", "--dates", "--restart",
        "--descriptors", "--digest", "--digest-source", "--dry-run", "--progress", "--json", "--layout",
    },
    "explain": {"--policy", "--dates", "--descriptors", "--show-phi", "--json"},
    "policy": {"--format"},
    "policy import": {"--output", "-o"},
    "key": set(),
    "demo": set(),
}  # fmt: skip


def test_every_command_of_the_contract_is_there() -> None:
    assert {command.name for command in COMMANDS} >= PROMISED.keys()


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_has_its_flags_and_a_main(command: Command) -> None:
    assert PROMISED[command.name] <= {name for flag in command.flags for name in flag.names}
    assert callable(importlib.import_module(command.module).main)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_help_of_every_flag_is_one_plain_line(command: Command) -> None:
    for flag in command.flags:
        assert flag.help
        assert "\n" not in flag.help
        assert not flag.help.endswith(".")
        assert not flag.names[0].startswith("--no-")


def test_defaults_are_those_of_the_contract() -> None:
    arguments = make_parser().parse_args(["run", "in", "out"])
    assert (arguments.policy, arguments.layout, arguments.engine) == ("safe-harbor", "uid", "local")
    assert (arguments.pixels, arguments.digest, arguments.progress) == ("detect", "blake3", "auto")
    assert arguments.key is arguments.ledger is arguments.workers is arguments.dates is None
    flags = (arguments.digest_source, arguments.dry_run, arguments.json, arguments.restart, arguments.forget_key)
    assert flags == (False,) * 5


def test_the_last_positional_is_the_destination() -> None:
    arguments = make_parser().parse_args(["run", "a", "b", "c"])
    assert (arguments.source, arguments.dest) == (["a", "b"], "c")


@pytest.mark.parametrize(
    "word",
    ["--digest=md5", "--layout=flat", "--pixels=no", "--dates=never", "--descriptors=all", "--workers=many", "--nonsense"],
)
def test_a_word_that_is_not_understood_is_an_error(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        make_parser().parse_args(["run", "in", "out", word])
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_the_parser_is_made_from_the_table_alone() -> None:
    parser = make_parser()
    (commands,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    assert list(commands.choices) == [command.name for command in COMMANDS]
