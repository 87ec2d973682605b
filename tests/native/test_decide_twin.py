"""_native.decide and its plain-Python twin give every row the same edit."""

import itertools
import os
import random
import re

import numpy as np
import pytest
from dataset_bytes import BIG, ENCODINGS, IMPLICIT, LITTLE, element, framed, public_files, sequence
from decide_twin import KEEP, REMOVE, REPLACE, RESIZE, RecordedTable, Twin
from hypothesis import given, settings
from hypothesis import strategies as st
from splice_twin import arena_bytes, padding

from mediscan import errors
from mediscan._native.decide import VRS, Act, Builtin, Decider, RuleTable, Watch
from mediscan._native.framing import ElementTable, Status
from mediscan.codec import elements, tagindex
from mediscan.codec.part10 import Reader
from mediscan.codec.tagindex import vr_index
from mediscan.plan import plan, rules
from mediscan.plan.planner import Planner
from mediscan.plan.rules import ENTRY
from mediscan.profile import structured
from mediscan.pseudonym.dummies import DUMMIES
from mediscan.pseudonym.keyring import Key

KEPT = Act.ACT_KEEP
REMOVED, EMPTIED, DUMMY, YEAR, ASK = Act.ACT_REMOVE, Act.ACT_EMPTY, Act.ACT_DUMMY, Act.ACT_YEAR, Act.ACT_ASK
ALL_VRS = (1 << len(VRS)) - 1
FIRST_RULE = int(Builtin.BUILTIN_RULES)


def code(vr):
    return ord(vr[0]) | ord(vr[1]) << 8


def entry(act, fallback=REMOVED, *, vr="LO", vrs=ALL_VRS, vm_max=0, rule=FIRST_RULE, handler=1, letter="C", nested=0,
          marks=2, dummy=-1, asked=0):  # fmt: skip
    return (vrs, rule, vm_max, dummy, code(vr), act, fallback, handler, ord(letter), nested, marks, asked)


def table_of(top, nested=None, pairs=None, repeating=(), paths=(), privates=None, own_dummies=()):
    """A rule table.

    {tag: entry}, {tag: entry in an unlisted sequence}, {(sequence, tag): entry}, [(mask, match, entry)],
    [(tag, (inner sequence, outer one ...), entry)], {(creator, group, low byte): entry}, dummies after those of the VRs.
    """
    nested, pairs, privates = nested or {}, pairs or {}, privates or {}
    tags = sorted(top)
    rows = list(itertools.chain.from_iterable((top[tag], nested.get(tag, top[tag])) for tag in tags))
    triples = []
    for mask, match, one in repeating:
        triples += [mask, match, len(rows)]
        rows.append(one)
    first = len(rows)
    rows += [pairs[key] for key in sorted(pairs)]
    path_rows, path_tags = [], []
    for tag, above, one in paths:
        path_rows += [tag, len(rows), len(path_tags), len(above)]
        path_tags += above
        rows.append(one)
    creators = sorted({creator for creator, *_ in privates})
    first_private = len(rows)
    numbered = {creators.index(c) << 24 | group << 8 | low: one for (c, group, low), one in privates.items()}
    rows += [numbered[key] for key in sorted(numbered)] + [entry(REMOVED)] * 2  # free slots of the index point at 0
    creator_spans, creator_bytes = rules._spans(creators)
    index = tagindex.build(np.array(tags, np.uint32), np.arange(0, 2 * len(tags), 2, np.int32))
    places, data = rules._spans([*(DUMMIES[vr] for vr in VRS), b"", *own_dummies])
    return RecordedTable(
        np.frombuffer(np.array(rows, ENTRY).tobytes(), np.uint8),
        index.keys,
        index.values,
        np.array(triples, np.uint32),
        np.array([sequence << 32 | tag for sequence, tag in sorted(pairs)], np.uint64),
        np.arange(first, first + len(pairs), dtype=np.int32),
        np.array(path_rows, np.uint32),
        np.array(path_tags, np.uint32),
        np.array(sorted(numbered), np.uint64),
        np.arange(first_private, first_private + len(numbered), dtype=np.int32),
        creator_spans,
        creator_bytes,
        places,
        data,
    )


