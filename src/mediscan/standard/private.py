"""Private Creator strings that a vendor has published (PS3.5 7.8).

A creator in this set names a product, so the ledger may print it; any other may hold a person's or a site's name.
"""

from functools import cache

from mediscan.standard import _data


@cache
def load() -> frozenset[str]:
    """
    Every known Private Creator.

    Returns
    -------
    frozenset of str
        Without leading and trailing SPACE, which are not significant in VR LO (PS3.5 6.2).
    """
    (creators,) = _data.columns("private_creators.tsv", 1)
    return frozenset(creators)
