"""Compiled rules against Table E.1-1, read and resolved here once more."""

import itertools

import numpy as np
import pytest
from plan_data import CT, ENCODINGS, clean, instance, planner
from pydicom.dataset import Dataset

from mediscan._native.decide import VRS, Act, Builtin
from mediscan.plan import rules
from mediscan.plan.decisions import Decider, Handler
from mediscan.plan.rules import ENTRY, RuleBook
from mediscan.profile import dummies, policy_file, sop_classes, table
from mediscan.profile.actions import Option
from mediscan.pseudonym.dummies import DUMMIES
from mediscan.standard import dictionary, iod

KEEP, REMOVE, EMPTY, DUMMY = Act.ACT_KEEP, Act.ACT_REMOVE, Act.ACT_EMPTY, Act.ACT_DUMMY
YEAR, ASK = Act.ACT_YEAR, Act.ACT_ASK
KNOWN = dictionary.load()
ROWS = [row for row in table.load().rows if row.mask == 0xFFFFFFFF and KNOWN.find(row.match) is not None]
POLICIES = ["basic", "safe-harbor"]
DECIDERS = {name: Decider(policy_file.load(name)) for name in POLICIES}

RULED = {rule.target.match for rule in policy_file.load("safe-harbor").rules}

# PS3.15 Table E.1-1a, last column: which of the codes holds for Type 1, 2 and 3.
BY_TYPE = {
    "X": (DUMMY, EMPTY, REMOVE),
    "Z": (DUMMY, EMPTY, EMPTY),
    "D": (DUMMY, DUMMY, DUMMY),
    "Z/D": (DUMMY, EMPTY, EMPTY),
    "X/Z": (DUMMY, EMPTY, REMOVE),
    "X/D": (DUMMY, DUMMY, REMOVE),
    "X/Z/D": (DUMMY, EMPTY, REMOVE),
}
GONE = BY_TYPE["X"]


def expected(row, name, type_):
    """(act, handler or None) of a listed attribute."""
    entry = KNOWN.find(row.match)
    vr, keyword, safe_harbor = entry.preferred_vr, entry.keyword, name == "safe-harbor"
    if row.match >> 16 < 8:
        return REMOVE, None  # no attribute of a data set
    fixed = {"PatientID": Handler.PATIENT_ID, "PatientName": Handler.PATIENT_NAME}
    if safe_harbor:
        fixed |= {"PatientBirthDate": Handler.BIRTH_DATE, "PatientAddress": Handler.ZIP3}
        fixed |= {"AccessionNumber": Handler.CODE, "StudyID": Handler.CODE}
    if keyword in fixed:
        return ASK, fixed[keyword]
    if safe_harbor:
        if vr in ("DA", "DT") and Option.RETAIN_LONGITUDINAL_MODIFIED_DATES in row.options:
            return YEAR, None
        chosen = [row.options.get(option) for option in policy_file.load(name).options]
        if "C" in chosen:
            if vr == "SQ":
                return KEEP, None
            if vr in ("LO", "SH", "LT", "ST", "UT", "UC"):
                return ASK, Handler.DESCRIPTOR
            return GONE[type_ - 1], None
        if "K" in chosen:
            return (ASK, Handler.AGE) if vr == "AS" else (ASK, Handler.UID) if vr == "UI" else (KEEP, None)
    if row.basic in ("U", "X/Z/U*") or (vr == "UI" and BY_TYPE[row.basic][type_ - 1] == DUMMY):
        return (KEEP, None) if vr == "SQ" else (ASK, Handler.UID)
    act = BY_TYPE[row.basic][type_ - 1]
    if act == DUMMY and vr in ("LO", "SH") and keyword.endswith(("ID", "IDs", "Identifier", "Number")):
        return ASK, Handler.CODE
    return act, None


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("type_", [1, 2, 3])
def test_every_row_of_the_table(name, type_):
    for row in ROWS:
        found = DECIDERS[name].decide(row.match, type_)
        if name == "safe-harbor" and row.match in RULED:
            continue
        act, handler = expected(row, name, type_)
        assert found.act == act, (row.rule, found)
        assert handler is None or found.handler == handler, (row.rule, found)
        assert found.rule.startswith(row.rule) or found.rule.startswith("PS3."), found


@pytest.mark.parametrize("name", POLICIES)
def test_every_row_of_the_table_is_an_attribute_or_a_whole_group(name):
    left = {row.pattern for row in table.load().rows} - {row.pattern for row in ROWS}
    groups = {pattern for pattern in left if pattern[:2] in ("50", "60")}
    book = RuleBook(policy_file.load(name))
    for pattern in left - groups - {"private"}:
        assert int(pattern, 16) not in book._places  # not in PS3.6: unknown, so denied