HANDLERS = (
    lambda value: value.partition(b"\0")[0] if b"\xc3" in value else None,  # asked about text that is not ASCII
    lambda value: b"<" + value[:3] + b">",
    lambda _: None,
    lambda value: value,
    lambda value: value.rstrip(b"\0 "),
    lambda _: b"",
)


def native_edits(table):
    """What decide did, in the twin's form, and the padding bytes."""
    found = {}
    for i, edit in enumerate(elements.edits(table)):
        op, size = int(edit["op"]), int(edit["size"])
        what = {REPLACE: arena_bytes(table, int(edit["data"]), size) if op == REPLACE else None, RESIZE: size}.get(op)
        found[i] = (op, chr(edit["action"]) if edit["action"] else "", int(edit["rule"]), what)
    return found


def assert_same(table, recorded, handlers, watch=(), schemes=()):
    rows = elements.rows(table)
    expected = Twin(recorded, watch, schemes).decide(rows, table.meta, table.value, handlers)
    got = native_edits(table)
    untouched = (KEEP, "", 0, None)  # items, and whatever is inside a row that went as a whole
    for i, row in enumerate(rows):
        assert got[i] == expected.get(i, untouched), (i, hex(row["tag"]), table.value(i))
    pads = elements.edits(table)["pad"]
    assert all(pads[i] == padding(int(rows[i]["vr"])) for i, (op, *_) in expected.items() if op == REPLACE)


def decided(data, recorded, encoding=LITTLE, handlers=HANDLERS):
    """Decide a hand-made data set, compare with the twin, and give the edits by row."""
    table = framed(data, encoding)
    Decider().run(table.capsule, recorded, [{} for _ in handlers], handlers)
    assert_same(table, recorded, handlers)
    return native_edits(table)


# --- every VR, crafted ------------------------------------------------------------------------------------------------

CRAFTED = {
    "AE": [b"STATION1", b"A" * 16, b"A" * 17, b"A\\B ", b"A\x1fB ", b"A\x7fB ", b"\xc4RZTIN"],
    "AS": [b"045Y", b"045y", b"045Y\\046Y ", b"0045Y "],
    "AT": [b"\x10\0\x20\0", b"\x10\0\x20", bytes(8)],
    "CS": [b"ORIGINAL\\PRIMARY ", b"a_b-c.d/e+f ", b"A" * 64, b"A" * 66, b"A;B ", b"\\", b"\\\\ "],
    "DA": [
        b"20200131",
        b"20201331",
        b"20200132",
        b"2020.13.01",
        b"2020.01.1 ",
        b"18490101",
        b"12345678",
        b"202001 ",
        b"20201 ",
        b"2020.01.31",
        b"20200101-20200131 ",
        b"20200101-202001311",
        b"Jan 2020",
        b"20200131\\20200201 ",
    ],
    "DS": [b"1.5e-3", b" 1.5 ", b"1,5 ", b"1" * 64, b"1" * 65 + b" ", b"1\\2\\3 ", b"nan "],
    "DT": [
        b"20200131120000.000000+0100",
        b"2020013112000 ",
        b"202013",
        b"2020-0500 ",
        b"2020+",
        b"20200100120000",
        b"2020",
        b"T2020 ",
        b"20200131\\\\20200201 ",
    ],
    "FD": [bytes(8), bytes(7), bytes(16)],
    "FL": [bytes(4), bytes(6), bytes(8), bytes(12)],
    "IS": [b"-12 ", b"1\\2 ", b"12a ", b"0x1F"],
    "LO": [b"any text", b"a\\b\\c ", b"\xe9\\b\\c ", b"\x1b$B\\b\\c", b"x" * 200],
    "LT": [b"free\\text", b"a\0b ", b"\0\0", b"a\0\0 "],
    "OB": [bytes(3), bytes(8)],
    "OD": [bytes(8), bytes(12)],
    "OF": [bytes(4), bytes(6)],
    "OL": [bytes(4), bytes(6)],
    "OV": [bytes(8), bytes(9)],
    "OW": [bytes(2), bytes(3), bytes(400)],
    "PN": [b"Doe^Jane", b"A\\B ", b"A=B=C "],
    "SH": [b"short", b"a\\b\\c "],
    "SL": [bytes(4), bytes(2), bytes(8)],
    "SS": [bytes(2), bytes(3), bytes(4)],
    "ST": [b"a\\b ", b"a\0DOE^JANE"],
    "SV": [bytes(8), bytes(4)],
    "TM": [b"120000.000000", b"12:00:00", b"noon", b"1" * 28, b"1" * 30],
    "UC": [b"a\\b\\c ", b"anything"],
    "UI": [b"1.2.840.10008.1.2\0", b"1.2\\3.4\0", b"1.2 ", b"1.2.x ", b"1" * 64, b"1" * 65 + b"\0", b"1.2\0DOE^JANE"],
    "UL": [bytes(4), bytes(5), bytes(12)],
    "UN": [b"\0\1", b"text", bytes(7)],
    "UR": [b"http://a.b/c\\d"],
    "US": [bytes(2), bytes(1), bytes(6)],
    "UT": [b"a\\b", b"DOE\0JANE"],
    "UV": [bytes(8), bytes(2)],
}
EDGES = [b"", b"\0", b" ", b"  ", b"\0\0", b" \0", b"2020", b"20200101", b"20200101 ", b"2020\0DOE", b"\\", b"A\0", b"A\0\0B",
         b"\xff\xff"]  # fmt: skip


