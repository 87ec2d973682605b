"""Write private_creators.tsv, after profile/data/safe_private.tsv. Usage: generate_private_creators.py STANDARD_DIR"""

import json
import os
import sys

import pydicom
from pydicom._private_dict import private_dictionaries

HERE = os.path.dirname(os.path.abspath(__file__))
SAFE_PRIVATE = os.path.join(HERE, "..", "..", "profile", "data", "safe_private.tsv")
HEADER = (
    "# edition: DICOM PS3.15 2026d Table E.3.10-1; vendors' conformance statements\n"
    f"# source: pydicom {pydicom.__version__} (MIT, its private dictionary comes from GDCM), PS3.15, (c) NEMA, and PixelMed's\n"
    "# list of safe private elements (BSD-3-Clause)\n"
    "# generator: generate_private_creators.py\n"
    "# columns: Private Creator\n"
)


def safe() -> set[str]:
    """Creators of elements that Retain Safe Private may keep."""
    with open(SAFE_PRIVATE, encoding="utf-8") as file:
        _, *rows = [line.split("\t") for line in file if not line.startswith("#")]
    return {creator for _, creator, *_ in rows}


def pixelmed(standard: str) -> set[str]:
    """Creators of PixelMed's list, those too of which no element is taken."""
    with open(os.path.join(standard, "safe_private_pixelmed.json"), encoding="utf-8") as file:
        return {creator for creator in json.load(file) if not creator.startswith("_")}


def main() -> None:
    """Write the table."""
    creators = safe() | pixelmed(sys.argv[1]) | {creator.strip() for creator in private_dictionaries}
    with open(os.path.join(HERE, "private_creators.tsv"), "w", encoding="utf-8", newline="\n") as file:
        file.write(HEADER + "".join(f"{creator}\n" for creator in sorted(creators)))


if __name__ == "__main__":
    main()
