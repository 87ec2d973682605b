"""Local rules, options and sources of a policy, through the kernel."""

import dataclasses
import re

import pytest
from plan_data import CT, ENCODINGS, KEY, clean, instance, planner
from pydicom.dataset import Dataset

from mediscan.codec import csa
from mediscan.codec.csa import CsaTag, SafeTag
from mediscan.errors import PolicyError
from mediscan.plan.decisions import Decider
from mediscan.plan.plan import compile_policy
from mediscan.plan.planner import Planner
from mediscan.plan.rules import RuleBook
from mediscan.profile import policy_file
from mediscan.profile.actions import Option
from mediscan.profile.policy import Dates, LocalAction, Rule, Source, Target
from mediscan.standard import dictionary

BASIC = policy_file.load("basic")
EXACT = 0xFFFFFFFF
PRIVATE = 0xFFFF00FF


def rule(tag, action, value=None, *, mask=EXACT, **where):
    return Rule(f"{tag:08x}", Target(mask, tag, **where), LocalAction(action), value, "a test")


def planner_with(*rules, base=BASIC, **changes):
    return Planner(compile_policy(dataclasses.replace(base, rules=rules, **changes), key=KEY))


@pytest.mark.parametrize("syntax", ENCODINGS, ids=lambda syntax: syntax.name)
def test_each_action(syntax):
    ds = instance(StudyDescription="Head", SeriesDescription="Doe", ProtocolName="Doe", BodyPartExamined="HEAD",
                  Manufacturer="ACME", StationName="CT1", SliceThickness="5", SoftwareVersions="V1",
                  FrameOfReferenceUID="1.2.3")  # fmt: skip
    made = planner_with(
        rule(0x00081030, "keep"),
        rule(0x0008103E, "empty"),
        rule(0x00181030, "dummy"),
        rule(0x00180015, "remove"),
        rule(0x00080070, "replace", "MAKER"),
        rule(0x00081010, "replace", "S-{year}"),
        rule(0x00181020, "code"),
    )
    found = clean(ds, made, syntax)
    assert found.StudyDescription == "Head"
    assert found.SeriesDescription == ""
    assert found.ProtocolName == "REMOVED"
    assert "BodyPartExamined" not in found
    assert found.Manufacturer == "MAKER"
    assert found.StationName == "S-2020"
    assert len(found.SoftwareVersions) == 16
    assert found.SliceThickness == 5


def test_a_type_2_attribute_is_emptied_and_not_removed():
    found = clean(instance(StudyID="7"), planner_with(rule(0x00200010, "remove")))
    assert found.StudyID == ""


def test_templates_name_the_patient_and_the_value():
    made = planner_with(rule(0x00081010, "replace", "{code}"), rule(0x00081030, "replace", "patient {patient}"))
    one = clean(instance(StationName="CT1", StudyDescription="Doe"), made)
    other = clean(instance(StationName="CT2", StudyDescription="Roe"), made)
    assert one.StationName != other.StationName
    assert one.StudyDescription == other.StudyDescription == f"patient {one.PatientID}"


def test_a_template_that_does_not_fit_its_vr_is_refused():
    with pytest.raises(PolicyError, match="16 characters"):
        planner_with(rule(0x00081010, "replace", "STATION-{code}"))


def test_more_templates_than_there_are_numbers_for_are_refused():
    known = dictionary.load()
    tags = [tag for tag in known.tags.tolist() if 0x0010 < tag >> 16 < 0x5000 and known.vr_set(tag) == "LO"]
    with pytest.raises(PolicyError, match="too many"):
        Decider(dataclasses.replace(BASIC, rules=tuple(rule(tag, "replace", f"V{tag}") for tag in tags[:260])))


def test_a_place_outranks_an_element_and_an_element_a_wildcard():
    ds, outer, inner = instance(), Dataset(), Dataset()
    inner.CodeMeaning = outer.CodeMeaning = ds.StudyDescription = "Head"
    inner.CodeValue = outer.CodeValue = "T-1"
    outer.PurposeOfReferenceCodeSequence = [inner]
    ds.ProcedureCodeSequence = [outer]
    made = planner_with(
        rule(0x00080000, "dummy", mask=0xFFFF0000),
        *(rule(tag, "uid") for tag in (0x00080018,)),
        *(rule(tag, "keep") for tag in (0x00080005, 0x00080016, 0x00080060, 0x00081032, 0x0040A170, 0x00080100)),
        rule(0x00080104, "keep", path=(0x0040A170,)),
        rule(0x00080104, "replace", "X", path=(0x00081032, 0x0040A170)),
    )
    found = clean(ds, made)
    item = found.ProcedureCodeSequence[0]
    assert found.StudyDescription == item.CodeMeaning == "REMOVED"
    assert item.CodeValue == "T-1"
    assert item.PurposeOfReferenceCodeSequence[0].CodeMeaning == "X"


