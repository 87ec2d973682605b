"""Write iod.json from highdicom's module map. Usage: generate_iod.py STANDARD_DIR HIGHDICOM_WHEEL

highdicom's README gives the edition as 2026b; nothing in the wheel says so. Modules that it lacks come from the
2020-04 table if that has them, under their own or their generic name; the rest are gaps. Editions are never mixed in a
module: the newer one holds as a whole.
"""

import csv
import json
import os
import re
import sys
import zipfile
from typing import Any

from pydicom._dicom_dict import DicomDictionary, RepeatersDictionary

HERE = os.path.dirname(os.path.abspath(__file__))
TYPES = ("1", "1C", "2", "2C", "3")  # strictest first
GENERIC = re.compile(r".+-((multi|current)-frame-functional-groups)")
OWN_GROUPS = "{}-multi-frame-functional-groups"  # with the macros of that IOD; the IOD's row may name the bare module instead
# Retired SOP Classes whose objects are read by the IOD that replaced theirs.
RETIRED = {
    "1.2.840.10008.5.1.4.1.1.3": ("Ultrasound Multi-frame Image Storage (Retired)", "ultrasound-multi-frame-image"),
    "1.2.840.10008.5.1.4.1.1.5": ("Nuclear Medicine Image Storage (Retired)", "nuclear-medicine-image"),
    "1.2.840.10008.5.1.4.1.1.6": ("Ultrasound Image Storage (Retired)", "ultrasound-image"),
    "1.2.840.10008.5.1.4.1.1.12.3": (
        "X-Ray Angiographic Bi-Plane Image Storage (Retired)",
        "x-ray-angiographic-image",
    ),
}
Rows = list[tuple[tuple[int, ...], int]]
Tree = dict[int, list[Any]]


def tags_by_keyword() -> dict[str, int]:
    """Keyword -> tag, a repeating group at its lowest."""
    found = {entry[4]: int(pattern.replace("x", "0"), 16) for pattern, entry in RepeatersDictionary.items()}
    return found | {entry[4]: tag for tag, entry in DicomDictionary.items() if entry[4]}


def type_index(text: str) -> int:
    """Place in TYPES; attributes of normalized IODs have no Type and count as 3."""
    return TYPES.index(text) if text in TYPES else len(TYPES) - 1


def newer_modules(wheel: zipfile.ZipFile) -> dict[str, Rows]:
    """Modules of highdicom."""
    tag = tags_by_keyword()
    modules = json.loads(wheel.read("highdicom/_standard/module_attribute_map.json"))
    return {
        module: [(tuple(tag[k] for k in (*row["path"], row["keyword"])), type_index(row["type"])) for row in rows]
        for module, rows in modules.items()
    }


def older_modules(standard: str) -> dict[str, Rows]:
    """Modules of the 2020-04 table."""
    found: dict[str, Rows] = {}
    with open(os.path.join(standard, "2020-04", "module_attribute_types.csv"), encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            path = tuple(int(tag.replace("x", "0"), 16) for tag in row["path"].split(":")[1:])
            found.setdefault(row["moduleId"], []).append((path, type_index(row["type"])))
    return found


def tree(rows: Rows) -> Tree:
    """Paths as a tree: tag -> [index of the strictest Type, subtree]."""
    root: Tree = {}
    for path, index in rows:
        level = root
        for tag in path[:-1]:
            level = level.setdefault(tag, [len(TYPES) - 1, {}])[1]
        entry = level.setdefault(path[-1], [len(TYPES) - 1, {}])
        entry[0] = min(entry[0], index)
    return root


def store(level: Tree, nodes: dict[tuple[int, ...], int]) -> int:
    """Store a tree and give its node, equal trees sharing one; Type 3 with nothing below is left out; 0 is empty."""
    row: list[int] = []
    for tag in sorted(level):
        index, below = level[tag]
        child = store(below, nodes)
        if index < len(TYPES) - 1 or child:
            row += (tag, index, child)
    return nodes.setdefault(tuple(row), len(nodes))


def with_own_groups(iod: str, modules: list[str], source: dict[str, Rows]) -> list[str]:
    """Modules of an IOD, its own Functional Groups among them (Enhanced Continuous RT Image names the sparse ones alone)."""
    own = OWN_GROUPS.format(iod)
    return modules if own in modules or own not in source else [*modules, own]


def choose(modules: list[str], *sources: dict[str, Rows]) -> tuple[dict[str, Rows], list[str]]:
    """Rows of each module from the first source that has it; then those had by their generic name only, so in part."""
    chosen, partial = {}, []
    for module in modules:
        rows = next((source[module] for source in sources if module in source), None)
        generic = GENERIC.fullmatch(module)
        if rows is None and generic:
            rows = next((source[generic[1]] for source in sources if generic[1] in source), None)
            partial.append(module)
        if rows is not None:
            chosen[module] = rows
    return chosen, partial


def dump(content: dict[str, Any]) -> str:
    """JSON with one entry to the line, so that a new edition shows as a readable difference."""
    parts = []
    for key, value in content.items():
        if isinstance(value, str):
            body = json.dumps(value)
        elif isinstance(value, dict):
            lines = (f"{json.dumps(k)}:{json.dumps(v, separators=(',', ':'))}" for k, v in value.items())
            body = "{\n" + ",\n".join(lines) + "\n}"
        else:
            body = "[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in value) + "\n]"
        parts.append(f"{json.dumps(key)}:{body}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main() -> None:
    """Write the table."""
    standard, wheel_path = sys.argv[1:3]
    with zipfile.ZipFile(wheel_path) as wheel:
        newer, older = newer_modules(wheel), older_modules(standard)
        iods = json.loads(wheel.read("highdicom/_standard/iod_module_map.json"))
        iod_of = json.loads(wheel.read("highdicom/_standard/sop_class_iod_map.json"))
    with open(os.path.join(standard, "2025b", "sops.json"), encoding="utf-8") as file:
        names = {sop["id"]: sop["name"] for sop in json.load(file)}
    modules_of = {iod: with_own_groups(iod, [row["key"] for row in rows], newer) for iod, rows in sorted(iods.items())}
    nodes: dict[tuple[int, ...], int] = {(): 0}
    chosen, partial = choose(sorted({m for modules in modules_of.values() for m in modules}), newer, older)
    roots = {module: store(tree(rows), nodes) for module, rows in chosen.items()}
    content = {
        "edition": "DICOM PS3.3 2026b; SOP Class names of PS3.4 2025b; modules missing there of PS3.3 2020-04",
        "source": f"{os.path.basename(wheel_path)} (MIT) and innolitics/dicom-standard (MIT); (c) NEMA",
        "generator": "generate_iod.py",
        "columns": "nodes: tag, Type (0: 1, 1: 1C, 2: 2, 3: 2C, 4: 3), node of its items (0: none), repeated",
        "sop_classes": {uid: [names[uid], iod] for uid, iod in sorted(iod_of.items())} | RETIRED,
        "iods": modules_of,
        "partial": partial,
        "modules": roots,
        "nodes": list(nodes),
    }
    with open(os.path.join(HERE, "iod.json"), "w", encoding="utf-8", newline="\n") as file:
        file.write(dump(content))


if __name__ == "__main__":
    main()
