"""deid recipes: actions become rules by deid's own precedence, labels become regions by the wider reading."""

import tomllib

import pytest
import region_reader

from mediscan.errors import ScriptError
from mediscan.interop import deid
from mediscan.interop.remarks import Said
from mediscan.profile import policy_file
from mediscan.standard import dictionary


def convert(*lines):
    return deid.convert("\n".join(["FORMAT dicom", *lines]), "deid.ours")


def header(*lines):
    imported = convert("%header", *lines)
    assert imported.regions is None
    policy_file.parse(imported.policy, "imported")
    return imported


def rules(imported):
    return {rule["element"]: (rule["action"], rule.get("value")) for rule in tomllib.loads(imported.policy).get("rule", [])}


def said(imported, kind):
    return [remark for remark in imported.remarks if remark.said is kind and remark.line]


WHOLE = {
    "REMOVE InstitutionName": ("InstitutionName", "remove", None),
    "remove InstitutionName  # why": ("InstitutionName", "remove", None),
    "BLANK InstitutionName": ("InstitutionName", "empty", None),
    "KEEP InstitutionName": ("InstitutionName", "keep", None),
    "REPLACE InstitutionName North clinic # why": ("InstitutionName", "replace", "North clinic"),
    "REMOVE 00080080": ("InstitutionName", "remove", None),
    "REMOVE (0008,0080)": ("InstitutionName", "remove", None),
    "KEEP select:VR:TM": ("VR:TM", "keep", None),
    'KEEP (0019,"ACME MR 1",0a)': ('(0019,"ACME MR 1",0A)', "keep", None),
    'KEEP 0019,"ACME MR 1",0a': ('(0019,"ACME MR 1",0A)', "keep", None),
    "REPLACE FrameOfReferenceUID func:generate_uid": ("FrameOfReferenceUID", "uid", None),
    "REPLACE FrameOfReferenceUID deid_func:pydicom_uuid prefix=2.25.": ("FrameOfReferenceUID", "uid", None),
    "REPLACE AccessionNumber func:hash_it": ("AccessionNumber", "code", None),
    "REPLACE AccessionNumber deid_func:suffix_uuid": ("AccessionNumber", "code", None),
    "ADD PatientIdentityRemoved Yes": None,
    "KEEP PixelData": None,
    "KEEP Rows": None,
    "REMOVE TransferSyntaxUID": None,
}


@pytest.mark.parametrize(("line", "rule"), WHOLE.items(), ids=WHOLE)
def test_what_can_be_said_is_said(line, rule):
    imported = header(line)
    assert rules(imported) == ({rule[0]: rule[1:]} if rule else {})
    assert imported.complete
    assert imported.counts == (1, 0, 0)


NOT_TAKEN = {
    "REMOVE PatientsName": "no keyword",
    "REMOVE InstitutionName func:is_name": "depends on a value",
    "REMOVE values:people": "no rule depends on values",
    "REMOVE ALL func:is_name": "of all elements together",
    "BLANK ALL": "of all elements together",
    "BLANK except:StudyDate": "all elements but some",
    "REMOVE nothing:Date": "no such selection",
    "REMOVE fields:people": "no such list",
    "REMOVE contains:0019": "digits of a tag",
    "REMOVE contains:(a+)+b": "only letters",
    "REMOVE select:VR:ZZ": "no VR",
    "REMOVE select:group:0019": "private",
    "REMOVE select:length:5": "by VR or group",
    "REMOVE select:group:zz": "by VR or group",
    "KEEP 00191001": "known by its creator",
    "REPLACE InstitutionName var:site": "program that calls",
    "REPLACE InstitutionName func:make_up": "program that calls",
    "REPLACE InstitutionName {site}": "braces",
    "REPLACE Rows 512": "describes the pixels",
    "JITTER InstitutionName 3": "hold dates",
    "JITTER PatientBirthDate 3": "no option that keeps",
    "KEEP StudyInstanceUID": "UIDs may hold dates",
    "REMOVE StudyInstanceUID": "tells objects apart",
    "DELETE InstitutionName": "not understood",
}