def test_a_rule_by_vr():
    ds = instance(SeriesDescription="Doe", StudyDescription="Doe", Manufacturer="ACME")
    found = clean(ds, planner_with(rule(0, "remove", mask=0, vr="LO"), rule(0x00080070, "keep")))
    assert "SeriesDescription" not in found
    assert found.Manufacturer == "ACME"


@pytest.mark.parametrize("syntax", ENCODINGS, ids=lambda syntax: syntax.name)
def test_private_elements_by_creator(syntax):
    ds = instance()
    block = ds.private_block(0x0019, "ACME", create=True)
    block.add_new(1, "DS", "1.5")
    block.add_new(2, "LO", "Doe")
    other = ds.private_block(0x0019, "OTHER", create=True)
    other.add_new(1, "DS", "2.5")
    found = clean(ds, planner_with(rule(0x00190001, "keep", mask=PRIVATE, creator="ACME")), syntax)
    assert {int(one.tag) for one in found if one.tag.is_private} == {0x00190010, 0x00191001}


def test_wildcards_of_a_private_block():
    ds = instance()
    block = ds.private_block(0x0019, "ACME", create=True)
    for low in range(0x0E, 0x12):
        block.add_new(low, "US", 1)
    made = planner_with(rule(0x00190010, "keep", mask=0xFFFF00F0, creator="ACME"))
    found = clean(ds, made)
    assert {int(one.tag) & 0xFFFF for one in found if one.tag.is_private} == {0x10, 0x1010, 0x1011}


def test_an_overlay_that_a_rule_keeps():
    ds = instance()
    ds.add_new(0x60000010, "US", 4)
    ds.add_new(0x60001500, "LO", "Doe")
    ds.add_new(0x60020010, "US", 4)
    found = clean(ds, planner_with(rule(0x60000010, "keep")))
    assert [f"{int(one.tag):08x}" for one in found if one.tag.group >> 8 == 0x60] == ["60000010"]


def test_retained_uids_stay_in_the_data_set_the_file_meta_information_and_the_path():
    options = frozenset({Option.RETAIN_UIDS})
    made = planner_with(base=dataclasses.replace(BASIC, options=options, dates=Dates.KEEP))
    found = clean(instance(FrameOfReferenceUID="1.2.3.9"), made)
    assert found.SOPInstanceUID == found.file_meta.MediaStorageSOPInstanceUID == "1.2.3.4.5"
    assert found.FrameOfReferenceUID == "1.2.3.9"
    assert "113110" in {item.CodeValue for item in found.DeidentificationMethodCodeSequence}


@pytest.mark.parametrize(
    ("rules", "weaker"),
    [
        ((rule(0x00100020, "keep"),), True),
        ((rule(0x00081030, "keep"),), True),
        ((rule(0x00190001, "keep", mask=PRIVATE, creator="ACME"),), True),
        ((rule(0x00080070, "keep"),), False),  # not in the table
        ((rule(0x00080070, "remove"),), False),
        ((rule(0x00081030, "replace", "X"),), False),
    ],
)
def test_the_basic_profile_is_claimed_only_where_it_holds(rules, weaker):
    decider = Decider(dataclasses.replace(BASIC, rules=rules))
    assert decider.weakens() == weaker
    assert (Option.BASIC_PROFILE in decider.true_options()) == (not weaker)


def test_cleaning_what_an_option_cleans_is_no_weaker():
    safe_harbor = policy_file.load("safe-harbor")
    assert not Decider(dataclasses.replace(safe_harbor, rules=(rule(0x00081030, "clean"),))).weakens()


# --- safe private elements --------------------------------------------------------------------------------------------

SAFE_PRIVATE = dataclasses.replace(BASIC, options=frozenset({Option.RETAIN_SAFE_PRIVATE}))
BOTH = dataclasses.replace(BASIC, options=frozenset({Option.RETAIN_SAFE_PRIVATE, Option.CLEAN_DESCRIPTORS}))


