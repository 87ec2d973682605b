"""Every exception of mediscan, with its exit code (for a run) or its reason code (for one input).

Nothing here, and nothing raised with these classes, ever carries a value read from a data element or a component of a
source path.
"""


class MediscanError(Exception):
    """mediscan could not do what was asked."""

    exit_code = 3


class UsageError(MediscanError):
    """The command line or an argument is wrong; nothing was touched."""

    exit_code = 2


class PolicyError(UsageError):
    """A policy is unknown, malformed or contradicts itself."""


class ScriptError(UsageError):
    """A script or recipe from elsewhere cannot be read."""


class KeyFileError(UsageError):
    """A project key is missing, too short, or readable by others."""


class DestinationError(UsageError):
    """The destination or the ledger cannot take this run."""


class RunError(MediscanError):
    """The run could not finish; what was done is kept."""


class Refused(MediscanError):
    """One input could not be proved safe: nothing of it is written.

    Parameters
    ----------
    offset : int, optional
        Byte offset in the source at which the trouble was found; -1 where there is none.
    detail : str, optional
        A remark for the ledger, free of values.
    """

    reason = "internal_error"

    def __init__(self, offset: int = -1, detail: str = "") -> None:
        super().__init__(detail or f"{self.reason} at offset {offset}")
        self.offset = offset
        self.detail = detail or (f"at byte {offset}" if offset >= 0 else "")


class NotDicom(Refused):
    """The input is not a DICOM file."""

    reason = "not_dicom"


class Truncated(Refused):
    """The input ends inside an element."""

    reason = "truncated"


class Malformed(Refused):
    """The input breaks the encoding rules of PS3.5 or PS3.10."""

    reason = "malformed"


class NestingTooDeep(Refused):
    """Sequences are nested deeper than the limit."""

    reason = "nesting_too_deep"


class TooLarge(Refused):
    """The input has more elements, fragments or inflated bytes than the limits allow."""

    reason = "too_large"


class UnsupportedTransferSyntax(Refused):
    """The Transfer Syntax is unknown, or cannot occur in a file."""

    reason = "unsupported_transfer_syntax"


class UnsafeSopClass(Refused):
    """The SOP Class is unknown, or its instances carry documents that cannot be cleaned."""

    reason = "unsafe_sop_class"


class MissingUid(Refused):
    """A Study, Series or SOP Instance UID that every instance must have is absent or empty."""

    reason = "missing_uid"


class Unreadable(Refused):
    """The operating system could not read the input."""

    reason = "unreadable"


class ChangedWhileRead(Refused):
    """The input changed between the first and the last read."""

    reason = "changed_while_read"


class DuplicateUidConflict(Refused):
    """Another input with the same SOP Instance UID but other contents was written before."""

    reason = "duplicate_uid_conflict"


class WorkerCrashed(Refused):
    """The worker process died while it had this input in hand, twice."""

    reason = "worker_crashed"
