"""Private elements that Retain Safe Private may keep, read from data/: Table E.3.10-1, PixelMed's list and ours.

An element is one of these only in a block that its creator, byte for byte, has reserved in the same item (PS3.5 7.8.1).
Opaque values never stay: GE's protocol data block, the protocols in Siemens' XA headers, MEDCOM headers and Philips' file data
are not rebuilt, only the CSA headers are (`mediscan.codec.csa`).
"""

import functools
import importlib.resources
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from mediscan.codec.csa import SafeTag
from mediscan.standard.dictionary import vm_bounds

KEEP, TEXT, UID, CSA, NEVER = "keep", "text", "uid", "csa", "never"
"""Treatments: as it is; only what Clean Descriptors leaves; mapped; rebuilt from `csa_tags`; not at all."""
UNKNOWN = "?"

_TEXTS = ("LO", "LT", "SH", "ST")
# Where nobody says which VR an element has, the file's own counts if it is one that carries numbers, codes or items.
_VRS_OF_UNKNOWN = ("CS", "DS", "FD", "FL", "IS", "SL", "SQ", "SS", "SV", "UL", "US", "UV")
_VM_OF_UNKNOWN = 16  # enough for a matrix; an array of samples is none
_STANDARD = "E.3.10-1"


@dataclass(frozen=True, slots=True)
class SafeElement:
    """
    A private element that may stay.

    Attributes
    ----------
    group : int
        Odd group number.
    creator : str
        Private Creator, without padding.
    element : int
        Low byte of the element number; the high one is the block.
    vr : str
        By which UN is read; ``?`` where it is not known.
    vrs : tuple of str
        VRs of a file's element to which `treatment` applies; empty where it is `NEVER`.
    texts : tuple of str
        VRs of a file's element that are treated as `TEXT`; an element of any other VR goes.
    vm_max : int
        Most values; 0 where there is no bound.
    treatment : str
        `KEEP`, `TEXT`, `UID`, `CSA` or `NEVER`.
    form : re.Pattern or None
        A text that it matches whole is a code and may stay as it is.
    rule : str
        Name for the ledger, such as ``E.3.10-1 (0019,"SIEMENS MR HEADER",0C)``.
    """

    group: int
    creator: str
    element: int
    vr: str
    vrs: tuple[str, ...]
    texts: tuple[str, ...]
    vm_max: int
    treatment: str
    form: "re.Pattern[str] | None"
    rule: str

    @property
    def key(self) -> tuple[str, int, int]:
        """Creator, group and element, in the order of `SafePrivate.entries`."""
        return self.creator, self.group, self.element

    def treatment_of(self, vr: str) -> str:
        """
        Tell what becomes of an element that a file has with this VR.

        Parameters
        ----------
        vr : str
            The file's VR, or `vr` where that is UN.

        Returns
        -------
        str
            A treatment; `NEVER` for a VR that the element cannot have.
        """
        if vr in self.vrs:
            return self.treatment
        return TEXT if vr in self.texts else NEVER


@dataclass(frozen=True, slots=True)
class SafePrivate:
    """
    All of them, with look-up.

    Attributes
    ----------
    entries : tuple of SafeElement
        Sorted by creator, group and element.
    """

    entries: tuple[SafeElement, ...]
    _places: Mapping[tuple[int, bytes, int], SafeElement] = field(repr=False, hash=False)

    def find(self, group: int, creator: bytes, element: int) -> SafeElement | None:
        """
        Look an element up.

        Parameters
        ----------
        group : int
            Group number.
        creator : bytes
            Value of the Private Creator that reserves the block in the same item.
        element : int
            Element number; only its low byte counts.

        Returns
        -------
        SafeElement or None
            None where the creator differs in any byte but padding, or the element is not listed.
        """
        return self._places.get((group, creator.rstrip(b" \0").lstrip(b" "), element & 0xFF))


def _rows(name: str) -> Iterator[list[str]]:
    """Yield the cells of each line of a data file that is no comment."""
    text = (importlib.resources.files("mediscan.profile") / "data" / name).read_text("utf-8")
    return (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))


def _element(cells: list[str]) -> SafeElement:
    """Return the element of one line."""
    group, creator, element, vr, vm, treatment, form, _, source = cells
    standard = source.startswith(_STANDARD) and "capitals" not in source
    unknown = vr == UNKNOWN
    return SafeElement(
        group=int(group, 16),
        creator=creator,
        element=int(element, 16),
        vr=vr.partition(" ")[0],
        vrs=() if treatment == NEVER else _VRS_OF_UNKNOWN if unknown else tuple(vr.split(" or ")),
        texts=_TEXTS if unknown or treatment == TEXT else (),
        vm_max=_VM_OF_UNKNOWN if unknown or vm == UNKNOWN else vm_bounds(vm)[1],
        treatment=treatment,
        form=re.compile(form, re.ASCII) if form else None,
        rule=f'{_STANDARD if standard else "safe private"} ({group},"{creator}",{element})',
    )


@functools.cache
def load() -> SafePrivate:
    """
    Return the private elements that may stay; read once per process.

    Returns
    -------
    SafePrivate
        Table E.3.10-1 and the two wider lists.
    """
    header, *rows = _rows("safe_private.tsv")
    assert header[:3] == ["group", "creator", "element"]
    entries = tuple(sorted(map(_element, rows), key=lambda entry: entry.key))
    places = {(entry.group, entry.creator.encode("ascii"), entry.element): entry for entry in entries}
    return SafePrivate(entries, MappingProxyType(places))


@functools.cache
def csa_tags() -> Mapping[str, SafeTag]:
    """
    Return the CSA tags that a rebuilt header may hold; read once per process.

    Returns
    -------
    mapping of str to SafeTag
        By name.
    """
    return MappingProxyType({name: _csa_tag(vr, vm, values) for name, vr, vm, values in _rows("csa_safe.tsv")})


def _csa_tag(vr: str, vm: str, values: str) -> SafeTag:
    low, high, _ = vm_bounds(vm)
    lowest, dots, highest = values.partition("..")
    if dots:
        return SafeTag(vr, (low, high), (float(lowest), float(highest)))
    return SafeTag(vr, (low, high), re.compile(values, re.ASCII))
