"""Boolean expressions of CTP, as its pixel scripts and filters have them -> conditions.

Grammar: ``!`` binds closest, then ``*``, then ``+``; ``//`` starts a comment; an operand is ``true``, ``false`` or
``element.method("text")``. CTP takes an expression that it cannot read as false, without a word; here it is Unsayable.
"""

import re
from typing import NoReturn

from mediscan.interop import conditions
from mediscan.interop.region_toml import All, Any, Check, Condition, Operator, joined, opposite
from mediscan.interop.remarks import Unsayable

_DEEPEST = 50
_TOKEN = re.compile(
    r"""(?:\s|//[^\n]*)*
    (?: (?P<sign>[!*+()])
      | (?P<constant>true|false)\b(?!\s*\.)
      | (?P<element>\[[^.\n]*?\]|[A-Za-z]\w*)\s*\.\s*(?P<method>\w*)\s*\(\s*(?P<text>"[^"]*"|[^")]*)\s*\)
      | (?P<end>\Z) )""",
    re.VERBOSE,
)
_TAG = re.compile(r"\[\s*([0-9A-Fa-f]{4})\s*,\s*([0-9A-Fa-f]{4})\s*\]")
_METHODS = {
    "equals": (Operator.EQUALS, True),
    "equalsIgnoreCase": (Operator.EQUALS, False),
    "contains": (Operator.CONTAINS, True),
    "containsIgnoreCase": (Operator.CONTAINS, False),
    "startsWith": (Operator.STARTS, True),
    "startsWithIgnoreCase": (Operator.STARTS, False),
    "endsWith": (Operator.ENDS, True),
    "endsWithIgnoreCase": (Operator.ENDS, False),
    "matches": (Operator.MATCHES, True),
    "isLessThan": (Operator.LESS, False),
    "isGreaterThan": (Operator.GREATER, False),
}
_NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,9})?")


def parse(text: str) -> Condition:
    """
    Read an expression.

    Parameters
    ----------
    text : str
        The expression.

    Returns
    -------
    Condition
        ``All(())`` where it is always true, ``Any(())`` where never.

    Raises
    ------
    Unsayable
        If it is no expression, or says what our conditions cannot.
    """
    return _Parser(text).whole()


class _Parser:
    """Recursive descent over the tokens; `_token` is the one that comes next."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self._token = self._next()

    def whole(self) -> Condition:
        found = self._sum()
        if self._token["end"] is None:
            self._fail()
        return found

    def _next(self) -> re.Match[str]:
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            self._fail()
        self._at = found.end()
        return found

    def _fail(self) -> NoReturn:
        raise Unsayable("it cannot be read; CTP would take it as never true")

    def _taken(self, sign: str) -> bool:
        if self._token["sign"] != sign:
            return False
        self._token = self._next()
        return True

    def _sum(self) -> Condition:
        parts = [self._product()]
        while self._taken("+"):
            parts.append(self._product())
        return joined(Any, parts)

    def _product(self) -> Condition:
        parts = [self._factor()]
        while self._taken("*"):
            parts.append(self._factor())
        return joined(All, parts)

    def _factor(self) -> Condition:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Unsayable(f"it is nested deeper than {_DEEPEST} levels")
        if self._taken("!"):
            found = opposite(self._factor())
        elif self._taken("("):
            found = self._sum()
            if not self._taken(")"):
                self._fail()
        else:
            found = self._operand()
        self._depth -= 1
        return found

    def _operand(self) -> Condition:
        token = self._token
        if token["constant"]:
            found: Condition = All(()) if token["constant"] == "true" else Any(())
        elif token["element"]:
            found = _check(token["element"], token["method"], token["text"])
        else:
            self._fail()
        self._token = self._next()
        return found


def _check(element: str, method: str, text: str) -> Check:
    if method not in _METHODS:
        raise Unsayable(f"CTP has no method {method[:64]!r}, so it would never be true")
    if len(text) < 2 or text[0] != '"':
        raise Unsayable("the text in the brackets is not in double quotes, so CTP would never take it as true")
    operator, case = _METHODS[method]
    value = text[1:-1]
    if operator is Operator.MATCHES:
        value = f"^(?:{conditions.pattern(value)})$"
    if operator in (Operator.LESS, Operator.GREATER) and not _NUMBER.fullmatch(value):
        raise Unsayable("it compares with something that is no number")
    return Check(_element(element), operator, value, case)


def _element(text: str) -> str:
    if not text.startswith("["):
        return conditions.named(text)
    parts = [_TAG.fullmatch(part.strip()) for part in text.split("::")]
    if not all(parts):
        raise Unsayable("the element is not written [gggg,eeee]")
    return ".".join(conditions.tagged(part[1], part[2]) for part in parts if part)
