"""Which data elements a local rule is about: the notations of a policy file -> Target and back, and what a target means."""

import difflib
import functools
import re
from typing import NoReturn

from mediscan.profile.policy import LocalAction, Target
from mediscan.standard import dictionary, vr

_EVEN = 0x00010000  # the bit of a tag that private groups alone have
_EXACT = 0xFFFFFFFF
_FIRST_PRIVATE_GROUP = 0x0009  # 0001 to 0007 and FFFF may not be used (PS3.5 7.8.1)
_CREATOR_LENGTH = 64  # LO

_PARTS = re.compile(r'(?:[^."]|"[^"]*")+')
_TAG = re.compile(r"\(\s*([0-9a-fx]{4})\s*,\s*([0-9a-fx]{4})\s*\)|([0-9a-fx]{4})([0-9a-fx]{4})", re.I)
_PRIVATE = re.compile(r'\(\s*([0-9a-f]{4})\s*,\s*"([^"\\]*)"\s*,\s*([0-9a-fx]{2})\s*\)', re.I)
_VR = re.compile(r"VR:(\w*)")
_KEYWORD = re.compile(r"[A-Za-z]\w*")

_NOTATIONS = 'write a keyword, (gggg,eeee) with x for any digit, (gggg,"CREATOR",ee) or VR:UT'

INSTANCE_UIDS = frozenset({0x00080018, 0x0020000D, 0x0020000E})
"""SOP Instance, Study Instance and Series Instance UID: a new UID is all that a rule may ask for them."""

_PROTECTED = {
    0x00080005: "Specific Character Set says how the text is to be read",
    0x00080016: "SOP Class UID says what the object is",
    **dict.fromkeys((0x00120062, 0x00120063, 0x00120064, 0x00280303), "the attestation of PS3.15 E.1.1 is written anew"),
}
_REPEATING = (0x50, 0x60)  # first byte of the groups of curves and overlays
_PIXEL_MODULE = range(0x00280002, 0x00280104)
_TEXT = frozenset({"LO", "SH", "LT", "ST", "UC", "UT"})


def parse(text: str) -> Target:
    """
    Read the element of a local rule.

    Parameters
    ----------
    text : str
        A keyword, ``(gggg,eeee)`` or ``ggggeeee`` with ``x`` for any digit, ``(gggg,"CREATOR",ee)``, or ``VR:`` and a VR;
        before it keywords or tags of the innermost enclosing sequences, each with a dot behind.

    Returns
    -------
    Target
        The elements meant; of the standard ones never a private one, whatever is behind an ``x``.

    Raises
    ------
    ValueError
        With what is wrong and the cure.
    """
    parts = _PARTS.findall(text)
    if ".".join(parts) != text or not parts:
        raise ValueError(f"{text!r} is no element; {_NOTATIONS}")
    path = tuple(_sequence(part.strip()) for part in parts[:-1])
    found = _element(parts[-1].strip())
    return Target(found.mask, found.match, found.creator, found.vr, path)


def format_target(target: Target) -> str:
    """
    Write a target so that `parse` reads the same.

    Parameters
    ----------
    target : Target
        As `parse` makes them.

    Returns
    -------
    str
        Keywords where PS3.6 has them, else tags in upper case.
    """
    return ".".join([*map(_name, target.path), _last(target)])


def protection(tag: int) -> str | None:
    """
    Tell why no rule may touch an element.

    Parameters
    ----------
    tag : int
        A tag of PS3.6.

    Returns
    -------
    str or None
        The reason; None for an element that rules may be about.
    """
    group = tag >> 16
    if group < 0x0008:
        return "commands, File Meta Information and directories are not part of a data set"
    if group == 0xFFFE or not tag & 0xFFFF:
        return "delimiters and group lengths follow from what is written"
    if group == 0x7FE0:
        return "Pixel Data is no matter of rules"
    if tag in _PIXEL_MODULE and _vr(tag) not in _TEXT:
        return "it describes the pixels"
    return _PROTECTED.get(tag)


def means(target: Target, action: LocalAction, tag: int, of_vr: str) -> bool:
    """
    Tell whether a rule is about an element, wherever it lies.

    Parameters
    ----------
    target : Target
        The rule's target; its path is not looked at.
    action : LocalAction
        The rule's action.
    tag : int
        Tag of an element of the standard.
    of_vr : str
        Its VR.

    Returns
    -------
    bool
        False for private targets, and for protected elements that a wildcard or VR would take in.
    """
    if target.creator is not None or tag & target.mask != target.match or target.vr not in (None, of_vr):
        return False
    spared = tag in INSTANCE_UIDS and action is not LocalAction.UID and target.mask != _EXACT
    return not spared and protection(tag) is None


@functools.cache
def meant(target: Target, action: LocalAction) -> frozenset[int]:
    """
    List the elements of PS3.6 that a rule is about.

    Parameters
    ----------
    target : Target
        The rule's target; its path is not looked at.
    action : LocalAction
        The rule's action.

    Returns
    -------
    frozenset of int
        Tags; empty for private targets. Of curves and overlays those of the first, group 5000 or 6000, stand for all.
    """
    if target.creator is not None:
        return frozenset()
    tags = dictionary.load().tags
    candidates = tags[(tags & target.mask) == target.match].tolist()
    candidates += [match for _, match, _ in _repeating()]
    return frozenset(tag for tag in candidates if means(target, action, tag, _vr(tag)))


