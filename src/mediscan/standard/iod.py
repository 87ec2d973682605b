"""Attribute Types per SOP Class (PS3.3 Annex A and C; Types: PS3.5 7.4), for the composite codes of PS3.15 Table E.1-1.

``data/iod.json`` holds each module as a tree of tags with equal subtrees stored once; a SOP Class is spread out into
paths only when asked for. What is absent is Type 3.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

from mediscan.standard import _data

Path = tuple[int, ...]
"""Tags from the top level: those of the sequences, then that of the attribute; item numbers left out."""

_STRICTEST_FIRST: Final = ("1", "1C", "2", "2C", "3")
_OPTIONAL: Final = 4  # index of Type 3
_EFFECTIVE: Final = MappingProxyType({"1": 1, "1C": 1, "2": 2, "2C": 2, "3": 3})


@dataclass(frozen=True, eq=False)
class IodTable:
    """
    Types of the attributes of every known Storage SOP Class.

    Attributes
    ----------
    edition : str
        Edition of PS3.3 behind it.
    sop_classes : Mapping of str to str
        SOP Class UID -> name. Retired ones that are read by the IOD of their successor are among them.
    """

    edition: str
    sop_classes: Mapping[str, str]
    _iod_of: Mapping[str, str]
    _modules_of: Mapping[str, tuple[str, ...]]
    _root_of: Mapping[str, int]
    _partial: frozenset[str]
    _nodes: tuple[tuple[int, ...], ...]

    def types(self, sop_class_uid: str) -> Mapping[Path, str] | None:
        """
        Type of every attribute that is not Type 3.

        Functional Group Macros stand under both (5200,9229) and (5200,9230). A repeating group stands under its lowest
        tag, (6000,eeee). Content Items nest without end but stand here once; `type_of` minds both.
        Modules count alike whether their usage is M, C or U, and where they disagree the strictest holds.

        Parameters
        ----------
        sop_class_uid : str
            A SOP Class UID without padding.

        Returns
        -------
        Mapping of path to "1", "1C", "2" or "2C", or None
            None for a SOP Class that is not known.
        """
        iod = self._iod_of.get(sop_class_uid)
        return None if iod is None else _resolve(self, iod)

    def type_of(self, sop_class_uid: str, path: Path) -> str | None:
        """
        Type of one attribute.

        Parameters
        ----------
        sop_class_uid : str
            A SOP Class UID without padding.
        path : tuple of int
            Tags from the top level; item numbers left out.

        Returns
        -------
        str or None
            "3" for whatever the IOD does not list; None for a SOP Class that is not known.
        """
        types = self.types(sop_class_uid)
        if types is None:
            return None
        found = types.get(path)
        return found if found is not None else types.get(_canonical(path), "3")

    def gaps(self, sop_class_uid: str) -> tuple[str, ...]:
        """
        Modules of a SOP Class whose attributes no source lists, or not all: what is missing looks like Type 3.

        Parameters
        ----------
        sop_class_uid : str
            A SOP Class UID without padding.

        Returns
        -------
        tuple of str
            Module identifiers; empty for a SOP Class that is complete or not known.
        """
        modules = self._modules_of.get(self._iod_of.get(sop_class_uid, ""), ())
        return tuple(module for module in modules if module not in self._root_of or module in self._partial)

    def _walk(self, node: int, above: Path) -> Iterator[tuple[Path, int]]:
        """Paths below a node, with the index of their Type."""
        row = self._nodes[node]
        for at in range(0, len(row), 3):
            path = (*above, row[at])
            if row[at + 1] != _OPTIONAL:
                yield path, row[at + 1]
            if row[at + 2]:
                yield from self._walk(row[at + 2], path)


def effective(type_: str) -> int:
    """
    Give the Type to act on: 1C is read as 1, and 2C as 2.

    Conditions are prose and are not evaluated. An attribute that is there is there because its condition held, so the
    object stays conformant when it keeps a dummy or zero-length value, and may not when it is removed; the original
    value is gone either way.

    Parameters
    ----------
    type_ : str
        "1", "1C", "2", "2C" or "3".

    Returns
    -------
    int
        1, 2 or 3.

    Raises
    ------
    ValueError
        It is not a Type.
    """
    if type_ not in _EFFECTIVE:
        raise ValueError("not an attribute Type of PS3.5 section 7.4")
    return _EFFECTIVE[type_]


@cache
def load() -> IodTable:
    """
    Read the table, once.

    Returns
    -------
    IodTable
        Frozen, shared by all callers.
    """
    content = json.loads(_data.read("iod.json"))
    classes: dict[str, list[str]] = content["sop_classes"]
    return IodTable(
        edition=content["edition"],
        sop_classes=MappingProxyType({uid: name for uid, (name, _) in classes.items()}),
        _iod_of=MappingProxyType({uid: iod for uid, (_, iod) in classes.items()}),
        _modules_of=MappingProxyType({iod: tuple(modules) for iod, modules in content["iods"].items()}),
        _root_of=MappingProxyType(content["modules"]),
        _partial=frozenset(content["partial"]),
        _nodes=tuple(map(tuple, content["nodes"])),
    )


@cache
def _resolve(table: IodTable, iod: str) -> Mapping[Path, str]:
    """Merge the modules of an IOD, the strictest Type winning."""
    found: dict[Path, int] = {}
    for module in table._modules_of[iod]:
        if (root := table._root_of.get(module)) is None:
            continue
        for path, index in table._walk(root, ()):
            found[path] = min(index, found.get(path, _OPTIONAL))
    return MappingProxyType({path: _STRICTEST_FIRST[index] for path, index in found.items()})


def _canonical(path: Path) -> Path:
    """Write the path as `types` has it: repeating groups at their lowest tag, a sequence within itself only once."""
    tags = [_lowest(tag) for tag in path]
    return tuple(tag for at, tag in enumerate(tags) if at == 0 or tag != tags[at - 1])


def _lowest(tag: int) -> int:
    """(6000,eeee) for (60xx,eeee) and likewise for curves; any other tag as it is."""
    repeats = tag >> 24 in (0x50, 0x60) and not tag >> 16 & 1
    return tag & 0xFF00FFFF if repeats else tag
