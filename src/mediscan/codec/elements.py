"""The element table of one source: one row per data element or item, columns of byte offsets.

The rows themselves live in native memory (`mediscan._native.framing.ElementTable`); this module gives their layout to NumPy
and turns a walk's status into the matching exception.
"""

import numpy as np
import numpy.typing as npt

from mediscan import errors
from mediscan._native.framing import ElementTable, Status, VrIndex

# Layout of `Row` and `Edit` in ext/table.pxd.
ROW = np.dtype(
    [
        ("tag", "u4"),
        ("vr", "u2"),
        ("depth", "u1"),
        ("flags", "u1"),
        ("start", "i8"),
        ("value", "i8"),
        ("length", "i8"),
        ("end", "i8"),
        ("parent", "i4"),
        ("item", "i4"),
        ("creator", "i4"),
        ("after", "i4"),
    ]
)
EDIT = np.dtype(
    [
        ("op", "u1"),
        ("action", "u1"),
        ("pad", "u1"),
        ("dirty", "u1"),
        ("rule", "i4"),
        ("data", "i8"),
        ("size", "i8"),
        ("out", "i8"),
    ]
)

IMPLICIT, BIG, UNDEFINED, ITEM, SEQUENCE, FRAGMENTS, META = (1 << bit for bit in range(7))

_OK = int(Status.OK)  # looking a member up in its enumeration costs as much as a small call
_ERRORS: dict[int, type[errors.Refused]] = {
    Status.TRUNCATED: errors.Truncated,
    Status.MALFORMED: errors.Malformed,
    Status.NESTING_TOO_DEEP: errors.NestingTooDeep,
    Status.TOO_LARGE: errors.TooLarge,
    Status.UNREADABLE: errors.Unreadable,
    Status.NO_MEMORY: errors.TooLarge,
    Status.NOT_REGULAR: errors.Unreadable,
    Status.NOT_OPENED: errors.Unreadable,
}


def rows(table: ElementTable) -> npt.NDArray[np.void]:
    """Rows of `table` as a structured array of dtype `ROW` (a snapshot)."""
    return np.frombuffer(table.rows, ROW)


def edits(table: ElementTable) -> npt.NDArray[np.void]:
    """Edits of `table`, one per row, as a structured array of dtype `EDIT` (a snapshot)."""
    return np.frombuffer(table.edits, EDIT)


def error(status: int, offset: int = -1) -> errors.Refused:
    """The exception that a status from a kernel stands for."""
    return _ERRORS[status](offset)


def check(status: int, offset: int = -1) -> None:
    """Raise the exception that a status stands for, unless it is OK."""
    if status != _OK:
        raise error(status, offset)


def walk(table: ElementTable, start: int, encoding: int, index: VrIndex, depth: int, elements: int) -> None:
    """Append the rows of the data set at byte `start`; raise `errors.Refused` if it cannot be framed."""
    status, offset = table.walk(start, encoding, index, depth, elements)
    if status != _OK:
        raise error(status, offset)
