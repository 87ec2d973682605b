"""Write private_creators.tsv. Usage: generate_private_creators.py STANDARD_DIR"""

import json
import os
import sys

import pydicom
from pydicom._private_dict import private_dictionaries

HERE = os.path.dirname(os.path.abspath(__file__))
HEADER = (
    "# edition: DICOM PS3.15 2026d Table E.3.10-1; vendors' conformance statements\n"
    f"# source: pydicom {pydicom.__version__} (MIT, its private dictionary comes from GDCM) and PS3.15, (c) NEMA\n"
    "# generator: generate_private_creators.py\n"
    "# columns: Private Creator\n"
)


def main() -> None:
    """Write the table."""
    with open(os.path.join(sys.argv[1], "2026d", "e3_10_1_safe_private_merged.json"), encoding="utf-8") as file:
        safe = {row["private_creator"].strip() for row in json.load(file)["rows"]}
    creators = sorted(safe | {creator.strip() for creator in private_dictionaries})
    with open(os.path.join(HERE, "private_creators.tsv"), "w", encoding="utf-8", newline="\n") as file:
        file.write(HEADER + "".join(f"{creator}\n" for creator in creators))


if __name__ == "__main__":
    main()
