"""Run deid on a tree with its default recipe, private elements removed.

python benchmarks/peers/deid_run.py SRC DST
"""

import os
import sys

from deid.config import DeidRecipe
from deid.dicom import replace_identifiers


def main(source: str, destination: str) -> None:
    """De-identify each folder below `source` into the same folder below `destination`."""
    recipe = DeidRecipe()
    for folder, _, names in os.walk(source):
        target = os.path.join(destination, os.path.relpath(folder, source))
        os.makedirs(target, exist_ok=True)
        if names:
            paths = [os.path.join(folder, name) for name in names]
            replace_identifiers(paths, deid=recipe, save=True, output_folder=target, remove_private=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
