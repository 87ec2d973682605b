"""CTP pixel scripts and filters: half-open rectangles under the same conditions, or a line in the list."""

import pytest
import region_reader
from hypothesis import given
from hypothesis import strategies as st

from mediscan.errors import ScriptError
from mediscan.interop import ctp_pixels
from mediscan.interop.remarks import Said

ELEMENTS = ["Modality", "Manufacturer", "Rows", "ImageType"]
TEXTS = ["", "CT", "ct", "512", "1024", "CT\\MR", "ACME Scan"]


def convert(text):
    imported = ctp_pixels.convert(text, "ours.script")
    assert imported.policy is None
    return imported, region_reader.read(imported.regions)


def one(expression, rectangles="(1,2,3,4)"):
    _, found = convert(f"{{ {expression} }} {rectangles}")
    (region,) = found["region"]
    return region


METHODS = {
    'Modality.equals("CT")': {"element": "Modality", "equals": "CT", "case": True},
    'Modality.equalsIgnoreCase("CT")': {"element": "Modality", "equals": "CT"},
    'Modality.contains("C")': {"element": "Modality", "contains": "C", "case": True},
    'Modality.containsIgnoreCase("C")': {"element": "Modality", "contains": "C"},
    'Modality.startsWith("C")': {"element": "Modality", "starts": "C", "case": True},
    'Modality.startsWithIgnoreCase("C")': {"element": "Modality", "starts": "C"},
    'Modality.endsWith("T")': {"element": "Modality", "ends": "T", "case": True},
    'Modality.endsWithIgnoreCase("T")': {"element": "Modality", "ends": "T"},
    'Modality.matches("C|M")': {"element": "Modality", "matches": "^(?:C|M)$", "case": True},
    'Rows.isLessThan("600")': {"element": "Rows", "less": "600"},
    'Rows.isGreaterThan("600.5")': {"element": "Rows", "greater": "600.5"},
    '[0008,0060].equals("")': {"element": "Modality", "equals": "", "case": True},
    '[ 0019 , 1010 ].equals("a")': {"element": "(0019,1010)", "equals": "a", "case": True},
    '[6000,0022].equals("a")': {"element": "(6000,0022)", "equals": "a", "case": True},
    '[0040,0275]::[0040,0007].equals("a")': {
        "element": "RequestAttributesSequence.ScheduledProcedureStepDescription", "equals": "a", "case": True,
    },
    'Modality . equals ( "a)(b" )': {"element": "Modality", "equals": "a)(b", "case": True},
    '// a remark\nModality.equals("CT") // another': {"element": "Modality", "equals": "CT", "case": True},
}  # fmt: skip


@pytest.mark.parametrize(("expression", "condition"), METHODS.items())
def test_every_method_has_its_operator(expression, condition):
    assert one(expression)["when"] == [condition]


def test_left_top_width_height_becomes_half_open_corners():
    assert one('Rows.equals("512")', "(0,0,512,110) ( 10 , 20 , 5 , 6 )")["rectangles"] == [[0, 0, 512, 110], [10, 20, 15, 26]]


def test_not_binds_closer_than_and_and_that_than_or():
    a, b, c = ({"element": name, "equals": "x", "case": True} for name in ("Modality", "Manufacturer", "Rows"))
    expression = '!Modality.equals("x") * Manufacturer.equals("x") + Rows.equals("x")'
    assert one(expression)["when"] == [{"any": [{"all": [{"not": a}, b]}, c]}]
    assert one('!(Modality.equals("x") + Manufacturer.equals("x"))')["when"] == [{"not": {"any": [a, b]}}]
    assert one('Modality.equals("x") * true * Manufacturer.equals("x")')["when"] == [a, b]
    assert one('!!Modality.equals("x") + false')["when"] == [a]
    assert one("true")["when"] == []