def one_element(vr, value, one):
    tag = 0x00181000
    return decided(element(tag, vr, value), table_of({tag: one}))[0]


@pytest.mark.parametrize("vr", sorted(CRAFTED))
def test_crafted_values_of_every_vr(vr):
    for value, vm_max, act in itertools.product(CRAFTED[vr] + EDGES, (0, 1, 2), (KEPT, YEAR, ASK)):
        for fallback in (REMOVED, EMPTIED, DUMMY):
            one_element(vr, value, entry(act, fallback, vr=vr, vm_max=vm_max))
            one_element("UN", value, entry(act, fallback, vr=vr, vm_max=vm_max))


@pytest.mark.parametrize("vr", [vr for vr in VRS if vr != "SQ"])
def test_a_vr_that_ps3_6_does_not_permit_is_denied(vr):
    others = ALL_VRS & ~(1 << VRS.index(vr))
    edit = one_element(vr, b"", entry(KEPT, DUMMY, vrs=others))
    if vr == "UN":  # PS3.5 6.2.2: UN may stand for any VR
        assert edit == (KEEP, "", 0, None)
    else:
        assert edit == (REPLACE, "D", Builtin.RULE_VR, DUMMIES[vr])


def test_text_up_to_a_nul_stays():
    assert one_element("LO", b"HEAD\0DOE^JANE ", entry(KEPT)) == (RESIZE, "C", Builtin.RULE_NUL, 4)
    assert one_element("LO", b"\0DOE", entry(KEPT)) == (RESIZE, "C", Builtin.RULE_NUL, 0)
    assert one_element("LO", b"HEAD \0", entry(KEPT)) == (KEEP, "", 0, None)


def test_pixels_left_at_an_odd_length_stay():  # 8 bits in OW, as Implicit VR has them
    assert one_element("OW", bytes(9), entry(KEPT, DUMMY, vr="OW", vm_max=1)) == (KEEP, "", 0, None)


def test_bulk_data_written_as_un_is_one_value():
    assert one_element("UN", bytes(400), entry(KEPT, DUMMY, vr="OW", vm_max=1)) == (KEEP, "", 0, None)


def test_a_dummy_of_un_is_that_of_its_real_vr():
    assert one_element("UN", b"x ", entry(DUMMY, vr="PN")) == (REPLACE, "D", FIRST_RULE, b"REMOVED")


LONGEST = b"20201231\\" * 112 + b"\\" * 8  # the kernel has room for 1024 bytes, 9 for each date


