"""CSA headers: what is rebuilt holds the physics that the list names and nothing else; no bytes make the reader fail."""

import struct

import csa_twin
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import CORPUS
from mediscan.codec import csa
from mediscan.profile import safe_private

SAFE = safe_private.csa_tags()
DIFFUSION = [
    (b"EchoLinePosition", 1, b"IS", [b"64      "]),
    (b"B_value", 1, b"IS", [b"1000    "]),
    (b"DiffusionGradientDirection", 3, b"FD", [b"0.99997449", b"0.00505012", b"-0.00505012"]),
    (b"SliceMeasurementDuration", 1, b"DS", [b"40.0"]),
    (b"FlipAngle", 1, b"DS", []),
    (b"DiffusionDirectionality", 1, b"CS", [b"DIRECTIONAL     "]),
    (b"AcquisitionMatrixText", 1, b"SH", [b"128p*128"]),
    (b"MosaicRefAcqTimes", 0, b"FD", [b"%d.0" % (50 * slot) for slot in range(48)]),
]
MEANT = {name.decode(): [value.decode().strip() for value in values] for name, _, _, values in DIFFUSION}
NAME = b"ZZCANARY^EWA"
IDENTIFYING = [
    (b"PatientName", 1, b"PN", [NAME]),
    (b"UsedPatientWeight", 1, b"IS", [b"70"]),
    (b"PatReinPattern", 1, b"ST", [b"1;HFS;70.00;31.00;1;0;0;-321323178"]),
    (b"MrPhoenixProtocol", 1, b"UN", [b'<XProtocol> { <ParamString."tPatientName"> { "' + NAME + b'" } }']),
    (b"ImaCoilString", 1, b"LO", [NAME]),
    (b"SequenceName", 1, b"SH", [NAME]),
    (b"ImageHistory", 0, b"LO", [NAME, b"ACC1"]),
    (b"CoilId", 0, b"IS", [b"255", b"4711"]),
    (NAME, 1, b"LO", [b"1"]),
]


def values_of(data):
    return {name: values for name, (_, _, values) in csa_twin.read(data).items()}


@pytest.mark.parametrize("form", [csa_twin.sv10, csa_twin.old])
def test_physics_survives_in_either_form(form):
    assert values_of(csa.clean(form(DIFFUSION), SAFE)) == MEANT


@pytest.mark.parametrize("form", [csa_twin.sv10, csa_twin.old])
def test_names_are_gone(form):
    cleaned = csa.clean(form(DIFFUSION + IDENTIFYING, rest=NAME), SAFE)
    assert values_of(cleaned) == MEANT
    assert b"CANARY" not in cleaned
    assert b"Pat" not in cleaned


@pytest.mark.parametrize("tag", IDENTIFYING)
def test_nothing_but_names_leaves_nothing(tag):
    assert csa.clean(csa_twin.sv10([tag], rest=NAME), SAFE) is None


def test_what_the_writer_left_in_memory_goes():
    """Siemens' writer fills neither names nor padding: real headers hold a serial number there."""
    cleaned = csa.clean(csa_twin.sv10(DIFFUSION, rest=b"MRC35119" * 8), SAFE)
    assert b"MRC" not in cleaned
    assert cleaned == csa.clean(csa_twin.sv10(DIFFUSION), SAFE)


