"""Policy files: every line is understood, or the load fails and names the key."""

import dataclasses

import pytest
from policy_files import GOOD, load, parsed, rule, text

from mediscan.errors import PolicyError
from mediscan.plan.plan import compile_policy
from mediscan.profile import policy, policy_file, table, targets
from mediscan.profile.actions import Option
from mediscan.profile.policy import Dates, Descriptors, LocalAction
from mediscan.pseudonym.keyring import Key


def test_a_good_file(tmp_path):
    found = load(tmp_path)
    assert found.title == "A title"
    assert found.options == {Option.CLEAN_DESCRIPTORS}
    assert found.dates is Dates.YEAR
    assert found.oldest_birth_year == 1937
    assert found.codes == {0x00080050}
    assert found.zip3 == frozenset()
    assert (found.generalise, found.allow, found.rules, found.sources) == ((), frozenset(), (), ())
    assert (found.descriptors, found.forget_key, found.crosswalk) == (Descriptors.LEXICON, False, True)


def test_a_file_that_says_everything(tmp_path):
    more = (
        rule("PatientWeight", "remove")
        + rule('(0019,"SIEMENS MR HEADER",0C)')
        + rule("RequestAttributesSequence.ScheduledProcedureStepID", "code")
        + rule("InstitutionName", "replace", "SITE1 {year}")
        + '[[source]]\ninstitution = "*Clinic*"\narchive = "a.zip"\npolicy = "research"\n'
        + '[[source]]\nstation = "CT?"\ndates = "remove"\n[[source.rule]]\n'
        + "element = 'StationName'\naction = 'code'\nreason = 'agreed'\n"
    )
    found = load(
        tmp_path,
        more,
        options='["retain-patient-characteristics", "clean-descriptors"]',
        descriptors='"hunt"',
        generalise="{ PatientAge = 5, PatientSize = 0.1 }",
        forget_key="false",
        crosswalk="false",
        allow="[]",
    )
    assert found.descriptors is Descriptors.HUNT
    assert found.generalise == ((0x00101010, 5.0), (0x00101020, 0.1))
    assert not found.crosswalk
    assert [(r.element, r.action) for r in found.rules] == [
        ("RequestAttributesSequence.ScheduledProcedureStepID", LocalAction.CODE),
        ("InstitutionName", LocalAction.REPLACE),
        ("PatientWeight", LocalAction.REMOVE),
        ('(0019,"SIEMENS MR HEADER",0C)', LocalAction.KEEP),
    ]
    first, second = found.sources
    assert first.patterns == (("institution", "*clinic*"), ("archive", "a.zip"))
    assert first.policy == policy_file.load("research")
    assert second.policy.dates is Dates.REMOVE
    assert second.policy.options == found.options
    assert [r.element for r in second.policy.rules if r not in found.rules] == ["StationName"]
    assert second.policy.sources == ()
    assert second.policy.name == f"{found.name} source 2"


def test_every_shipped_policy_loads():
    assert set(policy_file.names()) == {"basic", "safe-harbor", "research", "gdpr-anonymous"}
    assert policy_file.DEFAULT in policy_file.names()
    for name in policy_file.names():
        found = policy_file.load(name)
        assert found.name == name
        assert found.title
        assert found.description
        assert len(found.digest) == 64
    assert len({policy_file.load(name).digest for name in policy_file.names()}) == len(policy_file.names())


CLEANS = {
    Option.RETAIN_PATIENT_CHARACTERISTICS,
    Option.CLEAN_DESCRIPTORS,
    Option.CLEAN_STRUCTURED_CONTENT,
    Option.CLEAN_GRAPHICS,
}


def test_the_shipped_policies_say():
    basic, safe_harbor, research = (policy_file.load(name) for name in ("basic", "safe-harbor", "research"))
    assert (basic.options, basic.dates, basic.codes, basic.zip3) == (frozenset(), Dates.REMOVE, frozenset(), frozenset())
    assert (safe_harbor.options, safe_harbor.dates) == (CLEANS, Dates.YEAR)
    assert (research.options, research.dates) == (CLEANS | {Option.RETAIN_SAFE_PRIVATE}, Dates.SHIFT)


def test_the_model_of_a_device_stays_without_the_option_for_device_identity():
    for keyword in ("ManufacturerModelName", "Manufacturer", "SoftwareVersions"):
        assert table.load().find(targets.parse(keyword).match) is None, keyword
    assert "K" in table.load().find(targets.parse("DeviceSerialNumber").match).options.values()


def test_gdpr_anonymous_is_a_stricter_safe_harbor():
    one, other = policy_file.load("gdpr-anonymous"), policy_file.load("safe-harbor")
    assert (one.forget_key, one.crosswalk) == (True, False)
    assert (one.options, one.dates, one.codes) == (other.options, other.dates, other.codes)
    assert one.oldest_birth_year == 9999  # a year of birth would undo the steps of the age
    assert {targets.format_target(r.target) for r in one.rules} >= {"EthnicGroup", "Occupation"}
    assert {r.action for r in one.rules} == {LocalAction.REMOVE}
    kept = {tag for tag, _ in one.generalise} | {r.target.match for r in one.rules}
    assert kept >= {0x00101010, 0x00101020, 0x00101030}
    # each rule takes away what safe-harbor would leave or clean
    assert all(table.load().find(r.target.match).options.keys() & other.options for r in one.rules)


