"""Policy files: every line is understood, or the load fails and names the key."""

import dataclasses

import pytest

from mediscan.errors import PolicyError
from mediscan.plan.plan import compile_policy
from mediscan.profile import policy_file
from mediscan.profile.actions import Option
from mediscan.profile.policy import Dates, Policy
from mediscan.pseudonym.keyring import Key

GOOD = {
    "title": '"A title"',
    "description": '"What it is for"',
    "options": '["clean-descriptors"]',
    "dates": '"year"',
    "oldest_birth_year": "1937",
    "codes": '["AccessionNumber"]',
    "zip3": "[]",
}


def load(tmp_path, **changes):
    lines = GOOD | changes
    path = tmp_path / f"policy-{len(list(tmp_path.iterdir()))}.toml"  # loads are remembered by path
    path.write_text("".join(f"{key} = {value}\n" for key, value in lines.items() if value is not None), "utf-8")
    return policy_file.load(str(path))


def test_a_good_file(tmp_path):
    found = load(tmp_path)
    assert found.title == "A title"
    assert found.options == {Option.CLEAN_DESCRIPTORS}
    assert found.dates is Dates.YEAR
    assert found.oldest_birth_year == 1937
    assert found.codes == {0x00080050}
    assert found.zip3 == frozenset()


def test_every_shipped_policy_loads():
    assert {"basic", "safe-harbor"} <= set(policy_file.names())
    assert policy_file.DEFAULT in policy_file.names()
    for name in policy_file.names():
        found = policy_file.load(name)
        assert found.name == name
        assert found.title
        assert found.description
        assert len(found.digest) == 64
    assert len({policy_file.load(name).digest for name in policy_file.names()}) == len(policy_file.names())


def test_the_shipped_policies_say():
    basic, safe_harbor = policy_file.load("basic"), policy_file.load("safe-harbor")
    assert (basic.options, basic.dates) == (frozenset(), Dates.REMOVE)
    assert safe_harbor.options == {Option.RETAIN_PATIENT_CHARACTERISTICS, Option.CLEAN_DESCRIPTORS}
    assert safe_harbor.dates is Dates.YEAR


@pytest.mark.parametrize("key", ["colour", "Dates", "oldest-birth-year", "extends"])
def test_an_unknown_key(tmp_path, key):
    with pytest.raises(PolicyError, match=f"unknown key {key!r}; known are .*dates"):
        load(tmp_path, **{key: '"x"'})


def test_an_unknown_table(tmp_path):
    with pytest.raises(PolicyError, match="unknown key 'more'"):
        load(tmp_path, more="{a = 1}")


@pytest.mark.parametrize("key", GOOD)
def test_a_missing_key(tmp_path, key):
    with pytest.raises(PolicyError, match=f": {key} missing"):
        load(tmp_path, **{key: None})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("title", "1"),
        ("title", '" "'),
        ("description", '["x"]'),
        ("options", '"clean-descriptors"'),
        ("options", "[1]"),
        ("options", '["clean-everything"]'),
        ("options", '["retain-uids"]'),  # an option of PS3.15 that is not built in
        ("options", '["CLEAN-DESCRIPTORS"]'),
        ("dates", '"weeks"'),
        ("dates", "1"),
        ("dates", '["year"]'),
        ("dates", "{year = true}"),
        ("oldest_birth_year", '"1937"'),
        ("oldest_birth_year", "true"),
        ("oldest_birth_year", "1937.0"),
        ("oldest_birth_year", "37"),
        ("oldest_birth_year", "10000"),
        ("codes", '"AccessionNumber"'),
        ("codes", '["AccesionNumber"]'),
        ("codes", '["00080050"]'),
        ("codes", "[524368]"),
        ("codes", '["InstanceNumber"]'),  # not in Table E.1-1: it would do nothing
        ("codes", '["FrameOfReferenceUID"]'),  # a code is no UID
        ("zip3", '["PatientAdress"]'),
        ("zip3", "{}"),
    ],
)
def test_what_is_not_understood(tmp_path, key, value):
    with pytest.raises(PolicyError, match=f": {key}"):
        load(tmp_path, **{key: value})


def test_an_unknown_keyword_is_named(tmp_path):
    with pytest.raises(PolicyError, match="codes: 'AccesionNumber' is no keyword"):
        load(tmp_path, codes='["AccessionNumber", "AccesionNumber"]')


@pytest.mark.parametrize("text", ["title", "title = 'a'\ntitle = 'b'", "= 1"])
def test_what_is_no_toml(tmp_path, text):
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(PolicyError, match="bad"):
        policy_file.load(str(path))


def test_what_cannot_be_read(tmp_path):
    (tmp_path / "latin.toml").write_bytes(b"title = '\xe9'")
    (tmp_path / "folder.toml").mkdir()
    for name in ("latin.toml", "folder.toml", "missing.toml"):
        with pytest.raises(PolicyError, match="cannot be read"):
            policy_file.load(str(tmp_path / name))
    with pytest.raises(PolicyError, match=r"there are basic, safe-harbor"):
        policy_file.load("save-harbor")
    with pytest.raises(PolicyError):
        policy_file.load("../policies/basic")


def test_the_digest_ignores_texts(tmp_path):
    first = load(tmp_path)
    assert load(tmp_path, title='"Another"', description='"text"').digest == first.digest
    assert dataclasses.replace(first, name="other").digest == first.digest


DECISIVE = {
    "options": ["[]", '["retain-patient-characteristics"]'],
    "dates": ['"shift"', '"keep"', '"remove"'],
    "oldest_birth_year": ["1938"],
    "codes": ["[]", '["StudyID"]', '["AccessionNumber", "StudyID"]'],
    "zip3": ['["PatientAddress"]', '["AccessionNumber"]'],
}


def test_the_digest_changes_with_every_decisive_field(tmp_path):
    fields = {field.name for field in dataclasses.fields(Policy)} - {"name", "title", "description"}
    assert set(DECISIVE) == fields
    changed = [load(tmp_path, **{key: value}).digest for key, values in DECISIVE.items() for value in values]
    assert len({load(tmp_path).digest, *changed}) == 1 + len(changed)


def test_the_digest_does_not_depend_on_order(tmp_path):
    one = load(tmp_path, codes='["AccessionNumber", "StudyID"]')
    assert load(tmp_path, codes='["StudyID", "AccessionNumber", "StudyID"]').digest == one.digest


def test_another_treatment_of_dates():
    key = Key(bytes(32))
    assert compile_policy("basic", key=key).policy.dates is Dates.REMOVE
    for dates in Dates:
        assert compile_policy("basic", key=key, dates=str(dates)).policy.dates is dates
    with pytest.raises(PolicyError, match="dates must be one of year, shift, remove, keep"):
        compile_policy("basic", key=key, dates="weeks")


def test_a_plan_shows_no_secret():
    secret = bytes(range(32))
    text = repr(compile_policy("basic", key=Key(secret)))
    assert secret.hex() not in text
    assert repr(secret)[2:-1] not in text


def test_a_policy_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        policy_file.load("basic").dates = Dates.KEEP