@pytest.mark.parametrize("name", [*POLICIES, "year", "shift", "keep", "remove"])
def test_no_decision_breaks_the_type(name):
    decider = DECIDERS.get(name) or Decider(policy_file.load("safe-harbor").with_dates(name))
    for tag in RuleBook(decider.policy)._tags:
        if tag >> 16 < 8 or tag in (0x00120062, 0x00120063, 0x00120064, 0x00280303):
            continue  # gone, or written anew
        for type_, never in ((1, {REMOVE, EMPTY}), (2, {REMOVE})):
            found = decider.decide(tag, type_)
            assert found.act not in never, hex(tag)
            if tag not in (0x00100010, 0x00100020):  # Type 2 everywhere, and their handlers always answer
                assert found.fallback not in never, hex(tag)
        for type_ in (1, 2, 3):
            assert decider.decide(tag, type_).fallback in (REMOVE, EMPTY, DUMMY)


def unlisted(vr, retired=False):
    listed = table.load()
    return [
        tag
        for tag in KNOWN.tags.tolist()
        if tag & 0xFFFF and 8 <= tag >> 16 < 0xFFFE and listed.find(tag) is None and tag not in table.unlisted()
        and KNOWN.find(tag).preferred_vr == vr and KNOWN.find(tag).retired == retired
        and tag not in (0x00120063, 0x00120064, 0x00120062, 0x00280303)
    ]  # fmt: skip


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize(
    ("vr", "acts"),
    [
        ("PN", GONE), ("AE", GONE), ("UR", GONE), ("TM", GONE),
        ("UI", (ASK, ASK, ASK)), ("AS", (ASK, ASK, ASK)), ("CS", (KEEP,) * 3), ("DS", (KEEP,) * 3), ("SQ", (KEEP,) * 3),
    ],
)  # fmt: skip
def test_unlisted_attributes(name, vr, acts):
    for tag, type_ in itertools.product(unlisted(vr) + unlisted(vr, True), (1, 2, 3)):
        found = DECIDERS[name].decide(tag, type_)
        assert found.act == acts[type_ - 1], hex(tag)
        assert found.handler == {"UI": Handler.UID, "AS": Handler.AGE}.get(vr, found.handler)


@pytest.mark.parametrize("vr", ["DA", "DT"])
def test_unlisted_dates(vr):
    for tag, type_ in itertools.product(unlisted(vr), (1, 2, 3)):
        assert DECIDERS["basic"].decide(tag, type_).act == GONE[type_ - 1]
        assert DECIDERS["safe-harbor"].decide(tag, type_).act == YEAR


@pytest.mark.parametrize("vr", ["LT", "ST", "UT", "UC"])
def test_unlisted_free_text_is_cleaned(vr):
    for tag, type_ in itertools.product(unlisted(vr), (1, 2, 3)):
        assert DECIDERS["basic"].decide(tag, type_).act == GONE[type_ - 1]
        found = DECIDERS["safe-harbor"].decide(tag, type_)
        assert (found.act, found.handler, found.fallback) == (ASK, Handler.DESCRIPTOR, GONE[type_ - 1])


@pytest.mark.parametrize("vr", ["LO", "SH"])
def test_unlisted_short_text(vr):
    for tag in unlisted(vr):
        assert DECIDERS["basic"].decide(tag, 3).act == KEEP
    for tag in unlisted(vr, retired=True):
        assert DECIDERS["basic"].decide(tag, 3).act == REMOVE


def test_what_is_an_identifier_without_a_row_goes():
    for tag, row in table.unlisted().items():
        assert table.load().find(tag) is None
        assert DECIDERS["basic"].decide(tag, 3).act == REMOVE
        found = DECIDERS["safe-harbor"].decide(tag, 3)
        cleaned = Option.CLEAN_DESCRIPTORS in row.options
        assert (found.act, found.rule.split()[0]) == (ASK if cleaned else REMOVE, "unlisted")


def test_whole_policies_agree_on_categories():
    for row in ROWS:
        if row.match >> 16 < 8 or row.match == 0x00101040:  # a ZIP code is category B
            continue
        assert DECIDERS["safe-harbor"].decide(row.match, 3).category == row.category, row.rule


# --- compiled arrays --------------------------------------------------------------------------------------------------


