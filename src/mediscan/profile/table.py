"""PS3.15 Table E.1-1, read from data/: Basic Profile code, option codes and HIPAA category of each row.

The Table (generated, (c) NEMA) and the HIPAA categories (ours) are two files, since their origins and licences differ.
"""

import functools
import importlib.resources
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from mediscan.profile.actions import Option

_EXACT = 0xFFFFFFFF
_PRIVATE = 0x00010000  # the low bit of the group number: private groups are odd
_HEADER_EDITION = re.compile(r"#.*\bPS3\.15 (\d{4}[a-z])")


@dataclass(frozen=True, slots=True)
class Row:
    """
    One row of Table E.1-1.

    Attributes
    ----------
    pattern : str
        ``ggggeeee`` in lower case, ``x`` for any digit, or ``private`` for every odd group.
    mask, match : int
        The row covers a tag when ``tag & mask == match``.
    name : str
        The Attribute's name in the Table.
    basic : str
        Basic Profile code, a key of `mediscan.profile.actions.COMPOSITE`.
    options : Mapping[Option, str]
        ``K`` or ``C`` for each option whose column is filled in.
    category : str or None
        Letter of 45 CFR 164.514(b)(2)(i), or None where the Attribute is none of the eighteen identifiers.
    source : str
        The table: ``E.1-1``, or ``unlisted`` for ours.
    """

    pattern: str
    mask: int
    match: int
    name: str
    basic: str
    options: Mapping[Option, str] = field(hash=False)
    category: str | None
    source: str = "E.1-1"

    @property
    def rule(self) -> str:
        """Name of the row for the ledger, such as ``E.1-1 (0008,0050)``."""
        where = self.pattern if self.pattern == "private" else f"{self.pattern[:4]},{self.pattern[4:]}".upper()
        return f"{self.source} ({where.replace('X', 'x')})"


@dataclass(frozen=True, slots=True)
class ProfileTable:
    """
    The whole Table, with look-up by tag.

    Attributes
    ----------
    edition : str
        Edition of PS3.15, such as ``2026d``.
    rows : tuple of Row
        In the order of the tags; repeating groups and the private row last.
    """

    edition: str
    rows: tuple[Row, ...]
    _exact: Mapping[int, Row] = field(repr=False, hash=False)
    _patterns: tuple[Row, ...] = field(repr=False, hash=False)

    def find(self, tag: int) -> Row | None:
        """
        Return the row that covers a tag.

        Parameters
        ----------
        tag : int
            Group number in the high and element number in the low 16 bits.

        Returns
        -------
        Row or None
            The row of just this tag first, then a repeating group, then the row of all private Attributes; None if the
            Table is silent.
        """
        row = self._exact.get(tag)
        if row is not None:
            return row
        return next((row for row in self._patterns if tag & row.mask == row.match), None)


def _read(name: str) -> list[str]:
    """Return the lines of a data file."""
    return (importlib.resources.files("mediscan.profile") / "data" / name).read_text("utf-8").splitlines()


def _cells(lines: list[str]) -> Iterator[list[str]]:
    """Yield the cells of each line that is neither blank nor a comment."""
    return (line.split("\t") for line in lines if line and not line.startswith("#"))


def _mask_and_match(pattern: str) -> tuple[int, int]:
    """Return the bits of a tag that a pattern fixes, and their values; a repeating group is even."""
    if pattern == "private":
        return _PRIVATE, _PRIVATE
    mask = int("".join("0" if digit == "x" else "f" for digit in pattern), 16)
    if mask != _EXACT:
        mask |= _PRIVATE
    return mask, int(pattern.replace("x", "0"), 16)


def _row(cells: list[str], columns: list[Option], categories: Mapping[str, str]) -> Row:
    """Return the row of one line of the file."""
    pattern, name, basic, *codes = cells
    mask, match = _mask_and_match(pattern)
    options = {option: code for option, code in zip(columns, codes, strict=True) if code}
    return Row(pattern, mask, match, name, basic, MappingProxyType(options), categories.get(pattern))


def _edition(lines: list[str]) -> str:
    """Return the edition that the header comment states."""
    found = (_HEADER_EDITION.match(line) for line in lines)
    return next(match[1] for match in found if match)


@functools.cache
def load() -> ProfileTable:
    """
    Return Table E.1-1; read once per process.

    Returns
    -------
    ProfileTable
        All 657 rows of the edition shipped.
    """
    lines = _read("table_e_1_1.tsv")
    categories = dict(_cells(_read("hipaa_categories.tsv")))
    by_column = {option.column: option for option in Option if option.column}
    header, *body = _cells(lines)
    columns = [by_column[key] for key in header[3:]]
    rows = tuple(_row(cells, columns, categories) for cells in body)
    exact = MappingProxyType({row.match: row for row in rows if row.mask == _EXACT})
    return ProfileTable(_edition(lines), rows, exact, tuple(row for row in rows if row.mask != _EXACT))


@functools.cache
def unlisted() -> Mapping[int, Row]:
    """
    Return what the Table does not list although its values identify, or are text that a person writes: rows of our own.

    Returns
    -------
    Mapping of int to Row
        By tag; `Row.source` is ``unlisted``.
    """
    return MappingProxyType({int(cells[0], 16): _unlisted_row(*cells) for cells in _cells(_read("unlisted.tsv"))})


def _unlisted_row(pattern: str, basic: str, option: str, category: str, name: str, _: str) -> Row:
    code, _, letter = option.partition(":")
    options = {chosen: letter for chosen in Option if chosen.value == code}
    return Row(pattern, _EXACT, int(pattern, 16), name, basic, MappingProxyType(options), category, "unlisted")
