"""Run dicom-anonymizer on a tree, in one process: its own command looks at one folder only.

python benchmarks/peers/dicom_anonymizer_run.py SRC DST
"""

import os
import sys

from dicomanonymizer.simpledicomanonymizer import anonymize_dicom_file


def main(source: str, destination: str) -> None:
    """De-identify every file below `source` into the same tree below `destination`."""
    for folder, _, names in os.walk(source):
        target = os.path.join(destination, os.path.relpath(folder, source))
        os.makedirs(target, exist_ok=True)
        for name in names:
            anonymize_dicom_file(os.path.join(folder, name), os.path.join(target, name), delete_private_tags=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
