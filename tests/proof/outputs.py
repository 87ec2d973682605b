"""What each named policy makes of every public file: run once per policy and session, for all tests of outputs."""

import atexit
import functools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import mediscan
from conftest import CORPUS, PYDICOM
from mediscan.engine.config import RunConfig
from mediscan.engine.run import execute
from mediscan.profile import policy_file
from runs import SECRET, Pair, rows

POLICIES = policy_file.names()
FULL = bool(os.environ.get("MEDISCAN_PROOF_FULL"))  # every file rather than a sample, where a test samples


def collections() -> list[Path]:
    """Folders of real files: those that come with pydicom, and the public corpus where it is."""
    return [PYDICOM / "test_files", PYDICOM / "charset_files", *([CORPUS] if CORPUS.is_dir() else [])]


@functools.cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="proof"))
    atexit.register(shutil.rmtree, folder)
    return folder


@functools.cache
def of(policy: str) -> list[Pair]:
    """Every file that the policy writes, with its input; the run is made once."""
    plan = mediscan.compile_policy(policy, key=mediscan.Key(SECRET))
    found: list[Pair] = []
    (_folder() / policy).mkdir()
    for number, folder in enumerate(collections()):
        dest = str(_folder() / policy / str(number))
        sources = (os.fsencode(folder),)
        execute(RunConfig(sources, dest, f"{dest}.ledger", workers=2, layout="mirror", pixels="off", digest="none"), plan)
        found += _match(folder, Path(dest))
    return found


def _match(folder: Path, dest: Path) -> Iterator[Pair]:
    """Find each output's input by the keyed digest of its path."""
    reference = mediscan.Key(SECRET).function("source")
    by_reference = {row["source_ref"]: row for row in rows(dest) if row["status"] == "written"}
    for path in sorted(folder.rglob("*")):
        row = by_reference.get(reference(os.fsencode(path.relative_to(folder))).hex())
        if row is not None:
            yield Pair(path, dest / row["output_path"], row)
