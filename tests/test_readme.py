"""What the README says is what the program does: commands, options, defaults, exit statuses, reasons, and the two blocks."""

import re
import subprocess

import pytest

from conftest import ROOT
from mediscan import errors
from mediscan.cli import flags, main
from mediscan.engine import run
from mediscan.pixel import screen

README = (ROOT / "README.md").read_text("utf-8")
USES, NOT_YET = README.split("## What it does not do yet")
COMMANDS = {command.name: command for command in flags.COMMANDS}
OPTIONS = {name for command in flags.COMMANDS for flag in command.flags for name in flag.names if name.startswith("--")}
CONTRACT = {"run", "scan", "verify", "report", "review", "explain", "policy", "key", "bench", "demo"}


def table(heading):
    """Rows of the table whose first heading cell is `heading`, as lists of cells."""
    rows = README[README.index(f"| {heading} |") :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]


def blocks():
    return re.findall(r"^```bash\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def spelled(flag):
    """An option as the README's table spells it."""
    wanted = "|".join(flag.options["choices"]) if "choices" in flag.options else flag.options.get("metavar")
    return f"`{flag.names[0]} {wanted}`" if wanted else f"`{flag.names[0]}`"


def test_the_commands_named_are_the_commands_there_are():
    assert set(re.findall(r"mediscan (\w+)(?=[ `])", USES)) & CONTRACT == {name.split()[0] for name in COMMANDS}


def test_what_is_not_there_yet_is_not_there():
    missing = set(re.findall(r"`mediscan (\w+)`", NOT_YET))
    assert missing == CONTRACT - COMMANDS.keys()
    assert "`--resume`" in NOT_YET
    assert "--resume" not in OPTIONS


def test_the_command_table_spells_arguments_as_the_parser_does():
    for usage, _ in table("command"):
        _, name, *words = usage.strip("`").replace("\\|", "|").split()
        if words and f"{name} {words[0]}" in COMMANDS:
            name, words = f"{name} {words[0]}", words[1:]
        positional = [flag for flag in COMMANDS[name].flags if not flag.names[0].startswith("--")]
        verbs = [verb for flag in positional for verb in flag.options.get("choices", ())]
        named = {flag.options["metavar"] for flag in positional if "choices" not in flag.options}
        for word in words:
            bare = word.strip("[]").removesuffix("...")
            assert (
                set(bare.split("|")) <= set(verbs) or bare in named or bare in {part for m in named for part in m.split("|")}
            ), usage


def test_the_option_table_is_that_of_run():
    options = [flag for flag in COMMANDS["run"].flags if flag.names[0].startswith("--")]
    assert [row[0] for row in table("option")] == [spelled(flag) for flag in options]


def test_defaults():
    said = {row[0].strip("`").split()[0]: row[2] for row in table("option")}
    for flag in COMMANDS["run"].flags:
        if "default" in flag.options:
            assert said[flag.names[0]] == f"`{flag.options['default']}`"
        elif flag.options.get("action") == "store_true":
            assert said[flag.names[0]] == "off"


@pytest.mark.parametrize("path", [*sorted(ROOT.glob("docs/*.md")), ROOT / "README.md"], ids=lambda path: path.name)
def test_every_option_named_anywhere_exists(path):
    foreign = {"--check", "--quiet", "--resume"}  # b3sum's; and the one that is said not to be there
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", path.read_text("utf-8"))) <= OPTIONS | foreign


def test_exit_statuses():
    said = [int(row[0]) for row in table("exit status")]
    usage, unfinished = errors.UsageError.exit_code, errors.RunError.exit_code
    assert said == [run.EXIT_CLEAN, run.EXIT_SOME_LEFT, usage, unfinished, main.EXIT_INTERRUPTED]
    told = main.make_parser().epilog or ""
    assert [int(number) for number in re.findall(r"\b(\d+) [a-z]", told)] == said


def refusals(kind=errors.Refused):
    return {kind.reason}.union(*(refusals(child) for child in kind.__subclasses__()))


def test_reasons():
    said = {row[1].strip("`") for row in table("status")} - {""}
    assert said == refusals() | {screen.REASON}


def test_there_are_two_blocks_and_they_are_what_ci_runs():
    first, second = blocks()
    printed = subprocess.run([ROOT / ".ci" / "run", "--blocks"], capture_output=True, text=True, check=True).stdout
    assert printed == f"{first}\n{second}"
    assert first.splitlines()[-1] == ".venv/bin/mediscan demo"
    assert second.splitlines()[-1] == ".venv/bin/python -m pytest"


def test_every_link_leads_somewhere():
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]:
        for link in re.findall(r"\]\(([^)#]+)\)", path.read_text("utf-8")):
            assert link.startswith("https://") or (path.parent / link).exists(), f"{path.name}: {link}"
