"""The two spellings of a CTP anonymizer script, XML and legacy properties -> its statements, with their lines."""

import re
from dataclasses import dataclass, field
from xml.parsers import expat

from mediscan.errors import ScriptError
from mediscan.interop.remarks import Remark, Said

_XML_NAMES = {"p": "param", "e": "set", "k": "keep", "r": "remove"}
_TAG = re.compile(r"[0-9A-Fa-f]{8}|[0-9A-Fa-f]{4}(?:00)?\[[^\[\]]+\](?:[0-9A-Fa-f]{2})?")
_SET = re.compile(r"set\.\[(?P<group>[0-9A-Fa-f]{1,4})\s*,?\s*(?P<number>[0-9A-Fa-f]{4}|(?:00)?\[[^\]]+\](?:[0-9A-Fa-f]{2})?)]")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.)|\Z)", re.DOTALL)
_ESCAPED = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_KEY = re.compile(r"((?:[^\\=:\s]|\\.)*)\s*[=:]?\s*(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Statement:
    """One line that is in force: `set` an element (its tag as text), `keep` or `remove` a group or kind."""

    line: int
    verb: str
    target: str
    text: str


@dataclass(slots=True)
class Script:
    """What a script says."""

    parameters: dict[str, str] = field(default_factory=dict)
    statements: list[Statement] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    inactive: int = 0
    total: int = 0

    def add(self, statement: Statement, active: bool) -> None:
        """Take a statement in."""
        if not active:
            self.inactive += 1
            return
        self.total += 1
        if statement.verb == "set" and not _TAG.fullmatch(statement.target):
            self.refuse(statement.line, statement.target, "it names no element: eight hexadecimal digits, or group[CREATOR]ee")
        else:
            self.statements.append(statement)

    def refuse(self, line: int, what: str, why: str) -> None:
        """Remark on something that is not understood."""
        self.remarks.append(Remark(line, Said.NOT, what, why))


def read(text: str) -> Script:
    """
    Read a script of either spelling.

    Parameters
    ----------
    text : str
        The script.

    Returns
    -------
    Script
        Statements in their order.

    Raises
    ------
    ScriptError
        If it is neither, or XML with a document type.
    """
    is_xml = text.lstrip().startswith("<")
    script = _Xml().read(text) if is_xml else _properties(text)
    if not (script.statements or script.inactive or script.parameters or (is_xml and script.total)):
        raise ScriptError("no CTP anonymizer script: it has neither <script> elements nor set., keep. or remove. lines")
    return script


class _Xml:
    """Reads with expat itself, since it knows the lines; a document type is refused, and with it every entity of its own."""

    def __init__(self) -> None:
        self._script = Script()
        self._open: list[tuple[str, dict[str, str], int, list[str]]] = []
        self._parser = expat.ParserCreate("utf-8")
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.buffer_text = True

    def read(self, text: str) -> Script:
        try:
            self._parser.Parse(text.encode("utf-8", "replace"), True)
        except expat.ExpatError as error:
            raise ScriptError(f"line {error.lineno}: no well-formed XML") from None
        except (ValueError, LookupError):
            raise ScriptError("its XML declares an encoding that is not UTF-8") from None
        return self._script

    def _doctype(self, *_: object) -> None:
        raise ScriptError("an XML script with a document type (<!DOCTYPE …>) is not read")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._open and name != "script":
            raise ScriptError("no CTP anonymizer script: its XML does not begin with <script>")
        if len(self._open) == 2:
            self._script.refuse(self._parser.CurrentLineNumber, f"<{name}>", "an element within a statement")
        self._open.append((name, attributes, self._parser.CurrentLineNumber, []))

    def _text(self, text: str) -> None:
        if len(self._open) > 1:
            self._open[-1][3].append(text)

    def _end(self, _: str) -> None:
        name, attributes, line, text = self._open.pop()
        if len(self._open) == 1:
            self._statement(name, attributes, line, "".join(text))

    def _statement(self, name: str, attributes: dict[str, str], line: int, text: str) -> None:
        verb, target = _XML_NAMES.get(name), attributes.get("t", "").strip()
        if verb is None or not target:
            self._script.total += 1
            self._script.refuse(line, f"<{name}>", "no statement that CTP knows" if verb is None else "it has no attribute t")
        elif verb == "param":
            self._script.parameters[target] = text
        else:
            self._script.add(Statement(line, verb, target, text.strip()), attributes.get("en") == "T")


def _properties(text: str) -> Script:
    """Java's properties: ``#`` and ``!`` begin a comment, a backslash at the end of a line joins it with the next."""
    script = Script()
    for number, line in _logical(text):
        if line.startswith(("#", "!")):
            script.inactive += line.startswith(("#set.", "#keep.", "#remove."))
            continue
        found = _KEY.match(line)
        if found is not None:
            _property(script, number, _unescaped(found[1]), _unescaped(found[2]), line)
    return script


def _property(script: Script, line: int, key: str, text: str, whole: str) -> None:
    verb, _, target = key.partition(".")
    if verb == "param":
        script.parameters[target.strip()] = text
    elif verb in ("keep", "remove") and target:
        script.add(Statement(line, verb, target.removeprefix("group"), text.strip()), active=True)
    elif verb == "set" and (found := _SET.match(key)):
        script.add(Statement(line, verb, found["group"].zfill(4) + found["number"], text.strip()), active=True)
    else:
        script.total += 1
        script.refuse(line, whole, "no statement that CTP knows")


def _logical(text: str) -> list[tuple[int, str]]:
    """Lines with their numbers, joined where a backslash says so; blank ones are left out."""
    lines: list[tuple[int, str]] = []
    joining = False
    for number, line in enumerate(text.splitlines(), 1):
        part = line.lstrip()
        if joining:
            lines[-1] = (lines[-1][0], lines[-1][1][:-1] + part)
        elif part:
            lines.append((number, part))
        else:
            continue
        last = lines[-1][1]
        comment = not joining and last.startswith(("#", "!"))
        joining = not comment and (len(last) - len(last.rstrip("\\"))) % 2 == 1
    return lines


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else _ESCAPED.get(found[2] or "", found[2] or ""), text)
