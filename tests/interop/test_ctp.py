"""CTP anonymizer scripts: each construct becomes the rule that says it, or is listed with why."""

import tomllib
from xml.sax.saxutils import escape

import pytest

from mediscan.errors import ScriptError
from mediscan.interop import ctp
from mediscan.interop.remarks import Said, lines
from mediscan.profile import policy_file
from mediscan.profile.policy import Dates

PARAMETERS = {"DAYS": "-30", "NONE": "0", "ROOT": "1.2.3", "SITE": "North"}


def xml(*statements, parameters=PARAMETERS):
    head = [f'<p t="{name}">{value}</p>' for name, value in parameters.items()]
    return "\n".join(["<script>", *head, *statements, "</script>"])


def element(tag, text, en="T"):
    return f'<e en="{en}" t="{tag}" n="x">{escape(text)}</e>'


def convert(*statements, **more):
    return ctp.convert(xml(*statements, **more), "ours.script")


def policy_of(imported):
    """The policy as TOML, which the loader takes too."""
    policy_file.parse(imported.policy, "imported")
    return tomllib.loads(imported.policy)


def rules(imported):
    found = policy_of(imported).get("rule", [])
    return {rule["element"]: (rule["action"], rule.get("value")) for rule in found}


def said(imported, kind):
    return [remark for remark in imported.remarks if remark.said is kind and remark.line]


WHOLE = {
    # tag, replacement: the rule (element, action, value), or None where nothing needs to be said
    ("00080080", "@remove()"): ("InstitutionName", "remove", None),
    ("00080080", "@empty()"): ("InstitutionName", "empty", None),
    ("00080080", ""): ("InstitutionName", "empty", None),
    ("00080080", "@blank(4)"): ("InstitutionName", "empty", None),
    ("00080080", "@keep()"): ("InstitutionName", "keep", None),
    ("00080080", "@contents(this)"): ("InstitutionName", "keep", None),
    ("00080080", "@value(this)"): ("InstitutionName", "keep", None),
    ("00080080", "Site \\@ A"): ("InstitutionName", "replace", "Site @ A"),
    ("00080080", "@param(@SITE) clinic"): ("InstitutionName", "replace", "North clinic"),
    ("00080080", "@always()@remove()"): ("InstitutionName", "remove", None),
    ("00080050", "@hash(this,16)"): ("AccessionNumber", "code", None),
    ("00080050", "@hash(this)"): ("AccessionNumber", "code", None),
    ("00080050", "@hash(0008,0050)"): None,
    ("00080050", "@hash(AccessionNumber,16)"): ("AccessionNumber", "code", None),
    ("00080090", "@hashname(this,6,2)"): ("ReferringPhysicianName", "replace", "{code}"),
    ("00081030", "S-@hash(this,4)"): ("StudyDescription", "replace", "S-{code}"),
    ("00100010", "@hashname(this,6,2)"): None,
    ("00100020", "@hash(this,10)"): None,
    ("00100020", "@hashptid(@SITE,PatientID)"): None,
    ("00100020", "@param(@SITE)-@hashptid(@SITE,this,10)"): ("PatientID", "replace", "North-{patient}"),
    ("00120040", "@hashptid(@SITE,PatientID)"): ("ClinicalTrialSubjectID", "replace", "{patient}"),
    ("00080018", "@hashuid(@ROOT,this)"): ("SOPInstanceUID", "uid", None),
    ("0020000d", "@hashuid(@ROOT,this)"): ("StudyInstanceUID", "uid", None),
    ("00200052", "@if(this,exists){@hashuid(@ROOT,this)}{@remove()}"): ("FrameOfReferenceUID", "uid", None),
    ("00104000", "@if(this,isblank){@remove()}{@empty()}"): ("PatientComments", "empty", None),
    ("00104000", "@if(Modality,equals,\"CT\"){@remove()}{@remove()}"): ("PatientComments", "remove", None),
    ("00104000", "@select(){@remove()}{@remove()}"): ("PatientComments", "remove", None),
    ("00540016", "@process()"): ("RadiopharmaceuticalInformationSequence", "keep", None),
    ("00540016", "@always()@process()"): ("RadiopharmaceuticalInformationSequence", "keep", None),
    ("00080005", "@keep()"): None,
    ("00080016", "@keep()"): None,
    ("00280010", "@keep()"): None,
    ("00120062", "@always()YES"): None,
    ("00280303", "@always()REMOVED"): None,
    ("60003000", "@remove()"): None,
    ("0008999a", "@remove()"): None,
    ("00191001", "@remove()"): None,
    ("0019[ACME 1]0a", "@keep()"): ('(0019,"ACME 1",0A)', "keep", None),
    ("0019[ACME 1]0a", "@remove()"): ('(0019,"ACME 1",0A)', "remove", None),
}  # fmt: skip
del WHOLE["00080050", "@hash(0008,0050)"]  # a comma parts arguments, as CTP's own comment says