def test_years():
    for value, new in [
        (b"20201231", b"20200101"),
        (b"2020", b"20200101"),
        (b"20201231235959.999999+0100", b"20200101"),
        (b"20201231\\20211231 ", b"20200101\\20210101"),
        (b"\\20211231 ", b"\\20210101"),
        (b"    ", b""),
        (b"20200101" + b"2" * 18, b"20200101"),
        (LONGEST[:-1] + b"20201231", LONGEST[:-1].replace(b"1231", b"0101") + b"20200101"),
    ]:
        assert one_element("DT", value, entry(YEAR, vr="DT")) == (REPLACE, "C", FIRST_RULE, new)
    for value in (b"", b"20200101", b"20200101\\20210101"):
        assert one_element("DA", value, entry(YEAR, vr="DA")) == (KEEP, "", 0, None)
    for value in (b"202", b"31.12.2020", b"20201231/20211231", b"2" * 27, b"20201231\\\\" * 114, LONGEST + b"20201231"):
        assert one_element("DT", value, entry(YEAR, vr="DT")) == (REMOVE, "X", FIRST_RULE, None)


def test_padding_alone_is_no_change():
    assert one_element("UI", b"1.2.840.1\0", entry(ASK, vr="UI", handler=4)) == (KEEP, "", 0, None)
    assert one_element("UI", b"1.2.840.1\0", entry(ASK, vr="UI", handler=5)) == (REPLACE, "C", FIRST_RULE, b"")


def test_memos_answer_first_and_remember():
    tags, calls = [0x00181000, 0x00181002, 0x00181004], []

    def handler(value):
        calls.append(value)
        return

    data = b"".join(element(tag, "LO", value) for tag, value in zip(tags, [b"seen", b"once", b"once"], strict=True))
    table, memo = framed(data), {b"seen": b"new"}
    recorded = table_of({tag: entry(ASK, EMPTIED, letter="D") for tag in tags})
    Decider().run(table.capsule, recorded, [{}, memo], (HANDLERS[0], handler))
    edits = native_edits(table)
    assert edits == {0: (REPLACE, "D", FIRST_RULE, b"new")} | dict.fromkeys((1, 2), (REPLACE, "Z", FIRST_RULE, b""))
    assert (calls, memo) == ([b"once"], {b"seen": b"new", b"once": None})


def test_a_handler_that_is_not_there_is_refused():
    table = framed(element(0x00181000, "LO", b"A "))
    with pytest.raises(ValueError, match="handler"):
        Decider().run(table.capsule, table_of({0x00181000: entry(ASK)}), [{}], (HANDLERS[0],))


@pytest.mark.parametrize("act", [KEPT, YEAR, ASK])
def test_what_is_not_in_memory_goes(tmp_path, act):
    path = tmp_path / "long"
    path.write_bytes(element(0x00181000, "UN", b"A" * 70000))  # a UN of more than 64 KB is not read
    table, recorded = ElementTable(), table_of({0x00181000: entry(act, EMPTIED, vr="LO")})
    fd = os.open(path, os.O_RDONLY)
    try:
        assert table.open(fd, 0, 64) == Status.OK
        assert table.walk(0, LITTLE, vr_index())[0] == Status.OK
        Decider().run(table.capsule, recorded, [{} for _ in HANDLERS], HANDLERS)
        assert_same(table, recorded, HANDLERS)
        rule = FIRST_RULE if act == YEAR else Builtin.RULE_UNSEEN
        assert native_edits(table)[0] == (REPLACE, "Z", rule, b"")
    finally:
        os.close(fd)


# --- which entry ------------------------------------------------------------------------------------------------------

