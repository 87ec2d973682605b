"""Where each key and array element of a TOML text stands: tomllib tells values, and positions only of what it refuses.

Reads text that tomllib has accepted, so nothing is checked here again; strings and comments are stepped over whole.
"""

import re
import tomllib
from collections.abc import Mapping

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\]|\\.)*"'
    r"|'[^']*'",
    re.DOTALL,
)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_PLAIN = re.compile(r"[^,\]}#\n]+")  # a number, a date or a boolean


def scan(text: str) -> Mapping[Path, int]:
    """
    Find the line of every table, key and array element.

    Parameters
    ----------
    text : str
        Valid TOML.

    Returns
    -------
    Mapping
        Keys and array indices from the root, such as ``("rule", 0, "element")``, to line numbers from 1. A table that
        only a dotted key or a longer header implies has the line of that.
    """
    return _Scanner(text).run()


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._counted, self._line = 0, 1
        self._lines: dict[Path, int] = {}
        self._tables: dict[Path, int] = {}  # arrays of tables and how many each has

    def run(self) -> Mapping[Path, int]:
        here: Path = ()
        self._skip()
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                here = self._header()
            else:
                self._pair(here)
            self._skip()
        return self._lines

    def _skip(self) -> None:
        found = _BLANK.match(self._text, self._at)
        assert found is not None
        self._at = found.end()

    def _mark(self, path: Path) -> None:
        """Note the line on which `path` begins, and that of the tables it implies."""
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        for size in range(1, len(path) + 1):
            self._lines.setdefault(path[:size], self._line)

    def _header(self) -> Path:
        """Read ``[a.b]`` or ``[[a.b]]``; inside an array of tables the last one is meant."""
        start, many = self._at, self._text.startswith("[[", self._at)
        self._at += 2 if many else 1
        self._skip()
        *outer, last = self._key()
        self._skip()
        self._at += 2 if many else 1
        path: Path = ()
        for part in outer:
            path = self._inside((*path, part))
        path = (*path, last)
        if many:
            self._tables[path] = self._tables.get(path, 0) + 1
            path = self._inside(path)
        end, self._at = self._at, start
        self._mark(path)
        self._at = end
        return path

    def _inside(self, path: Path) -> Path:
        count = self._tables.get(path)
        return path if count is None else (*path, count - 1)

    def _key(self) -> list[str]:
        """Read a dotted key."""
        parts = []
        while True:
            bare = _BARE_KEY.match(self._text, self._at)
            found = bare or _STRING.match(self._text, self._at)
            assert found is not None
            parts.append(found[0] if bare else tomllib.loads(f"k = {found[0]}")["k"])
            self._at = found.end()
            self._skip()
            if self._text[self._at] != ".":
                return parts
            self._at += 1
            self._skip()

    def _pair(self, here: Path) -> None:
        start = self._at
        path = (*here, *self._key())
        after, self._at = self._at, start
        self._mark(path)
        self._at = after + 1  # the equals sign
        self._skip()
        self._value(path)

    def _value(self, path: Path) -> None:
        opening = self._text[self._at]
        if opening in "[{":
            self._members(path, "]" if opening == "[" else "}")
            return
        found = (_STRING if opening in "\"'" else _PLAIN).match(self._text, self._at)
        assert found is not None
        self._at = found.end()

    def _members(self, path: Path, closing: str) -> None:
        self._at += 1
        index = 0
        self._skip()
        while self._text[self._at] != closing:
            if closing == "}":
                self._pair(path)
            else:
                self._mark((*path, index))
                self._value((*path, index))
                index += 1
            self._skip()
            if self._text[self._at] == ",":
                self._at += 1
                self._skip()
        self._at += 1
