"""Registered UIDs and Transfer Syntaxes against pydicom's."""

import pytest
from pydicom._uid_dict import UID_dictionary
from pydicom.uid import UID, AllTransferSyntaxes

from mediscan.standard import private, transfer_syntax, uids


def test_every_uid_of_pydicom():
    for uid, (name, kind, _, retired, keyword) in UID_dictionary.items():
        assert uids.find(uid) == uids.RegisteredUid(uid, name, kind, keyword, bool(retired))
    assert set(UID_dictionary) <= uids.load()


def test_kinds():
    assert uids.kind("1.2.840.10008.5.1.4.1.1.2") == "SOP Class"
    assert uids.name("1.2.840.10008.5.1.4.1.1.2") == "CT Image Storage"
    assert uids.kind("1.2.840.10008.1.40.1") == "Well-known SOP Instance"
    assert uids.kind("1.2.840.10008.1.4.1.1") == "Well-known frame of reference"
    assert uids.kind("1.2.840.10008.15.0.3.1") == "LDAP OID"
    assert uids.kind("1.2.840.10008.3.1.1.1") == "Application Context Name"
    assert uids.kind("1.2.840.10008.5.1.4.1.1.66.7") == "SOP Class"  # younger than pydicom's registry


def test_an_instance_under_the_root_of_dicom_is_not_registered():
    for uid in ("1.2.840.10008.5.1.4.1.1.2.1234", "1.2.840.10008", "1.2.826.0.1.3680043.2", "", "1.2.840.10008.1.2\0"):
        assert uid not in uids.load()
        assert uids.kind(uid) is None
        assert uids.name(uid) is None


@pytest.mark.parametrize("uid", [uid for uid, row in UID_dictionary.items() if row[1] == "Transfer Syntax"])
def test_transfer_syntax_facts(uid):
    ours, theirs = transfer_syntax.find(uid), UID(uid)
    assert ours is not None
    assert ours.name == theirs.name
    assert ours.retired == theirs.is_retired
    if ours.part10:
        assert ours.implicit_vr == theirs.is_implicit_VR
        assert ours.big_endian != theirs.is_little_endian
        assert ours.deflated == theirs.is_deflated
        assert ours.encapsulated == theirs.is_encapsulated


def test_every_transfer_syntax_that_pydicom_offers_can_be_processed():
    refused = {uid for uid in AllTransferSyntaxes if not transfer_syntax.find(uid).part10}
    assert {UID(uid).keyword for uid in refused} <= {
        *("JPIPReferenced", "JPIPReferencedDeflate", "JPIPHTJ2KReferenced", "JPIPHTJ2KReferencedDeflate"),
        *("SMPTEST211020UncompressedProgressiveActiveVideo", "SMPTEST211020UncompressedInterlacedActiveVideo"),
        "SMPTEST211030PCMDigitalAudio",
    }


def test_counts():
    every = transfer_syntax.load().values()
    assert len(every) == 63
    assert [ts.uid for ts in every if ts.big_endian] == ["1.2.840.10008.1.2.2"]
    assert {ts.uid for ts in every if ts.part10 and not ts.encapsulated} == {
        *("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2")
    }
    assert {ts.uid for ts in every if not ts.part10} == {
        *("1.2.840.10008.1.2.4.94", "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.204", "1.2.840.10008.1.2.4.205"),
        *("1.2.840.10008.1.2.6.1", "1.2.840.10008.1.2.6.2", "1.2.840.10008.1.20"),
        *("1.2.840.10008.1.2.7.1", "1.2.840.10008.1.2.7.2", "1.2.840.10008.1.2.7.3"),
    }


def test_deflated_frames_are_not_a_deflated_data_set():
    frames = transfer_syntax.find("1.2.840.10008.1.2.8.1")
    assert (frames.deflated, frames.encapsulated, frames.implicit_vr, frames.part10) == (False, True, False, True)
    whole = transfer_syntax.find("1.2.840.10008.1.2.1.99")
    assert (whole.deflated, whole.encapsulated) == (True, False)


@pytest.mark.parametrize("last", ["110", "111", "112"])
def test_jpeg_xl(last):
    found = transfer_syntax.find(f"1.2.840.10008.1.2.4.{last}")
    assert found.encapsulated
    assert found.part10
    assert not found.retired


def test_encapsulated_uncompressed_is_encapsulated():
    assert transfer_syntax.find("1.2.840.10008.1.2.1.98").encapsulated


def test_only_transfer_syntaxes_are_found():
    assert transfer_syntax.find("1.2.840.10008.5.1.4.1.1.2") is None
    assert transfer_syntax.find("1.2.840.113619.5.2") is None  # private, of GE


def test_private_creators():
    creators = private.load()
    assert {"SIEMENS CSA HEADER", "GEMS_ACQU_01", "Philips Imaging DD 129", "HOLOGIC, Inc."} <= creators
    assert len(creators) > 450
    assert all(creator == creator.strip() and creator for creator in creators)
    assert "DOE^JOHN" not in creators
