"""Decisions of a policy -> the arrays that `_native.decide` reads, per SOP Class and on demand."""

import functools
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mediscan._native.decide import CODED, PATHED, VRS, WATCHED, Act, Builtin, RuleTable
from mediscan.codec import tagindex
from mediscan.plan.decisions import Decider, Decision, Private
from mediscan.profile import dummies
from mediscan.profile.policy import Policy
from mediscan.pseudonym.dummies import DUMMIES
from mediscan.standard import dictionary, iod

ENTRY = np.dtype(
    [
        ("vrs", "u8"),
        ("rule", "i4"),
        ("vm_max", "i4"),
        ("dummy", "i4"),
        ("vr", "u2"),
        ("act", "u1"),
        ("fallback", "u1"),
        ("handler", "u1"),
        ("letter", "u1"),
        ("nested", "u1"),
        ("marks", "u1"),
        ("asked", "u4"),
    ]
)
_WHOLE_GROUPS = {0x50: "E.1-1 (50xx,xxxx)", 0x60: "60xx group goes whole with E.1-1 (60xx,3000)"}

BUILTIN_RULES = {
    Builtin.RULE_PRIVATE: "E.1-1 (private)",
    Builtin.RULE_UNKNOWN: "default-deny: not in PS3.6",
    Builtin.RULE_GROUP_LENGTH: "PS3.5 7.2 group length",
    Builtin.RULE_VR: "PS3.5 6.2 value breaks its VR",
    Builtin.RULE_NUL: "PS3.5 6.2 bytes after NUL",
    Builtin.RULE_UNSEEN: "default-deny: too long to be looked at",
    Builtin.RULE_META: "PS3.10 7.1 File Meta Information is written anew",
    Builtin.RULE_ADDED: "PS3.15 E.1.1 attestation",
    Builtin.RULE_CHARSET: "PS3.5 6.1.2 text that its Specific Character Set does not hold",
    Builtin.RULE_CODE: "PS3.16 8 private coding scheme",
    Builtin.RULE_OWN: "164.514(b)(2)(i)(R) words of this patient in a value that stays",
}


class RuleNames:
    """Numbers of rules, as the columns of the ledger have them; shared by all policies of a run."""

    def __init__(self) -> None:
        self.rules: list[str] = [BUILTIN_RULES[rule] for rule in sorted(BUILTIN_RULES)]
        self.categories: list[str | None] = [None] * len(self.rules)
        self.categories[Builtin.RULE_CODE] = "R"
        self.categories[Builtin.RULE_PRIVATE] = self.categories[Builtin.RULE_OWN] = "R"
        self._numbers: dict[tuple[str, str | None], int] = {}

    def number(self, rule: str, category: str | None) -> int:
        """Give a rule its number, the same one whenever it is asked for."""
        key = (rule, category)
        if key not in self._numbers:
            self._numbers[key] = len(self.rules)
            self.rules.append(rule)
            self.categories.append(category)
        return self._numbers[key]


class _Privates(NamedTuple):
    """Private elements that a rule names: keys and entries in the same order, rising; creators as spans of bytes."""

    decisions: dict[tuple[str, int, int], Decision]
    keys: npt.NDArray[np.uint64]
    entries: npt.NDArray[np.void]
    creators: npt.NDArray[np.int32]
    creator_bytes: npt.NDArray[np.uint8]


