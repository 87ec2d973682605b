"""Plain-Python twin of _native.decide: the same arrays, one row at a time, no pointers."""

import re

import numpy as np

from mediscan._native.decide import CODED, PATHED, TEXT_HANDLER, VRS, WATCHED, Act, Builtin, RuleTable
from mediscan.codec.elements import FRAGMENTS, ITEM, SEQUENCE
from mediscan.plan.rules import ENTRY

KEEP, REMOVE, REPLACE, RESIZE = range(4)
UNKNOWN_VR = len(VRS)

# Bytes of one value, PS3.5 Table 6.2-1; a VR that is not here is text.
WIDTH = {"AT": 4, "FD": 8, "FL": 4, "OB": 1, "OD": 8, "OF": 4, "OL": 4, "OV": 8, "OW": 2, "SL": 4, "SS": 2, "SV": 8,
         "UL": 4, "UN": 1, "US": 2, "UV": 8}  # fmt: skip
# What one value of a VR with a repertoire looks like: its length is bounded, with room for what writers overrun harmlessly.
SHAPE = {
    "AE": rb"[\x20-\x5b\x5d-\x7e]{0,16}",
    "AS": rb"[0-9DWMY]{0,4}",
    "CS": rb"[A-Za-z0-9 _./+-]{0,64}",
    "DA": rb"[0-9.-]{0,18}",
    "DS": rb"[0-9eE .+-]{0,64}",
    "DT": rb"[0-9 .+-]{0,54}",
    "IS": rb"[0-9 .+-]{0,64}",
    "TM": rb"[0-9 .:-]{0,28}",
    "UI": rb"[0-9.]{0,64}",
}
SINGLE = ("LT", "ST", "UR", "UT")
BULK = ("OB", "OD", "OF", "OL", "OV", "OW")
DATE = re.compile(rb"([0-9]{4})(?:(0[1-9]|1[0-2])(?:(0[1-9]|[12][0-9]|3[01])(?:[0-9]{2})*)?)?(?:[.+-][0-9.+-]*)?")
OLD_DATE = re.compile(rb"([0-9]{4})[.](0[1-9]|1[0-2])[.](0[1-9]|[12][0-9]|3[01])")


class RecordedTable(RuleTable):
    """A RuleTable that remembers its arrays, so that the twin reads the very same ones."""

    def __init__(self, *arrays):
        super().__init__(*arrays)
        self.arrays = arrays