NAMED, CODES, OTHER, UNKNOWN = 0x00080050, 0x00081110, 0x00081115, 0x0008FFFE


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("undefined", [False, True])
def test_entries_by_place(encoding, undefined):
    inside = element(NAMED, "SH", b"A1", encoding)
    data = (
        inside
        + sequence(CODES, [inside + sequence(OTHER, [inside], encoding, undefined)], encoding, undefined)
        + sequence(OTHER, [b"", inside], encoding, undefined)
        + element(UNKNOWN, "LO", b"A1", encoding)  # default-deny
        + element(0x00090010, "LO", b"A1", encoding)  # private creator
        + element(0x00100000, "UL", bytes(4), encoding)  # group length
        + element(0x60020010, "US", bytes(2), encoding)  # a repeating group
        + element(0x60030010, "LO", b"A1", encoding)  # odd, so private and not of that group
    )
    kept = entry(KEPT, vr="SQ", nested=0)
    recorded = table_of(
        {NAMED: entry(KEPT, nested=1, rule=20), CODES: kept, OTHER: kept},
        nested={NAMED: entry(REMOVED, rule=21)},
        pairs={(CODES, NAMED): entry(EMPTIED, rule=22)},
        repeating=[(0xFF010000, 0x60000000, entry(REMOVED, rule=23))],
    )
    table = framed(data, encoding)
    got = decided(data, recorded, encoding)
    by_tag = {}
    for i, row in enumerate(elements.rows(table)):
        by_tag.setdefault(int(row["tag"]), []).append(got[i][:3])
    assert by_tag[NAMED] == [(KEEP, "", 0), (REPLACE, "Z", 22), (REMOVE, "X", 21), (REMOVE, "X", 21)]
    assert by_tag[UNKNOWN] == [(REMOVE, "X", Builtin.RULE_UNKNOWN)]
    assert by_tag[0x00090010] == by_tag[0x60030010] == [(REMOVE, "X", Builtin.RULE_PRIVATE)]
    assert by_tag[0x00100000] == [(REMOVE, "X", Builtin.RULE_GROUP_LENGTH)]
    assert by_tag[0x60020010] == [(REMOVE, "X", 23)]


def test_a_removed_sequence_is_stepped_over():
    inner = element(UNKNOWN, "LO", b"A1")
    data = sequence(CODES, [inner]) + sequence(OTHER, [inner], undefined=True)
    for act, op in [(REMOVED, REMOVE), (EMPTIED, REPLACE)]:
        got = decided(data, table_of({tag: entry(act, vr="SQ") for tag in (CODES, OTHER)}))
        assert [edit[0] for edit in got.values()] == [op, KEEP, KEEP, op, KEEP, KEEP]


def test_a_dummy_of_a_sequence_is_its_cleaned_contents():
    got = decided(sequence(CODES, [element(UNKNOWN, "LO", b"A1")]), table_of({CODES: entry(DUMMY, vr="SQ")}))
    assert [edit[0] for edit in got.values()] == [KEEP, KEEP, REMOVE]


def test_pixel_data_inside_a_sequence_goes():
    pixels = element(0x7FE00010, "OW", bytes(2))
    top = {0x7FE00010: entry(KEPT, vr="OW"), CODES: entry(KEPT, vr="SQ")}
    got = decided(sequence(CODES, [pixels]) + pixels, table_of(top))
    assert [edit[:3] for edit in got.values()][2:] == [(REMOVE, "X", Builtin.RULE_UNKNOWN), (KEEP, "", 0)]


def test_arrays_that_point_outside_are_refused():
    good = list(table_of({NAMED: entry(KEPT)}).arrays)
    for place, bad in [
        (1, good[1][:3]),  # not a power of two
        (2, np.where(good[1] > 0, 99, 0).astype(np.int32)),  # past the entries
        (2, np.where(good[1] > 0, -1, 0).astype(np.int32)),
        (3, np.array([1, 1], np.uint32)),  # not triples
        (3, np.array([1, 1, 99], np.uint32)),
        (4, np.array([1], np.uint64)),  # a key without a value
        (6, np.array([1, 0, 0], np.uint32)),  # not a path
        (6, np.array([NAMED, 99, 0, 0], np.uint32)),
        (6, np.array([NAMED, 0, 0, 1], np.uint32)),  # past the tags
        (6, np.array([NAMED, 0, 0xFFFFFFFF, 1], np.uint32)),
        (8, np.array([1], np.uint64)),
        (10, np.array([0, 9], np.int32)),  # past the names
        (12, good[12][:-2]),  # a VR without a dummy
        (12, np.where(np.arange(len(good[12])) == 1, 9999, good[12]).astype(np.int32)),
        (0, np.frombuffer(np.array([entry(KEPT, dummy=99)] * 3, ENTRY).tobytes(), np.uint8)),
    ]:
        with pytest.raises(ValueError, match=r"slots|entries|length|bytes|tags|dummies"):
            RuleTable(*good[:place], bad, *good[place + 1 :])


