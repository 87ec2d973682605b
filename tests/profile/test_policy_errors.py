"""Bad policy files: each is refused, and the message names the line and what to do."""

import pytest
from policy_files import GOOD, parsed, rule

from mediscan.errors import PolicyError
from mediscan.profile import policy_file

LINES = len(GOOD)
LINE = {key: number for number, key in enumerate(GOOD, 1)}


def refused(cure, line, _more="", **changes):
    with pytest.raises(PolicyError) as caught:
        parsed(_more, **changes)
    message = str(caught.value)
    assert message.startswith(f"policy ours, line {line}: "), message
    assert cure in message, message


@pytest.mark.parametrize(
    ("key", "value", "cure"),
    [
        ("title", "1", "title must be a text"),
        ("title", '" "', "title must be a text"),
        ("description", '["x"]', "description must be a text"),
        ("options", '"clean-descriptors"', "options must be a list"),
        ("options", "[1]", "quotation marks"),
        ("options", '["clean-everything"]', "no option of CID 7050; there are clean-descriptors, clean-graphics"),
        ("options", '["CLEAN-DESCRIPTORS"]', "no option of CID 7050"),
        ("options", '["basic-profile"]', "no option of CID 7050"),
        ("options", '["clean-pixel-data"]', "clean-pixel-data is not built yet"),
        ("options", '["clean-recognizable-visual-features"]', "is not built yet"),
        ("options", '["retain-safe-private", "retain-safe-private"]', "there twice"),
        ("options", '["retain-longitudinal-modified-dates"]', 'goes with dates = "shift", not "year"'),
        ("options", '["retain-longitudinal-full-dates"]', 'goes with dates = "keep", not "year"'),
        ("dates", '"weeks"', "one of year, shift, remove, keep"),
        ("dates", "1", "one of year"),
        ("dates", '["year"]', "one of year"),
        ("dates", "{year = true}", "one of year"),
        ("oldest_birth_year", '"1937"', "must be a year"),
        ("oldest_birth_year", "true", "must be a year"),
        ("oldest_birth_year", "1937.0", "must be a year"),
        ("oldest_birth_year", "37", "must be a year"),
        ("oldest_birth_year", "10000", "must be a year"),
        ("codes", '"AccessionNumber"', "codes must be a list"),
        ("codes", '["AccesionNumber"]', "codes: 'AccesionNumber' is no keyword of PS3.6; AccessionNumber?"),
        ("codes", "[524368]", "quotation marks"),
        ("codes", '["StationName", "StationName"]', "there twice"),
        ("codes", '["InstanceNumber"]', "VR LO or SH"),
        ("codes", '["PatientMotherBirthName"]', "VR LO or SH"),
        ("codes", '["ManufacturerModelName"]', "not in Table E.1-1; leave it out, or write a rule"),
        ("codes", '["FrameOfReferenceUID"]', "VR LO or SH"),
        ("codes", '["(0008,xx50)"]', "not one element"),
        ("codes", '["RequestAttributesSequence.AccessionNumber"]', "not one element"),
        ("zip3", '["PatientAdress"]', "PatientAddress?"),
        ("zip3", "{}", "zip3 must be a list"),
        ("zip3", '["AccessionNumber"]', "AccessionNumber is in zip3 and in codes; leave one out"),
    ],
)
def test_values(key, value, cure):
    refused(cure, LINE[key], **{key: value})


