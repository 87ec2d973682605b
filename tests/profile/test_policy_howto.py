"""What docs/howto-policy.md says is what policy files may say."""

import re
import tomllib

from conftest import ROOT
from mediscan.profile import policy_file, targets
from mediscan.profile.actions import Option
from mediscan.profile.policy import LocalAction

PAGE = (ROOT / "docs" / "howto-policy.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def first_cells(heading):
    rows = PAGE[PAGE.index(f"| {heading} |") :].split("\n\n")[0].splitlines()[2:]
    return [re.findall(r"`([^`]+)`", row.split("|")[1]) for row in rows]


def test_the_examples_load():
    whole, sources = EXAMPLES
    found = policy_file.parse(whole, "trial12")
    assert len(found.rules) == 2 + len(policy_file.load(tomllib.loads(whole)["extends"]).rules)
    head = {key: value for key, value in tomllib.loads(whole).items() if isinstance(value, str)}
    text = "".join(f'{key} = "{value}"\n' for key, value in head.items())
    (source,) = policy_file.parse(text + sources, "trial12").sources
    assert "StationName" in [rule.element for rule in source.policy.rules]


def test_the_table_of_keys_is_whole():
    named = {key for cell in first_cells("key") for key in cell}
    assert named == {"title", "description", "extends", *policy_file._KEYS}


def test_the_policies_named_are_those_there_are():
    assert {name for cell in first_cells("name") for name in cell} == set(policy_file.names())


def test_the_actions_and_notations_are_understood():
    assert {word for cell in first_cells("`action`") for word in cell} == set(LocalAction)
    for cell in first_cells("`element`"):
        assert all(targets.parse(notation) for notation in cell)


def test_every_option_is_named():
    (row,) = (line for line in PAGE.splitlines() if line.startswith("| `options`"))
    dates = {Option.RETAIN_LONGITUDINAL_FULL_DATES, Option.RETAIN_LONGITUDINAL_MODIFIED_DATES}
    options = {policy_file.option_name(option) for option in Option if option.column and option not in dates}
    assert {word for word in re.findall(r"`([a-z-]+)`", row) if "-" in word} == options
