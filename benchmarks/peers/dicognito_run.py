"""Run dicognito on a tree: its console script is broken in 0.19, its `main` is not.

python benchmarks/peers/dicognito_run.py SRC DST
"""

import sys

from dicognito.__main__ import main

if __name__ == "__main__":
    # Burned-in text is out of scope here, as it is for every tool compared.
    main(["--quiet", "--on-burned-in-annotation", "warn", "--seed", "benchmark", "-o", sys.argv[2], sys.argv[1]])