class Arrays:
    """Stands in for RuleTable: the arrays as they were made."""

    def __init__(self, entries, keys, values, repeating, pair_keys, pair_values, *others):
        dummies, dummy_bytes = others[-2:]
        self.entries = np.frombuffer(entries.tobytes(), ENTRY)
        self.places = {key: value for key, value in zip(keys.tolist(), values.tolist(), strict=True) if key}
        self.pairs = dict(zip(pair_keys.tolist(), pair_values.tolist(), strict=True))
        self.pair_keys = pair_keys
        self.repeating = repeating.reshape(-1, 3).tolist()
        self.dummies = [dummy_bytes.tobytes()[at : at + size] for at, size in dummies.reshape(-1, 2).tolist()]


CLASSES = [
    CT,
    "1.2.840.10008.5.1.4.1.1.2.1",  # Enhanced CT: functional groups
    "1.2.840.10008.5.1.4.1.1.6.1",  # Ultrasound
    "1.2.840.10008.5.1.4.1.1.88.33",  # Comprehensive SR: items in items
    "1.2.840.10008.5.1.4.1.1.481.3",  # RT Structure Set
    "1.2.840.10008.5.1.4.1.1.66.4",  # Segmentation
    "1.2.840.10008.5.1.4.1.1.9.1.1",  # 12-lead ECG
    "1.2.840.10008.5.1.4.1.1.11.1",  # Grayscale Softcopy Presentation State
]


def is_entry(book, entry, tag, decision):
    facts = KNOWN.find(tag)
    assert entry["act"] == decision.act, hex(tag)
    assert entry["fallback"] == decision.fallback
    assert entry["handler"] == decision.handler
    assert chr(entry["letter"]) == decision.letter
    assert book.names.rules[entry["rule"]] == decision.rule
    assert book.names.categories[entry["rule"]] == decision.category
    assert entry["vm_max"] == dictionary.vm_bounds(facts.vm)[1]
    assert chr(entry["vr"] & 0xFF) + chr(entry["vr"] >> 8) == facts.preferred_vr
    assert {vr for bit, vr in enumerate(VRS) if int(entry["vrs"]) >> bit & 1} == set(facts.vr.split(" or "))
    return True


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("sop_class", CLASSES)
def test_compiled_entries(monkeypatch, name, sop_class):
    monkeypatch.setattr(rules, "RuleTable", Arrays)
    book = RuleBook(policy_file.load(name))
    compiled, types = book.compiled(sop_class), iod.load().types(sop_class)
    strictest = {}
    for path, type_ in types.items():
        if len(path) > 1:
            key = (path[-2], path[-1])
            strictest[key] = min(int(type_[0]), strictest.get(key, 3))
    nested_tags = {tag for _, tag in strictest}
    for tag, place in compiled.places.items():
        type_ = int(types.get((tag,), "3")[0])
        assert is_entry(book, compiled.entries[place], tag, book.decider.decide(tag, type_))
        assert is_entry(book, compiled.entries[place + 1], tag, book.decider.decide(tag, 3))
        # Where the top level's decision may not be that of an unnamed sequence, the kernel has to look.
        assert compiled.entries[place]["nested"] == ((tag,) in types or tag in nested_tags)
    for (sequence, tag), type_ in strictest.items():
        if tag in compiled.places:
            place = compiled.pairs[sequence << 32 | tag]
            assert is_entry(book, compiled.entries[place], tag, book.decider.decide(tag, type_))
    assert (np.diff(compiled.pair_keys.astype(object)) > 0).all()


def test_every_tag_of_ps3_6_is_compiled(monkeypatch):
    monkeypatch.setattr(rules, "RuleTable", Arrays)
    compiled = RuleBook(policy_file.load("basic")).compiled(CT)
    expected_tags = {tag for tag in KNOWN.tags.tolist() if tag & 0xFFFF and tag >> 16 != 0xFFFE}
    assert set(compiled.places) == expected_tags
    assert compiled.dummies == [*(DUMMIES[vr] for vr in VRS), b"", *dummies.load().values()]
    assert [(mask, match) for mask, match, _ in compiled.repeating] == [(0xFF010000, 0x50000000), (0xFF010000, 0x60000000)]
    assert all(compiled.entries[place]["act"] == REMOVE for *_, place in compiled.repeating)


def test_rule_numbers_do_not_depend_on_what_was_compiled_first():
    one, other = (RuleBook(policy_file.load("safe-harbor")) for _ in range(2))
    for sop_class in CLASSES:
        one.compiled(sop_class)
    for sop_class in reversed(CLASSES):
        other.compiled(sop_class)
    assert one.names.rules == other.names.rules
    assert one.names.categories == other.names.categories
    assert len(one.names.rules) == len(one.names.categories)
    assert one.names.rules[: len(Builtin) - 1] == [rules.BUILTIN_RULES[rule] for rule in list(Builtin)[:-1]]