def test_a_rule_for_a_place_holds_there_alone():
    kept, removed = entry(KEPT), entry(REMOVED, marks=1)
    recorded = table_of({NAMED: removed, CODES: entry(KEPT, vr="SQ"), OTHER: entry(KEPT, vr="SQ")},
                        paths=[(NAMED, (CODES, OTHER), kept)])  # fmt: skip
    inner = sequence(CODES, [element(NAMED, "LO", b"HEAD")])
    edits = decided(element(NAMED, "LO", b"HEAD") + inner + sequence(OTHER, [inner]), recorded)
    gone = [row for row, edit in edits.items() if edit[0] == REMOVE]
    assert gone == [0, 3]


@pytest.mark.parametrize(
    ("creator", "stays"),
    [(b"ACME", True), (b"ACME\0 ", True), (b" ACME ", True), (b"ACME 1", False), (b"acme", False), (b"", False)],
)
def test_a_private_element_stays_by_its_creator(creator, stays):
    recorded = table_of({NAMED: entry(KEPT)}, privates={(b"ACME", 9, 1): entry(KEPT)})
    block = element(0x00090010, "LO", creator) + element(0x00091001, "LO", b"fast") + element(0x00091002, "LO", b"Doe")
    edits = decided(block, recorded)
    assert [edits[row][0] for row in range(3)] == ([KEEP, KEEP, REMOVE] if stays else [REMOVE] * 3)


def test_a_creator_goes_where_nothing_of_its_block_stays():
    recorded = table_of({NAMED: entry(KEPT)}, privates={(b"ACME", 9, 1): entry(KEPT, vr="US", vrs=1 << VRS.index("US"))})
    edits = decided(element(0x00090010, "LO", b"ACME") + element(0x00091001, "LO", b"Doe "), recorded)
    assert [edits[row][0] for row in range(2)] == [REMOVE, REMOVE]


def test_a_creator_counts_in_its_own_item_alone():
    recorded = table_of({CODES: entry(KEPT, vr="SQ")}, privates={(b"ACME", 9, 1): entry(KEPT)})
    inner = sequence(CODES, [element(0x00091001, "LO", b"Doe ")])
    edits = decided(inner + element(0x00090010, "LO", b"ACME"), recorded)
    assert edits[2][0] == REMOVE
    assert edits[3][0] == REMOVE


def test_an_attribute_with_a_dummy_of_its_own():
    one = entry(DUMMY, vr="CS", dummy=len(VRS) + 1)
    recorded = table_of({NAMED: one}, own_dummies=[b"OWN"])
    assert decided(element(NAMED, "CS", b"X "), recorded)[0] == (REPLACE, "D", FIRST_RULE, b"OWN")
    assert decided(element(NAMED, "DS", b"1 "), recorded)[0] == (REPLACE, "D", FIRST_RULE, DUMMIES["DS"])


def found_by_twin(words, text):
    """Whether a run of letters or of digits, or up to six neighbours joined, is one of the words."""
    runs = re.findall(rb"[a-z]+|[0-9]+", text.lower())
    return any(b"".join(runs[i:j]) in words for i in range(len(runs)) for j in range(i + 1, min(i + 6, len(runs)) + 1))


@given(st.lists(st.text("ab12", min_size=1, max_size=6), max_size=40), st.text("abAB12 -^\xe9\0", max_size=30))
def test_watched_words(words, text):
    watched = {word.encode() for word in words}
    assert (text.encode() in Watch(watched)) == found_by_twin(watched, text.encode())


@pytest.mark.parametrize(
    ("scheme", "value", "meaning", "expected"),
    [
        (b"SCT ", b"12345678", b"Head", ["kept", "kept"]),
        (b"sct\0", b"12345678", b"Head", ["kept", "kept"]),
        (b"99X ", b"T-1 ", b"Head", ["kept", "asked"]),
        (b"99X ", b"123456", b"Head", ["asked", "asked"]),
        (None, b"123456", b"Head", ["asked", "asked"]),
        (b"", b"12345678", b"Head", ["asked", "asked"]),
    ],
)
def test_codes_of_no_registered_scheme_are_asked_about(scheme, value, meaning, expected):
    parts = [element(0x00080100, "SH", value), element(0x00080104, "LO", meaning)]
    if scheme is not None:
        parts.insert(1, element(0x00080102, "SH", scheme))
    coded = {"marks": 6, "handler": 2}
    recorded = table_of({0x00080100: entry(KEPT, EMPTIED, vr="SH", **coded), 0x00080102: entry(KEPT, vr="SH"),
                         0x00080104: entry(KEPT, EMPTIED, **coded), CODES: entry(KEPT, vr="SQ")})  # fmt: skip
    table = framed(sequence(CODES, [b"".join(parts)]))
    Decider([b"SCT"]).run(table.capsule, recorded, [{} for _ in HANDLERS], HANDLERS)
    assert_same(table, recorded, HANDLERS, schemes=[b"SCT"])
    edits = native_edits(table)
    asked = (REPLACE, "Z", Builtin.RULE_CODE, b"")  # handler 2 has no answer
    assert [edits[2], edits[len(edits) - 1]] == [asked if word == "asked" else (KEEP, "", 0, None) for word in expected]