@pytest.mark.parametrize(("line", "why"), NOT_TAKEN.items(), ids=NOT_TAKEN)
def test_what_cannot_be_said_is_listed_with_its_line_and_why(line, why):
    imported = header("REMOVE InstitutionAddress", line)
    (remark,) = said(imported, Said.NOT)
    assert (remark.line, remark.what) == (4, line)
    assert why in remark.why
    assert rules(imported) == {"InstitutionAddress": ("remove", None)}
    assert imported.counts == (1, 0, 1)


PARTLY = {
    "ADD InstitutionName North": ("InstitutionName", "replace", "North"),
    "REPLACE PatientID var:entity_id": None,
    "ADD PatientName func:pseudonym": None,
}


@pytest.mark.parametrize(("line", "rule"), PARTLY.items(), ids=PARTLY)
def test_what_is_said_in_part_is_listed_too(line, rule):
    imported = header(line)
    assert rules(imported) == ({rule[0]: rule[1:]} if rule else {})
    assert imported.counts == (0, 1, 0)


def test_names_are_expanded_over_the_dictionary():
    found = rules(header("REMOVE endswith:Date"))
    known = dictionary.load()
    dates = {word for tag in known.tags.tolist() if (word := known.keyword(tag)) and word.lower().endswith("date")}
    assert {"StudyDate", "PatientBirthDate", "ContentDate"} < found.keys() <= dates
    assert rules(header("REMOVE startswith:PatientBirth")).keys() == {
        "PatientBirthDate", "PatientBirthTime", "PatientBirthName",
        "PatientBirthDateInAlternativeCalendar",
    }  # fmt: skip
    assert "ClinicalTrialSiteName" in rules(header("BLANK contains:trialsite"))


def test_an_expansion_tells_once_what_it_cannot_take():
    imported = header("REMOVE contains:UID")
    assert rules(imported)["FrameOfReferenceUID"] == ("remove", None)
    assert "StudyInstanceUID" not in rules(imported)
    assert all(remark.said is Said.PARTLY for remark in said(imported, Said.PARTLY))
    assert imported.counts == (0, 1, 0)


def test_jittered_dates_are_shifted():
    imported = header("JITTER endswith:Date var:jitter", "REPLACE ContentDate deid_func:jitter days=3")
    assert tomllib.loads(imported.policy)["dates"] == "shift"
    assert "StudyDate" not in rules(imported)
    assert any("PatientBirthDate" in remark.why for remark in said(imported, Said.PARTLY))


def test_dates_selected_by_vr_are_shifted():
    imported = header("JITTER select:VR:DA var:jitter")
    assert tomllib.loads(imported.policy)["dates"] == "shift"
    assert rules(imported) == {}


ORDER = ["BLANK {}", "REMOVE {}", "JITTER {} 3", "REPLACE {} 20000101", "ADD {} 20000101", "KEEP {}"]
OUTCOME = [("empty", None), ("remove", None), None, ("replace", "20000101"), ("replace", "20000101"), ("keep", None)]


@pytest.mark.parametrize("weak", range(len(ORDER)))
@pytest.mark.parametrize("strong", range(len(ORDER)))
@pytest.mark.parametrize("turned", [False, True])
def test_keep_comes_before_add_replace_jitter_remove_and_blank(weak, strong, turned):
    if strong <= weak:
        return
    lines = [ORDER[weak].format("StudyDate"), ORDER[strong].format("StudyDate")]
    imported = header(*(lines[::-1] if turned else lines))
    assert rules(imported) == ({"StudyDate": OUTCOME[strong]} if OUTCOME[strong] else {})
    if OUTCOME[weak] != OUTCOME[strong]:
        assert any("without effect" in remark.why for remark in said(imported, Said.NOTE))


