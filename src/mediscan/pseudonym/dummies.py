"""Action D: one valid, non-empty value for each VR that says nothing. UIDs never come from here, they are always keyed."""

from collections.abc import Mapping
from types import MappingProxyType

DUMMIES: Mapping[str, bytes] = MappingProxyType(
    {
        "AE": b"REMOVED",
        "AS": b"000Y",
        "AT": b"\0\0\0\0",
        "CS": b"REMOVED",
        "DA": b"19000101",
        "DS": b"0",
        "DT": b"19000101",
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
