"""Hash every file of a tree with BLAKE3, one after another: what a digest costs by itself.

python benchmarks/peers/hash_tree.py SRC [DST]    (DST is not used: every driver is called with both)
"""

import os
import sys

from blake3 import blake3

BLOCK = 1 << 20


def digest(path: str, block: memoryview) -> bytes:
    """Return the digest of one file, read block by block."""
    hasher = blake3()
    with open(path, "rb", buffering=0) as file:
        while length := file.readinto(block):
            hasher.update(block[:length])
    return hasher.digest()


def main(source: str, *_: str) -> None:
    """Hash every file below `source`."""
    block = memoryview(bytearray(BLOCK))
    for folder, _, names in os.walk(source):
        for name in names:
            digest(os.path.join(folder, name), block)


if __name__ == "__main__":
    main(*sys.argv[1:])