@pytest.mark.parametrize(
    ("key", "value", "cure"),
    [
        ("colour", '"x"', "unknown key 'colour'; known are allow, codes, crosswalk, dates"),
        ("Dates", '"year"', "unknown key 'Dates'"),
        ("oldest-birth-year", "1937", "unknown key"),
        ("more", "{a = 1}", "unknown key 'more'"),
        ("rules", "[]", "unknown key 'rules'"),
        ("rule", "1", "begin each with [[rule]]"),
        ("rule", "[1]", "begin each with [[rule]]"),
        ("source", "{}", "begin each with [[source]]"),
        ("extends", '"save-harbor"', "no policy 'save-harbor'; there are basic, gdpr-anonymous, research, safe-harbor"),
        ("extends", "1", "extends must be a text"),
        ("extends", '"other.toml"', "no policy 'other.toml'"),  # text that lies in no folder
        ("descriptors", '"words"', "one of lexicon, hunt, remove"),
        ("descriptors", "true", "one of lexicon"),
        ("generalise", "5", "generalise must be a table"),
        ("generalise", "{ PatientAg = 5 }", "generalise: 'PatientAg' is no keyword of PS3.6; PatientAge?"),
        ("generalise", "{ PatientName = 5 }", "VR AS or DS or IS"),
        ("generalise", "{ PatientBodyMassIndex = 0 }", "a number above 0"),
        ("generalise", "{ PatientBodyMassIndex = -5 }", "a number above 0"),
        ("generalise", "{ PatientBodyMassIndex = true }", "a number above 0"),
        ("generalise", "{ PatientBodyMassIndex = inf }", "a number above 0"),
        ("generalise", "{ PatientBodyMassIndex = nan }", "a number above 0"),
        ("generalise", '{ PatientBodyMassIndex = "5" }', "a number above 0"),
        ("generalise", "{ InstanceNumber = 0.5 }", "a whole number"),
        ("generalise", "{ PatientAge = 5 }", "PatientAge does not stay under these options"),
        ("allow", '"audio"', "allow must be a list"),
        ("allow", '["sound"]', "'sound' is no kind of content that is refused"),
        ("forget_key", "1", "true or false"),
        ("forget_key", "true", "say crosswalk = false"),
        ("crosswalk", '"no"', "true or false"),
    ],
)
def test_more_keys(key, value, cure):
    refused(cure, LINES + 1, **{key: value})


def test_descriptors_where_no_text_is_cleaned():
    refused("nothing here cleans text", LINES + 1, options="[]", descriptors='"hunt"')
    assert parsed(options='["clean-graphics"]', descriptors='"hunt"')
    assert parsed(rule("PatientComments", "clean"), options="[]", descriptors='"hunt"')


def test_uids_are_not_kept_without_their_dates():
    for dates in ("year", "shift", "remove"):
        refused("option retain-uids keeps UIDs", LINE["dates"], options='["retain-uids"]', dates=f'"{dates}"')
    refused("the rule for (0020,xx52) keeps UIDs", LINE["dates"], rule("(0020,xx52)"))
    refused("the rule for VR:UI keeps UIDs", LINE["dates"], rule("VR:UI"))
    assert parsed(rule("FrameOfReferenceUID"), dates='"keep"')
    assert parsed(rule("FrameOfReferenceUID", "uid"))
    assert parsed(rule("ContextUID"))  # registered or of a vendor, never of an instance
    refused("option retain-uids keeps UIDs", LINES + 3, '[[source]]\npath = "*"\noptions = ["retain-uids"]\n', dates='"year"')
    assert parsed('[[source]]\npath = "*"\noptions = ["retain-uids"]\ndates = "keep"\n')


def test_the_line_of_an_element_of_a_long_list():
    refused("no option of CID 7050", 5, options='[ # "retain-uids"\n  "clean-graphics",\n  "nothing",\n]')


# --- rules ------------------------------------------------------------------------------------------------------------

ELEMENT, ACTION, VALUE = LINES + 2, LINES + 3, LINES + 4  # of the first rule, as `rule` writes it


@pytest.mark.parametrize(
    ("element", "action", "cure"),
    [
        ("PatientWieght", "keep", "PatientWeight?"),
        ("(0019,100C)", "keep", 'name its creator: (0019,"CREATOR",0C)'),
        ("(0010,FFFF)", "keep", "means no element of PS3.6"),
        ("(0010,FFFx)", "keep", "means no element of PS3.6"),
        ("(6000,0022)", "keep", "write (60xx,0022)"),
        ("ContentSequence.(0018,xx5x)", "keep", "only one element of PS3.6 can have a rule"),
        ("ContentSequence.VR:DT", "remove", "only one element of PS3.6 can have a rule"),
        ('ContentSequence.(0019,"X",0C)', "keep", "only one element of PS3.6 can have a rule"),
        ('(0019,"X",0C)', "clean", "is private"),
        ("(0002,0016)", "remove", "cannot have a rule"),
        ("(0002,xxxx)", "remove", "means no element of PS3.6 that a rule may touch"),
        ("TransferSyntaxUID", "uid", "cannot have a rule"),
        ("SpecificCharacterSet", "remove", "says how the text is to be read"),
        ("SOPClassUID", "uid", "says what the object is"),
        ("PatientIdentityRemoved", "remove", "written anew"),
        ("LongitudinalTemporalInformationModified", "keep", "written anew"),
        ("PixelData", "remove", "Pixel Data is no matter of rules"),
        ("Rows", "remove", "describes the pixels"),
        ("PhotometricInterpretation", "empty", "describes the pixels"),
        ("(FFFE,E000)", "remove", "delimiters"),
        ("SOPInstanceUID", "remove", 'only action = "uid"'),
        ("StudyInstanceUID", "dummy", 'only action = "uid"'),
        ("ReferencedStudySequence", "dummy", "does not suit ReferencedStudySequence (SQ); empty or remove it"),
        ("PatientWeight", "clean", "only text"),
        ("PatientName", "clean", "only text"),
        ("StudyDate", "uid", "only VR UI"),
        ("PatientName", "code", "can hold a code"),
        ("VR:DS", "clean", "and "),
        ("PatientID.PatientName", "keep", "VR SQ"),
    ],
)
def test_elements(element, action, cure):
    refused(cure, ELEMENT, rule(element, action))


