"""Action codes of PS3.15 Table E.1-1a and the profile options of PS3.16 CID 7050.

A composite code such as ``X/Z/D`` leaves the choice to the Type (1, 2 or 3) that the Attribute has in the IOD at hand.
`resolve` makes it so that the result always conforms: a Type 1 Attribute is never emptied or removed and a Type 2
Attribute never removed. Where the Table's plain X or Z would do so, E.1.1 lets a dummy stand in: the original value
goes all the same, so this is stricter on conformance and no weaker on privacy.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Action(StrEnum):
    """What is done with one data element (PS3.15 Table E.1-1a)."""

    D = "D"
    """Replace with a non-zero length value that may be a dummy value and consistent with the VR."""
    Z = "Z"
    """Replace with a zero length value, or a non-zero length dummy value consistent with the VR."""
    X = "X"
    """Remove the Attribute; of a Sequence, all Items and their contained Attributes too."""
    K = "K"
    """Keep: unchanged for a non-Sequence Attribute, cleaned for a Sequence."""
    C = "C"
    """Clean: replace with values of similar meaning known not to contain identifying information."""
    U = "U"
    """Replace with a non-zero length UID that is internally consistent within a set of Instances."""
    ADD = "+"
    """Added by the de-identifier; not a code of the Table."""


def _by_type(type_1: str, type_2: str, type_3: str) -> Mapping[int, Action]:
    """Return the read-only map from effective Type to action."""
    return MappingProxyType({1: Action(type_1), 2: Action(type_2), 3: Action(type_3)})


COMPOSITE: Mapping[str, Mapping[int, Action]] = MappingProxyType(
    {
        "X": _by_type("D", "Z", "X"),
        "Z": _by_type("D", "Z", "Z"),
        "D": _by_type("D", "D", "D"),
        "U": _by_type("U", "U", "U"),
        "Z/D": _by_type("D", "Z", "Z"),
        "X/Z": _by_type("D", "Z", "X"),
        # The Table offers no Z here, so D is what keeps a Type 2 Attribute present.
        "X/D": _by_type("D", "D", "X"),
        "X/Z/D": _by_type("D", "Z", "X"),
        # U at every Type: the contained instance UIDs are replaced consistently, so references between objects survive.
        "X/Z/U*": _by_type("U", "U", "U"),
    }
)
"""Basic Profile code of Table E.1-1 -> effective Type of the Attribute (1, 2, 3) -> action."""


def resolve(code: str, type_: int) -> Action:
    """
    Return the action that a code of Table E.1-1 means for an Attribute of this Type.

    Parameters
    ----------
    code : str
        A Basic Profile code (a key of `COMPOSITE`), or ``K`` or ``C`` of an option column, which mean the same at every
        Type.
    type_ : int
        Effective Type of the Attribute in the IOD: 1, 2 or 3. A 1C or 2C Attribute that is present counts as 1 or 2;
        one that the IOD does not mention counts as 3.

    Returns
    -------
    Action
        Never X for Types 1 and 2, never Z for Type 1.

    Raises
    ------
    ValueError
        For a code that Table E.1-1 does not have, or a Type other than 1, 2 and 3.
    """
    if type_ not in (1, 2, 3):
        raise ValueError(f"effective Type must be 1, 2 or 3, not {type_!r}")
    if code in (Action.K, Action.C):
        return Action(code)
    try:
        return COMPOSITE[code][type_]
    except KeyError:
        raise ValueError(f"no action code of PS3.15 Table E.1-1: {code!r}") from None


class Option(StrEnum):
    """
    The Basic Profile and its options: the value is the code value in CID 7050 (coding scheme DCM).

    Attributes
    ----------
    column : str or None
        Key of the option's column in Table E.1-1; None for the profile itself and for the two pixel options, which the
        Table gives no column.
    meaning : str
        Code meaning in CID 7050, for De-identification Method Code Sequence (0012,0064).
    """

    column: str | None
    meaning: str

    def __new__(cls, code: str, column: str | None, meaning: str) -> "Option":
        """Make the member whose value is the code value."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.column = column
        member.meaning = meaning
        return member

    BASIC_PROFILE = "113100", None, "Basic Application Confidentiality Profile"
    CLEAN_PIXEL_DATA = "113101", None, "Clean Pixel Data Option"
    CLEAN_RECOGNIZABLE_VISUAL_FEATURES = "113102", None, "Clean Recognizable Visual Features Option"
    CLEAN_GRAPHICS = "113103", "cleanGraphOpt", "Clean Graphics Option"
    CLEAN_STRUCTURED_CONTENT = "113104", "cleanStructContOpt", "Clean Structured Content Option"
    CLEAN_DESCRIPTORS = "113105", "cleanDescOpt", "Clean Descriptors Option"
    RETAIN_LONGITUDINAL_FULL_DATES = (
        "113106",
        "rtnLongFullDatesOpt",
        "Retain Longitudinal Temporal Information Full Dates Option",
    )
    RETAIN_LONGITUDINAL_MODIFIED_DATES = (
        "113107",
        "rtnLongModifDatesOpt",
        "Retain Longitudinal Temporal Information Modified Dates Option",
    )
    RETAIN_PATIENT_CHARACTERISTICS = "113108", "rtnPatCharsOpt", "Retain Patient Characteristics Option"
    RETAIN_DEVICE_IDENTITY = "113109", "rtnDevIdOpt", "Retain Device Identity Option"
    RETAIN_UIDS = "113110", "rtnUIDsOpt", "Retain UIDs Option"
    RETAIN_SAFE_PRIVATE = "113111", "rtnSafePrivOpt", "Retain Safe Private Option"
    RETAIN_INSTITUTION_IDENTITY = "113112", "rtnInstIdOpt", "Retain Institution Identity Option"
