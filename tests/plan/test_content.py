"""Content items are decided by concept and value type; codes of private schemes by their scheme."""

import dataclasses

import numpy as np
import pytest
from plan_data import ENCODINGS, KEY, clean, encode, instance
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

from mediscan._native.decide import Decider
from mediscan.codec import elements
from mediscan.codec.part10 import Reader
from mediscan.plan.explain import explain
from mediscan.plan.plan import Plan
from mediscan.plan.planner import Planner
from mediscan.profile import policy_file, structured
from mediscan.profile.actions import Option
from mediscan.profile.policy import Dates, LocalAction, Rule, Target

SR = "1.2.840.10008.5.1.4.1.1.88.33"
CT = "1.2.840.10008.5.1.4.1.1.2"
CLEAN = (Option.CLEAN_DESCRIPTORS, Option.CLEAN_STRUCTURED_CONTENT)
NAME = "Zmyslony"  # of nobody


def planner(*options, dates=Dates.YEAR, rules=()):
    policy = dataclasses.replace(policy_file.load("basic"), options=frozenset(options), dates=dates, rules=rules)
    return Planner(Plan(policy, KEY, "test 1"))


def ds(**values):
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


def code(value, scheme, meaning="as it is"):
    return Sequence([ds(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)])


def item(value_type, concept=None, **value):
    made = ds(RelationshipType="CONTAINS", ValueType=value_type, **value)
    if concept:
        made.ConceptNameCodeSequence = code(*concept)
    return made


def tree(*items, **more):
    return instance(SOPClassUID=SR, ValueType="CONTAINER", ContentSequence=Sequence(items), **more)


def one(made, *options, **settings):
    """What becomes of one content item; None where it is gone."""
    anchor = item("CODE", ("121071", "DCM"), ConceptCodeSequence=code("10200004", "SCT", "Liver"))
    items = clean(tree(made, anchor), planner(*options, **settings)).ContentSequence
    assert items[-1] == anchor
    return items[0] if len(items) == 2 else None


COMMENT, FINDING, DEVICE = ("121106", "DCM"), ("121071", "DCM"), ("121013", "DCM")


def test_x_removes_the_item():
    assert one(item("TEXT", COMMENT, TextValue="liver mass")) is None
    assert one(item("TEXT", ("121022", "DCM"), TextValue="liver"), *CLEAN) is None
    assert one(item("PNAME", ("121088", "DCM"), PersonName=NAME)) is None


def test_c_cleans_and_what_cannot_be_cleaned_goes_as_the_basic_profile_says():
    assert one(item("TEXT", COMMENT, TextValue="liver mass"), *CLEAN).TextValue == "liver mass"
    assert one(item("TEXT", COMMENT, TextValue=f"{NAME} mass"), *CLEAN).TextValue == "mass"
    assert one(item("TEXT", COMMENT, TextValue=NAME), *CLEAN) is None
    assert one(item("TEXT", FINDING, TextValue="liver mass"), *CLEAN).TextValue == "liver mass"
    assert one(item("TEXT", FINDING, TextValue=NAME), *CLEAN).TextValue == "REMOVED"


def test_d_is_a_dummy_even_where_text_is_cleaned():
    assert one(item("TEXT", ("112347", "DCM"), TextValue="liver"), *CLEAN).TextValue == "REMOVED"
    assert one(item("PNAME", ("121008", "DCM"), PersonName=NAME), *CLEAN).PersonName == "REMOVED"


def test_k_keeps_what_its_own_tag_would_not():
    device = item("TEXT", DEVICE, TextValue=f"{NAME} 7")
    assert one(device, *CLEAN) is None
    assert one(device, *CLEAN, Option.RETAIN_DEVICE_IDENTITY).TextValue == f"{NAME} 7"
    observer = item("UIDREF", ("121012", "DCM"), UID="1.2.3.4.99")
    assert one(observer, *CLEAN).UID.startswith("2.25.")
    assert one(observer, *CLEAN, Option.RETAIN_DEVICE_IDENTITY).UID == "1.2.3.4.99"


