"""A policy file (TOML) -> a frozen Policy. Every key is understood or the load fails, with the key and the cure."""

import functools
import importlib.resources
import os
import tomllib
from collections.abc import Mapping
from typing import Any

from mediscan.errors import PolicyError
from mediscan.profile import table as table_e_1_1
from mediscan.profile.actions import Option
from mediscan.profile.policy import Dates, Policy
from mediscan.standard import dictionary

DEFAULT = "safe-harbor"
_SUFFIX = ".toml"
_SHORT_TEXT = frozenset({"LO", "SH"})  # what a code or a ZIP area is written as
_BUILT_IN = frozenset({Option.RETAIN_PATIENT_CHARACTERISTICS, Option.CLEAN_DESCRIPTORS})


def names() -> tuple[str, ...]:
    """Names of the policies that come with the package."""
    return tuple(sorted(p.name.removesuffix(_SUFFIX) for p in _folder().iterdir() if p.name.endswith(_SUFFIX)))


@functools.cache
def load(name: str) -> Policy:
    """Load a policy by its name, or from a TOML file by its path.

    Raises
    ------
    PolicyError
        If there is none, or a key, value or keyword in it is not understood.
    """
    if name in names():
        return _parse(name, (_folder() / f"{name}{_SUFFIX}").read_text("utf-8"))
    if not name.endswith(_SUFFIX):
        raise PolicyError(f"no policy of that name; there are {', '.join(names())}, or give a .toml file")
    try:
        with open(name, encoding="utf-8") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError):
        raise PolicyError("the policy file cannot be read as UTF-8 text") from None
    return _parse(os.path.basename(name).removesuffix(_SUFFIX), text)


def _folder() -> importlib.resources.abc.Traversable:
    return importlib.resources.files("mediscan.profile") / "data" / "policies"


def _parse(name: str, text: str) -> Policy:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"policy {name}: {error}") from None
    for key in table:
        if key not in _READERS:
            raise PolicyError(f"policy {name}: unknown key {key!r}; known are {', '.join(sorted(_READERS))}")
    missing = sorted(_READERS.keys() - table.keys())
    if missing:
        raise PolicyError(f"policy {name}: {', '.join(missing)} missing")
    return Policy(name=name, **{key: reader(name, key, table[key]) for key, reader in _READERS.items()})


def _text(name: str, key: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise PolicyError(f"policy {name}: {key} must be a text")
    return value


def _year(name: str, key: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1800 <= value <= 9999:
        raise PolicyError(f"policy {name}: {key} must be a year")
    return value


def _dates(name: str, key: str, value: Any) -> Dates:
    try:
        return Dates(value)
    except ValueError:
        raise PolicyError(f"policy {name}: {key} must be one of {', '.join(Dates)}") from None


def _tags(name: str, key: str, value: Any) -> frozenset[int]:
    known = dictionary.load()
    tags = set()
    for keyword in _list(name, key, value):
        tag = known.tag(keyword)
        if tag is None:
            raise PolicyError(f"policy {name}: {key}: {keyword!r} is no keyword of PS3.6")
        if table_e_1_1.load().find(tag) is None or known.vr_set(tag) not in _SHORT_TEXT:
            raise PolicyError(f"policy {name}: {key}: {keyword!r} is not in Table E.1-1 with a VR of short text (LO, SH)")
        tags.add(tag)
    return frozenset(tags)


def _options(name: str, key: str, value: Any) -> frozenset[Option]:
    by_name = {option.name.lower().replace("_", "-"): option for option in _BUILT_IN}
    chosen = set()
    for word in _list(name, key, value):
        if word not in by_name:
            raise PolicyError(f"policy {name}: {key}: {word!r} cannot be applied; known are {', '.join(sorted(by_name))}")
        chosen.add(by_name[word])
    return frozenset(chosen)


def _list(name: str, key: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise PolicyError(f"policy {name}: {key} must be a list of texts")
    return value


_READERS: Mapping[str, Any] = {
    "title": _text,
    "description": _text,
    "options": _options,
    "dates": _dates,
    "oldest_birth_year": _year,
    "codes": _tags,
    "zip3": _tags,
}
