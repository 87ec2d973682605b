"""Policy x Table E.1-1 x attribute Types -> one decision per tag, as the arrays that `_native.decide` reads."""

import functools
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from mediscan._native.decide import VRS, Act, Builtin, RuleTable
from mediscan.codec import tagindex
from mediscan.profile import table
from mediscan.profile.actions import Action, Option, resolve
from mediscan.profile.policy import Dates, Policy
from mediscan.pseudonym.dummies import DUMMIES
from mediscan.standard import dictionary, iod

ENTRY = np.dtype(
    [
        ("vrs", "u8"),
        ("rule", "i4"),
        ("vm_max", "i4"),
        ("vr", "u2"),
        ("act", "u1"),
        ("fallback", "u1"),
        ("handler", "u1"),
        ("letter", "u1"),
        ("nested", "u1"),
        ("spare", "u1"),
    ]
)


class Handler(IntEnum):
    """Rows whose new value native code cannot know."""

    UID = 0
    PATIENT_ID = 1
    PATIENT_NAME = 2
    CODE = 3
    DESCRIPTOR = 4
    AGE = 5
    BIRTH_DATE = 6
    ZIP3 = 7
    SHIFT = 8


_PATIENT_NAME, _PATIENT_ID, _BIRTH_DATE = 0x00100010, 0x00100020, 0x00100030
_FIRST_GROUP = 0x0008  # groups 0000, 0002 and 0004 have no place in a data set (PS3.5 7.1), wherever a writer put them
_DEIDENTIFICATION = frozenset({0x00120062, 0x00120063, 0x00120064, 0x00280303})
_FREE_TEXT = frozenset({"LT", "ST", "UT", "UC"})
_SHORT_TEXT = frozenset({"LO", "SH"})
_TEXT = _FREE_TEXT | _SHORT_TEXT
# Bytes without a structure that PS3.3 gives them go, but for those that colour needs.
_OPAQUE_KEPT = frozenset({0x00282000})
_ALWAYS_GO = frozenset({"AE", "UR"})
_WHOLE_GROUPS = {0x50: "E.1-1 (50xx,xxxx)", 0x60: "60xx group goes whole with E.1-1 (60xx,3000)"}
_IDENTIFIER_ENDINGS = ("ID", "IDs", "Identifier", "Number")
_ACTS = {Action.X: Act.ACT_REMOVE, Action.Z: Act.ACT_EMPTY, Action.D: Act.ACT_DUMMY}