class RuleBook:
    """Compiles a policy; rule numbers are fixed by the policies of the run alone, so that all workers agree.

    The entries of a `RuleTable` are two places per tag of PS3.6, the top level's and that of a sequence PS3.3 says nothing
    of, then those of whole groups, of private elements, of certain sequences, and of local rules for certain places.

    Parameters
    ----------
    policy : Policy
        What is compiled; its `sources` have books of their own.
    names : RuleNames
        Numbers of the run's rules.
    """

    def __init__(self, policy: Policy, names: RuleNames | None = None) -> None:
        self.decider = Decider(policy)
        self.names = names or RuleNames()
        known = dictionary.load()
        self._tags: list[int] = [tag for tag in known.tags.tolist() if tag & 0xFFFF and tag >> 16 != 0xFFFE]
        self._places = {tag: 2 * place for place, tag in enumerate(self._tags)}
        own = dummies.load()
        self._own_dummies = {tag: len(VRS) + 1 + place for place, tag in enumerate(own)}
        self._dummies, self._dummy_bytes = _spans([*(DUMMIES[vr] for vr in VRS), b"", *own.values()])
        everywhere = np.zeros(2 * len(self._tags), ENTRY)
        for tag, place in self._places.items():
            everywhere[place] = everywhere[place + 1] = self._entry(tag, self.decider.decide(tag, 3))
        self._repeating, groups = self._whole_groups(len(everywhere))
        self._privates = self._private_elements()
        self._base = np.concatenate([everywhere, groups, self._privates.entries])
        self._first_private = len(everywhere) + len(groups)
        self._index = tagindex.build(np.array(self._tags, np.uint32), np.array(list(self._places.values()), np.int32))
        for rule in self.decider.placed:
            self._base["marks"][self._places[rule.target.match]] |= PATHED
            self._entry(rule.target.match, self.decider.decide(rule.target.match, 3, rule))

    def private(self, creator: str, tag: int) -> Decision | None:
        """Decision for a private element in a block of `creator`; None where no rule names it."""
        return self._privates.decisions.get((creator.strip(" \0"), tag >> 16, tag & 0xFF))

    def _entry(self, tag: int, decision: Decision) -> tuple[int, ...]:
        allowed, vr, vm_max = _vr_facts(tag)
        return self._packed(decision, allowed, vm_max, vr, dummy=self._own_dummies.get(tag, -1))

    def _packed(
        self, decision: Decision, allowed: int, vm_max: int, vr: int, asked: int = 0, dummy: int = -1
    ) -> tuple[int, ...]:
        number = self.names.number(decision.rule, decision.category)
        letter, marks = ord(decision.letter), WATCHED * decision.watched | CODED * decision.coded
        return (allowed, number, vm_max, dummy, vr, decision.act, decision.fallback, decision.handler, letter, 0, marks, asked)

    def _whole_groups(self, place: int) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.void]]:
        """Curves and overlays: what local rules name, then all the rest."""
        found: list[tuple[int, int, tuple[int, ...]]] = []
        for mask, match, entry in dictionary.load().repeating:
            rule = self.decider.local_rule(match, entry.preferred_vr)
            if match >> 24 in _WHOLE_GROUPS and rule is not None:
                packed = self._entry(match, self.decider.decide(match, 3))
                found.append((mask | rule.target.mask, match | rule.target.match, packed))
        for group, name in _WHOLE_GROUPS.items():
            gone = Decision(Act.ACT_REMOVE, Act.ACT_REMOVE, name, "Q" if group == 0x60 else "R")
            found.append((0xFF010000, group << 24, self._packed(gone, 0, 0, 0)))
        entries = np.zeros(len(found), ENTRY)
        for at, (_, _, packed) in enumerate(found):
            entries[at] = packed
        triples = [number for at, (mask, match, _) in enumerate(found) for number in (mask, match, place + at)]
        return np.array(triples, np.uint32), entries

    def _private_elements(self) -> _Privates:
        found: dict[tuple[int, int, int], Private] = {}
        creators = sorted({private.creator for private in self.decider.privates()})
        for private in self.decider.privates():  # a later one is the more specific
            found[creators.index(private.creator), private.group, private.element] = private
        entries = np.zeros(len(found), ENTRY)
        for at, key in enumerate(sorted(found)):
            private = found[key]
            vrs, asked = _vr_bits(private.vrs), _vr_bits(private.asked)
            entries[at] = self._packed(private.decision, vrs | asked, private.vm_max, _vr_code(private.vr), asked)
        keys = [number << 24 | group << 8 | element for number, group, element in sorted(found)]
        spans, data = _spans([creator.encode("ascii", "replace") for creator in creators])
        decisions = {(one.creator, one.group, one.element): one.decision for one in found.values()}
        return _Privates(decisions, np.array(keys, np.uint64), entries, spans, data)

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
                place = self._places[tag]
                entries[place] = self._entry(tag, self.decider.decide(tag, effective))
                entries["marks"][place] |= self._base["marks"][place] & PATHED
            else:
                key = path[-2] << 32 | tag
                pairs[key] = min(pairs.get(key, (3, tag)), (effective, tag))
        for tag in {tag for _, tag in pairs.values()} | {path[0] for path in types if len(path) == 1}:
            if tag in self._places:
                entries["nested"][self._places[tag]] = 1
        nested, pair_values = self._pair_entries(pairs, len(entries))
        paths, path_tags, placed = self._path_entries(pairs, len(entries) + len(nested))
        all_entries = np.concatenate([entries, nested, placed])
        privates = self._privates
        return RuleTable(
            np.frombuffer(all_entries.tobytes(), np.uint8),
            self._index.keys,
            self._index.values,
            self._repeating,
            np.array(sorted(pairs), np.uint64),
            pair_values,
            paths,
            path_tags,
            privates.keys,
            np.arange(self._first_private, self._first_private + len(privates.keys), dtype=np.int32),
            privates.creators,
            privates.creator_bytes,
            self._dummies,
            self._dummy_bytes,
        )

    def _pair_entries(
        self, pairs: Mapping[int, tuple[int, int]], first: int
    ) -> tuple[npt.NDArray[np.void], npt.NDArray[np.int32]]:
        """Entries for (Type, tag) combinations inside sequences, each made once, and where each pair points."""
        places: dict[tuple[int, int], int] = {}
        values = [places.setdefault(pairs[key], first + len(places)) for key in sorted(pairs)]
        extra = np.zeros(len(places), ENTRY)
        for (effective, tag), place in places.items():
            extra[place - first] = self._entry(tag, self.decider.decide(tag, effective))
        return extra, np.array(values, np.int32)

    def _path_entries(
        self, pairs: Mapping[int, tuple[int, int]], first: int
    ) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32], npt.NDArray[np.void]]:
        """Local rules for certain places, the longest path first, and one entry for each."""
        paths: list[int] = []
        tags: list[int] = []
        entries = np.zeros(len(self.decider.placed), ENTRY)
        for at, rule in enumerate(self.decider.placed):
            tag, above = rule.target.match, rule.target.path
            effective = pairs.get(above[-1] << 32 | tag, (3, tag))[0]
            entries[at] = self._entry(tag, self.decider.decide(tag, effective, rule))
            paths += [tag, first + at, len(tags), len(above)]
            tags += reversed(above)
        return np.array(paths, np.uint32), np.array(tags, np.uint32), entries


def _spans(values: list[bytes]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """Offset and length of each value in one run of bytes."""
    ends = np.cumsum([len(value) for value in values], dtype=np.int32)
    pairs = [number for end, value in zip(ends.tolist(), values, strict=True) for number in (end - len(value), len(value))]
    return np.array(pairs, np.int32), np.frombuffer(b"".join(values), np.uint8)


def _vr_code(vr: str) -> int:
    return ord(vr[0]) | ord(vr[1]) << 8


def _vr_bits(vrs: tuple[str, ...]) -> int:
    """VRs as bits in the order of `VRS`."""
    bits = 0
    for vr in vrs:
        bits |= 1 << VRS.index(vr)
    return bits


@functools.cache
def _vr_facts(tag: int) -> tuple[int, int, int]:
    """Permitted VRs as bits in the order of `VRS`, the preferred VR as two bytes, the highest VM (0: unbounded)."""
    entry = dictionary.load().find(tag)
    assert entry is not None
    return _vr_bits(tuple(entry.vr.split(" or "))), _vr_code(entry.preferred_vr), dictionary.vm_bounds(entry.vm)[1]
