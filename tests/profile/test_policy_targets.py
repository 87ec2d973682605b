"""Notations of elements in a policy file, what each means, and that a target is written as it was read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediscan.profile import targets
from mediscan.profile.policy import LocalAction, Target
from mediscan.standard import dictionary, vr

EXACT = 0xFFFFFFFF
KNOWN = dictionary.load()
SEQUENCES = [tag for tag in KNOWN.tags.tolist() if KNOWN.vr_set(tag) == "SQ"]


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("PatientWeight", Target(EXACT, 0x00101030)),
        ("(0010,1030)", Target(EXACT, 0x00101030)),
        ("00101030", Target(EXACT, 0x00101030)),
        (" ( 0018 , 937f ) ", Target(EXACT, 0x0018937F)),
        ("(0018,xx5x)", Target(0xFFFF00F0 | 0x00010000, 0x00180050)),
        ("0018XX5X", Target(0xFFFF00F0, 0x00180050)),
        ("(00xx,0010)", Target(0xFF01FFFF, 0x00000010)),  # even groups alone: no wildcard means a private element
        ("(xxxx,xxxx)", Target(0x00010000, 0)),
        ('(0019,"SIEMENS MR HEADER",0C)', Target(0xFFFF00FF, 0x0019000C, creator="SIEMENS MR HEADER")),
        ('(0019,"SIEMENS MR HEADER ",1x)', Target(0xFFFF00F0, 0x00190010, creator="SIEMENS MR HEADER")),
        ('(0029,"A.B, (C)",xx)', Target(0xFFFF0000, 0x00290000, creator="A.B, (C)")),
        ("(60xx,0022)", Target(0xFF01FFFF, 0x60000022)),
        ("OverlayDescription", Target(0xFF01FFFF, 0x60000022)),
        ("VR:UT", Target(0x00010000, 0, vr="UT")),
        (
            "RequestAttributesSequence.ScheduledProcedureStepID",
            Target(EXACT, 0x00400009, path=(0x00400275,)),
        ),
        ("(0040,0275) . 00400009", Target(EXACT, 0x00400009, path=(0x00400275,))),
        (
            'ContentSequence.(0040,A730).(0009,"GEMS.X",01)',
            Target(0xFFFF00FF, 0x00090001, creator="GEMS.X", path=(0x0040A730, 0x0040A730)),
        ),
        ("ContentSequence.VR:DT", Target(0x00010000, 0, vr="DT", path=(0x0040A730,))),
    ],
)
def test_notations(text, target):
    assert targets.parse(text) == target


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("", "write a keyword"),
        (".", "write a keyword"),
        ("PatientWeight.", "write a keyword"),
        (".PatientWeight", "write a keyword"),
        ("(0010,1030", "write a keyword"),
        ("(0010,103g)", "write a keyword"),
        ("0010,1030", "write a keyword"),
        ('(0019,"X,0C)', "write a keyword"),
        ("PatientWieght", "PatientWeight\\?"),
        ("patientweight", "PatientWeight\\?"),
        ("NothingOfTheKind", "write the tag"),
        ("(6000,0022)", "every curve or overlay; write \\(60xx,0022\\)"),
        ("(600x,0022)", "write \\(60xx,0022\\)"),
        ("(0019,100C)", r'name its creator: \(0019,"CREATOR",0C\)'),
        ("(0019,10xx)", r'name its creator: \(0019,"CREATOR",xx\)'),
        ('(0018,"X",0C)', "private groups are odd"),
        ('(0007,"X",0C)', "from 0009 on"),
        ('(FFFF,"X",0C)', "private groups are odd"),
        ('(0019,"",0C)', "1 to 64"),
        ('(0019," ",0C)', "1 to 64"),
        (f'(0019,"{"x" * 65}",0C)', "1 to 64"),
        ("VR:XX", "there are AE, AS"),
        ("VR:ut", "there are AE, AS"),
        ("VR:", "there are AE, AS"),
        ("PatientName.PatientID", "VR SQ"),
        ("(0040,xxxx).PatientID", "one sequence"),
        ("VR:SQ.PatientID", "one sequence"),
        ('(0019,"X",0C).PatientID', "one sequence"),
    ],
)
def test_what_is_no_element_is_told_with_the_cure(text, cure):
    with pytest.raises(ValueError, match=cure):
        targets.parse(text)


def wildcard(tag, mask):
    """Digits of an even tag, some of them open."""
    digits = "".join(d if m else "x" for d, m in zip(f"{tag & 0xFFFEFFFF:08X}", mask, strict=True))
    return f"({digits[:4]},{digits[4:]})"


EVEN = st.integers(0, EXACT).map(lambda tag: tag & ~0x00010000).filter(lambda tag: tag >> 24 not in (0x50, 0x60))
TEXTS = st.one_of(
    st.sampled_from([word for tag in KNOWN.tags.tolist() if (word := KNOWN.keyword(tag))]),
    EVEN.map(lambda tag: f"{tag:08x}"),
    EVEN.map(dictionary.format_tag),
    st.builds(wildcard, EVEN, st.lists(st.booleans(), min_size=8, max_size=8)),
    st.sampled_from(list(vr.VRS)).map(lambda code: f"VR:{code}"),
    st.builds(
        lambda group, creator, element: f'({group:04X},"{creator}",{element})',
        st.integers(4, 0x7FFE).map(lambda n: 2 * n + 1),
        st.text(
            st.characters(codec="ascii", categories=("L", "N", "P", "Zs"), exclude_characters='"\\'), min_size=1, max_size=64
        )
        .map(str.strip)
        .filter(bool),
        st.text("0123456789ABCDEFx", min_size=2, max_size=2),
    ),
)
PATHS = st.lists(st.sampled_from(SEQUENCES).map(dictionary.format_tag), max_size=3)


@given(PATHS, TEXTS)
def test_what_is_written_is_read_as_the_same(path, text):
    target = targets.parse(".".join([*path, text]))
    assert targets.parse(targets.format_target(target)) == target


@given(st.text(max_size=40))
def test_any_text_is_a_target_or_told_apart(text):
    try:
        target = targets.parse(text)
    except ValueError:
        return
    assert targets.parse(targets.format_target(target)) == target


def test_written_forms():
    for text in ("PatientWeight", "(0018,xx5x)", '(0019,"SIEMENS MR HEADER",0C)', "VR:UT", "ContentSequence.TextValue"):
        assert targets.format_target(targets.parse(text)) == text
    assert targets.format_target(targets.parse("00101030")) == "PatientWeight"


# --- what a target means ----------------------------------------------------------------------------------------------


def meant(text, action=LocalAction.REMOVE):
    return targets.meant(targets.parse(text), action)


def test_a_wildcard_means_the_tags_of_the_dictionary():
    assert meant("PatientWeight") == {0x00101030}
    assert meant("(0010,103x)") == {0x00101030}
    assert meant("(0010,102x)") == {0x00101020, 0x00101021, 0x00101022, 0x00101023, 0x00101024}
    assert meant("(0010,FFFF)") == frozenset()
    assert meant("(60xx,0022)") == meant("OverlayDescription") == {0x60000022}
    assert meant('(0019,"X",0C)') == frozenset()
    assert meant("VR:UT") == {tag for tag in KNOWN.tags.tolist() if KNOWN.vr_set(tag) == "UT" and tag >> 16 >= 8}


@pytest.mark.parametrize(
    "text",
    [
        "(0002,0016)", "(0000,0900)", "(0004,1130)", "(0008,0000)", "(FFFE,E00D)", "SpecificCharacterSet", "SOPClassUID",
        "PatientIdentityRemoved", "DeidentificationMethod", "DeidentificationMethodCodeSequence",
        "LongitudinalTemporalInformationModified", "PixelData", "FloatPixelData", "ExtendedOffsetTable", "Rows",
        "SamplesPerPixel", "PhotometricInterpretation", "NumberOfFrames", "PixelSpacing", "PixelRepresentation",
    ],
)  # fmt: skip
def test_what_no_rule_may_touch(text):
    assert targets.protection(targets.parse(text).match)
    assert meant(text) == frozenset()


def test_texts_among_the_attributes_of_pixels_are_free():
    assert targets.protection(0x00280062) is None  # Compression Label, LO
    assert targets.protection(0x00281053) is None  # Rescale Slope: no more of the range
    assert targets.protection(0x00280106) is None


def test_a_wildcard_leaves_what_no_rule_may_touch():
    everything = meant("(xxxx,xxxx)")
    assert not {tag for tag in everything if targets.protection(tag)}
    assert not everything & targets.INSTANCE_UIDS
    assert len(everything) > 4500
    assert not meant("VR:UI", LocalAction.KEEP) & targets.INSTANCE_UIDS
    assert meant("VR:UI", LocalAction.UID) >= targets.INSTANCE_UIDS
    assert 0x00080016 not in meant("VR:UI", LocalAction.UID)


def test_no_rule_for_elements_of_the_standard_means_a_private_one():
    for text in ("VR:UT", "(xxxx,xxxx)", "(001x,1030)"):
        target = targets.parse(text)
        assert not targets.means(target, LocalAction.KEEP, 0x00191030, target.vr or "LO")