def test_of_two_replacements_the_last_holds():
    assert rules(header("REPLACE StudyID A", "REPLACE StudyID B")) == {"StudyID": ("replace", "B")}


def test_a_keep_of_many_holds_over_a_removal_of_one():
    found = rules(header("REMOVE DeviceSerialNumber", "KEEP select:group:0018", "REMOVE StudyID"))
    assert found["DeviceSerialNumber"] == found["ProtocolName"] == ("keep", None)
    assert found["StudyID"] == ("remove", None)


def test_a_kept_group_is_kept_element_by_element_but_for_uids():
    imported = header("KEEP select:group:0018", "REMOVE KVP")
    found = rules(imported)
    assert found["ProtocolName"] == ("keep", None)
    assert "KVP" not in found  # stays by itself, and KEEP comes first
    assert "DeviceUID" not in found
    assert any("DeviceUID" in remark.why for remark in said(imported, Said.PARTLY))


def test_uids_of_all_kinds_cannot_be_kept_together():
    assert "UIDs may hold dates" in said(header("KEEP select:VR:UI"), Said.NOT)[0].why


def test_a_removal_of_many_does_not_hold_over_a_keep_of_one():
    found = rules(header("KEEP TopicTitle", "BLANK TopicSubject", "REMOVE select:group:0088"))
    assert found.pop("TopicTitle") == ("keep", None)
    assert found["TopicSubject"] == ("remove", None)
    assert set(found.values()) == {("remove", None)}


def test_a_removal_of_many_of_which_others_leave_nothing_is_noted():
    texts = [f"KEEP {keyword}" for tag in dictionary.load().tags.tolist() if (keyword := one_of_vr(tag, "UR"))]
    imported = header(*texts, "REMOVE select:VR:UR")
    assert set(rules(imported).values()) == {("keep", None)}
    last = len(texts) + 3
    assert [(remark.line, "without effect" in remark.why) for remark in said(imported, Said.NOTE)] == [(last, True)]


def one_of_vr(tag, vr):
    return dictionary.load().keyword(tag) if dictionary.load().vr_set(tag) == vr and tag >> 16 >= 8 else None


def test_what_needs_no_rule_has_one_where_a_line_for_many_would_take_it():
    found = rules(header("REMOVE select:VR:LO", "REPLACE PatientID var:id", "KEEP select:group:0018"))
    assert found["PatientID"] == ("replace", "{patient}")
    assert found["ContrastBolusAgent"] == found["ReceiveCoilManufacturerName"] == ("keep", None)


def test_dates_cannot_be_shifted_where_a_line_for_many_removes_them():
    imported = header("JITTER StudyDate 3", "REMOVE select:VR:DA")
    assert "no rule shifts a date" in said(imported, Said.NOT)[0].why


def test_remove_all_sweeps_what_is_not_named():
    found = rules(header("REMOVE ALL", "KEEP Modality", "REPLACE PatientID var:id"))
    assert found["Modality"] == ("keep", None)
    assert found["PatientID"] == ("replace", "{patient}")
    assert found["VR:PN"] == found["VR:DA"] == ("remove", None)


def test_what_is_refused_leaves_the_weaker_line_in_force():
    assert rules(header("REPLACE StudyDate var:date", "REMOVE StudyDate")) == {"StudyDate": ("remove", None)}


def test_lists_of_fields_are_expanded():
    imported = convert("%fields people", "FIELD PatientAddress", "FIELD endswith:BirthName", "%header", "REMOVE fields:people")
    assert {"PatientAddress", "PatientBirthName"} <= rules(imported).keys()
    assert imported.complete


def test_lists_of_values_cannot_be_said_line_by_line():
    split = "SPLIT PatientName splitval='^';minlength=4"
    imported = convert("%values people", split, "FIELD PatientID", "%header", "KEEP Modality")
    assert [remark.line for remark in said(imported, Said.NOT)] == [3, 4]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "words",
        "FORMAT nifti\n%header\nREMOVE StudyID",
        "FORMAT dicom",
        "REMOVE StudyID",
        "%nonsense\n",
        "%filter\nLABEL x",
        "%header\nREPLACE StudyID",
        "%header\nREMOVE",
        "\0",
    ],
)
def test_what_stops_deid_is_an_error(text):
    with pytest.raises(ScriptError):
        deid.convert(text, "x")


