"""Unique Identifiers registered in PS3.6 Annex A: they name a part of the Standard and never identify anybody.

Context Groups (PS3.16) are not here: the source has none, and action U never meets them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from mediscan.standard import _data


@dataclass(frozen=True, slots=True)
class RegisteredUid:
    """One row of PS3.6 Annex A: UID, name, UID type, keyword, and whether it is retired."""

    uid: str
    name: str
    kind: str
    keyword: str
    retired: bool


@cache
def load() -> frozenset[str]:
    """
    Every registered UID, of any UID type.

    Returns
    -------
    frozenset of str
        UIDs without padding.
    """
    return frozenset(_table())


def find(uid: str) -> RegisteredUid | None:
    """
    Find the row of a UID.

    Parameters
    ----------
    uid : str
        A UID without padding.

    Returns
    -------
    RegisteredUid or None
        None where it is not registered.
    """
    return _table().get(uid)


def kind(uid: str) -> str | None:
    """
    Give the UID type: "SOP Class", "Transfer Syntax", "Well-known SOP Instance" and so on.

    Parameters
    ----------
    uid : str
        A UID without padding.

    Returns
    -------
    str or None
        None where it is not registered.
    """
    row = find(uid)
    return None if row is None else row.kind


def name(uid: str) -> str | None:
    """
    Give the UID name.

    Parameters
    ----------
    uid : str
        A UID without padding.

    Returns
    -------
    str or None
        None where it is not registered.
    """
    row = find(uid)
    return None if row is None else row.name


@cache
def _table() -> Mapping[str, RegisteredUid]:
    """Read the rows, by UID."""
    rows = zip(*_data.columns("uids.tsv", 5), strict=True)
    return MappingProxyType(
        {uid: RegisteredUid(uid, name, kind, keyword, mark == "RET") for uid, name, kind, keyword, mark in rows}
    )