@pytest.mark.parametrize(
    ("element", "value", "cure"),
    [
        ("InstitutionName", "{site}", "there are {patient}, {code} and {year}"),
        ("InstitutionName", "{", "braces"),
        ("InstitutionName", "{patient", "braces"),
        ("InstitutionName", "{}", "braces"),
        ("InstitutionName", "{year!r}", "braces"),
        ("InstitutionName", "{{year}}", "braces"),
        ("InstitutionName", "Клиника", "printable ASCII"),
        ("InstitutionName", "a\\b", "printable ASCII"),
        ("InstitutionName", "x" * 65, "becomes 65 characters, and VR LO has 64"),
        ("StationName", "{patient}", "becomes 24 characters, and VR SH has 16"),
        ("StationName", "A{code}", "becomes 17 characters"),
        ("Modality", "ct", "VR CS has not ('ct')"),
        ("Modality", "{code}", "VR CS has not"),
        ("StudyDate", "{year}", "not one of VR DA"),
        ("StudyDate", "20260230x", "becomes 9 characters"),
        ("StudyDate", "20261301", "not one of VR DA"),
        ("PatientAge", "40", "not one of VR AS"),
        ("PatientWeight", "ten", "VR DS has not"),
        ("SeriesNumber", "1.5", "VR IS has not"),
        ("StudyTime", "25", "not one of VR TM"),
        ("FrameOfReferenceUID", "1.02", "not one of VR UI"),
        ("FrameOfReferenceUID", "1.2.{code}", "VR UI has not"),
    ],
)
def test_templates(element, value, cure):
    refused(cure, VALUE, rule(element, "replace", value))


@pytest.mark.parametrize(
    ("element", "value"),
    [
        ("InstitutionName", "SITE1"),
        ("StationName", "{code}"),
        ("PatientName", "TRIAL^{patient}"),
        ("InstitutionName", "SITE1-{year}-{patient}"),
        ("StudyDate", "{year}0101"),
        ("PatientAge", "040Y"),
        ("SeriesNumber", "{year}"),
        ("Modality", "OT"),
        ("FrameOfReferenceUID", "2.25.{year}"),
        ("AcquisitionDateTime", "{year}"),
        ("RetrieveURL", "https://{year}"),
        ("VR:LO", "x"),
        ('(0019,"X",0C)', "SITE1"),
    ],
)
def test_templates_that_fit(element, value):
    assert parsed(rule(element, "replace", value)).rules[0].value == value


def test_what_belongs_to_a_rule():
    refused("VALUE goes with".lower(), ELEMENT, rule("InstitutionName", "replace"))
    refused("value goes with", VALUE, rule("InstitutionName", "keep", "x"))
    refused("value must be a text", VALUE, rule("InstitutionName", "replace", " "))
    refused("only what is written in characters", ELEMENT, rule("RescaleSlopeX", "keep").replace("RescaleSlopeX", "(0018,9073)")
            .replace('"keep"', '"replace"\nvalue = "1"'))  # fmt: skip
    refused("one of keep, remove, empty", ACTION, rule("InstitutionName", "drop"))
    refused("a rule without action, reason", LINES + 1, '[[rule]]\nelement = "InstitutionName"\n')
    refused("a rule without element", LINES + 1, '[[rule]]\naction = "keep"\nreason = "x"\n')
    refused("reason must be a text", ACTION + 1, rule("InstitutionName", reason=" "))
    refused("unknown key 'why'; known are action, element, reason, value", ACTION + 2, rule("StationName") + 'why = "x"\n')