class Twin:
    """Decides one table after another by the arrays of a `RecordedTable`."""

    def __init__(self, recorded, watch=(), schemes=()):
        self.watch, self.schemes = watch, {scheme.lower() for scheme in schemes}
        (entries, keys, values, repeating, pair_keys, pair_values, paths, path_tags, private_keys, private_values, creators,
         creator_bytes, dummies, dummy_bytes) = recorded.arrays  # fmt: skip
        self.entries = np.frombuffer(np.ascontiguousarray(entries).tobytes(), ENTRY)
        self.index = {k: v for k, v in zip(keys.tolist(), values.tolist(), strict=True) if k}
        self.repeating = repeating.reshape(-1, 3).tolist()
        self.pairs = dict(zip(pair_keys.tolist(), pair_values.tolist(), strict=True))
        self.paths = [
            (tag, place, tuple(path_tags[at : at + n].tolist())) for tag, place, at, n in paths.reshape(-1, 4).tolist()
        ]
        self.privates = dict(zip(private_keys.tolist(), private_values.tolist(), strict=True))
        self.creators = spans(creators, creator_bytes)
        self.dummies = spans(dummies, dummy_bytes)

    def decide(self, rows, meta, value_of, handlers):
        """{row: (op, action letter or '', rule, new value or size)}; `value_of(row)` gives bytes, or None if not in memory."""
        self.rows, self.value_of, self.handlers = rows, value_of, handlers
        edits = {i: (REMOVE, "X" if rows[i]["tag"] > 0x00020013 else "", Builtin.RULE_META, None) for i in range(meta)}
        i = meta
        while i < len(rows):
            row = rows[i]
            if row["flags"] & ITEM:
                i += 1
                continue
            edits[i] = self.row(i)
            i = i + 1 if edits[i][0] == KEEP and row["flags"] & SEQUENCE else int(row["after"])
        for i in list(edits):
            creator = int(rows[i]["creator"])
            if creator >= 0 and is_private_data(int(rows[i]["tag"])) and edits[i][0] != REMOVE:
                edits[creator] = (KEEP, "", Builtin.RULE_PRIVATE, None)
        return edits

    def row(self, i):
        tag = int(self.rows[i]["tag"])
        if tag & 0xFFFF == 0:
            return (REMOVE, "X", Builtin.RULE_GROUP_LENGTH, None)
        if (tag >> 16) % 2:
            place = self.find_private(i)
            return (REMOVE, "X", Builtin.RULE_PRIVATE, None) if place is None else self.apply(i, self.entries[place])
        place = self.find_entry(i)
        if place is None or (tag >> 16 == 0x7FE0 and self.rows[i]["depth"] > 0):
            return (REMOVE, "X", Builtin.RULE_UNKNOWN, None)
        return self.apply(i, self.entries[place])

    def find_entry(self, i):
        tag = int(self.rows[i]["tag"])
        if tag not in self.index:
            return next((place for mask, match, place in self.repeating if tag & mask == match), None)
        place = self.index[tag]
        above = self.sequences(i)
        if not above:
            return place
        for one, entry, path in self.paths:
            if self.entries[place]["marks"] & PATHED and one == tag and above[: len(path)] == path:
                return entry
        return self.pairs.get(above[0] << 32 | tag, place + 1) if self.entries[place]["nested"] else place

    def sequences(self, i):
        """Tags of the sequences around a row, the innermost first."""
        found = []
        while (item := int(self.rows[i]["parent"])) >= 0:
            i = int(self.rows[item]["parent"])
            found.append(int(self.rows[i]["tag"]))
        return tuple(found)

    def find_private(self, i):
        tag, creator = int(self.rows[i]["tag"]), int(self.rows[i]["creator"])
        if creator < 0 or not is_private_data(tag):
            return None
        name = (self.value_of(creator) or b"").rstrip(b"\0 ").lstrip(b" ")
        if name not in self.creators:
            return None
        return self.privates.get(self.creators.index(name) << 24 | tag >> 16 << 8 | tag & 0xFF)

    def vr(self, i, entry):
        """VR to judge by: that of the dictionary where the file says UN."""
        name = letters(self.rows[i]["vr"])
        return letters(entry["vr"]) if name == "UN" else name

    def apply(self, i, entry):
        row, act, rule = self.rows[i], entry["act"], int(entry["rule"])
        if act in (Act.ACT_REMOVE, Act.ACT_EMPTY, Act.ACT_DUMMY):
            return self.deny(i, entry, act, rule)
        name = letters(row["vr"])
        if name != "UN" and not (name in VRS and int(entry["vrs"]) >> VRS.index(name) & 1):
            return self.deny(i, entry, entry["fallback"], Builtin.RULE_VR)
        if row["flags"] & SEQUENCE:
            return (KEEP, "", 0, None)
        if act == Act.ACT_KEEP and name in VRS[:32] and int(entry["asked"]) >> VRS.index(name) & 1:
            act = Act.ACT_ASK
        if act == Act.ACT_KEEP:
            kept = self.keep(i, entry)
            if entry["marks"] & WATCHED and self.can_name(i, entry, kept) and (self.value_of(i) or b"") in self.watch:
                return self.deny(i, entry, entry["fallback"], Builtin.RULE_OWN)
            if self.is_unknown_code(i, entry, kept):
                if entry["handler"] == TEXT_HANDLER:
                    return self.deny(i, entry, entry["fallback"], Builtin.RULE_CODE)
                return self.ask(i, entry, int(entry["handler"]), Builtin.RULE_CODE)
            return self.ask(i, entry, TEXT_HANDLER, Builtin.RULE_CHARSET) if self.is_foreign(i, entry, kept) else kept
        return self.year(i, entry) if act == Act.ACT_YEAR else self.ask(i, entry)

    def deny(self, i, entry, act, rule):
        if act == Act.ACT_REMOVE:
            return (REMOVE, "X", rule, None)
        if act == Act.ACT_EMPTY:
            return (REPLACE, "Z", rule, b"")
        if self.rows[i]["flags"] & SEQUENCE:
            return (KEEP, "", rule, None)
        name = self.vr(i, entry)
        if entry["dummy"] >= 0 and name == letters(entry["vr"]):
            return (REPLACE, "D", rule, self.dummies[entry["dummy"]])
        return (REPLACE, "D", rule, self.dummies[VRS.index(name) if name in VRS else UNKNOWN_VR])

    def keep(self, i, entry):
        row, name = self.rows[i], self.vr(i, entry)
        length, vm_max = int(row["length"]), int(entry["vm_max"])
        if length == 0 or row["flags"] & FRAGMENTS:
            return (KEEP, "", 0, None)
        bad = self.deny(i, entry, entry["fallback"], Builtin.RULE_VR)
        if name == "SQ" or name not in VRS:
            return bad
        if name in WIDTH:
            whole = length % WIDTH[name] == 0 or name == "OW"
            few = not vm_max or name in BULK or length // WIDTH[name] <= vm_max
            return (KEEP, "", 0, None) if whole and few else bad
        value = self.value_of(i)
        if value is None:
            return self.deny(i, entry, entry["fallback"], Builtin.RULE_UNSEEN)
        seen = before_nul(value)
        if not text_holds(seen, name, vm_max):
            return bad
        return (KEEP, "", 0, None) if len(seen) == len(value) else (RESIZE, "C", Builtin.RULE_NUL, len(seen))

    def year(self, i, entry):
        value = self.value_of(i)
        if self.rows[i]["length"] == 0:
            return (KEEP, "", 0, None)
        new = None if value is None else year_only(value)
        if new is None:
            return self.deny(i, entry, entry["fallback"], int(entry["rule"]))
        return (KEEP, "", 0, None) if new == value else (REPLACE, "C", int(entry["rule"]), new)

    def is_bare_code(self, i, entry, kept):
        """Whether a row is part of a code in no registered scheme."""
        item = int(self.rows[i]["parent"])
        if not entry["marks"] & CODED or not self.can_name(i, entry, kept) or not self.value_of(i):
            return False
        if item < 0:
            return True
        schemes = [j for j, row in enumerate(self.rows) if row["parent"] == item and row["tag"] == 0x00080102]
        found = (self.value_of(schemes[0]) or b"").rstrip(b"\0 ").lower() if schemes else b""
        return found not in self.schemes

    def is_unknown_code(self, i, entry, kept):
        """Whether such a row is a meaning, or a value that could be an identifier."""
        digits = len(re.findall(rb"[0-9]", self.value_of(i) or b""))
        return self.is_bare_code(i, entry, kept) and (self.rows[i]["tag"] == 0x00080104 or digits >= 6)

    def can_name(self, i, entry, kept):
        """Whether a row stays whose VR holds words."""
        name = self.vr(i, entry)
        words = name in VRS and name not in (*WIDTH, *SHAPE, "SQ")
        return kept[0] in (KEEP, RESIZE) and (words or name in ("AE", "CS"))

    def is_foreign(self, i, entry, kept):
        """Whether text that stays has to be looked at in its character set."""
        return self.can_name(i, entry, kept) and any(byte >= 0x80 or byte == 0x1B for byte in self.value_of(i) or b"")

    def ask(self, i, entry, handler=None, rule=None):
        handler = int(entry["handler"]) if handler is None else handler
        rule = int(entry["rule"]) if rule is None else int(rule)
        letter = "C" if rule in (Builtin.RULE_CHARSET, Builtin.RULE_CODE) else chr(entry["letter"])
        value = self.value_of(i)
        if value is None:
            return self.deny(i, entry, entry["fallback"], Builtin.RULE_UNSEEN)
        new = self.handlers[handler](value)
        if new is None:
            return self.deny(i, entry, entry["fallback"], rule)
        if value.startswith(new) and not value[len(new) :].strip(b"\0 "):
            return (KEEP, "", 0, None)
        return (REPLACE, letter, rule, new)