def test_text_is_read_in_the_character_set_of_its_own_item():
    """A word of the lexicon in Cyrillic, under a set that only the item declares; then a name in it."""
    for text, left in (("печінка", "печінка"), ("Вигадана", None)):
        whole = tree(item("TEXT", COMMENT, TextValue=text, SpecificCharacterSet="ISO_IR 144"), item("CODE", FINDING))
        items = clean(whole, planner(*CLEAN)).ContentSequence
        assert [made.TextValue for made in items if "TextValue" in made] == [left] * (left is not None)


def test_cleaning_holds_over_keeping():
    both = item("TEXT", ("121122", "DCM"), TextValue=NAME)
    assert one(both, Option.RETAIN_DEVICE_IDENTITY).TextValue == NAME
    assert one(both, *CLEAN, Option.RETAIN_DEVICE_IDENTITY) is None


@pytest.mark.parametrize(
    ("dates", "date", "time"),
    [(Dates.YEAR, "20200101", None), (Dates.KEEP, "20200310", "101112"), (Dates.REMOVE, None, None)],
)
def test_dates_and_times_follow_the_policys_dates(dates, date, time):
    day = one(item("DATE", ("126201", "DCM"), Date="20200310"), dates=dates)
    clock = one(item("TIME", ("126202", "DCM"), Time="101112"), dates=dates)
    assert (day and day.Date, clock and clock.Time) == (date, time)


def test_a_shifted_date_is_kept_as_an_item():
    day = one(item("DATETIME", ("121125", "DCM"), DateTime="20200310101112"), dates=Dates.SHIFT)
    assert day.DateTime != "20200310101112"
    assert day.DateTime.endswith("101112")


def test_items_that_are_not_listed_go_by_their_value():
    private = ("Q1", "99HOSP", NAME)
    assert NAME not in str(one(item("TEXT", private, TextValue=f"{NAME} has a mass"), *CLEAN))
    assert one(item("PNAME", private, PersonName=NAME), *CLEAN).PersonName == "REMOVED"
    assert one(item("DATE", private, Date="20200310"), *CLEAN).Date == "20200101"
    assert one(item("UIDREF", private, UID="1.2.3.4.99"), *CLEAN).UID.startswith("2.25.")
    number = item(
        "NUM",
        private,
        MeasuredValueSequence=Sequence([ds(NumericValue="12.5", MeasurementUnitsCodeSequence=code("mm", "UCUM"))]),
    )
    assert one(number, *CLEAN).MeasuredValueSequence[0].NumericValue == 12.5


def age(value, unit, concept=("121033", "DCM")):
    measured = ds(NumericValue=value, FloatingPointValue=float(value), MeasurementUnitsCodeSequence=code(unit, "UCUM"))
    return item("NUM", concept, MeasuredValueSequence=Sequence([measured]))


@pytest.mark.parametrize(
    ("value", "unit", "left"),
    [("89", "a", 89), ("90", "a", 90), ("104", "a", 90), ("1100", "mo", 1080), ("1079", "mo", 1079), ("40000", "d", 32872)],
)
def test_ages_over_89_are_one_category(value, unit, left):
    measured = one(age(value, unit), Option.RETAIN_PATIENT_CHARACTERISTICS).MeasuredValueSequence[0]
    assert measured.NumericValue == left
    assert ("FloatingPointValue" in measured) is (float(value) == left and value != "90")


def test_the_age_of_the_subject_goes_under_the_basic_profile_and_a_half_life_never():
    assert one(age("40", "a")) is None
    assert one(age("40000", "d", ("304283002", "SCT"))).MeasuredValueSequence[0].NumericValue == 40000


def test_an_item_without_a_value_type_is_known_by_its_value():
    made = item("TEXT", ("109054", "DCM"), TextValue=NAME)
    del made.ValueType, made.RelationshipType
    found = clean(instance(AcquisitionContextSequence=Sequence([made])), planner(*CLEAN))
    assert len(found.get("AcquisitionContextSequence", [])) == 0