BUILTIN_RULES = {
    Builtin.RULE_PRIVATE: "E.1-1 (private)",
    Builtin.RULE_UNKNOWN: "default-deny: not in PS3.6",
    Builtin.RULE_GROUP_LENGTH: "PS3.5 7.2 group length",
    Builtin.RULE_VR: "PS3.5 6.2 value breaks its VR",
    Builtin.RULE_NUL: "PS3.5 6.2 bytes after NUL",
    Builtin.RULE_UNSEEN: "default-deny: too long to be looked at",
    Builtin.RULE_META: "PS3.10 7.1 File Meta Information is written anew",
    Builtin.RULE_ADDED: "PS3.15 E.1.1 attestation",
}


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens to a tag: `act`, or `fallback` where that cannot be done."""

    act: Act
    fallback: Act
    rule: str
    category: str | None = None
    handler: Handler = Handler.UID
    letter: str = "C"


class Decider:
    """Decisions of one policy, element by element: pure, and the same words for `explain` and for the compiled arrays."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._table = table.load()
        self._dictionary = dictionary.load()

    def decide(self, tag: int, type_: int) -> Decision:
        """Decide for a tag of PS3.6 whose effective Type is 1, 2 or 3."""
        entry = self._dictionary.find(tag)
        assert entry is not None
        vr = entry.preferred_vr
        row = self._table.find(tag)
        fallback = _ACTS[resolve("X", type_)]
        if tag >> 16 < _FIRST_GROUP:
            return Decision(Act.ACT_REMOVE, Act.ACT_REMOVE, "PS3.5 7.1 group of commands, files or directories")
        if tag in _DEIDENTIFICATION:
            return Decision(Act.ACT_REMOVE, Act.ACT_REMOVE, "PS3.15 E.1.1 written anew")
        if row is None:
            return self._unlisted(vr, entry.retired, fallback, opaque_kept=tag in _OPAQUE_KEPT)
        special = self._special(tag, row.rule, row.category, fallback)
        return special or self._listed(entry.keyword, vr, row, type_, fallback)

    def _special(self, tag: int, rule: str, category: str | None, fallback: Act) -> Decision | None:
        """Patient, dates of birth, codes and addresses: rows whose replacement is a pseudonym or a generalisation."""
        policy = self.policy
        if tag == _PATIENT_ID:
            return Decision(Act.ACT_ASK, Act.ACT_EMPTY, rule, category, Handler.PATIENT_ID, "D")
        if tag == _PATIENT_NAME:
            return Decision(Act.ACT_ASK, Act.ACT_EMPTY, rule, category, Handler.PATIENT_NAME, "D")
        if tag == _BIRTH_DATE and policy.dates is Dates.YEAR:
            return Decision(Act.ACT_ASK, fallback, rule, category, Handler.BIRTH_DATE, "C")
        if tag in policy.codes:
            return Decision(Act.ACT_ASK, fallback, rule, category, Handler.CODE, "D")
        if tag in policy.zip3:
            return Decision(Act.ACT_ASK, fallback, f"{rule} + 164.514(b)(2)(i)(B)", "B", Handler.ZIP3, "C")
        return None

    def _listed(self, keyword: str, vr: str, row: table.Row, type_: int, fallback: Act) -> Decision:
        code = self._option_code(row)
        if vr in ("DA", "DT", "TM") and Option.RETAIN_LONGITUDINAL_MODIFIED_DATES in row.options:
            timed = self._temporal(vr, row.rule, row.category, fallback)
            if timed is not None:
                return timed
        if code == "K":
            return self._kept(vr, row.rule, row.category, fallback)
        if code == "C":
            return self._cleaned(vr, row.rule, row.category, fallback)
        action = resolve(row.basic, type_)
        if action is Action.U or (action is Action.D and vr == "UI"):
            if vr == "SQ":
                return Decision(Act.ACT_KEEP, fallback, row.rule, row.category)
            return Decision(Act.ACT_ASK, fallback, row.rule, row.category, Handler.UID, "U")
        if action is Action.D and vr in _SHORT_TEXT and keyword.endswith(_IDENTIFIER_ENDINGS):
            return Decision(Act.ACT_ASK, Act.ACT_DUMMY, row.rule, row.category, Handler.CODE, "D")
        return Decision(_ACTS[action], _ACTS[action], row.rule, row.category)

    def _option_code(self, row: table.Row) -> str | None:
        """K or C where a chosen option has one in this row; cleaning is the stricter and holds over keeping."""
        codes = {row.options[option] for option in self.policy.options if option in row.options}
        return min(codes, default=None)

    def _unlisted(self, vr: str, retired: bool, fallback: Act, *, opaque_kept: bool) -> Decision:
        """A tag that PS3.6 knows and Table E.1-1 does not list: kept, unless its VR can hold anything."""
        rule = f"default: VR {vr} not listed in E.1-1"
        if vr == "UI":
            return Decision(Act.ACT_ASK, fallback, rule, "R", Handler.UID, "U")
        if vr in ("DA", "DT", "TM"):
            timed = self._temporal(vr, rule, "C", fallback)
            return timed or Decision(fallback, fallback, rule, "C")
        if vr == "PN" or vr in _ALWAYS_GO or (vr == "OB" and not opaque_kept):
            return Decision(fallback, fallback, rule, "A" if vr == "PN" else "R")
        if vr in _FREE_TEXT or (retired and vr in _TEXT):
            return self._cleaned(vr, rule, "R", fallback)
        return self._kept(vr, rule, None, fallback)

    def _temporal(self, vr: str, rule: str, category: str | None, fallback: Act) -> Decision | None:
        dates = self.policy.dates
        if dates is Dates.KEEP:
            return Decision(Act.ACT_KEEP, fallback, rule, category)
        if dates is Dates.SHIFT:
            if vr == "TM":
                return Decision(Act.ACT_KEEP, fallback, rule, category)
            return Decision(Act.ACT_ASK, fallback, rule, category, Handler.SHIFT, "C")
        if dates is Dates.YEAR and vr != "TM":
            return Decision(Act.ACT_YEAR, fallback, rule, category)
        return None

    def _kept(self, vr: str, rule: str, category: str | None, fallback: Act) -> Decision:
        if vr == "AS":
            return Decision(Act.ACT_ASK, fallback, rule, "C", Handler.AGE, "C")
        if vr == "UI":
            return Decision(Act.ACT_ASK, fallback, rule, category, Handler.UID, "U")
        return Decision(Act.ACT_KEEP, fallback, rule, category)

    def _cleaned(self, vr: str, rule: str, category: str | None, fallback: Act) -> Decision:
        """Clean: a descriptor of clinical words stays, the contents of a sequence decide, anything else goes."""
        if vr == "SQ":
            return Decision(Act.ACT_KEEP, fallback, rule, category)
        if vr in _TEXT and Option.CLEAN_DESCRIPTORS in self.policy.options:
            return Decision(Act.ACT_ASK, fallback, rule, category, Handler.DESCRIPTOR, "C")
        return Decision(fallback, fallback, rule, category)


