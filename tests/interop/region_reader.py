"""A strict reader of pixel region files, and what they say of an image: the form of docs/howto-import.md, read on its own."""

import re
import tomllib

OPERATORS = {"equals", "contains", "starts", "ends", "matches", "less", "greater"}
FLAGS = {"present", "empty"}
AREAS = {"all", "ultrasound-regions"}


def read(text):
    """The file as plain values; AssertionError for anything that the form does not have."""
    found = tomllib.loads(text)
    assert found.keys() <= {"form", "title", "convention", "match", "region"}
    assert found["form"] == "mediscan-regions-1"
    assert found["title"]
    assert found["convention"] == "half-open"
    assert found["match"] in ("first", "all")
    for region in found.setdefault("region", []):
        check_region(region, found["match"])
    return found


def check_region(region, match):
    assert region.keys() <= {"name", "source", "action", "when", "rectangles", "keep"}
    assert region["name"]
    assert region["source"]
    assert region["action"] in ("mask", "hold", "refuse", "clean")
    areas = region.get("rectangles", []) + region.get("keep", [])
    assert bool(areas) == (region["action"] == "mask")
    assert region.get("rectangles") or match == "all" or region["action"] != "mask"
    for area in areas:
        assert area in AREAS if isinstance(area, str) else check_rectangle(area)
    for condition in region["when"]:
        check_condition(condition)


def check_rectangle(area):
    x0, y0, x1, y1 = area
    return all(type(number) is int for number in area) and 0 <= x0 < x1 and 0 <= y0 < y1


def check_condition(condition):
    if condition.keys() == {"not"}:
        check_condition(condition["not"])
    elif condition.keys() in ({"all"}, {"any"}):
        (parts,) = condition.values()
        assert len(parts) > 1
        for part in parts:
            check_condition(part)
    else:
        (operator,) = condition.keys() - {"element", "case"}
        assert isinstance(condition["element"], str)
        assert operator in OPERATORS | FLAGS
        assert isinstance(condition[operator], str if operator in OPERATORS else bool)
        assert condition.get("case", True) is True


def holds(condition, image):
    """Whether a condition is true of an image: a dict of element names and texts; an element that is not there is ''."""
    if "not" in condition:
        return not holds(condition["not"], image)
    if "all" in condition:
        return all(holds(part, image) for part in condition["all"])
    if "any" in condition:
        return any(holds(part, image) for part in condition["any"])
    (operator,) = condition.keys() - {"element", "case"}
    wanted, name = condition[operator], condition["element"]
    if operator == "present":
        return (name in image) is wanted
    if operator == "empty":
        return (image.get(name) == "") is wanted
    return compare(operator, image.get(name, ""), wanted, case=condition.get("case", False))


def compare(operator, text, wanted, case):
    if operator == "matches":
        return re.search(wanted, text, 0 if case else re.IGNORECASE) is not None
    if operator in ("less", "greater"):
        try:
            return float(text) < float(wanted) if operator == "less" else float(text) > float(wanted)
        except ValueError:
            return False
    if not case:
        text, wanted = text.casefold(), wanted.casefold()
    return {
        "equals": text == wanted,
        "contains": wanted in text,
        "starts": text.startswith(wanted),
        "ends": text.endswith(wanted),
    }[operator]


def matching(found, image):
    """The regions that hold for an image, in order; at most one with match = "first"."""
    regions = [region for region in found["region"] if all(holds(part, image) for part in region["when"])]
    return regions[:1] if found["match"] == "first" else regions