def test_every_sop_class_that_may_be_written_compiles():
    book = RuleBook(policy_file.load("safe-harbor"))
    before = len(book.names.rules)
    for sop_class in sop_classes.load():
        if sop_classes.fate(sop_class, sop_classes.may_be_allowed()) is sop_classes.Fate.REFUSE:
            continue
        book.compiled(sop_class)
    assert len(book.names.rules) == before


# --- through the kernel -----------------------------------------------------------------------------------------------


def tags_of(ds):
    return {f"{int(element.tag):08x}" for element in ds}


@pytest.mark.parametrize("syntax", ENCODINGS, ids=lambda syntax: syntax.name)
@pytest.mark.parametrize("name", POLICIES)
def test_what_is_not_known_goes(name, syntax):
    ds = instance()
    ds.add_new(0x00081FFF, "LO", "Doe")  # not in PS3.6
    ds.add_new(0x00090010, "LO", "ACME")  # private
    ds.add_new(0x00091001, "LO", "Doe")
    ds.add_new(0x50000022, "LO", "Doe")  # a curve
    ds.add_new(0x501E3000, "OW", bytes(4))
    ds.add_new(0x60000022, "LO", "Doe")  # an overlay
    ds.add_new(0x60020010, "US", 4)
    ds.add_new(0x60023000, "OW", bytes(4))
    ds.add_new(0x600200FF, "LO", "Doe")  # an overlay's group, not in PS3.6
    ds.add_new(0x60010010, "LO", "Doe")  # odd
    found = clean(ds, planner(name), syntax)
    assert not [tag for tag in tags_of(found) if tag[:2] in ("50", "60") or tag in ("00081fff", "00090010", "00091001")]
    assert "Doe" not in str(found)


def test_command_and_file_elements_have_no_place_in_a_data_set():
    ds, inner = instance(), Dataset()
    inner.add_new(0x00020102, "OB", b"Doe^Jane")  # Private Information
    inner.add_new(0x00041511, "UI", "1.2.3")
    inner.add_new(0x00000902, "LO", "Doe")
    inner.CodeValue = "T-1"
    ds.ProcedureCodeSequence = [inner]
    found = clean(ds, planner())
    assert tags_of(found.ProcedureCodeSequence[0]) == {"00080100"}


@pytest.mark.parametrize("syntax", ENCODINGS, ids=lambda syntax: syntax.name)
def test_one_attribute_at_three_types(syntax):
    ds, view, scheme = instance(), Dataset(), Dataset()
    for place in (ds, view, scheme):
        place.URNCodeValue = "urn:doe"
        place.CodingSchemeExternalID = "Doe"
        place.StudyDate = "20200310"
    ds.ViewCodeSequence, ds.CodingSchemeIdentificationSequence = [view], [scheme]
    found = clean(ds, planner("basic"), syntax)
    view, scheme = found.ViewCodeSequence[0], found.CodingSchemeIdentificationSequence[0]
    assert "URNCodeValue" not in found  # Type 3
    assert view.URNCodeValue == DUMMIES["UR"].decode()  # Type 1C
    assert "URNCodeValue" not in scheme
    assert "CodingSchemeExternalID" not in found
    assert "CodingSchemeExternalID" not in view
    assert scheme.CodingSchemeExternalID == ""  # Type 2C
    assert found.StudyDate == ""  # Type 2 at the top level, whatever it is inside


@pytest.mark.parametrize("name", POLICIES)
def test_references_hold_inside_sequences(name):
    ds, inner, deeper = instance(), instance(), Dataset()
    deeper.ReferencedSOPInstanceUID = ds.SOPInstanceUID
    deeper.ReferencedSOPClassUID = ds.SOPClassUID
    inner.SourceImageSequence = [deeper]
    ds.ReferencedImageSequence = [inner]
    found = clean(ds, planner(name))
    inside = found.ReferencedImageSequence[0]
    assert (inside.PatientID, inside.PatientName) == (found.PatientID, found.PatientName)
    assert inside.SOPInstanceUID == found.SOPInstanceUID != ds.SOPInstanceUID
    assert inside.SourceImageSequence[0].ReferencedSOPInstanceUID == found.SOPInstanceUID
    assert inside.SourceImageSequence[0].ReferencedSOPClassUID == CT
