"""Instances made by hand and sent through the native path, and a small reader of its own for what comes out."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from handmade import EXPLICIT_LE, LONG_FORM, explicit, item, part10
from mediscan._native.splice import Splicer
from mediscan.codec.part10 import Reader
from mediscan.plan import executor
from mediscan.plan.plan import Plan
from mediscan.plan.planner import Planner
from mediscan.profile.actions import Option
from mediscan.profile.policy import Dates, Policy
from mediscan.pseudonym.keyring import Key

KEY = Key(bytes(range(32)))
CT = "1.2.840.10008.5.1.4.1.1.2"
UNDEFINED = 0xFFFFFFFF


def policy(options: frozenset[str] = frozenset(), mode: str = "remove", **more: Any) -> Policy:
    """A policy of these options (CID 7050 codes) and nothing local."""
    return Policy(
        name="proof",
        title="Proof",
        description="made by a test",
        options=frozenset(Option(code) for code in options),
        dates=Dates(mode),
        **({"oldest_birth_year": 1937, "codes": frozenset(), "zip3": frozenset()} | more),
    )


class Native:
    """Bytes of a file in, bytes of a file out, by the planner of one policy."""

    def __init__(self, chosen: Policy) -> None:
        self.planner = Planner(Plan(chosen, KEY, "mediscan proof"))
        self._reader, self._splicer = Reader(), Splicer()

    def __call__(self, data: bytes) -> bytes:
        header = self._reader.read_bytes(data)
        instance = self.planner.decide(self._reader.table, header)
        added = self.planner.attestation(header.syntax)
        whole = executor.lay_out(self._splicer, self._reader.table, header, instance, added)
        return bytes(memoryview(self._splicer)) if whole is None else whole


@dataclass
class Element:
    """An element as it lies in the file."""

    vr: str
    value: bytes
    items: list[dict[int, "Element"]] = field(default_factory=list)


def padded(vr: str, value: bytes) -> bytes:
    filler = b"\0" if vr in ("UI", "OB", "UN") else b" "
    return value + filler * (len(value) % 2)


def instance(sop_class: str = CT, **elements: bytes) -> bytes:
    """A file of a few elements and those given, as ``x00080050=...`` encoded elements."""
    base = {
        0x00080016: explicit(0x00080016, "UI", padded("UI", sop_class.encode())),
        0x00080018: explicit(0x00080018, "UI", b"1.2.826.0.1.3680043.10.99.3\0"),
        0x00080020: explicit(0x00080020, "DA", b"20190412"),
        0x00080060: explicit(0x00080060, "CS", b"CT"),
        0x00100010: explicit(0x00100010, "PN", b"Invented^Ann"),
        0x00100020: explicit(0x00100020, "LO", b"INVENTED"),
        0x0020000D: explicit(0x0020000D, "UI", b"1.2.826.0.1.3680043.10.99.1\0"),
        0x0020000E: explicit(0x0020000E, "UI", b"1.2.826.0.1.3680043.10.99.2\0"),
    }
    more = {int(name[1:], 16): data for name, data in elements.items()}
    return part10(EXPLICIT_LE, b"".join(data for _, data in sorted((base | more).items())))


def with_element(tag: int, vr: str, value: bytes, sop_class: str = CT) -> bytes:
    """The same with one element more, or another value of one."""
    content = item(value) if vr == "SQ" else padded(vr, value)
    return instance(sop_class, **{f"x{tag:08x}": explicit(tag, vr, content)})


def read(data: bytes) -> dict[int, Element]:
    """Elements of the top level of a file in Explicit VR Little Endian."""
    (length,) = struct.unpack_from("<I", data, 140)
    return _elements(data, 144 + length, len(data))[0]


def _elements(data: bytes, at: int, end: int) -> tuple[dict[int, Element], int]:
    found: dict[int, Element] = {}
    while at < end:
        group, number = struct.unpack_from("<HH", data, at)
        tag = group << 16 | number
        if tag in (0xFFFEE00D, 0xFFFEE0DD):
            return found, at + 8
        vr = data[at + 4 : at + 6].decode("ascii")
        if vr in LONG_FORM:
            (length,) = struct.unpack_from("<I", data, at + 8)
            at += 12
        else:
            (length,) = struct.unpack_from("<H", data, at + 6)
            at += 8
        if vr == "SQ":
            element, at = _sequence(data, at, length)
        else:
            element, at = Element(vr, data[at : at + length]), at + length
        assert tag not in found, f"{tag:08x} twice"
        found[tag] = element
    assert at == end, "the lengths do not add up"
    return found, at


def _sequence(data: bytes, at: int, length: int) -> tuple[Element, int]:
    end = len(data) if length == UNDEFINED else at + length
    element, begin = Element("SQ", b""), at
    while at < end:
        group, number, size = struct.unpack_from("<HHI", data, at)
        at += 8
        if (group, number) == (0xFFFE, 0xE0DD):
            break
        assert (group, number) == (0xFFFE, 0xE000), "no item"
        inside, at = _elements(data, at, len(data) if size == UNDEFINED else at + size)
        element.items.append(inside)
    element.value = data[begin:at]
    return element, at


def walk(elements: dict[int, Element]) -> Iterator[tuple[int, Element]]:
    """Every element at every level."""
    for tag, element in elements.items():
        yield tag, element
        for inside in element.items:
            yield from walk(inside)
