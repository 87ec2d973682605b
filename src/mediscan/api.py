"""The functions of `import mediscan`; loaded on first use, so that the import itself stays light."""

import os
from collections.abc import Sequence

from mediscan.engine.config import RunConfig
from mediscan.engine.run import Result, execute
from mediscan.plan.plan import Plan


def run(
    sources: Sequence[str | os.PathLike[str]],
    dest: str | os.PathLike[str],
    plan: Plan,
    *,
    ledger: str | os.PathLike[str] | None = None,
    workers: int = 1,
    digest: str = "blake3",
    pixels: str = "detect",
    layout: str = "uid",
    dicomdir: bool = False,
) -> Result:
    """De-identify folders and files into `dest`; what the command line does.

    Parameters
    ----------
    sources : sequence of path
        Folders and files.
    dest : path
        Output tree; absent or empty.
    plan : Plan
        From `compile_policy`.
    ledger : path, optional
        ``DEST.ledger`` when not given.
    workers : int
        Processes.
    digest : str
        ``blake3``, ``sha256`` or ``none``.
    pixels : str
        ``detect`` holds images that may show burned-in text; ``off`` does not look.
    layout : str
        ``uid``, ``mirror`` or ``media``.
    dicomdir : bool
        Write a DICOMDIR for the output; asks for layout ``media``.

    Raises
    ------
    errors.UsageError
        If the places cannot take the run.
    errors.RunError
        If it could not finish.
    """
    target = os.path.abspath(dest)
    config = RunConfig(
        sources=tuple(os.fsencode(os.path.realpath(source)) for source in sources),
        dest=target,
        ledger=os.path.abspath(ledger) if ledger is not None else f"{target}.ledger",
        workers=workers,
        digest=digest,
        pixels=pixels,
        layout=layout,
        dicomdir=dicomdir,
    )
    return execute(config, plan)
