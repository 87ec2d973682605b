"""File-level rule: images that may show burned-in text are held until something can look at them."""

from mediscan._native.framing import TagList
from mediscan.profile import sop_classes

REASON = "burned_in_possible"
# Image Type, Burned In Annotation; rising, as ElementTable.pick wants them.
TAGS = TagList(0x00080008, 0x00280301)


def may_show_text(sop_class: str, image_type: bytes, burned_in: bytes) -> bool:
    """Tell whether an instance says, or its kind suggests, that text is burned into its pixels.

    Parameters
    ----------
    sop_class : str
        SOP Class UID.
    image_type, burned_in : bytes
        Values of (0008,0008) and (0028,0301); empty where they are absent.
    """
    said = burned_in.strip(b"\0 ").upper()
    screen_save = b"SCREEN SAVE" in image_type.upper()
    return said == b"YES" or screen_save or (sop_class in sop_classes.may_show_text())
