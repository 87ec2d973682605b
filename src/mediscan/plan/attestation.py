"""Elements that PS3.15 E.1.1 requires to be added: that, by what, and under which options an object was de-identified."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mediscan.profile.actions import Option
from mediscan.profile.policy import Dates, Policy

_TEMPORAL = {Dates.KEEP: b"UNMODIFIED", Dates.SHIFT: b"MODIFIED", Dates.YEAR: b"MODIFIED", Dates.REMOVE: b"REMOVED"}
_METHOD, _CODES = 0x00120062, 0x00280303
_LONG_FORM = frozenset({b"SQ"})


@dataclass(frozen=True, slots=True, eq=False)
class Attestation:
    """What is added, for one encoding.

    Attributes
    ----------
    inserts : list of (int, bytes)
        Tag to be placed by, and encoded elements.
    rows : ndarray of uint32, shape (n, 3)
        Tag, VR as two bytes, bytes of value, of each added element: for the ledger.
    """

    inserts: list[tuple[int, bytes]]
    rows: npt.NDArray[np.uint32]


def attest(policy: Policy, options: Sequence[Option], tool: str, *, implicit: bool, big: bool) -> Attestation:
    """Encode (0012,0062), (0012,0063), (0012,0064) and (0028,0303).

    Parameters
    ----------
    policy : Policy
        The policy of the run.
    options : sequence of Option
        What is true of it, in the order of the codes (`Decider.true_options`).
    tool : str
        Name and version of the program, ASCII.
    implicit, big : bool
        Encoding of the data set.
    """
    encode = _Encoder(implicit=implicit, big=big)
    name = policy.name[:40].replace("\\", "/")
    method = f"{tool}\\policy {name}\\dates {policy.dates}\\PS3.15 2026d Annex E".encode("ascii", "replace")
    codes = b"".join(encode.item(_code_item(encode, option)) for option in options)
    elements = [
        (0x00120062, b"CS", b"YES"),
        (0x00120063, b"LO", method),
        (0x00120064, b"SQ", codes),
        (0x00280303, b"CS", _TEMPORAL[policy.dates]),
    ]
    encoded = [(tag, encode.element(tag, vr, value)) for tag, vr, value in elements]
    rows = [(tag, vr[0] | vr[1] << 8, len(value) + len(value) % 2) for tag, vr, value in elements]
    return Attestation(
        [(_METHOD, b"".join(data for _, data in encoded[:3])), (_CODES, encoded[3][1])], np.array(rows, np.uint32)
    )


def _code_item(encode: "_Encoder", option: Option) -> bytes:
    return (
        encode.element(0x00080100, b"SH", option.value.encode())
        + encode.element(0x00080102, b"SH", b"DCM")
        + encode.element(0x00080104, b"LO", option.meaning.encode())
    )


class _Encoder:
    """Writes elements of text VRs and sequences in one encoding (PS3.5 7.1)."""

    def __init__(self, *, implicit: bool, big: bool) -> None:
        self._implicit = implicit
        self._order: str = "big" if big else "little"

    def _number(self, value: int, size: int) -> bytes:
        return value.to_bytes(size, "big" if self._order == "big" else "little")

    def _tag(self, tag: int) -> bytes:
        return self._number(tag >> 16, 2) + self._number(tag & 0xFFFF, 2)

    def element(self, tag: int, vr: bytes, value: bytes) -> bytes:
        value += b" " * (len(value) % 2)
        if self._implicit:
            return self._tag(tag) + self._number(len(value), 4) + value
        if vr in _LONG_FORM:
            return self._tag(tag) + vr + b"\0\0" + self._number(len(value), 4) + value
        return self._tag(tag) + vr + self._number(len(value), 2) + value

    def item(self, content: bytes) -> bytes:
        return self._tag(0xFFFEE000) + self._number(len(content), 4) + content
