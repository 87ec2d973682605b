"""Outputs as files: File Meta Information and deflated data sets, read back by pydicom."""

import io
import zlib

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_data import CT, ENCODINGS, encode, instance, planner, run
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from mediscan.plan.executor import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, file_meta

UIDS = st.from_regex(r"[0-2](\.(0|[1-9][0-9]{0,8})){2,6}", fullmatch=True).filter(lambda uid: len(uid) <= 64)


def read_meta(data):
    """File Meta Information by pydicom, and where the data set begins."""
    file = io.BytesIO(data[132:])
    found = pydicom.filereader._read_file_meta_info(file)
    return found, 132 + file.tell()


META = [0x00020000, 0x00020001, 0x00020002, 0x00020003, 0x00020010, 0x00020012, 0x00020013]


def assert_meta(data, sop_class, sop_instance, syntax):
    assert data[:132] == bytes(128) + b"DICM"
    found, end = read_meta(data)
    # (0002,0000) takes 12 bytes behind preamble and DICM; its value counts what follows
    assert found.FileMetaInformationGroupLength == end - 132 - 12
    assert [int(element.tag) for element in found] == META
    assert found.FileMetaInformationVersion == b"\0\x01"
    assert found.MediaStorageSOPClassUID == sop_class
    assert found.MediaStorageSOPInstanceUID == sop_instance
    assert found.TransferSyntaxUID == syntax
    assert found.ImplementationClassUID == IMPLEMENTATION_CLASS_UID.decode()
    assert found.ImplementationVersionName == IMPLEMENTATION_VERSION_NAME.decode()
    return end


@given(UIDS, UIDS, UIDS)
def test_file_meta(sop_class, sop_instance, syntax):
    data = file_meta(sop_class, sop_instance, syntax)
    assert assert_meta(data, sop_class, sop_instance, syntax) == len(data)
    assert len(data) % 2 == 0


@pytest.mark.parametrize("length", range(9, 65))
def test_file_meta_of_every_length(length):
    uid = "1.2.3." + "4" * (length - 6)
    data = file_meta(uid, uid, "1.2.840.10008.1.2.1")
    assert assert_meta(data, uid, uid, "1.2.840.10008.1.2.1") == len(data)


def test_who_wrote_it():
    assert UID(IMPLEMENTATION_CLASS_UID.decode()).is_valid
    assert int(IMPLEMENTATION_CLASS_UID.split(b".")[2]) < 1 << 128
    assert len(IMPLEMENTATION_VERSION_NAME) <= 16


@pytest.mark.parametrize("syntax", [*ENCODINGS, DeflatedExplicitVRLittleEndian], ids=lambda syntax: syntax.name)
def test_outputs_have_a_new_meta_and_their_old_syntax(syntax):
    source = bytearray(encode(instance(), syntax))
    source[:8] = b"Jane Doe"  # the preamble is nobody's business
    data, facts = run(bytes(source), planner())
    assert_meta(data, CT, facts.sop_instance, syntax)
    assert b"Jane" not in data
    assert len(data) % 2 == 0


def test_old_meta_elements_are_gone():
    ds = instance()
    raw = encode(ds)
    meta, _ = read_meta(raw)
    meta.SourceApplicationEntityTitle = "JANEDOE"
    meta.PrivateInformationCreatorUID = "1.2.3"
    meta.PrivateInformation = b"JANEDOE!"
    ds = pydicom.dcmread(io.BytesIO(raw))
    ds.file_meta = meta
    out = io.BytesIO()
    pydicom.dcmwrite(out, ds, enforce_file_format=True)
    assert b"JANEDOE!" in out.getvalue()
    data, facts = run(out.getvalue(), planner())
    assert_meta(data, CT, facts.sop_instance, ExplicitVRLittleEndian)
    assert b"JANEDOE" not in data


@pytest.mark.parametrize("extra", range(8))
def test_deflated(extra):
    ds = instance(DerivationDescription=None, ImageType=["ORIGINAL", "PRIMARY", *["AXIAL"] * extra])
    chosen = planner()
    deflated, _ = run(encode(ds, DeflatedExplicitVRLittleEndian), chosen)
    plain, _ = run(encode(ds, ExplicitVRLittleEndian), chosen)
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    start, plain_start = read_meta(deflated)[1], read_meta(plain)[1]
    assert engine.decompress(deflated[start:]) == plain[plain_start:]
    assert engine.eof
    assert engine.unused_data in (b"", b"\0")
    assert len(deflated) % 2 == 0
    assert pydicom.dcmread(io.BytesIO(deflated)).ImageType == ds.ImageType


def test_the_same_input_gives_the_same_bytes():
    data = encode(instance())
    assert run(data, planner()) == run(data, planner())