@pytest.mark.parametrize(("statement", "rule"), WHOLE.items(), ids=lambda part: "|".join(map(str, part or ("nothing",))))
def test_what_can_be_said_is_said(statement, rule):
    imported = convert(element(*statement))
    assert rules(imported) == ({rule[0]: rule[1:]} if rule else {})
    assert imported.complete
    assert imported.counts == (1, 0, 0)


NOT_TAKEN = {
    ("00080050", "@lookup(this,acc)"): "look-up table",
    ("00080050", "@lookup(this,acc,default,x)"): "look-up table",
    ("00080050", "@integer(this,acc,6)"): "order of their coming",
    ("00080050", "@encrypt(this,@SITE)"): "encrypted in place",
    ("00080050", "@decrypt(this,@SITE)"): "decrypted",
    ("00080050", "@hash(StudyID,8)"): "another element",
    ("00080080", "@truncate(this,3)"): "a part of the old value",
    ("00080080", "@lowercase(this)"): "in other letters",
    ("00080080", "@uppercase(this)"): "in other letters",
    ("00080080", "@contents(StationName)"): "another element",
    ("00080080", '@contents(this,"[0-9]","")'): "replaces within the value",
    ("00080080", "@initials(this)"): "part of the name",
    ("00080080", "@date()"): "date of the run",
    ("00080080", "@time()"): "time of the run",
    ("00080080", "@call(plugin,this)"): "plug-in",
    ("00080080", "@pathelement(this,1)"): "a part of the old value",
    ("00080080", "@append(){x}"): "cannot be added",
    ("00080080", "@quarantine()"): "cannot hold back",
    ("00080080", "@skip()"): "cannot hold back",
    ("00080080", "@if(this,contains,x){@remove()}{@keep()}"): "depend on a value",
    ("00080080", "@if(Modality,equals,CT){@quarantine()}{@keep()}"): "cannot hold back",
    ("00080080", "@select(){@keep()}{@remove()}"): "sequences rules of their own",
    ("00080080", "@param(@MISSING)"): "no parameter",
    ("00080080", "@nonsense()"): "no function of CTP",
    ("00080080", "@keep"): "without a function",
    ("00080080", "@if(this,exists"): "never closed",
    ("00080080", "@if(this,exists)"): "without its clause",
    ("00080080", "{code}"): "braces",
    ("00080080", "Zürich"): "characters",
    ("00280010", "512"): "describes the pixels",
    ("00120063", "@always()@append(){CTP}"): "attestation",
    ("00120064", "113100/113105"): "attestation",
    ("00280303", "@always()MODIFIED"): "attestation",
    ("00100030", "@incrementdate(this,@DAYS)"): "no option that keeps PatientBirthDate",
    ("00080080", "@incrementdate(this,@DAYS)"): "hold dates",
    ("00080020", "@incrementdate(this,x)"): "no whole number",
    ("00080020", "@incrementdate(SeriesDate,@DAYS)"): "another element",
    ("00080020", "@modifydate(this,*,*,1)"): "year alone",
    ("00080020", "@dateinterval(this,base,PatientID)"): "look-up table",
    ("00181002", "@keep()"): "UIDs may hold dates",
    ("00080018", "@keep()"): "UIDs may hold dates",
    ("00080018", "@remove()"): "tells objects apart",
    ("00200052", "@hashuid(@ROOT,StudyInstanceUID)"): "another element",
    ("00101030", "@round(this,5)"): "only the Patient's Age",
    ("00191001", "@keep()"): "known by its creator",
    ("00190010", "ACME"): "known by its creator",
    ("001900[ACME 1]", "@keep()"): "Private Creators stay",
    ("60003000", "@keep()"): "overlays and curves go whole",
    ("0008999a", "@keep()"): "PS3.6 does not know",
    ("nonsense", "@keep()"): "names no element",
}