OPTIONS = [option for option in Option if option.column]


@pytest.mark.parametrize("option", OPTIONS, ids=policy_file.option_name)
def test_every_option_with_a_column_is_accepted(option):
    dates = {Option.RETAIN_LONGITUDINAL_MODIFIED_DATES: "shift"}.get(option, "keep")
    found = parsed(options=f'["{policy_file.option_name(option)}"]', dates=f'"{dates}"')
    implied = {Option.RETAIN_LONGITUDINAL_FULL_DATES, Option.RETAIN_LONGITUDINAL_MODIFIED_DATES}
    assert found.options == {option} - implied  # what `dates` says is said once
    assert len(OPTIONS) == 10


@pytest.mark.parametrize("key", GOOD)
def test_a_missing_key(key):
    with pytest.raises(PolicyError, match=f"policy ours, line 1: {key} missing; write it"):
        parsed(**{key: None})


def test_what_extends_another_needs_texts_alone():
    found = policy_file.parse('title = "t"\ndescription = "d"\nextends = "safe-harbor"\n', "ours")
    assert found.digest == policy_file.load("safe-harbor").digest
    assert (found.name, found.title) == ("ours", "t")
    with pytest.raises(PolicyError, match="description missing"):
        policy_file.parse('title = "t"\nextends = "safe-harbor"\n', "ours")


def test_a_rule_of_ones_own_stands_in_for_the_one_taken_over():
    head = 'title = "t"\ndescription = "d"\nextends = "gdpr-anonymous"\n'
    found = policy_file.parse(head + rule("EthnicGroup", "keep") + rule("PatientComments", "remove"), "ours")
    base = policy_file.load("gdpr-anonymous")
    assert len(found.rules) == len(base.rules) + 1
    assert [r.action for r in found.rules if r.element == "EthnicGroup"] == [LocalAction.KEEP]


def test_files_beside_one_another(tmp_path):
    (tmp_path / "site.toml").write_text(text(dates='"shift"'))
    (tmp_path / "trial.toml").write_text('title = "t"\ndescription = "d"\nextends = "site.toml"\n')
    assert policy_file.load(str(tmp_path / "trial.toml")).dates is Dates.SHIFT
    for one, other in (("a", "b"), ("b", "a")):
        (tmp_path / f"{one}.toml").write_text(f'title = "t"\ndescription = "d"\nextends = "{other}.toml"\n')
    with pytest.raises(PolicyError, match=r"policy b, line 3: extends: 'a.toml' leads back"):
        policy_file.load(str(tmp_path / "a.toml"))
    (tmp_path / "self.toml").write_text('title = "t"\ndescription = "d"\nextends = "self.toml"\n')
    with pytest.raises(PolicyError, match="leads back"):
        policy_file.load(str(tmp_path / "self.toml"))


@pytest.mark.parametrize(
    ("bad", "line"), [("title", 1), ("\ntitle = 'a'\ntitle = 'b'\n", 3), ("= 1", 1), ("a = 1\nb = [\n1", 3), ("\n\na = 'x", 3)]
)
def test_what_is_no_toml(tmp_path, bad, line):
    path = tmp_path / "bad.toml"
    path.write_text(bad)
    with pytest.raises(PolicyError, match=f"policy bad, line {line}: no TOML: "):
        policy_file.load(str(path))


def test_what_cannot_be_read(tmp_path):
    (tmp_path / "latin.toml").write_bytes(b"title = '\xe9'")
    (tmp_path / "folder.toml").mkdir()
    for name in ("latin.toml", "folder.toml", "missing.toml"):
        with pytest.raises(PolicyError, match="cannot be read"):
            policy_file.load(str(tmp_path / name))
    with pytest.raises(PolicyError, match=r"there are basic, gdpr-anonymous, research, safe-harbor"):
        policy_file.load("save-harbor")
    with pytest.raises(PolicyError):
        policy_file.load("../policies/basic")


def test_the_digest_ignores_texts(tmp_path):
    first = load(tmp_path)
    assert load(tmp_path, title='"Another"', description='"text"').digest == first.digest
    assert dataclasses.replace(first, name="other").digest == first.digest