# --- filters ----------------------------------------------------------------------------------------------------------


def filtered(*lines, name="graylist"):
    imported = convert(f"%filter {name}", *lines)
    assert imported.policy is None
    return imported, region_reader.read(imported.regions)


def label(*lines, name="graylist"):
    imported, found = filtered("LABEL ours # (me)", *lines, name=name)
    (region,) = found["region"]
    return imported, region


CONDITIONS = {
    "contains Modality CT": {"element": "Modality", "contains": "CT"},
    "contains Modality CT|MR": {"element": "Modality", "matches": "CT|MR"},
    "notcontains Modality CT": {"not": {"element": "Modality", "contains": "CT"}},
    "equals Rows 512": {"element": "Rows", "equals": "512"},
    "notequals Rows 512": {"not": {"element": "Rows", "equals": "512"}},
    "missing Modality": {"element": "Modality", "present": False},
    "present Modality": {"element": "Modality", "present": True},
    "empty Modality": {"element": "Modality", "empty": True},
    "contains 0x00191010 a": {"element": "(0019,1010)", "contains": "a"},
    "contains ManufacturerModelName AS+": {"element": "ManufacturerModelName", "matches": "AS+"},
    "+ contains Modality CT": {"element": "Modality", "contains": "CT"},
}


@pytest.mark.parametrize(("line", "condition"), CONDITIONS.items(), ids=CONDITIONS)
def test_every_predicate_has_its_operator(line, condition):
    imported, region = label(line, "coordinates 0,0,5,5")
    assert region["when"] == [condition]
    assert imported.complete


def test_corners_and_sizes_are_not_mixed_up():
    _, region = label("present Modality", "coordinates 10,20,30, 40", "ctpcoordinates 10,20,30,40", "coordinates all")
    assert region["rectangles"] == [[10, 20, 30, 40], [10, 20, 40, 60], "all"]


def test_kept_areas_are_uncovered_in_order():
    kept = ["keepcoordinates 1,1,2,2", "ctpkeepcoordinates 1,1,2,2"]
    _, found = filtered("LABEL a", "coordinates all", *kept, "coordinates 0,0,9,9")
    assert [(region.get("rectangles"), region.get("keep")) for region in found["region"]] == [
        (["all"], [[1, 1, 2, 2], [1, 1, 3, 3]]),
        ([[0, 0, 9, 9]], None),
    ]


def test_ultrasound_regions_are_kept_by_a_label_of_their_own():
    imported, found = filtered(
        "LABEL Blank", "coordinates all", "LABEL Keep", "present SequenceOfUltrasoundRegions",
        "keepcoordinates from:SequenceOfUltrasoundRegions",
    )  # fmt: skip
    assert found["match"] == "all"
    assert [region["when"] for region in found["region"]] == [[], [{"element": "SequenceOfUltrasoundRegions", "present": True}]]
    assert found["region"][1]["keep"] == ["ultrasound-regions"]
    assert imported.complete


def test_every_label_that_matches_holds():
    _, found = filtered("LABEL a", "contains Modality US", "coordinates 0,0,1,1", "LABEL b", "coordinates 0,0,2,2")
    assert len(region_reader.matching(found, {"Modality": "US"})) == 2


def test_the_kind_of_filter_decides_what_becomes_of_an_image():
    assert label("contains Modality US")[1]["action"] == "hold"
    assert label("contains Modality US", name="blacklist")[1]["action"] == "refuse"
    assert label("contains Modality US", name="whitelist")[1]["action"] == "clean"
    assert label("contains Modality US", "coordinates 0,0,1,1", name="anything")[1]["action"] == "mask"


