"""Read the generated tables of ``standard/data``. Plain ``open``: importlib.resources costs more than the tables do."""

import os

_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")


def read(name: str) -> str:
    """
    Text of one generated table.

    Parameters
    ----------
    name : str
        File name within ``standard/data``.

    Returns
    -------
    str
        The whole file.
    """
    with open(os.path.join(_FOLDER, name), encoding="utf-8", newline="\n") as file:
        return file.read()


def columns(name: str, count: int) -> list[list[str]]:
    """
    Columns of a tab-separated table; its leading ``#`` lines (edition, source, generator) are left out.

    Parameters
    ----------
    name : str
        File name within ``standard/data``.
    count : int
        How many columns every row has.

    Returns
    -------
    list of list of str
        One list per column, all of the same length.
    """
    rows = [line for line in read(name).split("\n") if line and not line.startswith("#")]
    if any(row.count("\t") != count - 1 for row in rows):
        raise ValueError(f"{name}: a row does not have {count} columns")
    fields = "\t".join(rows).split("\t")
    return [fields[start::count] for start in range(count)]
