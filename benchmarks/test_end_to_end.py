"""A whole serial run over 200 small files, ledger and all, on tmpfs where there is one. `against.py` compares with others."""

import os
import shutil
import tempfile
from collections.abc import Iterator

import pytest

import corpus
import mediscan

FILES = 200


@pytest.fixture(scope="module")
def folder() -> Iterator[str]:
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="mediscan-bench-", dir=place) as path:
        corpus.generate("mr", FILES, os.path.join(path, "in"))
        yield path


@pytest.mark.parametrize("digest", ["none", "blake3"])
def test_serial_run(folder, benchmark, digest):
    plan = mediscan.compile_policy("safe-harbor", key=mediscan.Key(bytes(32)))
    dest = os.path.join(folder, "out")

    def clear():
        for path in (dest, f"{dest}.ledger"):
            shutil.rmtree(path, ignore_errors=True)

    def run():
        return mediscan.run([os.path.join(folder, "in")], dest, plan, pixels="off", digest=digest)

    result = benchmark.pedantic(run, setup=clear, rounds=10, warmup_rounds=1)
    benchmark.extra_info.update(files=FILES)
    assert (result.exit_status, result.summary.of("written")) == (0, FILES)
