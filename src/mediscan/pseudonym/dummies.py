"""Action D: one valid, non-empty value that says nothing, for each VR and where that does not do for a single attribute.
UIDs never come from here, they are always keyed.

All are constants, so they are the same in every file of a series, and dates and times agree with one another: the first of
January 2000 at midnight. A year of 1900 or 0001 breaks software that computes ages and time zones; one long after the first
DICOM objects and before most of today's is plausible, and its form is that of a date reduced to its year.
"""

from collections.abc import Mapping
from types import MappingProxyType

from mediscan.profile import dummies

DUMMIES: Mapping[str, bytes] = MappingProxyType(
    {
        "AE": b"REMOVED",
        "AS": b"000Y",
        "AT": b"\0\0\0\0",
        "CS": b"REMOVED",
        "DA": b"20000101",
        "DS": b"0",
        "DT": b"20000101",
        "FD": bytes(8),
        "FL": bytes(4),
        "IS": b"0",
        "LO": b"REMOVED",
        "LT": b"REMOVED",
        "OB": bytes(2),
        "OD": bytes(8),
        "OF": bytes(4),
        "OL": bytes(4),
        "OV": bytes(8),
        "OW": bytes(2),
        "PN": b"REMOVED",
        "SH": b"REMOVED",
        "SL": bytes(4),
        "SQ": b"",
        "SS": bytes(2),
        "ST": b"REMOVED",
        "SV": bytes(8),
        "TM": b"000000",
        "UC": b"REMOVED",
        "UI": b"2.25.0",
        "UL": bytes(4),
        "UN": bytes(2),
        "UR": b"urn:removed",
        "US": bytes(2),
        "UT": b"REMOVED",
        "UV": bytes(8),
    }
)


def dummy(tag: int, vr: str, vm: int = 1) -> bytes:
    r"""
    Value that stands in for one of an attribute.

    Parameters
    ----------
    tag : int
        The attribute; of a repeating group any tag.
    vr : str
        VR of the element as it is written; one of `DUMMIES`.
    vm : int
        How many values the attribute has at least (`dictionary.vm_bounds`).

    Returns
    -------
    bytes
        Without padding. Binary ones are all zero, so they have no byte order.
    """
    one = DUMMIES[vr]
    own = dummies.load().get(tag)
    if own is not None and vr in _CHARACTERS:
        return own
    if vr in _ONE_VALUE or vm <= 1:
        return one
    return b"\\".join([one] * vm) if vr in _CHARACTERS else one * vm


_CHARACTERS = frozenset("AE AS CS DA DS DT IS LO LT PN SH ST TM UC UR UT".split())
_ONE_VALUE = frozenset("LT OB OD OF OL OV OW SQ ST UI UN UR UT".split())
