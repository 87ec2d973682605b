"""CTP anonymizer scripts (DicomAnonymizer), XML or legacy properties -> a policy.

Each statement in force becomes one rule, or is said by `dates` or `options`, or is remarked on. What CTP hashes without a
key is replaced under the project key here.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from mediscan.interop import ctp_calls, ctp_script
from mediscan.interop.ctp_calls import Call, Part
from mediscan.interop.draft import CODE, KEYED, PATIENT, Draft, Meaning, Wish, group_tags, vr
from mediscan.interop.remarks import Imported, Unsayable, checked
from mediscan.profile import policy_file, targets
from mediscan.profile.actions import Option
from mediscan.profile.policy import Dates, LocalAction
from mediscan.standard import dictionary

_DEEPEST = 8
_PATIENT_ID, _PATIENT_NAME = 0x00100020, 0x00100010
_IMAGE_GROUP = 0x0028  # CTP keeps it whole, scripted or not
_HEX = re.compile(r"[0-9A-Fa-f]{1,4}")
_BLOCK = re.compile(r"([0-9A-Fa-f]{4})(00)?\[([^\]]+)\]([0-9A-Fa-f]{2})?")

_UNSAYABLE: Mapping[str, str] = MappingProxyType(
    {
        "append": "a value cannot be added to those that are there",
        "call": "a plug-in of CTP does it",
        "date": "the date of the run is not written",
        "dateinterval": "it needs CTP's look-up table; days since an event are not computed",
        "decrypt": "nothing is decrypted here; the crosswalk leads back to the original",
        "encrypt": "nothing is encrypted in place; take action code, and the crosswalk leads back to the original",
        "initials": "initials are part of the name",
        "integer": "it numbers values in the order of their coming, so that runs differ; take action code",
        "lookup": "it needs CTP's look-up table, which holds patients",
        "lowercase": "the old value would stay in other letters",
        "pathelement": "a part of the old value would stay",
        "quarantine": "a rule decides one element; it cannot hold back the object",
        "skip": "a rule decides one element; it cannot hold back the object",
        "time": "the time of the run is not written",
        "truncate": "a part of the old value would stay",
        "uppercase": "the old value would stay in other letters",
    }
)
# The RSNA Anonymizer has scripts of the same look but its own words.
_RSNA: Mapping[str, str] = MappingProxyType(
    {
        "@acc": "@hash(this)",
        "@hashdate": "@hashdate(this,PatientID)",
        "@ptid": "@hashptid(,PatientID)",
        "@uid": "@hashuid(,this)",
    }
)
_RSNA_NOTE = (
    "@uid, @ptid, @acc or @hashdate without brackets: read as a script of the RSNA Anonymizer, where an element with no"
    " replacement stays and one that is not named goes"
)
_DEFAULT_DENY = (
    "elements that the script does not name stay in CTP; here Table E.1-1 decides them, private ones go, and sequences that"
    " stay are cleaned inside, with @process() or without"
)
_UID_ROOT = "the root of the UID is not taken: new UIDs are 2.25.…, derived under the project key"
_SHIFTED = "all dates of one patient move back by the same number of days, which follows from the project key"


@dataclass(frozen=True, slots=True)
class _Element:
    """The element that a replacement is for, and the parameters of its script."""

    tag: int | None
    parameters: Mapping[str, str]
    depth: int = 0

    def is_this(self, argument: str) -> bool:
        """Whether an argument names the element itself."""
        return argument in ("", "this") or (self.tag is not None and _named(argument) == self.tag)

    def parameter(self, argument: str) -> str:
        """An argument, or the parameter that it names."""
        if not argument.startswith(("@", "$")):
            return argument
        try:
            return self.parameters[argument[1:]]
        except KeyError:
            raise Unsayable("the script has no parameter of that name") from None

    def whole(self, argument: str, what: str) -> int:
        """A whole number."""
        text = self.parameter(argument).strip()
        if re.fullmatch(r"-?\d{1,6}", text) is None:
            raise Unsayable(f"{what} is no whole number")
        return int(text)


def convert(text: str, name: str) -> Imported:
    """
    Turn a script into a policy.

    Parameters
    ----------
    text : str
        The script.
    name : str
        What to call it.

    Returns
    -------
    Imported
        With `policy`, and no regions.

    Raises
    ------
    ScriptError
        If it is no CTP anonymizer script, or its rules contradict one another.
    """
    script = ctp_script.read(checked(text))
    draft = Draft(name, script.remarks)
    if any(statement.text in _RSNA for statement in script.statements):
        script.statements = [_in_full(statement) for statement in script.statements]
        draft.sweep = 0
        draft.note(0, "", _RSNA_NOTE)
    wishes = [wish for statement in script.statements for wish in _wishes(statement, script, draft)]
    draft.take(list(_once(wishes, draft)))
    if draft.sweep is None:
        draft.note(0, "", _DEFAULT_DENY)
    if script.inactive:
        draft.note(0, "", f"statements not in force (en is not T, or # before them) are left out: {script.inactive}")
    head = [f"Imported from the CTP anonymizer script {name}."]
    policy = draft.finish(f"CTP script {name}", head)
    draft.remarks.sort(key=lambda remark: remark.line)
    return Imported(policy, None, tuple(draft.remarks), script.total)


def _in_full(statement: ctp_script.Statement) -> ctp_script.Statement:
    """A statement of the RSNA Anonymizer in the words of CTP."""
    if statement.verb != "set":
        return statement
    return replace(statement, text=_RSNA.get(statement.text, statement.text) or "@keep()")


def _once(wishes: Sequence[Wish], draft: Draft) -> Iterator[Wish]:
    """Each element once: CTP takes one of two statements for the same element, and nobody can tell which."""
    meanings: dict[int | str, Meaning] = {}
    clashing = set()
    for wish in wishes:
        if not wish.spread and meanings.setdefault(wish.target, wish.meaning) != wish.meaning:
            clashing.add(wish.target)
    named = meanings.keys() | {wish.target for wish, _ in draft.unsaid}
    seen = set()
    for wish in wishes:
        if wish.target in clashing and not wish.spread:
            draft.unsaid.append((wish, "the script has two statements for this element that differ"))
        elif wish.target not in seen and not (wish.spread and wish.target in named):
            seen.add(wish.target)
            yield wish


# --- statements -------------------------------------------------------------------------------------------------------


def _wishes(statement: ctp_script.Statement, script: ctp_script.Script, draft: Draft) -> Iterator[Wish]:
    if statement.verb == "set":
        yield from _set(statement, script, draft)
    elif statement.verb == "keep":
        yield from _keep(statement, draft)
    elif statement.target == "unspecifiedelements":
        draft.sweep = statement.line
        yield from _group(_IMAGE_GROUP, statement)
    elif statement.target not in ("privategroups", "overlays", "curves"):
        draft.refuse(statement.line, f"remove {statement.target}", "no such kind of elements in CTP")


def _set(statement: ctp_script.Statement, script: ctp_script.Script, draft: Draft) -> Iterator[Wish]:
    line, what = statement.line, f"{statement.target} {statement.text}".strip()
    target: int | str | None = None
    try:
        target = _target(statement.target)
        tag = target if isinstance(target, int) else None
        meaning = _meaning(ctp_calls.parse(statement.text.strip()), _Element(tag, script.parameters))
        if tag is not None and tag & 0x10000:
            _check_private(tag, meaning)
            return
    except Unsayable as reason:
        if isinstance(target, int):
            draft.unsaid.append((Wish(line, what, target, Meaning()), str(reason)))
        else:
            draft.refuse(line, what, str(reason))
    else:
        yield Wish(line, what, target, meaning)


def _target(text: str) -> int | str:
    block = _BLOCK.fullmatch(text)
    if block is None:
        return int(text, 16)
    group, creator_element, creator, number = block.groups()
    if creator_element or number is None:
        raise Unsayable("Private Creators stay where something of their block stays, and go else")
    name = f'({group.upper()},"{creator}",{number.upper()})'
    try:
        targets.parse(name)
    except ValueError as error:
        raise Unsayable(str(error)) from None
    return name


def _check_private(tag: int, meaning: Meaning) -> None:
    """Private elements go anyway; a tag without its creator does not say what else is meant."""
    if meaning.action not in (LocalAction.REMOVE, LocalAction.EMPTY):
        raise Unsayable(
            f"a private element is known by its creator; write {tag >> 16:04X}[CREATOR]{tag & 0xFF:02X} in the script. It goes"
        )


def _keep(statement: ctp_script.Statement, draft: Draft) -> Iterator[Wish]:
    line, target = statement.line, statement.target
    if target.startswith("safe"):
        draft.options.add(policy_file.option_name(Option.RETAIN_SAFE_PRIVATE))
        draft.note(line, target, "safe private elements are those of PS3.15 Table E.3.10-1, not those of CTP's own list")
    elif _HEX.fullmatch(target) and int(target, 16) & 1:
        draft.refuse(line, f"keep {target}", "private elements are known by their creator, not by their group; they go")
    elif _HEX.fullmatch(target):
        yield from _group(int(target, 16), statement)
    else:
        draft.refuse(line, f"keep {target}", "no group of elements")


def _group(group: int, statement: ctp_script.Statement) -> Iterator[Wish]:
    """Wishes to keep the elements of a group."""
    for tag in group_tags(group):
        yield Wish(statement.line, f"{statement.verb} {statement.target}", tag, Meaning(LocalAction.KEEP), spread=True)


# --- replacements -----------------------------------------------------------------------------------------------------


def _meaning(parts: Sequence[Part], element: _Element) -> Meaning:
    """What a replacement means for an element that is there."""
    always = any(isinstance(part, Call) and part.name == "always" for part in parts)
    parts = [part for part in parts if not (isinstance(part, Call) and part.name == "always")]
    if any(isinstance(part, Call) and part.name == "remove" for part in parts):
        return Meaning(LocalAction.REMOVE)
    if len(parts) == 1 and isinstance(parts[0], Call) and parts[0].name in _CALLS:
        found = _CALLS[parts[0].name](parts[0], element)
    else:
        found = _template(parts, element)
    adds = always and found.action not in (LocalAction.KEEP, LocalAction.REMOVE)
    return replace(found, partly="@always(): an element that is not there is not added") if adds else found


def _template(parts: Sequence[Part], element: _Element) -> Meaning:
    pieces, note = [], ""
    for part in parts:
        if isinstance(part, str):
            if "{" in part or "}" in part:
                raise Unsayable("braces in a text stand for something else in our files")
            pieces.append(part)
        elif part.name == "param":
            pieces.append(element.parameter(part.argument(0)))
        else:
            pieces.append(_hashed(part, element))
            note = KEYED
    text = "".join(pieces).strip()
    return Meaning(LocalAction.REPLACE, text, note=note) if text else Meaning(LocalAction.EMPTY)


def _hashed(call: Call, element: _Element) -> str:
    """The placeholder for a hash within a text."""
    if call.name == "hashptid":
        return PATIENT if _of_patient(call.argument(1), element) else _own_code(call.argument(1), element)
    if call.name in ("hash", "hashname"):
        return PATIENT if _of_patient(call.argument(0), element) else _own_code(call.argument(0), element)
    if call.name in _UNSAYABLE:
        raise Unsayable(_UNSAYABLE[call.name])
    known = call.name in _CALLS
    raise Unsayable("it is one of several parts of a value" if known else "no function of CTP; it would be written as text")


def _of_patient(argument: str, element: _Element) -> bool:
    tag = element.tag if argument in ("", "this") else _named(argument)
    return tag in (_PATIENT_ID, _PATIENT_NAME)


def _own_code(argument: str, element: _Element) -> str:
    if not element.is_this(argument):
        raise Unsayable("it hashes another element; only the patient and the element itself can be coded")
    return CODE


def _named(argument: str) -> int | None:
    known = dictionary.load().tag(argument)
    digits = argument.strip("()[]").replace(",", "")
    return known if known is not None else int(digits, 16) if re.fullmatch(r"[0-9A-Fa-f]{8}", digits) else None


def _this(call: Call, element: _Element, why: str = "it takes its value from another element") -> None:
    if not element.is_this(call.argument(0)):
        raise Unsayable(why)


def _keep_value(call: Call, element: _Element) -> Meaning:
    _this(call, element)
    if call.name == "contents" and len(call.arguments) > 1:
        raise Unsayable("it replaces within the value, and the rest of the old value would stay")
    default = "an empty value stays empty: there is no default" if call.name == "value" and call.argument(1) else ""
    return Meaning(LocalAction.KEEP, partly=default)


def _keep_all(_: Call, element: _Element) -> Meaning:
    sequence = element.tag is not None and vr(element.tag) == "SQ"
    return Meaning(LocalAction.KEEP, note="CTP keeps such a sequence as it is; here its items are cleaned" if sequence else "")


def _require(_: Call, __: _Element) -> Meaning:
    return Meaning(LocalAction.KEEP, partly="@require(): an element that is not there is not added")


def _hash(call: Call, element: _Element) -> Meaning:
    placeholder = _hashed(call, element)
    if placeholder == PATIENT:
        return Meaning(LocalAction.REPLACE, PATIENT, note=KEYED)
    of_vr = vr(element.tag) if element.tag is not None else ""
    if of_vr == "UI":
        return Meaning(LocalAction.UID, note=KEYED)
    if of_vr in ("", "LO", "SH", "LT", "ST", "UC", "UT"):
        return Meaning(LocalAction.CODE, note=KEYED)
    return Meaning(LocalAction.REPLACE, CODE, note=KEYED)


def _hashuid(call: Call, element: _Element) -> Meaning:
    if not element.is_this(call.argument(1)) or len(call.arguments) < 2:
        raise Unsayable("it hashes another element")
    more = "the third argument is left out: a UID always becomes the same one" if len(call.arguments) > 2 else ""
    return Meaning(LocalAction.UID, partly=more, note=f"{KEYED}; {_UID_ROOT}")


def _dates_of(element: _Element) -> None:
    if element.tag is None or vr(element.tag) not in ("DA", "DT"):
        raise Unsayable("only elements of VR DA and DT hold dates")


def _hashdate(call: Call, element: _Element) -> Meaning:
    _this(call, element)
    _dates_of(element)
    return Meaning(dates=Dates.SHIFT, note=f"{KEYED}; {_SHIFTED}")


def _incrementdate(call: Call, element: _Element) -> Meaning:
    _this(call, element)
    _dates_of(element)
    if element.whole(call.argument(1), "the number of days") == 0:
        return Meaning(LocalAction.KEEP, note="0 days are added, so the date stays")
    return Meaning(dates=Dates.SHIFT, note=f"the same number of days for everybody can be guessed; here {_SHIFTED}")


def _modifydate(call: Call, element: _Element) -> Meaning:
    _this(call, element)
    _dates_of(element)
    year, month, day = (element.parameter(call.argument(place)).strip() for place in (1, 2, 3))
    if (year, month.lstrip("0"), day.lstrip("0")) == ("*", "1", "1"):
        return Meaning(dates=Dates.YEAR, note="years of people over 89 go too")
    raise Unsayable("of a date only the year alone can stay, as YYYY0101")


def _round(call: Call, element: _Element) -> Meaning:
    _this(call, element)
    years = element.whole(call.argument(1), "the size of the groups")
    return Meaning(step=years, note="ages are rounded down, and those over 89 are one group")


def _blank(_: Call, __: _Element) -> Meaning:
    return Meaning(LocalAction.EMPTY, note="blanks are padding, so the value is empty")


def _if(call: Call, element: _Element) -> Meaning:
    """Conditions that always come out the same here; on values nothing depends."""
    if element.depth >= _DEEPEST:
        raise Unsayable("conditionals are nested too deeply")
    inner = replace(element, depth=element.depth + 1)
    then = _meaning(ctp_calls.parse(call.clauses[0]), inner)
    other = _meaning(ctp_calls.parse(call.clauses[1] if len(call.clauses) > 1 else ""), inner)
    if then == other:
        return then
    if call.name == "select":
        raise Unsayable("it differs between the top level and sequences; give the sequences rules of their own")
    if element.is_this(call.argument(0)) and call.argument(1) == "exists":
        return then
    harmless = (LocalAction.KEEP, LocalAction.EMPTY, LocalAction.REMOVE)
    if element.is_this(call.argument(0)) and call.argument(1) == "isblank" and then.action in harmless:
        return replace(other, note=other.note or "an element without a value is treated like one with a value")
    raise Unsayable("what becomes of an element cannot depend on a value")


_CALLS: Mapping[str, Callable[[Call, _Element], Meaning]] = MappingProxyType(
    {
        "blank": _blank,
        "contents": _keep_value,
        "empty": lambda *_: Meaning(LocalAction.EMPTY),
        "hash": _hash,
        "hashdate": _hashdate,
        "hashname": _hash,
        "hashptid": _hash,
        "hashuid": _hashuid,
        "if": _if,
        "incrementdate": _incrementdate,
        "keep": _keep_all,
        "modifydate": _modifydate,
        "process": lambda *_: Meaning(LocalAction.KEEP),
        "require": _require,
        "round": _round,
        "select": _if,
        "value": _keep_value,
    }
)
