"""TOML as text: the few forms that our own files need."""

import re

_UNSAFE = re.compile("[\ud800-\udfff]")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def string(text: str) -> str:
    """A basic string, quotes included."""
    return '"' + "".join(map(_escaped, _UNSAFE.sub("\ufffd", text))) + '"'


def _escaped(letter: str) -> str:
    if letter in _ESCAPES:
        return _ESCAPES[letter]
    return f"\\u{ord(letter):04X}" if ord(letter) < 0x20 or 0x7F <= ord(letter) < 0xA0 else letter


def comment(text: str) -> str:
    """A comment of one line."""
    return "# " + "".join(letter if letter.isprintable() else " " for letter in " ".join(text.split()))


def number(value: float) -> str:
    """A whole number as one."""
    return str(int(value)) if value == int(value) else str(value)
