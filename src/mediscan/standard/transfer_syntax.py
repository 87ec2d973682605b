"""Transfer Syntaxes (PS3.5 section 10 and Annex A; PS3.6 Table A-1): how the bytes of a data set are laid out.

All but those named below are Explicit VR Little Endian with encapsulated Pixel Data (PS3.5 A.4).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

from mediscan.standard import uids

IMPLICIT_VR_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2"
EXPLICIT_VR_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2.1"
DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2.1.99"
EXPLICIT_VR_BIG_ENDIAN: Final = "1.2.840.10008.1.2.2"

_PAPYRUS: Final = "1.2.840.10008.1.20"
_NATIVE: Final = frozenset(
    (IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN)
)
_JPIP_DEFLATED: Final = frozenset(("1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.205"))
_NOT_PROCESSED: Final = frozenset(
    (
        "1.2.840.10008.1.2.4.94",  # JPIP: Pixel Data is elsewhere, behind a URL (PS3.5 A.6, A.7)
        "1.2.840.10008.1.2.4.95",
        "1.2.840.10008.1.2.4.204",
        "1.2.840.10008.1.2.4.205",
        "1.2.840.10008.1.2.6.1",  # RFC 2557 MIME and XML: not a DICOM data set
        "1.2.840.10008.1.2.6.2",
        "1.2.840.10008.1.2.7.1",  # SMPTE ST 2110: a stream on a network, never a file (PS3.22)
        "1.2.840.10008.1.2.7.2",
        "1.2.840.10008.1.2.7.3",
        _PAPYRUS,  # a file format of its own
    )
)


@dataclass(frozen=True, slots=True)
class TransferSyntax:
    """
    One Transfer Syntax.

    Attributes
    ----------
    uid, name : str
        Transfer Syntax UID and name.
    implicit_vr, big_endian : bool
        VR form and byte order of the data set. File Meta Information is always Explicit VR Little Endian.
    deflated : bool
        The whole data set after the File Meta Information is deflated (PS3.5 A.5). Not so for Deflated Image Frame
        Compression, which deflates frames and encapsulates them.
    encapsulated : bool
        Pixel Data of undefined length lies in fragments (PS3.5 A.4); else it is native.
    retired : bool
        PS3.6 marks it retired. Retired ones still occur in archives.
    part10 : bool
        A file of PS3.10 in it holds the whole SOP Instance, so it can be processed. False for JPIP, Papyrus 3,
        SMPTE ST 2110, MIME and XML.
    """

    uid: str
    name: str
    implicit_vr: bool
    big_endian: bool
    deflated: bool
    encapsulated: bool
    retired: bool
    part10: bool


@cache
def load() -> Mapping[str, TransferSyntax]:
    """
    Every Transfer Syntax of PS3.6, by UID.

    Returns
    -------
    Mapping
        Frozen, shared by all callers.
    """
    rows = (row for uid in uids.load() if (row := uids.find(uid)) is not None)
    return MappingProxyType({row.uid: _describe(row) for row in rows if row.kind == "Transfer Syntax"})


def find(uid: str) -> TransferSyntax | None:
    """
    Find the Transfer Syntax of a UID.

    Parameters
    ----------
    uid : str
        A UID without padding.

    Returns
    -------
    TransferSyntax or None
        None for a private or unknown one.
    """
    return load().get(uid)


def _describe(row: uids.RegisteredUid) -> TransferSyntax:
    """Take the facts of PS3.5 Annex A for one registered UID."""
    part10 = row.uid not in _NOT_PROCESSED
    return TransferSyntax(
        uid=row.uid,
        name=row.name,
        implicit_vr=row.uid in (IMPLICIT_VR_LITTLE_ENDIAN, _PAPYRUS),
        big_endian=row.uid == EXPLICIT_VR_BIG_ENDIAN,
        deflated=row.uid == DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN or row.uid in _JPIP_DEFLATED,
        encapsulated=part10 and row.uid not in _NATIVE,
        retired=row.retired,
        part10=part10,
    )