class RuleBook:
    """Compiles a policy, per SOP Class and on demand; numbers every rule for the ledger.

    Rule numbers are fixed by the policy alone, so that all workers agree. The entries of a `RuleTable` are two places per
    tag of PS3.6, the top level's and that of a sequence PS3.3 says nothing of, then those of whole groups, then those for
    certain sequences.
    """

    def __init__(self, policy: Policy) -> None:
        self.decider = Decider(policy)
        known = dictionary.load()
        self._tags: list[int] = [tag for tag in known.tags.tolist() if tag & 0xFFFF and tag >> 16 != 0xFFFE]
        self.rules: list[str] = [BUILTIN_RULES[rule] for rule in sorted(BUILTIN_RULES)]
        self.categories: list[str | None] = [None] * len(self.rules)
        self.categories[Builtin.RULE_PRIVATE] = "R"
        self._numbers: dict[tuple[str, str | None], int] = {}
        self._base = np.zeros(2 * len(self._tags) + len(_WHOLE_GROUPS), ENTRY)
        for place, tag in enumerate(self._tags):
            decision = self.decider.decide(tag, 3)
            self._base[2 * place] = self._base[2 * place + 1] = self._entry(tag, decision)
        self._dummies, self._dummy_bytes = _dummies()
        self._repeating = self._whole_groups(2 * len(self._tags))
        self._places = {tag: 2 * place for place, tag in enumerate(self._tags)}
        self._index = tagindex.build(np.array(self._tags, np.uint32), np.array(list(self._places.values()), np.int32))

    def _number(self, rule: str, category: str | None) -> int:
        key = (rule, category)
        if key not in self._numbers:
            self._numbers[key] = len(self.rules)
            self.rules.append(rule)
            self.categories.append(category)
        return self._numbers[key]

    def _entry(self, tag: int, decision: Decision, nested: bool = False) -> tuple[int, ...]:
        allowed, vr, vm_max = _vr_facts(tag)
        number = self._number(decision.rule, decision.category)
        letter = ord(decision.letter)
        return (allowed, number, vm_max, vr, decision.act, decision.fallback, decision.handler, letter, nested, 0)

    def _whole_groups(self, place: int) -> npt.NDArray[np.uint32]:
        triples = []
        for group, rule in _WHOLE_GROUPS.items():
            number = self._number(rule, "Q" if group == 0x60 else "R")
            self._base[place] = (0, number, 0, 0, Act.ACT_REMOVE, Act.ACT_REMOVE, 0, 0, 0, 0)
            triples += [0xFF010000, group << 24, place]
            place += 1
        return np.array(triples, np.uint32)

    @functools.lru_cache(maxsize=256)  # noqa: B019  one rule book lives as long as its worker
    def compiled(self, sop_class: str) -> RuleTable:
        """Give the arrays for one SOP Class; for one that PS3.3 does not describe every attribute counts as Type 3."""
        types = iod.load().types(sop_class) or {}
        entries = self._base.copy()
        pairs: dict[int, tuple[int, int]] = {}
        for path, type_ in types.items():
            tag, effective = path[-1], iod.effective(type_)
            if tag not in self._places:
                continue
            if len(path) == 1:
                entries[self._places[tag]] = self._entry(tag, self.decider.decide(tag, effective))
            else:
                key = path[-2] << 32 | tag
                pairs[key] = min(pairs.get(key, (3, tag)), (effective, tag))
        for tag in {tag for _, tag in pairs.values()} | {path[0] for path in types if len(path) == 1}:
            if tag in self._places:
                entries["nested"][self._places[tag]] = 1
        extra, pair_values = self._pair_entries(pairs, len(entries))
        all_entries = np.concatenate([entries, extra])
        keys = np.array(sorted(pairs), np.uint64)
        return RuleTable(
            np.frombuffer(all_entries.tobytes(), np.uint8),
            self._index.keys,
            self._index.values,
            self._repeating,
            keys,
            pair_values,
            self._dummies,
            self._dummy_bytes,
        )

    def _pair_entries(
        self, pairs: dict[int, tuple[int, int]], first: int
    ) -> tuple[npt.NDArray[np.void], npt.NDArray[np.int32]]:
        """Entries for (Type, tag) combinations inside sequences, each made once, and where each pair points."""
        places: dict[tuple[int, int], int] = {}
        values = [places.setdefault(pairs[key], first + len(places)) for key in sorted(pairs)]
        extra = np.zeros(len(places), ENTRY)
        for (effective, tag), place in places.items():
            extra[place - first] = self._entry(tag, self.decider.decide(tag, effective))
        return extra, np.array(values, np.int32)


@functools.cache
def _vr_facts(tag: int) -> tuple[int, int, int]:
    """Permitted VRs as bits in the order of `VRS`, the preferred VR as two bytes, the highest VM (0: unbounded)."""
    entry = dictionary.load().find(tag)
    assert entry is not None
    allowed = 0
    for vr in entry.vr.split(" or "):
        allowed |= 1 << VRS.index(vr)
    preferred = entry.preferred_vr
    return allowed, ord(preferred[0]) | ord(preferred[1]) << 8, dictionary.vm_bounds(entry.vm)[1]


def _dummies() -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """Offset and length of each VR's dummy in one run of bytes; one more place, empty, for what is no VR."""
    places: list[int] = []
    data = b""
    for vr in VRS:
        places += [len(data), len(DUMMIES[vr])]
        data += DUMMIES[vr]
    return np.array([*places, 0, 0], np.int32), np.frombuffer(data, np.uint8)
