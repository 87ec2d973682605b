"""Every generated table states its edition, source and generator, and the generator is there."""

import json
import os

import pytest

from mediscan.standard import _data

FOLDER = os.path.join(os.path.dirname(_data.__file__), "data")
TABLES = sorted(name for name in os.listdir(FOLDER) if name.endswith((".tsv", ".json")))


def stated(name):
    text = _data.read(name)
    if name.endswith(".json"):
        return json.loads(text)
    head = [line[2:].partition(": ") for line in text.split("\n") if line.startswith("# ")]
    return {key: value for key, _, value in head}


@pytest.mark.parametrize("name", TABLES)
def test_provenance(name):
    head = stated(name)
    assert head["edition"]
    assert "NEMA" in head["source"]
    assert os.path.isfile(os.path.join(FOLDER, head["generator"]))


@pytest.mark.parametrize("name", TABLES)
def test_readme_lists_the_table(name):
    assert f"| {name} |" in _data.read("README.md")


def test_a_row_with_a_wrong_number_of_columns_fails():
    with pytest.raises(ValueError, match=r"uids\.tsv"):
        _data.columns("uids.tsv", 4)