NOT_READ = {
    'Modality.equals("CT"': "cannot be read",
    'Modality.equals("CT") Rows.equals("1")': "cannot be read",
    "* true": "cannot be read",
    "(true": "cannot be read",
    "true)": "cannot be read",
    "": "cannot be read",
    "Modality.equals(CT)": "double quotes",
    'Modality.like("CT")': "no method",
    'Modalitie.equals("CT")': "no keyword",
    '[8,60].equals("CT")': "not written [gggg,eeee]",
    'Rows.isLessThan("many")': "no number",
    'Modality.matches("(")': "cannot be read here",
    'Modality.matches("[a&&[b]]")': "cannot be read here",
    "false": "never true",
    "(" * 60 + "true" + ")" * 60: "deeper",
    "!" * 60 + "true": "deeper",
}


@pytest.mark.parametrize(("expression", "why"), NOT_READ.items(), ids=lambda part: part[:30])
def test_an_expression_that_cannot_be_said_is_listed_and_no_region(expression, why):
    imported, found = convert(f'{{ Modality.equals("CT") }} (0,0,1,1)\n{{ {expression} }} (0,0,1,1)')
    (remark,) = imported.remarks
    assert (remark.line, remark.said) == (2, Said.NOT)
    assert why in remark.why
    assert len(found["region"]) == 1
    assert imported.counts == (1, 0, 1)


def test_a_region_is_called_by_the_words_before_it_and_says_its_line():
    _, found = convert('Library\n\nGE\n Dose (new) report\n { Rows.equals("1") }\n (0,0,1,1)\n\n{ Rows.equals("2") } (0,0,1,1)')
    assert [(region["name"], region["source"]) for region in found["region"]] == [
        ("Dose report", "ours.script line 5"),
        ("signature of line 8", "ours.script line 8"),
    ]


def test_the_first_match_holds_even_without_a_rectangle():
    imported, found = convert('{ Modality.equals("CT") }\n{ true } (0,0,1,1)')
    assert found["match"] == "first"
    assert [region["action"] for region in found["region"]] == ["clean", "mask"]
    assert region_reader.matching(found, {"Modality": "CT"})[0]["action"] == "clean"
    assert region_reader.matching(found, {})[0]["action"] == "mask"
    assert "no later one" in imported.remarks[0].why
    assert imported.complete


@pytest.mark.parametrize("rectangle", ["(0,0,512)", "(0,0,512,1OO)", "(0,0,0,9)", "(0,0,-5,9)", "(0,0,9999999,1)", "(0,0,1,1"])
def test_a_rectangle_that_cannot_be_said_is_listed(rectangle):
    imported, found = convert(f"{{ true }} (0,0,5,5)\n{rectangle}")
    (remark,) = imported.remarks
    assert remark.said is Said.PARTLY
    assert "line 2" in remark.why
    assert found["region"][0]["rectangles"] == [[0, 0, 5, 5]]
    alone, nothing = convert(f"{{ true }} {rectangle}")
    assert nothing["region"] == []  # not a clean bill for an image whose rectangle was lost
    assert alone.counts == (0, 0, 1)


def test_words_in_brackets_are_no_rectangle():
    imported, _ = convert("{ true } (0,0,5,5)\nCanon (new)\n")
    assert [remark.said for remark in imported.remarks] == [Said.NOTE]


def test_a_signature_that_is_never_closed_is_listed():
    imported, found = convert('{ true } (0,0,5,5)\n{ Modality.equals("CT")\n(0,0,6,6)')
    (remark,) = (remark for remark in imported.remarks if remark.said is Said.NOT)
    assert (remark.line, "never closed" in remark.why) == (2, True)
    (region,) = found["region"]
    assert region["rectangles"] == [[0, 0, 5, 5], [0, 0, 6, 6]]  # as in CTP, all up to the next signature
    assert imported.counts == (1, 0, 1)


