"""SOP Classes whose instances are refused because they carry what cannot be cleaned."""

import functools
import importlib.resources


@functools.cache
def unsafe() -> frozenset[str]:
    """UIDs of the SOP Classes in data/unsafe_sop_classes.tsv."""
    text = (importlib.resources.files("mediscan.profile") / "data" / "unsafe_sop_classes.tsv").read_text("utf-8")
    return frozenset(line.split("\t")[0] for line in text.splitlines() if line and not line.startswith("#"))