DECISIVE = {
    "options": [{"options": value} for value in ("[]", '["retain-patient-characteristics"]', '["retain-safe-private"]')],
    "dates": [{"dates": value} for value in ('"shift"', '"keep"', '"remove"')],
    "oldest_birth_year": [{"oldest_birth_year": "1938"}],
    "codes": [{"codes": value} for value in ("[]", '["StudyID"]', '["AccessionNumber", "StudyID"]')],
    "zip3": [{"zip3": value} for value in ('["StudyID"]', '["InstitutionName"]')],
    "descriptors": [{"descriptors": '"hunt"'}, {"descriptors": '"remove"'}],
    "generalise": [{"generalise": "{ PatientBodyMassIndex = 5 }"}, {"generalise": "{ PatientBodyMassIndex = 2.5 }"}],
    "allow": [],  # tested where the kinds of content are
    "rules": [
        {"_more": rule("PatientComments", "remove")},
        {"_more": rule("PatientComments", "empty")},
        {"_more": rule("ImageComments", "remove")},
        {"_more": rule("PatientComments", "replace", "x")},
        {"_more": rule("PatientComments", "replace", "y")},
        {"_more": rule('(0019,"A",0C)')},
        {"_more": rule('(0019,"B",0C)')},
        {"_more": rule("RequestAttributesSequence.PatientComments", "remove")},
    ],
    "forget_key": [{"forget_key": "true", "crosswalk": "false"}],
    "crosswalk": [{"crosswalk": "false"}],
    "sources": [
        {"_more": '[[source]]\npath = "a"\npolicy = "basic"\n'},
        {"_more": '[[source]]\npath = "b"\npolicy = "basic"\n'},
        {"_more": '[[source]]\nstation = "a"\npolicy = "basic"\n'},
        {"_more": '[[source]]\npath = "a"\npolicy = "research"\n'},
        {"_more": '[[source]]\npath = "a"\ndates = "remove"\n'},
    ],
}


def test_the_digest_changes_with_every_decisive_field(tmp_path):
    fields = {field.name for field in dataclasses.fields(policy.Policy)} - {"name", "title", "description"}
    assert DECISIVE.keys() == fields
    changed = [load(tmp_path, **change).digest for changes in DECISIVE.values() for change in changes]
    assert len({load(tmp_path).digest, *changed}) == 1 + len(changed)


def test_the_digest_does_not_depend_on_order(tmp_path):
    one = load(tmp_path, rule("PatientComments") + rule("ImageComments"), codes='["AccessionNumber", "StudyID"]')
    other = load(tmp_path, rule("ImageComments") + rule("PatientComments"), codes='["StudyID", "AccessionNumber"]')
    assert other.digest == one.digest


def test_an_option_that_dates_implies_is_the_same_policy_named_or_not():
    one = parsed(dates='"shift"', options='["retain-longitudinal-modified-dates", "clean-descriptors"]')
    assert one.digest == parsed(dates='"shift"').digest


def test_another_treatment_of_dates():
    key = Key(bytes(32))
    assert compile_policy("basic", key=key).policy.dates is Dates.REMOVE
    for dates in Dates:
        assert compile_policy("basic", key=key, dates=str(dates)).policy.dates is dates
    with pytest.raises(PolicyError, match="dates must be one of year, shift, remove, keep"):
        compile_policy("basic", key=key, dates="weeks")


def test_another_treatment_of_dates_cannot_leave_uids_that_hold_them(tmp_path):
    kept = parsed(options='["retain-uids"]', dates='"keep"')
    for dates in set(Dates) - {Dates.KEEP}:
        with pytest.raises(PolicyError, match=r'policy ours: option retain-uids keeps UIDs: .* say dates = "keep"'):
            kept.with_dates(dates)
    assert kept.with_dates("keep") == kept
    within = parsed('[[source]]\npath = "*"\noptions = ["retain-uids"]\ndates = "keep"\n')
    with pytest.raises(PolicyError, match="source 1: option retain-uids"):
        within.with_dates("shift")
    by_rule = parsed(rule("FrameOfReferenceUID"), dates='"keep"')
    with pytest.raises(PolicyError, match="the rule for FrameOfReferenceUID keeps UIDs"):
        by_rule.with_dates("year")
    with pytest.raises(PolicyError, match="retain-uids"):
        compile_policy(dataclasses.replace(kept, dates=Dates.YEAR), key=Key(bytes(32)))


def test_another_treatment_of_free_text():
    found = parsed('[[source]]\npath = "*"\npolicy = "research"\n').with_descriptors("hunt")
    assert found.descriptors is found.sources[0].policy.descriptors is Descriptors.HUNT
    assert compile_policy("safe-harbor", key=Key(bytes(32)), descriptors="remove").policy.descriptors is Descriptors.REMOVE
    assert parsed(rule("PatientComments", "clean"), options="[]").with_descriptors("hunt").descriptors is Descriptors.HUNT
    with pytest.raises(PolicyError, match="descriptors must be one of lexicon, hunt, remove"):
        compile_policy("safe-harbor", key=Key(bytes(32)), descriptors="words")
    with pytest.raises(PolicyError, match=r"policy basic cleans no text.*clean-descriptors"):
        compile_policy("basic", key=Key(bytes(32)), descriptors="hunt")


def test_a_plan_shows_no_secret():
    secret = bytes(range(32))
    text = repr(compile_policy("basic", key=Key(secret)))
    assert secret.hex() not in text
    assert repr(secret)[2:-1] not in text


def test_a_policy_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        policy_file.load("basic").dates = Dates.KEEP
