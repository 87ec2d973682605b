"""An output is there whole or not at all, and never over another one."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from handmade import DEFLATED
from mediscan._native.splice import Splicer
from mediscan.codec.part10 import Reader
from mediscan.engine import sink
from mediscan.engine.sink import Placed, Sink
from mediscan.errors import ChangedWhileRead, RunError
from mediscan.plan import executor
from mediscan.plan.planner import Planner
from runs import ct, plan


class Source:
    """One input, read and laid out, ready to be placed."""

    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_RDONLY)
        self.reader, self.splicer, planner = Reader(), Splicer(), Planner(plan())
        header = self.reader.read_file(self.fd)
        instance = planner.decide(self.reader.table, header)
        attestation = planner.attestation(header.syntax)
        self.whole = executor.lay_out(self.splicer, self.reader.table, header, instance, attestation)

    def place(self, target: Sink, path: str, unchanged: Callable[[], bool] = lambda: True) -> tuple[Placed, int, str | None]:
        return target.place(path, self.splicer, self.whole, self.fd, unchanged)


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Source]:
    """An input of which most bytes are not in memory."""
    (tmp_path / "in.dcm").write_bytes(ct(1, pixels=1200))
    made = Source(tmp_path / "in.dcm")
    yield made
    os.close(made.fd)


@pytest.fixture
def dest(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


DIGESTS = ["none", "blake3", "sha256"]


@pytest.mark.parametrize("digest", DIGESTS)
def test_every_digest_gives_the_same_file(source: Source, dest: Path, digest: str) -> None:
    placed, size, _ = source.place(Sink(str(dest), digest), "a/b/one.dcm")
    assert placed is Placed.WRITTEN
    written = (dest / "a/b/one.dcm").read_bytes()
    assert size == len(written)
    assert written[128:132] == b"DICM"
    assert written.endswith(b"\x01" * (2 * 1200 * 1200))


@pytest.mark.parametrize(("digest", "tool"), [("blake3", "b3sum"), ("sha256", "sha256sum")])
def test_the_digest_is_what_the_tool_prints(source: Source, dest: Path, digest: str, tool: str) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"no {tool}")
    _, _, found = source.place(Sink(str(dest), digest), "one.dcm")
    printed = subprocess.run([tool, dest / "one.dcm"], capture_output=True, check=True, text=True).stdout
    assert printed.split()[0] == found


def test_a_deflated_output_is_digested_as_it_stands_in_the_file(tmp_path: Path, dest: Path) -> None:
    import zlib

    from handmade import meta

    plain = ct(1)
    start = 144 + int.from_bytes(plain[140:144], "little")
    engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    deflated = engine.compress(plain[start:]) + engine.flush()
    (tmp_path / "in.dcm").write_bytes(bytes(128) + b"DICM" + meta(DEFLATED) + deflated)
    made = Source(tmp_path / "in.dcm")
    _, size, digest = made.place(Sink(str(dest), "sha256"), "one.dcm")
    os.close(made.fd)
    written = (dest / "one.dcm").read_bytes()
    assert (size, digest) == (len(written), hashlib.sha256(written).hexdigest())


@pytest.mark.parametrize("digest", DIGESTS)
def test_the_same_bytes_again_are_a_duplicate(source: Source, dest: Path, digest: str) -> None:
    target = Sink(str(dest), digest)
    source.place(target, "one.dcm")
    before = (dest / "one.dcm").stat()
    assert source.place(target, "one.dcm")[0] is Placed.DUPLICATE
    assert (dest / "one.dcm").stat().st_ino == before.st_ino
    assert os.listdir(dest) == ["one.dcm"]


@pytest.mark.parametrize("digest", DIGESTS)
@pytest.mark.parametrize("other", [b"", b"something else", None])
def test_what_stands_there_is_never_overwritten(source: Source, dest: Path, digest: str, other: bytes | None) -> None:
    target = Sink(str(dest), digest)
    if other is None:  # as long as the output, and another last byte
        source.place(target, "one.dcm")
        other = (dest / "one.dcm").read_bytes()[:-1] + b"\xff"
    (dest / "one.dcm").write_bytes(other)
    assert source.place(target, "one.dcm")[0] is Placed.CONFLICT
    assert (dest / "one.dcm").read_bytes() == other
    assert os.listdir(dest) == ["one.dcm"]


def test_a_file_system_without_the_system_call_gets_a_hard_link(
    source: Source, dest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno

    monkeypatch.setattr(sink, "rename_new", lambda *_: errno.EINVAL)
    target = Sink(str(dest), "none")
    assert source.place(target, "one.dcm")[0] is Placed.WRITTEN
    assert source.place(target, "one.dcm")[0] is Placed.DUPLICATE
    assert os.listdir(dest) == ["one.dcm"]


@pytest.mark.parametrize("digest", DIGESTS)
def test_an_input_that_changed_leaves_nothing(source: Source, dest: Path, digest: str) -> None:
    with pytest.raises(ChangedWhileRead):
        source.place(Sink(str(dest), digest), "one.dcm", lambda: False)
    assert os.listdir(dest) == []


@pytest.mark.parametrize("digest", DIGESTS)
def test_an_input_that_shrank_leaves_nothing(source: Source, dest: Path, tmp_path: Path, digest: str) -> None:
    os.truncate(tmp_path / "in.dcm", 500_000)
    with pytest.raises(ChangedWhileRead):
        source.place(Sink(str(dest), digest), "one.dcm")
    assert os.listdir(dest) == []


@pytest.mark.parametrize("digest", DIGESTS)
def test_a_full_disk_stops_the_run_and_leaves_no_temporary_file(source: Source, dest: Path, digest: str) -> None:
    import resource
    import signal

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(RunError, match="cannot be written"):
            source.place(Sink(str(dest), digest), "one.dcm")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert os.listdir(dest) == []


@pytest.mark.parametrize("digest", DIGESTS)
def test_a_file_in_the_place_of_a_folder_stops_the_run(source: Source, dest: Path, digest: str) -> None:
    (dest / "a").write_bytes(b"")
    with pytest.raises(RunError, match="cannot be written"):
        source.place(Sink(str(dest), digest), "a/one.dcm")
    assert os.listdir(dest) == ["a"]


def test_only_owner_and_group_may_read_an_output(source: Source, dest: Path) -> None:
    source.place(Sink(str(dest), "none"), "a/one.dcm")
    assert (dest / "a/one.dcm").stat().st_mode & 0o007 == 0
    assert (dest / "a").stat().st_mode & 0o007 == 0


@pytest.mark.parametrize("digest", DIGESTS)
def test_a_folder_that_was_removed_is_made_again(source: Source, dest: Path, digest: str) -> None:
    target = Sink(str(dest), digest)
    source.place(target, "a/b/one.dcm")
    shutil.rmtree(dest / "a")
    assert source.place(target, "a/b/two.dcm")[0] is Placed.WRITTEN
    assert os.listdir(dest / "a" / "b") == ["two.dcm"]


def test_outputs_go_from_folder_to_folder_and_back(source: Source, dest: Path) -> None:
    target = Sink(str(dest), "none")
    paths = ["a/1.dcm", "b/1.dcm", "a/2.dcm", "1.dcm", "b/2.dcm", "2.dcm"]
    assert [source.place(target, path)[0] for path in paths] == [Placed.WRITTEN] * len(paths)
    assert sorted(str(path.relative_to(dest)) for path in dest.rglob("*.dcm")) == sorted(paths)


def test_no_folder_stays_open(source: Source, dest: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for number in range(20):
        source.place(Sink(str(dest), "none"), f"{number}/one.dcm")
    assert len(os.listdir("/proc/self/fd")) == before
