"""What all tests share: where the public DICOM files are, and how hypothesis draws. Every test has pyproject's time limit."""

import importlib.util
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT.parent / "shared" / "corpus"  # public collections beside the checkout; absent elsewhere
SMALL = 300_000  # bytes of a file that a slow reader can be asked to read often

# Seeded: the same examples on every machine, and no example database that would make two runs differ.
settings.register_profile("seeded", derandomize=True, deadline=None, database=None)
settings.load_profile("seeded")


def _pydicom_data() -> Path:
    """The folder of pydicom's test files, found without importing pydicom."""
    spec = importlib.util.find_spec("pydicom")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "data"


PYDICOM = _pydicom_data()


def files_below(*folders: Path) -> list[Path]:
    """Every regular file, sorted; what is no DICOM file (README, JSON, gzip) is part of it and has to be refused."""
    return sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())


def bundled_files() -> list[Path]:
    """pydicom's test files, which come with that dependency."""
    return files_below(PYDICOM / "test_files", PYDICOM / "charset_files")


@pytest.fixture(scope="session", params=["pydicom", "corpus"])
def public_files(request: pytest.FixtureRequest) -> list[Path]:
    """The files of one collection; a test that asks for them runs once per collection."""
    if request.param == "pydicom":
        return bundled_files()
    if not CORPUS.is_dir():
        pytest.skip("the public corpus is not beside this checkout")
    return files_below(CORPUS)


@pytest.fixture(scope="session")
def small_files(public_files: list[Path]) -> list[Path]:
    """Those of the collection that are small enough for a slow reader."""
    return [path for path in public_files if path.stat().st_size <= SMALL]