@pytest.mark.parametrize(("statement", "why"), NOT_TAKEN.items(), ids=map("|".join, NOT_TAKEN))
def test_what_cannot_be_said_is_listed_with_its_line_and_why(statement, why):
    imported = convert(element("00080082", "@remove()"), element(*statement))
    (remark,) = said(imported, Said.NOT)
    assert remark.line == len(PARAMETERS) + 3
    assert statement[0] in remark.what
    assert why in remark.why
    assert not imported.complete
    assert imported.counts == (1, 0, 1)
    assert rules(imported) == {"InstitutionCodeSequence": ("remove", None)}


PARTLY = {
    ("00080060", "@require()"): ("Modality", "keep", None),
    ("00080060", '@require(SeriesDescription,"OT")'): ("Modality", "keep", None),
    ("00080080", '@value(this,"none")'): ("InstitutionName", "keep", None),
    ("00080080", "@always()North"): ("InstitutionName", "replace", "North"),
    ("00200052", "@hashuid(@ROOT,this,PatientID)"): ("FrameOfReferenceUID", "uid", None),
}


@pytest.mark.parametrize(("statement", "rule"), PARTLY.items(), ids=lambda part: "|".join(map(str, part)))
def test_what_is_said_in_part_is_listed_too(statement, rule):
    imported = convert(element(*statement))
    assert rules(imported) == {rule[0]: rule[1:]}
    assert len(said(imported, Said.PARTLY)) == 1
    assert imported.counts == (0, 1, 0)


def test_an_element_that_the_table_does_not_list_is_removed_where_its_statement_is_not_taken():
    imported = convert(element("00180015", "@truncate(this,4)"))
    assert rules(imported) == {"BodyPartExamined": ("remove", None)}
    assert "removed instead" in said(imported, Said.NOT)[0].why


@pytest.mark.parametrize("function", ["hash(this,8)", "hashname(this,6)", "hashptid(@SITE,this)"])
def test_an_unkeyed_hash_becomes_keyed_with_a_note(function):
    (note,) = said(convert(element("00080050", f"@{function}")), Said.NOTE)
    assert "keyed" in note.why


# --- dates ------------------------------------------------------------------------------------------------------------


def test_dates_that_are_moved_by_a_constant_are_shifted_by_the_key():
    imported = convert(element("00080020", "@incrementdate(this,@DAYS)"), element("00080030", "@keep()"))
    assert policy_of(imported)["dates"] == "shift"
    assert rules(imported) == {}  # times stay with shifted dates
    assert "can be guessed" in said(imported, Said.NOTE)[0].why


def test_hashed_dates_are_shifted_and_a_year_alone_is_year():
    assert policy_of(convert(element("00080020", "@hashdate(this,PatientID)")))["dates"] == "shift"
    assert policy_of(convert(element("00080020", "@modifydate(this,*,01,01)")))["dates"] == "year"


def test_zero_days_keep_a_date():
    assert rules(convert(element("00080020", "@incrementdate(this,@NONE)"))) == {"StudyDate": ("keep", None)}


