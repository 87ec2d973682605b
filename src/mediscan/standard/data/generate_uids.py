"""Write uids.tsv from pydicom's registry, newer SOP Classes and the supplement. Usage: generate_uids.py STANDARD_DIR"""

import json
import os
import sys

import pydicom
from pydicom._uid_dict import UID_dictionary

HERE = os.path.dirname(os.path.abspath(__file__))
# Transfer Syntaxes of PS3.6 Table A-1 that are younger than pydicom's registry.
SUPPLEMENT = {
    "1.2.840.10008.1.2.4.110": ("JPEG XL Lossless", "JPEGXLLossless"),
    "1.2.840.10008.1.2.4.111": ("JPEG XL JPEG Recompression", "JPEGXLJPEGRecompression"),
    "1.2.840.10008.1.2.4.112": ("JPEG XL", "JPEGXL"),
    "1.2.840.10008.1.2.8.1": ("Deflated Image Frame Compression", "DeflatedImageFrameCompression"),
}
HEADER = (
    "# edition: DICOM PS3.6 Annex A 2024c; SOP Classes of PS3.4 2025b and four younger Transfer Syntaxes added\n"
    f"# source: pydicom {pydicom.__version__} (MIT), innolitics/dicom-standard (MIT), SUPPLEMENT; (c) NEMA\n"
    "# generator: generate_uids.py\n"
    "# columns: UID, name, UID type, keyword, RET where retired\n"
)


def rows(standard: str) -> dict[str, tuple[str, str, str, str]]:
    """Name, type, keyword and retired mark by UID; pydicom's registry wins."""
    with open(os.path.join(standard, "2025b", "sops.json"), encoding="utf-8") as file:
        found = {sop["id"]: (sop["name"], "SOP Class", "", "") for sop in json.load(file)}
    found |= {uid: (name, "Transfer Syntax", keyword, "") for uid, (name, keyword) in SUPPLEMENT.items()}
    for uid, (name, kind, _, retired, keyword) in UID_dictionary.items():
        found[uid] = (name, kind, keyword, "RET" if retired else "")
    return found


def main() -> None:
    """Write the table."""
    found = rows(sys.argv[1])
    ordered = sorted(found, key=lambda uid: [int(component) for component in uid.split(".")])
    body = ("\t".join((uid, *found[uid])) + "\n" for uid in ordered)
    with open(os.path.join(HERE, "uids.tsv"), "w", encoding="utf-8", newline="\n") as file:
        file.write(HEADER + "".join(body))


if __name__ == "__main__":
    main()
