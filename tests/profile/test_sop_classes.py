"""One table for every Storage SOP Class: nothing is missing from it, and what it does not know is refused."""

import json
from importlib.resources import files

import pytest

from conftest import ROOT
from mediscan.engine import dicomdir
from mediscan.profile import sop_classes
from mediscan.profile.sop_classes import Fate
from mediscan.standard import iod, uids

TABLE = sop_classes.load()
EVERYTHING = sop_classes.may_be_allowed()
PREFIX = "1.2.840.10008.5.1.4.1.1."


def registered():
    """Storage SOP Classes of PS3.6, read here without the package's reader."""
    text = (files("mediscan.standard") / "data" / "uids.tsv").read_text("utf-8")
    cells = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    return {c[0]: c[1] for c in cells if c[2] == "SOP Class" and "Storage" in c[1] and "Commitment" not in c[1]}


def test_every_storage_sop_class_is_in_the_table_by_its_name():
    assert {uid: row.name for uid, row in TABLE.items()} == registered()
    assert len(TABLE) > 200


def test_every_storage_sop_class_of_ps3_4_is_in_the_table():
    source = ROOT.parent / "shared" / "standard" / "2025b" / "sops.json"
    if not source.is_file():
        pytest.skip("the standard's tables are not beside this checkout")
    assert {row["id"] for row in json.loads(source.read_text("utf-8"))} <= set(TABLE)


def test_every_kind_is_used_and_has_one_fate():
    fates = {}
    for row in TABLE.values():
        assert fates.setdefault(row.kind.name, row.fate) is row.fate
        assert (row.kind.allowed is None) is (row.fate is not Fate.REFUSE)
    assert fates.keys() == sop_classes.kinds().keys()


@pytest.mark.parametrize("uid", ["", "1.2.3", "1.2.840.10008.1.1", "1.2.840.10008.5.1.4.1.1.2.9", "1.3.12.2.1107.5.9.1"])
def test_what_is_not_in_the_table_is_refused_whatever_is_allowed(uid):
    assert sop_classes.fate(uid) is Fate.REFUSE
    assert sop_classes.fate(uid, EVERYTHING) is Fate.REFUSE


@pytest.mark.parametrize(
    ("uid", "kind", "allowed"),
    [
        ("9.4.1", "audio", Fate.DEIDENTIFY),
        ("104.1", "document", Fate.DEIDENTIFY),
        ("66", "raw_data", Fate.DEIDENTIFY),
        ("77.1.4", "photograph", Fate.HOLD),
        ("77.1.1.1", "video", Fate.HOLD),
    ],
)
def test_a_refused_kind_is_written_only_where_it_is_allowed(uid, kind, allowed):
    uid = PREFIX + uid
    assert TABLE[uid].kind.name == kind
    assert sop_classes.fate(uid) is Fate.REFUSE
    assert sop_classes.fate(uid, EVERYTHING - {kind}) is Fate.REFUSE
    assert sop_classes.fate(uid, frozenset({kind})) is allowed
    assert kind in sop_classes.why_refused(uid)


def test_why_an_instance_was_refused():
    assert sop_classes.why_refused("") == sop_classes.why_refused("1.2.3") == "no Storage SOP Class of PS3.4"
    assert sop_classes.why_refused(PREFIX + "2") == "no Storage SOP Class of PS3.4"
    assert sop_classes.why_refused(PREFIX + "8") == "retired: always refused"


@pytest.mark.parametrize("kind", ["directory", "non_patient", "retired", "foreign"])
def test_some_kinds_cannot_be_allowed(kind):
    assert kind not in EVERYTHING
    of_kind = [uid for uid, row in TABLE.items() if row.kind.name == kind]
    assert {sop_classes.fate(uid, frozenset({kind})) for uid in of_kind} == {Fate.REFUSE}


def test_images_with_text_as_a_rule_are_held():
    held = {uid.removeprefix(PREFIX) for uid, row in TABLE.items() if row.fate is Fate.HOLD}
    assert held >= {"3", "3.1", "6", "6.1", "6.2", "7", "7.1", "7.2", "7.3", "7.4", "77.1.1"}
    assert "2" not in held


def test_the_types_of_what_may_be_written_are_known():
    known = iod.load().sop_classes
    assert [uid for uid in TABLE if sop_classes.fate(uid, EVERYTHING) is not Fate.REFUSE and uid not in known] == []


def test_what_may_be_written_has_a_directory_record():
    written = [row for uid, row in TABLE.items() if sop_classes.fate(uid, EVERYTHING) is not Fate.REFUSE]
    assert {row.record for row in written} <= dicomdir._KEYS.keys()
    assert {row.record for row in TABLE.values() if row not in written} == {"-"}


def test_no_registered_class_of_another_sort_is_in_the_table():
    assert {uids.kind(uid) for uid in TABLE} == {"SOP Class"}