@functools.cache
def _vr(tag: int) -> str:
    entry = dictionary.load().find(tag)
    return entry.preferred_vr if entry else ""


# --- reading ----------------------------------------------------------------------------------------------------------


def _element(text: str) -> Target:
    if found := _VR.fullmatch(text):
        return Target(_EVEN, 0, vr=_known_vr(found[1]))
    if found := _PRIVATE.fullmatch(text):
        return _private(int(found[1], 16), found[2], found[3])
    if found := _TAG.fullmatch(text):
        return _standard((found[1] or found[3]) + (found[2] or found[4]))
    if _KEYWORD.fullmatch(text):
        return _named(text)
    raise ValueError(f"{text!r} is no element; {_NOTATIONS}")


def _known_vr(text: str) -> str:
    if text not in vr.VRS:
        raise ValueError(f"{text!r} is no VR of PS3.5; there are {', '.join(vr.VRS)}")
    return text


def _private(group: int, creator: str, element: str) -> Target:
    if not group & 1 or group < _FIRST_PRIVATE_GROUP or group == 0xFFFF:
        raise ValueError(f"{group:04X} is no private group; private groups are odd, from 0009 on")
    name = creator.strip(" ")
    if not 0 < len(name) <= _CREATOR_LENGTH or not name.isprintable():
        raise ValueError("a private creator has 1 to 64 printable characters")
    mask, match = _digits(element)
    return Target(0xFFFF0000 | mask, group << 16 | match, creator=name)


def _standard(digits: str) -> Target:
    mask, match = _digits(digits)
    if mask == _EXACT:
        return _exact(match)
    if match & _EVEN:
        _refuse_private(digits)
    if match >> 24 in _REPEATING and mask & 0x00FE0000:
        raise ValueError(f"a rule means every curve or overlay; write ({match >> 24:02X}xx,{digits[4:].replace('X', 'x')})")
    return Target(mask | _EVEN, match)


def _exact(tag: int) -> Target:
    if tag & _EVEN:
        _refuse_private(f"{tag:08X}")
    if tag >> 24 in _REPEATING:
        raise ValueError(f"a rule means every curve or overlay; write ({tag >> 24:02X}xx,{tag & 0xFFFF:04X})")
    return Target(_EXACT, tag)


def _refuse_private(digits: str) -> NoReturn:
    shown = digits.replace("X", "x")
    raise ValueError(f'({shown[:4]},{shown[4:]}) is private; name its creator: ({shown[:4]},"CREATOR",{shown[6:]})')


def _digits(text: str) -> tuple[int, int]:
    """Mask and match of hexadecimal digits with ``x`` for any."""
    low = text.lower()
    mask = "".join("0" if digit == "x" else "f" for digit in low)
    return int(mask, 16), int(low.replace("x", "0"), 16)


def _named(keyword: str) -> Target:
    tag = dictionary.load().tag(keyword)
    if tag is not None:
        return Target(_EXACT, tag)
    for mask, match, entry in _repeating():
        if entry.keyword == keyword:
            return Target(mask, match)
    near = difflib.get_close_matches(keyword, _keywords(), 1, 0.8)
    raise ValueError(f"{keyword!r} is no keyword of PS3.6" + (f"; {near[0]}?" if near else "; write the tag, (gggg,eeee)"))


def _keywords() -> list[str]:
    known = dictionary.load()
    single = [word for tag in known.tags.tolist() if (word := known.keyword(tag))]
    return single + [entry.keyword for _, _, entry in _repeating()]


def _repeating() -> list[tuple[int, int, dictionary.Entry]]:
    """Attributes of curves and overlays; the other repeating groups are long retired and nothing of them is ever kept."""
    return [row for row in dictionary.load().repeating if row[1] >> 24 in _REPEATING]


def _sequence(text: str) -> int:
    found = _element(text)
    if found.mask != _EXACT or found.creator is not None:
        raise ValueError(f"{text!r} is no sequence; before a dot stands the keyword or tag of one sequence")
    if _vr(found.match) != "SQ":
        raise ValueError(f"{text!r} has no items; before a dot stands a sequence, VR SQ")
    return found.match


# --- writing ----------------------------------------------------------------------------------------------------------


def _name(tag: int) -> str:
    return dictionary.load().keyword(tag) or dictionary.format_tag(tag)


def _last(target: Target) -> str:
    if target.vr is not None:
        return f"VR:{target.vr}"
    if target.creator is not None:
        element = _shown(target.mask & 0xFF, target.match & 0xFF, 2)
        return f'({target.match >> 16:04X},"{target.creator}",{element})'
    if target.mask == _EXACT:
        return _name(target.match)
    shown = _shown(target.mask, target.match, 8)
    return f"({shown[:4]},{shown[4:]})"


def _shown(mask: int, match: int, digits: int) -> str:
    """Hexadecimal digits, ``x`` where the mask leaves one open."""
    pairs = zip(f"{mask:0{digits}X}", f"{match:0{digits}X}", strict=True)
    return "".join(digit if fixed == "F" else "x" for fixed, digit in pairs)
