"""Three-digit ZIP areas of more than 20,000 people, which 45 CFR 164.514(b)(2)(i)(B) allows to stay."""

import functools
import importlib.resources


@functools.cache
def load() -> frozenset[str]:
    """
    Return the three-digit prefixes that may stay; any other becomes 000.

    Returns
    -------
    frozenset of str
        Prefixes with more than 20,000 people in each of the 2000, 2010 and 2020 censuses.
    """
    text = (importlib.resources.files("mediscan.profile") / "data" / "zip3.tsv").read_text("ascii")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))
