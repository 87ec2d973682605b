"""docs/conformance.md is what its generator writes now, and what it says of each row agrees with the standard's own table."""

import importlib.util
import re
from types import ModuleType

import letters
import pytest
from letters import Row, expected, rows

from conftest import ROOT
from mediscan.profile import policy_file
from mediscan.standard import dictionary

DOCUMENT = ROOT / "docs" / "conformance.md"
_ROW = re.compile(r"\| \(([0-9A-F]{4}),([0-9A-F]{4})\) \| ")
# Marks of the document that explain why a letter is not the row's: all but those that change nothing.
EXPLAINED = set("abcdefgijklm")


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_conformance", ROOT / "docs" / "generate_conformance.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_document_is_what_the_tables_say() -> None:
    assert DOCUMENT.read_text("utf-8") == generator().statement(), "run: python docs/generate_conformance.py"


def test_every_option_has_its_code() -> None:
    text = DOCUMENT.read_text("utf-8")
    assert [code for code in (*letters.OPTIONS, "113100", "113101", "113102") if f"| {code} |" not in text] == []


def stated() -> dict[int, list[str]]:
    """Cells of each row of one tag."""
    found = {}
    for line in DOCUMENT.read_text("utf-8").splitlines():
        if match := _ROW.match(line):
            found[int(match[1] + match[2], 16)] = [cell.strip() for cell in line.strip("|").split("|")]
    return found


@pytest.mark.skipif(not letters.STANDARD.is_file(), reason="the standard's table is not beside this checkout")
@pytest.mark.parametrize("at", range(len(policy_file.names())))
def test_every_row_is_stated_as_the_standard_has_it(at: int) -> None:
    """Codes and columns as in the standard's table; each policy's letters as `letters` has them, or a departure is marked."""
    name, found, wrong = generator().names()[at], stated(), []
    policy = policy_file.load(name)
    options = frozenset(option.value for option in policy.options)
    for row in rows():
        cells = found[row.tag]
        columns = dict(part.split(":") for part in cells[3].split())
        assert (cells[2].replace("\\", ""), columns) == (row.basic, dict(row.options)), row.where
        marked = EXPLAINED & set(re.sub(r"\([^)]*\)", "", cells[-1]))
        want = "".join(_letter(row, options, policy.dates.value, type_) for type_ in (1, 2, 3))
        said = cells[4 + at] * (3 if len(cells[4 + at]) == 1 else 1)
        if not marked and not all(_same(row, w, s) for w, s in zip(want, said, strict=True)):
            wrong.append((row.where, want, said))
    assert wrong == []


def _letter(row: Row, options: frozenset[str], mode: str, type_: int) -> str:
    entry = dictionary.load().find(row.tag)
    assert entry is not None
    return expected(row, entry.preferred_vr, options, mode, type_)


def _same(row: Row, want: str, said: str) -> bool:
    entry = dictionary.load().find(row.tag)
    assert entry is not None
    if entry.preferred_vr == "SQ" and want in "DUKC":
        return said in "KD"
    return want == said or (want == "D" and said == "U") or (want == "K" and said == "C" and entry.preferred_vr in ("DA", "DT"))