def test_a_filter_refuses_what_it_does_not_let_through():
    imported, found = convert('// ours\n!ImageType.contains("SAVE") * Rows.equals("512")\n')
    (region,) = found["region"]
    assert region["action"] == "refuse"
    assert region_reader.matching(found, {"ImageType": "SAVE", "Rows": "512"})
    assert region_reader.matching(found, {"ImageType": "ORIGINAL"})
    assert not region_reader.matching(found, {"ImageType": "ORIGINAL", "Rows": "512"})
    assert imported.complete


@pytest.mark.parametrize("text", ["", "words and more words", "{ never closed", "<script/>", "true", "\0{}"])
def test_what_is_neither_is_an_error(text):
    with pytest.raises(ScriptError):
        ctp_pixels.convert(text, "x")


# --- the same conditions, evaluated on their own ------------------------------------------------------------------------

checks = st.builds(
    lambda element, method, text: ("check", element, method, text),
    st.sampled_from(ELEMENTS),
    st.sampled_from(["equals", "equalsIgnoreCase", "contains", "containsIgnoreCase", "startsWith", "endsWithIgnoreCase"]),
    st.sampled_from(TEXTS),
)
trees = st.recursive(
    checks | st.sampled_from([("true",), ("false",)]),
    lambda part: st.tuples(st.just("not"), part) | st.tuples(st.sampled_from(["*", "+"]), part, part),
    max_leaves=12,
)
images = st.dictionaries(st.sampled_from(ELEMENTS), st.sampled_from(TEXTS))


def spelled(tree):
    match tree:
        case ("check", element, method, text):
            return f'{element}.{method}("{text}")'
        case ("not", part):
            return f"!({spelled(part)})"
        case (sign, left, right):
            return f"({spelled(left)} {sign} {spelled(right)})"
    return tree[0]


def true_of(tree, image):
    match tree:
        case ("check", element, method, text):
            value = image.get(element, "")
            if method.endswith("IgnoreCase"):
                value, text = value.lower(), text.lower()
            method = method.removesuffix("IgnoreCase").lower()
            return {"equals": value == text, "contains": text in value}.get(method, getattr(value, method, lambda _: 0)(text))
        case ("not", part):
            return not true_of(part, image)
        case ("*", left, right):
            return true_of(left, image) and true_of(right, image)
        case ("+", left, right):
            return true_of(left, image) or true_of(right, image)
    return tree[0] == "true"


@given(trees, images)
def test_a_region_holds_for_the_same_images_as_its_signature(tree, image):
    imported, found = convert(f"{{ {spelled(tree)} }} (0,0,1,1)")
    if found["region"]:
        assert bool(region_reader.matching(found, image)) == bool(true_of(tree, image))
    else:
        assert "never true" in imported.remarks[0].why
        assert not true_of(tree, image)


@given(st.lists(st.tuples(trees, st.lists(st.tuples(*[st.integers(0, 900)] * 4), max_size=3)), min_size=1, max_size=5), images)
def test_the_same_signature_comes_first(signatures, image):
    text = "\n".join(f"{{ {spelled(tree)} }} {''.join(map(str, areas))}" for tree, areas in signatures)
    _, found = convert(text)
    sizes = [areas for tree, areas in signatures if not any(area[2] * area[3] == 0 for area in areas)]
    if len(sizes) < len(signatures):
        return  # a rectangle without an area is not taken, see above
    wanted = next((areas for tree, areas in signatures if true_of(tree, image)), None)
    held = region_reader.matching(found, image)
    assert bool(held) == (wanted is not None)
    if held:
        assert held[0].get("rectangles", []) == [[x, y, x + width, y + height] for x, y, width, height in wanted]


def test_names_of_regions_never_break_the_file():
    for code in [*range(1, 160), 0x2028, 0xD800 - 1, 0x1F600]:
        if chr(code) not in "{}()":
            convert(f'a"{chr(code)}\\ {{ true }} (0,0,1,1)')
