"""Bulk de-identification of DICOM files: fast, default-deny, and with proof.

>>> import mediscan
>>> plan = mediscan.compile_policy("safe-harbor", key=mediscan.Key.load("project.key"))  # doctest: +SKIP
>>> result = mediscan.run(["in/"], "out/", plan)  # doctest: +SKIP
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mediscan.api import run
    from mediscan.convert import deidentify
    from mediscan.plan.plan import Plan, compile_policy
    from mediscan.pseudonym.keyring import Key

__all__ = ["Key", "Plan", "compile_policy", "deidentify", "run"]

_HOMES = {
    "Key": "mediscan.pseudonym.keyring",
    "Plan": "mediscan.plan.plan",
    "compile_policy": "mediscan.plan.plan",
    "deidentify": "mediscan.convert",
    "run": "mediscan.api",
}


def __getattr__(name: str) -> Any:
    """Load a public name on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'mediscan' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