SECOND = ELEMENT + 4


@pytest.mark.parametrize(
    ("first", "second", "line", "cure"),
    [
        (("PatientComments", "keep"), ("(0010,4000)", "keep"), SECOND, "has a rule already (PatientComments)"),
        (("VR:UT", "remove"), ("VR:UT", "clean"), SECOND, "has a rule already"),
        (('(0019,"X",0C)', "keep"), ('(0019,"X ",0c)', "remove"), SECOND, "has a rule already"),
        (("(0010,400x)", "keep"), ("(0010,4000)", "remove"), ELEMENT, "never reached: more specific rules ((0010,4000))"),
        (("(0010,4000)", "remove"), ("(0010,400x)", "keep"), SECOND, "never reached"),
        (('(0019,"X",0x)', "keep"), ('(0019,"X",xx)', "remove"), None, ""),
        (("(0018,10x0)", "remove"), ("(0018,103x)", "keep"), ELEMENT, "contradict each other on ProtocolName"),
        (("(0018,10x0)", "remove"), ("(0018,103x)", "remove"), None, ""),
        (('(0019,"X",0x)', "keep"), ('(0019,"X",x1)', "remove"), ELEMENT, "contradict each other on 01"),
        (('(0019,"X",0x)', "keep"), ('(0019,"Y",x1)', "remove"), None, ""),
        (("VR:UT", "clean"), ("TextValue", "remove"), None, ""),
        (("(0008,103x)", "clean"), ("VR:LT", "remove"), None, ""),
        (("ContentSequence.TextValue", "remove"), ("TextValue", "keep"), None, ""),
        (("(0010,400x)", "keep"), ("ContentSequence.(0010,4000)", "remove"), None, ""),
    ],
)
def test_rules_among_one_another(first, second, line, cure):
    more = rule(*first) + "\n" + rule(*second)
    if line is None:
        assert len(parsed(more).rules) == 2
    else:
        refused(cure, line + 1 if line == SECOND else line, more)


def test_a_rule_of_its_own_settles_a_contradiction():
    more = rule("(0018,10x0)", "remove") + rule("(0018,101x)", "keep")
    refused("contradict each other on SecondaryCaptureDeviceID", ELEMENT, more)
    assert parsed(more + rule("SecondaryCaptureDeviceID", "code")).rules[0].element == "SecondaryCaptureDeviceID"


def test_rules_and_lists():
    refused("decides AccessionNumber, which codes names too", ELEMENT, rule("AccessionNumber", "remove"))
    refused("decides AccessionNumber, which codes names too", ELEMENT, rule("VR:SH", "clean"))
    refused("which zip3 names too", ELEMENT + 0, rule("StationName"), zip3='["StationName"]')
    refused("which generalise names too", ELEMENT + 1, rule("(0010,102x)"), generalise="{ PatientBodyMassIndex = 5 }")
    assert parsed(rule("RequestAttributesSequence.AccessionNumber", "remove"))  # in one place other than in all


def test_a_rule_inside_a_sequence_that_goes():
    inside = "RequestAttributesSequence.ScheduledProcedureStepID"
    refused("E.1-1 (0040,0275) takes RequestAttributesSequence away", ELEMENT, rule(inside), options="[]")
    assert parsed(rule(inside), options='["clean-descriptors"]')
    assert parsed(rule("RequestAttributesSequence") + rule(inside), options="[]")
    refused(
        "the rule for RequestAttributesSequence takes", ELEMENT + 4, rule("RequestAttributesSequence", "remove") + rule(inside)
    )
    refused("the rule for (0040,027x) takes", ELEMENT + 4, rule("(0040,027x)", "remove") + rule(inside))
    within = rule(f"ContentSequence.{inside}")
    assert parsed(rule("RequestAttributesSequence", "remove") + rule("ContentSequence.RequestAttributesSequence") + within)


# --- sources ----------------------------------------------------------------------------------------------------------

SOURCE = LINES + 1