def test_all_dates_are_treated_like_most_of_them():
    imported = convert(
        element("00080020", "@incrementdate(this,@DAYS)"),
        element("00080021", "@incrementdate(this,@DAYS)"),
        element("00080022", "@modifydate(this,*,1,1)"),
        element("00080023", "@remove()"),
        element("0008002a", "@keep()"),
    )
    assert policy_of(imported)["dates"] == "shift"
    assert rules(imported) == {"ContentDate": ("remove", None), "AcquisitionDateTime": ("keep", None)}
    assert "treats all dates alike" in said(imported, Said.NOT)[0].why


def test_uids_are_kept_where_all_dates_are():
    imported = convert(element("00080018", "@keep()"), element("00080020", "@keep()"), element("00200052", "@keep()"))
    assert policy_of(imported)["dates"] == Dates.KEEP
    assert rules(imported) == {"SOPInstanceUID": ("keep", None), "FrameOfReferenceUID": ("keep", None)}
    assert imported.complete


def test_rounded_ages_are_generalised():
    policy = policy_of(convert(element("00101010", "@round(this,5)")))
    assert policy["generalise"] == {"PatientAge": 5}
    assert policy["options"] == ["retain-patient-characteristics"]


# --- groups -----------------------------------------------------------------------------------------------------------


def test_safe_private_elements_are_an_option():
    imported = convert('<k en="T" t="safeprivateelements">x</k>')
    assert policy_of(imported)["options"] == ["retain-safe-private"]
    assert "Table E.3.10-1" in said(imported, Said.NOTE)[0].why


def test_a_kept_group_is_kept_element_by_element_but_for_uids():
    imported = convert('<k en="T" t="0018">x</k>', element("00181000", "@remove()"))
    found = rules(imported)
    assert found["DeviceSerialNumber"] == ("remove", None)
    assert found["ProtocolName"] == ("keep", None)
    assert "DeviceUID" not in found
    assert "KVP" not in found  # stays by itself
    assert "DeviceUID" in said(imported, Said.PARTLY)[0].why


def test_a_kept_group_does_not_keep_what_a_statement_that_is_not_taken_would_change():
    assert "ProtocolName" not in rules(convert('<k en="T" t="0018">x</k>', element("00181030", "@truncate(this,3)")))


def test_a_private_group_cannot_be_kept():
    assert "creator" in said(convert('<k en="T" t="0019">x</k>'), Said.NOT)[0].why


@pytest.mark.parametrize("kind", ["privategroups", "overlays", "curves"])
def test_groups_that_go_anyway_need_no_rule(kind):
    imported = convert(f'<r en="T" t="{kind}">x</r>')
    assert rules(imported) == {}
    assert imported.complete


def test_an_unknown_kind_to_remove_is_listed():
    assert said(convert('<r en="T" t="everything">x</r>'), Said.NOT)[0].what == "remove everything"


def test_unspecified_elements_go_where_the_script_says_so():
    kept, hashed = element("00080060", "@keep()"), element("00100010", "@hash(this)")
    imported = convert('<r en="T" t="unspecifiedelements">x</r>', kept, hashed)
    found = rules(imported)
    assert found["VR:LO"] == found["VR:SQ"] == found["VR:DA"] == ("remove", None)
    assert found["Modality"] == ("keep", None)
    assert found["PatientName"] == ("replace", "{patient}")
    assert found["RescaleSlope"] == ("keep", None)  # CTP keeps group 0028
    assert found["PaletteColorLookupTableUID"] == ("uid", None)
    assert said(imported, Said.NOT) == []


def test_unspecified_dates_are_shifted_with_the_others():
    imported = convert('<r en="T" t="unspecifiedelements">x</r>', element("00080020", "@incrementdate(this,@DAYS)"))
    assert "VR:DA" not in rules(imported)
    assert "VR:LO" in rules(imported)
    assert 'dates = "shift"' in said(imported, Said.PARTLY)[-1].why


def test_default_deny_is_said_once_where_the_script_is_laxer():
    imported = convert(element("00080060", "@keep()"), element("00080070", "@keep()"))
    assert sum("does not name" in line for line in lines(imported.remarks)) == 1