def test_text_with_a_watched_word_goes_and_numbers_stay():
    table = framed(element(0x00181000, "LO", b"Lens of DOE") + element(0x00181002, "DS", b"4711"))
    recorded = table_of({0x00181000: entry(KEPT, EMPTIED), 0x00181002: entry(KEPT, vr="DS")})
    watch = Watch([b"doe", b"4711"])
    Decider().run(table.capsule, recorded, [{} for _ in HANDLERS], HANDLERS, watch)
    assert_same(table, recorded, HANDLERS, watch)
    edits = native_edits(table)
    assert edits == {0: (REPLACE, "Z", Builtin.RULE_OWN, b""), 1: (KEEP, "", 0, None)}


# --- by chance --------------------------------------------------------------------------------------------------------

ACTS = st.sampled_from([KEPT, REMOVED, EMPTIED, DUMMY, YEAR, ASK])
FALLBACKS = st.sampled_from([REMOVED, EMPTIED, DUMMY])
VALUES = st.one_of(
    st.binary(max_size=40),
    st.text("0123456789.\\ \0+-AaDWMYe:", max_size=70).map(str.encode),
    st.lists(st.sampled_from([b"20201231", b"2020", b"1.2.3", b"A", b"", b" ", b"\0"]), max_size=6).map(b"\\".join),
)
ELEMENTS = st.tuples(
    st.sampled_from([vr for vr in VRS if vr != "SQ"]),  # in the file
    st.sampled_from(VRS),  # in the dictionary
    st.booleans(),  # whether the dictionary permits only that
    ACTS, FALLBACKS, st.integers(0, 3), st.integers(0, len(HANDLERS) - 1), VALUES,
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(ELEMENTS, max_size=12), st.sampled_from([LITTLE, BIG]))
def test_any_elements(drawn, encoding):
    data, top = b"", {}
    for at, (vr, known, strict, act, fallback, vm_max, handler, value) in enumerate(drawn):
        tag = 0x00181000 + at
        data += element(tag, vr, value, encoding)
        vrs = 1 << VRS.index(known) if strict else ALL_VRS
        top[tag] = entry(act, fallback, vr=known, vrs=vrs, vm_max=vm_max, handler=handler, rule=FIRST_RULE + at)
    decided(data, table_of(top), encoding)


def random_data_set(rng, tags, encoding, depth=0):
    parts = []
    for tag in sorted(rng.sample(tags, rng.randint(0, len(tags)))):
        if tag in (CODES, OTHER):
            inner = [random_data_set(rng, tags, encoding, depth + 1) for _ in range(rng.randint(0, 3 - min(depth, 3)))]
            parts.append(sequence(tag, inner, encoding, rng.random() < 0.5))
        else:
            value = rng.choice([b"", b"A1", b"A\0B ", b"20201231", b"\xc3\xa9"])
            parts.append(element(tag, "LO", value, encoding))
    return b"".join(parts)


