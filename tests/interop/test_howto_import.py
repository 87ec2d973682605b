"""What docs/howto-import.md says is what the importers do."""

import re

import region_reader

from conftest import ROOT
from mediscan.interop import ctp, deid_recipe, region_toml

TEXT = (ROOT / "docs" / "howto-import.md").read_text("utf-8")


def test_the_region_file_shown_is_read() -> None:
    (shown,) = re.findall(r"^```toml\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    found = region_reader.read(shown)
    assert region_reader.matching(found, {"Modality": "US", "Manufacturer": "ACME", "Rows": "768"})[0]["name"] == "banner"
    assert region_reader.matching(found, {"Modality": "US", "Manufacturer": "ACME", "Columns": "800"}) == []
    assert region_reader.matching(found, {"SequenceOfUltrasoundRegions": ""})[0]["keep"] == ["ultrasound-regions"]


def test_every_operator_fate_and_match_is_described() -> None:
    for words in (region_toml.Operator, region_toml.Fate, region_toml.Match):
        for word in words:
            assert f"`{word}" in TEXT


def test_every_function_of_ctp_is_named() -> None:
    for name in {*ctp._UNSAYABLE, *ctp._CALLS, *(word.strip("@") for word in ctp._RSNA), "always", "remove", "param"}:
        assert f"@{name}" in TEXT, name


def test_every_action_of_deid_is_named_in_its_order() -> None:
    assert ", ".join(f"`{action}`" for action in deid_recipe.ACTIONS) in TEXT