# --- the script as a whole --------------------------------------------------------------------------------------------


def test_inactive_statements_say_nothing_and_are_counted():
    imported = convert(element("00080080", "@keep()", en="F"), element("00080081", "@keep()"), '<k en="F" t="0018">x</k>')
    assert rules(imported) == {"InstitutionAddress": ("keep", None)}
    assert imported.statements == 1
    assert any("left out: 2" in remark.why for remark in imported.remarks)


def test_two_statements_for_one_element_are_not_taken_if_they_differ():
    imported = convert(element("00080080", "@keep()"), element("00080080", "@remove()"))
    assert rules(imported) == {}
    assert len(said(imported, Said.NOT)) == 2
    assert rules(convert(element("00080080", "@keep()"), element("00080080", "@keep()"))) == {"InstitutionName": ("keep", None)}


def test_unknown_xml_is_listed():
    imported = convert("<z>x</z>", '<e en="T">x</e>', '<e en="T" t="00080080">@keep()<b/></e>')
    assert [remark.what for remark in said(imported, Said.NOT)] == ["<z>", "<e>", "<b>"]


def test_legacy_properties_say_the_same_as_xml():
    text = r"""
# a comment
param.SITE=North
param.DAYS = -30
set.[0008,0080]InstitutionName=@param(@SITE)
set.[0008,0050]AccessionNumber=@hash(this,\
    16)
#set.[0008,1030]StudyDescription=@keep()
set.[0008,0020]StudyDate=@incrementdate(this,@DAYS)
set.[0019,[ACME]0a]Angle=@keep()
keep.group0018=
remove.privategroups=
nonsense=1
"""
    imported = ctp.convert(text, "old.properties")
    same = convert(
        element("00080080", "@param(@SITE)"),
        element("00080050", "@hash(this,16)"),
        element("00080020", "@incrementdate(this,@DAYS)"),
        element("0019[ACME]0a", "@keep()"),
        '<k en="T" t="0018">x</k>',
    )
    assert rules(imported) == rules(same)
    assert policy_of(imported)["dates"] == "shift"
    assert [(remark.line, remark.what) for remark in said(imported, Said.NOT)] == [(13, "nonsense=1")]


def test_a_script_of_the_rsna_anonymizer_is_read_in_its_own_words():
    imported = convert(
        element("00080018", "@uid"),
        element("00080020", "@hashdate"),
        element("00080050", "@acc"),
        element("00080060", ""),
        element("00100010", "@ptid"),
        element("00280010", ""),
        element("00080080", "@remove()"),
    )
    found = rules(imported)
    assert found["SOPInstanceUID"] == ("uid", None)
    assert found["AccessionNumber"] == ("code", None)
    assert found["Modality"] == ("keep", None)
    assert found["PatientName"] == ("replace", "{patient}")
    assert found["VR:LO"] == ("remove", None)
    assert policy_of(imported)["dates"] == "shift"
    assert said(imported, Said.NOT) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "just words",
        "<script>",
        "<html/>",
        "<script/>",
        '<!DOCTYPE script [<!ENTITY a "b">]><script><p t="x">&a;</p></script>',
        '<!DOCTYPE script SYSTEM "file:///etc/passwd"><script/>',
        '<script><e en="T" t="00080080">&undefined;</e></script>',
        "\0",
        "x" * 4_000_001,
    ],
)
def test_what_is_no_script_is_an_error(text):
    with pytest.raises(ScriptError):
        ctp.convert(text, "x")


def test_no_entity_of_a_document_type_is_ever_expanded():
    bomb = '<!DOCTYPE s [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
    )
    with pytest.raises(ScriptError, match="document type"):
        ctp.convert(f"{bomb}]><script>&j;</script>", "x")


def test_a_declared_encoding_does_not_matter_since_the_text_is_decoded():
    text = xml(element("00080080", "@keep()"))
    assert rules(ctp.convert(f'<?xml version="1.0" encoding="ISO-8859-1"?>{text}', "x")) == {"InstitutionName": ("keep", None)}