def safe_private_of(policy, syntax=ENCODINGS[0]):
    """What stays of private elements that are safe, are text, are of the wrong VR or of nobody's list."""
    ds = instance()
    block = ds.private_block(0x0019, "SIEMENS MR HEADER", create=True)
    block.add_new(0x0C, "IS", "1000")  # b-value
    block.add_new(0x0D, "LO", "Doe")  # directionality, a CS
    block.add_new(0xEE, "DS", "1")
    block = ds.private_block(0x0019, "GEMS_ACQU_01", create=True)
    block.add_new(0x9E, "LO", "EFGRE3D")
    block.add_new(0x9C, "LO", "Doe")
    found = clean(ds, Planner(compile_policy(policy, key=KEY)), syntax)
    return {f"{int(one.tag):08x}": one.value for one in found if one.tag.is_private}


def test_safe_private_elements_stay_only_under_the_option():
    assert safe_private_of(BASIC) == {}
    found = safe_private_of(SAFE_PRIVATE)
    assert found == {"00190010": "SIEMENS MR HEADER", "0019100c": 1000, "00190011": "GEMS_ACQU_01", "0019119e": "EFGRE3D"}
    assert safe_private_of(BOTH) == found


def test_safe_private_elements_of_implicit_vr_are_read_by_their_list():
    assert {"0019100c", "0019119e"} <= safe_private_of(SAFE_PRIVATE, ENCODINGS[1]).keys()


def test_a_csa_header_is_rebuilt():
    ds = instance()
    tags = [CsaTag("B_value", "IS", ("1000",)), CsaTag("PatientName", "SH", ("Doe",))]
    block = ds.private_block(0x0029, "SIEMENS CSA HEADER", create=True)
    block.add_new(0x10, "OB", csa.write(tags, {tag.name: SafeTag(tag.vr, (1, 1), re.compile("")) for tag in tags}))
    found = clean(ds, Planner(compile_policy(SAFE_PRIVATE, key=KEY)))
    header = bytes(found[0x0029, 0x1010].value)
    assert b"B_value" in header
    assert b"Doe" not in header
    assert b"PatientName" not in header


# --- sources ----------------------------------------------------------------------------------------------------------


def with_sources(*sources):
    found = tuple(Source(tuple(patterns.items()), policy_file.load(name)) for patterns, name in sources)
    return Planner(compile_policy(dataclasses.replace(policy_file.load("safe-harbor"), sources=found), key=KEY))


def test_the_first_source_that_matches_holds():
    made = with_sources(({"institution": "*north*", "station": "ct*"}, "safe-harbor"), ({"institution": "*"}, "basic"))
    text = {"StudyDescription": "Head", "PatientSize": "1.8"}
    both = clean(instance(InstitutionName="Clinic NORTH", StationName="CT1", **text), made)
    one = clean(instance(InstitutionName="Clinic North", StationName="MR1", **text), made)
    assert both.StudyDescription == "Head"
    assert "StudyDescription" not in one
    assert both.DeidentificationMethod[1] == "policy safe-harbor"
    assert one.DeidentificationMethod[1] == "policy basic"


def test_where_none_matches_the_strictest_holds():
    made = with_sources(({"institution": "north"}, "safe-harbor"))
    found = clean(instance(InstitutionName="south", StudyDescription="Head", PatientSize="1.8"), made)
    assert "StudyDescription" not in found
    assert found.StudyDate == ""
    assert [item.CodeValue for item in found.DeidentificationMethodCodeSequence] == ["113100"]


def test_sources_share_the_numbers_of_rules():
    made = with_sources(({"institution": "north"}, "safe-harbor"), ({"institution": "*"}, "basic"))
    before = list(made.names.rules)
    assert len(set(zip(before, made.names.categories, strict=True))) == len(before)
    for institution in ("north", "south"):
        clean(instance(InstitutionName=institution), made)
    assert made.names.rules == before


def test_rule_books_number_local_rules_before_anything_is_compiled():
    rules = (rule(0x00080104, "keep", path=(0x00081032,)), rule(0x00190001, "keep", mask=PRIVATE, creator="ACME"))
    book = RuleBook(dataclasses.replace(BASIC, rules=rules))
    before = list(book.names.rules)
    book.compiled(CT)
    assert book.names.rules == before
    assert {"policy 00080104", "policy 00190001"} <= set(before)


def test_the_planner_of_a_policy_without_sources_is_one_policy():
    assert planner().book.decider.policy.name == "safe-harbor"


@pytest.mark.parametrize(("value", "left"), [("-0500", "-0500"), ("+1345", "+1345"), ("Doe", None), ("+9900", None)])
def test_the_offset_from_utc_stays_with_dates_that_move_by_days(value, left):
    made = Planner(compile_policy("research", key=KEY))
    assert clean(instance(TimezoneOffsetFromUTC=value), made).get("TimezoneOffsetFromUTC") == left
