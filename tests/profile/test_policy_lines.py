"""Lines of a policy file: every key and array element is found where it stands, whatever strings and comments look like."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediscan.profile import policy_file, toml_lines

TRICKY = '''\
# dates = "a comment"
title = "no # comment, no [table]" # a comment with "a quote
'quoted key' = 'literal \\'
a.b = 1
long = """
[not.a.table]
key = "not a key" # nor a comment
\\""" still inside ""\"""
flat = \'\'\'
[[rule]]
ends with two quotes\'\'\'\'\'
empty = []
list = [ # a comment in an array, with ]
    "one", [2, 3],

    { x = 1, "y z" = { deep = true } },  # and } here
    1979-05-27 07:32:00,
]

[table."dotted.name"]
when = 07:32:00

[[rule]]
element = "first"

[[rule]]
element = "second"
[rule.more]
x = 1
[[source]]
[[source.rule]]
element = "a"
[[source.rule]]
element = "b"
[source.generalise]
PatientAge = 5
'''


def flattened(value, path=()):
    """Paths of everything that tomllib found."""
    if path:
        yield path
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from flattened(part, (*path, key))


def test_every_path_and_no_other():
    assert set(toml_lines.scan(TRICKY)) == set(flattened(tomllib.loads(TRICKY)))


@pytest.mark.parametrize(
    ("path", "begins"),
    [
        (("title",), 'title = "no'),
        (("quoted key",), "'quoted key'"),
        (("a",), "a.b"),
        (("a", "b"), "a.b"),
        (("long",), "long"),
        (("flat",), "flat"),
        (("list",), "list"),
        (("list", 0), '    "one"'),
        (("list", 1, 1), '    "one"'),
        (("list", 2, "y z", "deep"), "    { x"),
        (("list", 3), "    1979"),
        (("table", "dotted.name"), '[table."dotted.name"]'),
        (("rule", 1, "element"), 'element = "second"'),
        (("rule", 1, "more"), "[rule.more]"),
        (("source", 0, "rule", 1, "element"), 'element = "b"'),
        (("source", 0, "generalise", "PatientAge"), "PatientAge"),
    ],
)
def test_the_line_of(path, begins):
    line = toml_lines.scan(TRICKY)[path]
    assert TRICKY.splitlines()[line - 1].startswith(begins)


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment", "a = 1", "a = 1\r\nb = 2\r\n", "[a]", "[[a]]", "a = {}"])
def test_short_texts(text):
    assert set(toml_lines.scan(text)) == set(flattened(tomllib.loads(text)))


def test_every_shipped_policy():
    for file in policy_file._folder().iterdir():
        text = file.read_text("utf-8")
        assert set(toml_lines.scan(text)) == set(flattened(tomllib.loads(text)))


# --- any document -----------------------------------------------------------------------------------------------------

KEYS = st.sampled_from(["a", "b-1", '"q k"', "'l k'", '"#"', '"[x]"', '"a.b"', '"\\""'])
STRINGS = st.sampled_from(
    ['"x"', '"\\"]"', '"#"', "'\\'", "'\"'", '"""\n]\n"""', '"""a""b"""', '"""q"""""', "'''\n#'''", "''", '""', "'''''x'''"]
)
PLAIN = st.sampled_from(["1", "-0.5e3", "true", "1979-05-27 07:32:00", "inf"])


def arrays(values):
    gap = st.sampled_from([",", ", ", ",\n", ", # ]\n"])
    return st.tuples(st.lists(values, max_size=3), gap, st.booleans()).map(
        lambda a: f"[{a[1].join(a[0])}{a[1] if a[0] and a[2] else ''}]"
    )


def inline_tables(values):
    return st.dictionaries(KEYS, values.filter(lambda v: "\n" not in v), max_size=3).map(
        lambda d: "{ " + ", ".join(f"{k} = {v}" for k, v in d.items()) + " }"
    )


VALUES = st.recursive(STRINGS | PLAIN, lambda inner: arrays(inner) | inline_tables(inner), max_leaves=6)
LINES = st.lists(
    st.tuples(KEYS, VALUES).map(lambda p: f"{p[0]} = {p[1]}")
    | KEYS.map(lambda k: f"[{k}]")
    | KEYS.map(lambda k: f"[[{k}]]")
    | st.tuples(KEYS, KEYS).map(lambda p: f"[[{p[0]} . {p[1]}]] # x")
    | st.tuples(KEYS, KEYS, VALUES).map(lambda p: f"{p[0]} . {p[1]} = {p[2]}")
    | st.sampled_from(["", "# [x]", "  # a = 1"]),
    max_size=8,
).map("\n".join)


@given(LINES)
def test_any_valid_document(text):
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    lines = toml_lines.scan(text)
    assert set(lines) == set(flattened(found))
    for path, line in lines.items():
        assert 1 <= line <= text.count("\n") + 1, path