@pytest.mark.parametrize("seed", range(60))
def test_random_nesting(seed):
    rng = random.Random(seed)
    tags = [NAMED, 0x00081030, CODES, OTHER, UNKNOWN, 0x00090010, 0x00090011, 0x00091001, 0x00091102, 0x60000022]
    known = [tag for tag in tags if rng.random() < 0.8 and tag >> 16 != 9]

    def any_entry(tag):
        is_sequence = tag in (CODES, OTHER)
        act = rng.choice([KEPT, KEPT, DUMMY, REMOVED, EMPTIED] if is_sequence else list(Act))
        return entry(act, rng.choice([REMOVED, EMPTIED, DUMMY]), vr="SQ" if is_sequence else "LO",
                     vm_max=rng.randint(0, 2), rule=rng.randint(8, 99), handler=rng.randrange(len(HANDLERS)),
                     nested=rng.randint(0, 1), marks=rng.randint(0, 3), dummy=rng.choice([-1, len(VRS) + 1]),
                     asked=rng.choice([0, 1 << VRS.index("LO")]))  # fmt: skip

    def any_path():
        return tuple(rng.choice([CODES, OTHER]) for _ in range(rng.randint(1, 3)))

    recorded = table_of(
        {tag: any_entry(tag) for tag in known},
        nested={tag: any_entry(tag) for tag in known},
        pairs={(s, tag): any_entry(tag) for s in (CODES, OTHER) for tag in known if rng.random() < 0.5},
        repeating=[(0xFF010000, 0x60000000, any_entry(0x60000000))],
        paths=[(tag, any_path(), any_entry(tag)) for tag in known for _ in range(rng.randint(0, 2))],
        privates={(rng.choice([b"A1", b"ACME"]), 9, low): any_entry(0x00091001) for low in (1, 2)},
        own_dummies=[b"OWN"],
    )
    encoding = rng.choice([LITTLE, IMPLICIT, BIG])
    decided(random_data_set(rng, tags, encoding), recorded, encoding)


# --- public files -----------------------------------------------------------------------------------------------------


class Spy:
    """Stands in for a planner's decider: notes what it was given."""

    def __init__(self):
        self.native = Decider(structured.registered_schemes())

    inner_charsets = has_content = False

    def run(self, capsule, recorded, memos, handlers, watch):
        self.recorded, self.handlers, self.watch = recorded, handlers, watch
        self.native.run(capsule, recorded, memos, handlers, watch)

    def find(self, *_):
        return []  # what is decided anew by concept is not the twin's


@pytest.mark.parametrize(
    ("policy", "dates"), [("basic", None), ("safe-harbor", None), ("safe-harbor", "shift"), ("basic", "keep")]
)
def test_public_files(monkeypatch, policy, dates):
    monkeypatch.setattr(rules, "RuleTable", RecordedTable)
    planner = Planner(plan.compile_policy(policy, key=Key(bytes(range(32))), dates=dates))
    planner._native = spy = Spy()
    reader, done = Reader(), 0
    for path in public_files():
        with open(path, "rb") as file:
            data = file.read()
        try:
            planner.decide(reader.table, reader.read_bytes(data))
        except errors.Refused:
            continue
        assert_same(reader.table, spy.recorded, spy.handlers, spy.watch, structured.registered_schemes())
        done += 1
    assert done > 100


def test_answers_of_one_person_are_not_those_of_another():
    recorded = table_of({0x00181000: entry(ASK, EMPTIED), 0x00181002: entry(ASK, EMPTIED, handler=2)})
    decider, table = Decider(), framed(element(0x00181000, "LO", b"same") + element(0x00181002, "LO", b"same"))

    def answers(word):
        return ([{}, {}, {}], (lambda _: None, lambda _: word, lambda value: word + value))

    first, second = answers(b"one "), answers(b"two ")
    for (memos, handlers), word in [(first, b"one "), (first, b"one "), (second, b"two "), (first, b"one ")]:
        decider.run(table.capsule, recorded, memos, handlers)
        assert [native_edits(table)[row][3] for row in (0, 1)] == [word, word + b"same"]


def test_answers_go_with_the_handler_and_not_with_the_place():
    decider = Decider()
    memos, handlers = [{}, {}, {}], (lambda _: None, lambda _: b"one ", lambda _: b"two ")
    for handler, word in [(1, b"one "), (2, b"two "), (1, b"one ")]:
        table = framed(element(0x00181000, "LO", b"same"))
        decider.run(table.capsule, table_of({0x00181000: entry(ASK, EMPTIED, handler=handler)}), memos, handlers)
        assert native_edits(table)[0][3] == word
