"""Add the Storage SOP Classes that sop_classes.tsv lacks, in the order of uids.tsv. Kinds and fates are made by hand.

Usage: python generate_sop_classes.py [../shared/standard/2025b/sops.json]

A new row has the kind ``?``, which does not load: somebody must decide.
"""

import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TABLE = os.path.join(HERE, "sop_classes.tsv")
UIDS = os.path.join(HERE, "..", "..", "standard", "data", "uids.tsv")


def lines(path: str) -> list[str]:
    """Return the lines of a table, comments and all."""
    with open(path, encoding="utf-8") as file:
        return [line for line in file.read().split("\n") if line]


def storage(sops: str | None) -> dict[str, str]:
    """Return UID and name of every Storage SOP Class of PS3.6, and of PS3.4 where its list is given."""
    rows = [line.split("\t") for line in lines(UIDS) if not line.startswith("#")]
    found = {
        uid: name
        for uid, name, kind, *_ in rows
        if kind == "SOP Class" and "Storage" in name and "Storage Commitment" not in name
    }
    if sops:
        with open(sops, encoding="utf-8") as file:
            found |= {row["id"]: row["name"] for row in json.load(file)}
    return found


def main(sops: str | None) -> None:
    """Write the table again."""
    present = lines(TABLE)
    known = {line.split("\t")[0]: line for line in present if not line.startswith("#")}
    rows = [known.get(uid, f"{uid}\t?\trefuse\t-\t{name}") for uid, name in storage(sops).items()]
    with open(TABLE, "w", encoding="utf-8") as out:
        out.writelines(f"{line}\n" for line in [*(line for line in present if line.startswith("#")), *rows])


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
