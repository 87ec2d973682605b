"""File-level rule: images that may show burned-in text are held until something can look at them."""

import re

from mediscan._native.framing import TagList
from mediscan.profile import sop_classes
from mediscan.profile.sop_classes import Fate

REASON = "burned_in_possible"
# Image Type, Conversion Type, Burned In Annotation, Specimen Label in Image; rising, as ElementTable.pick wants them.
TAGS = TagList(0x00080008, 0x00080064, 0x00280301, 0x00480010)
# Screen saves; of whole slides the label and the overview that shows it (PS3.3 C.8.12.4.1.1).
_SHOWN = re.compile(rb"SCREEN SAVE|(?:^|\\) *(?:LABEL|OVERVIEW) *(?:\\|$)")
_SCANNED = frozenset({b"SD", b"DF", b"WSD"})  # Conversion Type (PS3.3 C.8.6.1): paper, film, workstation


def may_show_text(sop_class: str, image_type: bytes, conversion: bytes, burned_in: bytes, slide_label: bytes = b"") -> bool:
    """Tell whether an instance says, or its kind suggests, that text is burned into its pixels.

    An instance that says NO is not believed where its kind suggests it.

    Parameters
    ----------
    sop_class : str
        SOP Class UID.
    image_type, conversion, burned_in, slide_label : bytes
        Values of (0008,0008), (0008,0064), (0028,0301) and (0048,0010); empty where they are absent.
    """
    said = b"YES" in (_term(burned_in), _term(slide_label)) or _term(conversion) in _SCANNED
    shown = _SHOWN.search(_term(image_type)) is not None
    # Whoever is here was not refused: of a kind that is, the policy allows it.
    return said or shown or sop_classes.fate(sop_class, sop_classes.may_be_allowed()) is Fate.HOLD


def _term(value: bytes) -> bytes:
    return value.strip(b"\0 ").upper()
