"""A recipe of pydicom/deid, line by line -> its statements: actions on elements, lists, labels of filters."""

import re
from dataclasses import dataclass, field

from mediscan.errors import ScriptError
from mediscan.interop.remarks import Remark, Said

ACTIONS = ("KEEP", "ADD", "REPLACE", "JITTER", "REMOVE", "BLANK")
"""The first that a recipe has for an element holds."""
_SECTIONS = ("header", "filter", "fields", "values", "labels")
_NAMED = ("filter", "fields", "values")
_WORDS = re.compile(r"""(?:[^\s"']+|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|["'])+""")


@dataclass(frozen=True, slots=True)
class Action:
    """A line of %header: what to do with a field; of %fields and %values: FIELD or SPLIT."""

    line: int
    verb: str
    field: str
    value: str
    text: str


@dataclass(frozen=True, slots=True)
class Label:
    """A LABEL of a filter and the lines below it."""

    line: int
    filter: str
    name: str
    members: list[tuple[int, str]] = field(default_factory=list)


@dataclass(slots=True)
class Recipe:
    """What a recipe says."""

    header: list[Action] = field(default_factory=list)
    fields: dict[str, list[Action]] = field(default_factory=dict)
    values: dict[str, list[Action]] = field(default_factory=dict)
    labels: list[Label] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    total: int = 0

    def refuse(self, line: int, what: str, why: str) -> None:
        """Remark on something that is not understood."""
        self.remarks.append(Remark(line, Said.NOT, what, why))


def read(text: str) -> Recipe:
    """
    Read a recipe.

    Parameters
    ----------
    text : str
        The recipe.

    Returns
    -------
    Recipe
        Statements in their order.

    Raises
    ------
    ScriptError
        Where deid itself would stop.
    """
    recipe, section, name = Recipe(), "", ""
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    for number, line in lines:
        if not line or line.startswith("#"):
            continue
        if line.startswith("%"):
            section, name = _section(number, line)
        elif line.upper().startswith("FORMAT"):
            _format(number, line)
        elif not section:
            raise ScriptError(f"line {number}: no deid recipe: a section such as %header must come first")
        else:
            _statement(recipe, section, name, number, line)
    if not section:
        raise ScriptError("no deid recipe: it has no section such as %header")
    return recipe


def _format(number: int, line: str) -> None:
    if "".join(line.split())[len("FORMAT") :].lower() != "dicom":
        raise ScriptError(f"line {number}: the format of the recipe is not dicom")


def _section(number: int, line: str) -> tuple[str, str]:
    section, _, name = line[1:].split("#")[0].strip().partition(" ")
    section, name = section.lower(), name.strip()
    if section not in _SECTIONS:
        raise ScriptError(f"line {number}: deid has no such section; there are {', '.join(f'%{word}' for word in _SECTIONS)}")
    if section in _NAMED and not name:
        raise ScriptError(f"line {number}: a section %{section} needs a name")
    return section, name


def _statement(recipe: Recipe, section: str, name: str, number: int, line: str) -> None:
    if section == "filter":
        _filter(recipe, name, number, line)
        return
    recipe.total += 1
    verb, *rest = _WORDS.findall(line)
    verb = verb.upper()
    known = ACTIONS if section == "header" else ("FIELD", "SPLIT") if section == "values" else ("FIELD",)
    if section == "labels" or verb not in known:
        recipe.refuse(number, line, f"not understood in %{section}; deid passes over it")
    elif not rest or (verb in ("ADD", "REPLACE", "JITTER") and len(rest) < 2):
        raise ScriptError(f"line {number}: {verb} needs a field" + (" and a value" if rest else ""))
    else:
        value = " ".join(rest[1:]).split("#")[0].strip()
        action = Action(number, verb, rest[0], value, line.split("#")[0].strip())
        if section == "header":
            recipe.header.append(action)
        else:
            (recipe.fields if section == "fields" else recipe.values).setdefault(name, []).append(action)


def _filter(recipe: Recipe, name: str, number: int, line: str) -> None:
    if line.upper().startswith("LABEL"):
        recipe.total += 1
        recipe.labels.append(Label(number, name, line[len("LABEL") :].split("#")[0].strip()))
    elif recipe.labels and recipe.labels[-1].filter == name:
        recipe.labels[-1].members.append((number, line))
    else:
        recipe.total += 1
        recipe.refuse(number, line, "it stands before any LABEL; deid passes over it")
