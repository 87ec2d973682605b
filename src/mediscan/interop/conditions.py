"""What conditions on elements have in common, wherever they come from: names of elements, regular expressions, rectangles."""

import re
import warnings

from mediscan.interop.policy_toml import element
from mediscan.interop.remarks import Unsayable
from mediscan.standard import dictionary

_LONGEST_PATTERN = 500
_LARGEST = 1_000_000  # of a coordinate; Rows and Columns are 16-bit, but a whole-slide matrix is not
_SPECIAL = re.compile(r"[\\^$.|?*+()\[\]{}]")


def named(keyword: str) -> str:
    """Name of the element with a keyword of PS3.6."""
    tag = dictionary.load().tag(keyword)
    if tag is None:
        raise Unsayable(f"{keyword[:64]!r} is no keyword of PS3.6, so it names no element there either")
    return element(tag)


def tagged(group: str, number: str) -> str:
    """Name of the element with a tag given as two runs of hexadecimal digits."""
    return element(int(group, 16) << 16 | int(number, 16))


def is_plain(text: str) -> bool:
    """Whether a regular expression is just the text it finds."""
    return _SPECIAL.search(text) is None


def pattern(text: str) -> str:
    """Give a regular expression back if it means the same here; Java and Python agree on what both can read."""
    if len(text) > _LONGEST_PATTERN:
        raise Unsayable(f"a regular expression of more than {_LONGEST_PATTERN} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a set within a set: Java's intersection
            re.compile(text)
    except (re.error, OverflowError, RecursionError, Warning):
        raise Unsayable("the regular expression cannot be read here") from None
    return text


def rectangle(x0: int, y0: int, x1: int, y1: int) -> tuple[int, int, int, int]:
    """Check a half-open rectangle."""
    if not (0 <= x0 < x1 <= _LARGEST and 0 <= y0 < y1 <= _LARGEST):
        raise Unsayable("the rectangle has no area, or lies outside of any image")
    return x0, y0, x1, y1
