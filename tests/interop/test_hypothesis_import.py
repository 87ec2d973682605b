"""Whatever the text, an importer gives files that load, or its one typed error."""

from xml.sax.saxutils import escape, quoteattr

import pytest
import region_reader
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mediscan.errors import ScriptError
from mediscan.interop import ctp, ctp_pixels, deid
from mediscan.interop.remarks import lines
from mediscan.profile import policy_file

CONVERT = {"ctp": ctp.convert, "ctp-pixels": ctp_pixels.convert, "deid": deid.convert}

TAGS = ["00080080", "00080020", "00100010", "00100020", "00280010", "00080018", "00181002", "00191001", "0019[A b]01",
        "60003000", "00101010", "00080005", "00081140", "00020010", "fffee000", "12345678", "0008", "x", ""]  # fmt: skip
CTP_WORDS = ["@", "(", ")", "{", "}", ",", "\\", '"', "[", "]", "this", "keep()", "remove()", "hash(this,8)",
             "hashuid(@A,this)", "incrementdate(this,@D)",
             "if(this,isblank)", "{@keep()}", "param(@A)", "always()", "@process()", "@round(this,5)",
             "@modifydate(this,*,1,1)", "text", "{code}", "é", "@uid", "@hashdate(this,PatientID)", "select()"]  # fmt: skip
PIXEL_WORDS = ["{", "}", "(", ")", "!", "*", "+", '"', "//", "\n", "Modality", "[0008,0060]", '.equals("CT")',
               '.matches("[a")', "(0,0,5,5)", "(1,2,3", "true", "false", "name", ".", "::", "[", "é"]  # fmt: skip
RECIPE_LINES = ["FORMAT dicom", "%header", "%filter graylist", "%filter whitelist", "%fields a", "%values a", "LABEL x # y",
                "contains Modality CT|MR", "+ contains Modality (", "|| missing Rows + empty Columns || equals Rows 1|2",
                "coordinates 0,0,5,5", "ctpkeepcoordinates all", "keepcoordinates from:SequenceOfUltrasoundRegions",
                "REMOVE ALL", "KEEP select:group:0088", "REMOVE select:group:0088", "KEEP select:VR:TM", "BLANK contains:Name",
                "REPLACE PatientID var:x", "ADD StudyDate 20000101", "JITTER endswith:Date 3", "JITTER select:VR:DA 3",
                "REMOVE fields:a", "FIELD startswith:Patient", "FIELD fields:a", "SPLIT x", "KEEP StudyInstanceUID",
                "REPLACE Rows 1", "REPLACE FrameOfReferenceUID func:uid", "REMOVE except:x", "KEEP contains:a.c|^x$",
                'KEEP (0019,"A B",01)', 'KEEP "', "REMOVE select:VR:SQ", "BLANK select:VR:SQ",
                "REPLACE StudyID {patient}"]  # fmt: skip

replacements = st.lists(st.sampled_from(CTP_WORDS) | st.text(max_size=4), max_size=6).map("".join)
elements = st.builds(
    lambda name, tag, en, text: f"<{name} en={quoteattr(en)} t={quoteattr(tag)}>{escape(text)}</{name}>",
    st.sampled_from("eeeekrpz"),
    st.sampled_from([*TAGS, "0070", "0088", "7", "safeprivateelements", "unspecifiedelements", "privategroups", "A", "D"]),
    st.sampled_from(["T", "T", "T", "F"]),
    replacements.map(lambda text: "".join(letter for letter in text if letter.isprintable())),
)
properties = st.builds(
    lambda tag, text: f"set.[{tag[:4]},{tag[4:]}]x={text}", st.sampled_from(TAGS), replacements.map(str.strip)
)
OTHERS = ["keep.group70=", "remove.unspecifiedelements=", "#", "a\\"]
SCRIPTS = {
    "ctp": st.lists(elements, max_size=8).map(
        lambda found: '<script><p t="A">1.2</p><p t="D">-3</p>' + "\n".join(found) + "</script>"
    )
    | st.lists(properties | st.sampled_from(OTHERS), max_size=8).map("\n".join),
    "ctp-pixels": st.lists(st.sampled_from(PIXEL_WORDS), max_size=25).map(" ".join),
    "deid": st.builds(
        lambda first, found: "\n".join([first, *found]),
        st.sampled_from(["%header", "%header", "%filter graylist", "%filter whitelist"]),
        st.lists(st.sampled_from(RECIPE_LINES), max_size=12),
    ),
}


def check(kind, text):
    try:
        imported = CONVERT[kind](text, "any")
    except ScriptError as error:
        if "do not go together" in str(error):
            raise
        return
    if imported.policy is not None:
        policy_file.parse(imported.policy, "imported")
    if imported.regions is not None:
        region_reader.read(imported.regions)
    assert all(line.isprintable() for line in lines(imported.remarks))
    assert min(imported.counts) >= 0
    assert sum(imported.counts) == imported.statements
    assert imported.complete == (imported.counts[0] == imported.statements) or not all(r.line for r in imported.remarks)


@pytest.mark.parametrize("kind", CONVERT)
@given(text=st.text())
@example(text="\ufeff")
@example(text="<script>" + "<e>" * 3000)
@example(text="{" * 3000)
@example(text="{ " + "(" * 5000 + " }")
@example(text="%header\n" + "KEEP " * 3000)
def test_arbitrary_text(kind, text):
    check(kind, text)


@pytest.mark.parametrize("kind", CONVERT)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_text_made_of_the_words_of_each_language(kind, data):
    check(kind, data.draw(SCRIPTS[kind]))


def test_a_uid_that_no_rule_may_touch_is_not_swept_away_with_an_error():
    check("deid", "%header\nREMOVE ALL\nKEEP contains:uid")


def test_a_rule_that_would_never_be_reached_is_left_out():
    check("deid", "%header\nREMOVE ALL\nKEEP select:group:0088\nREMOVE select:group:0088")


@pytest.mark.parametrize("kind", CONVERT)
def test_the_same_script_gives_the_same_files(kind):
    text = {
        "ctp": '<script><e en="T" t="00080080">@keep()</e></script>',
        "ctp-pixels": "{ true } (0,0,1,1)",
        "deid": "%header\nKEEP InstitutionName",
    }[kind]
    assert CONVERT[kind](text, "a") == CONVERT[kind](text, "a")
