"""SOP Classes that call for care, as data: those that are refused, and those whose images often show burned-in text."""

import functools
import importlib.resources


def _uids(name: str) -> frozenset[str]:
    text = (importlib.resources.files("mediscan.profile") / "data" / name).read_text("utf-8")
    return frozenset(line.split("\t")[0] for line in text.splitlines() if line and not line.startswith("#"))


@functools.cache
def unsafe() -> frozenset[str]:
    """UIDs whose instances carry documents, directories or streams that cannot be cleaned."""
    return _uids("unsafe_sop_classes.tsv")


@functools.cache
def may_show_text() -> frozenset[str]:
    """UIDs whose images often carry burned-in identifying text."""
    return _uids("may_show_text.tsv")