@pytest.mark.parametrize(
    "tag",
    [
        (b"B_value", 1, b"IS", [NAME]),
        (b"B_value", 1, b"LO", [b"1000"]),
        (b"B_value", 1, b"IS", [b"1000.5"]),
        (b"B_value", 1, b"IS", [b"48123456789"]),
        (b"B_value", 1, b"IS", [b"700101"]),
        (b"B_value", 1, b"IS", [b"-1"]),
        (b"B_value", 1, b"IS", [b"1000 ZZCANARY"]),
        (b"B_value", 1, b"IS", ["١٠٠٠".encode()]),
        (b"B_value", 1, b"IS", [b"1000\n"]),
        (b"B_value", 2, b"IS", [b"1000", b"1000"]),
        (b"TimeAfterStart", 1, b"DS", [b"nan"]),
        (b"TimeAfterStart", 1, b"DS", [b"inf"]),
        (b"TimeAfterStart", 1, b"DS", [b"1e99"]),
        (b"TimeAfterStart", 1, b"DS", [b"1_0"]),
        (b"DiffusionGradientDirection", 3, b"FD", [b"1.0", b"0.0"]),
        (b"DiffusionGradientDirection", 3, b"FD", [b"1.0", b"", b"0.0"]),
        (b"DiffusionGradientDirection", 3, b"FD", [b"1.0", b"20040119.0", b"0.0"]),
        (b"DiffusionDirectionality", 1, b"CS", [b"ZZCANARY"]),
        (b"DiffusionDirectionality", 1, b"CS", [b"NONE ZZCANARY"]),
        (b"DiffusionDirectionality", 1, b"CS", [b"xNONE"]),
        (b"AcquisitionMatrixText", 1, b"SH", [b"128p*128 EWA"]),
        (b"ICE_Dims", 1, b"LO", [b"X_1_1_EWA"]),
        (b"MosaicRefAcqTimes", 0, b"FD", [b"1.0"] * 1000 + [b"1.0"]),
    ],
)
def test_a_value_that_is_not_what_the_list_says_takes_its_tag_along(tag):
    assert csa.clean(csa_twin.sv10([tag]), SAFE) is None
    cleaned = csa.clean(csa_twin.sv10([(b"RealDwellTime", 1, b"IS", [b"2800"]), tag]), SAFE)
    assert cleaned is None or values_of(cleaned) == {"RealDwellTime": ["2800"]}


def test_the_first_of_two_tags_of_a_name_stays():
    tags = [(b"B_value", 1, b"IS", [b"0"]), (b"B_value", 1, b"IS", [b"1000"])]
    assert values_of(csa.clean(csa_twin.sv10(tags), SAFE)) == {"B_value": ["0"]}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"SV10",
        b"SV10\4\3\2\1",
        csa_twin.sv10([], count=0),
        csa_twin.sv10([], count=1001),
        csa_twin.sv10(DIFFUSION, count=0xFFFFFFFF),
        csa_twin.sv10(DIFFUSION, count=len(DIFFUSION) + 1),
        csa_twin.sv10(DIFFUSION).replace(b"M\0\0\0", b"N\0\0\0", 1),
        b"SV10\4\3\2\1" + struct.pack("<2I64si4s3i", 1, 77, b"B_value", 1, b"IS", 6, -1, 77),
        b"SV10\4\3\2\1" + struct.pack("<2I64si4s3i", 1, 77, b"B_value", 1, b"IS", 6, 1001, 77) + bytes(16 * 1001),
        b"SV10\4\3\2\1" + struct.pack("<2I64si4s3i4i", 1, 77, b"B_value", 1, b"IS", 6, 1, 77, 9, 0x7FFFFFFF, 77, 9) + b"1",
        b"SV10\4\3\2\1" + struct.pack("<2I64si4s3i4i", 1, 77, b"B_value", 1, b"IS", 6, 1, 77, 9, -9, 77, 9) + b"1",
        struct.pack("<2I64si4s3i4i", 1, 77, b"B_value", 1, b"IS", 6, 1, 77, 0x7FFFFFFF, 2, 77, 2) + b"1\0",
        bytes(1000),
        b"SOM 5 NULL" + bytes(200),
    ],
)
def test_what_is_no_header(data):
    assert csa.read(data) is None
    assert csa.clean(data, SAFE) is None


@pytest.mark.parametrize("form", [csa_twin.sv10, csa_twin.old])
def test_truncated_anywhere(form):
    whole = form(DIFFUSION)
    padding = -len(DIFFUSION[-1][3][-1] + b"\0") % 4
    for end in range(len(whole) - padding):
        assert csa.read(whole[:end]) is None


@pytest.mark.parametrize("name", ["SliceMeasurementDuration", "BandwidthPerPixelPhaseEncode"])
def test_three_items_can_be_read_where_there_is_one(name):
    """dcm2niix does so; without the empty items that fill a tag up it would read on into the next tag."""
    tags = [(name.encode(), 1, SAFE[name].vr.encode(), [b"40.0"]), (b"B_value", 1, b"IS", [b"1000"])]
    assert csa_twin.three_floats(csa.clean(csa_twin.sv10(tags), SAFE), name.encode()) == [40.0]