def spans(pairs, data):
    """The values that (offset, length) pairs name."""
    whole = data.tobytes()
    return [whole[at : at + size] for at, size in pairs.reshape(-1, 2).tolist()]


def is_private_data(tag):
    return (tag >> 16) % 2 == 1 and tag & 0xFFFF >= 0x1000


def letters(vr):
    return chr(int(vr) & 0xFF) + chr(int(vr) >> 8)


def before_nul(value):
    """What stands before the first NUL, if anything but padding follows it; else all."""
    head, nul, tail = value.partition(b"\0")
    return head if nul and tail.strip(b"\0 ") else value


def text_holds(value, name, vm_max):
    text = value.rstrip(b"\0 ")
    if name in SINGLE:
        return True
    values = text.split(b"\\")
    if name in SHAPE:
        return all(re.fullmatch(SHAPE[name], v) for v in values) and (vm_max == 0 or len(values) <= vm_max)
    multi_byte = b"\x1b" in text or any(byte >= 0x80 for byte in text)
    return vm_max == 0 or len(values) <= vm_max or multi_byte


def year_only(value):
    """Each date as YYYY0101; None if one is no date, or for more of them than the kernel has room for."""
    out, used = [], 0
    for part in value.split(b"\\"):
        date = part.rstrip(b"\0 ")
        if used + 9 > 1024 or (date and not is_date(date)):
            return None
        out.append(date[:4] + b"0101" if date else b"")
        used += len(out[-1]) + 1
    return b"\\".join(out)


def is_date(value):
    old = len(value) == 10 and value[4:5] == value[7:8] == b"."
    return len(value) <= 26 and bool((OLD_DATE if old else DATE).fullmatch(value)) and int(value[:4]) >= 1850
