"""Dummies of single attributes, read from data/dummies.tsv: where the constant of the VR would break what PS3.3 says."""

import functools
import importlib.resources
from collections.abc import Mapping
from types import MappingProxyType


@functools.cache
def load() -> Mapping[int, bytes]:
    """
    Read the table, once.

    Returns
    -------
    Mapping of int to bytes
        Tag -> value in characters, several behind backslashes. Attributes of binary VRs are not in it.
    """
    text = (importlib.resources.files("mediscan.profile") / "data" / "dummies.tsv").read_text("utf-8")
    rows = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return MappingProxyType({int(tag, 16): value.encode("ascii") for tag, value, _ in rows})