def test_a_container_goes_with_all_that_is_in_it():
    inner = item("TEXT", FINDING, TextValue="liver")
    assert one(item("CONTAINER", ("121000", "DCM"), ContentSequence=Sequence([inner]))) is None


def test_a_container_that_lost_its_items_has_no_empty_sequence():
    inner = Sequence([item("TEXT", COMMENT, TextValue=NAME), item("TEXT", COMMENT, TextValue=NAME)])
    left = one(item("CONTAINER", FINDING, ContentSequence=inner))
    assert left.ConceptNameCodeSequence[0].CodeValue == "121071"
    assert "ContentSequence" not in left


def test_a_type_2_sequence_that_lost_its_items_stays_empty():
    ecg = instance(SOPClassUID="1.2.840.10008.5.1.4.1.1.9.1.1", AcquisitionContextSequence=Sequence())
    ecg.AcquisitionContextSequence.append(item("TEXT", ("109054", "DCM"), TextValue=NAME))
    assert list(clean(ecg, planner()).AcquisitionContextSequence) == []


@pytest.mark.parametrize("syntax", ENCODINGS, ids=lambda syntax: syntax.name)
@pytest.mark.parametrize("undefined", [False, True])
def test_lengths_and_positions_are_mended_in_every_encoding(syntax, undefined):
    """Items 1 and 3 go; the reference to 4 becomes one to 2, and what referred to 3 goes too."""
    comments = [item("TEXT", COMMENT, TextValue=NAME) for _ in range(2)]
    finding, target = (item("CODE", FINDING, ConceptCodeSequence=code(c, "SCT", "Liver")) for c in ("1", "2"))
    to_target, to_comment = (ds(RelationshipType="INFERRED FROM", ReferencedContentItemIdentifier=[1, n]) for n in (4, 3))
    finding.ContentSequence = Sequence([to_comment, to_target])
    whole = tree(comments[0], finding, comments[1], target)
    whole["ContentSequence"].is_undefined_length = undefined
    for made in whole.ContentSequence:
        made.is_undefined_length_sequence_item = undefined
    found = clean(whole, planner(), syntax).ContentSequence
    assert [made.ConceptCodeSequence[0].CodeValue for made in found] == ["1", "2"]
    assert [r.ReferencedContentItemIdentifier for r in found[0].ContentSequence] == [[1, 2]]


def test_regression_a_reference_by_position_at_the_top_level():
    whole = tree(item("TEXT", COMMENT, TextValue=NAME), item("CODE", FINDING), ReferencedContentItemIdentifier=[1, 9])
    assert len(clean(whole, planner()).ContentSequence) == 1


# --- codes ------------------------------------------------------------------------------------------------------------


def coded(*parts, options=CLEAN):
    return clean(instance(ProcedureCodeSequence=code(*parts)), planner(*options)).ProcedureCodeSequence[0]


def test_codes_of_registered_schemes_stay():
    assert coded("77477000", "SCT", "Computed tomography").CodeMeaning == "Computed tomography"
    assert coded("P5-00010", "SRT", "Badanie TK").CodeMeaning == "Badanie TK"


@pytest.mark.parametrize("scheme", ["99HOSP", "L", "HOSPITAL"])
def test_the_meaning_of_a_private_code_is_text(scheme):
    kept = coded("CTCHEST", scheme, "CT chest")
    assert (kept.CodeMeaning, kept.CodeValue, kept.CodingSchemeDesignator) == ("CT chest", "CTCHEST", scheme)
    assert coded("CTCHEST", scheme, NAME).CodeMeaning == "REMOVED"
    assert coded("CTCHEST", scheme, "CT chest", options=()).CodeMeaning == "REMOVED"


def test_a_private_code_that_could_be_an_identifier_is_coded():
    first, again = (coded("MRN-123456", "99HOSP").CodeValue for _ in range(2))
    assert first == again
    assert "123456" not in first
    assert coded("12345", "99HOSP").CodeValue == "12345"


