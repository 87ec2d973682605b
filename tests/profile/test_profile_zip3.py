"""Three-digit ZIP areas that may stay."""

import csv
import json
import os
import runpy

import pytest

import mediscan.profile
from mediscan.profile import zip3

DATA = os.path.join(os.path.dirname(mediscan.profile.__file__), "data")
REFERENCE = os.path.join(os.path.dirname(__file__), "..", "..", "..", "shared", "reference")
ALLOWED = zip3.load()


def test_prefixes_are_three_digits():
    assert all(len(prefix) == 3 and prefix.isdigit() for prefix in ALLOWED)
    assert len(ALLOWED) == 871


@pytest.mark.parametrize("prefix", ["021", "100", "606", "900", "198"])
def test_cities_stay(prefix):
    assert prefix in ALLOWED


@pytest.mark.parametrize("prefix", ["036", "059", "063", "102", "202", "203", "369", "556", "753", "821", "893", "000", "969"])
def test_low_population_and_no_area_go(prefix):
    assert prefix not in ALLOWED


@pytest.mark.skipif(not os.path.exists(REFERENCE), reason="the reference data is not here")
def test_list_is_its_source():
    populous = runpy.run_path(os.path.join(DATA, "generate_zip3.py"))["populous"]
    with open(os.path.join(REFERENCE, "zip3_low_population.json"), encoding="utf-8") as file:
        lists = json.load(file)
    with open(os.path.join(REFERENCE, "zip3_population_2020.csv"), encoding="utf-8", newline="") as file:
        areas = {row["zip"]: int(row["pop"]) for row in csv.DictReader(file)}
    assert set(populous(lists, areas)) == ALLOWED
    low = {prefix for key, prefixes in lists.items() if key != "note" for prefix in prefixes}
    assert ALLOWED.isdisjoint(low)
    assert all(areas[prefix] > 20_000 for prefix in ALLOWED)