JOINED = {
    # lines: images (as letters of the elements that contain "x") that a label must take in; deid's code or its documents do
    ("contains A x", "+ contains B x"): ["ab", "abc"],
    ("contains A x", "|| contains B x"): ["a", "b", "ab", "ac", "bc", "abc"],
    ("contains A x", "contains B x"): ["a", "b", "ab", "ac", "bc", "abc"],
    ("contains A x", "+ contains B x || contains C x"): ["ab", "c", "ac", "bc", "abc"],
    ("contains A x || contains B x", "+ contains C x"): ["ac", "bc", "abc"],
    ("contains A x", "|| contains B x + contains C x"): ["a", "ab", "ac", "bc", "abc"],
    ("contains A x", "contains B x", "+ contains C x"): ["a", "ab", "ac", "bc", "abc"],
}
NAMES = {"A": "Modality", "B": "Manufacturer", "C": "StationName"}


@pytest.mark.parametrize(("lines", "images"), JOINED.items(), ids=map(" ".join, JOINED))
def test_conditions_are_joined_by_the_wider_reading(lines, images):
    for letter, name in NAMES.items():
        lines = [line.replace(f" {letter} ", f" {name} ") for line in lines]
    _, found = filtered("LABEL ours", *lines)
    taken = []
    for chosen in ["a", "b", "c", "ab", "ac", "bc", "abc"]:
        image = {name: "x" if letter.lower() in chosen else "" for letter, name in NAMES.items()}
        taken += [chosen] if region_reader.matching(found, image) else []
    assert sorted(taken) == sorted(images)


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (["contains Modalitie CT"], "line 4: 'Modalitie' is no keyword"),
        (["contains Modality"], "without a value"),
        (["contains Modality \\D"], "small letters"),
        (["contains Modality ("], "cannot be read here"),
        (["present Modality", "coordinates 5,5,1,1"], "line 5: the rectangle has no area"),
        (["present Modality", "coordinates 5,5,1"], "no four numbers"),
        (["present Modality", "coordinates from:PatientName"], "Ultrasound Regions"),
    ],
)
def test_a_label_that_cannot_be_said_is_listed(lines, why):
    imported, found = filtered("LABEL ours", *lines)
    assert found["region"] == []
    (remark,) = said(imported, Said.NOT)
    assert (remark.line, remark.what) == (3, "LABEL ours")
    assert why in remark.why


@pytest.mark.parametrize(
    "lines",
    [
        ["contains BurnedInAnnotation No"],
        ["contains Modality CT", "contains Rows 5"],
        ["contains Modality CT", "|| contains Rows 5"],
        ["contains Modality CT", "+ contains Rows 5 || contains Columns 5"],
        ["equals Modality CT|MR"],
    ],
)
def test_an_image_is_not_let_through_on_doubtful_grounds(lines):
    imported, found = filtered("LABEL ours", *lines, name="whitelist")
    assert found["region"] == []
    assert len(said(imported, Said.NOT)) == 1


def test_alternatives_of_equals_are_either():
    _, region = label("equals Rows 600|768", "coordinates 0,0,1,1")
    assert region["when"] == [{"any": [{"element": "Rows", "equals": "600"}, {"element": "Rows", "equals": "768"}]}]


def test_lines_that_deid_passes_over_are_listed():
    lines = ["nonsense here", "# a remark", "contains Modality CT", "keepcoordinates 1,2,3"]
    imported, found = filtered("stray", "LABEL ours", *lines)
    assert [remark.what for remark in said(imported, Said.NOT)] == ["stray"]
    assert [remark.what for remark in said(imported, Said.PARTLY)] == ["keepcoordinates 1,2,3", "nonsense here"]
    assert len(found["region"]) == 1


def test_a_recipe_has_both():
    imported = convert("%filter graylist", "LABEL x", "present Modality", "%header", "KEEP Modality")
    assert imported.policy
    assert imported.regions
    assert imported.statements == 2
