"""One benchmark per kernel and per thing that Python is asked for, over a real header; memory only, no file.

``python -m pytest benchmarks --benchmark-only``
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import pytest

import corpus
from mediscan._native.decide import Builtin
from mediscan._native.framing import Encoding
from mediscan._native.journal import Journal
from mediscan._native.splice import Splicer
from mediscan.codec import elements
from mediscan.codec.part10 import Header, Reader
from mediscan.plan import executor
from mediscan.plan.plan import compile_policy
from mediscan.plan.planner import Instance, Planner
from mediscan.profile import lexicons
from mediscan.pseudonym.keyring import Key
from mediscan.pseudonym.uids import UidMap
from mediscan.standard import uids
from mediscan.text import lexicon

_KEPT = 16  # bytes of Pixel Data that are left: the header is what is measured


@dataclass
class Bench:
    """One header, read and decided once, and everything that works on it."""

    data: bytes
    reader: Reader
    planner: Planner
    splicer: Splicer
    journal: Journal
    header: Header
    instance: Instance

    def lay_out(self) -> None:
        """Lay out the output of what is decided."""
        attestation = self.planner.attestation(self.header.syntax)
        executor.lay_out(self.splicer, self.reader.table, self.header, self.instance, attestation)

    def whole(self) -> None:
        """Read, decide and lay out."""
        header = self.reader.read_bytes(self.data)
        instance = self.planner.decide(self.reader.table, header)
        attestation = self.planner.attestation(header.syntax)
        executor.lay_out(self.splicer, self.reader.table, header, instance, attestation)


def header_of(kind: str) -> bytes:
    """The first file of a kind with its Pixel Data cut to a few bytes; the length field says so."""
    content = bytes(corpus.template(kind, "explicit").file(0)[0])
    return content[:-4] + _KEPT.to_bytes(4, "little") + bytes(_KEPT)


@pytest.fixture(params=["ct", "mr"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    data = header_of(request.param)
    reader, planner = Reader(), Planner(compile_policy("safe-harbor", key=Key(bytes(32))))
    header = reader.read_bytes(data)
    instance = planner.decide(reader.table, header)
    made = Bench(data, reader, planner, Splicer(), Journal(), header, instance)
    made.lay_out()
    yield made
    assert reader.table.count > 150


@pytest.fixture(autouse=True)
def sized(request: pytest.FixtureRequest, benchmark) -> None:
    """Say in the results how large the header is."""
    if "bench" in request.fixturenames:
        bench = request.getfixturevalue("bench")
        benchmark.extra_info.update(bytes=len(bench.data), rows=bench.reader.table.count)


def test_walk(bench, benchmark):
    table, index, limits = bench.reader.table, bench.reader.index, bench.reader.limits

    def walk():
        table.rewind(table.meta)
        elements.walk(table, bench.header.dataset, Encoding.EXPLICIT_LITTLE, index, limits.depth, limits.elements)

    benchmark(walk)


def test_read(bench, benchmark):
    benchmark(bench.reader.read_bytes, bench.data)


def test_decide(bench, benchmark):
    assert benchmark(bench.planner.decide, bench.reader.table, bench.header) == bench.instance


def test_lay_out(bench, benchmark):
    benchmark(bench.lay_out)
    assert bench.splicer.size > 132


def test_record(bench, benchmark):
    capsule, added = bench.reader.table.capsule, bench.planner.attestation(bench.header.syntax).rows

    def record():
        actions = bench.journal.record(capsule, 1, {}, added, Builtin.RULE_ADDED)
        bench.journal.truncate(0)
        return actions

    assert benchmark(record) > 50


def test_whole_header(bench, benchmark):
    """Read, decide and lay out, with every pseudonym remembered: what a further file of a series costs in memory."""
    benchmark(bench.whole)


def test_uid_map(benchmark):
    """A UID that was not seen before."""
    uid_map, numbers = UidMap(Key(bytes(32)), uids.load()), count()
    benchmark(lambda: uid_map(b"1.2.826.0.1.3680043.8.498.%d" % next(numbers)))


@pytest.mark.parametrize("text", ["T2 TSE ax fat sat 3mm", "INVENTED PERSON wants a copy"], ids=["stays", "goes"])
def test_lexicon(benchmark, text):
    """A descriptor that was not seen before."""
    assert benchmark(lexicon.is_clinical, text, lexicons.load()) is text.startswith("T2")
