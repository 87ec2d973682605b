"""PS3.15 Table E.3.4-1, read from data/: Basic Profile code and option codes of content items, by concept and value type.

And which coding schemes are registered, so that their codes name no person.
"""

import functools
import importlib.resources
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from mediscan.profile.actions import Option
from mediscan.profile.policy import Dates, Policy

# Three designators were in use for SNOMED's alphanumeric codes (PS3.16 section 8.1).
_SAME_SCHEME: Mapping[str, str] = MappingProxyType({"99SDM": "SRT", "SNM3": "SRT", "SDM": "SRT", "NCIT": "NCIt"})


@dataclass(frozen=True, slots=True)
class ContentItem:
    """
    One row of Table E.3.4-1.

    Attributes
    ----------
    scheme, code, value_type : str
        Concept Name and Value Type of the content item.
    basic : str
        ``X``, ``D`` or ``X/D``.
    options : Mapping[Option, str]
        ``K`` or ``C``.
    dated : bool
        Whether the options of longitudinal temporal information have a code in this row.
    """

    scheme: str
    code: str
    value_type: str
    basic: str
    options: Mapping[Option, str] = field(hash=False)
    dated: bool

    @property
    def rule(self) -> str:
        """Name of the row for the ledger, such as ``E.3.4-1 (121106,DCM) TEXT``."""
        return f"E.3.4-1 ({self.code},{self.scheme}) {self.value_type}"

    def action(self, policy: Policy) -> str:
        """
        Tell what a policy does with such an item.

        Returns
        -------
        str
            ``X``, ``D``, ``K`` or ``C``. Cleaning is the stricter and holds over keeping. ``X/D`` is D: whether a template
            requires the item is not known here. A time of day has no year, so that it goes where years alone stay.
        """
        if self.dated:
            cleaned = policy.dates is not Dates.REMOVE and not (policy.dates is Dates.YEAR and self.value_type == "TIME")
            return "C" if cleaned else self.basic[-1]
        codes = [code for option, code in self.options.items() if option in policy.options]
        return min(codes, default=self.basic[-1])


def _lines(name: str) -> list[list[str]]:
    text = (importlib.resources.files("mediscan.profile") / "data" / name).read_text("utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]


def _item(scheme: str, code: str, value_type: str, basic: str, options: str) -> ContentItem:
    words = dict(word.split(":") for word in options.split())
    dated = words.pop("dates", None) is not None
    by_name = {option.name.lower().replace("_", "-"): option for option in Option}
    codes = MappingProxyType({by_name[name]: letter for name, letter in words.items()})
    return ContentItem(scheme, code, value_type, basic, codes, dated)


@functools.cache
def load() -> Mapping[tuple[str, str, str], ContentItem]:
    """Every row, by scheme, code and value type, in the order of the file."""
    items = [_item(*cells) for cells in _lines("content_items.tsv")[1:]]
    return MappingProxyType({(item.scheme, item.code, item.value_type): item for item in items})


def find(scheme: str, code: str, value_type: str) -> ContentItem | None:
    """
    Return the row of a content item.

    Parameters
    ----------
    scheme, code : str
        Coding Scheme Designator and Code Value of its Concept Name, without padding.
    value_type : str
        Its Value Type.
    """
    return load().get((_SAME_SCHEME.get(scheme, scheme), code, value_type))


@functools.cache
def registered_schemes() -> frozenset[bytes]:
    """Give the Coding Scheme Designators whose codes are public."""
    return frozenset(cells[0].encode("ascii") for cells in _lines("coding_schemes.tsv"))
