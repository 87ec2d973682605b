"""Edited element table -> output: a new File Meta Information, the spans to be copied and the bytes to be written."""

import functools
import zlib

from mediscan import errors
from mediscan._native.framing import ElementTable
from mediscan._native.splice import Splicer, SpliceStatus
from mediscan.codec.part10 import Header
from mediscan.plan.attestation import Attestation
from mediscan.plan.planner import Instance

# Registered to nobody else: a UUID-derived UID (PS3.5 B.2) drawn once for mediscan.
IMPLEMENTATION_CLASS_UID = b"2.25.289018271341087218470198736150923176480"
IMPLEMENTATION_VERSION_NAME = b"MEDISCAN_0_1"
_SPLICED = int(SpliceStatus.SPLICED)
_PREAMBLE = bytes(128) + b"DICM"


def file_meta(sop_class: str, sop_instance: str, syntax: str) -> bytes:
    """Preamble of zeros, DICM and File Meta Information (PS3.10 7.1): no title, no private information."""
    return _meta(sop_class, len(sop_instance), syntax).replace(b"\xff", sop_instance.encode("ascii"), 1)


@functools.lru_cache(maxsize=1024)
def _meta(sop_class: str, length: int, syntax: str) -> bytes:
    """The same with byte FF, which occurs nowhere else in it, in place of the SOP Instance UID."""
    instance = _element(3, b"UI", b"\xff" * length).replace(b"\xff" * length, b"\xff", 1)
    rest = b"".join(
        [
            _element(0x10, b"UI", syntax.encode("ascii")),
            _element(0x12, b"UI", IMPLEMENTATION_CLASS_UID),
            _element(0x13, b"SH", IMPLEMENTATION_VERSION_NAME),
        ]
    )
    head = b"\x02\0\x01\0OB\0\0\x02\0\0\0\0\x01" + _element(2, b"UI", sop_class.encode("ascii"))
    total = len(head) + len(instance) - 1 + length + len(rest)
    group_length = b"\x02\0\0\0UL\x04\0" + total.to_bytes(4, "little")
    if 0xFF in group_length:
        raise AssertionError("a group length of FF bytes")
    return _PREAMBLE + group_length + head + instance + rest


def _element(element: int, vr: bytes, value: bytes) -> bytes:
    value += (b"\0" if vr == b"UI" else b" ") * (len(value) % 2)
    return b"\x02\0" + element.to_bytes(2, "little") + vr + len(value).to_bytes(2, "little") + value


def lay_out(
    splicer: Splicer, table: ElementTable, header: Header, instance: Instance, attestation: Attestation
) -> bytes | None:
    """Lay out the output in `splicer`; for a deflated Transfer Syntax return the whole file, as it must be deflated again.

    Raises
    ------
    errors.Refused
        If a replacement does not fit its length field.
    """
    prefix = file_meta(instance.sop_class, instance.sop_instance, header.syntax.uid)
    status = splicer.assemble(table.capsule, b"" if header.inflated else prefix, attestation.inserts)
    if status != _SPLICED:
        raise errors.TooLarge(-1, "the edited data set does not fit")
    if not header.inflated:
        return None
    engine = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    deflated = engine.compress(splicer) + engine.flush()
    return prefix + deflated + b"\0" * (len(deflated) % 2)