def test_a_code_without_a_scheme_is_private():
    sequence = code("X", "DCM", NAME)
    del sequence[0].CodingSchemeDesignator
    assert clean(instance(ProcedureCodeSequence=sequence), planner(*CLEAN)).ProcedureCodeSequence[0].CodeMeaning == "REMOVED"


# --- local rules, ledger, explanation, kernel -------------------------------------------------------------------------


def test_a_local_rule_holds_over_the_table():
    mine = Rule("TextValue", Target(0xFFFFFFFF, 0x0040A160), LocalAction.KEEP, None, "agreed")
    elsewhere = dataclasses.replace(mine, target=Target(0xFFFFFFFF, 0x0040A160, path=(0x00400555,)))
    by_vr = dataclasses.replace(mine, target=Target(0, 0, vr="LO"))
    comment = item("TEXT", COMMENT, TextValue="liver")
    assert one(comment, rules=(mine,)) is not None
    assert one(comment, rules=(elsewhere,)) is None
    assert one(comment, rules=(by_vr,)) is None


def test_an_item_that_goes_is_one_line_of_the_explanation():
    chosen, reader = planner(*CLEAN), Reader()
    whole = tree(item("TEXT", COMMENT, TextValue=NAME), item("TEXT", FINDING, TextValue="liver"))
    chosen.decide(reader.table, reader.read_bytes(encode(whole)))
    found = {line.path: line for line in explain(reader.table, chosen, SR)}
    gone = found["(0040,A730)[0]"]
    assert (gone.action, gone.rule) == ("X", "E.3.4-1 (121106,DCM) TEXT")
    assert not any(path.startswith("(0040,A730)[0].") for path in found)
    assert "(0040,A730)[1].(0040,A160)" in found


def test_an_instance_without_items_and_private_codes_is_left_alone():
    reader, chosen = Reader(), planner(*CLEAN)
    chosen.decide(reader.table, reader.read_bytes(encode(instance(ProcedureCodeSequence=code("77477000", "SCT")))))
    before = elements.edits(reader.table)

    class Forbidden(Decider):
        def replace(self, *_):
            raise AssertionError

    chosen._native = Forbidden(structured.registered_schemes())
    chosen.decide(reader.table, reader.read_bytes(encode(instance(ProcedureCodeSequence=code("77477000", "SCT")))))
    assert np.array_equal(before["op"], elements.edits(reader.table)["op"])


def table_of(made):
    reader = Reader()
    planner().decide(reader.table, reader.read_bytes(encode(made, ExplicitVRLittleEndian)))
    return reader.table


def test_find_gives_rows_that_are_still_there():
    table, native = table_of(instance(PatientComments="x", OtherPatientIDs="y")), Decider()
    rows = elements.rows(table)
    tags = (0x00080060, 0x00104000, 0x00100020)
    found = native.find(table.capsule, tags)
    assert found == [(tag, int(np.flatnonzero(rows["tag"] == tag)[0]), -1) for tag in (0x00080060, 0x00100020)]
    with pytest.raises(ValueError, match="at most 8 tags"):
        native.find(table.capsule, tuple(range(9)))


def test_replace_takes_a_value_the_same_value_or_none():
    table, native = table_of(instance()), Decider()
    row = int(np.flatnonzero(elements.rows(table)["tag"] == 0x00080060)[0])

    def edit():
        made = elements.edits(table)[row]
        return int(made["op"]), chr(made["action"]), int(made["rule"])

    native.replace(table.capsule, row, ord("D"), 3, b"MR")
    assert edit() == (2, "D", 3)
    native.replace(table.capsule, row, ord("C"), 4, b"CT")
    assert edit()[:2] == (0, "\0")
    native.replace(table.capsule, row, ord("X"), 5, None)
    assert edit() == (1, "X", 5)
    for outside in (-1, table.meta - 1, table.count):
        with pytest.raises(IndexError):
            native.replace(table.capsule, outside, ord("X"), 5, None)
