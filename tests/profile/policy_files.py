"""Policy files for tests: a good one, to be changed."""

from itertools import count

from mediscan.profile import policy_file

GOOD = {
    "title": '"A title"',
    "description": '"What it is for"',
    "options": '["clean-descriptors"]',
    "dates": '"year"',
    "oldest_birth_year": "1937",
    "codes": '["AccessionNumber"]',
    "zip3": "[]",
}
_NUMBERS = count()


def text(_more="", **changes):
    """A policy file; a key with None is left out."""
    lines = GOOD | changes
    return "".join(f"{key} = {value}\n" for key, value in lines.items() if value is not None) + _more


def load(tmp_path, _more="", **changes):
    path = tmp_path / f"policy-{next(_NUMBERS)}.toml"  # loads are remembered by path
    path.write_text(text(_more, **changes), "utf-8")
    return policy_file.load(str(path))


def rule(element, action="keep", value=None, reason="agreed"):
    """A rule of a policy file."""
    more = f"value = '{value}'\n" if value is not None else ""
    return f'[[rule]]\nelement = \'{element}\'\naction = "{action}"\n{more}reason = "{reason}"\n'


def parsed(_more="", **changes):
    """The policy of such a file, without a file."""
    return policy_file.parse(text(_more, **changes), "ours")