@given(st.binary(max_size=600))
def test_any_bytes(data):
    holds(csa.clean(data, SAFE))


@given(st.binary(max_size=400), st.integers(0, 1001), st.booleans())
def test_any_bytes_after_a_start(data, count, sv10):
    holds(csa.clean((b"SV10\4\3\2\1" if sv10 else b"") + struct.pack("<2I", count, 77) + data, SAFE))


@given(st.binary(min_size=1, max_size=4), st.integers(0, len(csa_twin.sv10(DIFFUSION)) - 1), st.booleans())
def test_any_damage(data, place, sv10):
    whole = (csa_twin.sv10 if sv10 else csa_twin.old)(DIFFUSION + IDENTIFYING)
    holds(csa.clean(whole[:place] + data + whole[place + len(data) :], SAFE))


TEXTS = st.one_of(
    st.integers(-(10**12), 10**12).map(str), st.floats().map(repr), st.text(st.characters(codec="latin-1"), max_size=20)
)
TAGS = st.tuples(
    st.sampled_from([*SAFE, "PatientName", "MrPhoenixProtocol", "B_values"]),
    st.integers(0, 6),
    st.sampled_from(["IS", "DS", "FD", "LO", "SH", "CS", "US", "SL", "UN", "PN"]),
    st.lists(TEXTS.map(lambda text: text.encode("latin-1")), max_size=7),
)


@given(st.lists(TAGS, min_size=1, max_size=8), st.binary(max_size=70), st.booleans())
def test_only_what_the_list_allows_is_in_the_output(tags, rest, sv10):
    raw = [(name.encode(), vm, vr.encode(), values) for name, vm, vr, values in tags]
    holds(csa.clean((csa_twin.sv10 if sv10 else csa_twin.old)(raw, rest=rest), SAFE))


def holds(cleaned):
    """Nothing but names, VRs and values of the list; the same again when cleaned again; no byte apart from these."""
    if cleaned is None:
        return
    tags = csa_twin.read(cleaned)
    for name, (vr, _, values) in tags.items():
        assert SAFE[name].allows(vr, values)
    assert csa.clean(cleaned, SAFE) == cleaned
    assert cleaned == csa.write([csa.CsaTag(name, vr, tuple(values)) for name, (vr, _, values) in tags.items()], SAFE)


REAL = CORPUS / "fo-dicom" / "Tests" / "FO-DICOM.Tests" / "Test Data" / "GH1261.dcm"


@pytest.mark.skipif(not REAL.is_file(), reason="the public corpus is not beside this checkout")
@pytest.mark.parametrize(("element", "tags", "some"), [
    (0x00291010, 101, {"RealDwellTime": ["5800"], "ICE_Dims": ["X_1_1_1_1_1_128_1_1_1_1_1_13"], "ImaPATModeText": ["p3"]}),
    (0x00291020, 79, {"ReadoutOS": ["2.00000000"], "PositivePCSDirections": ["+LPH"], "GradientMode": ["Normal"]}),
])  # fmt: skip
def test_a_real_header(element, tags, some):
    value = pydicom.dcmread(REAL)[element].value
    assert len(csa.read(value)) == tags
    cleaned = csa.clean(value, SAFE)
    holds(cleaned)
    assert {name: values_of(cleaned).get(name) for name in some} == some
    for gone in (b"XProtocol", b"XXXX", b"DataRole", b"UsedPatient", b"HFS", b"Localizer", b"HE1-4", b"SIEMENS"):
        assert gone not in cleaned


def nibabel_headers():
    """nibabel's own test data, where that package is installed: it is no dependency."""
    data = pytest.importorskip("nibabel.nicom.tests").__path__[0]
    return [open(f"{data}/data/{name}", "rb").read() for name in ("csa2_b0.bin", "csa2_b1000.bin")]


def test_nibabel_reads_the_same():
    reader = pytest.importorskip("nibabel.nicom.csareader")
    for value in nibabel_headers():
        before, after = reader.read(value)["tags"], reader.read(csa.clean(value, SAFE))["tags"]
        assert set(after) == set(before) & set(SAFE)
        assert {name: tag["items"] for name, tag in after.items()} == {name: before[name]["items"] for name in after}
