"""Recipes of pydicom/deid -> a policy from %header, %fields and %values, and pixel regions from %filter.

For one element the first of KEEP, ADD, REPLACE, JITTER, REMOVE and BLANK holds, wherever it stands in the recipe.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from mediscan.interop import deid_filter, deid_recipe, region_toml
from mediscan.interop.deid_recipe import ACTIONS, Action, Recipe
from mediscan.interop.draft import KEYED, PATIENT, Draft, Meaning, Wish, group_tags, vr
from mediscan.interop.region_toml import Match
from mediscan.interop.remarks import Imported, Unsayable, checked
from mediscan.profile import policy, targets
from mediscan.profile.policy import Dates, LocalAction
from mediscan.standard import dictionary
from mediscan.standard import vr as standard_vr

_PATIENT_TAGS = frozenset({0x00100010, 0x00100020})
_PRIVATE = re.compile(r'\(?([0-9A-Fa-f]{4}),\s*"([^"]*)",\s*([0-9A-Fa-f]{2})\)?')
_TAG = re.compile(r"(?:0x)?([0-9A-Fa-f]{8})|\(?([0-9A-Fa-f]{4}),([0-9A-Fa-f]{4})\)?")
_LONGEST_PATTERN = 200
_TEXT_VRS = frozenset({"LO", "SH", "LT", "ST", "UC", "UT"})
_SELECTORS = ("startswith", "endswith", "contains", "except", "select", "fields", "values")

_DEFAULT_DENY = (
    "elements that the recipe does not name stay in deid; here Table E.1-1 decides them, private ones go, and sequences that"
    " stay are cleaned inside"
)
_ABSENT = "an element that is not there is not added"
_CALLER = "the value comes from the program that calls deid"
_OVERRULED = "without effect, as in deid: another line for the same element comes first ({})"
_VALUES = "no rule depends on values; identifiers of the patient are looked for in all texts that stay, whatever the policy"

Target = int | str


def convert(text: str, name: str) -> Imported:
    """
    Turn a recipe into a policy and a region file.

    Parameters
    ----------
    text : str
        The recipe.
    name : str
        What to call it.

    Returns
    -------
    Imported
        With `policy` where there is a %header, `regions` where there is a %filter.

    Raises
    ------
    ScriptError
        If it is no recipe.
    """
    recipe = deid_recipe.read(checked(text))
    draft = Draft(name, recipe.remarks)
    written = _policy(recipe, draft) if recipe.header or recipe.fields or recipe.values else None
    regions = _regions(recipe, draft) if recipe.labels else None
    draft.remarks.sort(key=lambda remark: remark.line)
    return Imported(written, regions, tuple(draft.remarks), recipe.total)


def _regions(recipe: Recipe, draft: Draft) -> str:
    regions = []
    for label in recipe.labels:
        found, remarks = deid_filter.regions(label, draft.source)
        regions += found
        draft.remarks += remarks
    head = [f"Imported from the deid recipe {draft.source}."]
    return region_toml.write(f"deid recipe {draft.source}", Match.ALL, regions, head)


def _policy(recipe: Recipe, draft: Draft) -> str:
    for actions in recipe.values.values():
        for action in actions:
            draft.refuse(action.line, action.text, _VALUES)
    used = {action.field.partition(":")[2] for action in recipe.header if action.field.lower().startswith("fields:")}
    for name, actions in recipe.fields.items():
        for action in actions:
            if name not in used:
                draft.note(action.line, action.text, "no line of %header uses this list")
    draft.take(list(_decided([wish for action in recipe.header for wish in _wishes(action, recipe, draft)], draft)))
    if draft.sweep is None:
        draft.note(0, "", _DEFAULT_DENY)
    return draft.finish(f"deid recipe {draft.source}", [f"Imported from the deid recipe {draft.source}."])


def _rank(wish: Wish) -> int:
    return ACTIONS.index(wish.what.split(None, 1)[0].upper())


def _decided(wishes: Sequence[Wish], draft: Draft) -> Iterator[Wish]:
    """Of all wishes for an element the one that holds; of several of the same kind the last."""
    best: dict[Target, Wish] = {}
    for wish in wishes:
        if wish.target not in best or _rank(wish) <= _rank(best[wish.target]):
            best[wish.target] = wish
    broad = [(targets.parse(wish.name), wish) for wish in best.values() if isinstance(wish.target, str)]
    overruled: dict[tuple[int, str], list[int]] = {}
    for wish in wishes:
        winner = best[wish.target]
        for target, other in broad:
            if wish.tag is not None and _covers(target, other, wish.tag) and _rank(other) < _rank(winner):
                winner = other
        if draft.sweep is not None and _rank(winner) > ACTIONS.index("REMOVE"):
            overruled.setdefault((wish.line, wish.what), []).append(draft.sweep)
        elif winner is wish:
            yield wish
        elif winner.line != wish.line and winner.meaning != wish.meaning:
            overruled.setdefault((wish.line, wish.what), []).append(winner.line)
    for (line, what), others in overruled.items():
        draft.note(line, what, _OVERRULED.format(", ".join(f"line {other}" for other in sorted(set(others))[:5])))


def _covers(target: policy.Target, wish: Wish, tag: int) -> bool:
    return targets.means(target, wish.meaning.action or LocalAction.KEEP, tag, vr(tag))


# --- lines of %header -------------------------------------------------------------------------------------------------


def _wishes(action: Action, recipe: Recipe, draft: Draft) -> Iterator[Wish]:
    try:
        found = list(dict.fromkeys(_targets(action.field, recipe, action.verb)))
        if found == ["all"]:
            _all(action, draft)
            return
    except Unsayable as reason:
        draft.refuse(action.line, action.text, str(reason))
        return
    spread = len(found) != 1 or ":" in action.field
    if not found:
        draft.note(action.line, action.text, "no element of PS3.6 has such a name")
    for target in found:
        try:
            meaning = _meaning(action, target)
        except Unsayable as reason:
            draft.unsaid.append((Wish(action.line, action.text, target, Meaning(), spread), str(reason)))
        else:
            yield Wish(action.line, action.text, target, meaning, spread)


def _all(action: Action, draft: Draft) -> None:
    if action.verb != "REMOVE" or action.value:
        raise Unsayable("of all elements together it can only be said that they go")
    draft.sweep = action.line


def _meaning(action: Action, target: Target) -> Meaning:
    return _VERBS[action.verb](action, target)


def _of_vr(target: Target) -> str:
    return vr(target) if isinstance(target, int) else ""


def _remove(action: Action, _: Target) -> Meaning:
    if action.value:
        raise Unsayable("no rule depends on a value or on a function of the caller")
    return Meaning(LocalAction.REMOVE)


def _jitter(_: Action, target: Target) -> Meaning:
    if _of_vr(target) not in ("DA", "DT"):
        raise Unsayable("only elements of VR DA and DT hold dates")
    note = "all dates of one patient move back by the same number of days, which follows from the project key"
    return Meaning(dates=Dates.SHIFT, note=note)


def _replace(action: Action, target: Target) -> Meaning:
    value, absent = action.value, _ABSENT if action.verb == "ADD" else ""
    kind, _, rest = value.partition(":")
    if kind in ("var", "func", "deid_func") and rest:
        return _dynamic(kind, rest.split()[0], target, absent)
    if "{" in value or "}" in value:
        raise Unsayable("braces in a text stand for something else in our files")
    return Meaning(LocalAction.REPLACE, value, partly=absent) if value else Meaning(LocalAction.EMPTY, partly=absent)


def _dynamic(kind: str, name: str, target: Target, absent: str) -> Meaning:
    """Values from elsewhere: what is known by its name to hash or to shift is done under the key."""
    of_vr, lower = _of_vr(target), name.lower()
    if "jitter" in lower and of_vr in ("DA", "DT"):
        return Meaning(dates=Dates.SHIFT, partly=absent, note=KEYED)
    if target in _PATIENT_TAGS:
        return Meaning(LocalAction.REPLACE, PATIENT, partly=f"{_CALLER}; here it is the keyed pseudonym of the patient")
    if kind == "var":
        raise Unsayable(_CALLER)
    if of_vr == "UI":
        return Meaning(LocalAction.UID, partly=absent, note=KEYED)
    if of_vr in _TEXT_VRS and (kind == "deid_func" or re.search("hash|uid|pseudonym|anon_?id", lower)):
        return Meaning(LocalAction.CODE, partly=absent, note=KEYED)
    raise Unsayable("the value comes from a function of the program that calls deid")


_VERBS: Mapping[str, Callable[[Action, Target], Meaning]] = MappingProxyType(
    {
        "ADD": _replace,
        "BLANK": lambda *_: Meaning(LocalAction.EMPTY),
        "JITTER": _jitter,
        "KEEP": lambda *_: Meaning(LocalAction.KEEP),
        "REMOVE": _remove,
        "REPLACE": _replace,
    }
)


# --- fields -----------------------------------------------------------------------------------------------------------


def _targets(field: str, recipe: Recipe, verb: str) -> Iterator[Target]:
    """Elements that a field of the recipe means: tags, and targets as policies write them; ``all`` for all."""
    kind, colon, rest = field.partition(":")
    kind = kind.lower()
    if field.lower() == "all":
        yield "all"
    elif not colon:
        yield _element(field)
    elif kind == "fields":
        if rest not in recipe.fields:
            raise Unsayable("the recipe has no such list")
        for action in recipe.fields[rest]:
            yield from _targets(_inner(action.field), recipe, verb)
    elif kind == "select":
        yield from _selected(rest, verb)
    elif kind in ("startswith", "endswith", "contains"):
        yield from _expanded(kind, rest)
    elif kind == "values":
        raise Unsayable(_VALUES)
    elif kind == "except":
        raise Unsayable("all elements but some cannot be said; name those that go, or say REMOVE ALL and KEEP the others")
    else:
        raise Unsayable(f"deid knows no such selection; there are {', '.join(_SELECTORS)}")


def _inner(field: str) -> str:
    if field.lower() == "all" or field.lower().startswith("fields:"):
        raise Unsayable("a list within a list, or of all elements")
    return field


def _element(text: str) -> Target:
    private, tag = _PRIVATE.fullmatch(text), _TAG.fullmatch(text)
    if private:
        name = f'({private[1].upper()},"{private[2]}",{private[3].upper()})'
        try:
            targets.parse(name)
        except ValueError as error:
            raise Unsayable(str(error)) from None
        return name
    if tag:
        number = int(tag[1] or tag[2] + tag[3], 16)
        if number & 0x10000:
            raise Unsayable('a private element is known by its creator; write (gggg,"CREATOR",ee). It goes')
        return number
    found = dictionary.load().tag(text)
    if found is None:
        raise Unsayable("no keyword of PS3.6, so it names no element in deid either")
    return found


def _selected(text: str, verb: str) -> Iterator[Target]:
    """Elements of a VR, or one by one of a group: a rule for a group would hold over one for a VR, whatever deid's order."""
    kind, _, value = text.upper().partition(":")
    if kind == "VR":
        code = value[:2]
        if code not in standard_vr.VRS:
            raise Unsayable("no VR of PS3.5")
        if verb == "JITTER":
            yield from (tag for tag in dictionary.load().tags.tolist() if vr(tag) == code)
        else:
            yield f"VR:{code}"
    elif kind != "GROUP" or not re.fullmatch("[0-9A-F]{1,4}", value):
        raise Unsayable("deid selects by VR or group")
    elif int(value, 16) & 1:
        raise Unsayable("private elements are known by their creator, not by their group; they go")
    else:
        yield from group_tags(int(value, 16))


def _expanded(kind: str, expression: str) -> Iterator[int]:
    """Elements of PS3.6 whose keyword fits an expression, in small letters as in deid."""
    text = expression.lower()
    if re.fullmatch(r"[0-9a-f]{4,8}", text) and any(map(str.isdigit, text)):
        raise Unsayable("digits of a tag; name the elements, or select:group:. Private ones go anyway")
    if len(text) > _LONGEST_PATTERN or re.search(r"[\\[{(*+?]", text):
        raise Unsayable("only letters, '|', '.', '^' and '$' are taken in the names of elements")
    pattern = re.compile({"startswith": f"^({text})", "endswith": f"({text})$"}.get(kind, text))
    known = dictionary.load()
    for tag in known.tags.tolist():
        keyword = known.keyword(tag)
        if keyword and pattern.search(keyword.lower()):
            yield tag