@pytest.mark.parametrize(
    ("more", "line", "cure"),
    [
        ('policy = "basic"\n', SOURCE, "needs one of institution, station, path, archive"),
        ('path = 1\npolicy = "basic"\n', SOURCE + 1, "path must be a text"),
        ('path = "*"\npolicy = "nothing"\n', SOURCE + 2, "policy: there is no policy 'nothing'"),
        ('path = "*"\npolicy = "../x.toml"\n', SOURCE + 2, "no policy"),
        ('path = "*"\ntitle = "x"\n', SOURCE + 2, "unknown key 'title'"),
        ('path = "*"\nsource = []\n', SOURCE + 2, "unknown key 'source'"),
        ('path = "*"\nextends = "basic"\n', SOURCE + 2, "unknown key 'extends'; known are allow, archive"),
        ('path = "*"\ndates = "never"\n', SOURCE + 2, "one of year"),
        ('path = "*"\npolicy = "gdpr-anonymous"\n', SOURCE + 2, "forget_key is true for this source"),
        ('path = "*"\npolicy = "gdpr-anonymous"\nforget_key = false\n', SOURCE, None),
        ('path = "*"\nforget_key = true\ncrosswalk = false\n', SOURCE + 2, "say forget_key = true at the top"),
        (
            'path = "*"\n[[source.rule]]\nelement = "Rows"\naction = "remove"\nreason = "x"\n',
            SOURCE + 3,
            "describes the pixels",
        ),
        ('path = "a*"\n[[source]]\npath = "ab*"\n', SOURCE + 2, "never reached: source 1"),
        ('path = "A"\n[[source]]\npath = "a"\n', SOURCE + 2, "never reached: source 1"),
        ('path = "a"\n[[source]]\npath = "a"\nstation = "x"\n', SOURCE + 2, "never reached"),
        ('path = "a"\nstation = "x"\n[[source]]\npath = "a"\n', SOURCE, None),
        ('path = "a?"\n[[source]]\npath = "a*"\n', SOURCE, None),
        ('path = "*"\n[[source]]\nstation = "*"\n', SOURCE, None),
    ],
)
def test_sources(more, line, cure):
    more = f"[[source]]\n{more}"
    if cure is None:
        assert parsed(more).sources
    else:
        refused(cure, line, more)


def test_what_a_source_takes_over_must_fit_its_options():
    more = '[[source]]\npath = "*"\noptions = []\n'
    refused(
        "generalise: PatientAge does not stay", SOURCE + 1, more, options='["retain-patient-characteristics"]',
        generalise="{ PatientAge = 5 }",
    )  # fmt: skip
    assert parsed(
        more + "generalise = {}\n", options='["retain-patient-characteristics"]', generalise="{ PatientAge = 5 }"
    ).sources
    refused(
        "a rule that is taken over: RequestAttributesSequence.AccessionNumber is never reached",
        SOURCE + 4, rule("RequestAttributesSequence.AccessionNumber") + more,
    )  # fmt: skip


def test_a_source_cannot_have_sources(tmp_path):
    head = 'title = "t"\ndescription = "d"\nextends = "basic"\n'
    (tmp_path / "a.toml").write_text(head + '[[source]]\npath = "*"\npolicy = "research"\n')
    (tmp_path / "b.toml").write_text(head + '[[source]]\npath = "*"\npolicy = "a.toml"\n')
    with pytest.raises(PolicyError, match="policy b, line 6: a source's policy cannot have sources itself"):
        policy_file.load(str(tmp_path / "b.toml"))
    (tmp_path / "c.toml").write_text(head + '[[source]]\npath = "*"\npolicy = "none.toml"\n')
    with pytest.raises(PolicyError, match=r"policy c, line 6: policy: there is no file 'none.toml' beside this one"):
        policy_file.load(str(tmp_path / "c.toml"))


def test_an_error_in_the_policy_that_is_referred_to_names_that_one(tmp_path):
    (tmp_path / "site.toml").write_text('title = "t"\n\ncolour = 1\n')
    (tmp_path / "trial.toml").write_text('title = "t"\ndescription = "d"\nextends = "site.toml"\n')
    with pytest.raises(PolicyError, match="policy site, line 3: unknown key 'colour'"):
        policy_file.load(str(tmp_path / "trial.toml"))
