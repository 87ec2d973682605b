"""_native.journal: what is recorded is what the edits say."""

import random

import numpy as np
import pytest
from dataset_bytes import ENCODINGS, LITTLE, element, framed, sequence
from splice_twin import REMOVE, REPLACE, RESIZE, set_edits

from mediscan._native.journal import Journal
from mediscan.codec import elements
from mediscan.codec.elements import ITEM, SEQUENCE

ACTION = {"file": "i8", "before": "i8", "after": "i8", "path": "i4", "rule": "i4", "creator": "i4", "vr": "u2", "letter": "u1"}
NODE = np.dtype([("tag", "u4"), ("parent", "i4"), ("item", "i4")])
NOTHING_ADDED = np.zeros((0, 3), np.uint32)


def path_string(nodes, at):
    """(gggg,eeee)[item].(gggg,eeee), from the last node back."""
    text = ""
    while at >= 0:
        tag, parent, item = (int(field) for field in nodes[at])
        if item >= 0:
            text = f"[{item}]{text}"
        else:
            text = f"({tag >> 16:04x},{tag & 0xFFFF:04x}){text}"
            text = f".{text}" if parent >= 0 else text
        at = parent
    return text


def taken(journal):
    """(file, path, tag, VR, action, rule, creator, bytes before, bytes after) of each action."""
    columns, nodes = journal.take()
    nodes = np.frombuffer(nodes, NODE)
    actions = [np.frombuffer(columns[name], type_).tolist() for name, type_ in ACTION.items()]
    return [
        (
            file,
            path_string(nodes, path),
            int(nodes[path]["tag"]),
            chr(vr & 0xFF) + chr(vr >> 8),
            chr(letter),
            rule,
            creator,
            before,
            after,
        )
        for file, before, after, path, rule, creator, vr, letter in zip(*actions, strict=True)
    ]


def record(journal, table, edits, file=1, creators=None, added=NOTHING_ADDED, added_rule=7):
    set_edits(table, edits)
    return journal.record(table.capsule, file, creators or {}, added, added_rule)


X, Z, D, C = b"XZDC"


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("undefined", [False, True])
def test_paths_tags_and_lengths(encoding, undefined):
    inner = element(0x00080050, "SH", b"ACC1", encoding)
    deep = sequence(0x00081140, [b"", inner], encoding, undefined)
    data = (
        element(0x00080050, "SH", b"ACC123", encoding)  # row 0
        + sequence(0x00400275, [inner, deep], encoding, undefined)  # 1; item 2, 3; item 4, 5; items 6, 7; 8
        + element(0x00100010, "PN", b"Doe^Jane", encoding)  # 9
        + element(0x00104000, "LT", b"HEAD\0JANE ", encoding)  # 10
    )
    journal = Journal()
    edits = {
        0: (REPLACE, b"ODD", D, 11),
        3: (REMOVE, None, X, 12),
        8: (REPLACE, b"", Z, 13),
        10: (RESIZE, 3, C, 14),
    }
    assert record(journal, framed(data, encoding), edits, file=42) == len(journal) == 4
    assert taken(journal) == [
        (42, "(0008,0050)", 0x00080050, "SH", "D", 11, -1, 6, 4),  # 3 bytes and one of padding
        (42, "(0040,0275)[0].(0008,0050)", 0x00080050, "SH", "X", 12, -1, 4, 0),
        (42, "(0040,0275)[1].(0008,1140)[1].(0008,0050)", 0x00080050, "SH", "Z", 13, -1, 4, 0),
        (42, "(0010,4000)", 0x00104000, "LT", "C", 14, -1, 10, 4),
    ]


def test_what_is_inside_a_removed_row_is_not_told_again():
    data = sequence(0x00081110, [element(0x00080050, "SH", b"ACC1")]) * 2
    journal = Journal()
    inner = (REMOVE, None, X, 1)
    record(journal, framed(data), {0: (REMOVE, None, X, 9), 2: inner, 3: (REPLACE, b"", Z, 9), 5: inner})
    assert [(path, action, before) for _, path, _, _, action, _, _, before, _ in taken(journal)] == [
        ("(0008,1110)", "X", 20),
        ("(0008,1110)", "Z", 20),
    ]


def test_kept_rows_are_not_told():
    journal = Journal()
    data = element(0x00080050, "SH", b"ODD") + sequence(0x00081110, [b""])
    assert record(journal, framed(data), {}) == 0
    assert taken(journal) == []


def test_known_private_creators_alone_are_named():
    data = (
        element(0x00090010, "LO", b"ACME 1.0")  # row 0: block 10
        + element(0x00090011, "LO", b"DR JANE DOE ")  # 1: block 11, unknown
        + element(0x00091001, "LO", b"value1")  # 2
        + element(0x00091002, "LO", b"value2")  # 3
        + element(0x00091101, "LO", b"value3")  # 4
        + element(0x00091201, "LO", b"value4")  # 5: block 12, no creator
        + element(0x000B0010, "LO", b"ACME 1.0\0\0")  # 6: padded
        + element(0x000B1001, "LO", b"value5")  # 7
        + element(0x000D0010, "LO", b"ACME 1.0" + b" " * 58)  # 8: over 64 bytes
        + element(0x000D1001, "LO", b"value6")  # 9
    )
    journal = Journal()
    gone = (REMOVE, None, X, 0)
    creators = {b"ACME 1.0": 5, b"OTHER": 6}
    record(journal, framed(data), dict.fromkeys(range(10), gone), creators=creators)
    assert [one[6] for one in taken(journal)] == [-1, -1, 5, 5, -1, -1, -1, 5, -1, -1]


def test_a_private_creator_counts_in_its_own_item_only():
    inner = element(0x00091001, "LO", b"value1")
    data = element(0x00090010, "LO", b"ACME") + sequence(0x00091002, [inner])  # rows 0, 1; 2, 3
    journal = Journal()
    record(journal, framed(data), {3: (REMOVE, None, X, 0)}, creators={b"ACME": 0})
    assert [(one[1], one[6]) for one in taken(journal)] == [("(0009,1002)[0].(0009,1001)", -1)]


def test_added_elements():
    added = np.array([(0x00120062, ord("C") | ord("S") << 8, 4), (0x00120064, ord("S") | ord("Q") << 8, 90)], np.uint32)
    journal = Journal()
    assert record(journal, framed(b""), {}, added=added, added_rule=7) == 2
    assert taken(journal) == [
        (1, "(0012,0062)", 0x00120062, "CS", "+", 7, -1, 0, 4),
        (1, "(0012,0064)", 0x00120064, "SQ", "+", 7, -1, 0, 90),
    ]


def test_truncate_forgets_the_last_input():
    journal, table = Journal(), framed(element(0x00080050, "SH", b"ACC1"))
    gone = {0: (REMOVE, None, X, 0)}
    record(journal, table, gone, file=1)
    mark = len(journal)
    record(journal, table, gone, file=2)
    journal.truncate(mark)
    journal.truncate(99)  # more than there are: nothing happens
    journal.truncate(-1)
    record(journal, table, gone, file=3)
    assert [one[0] for one in taken(journal)] == [1, 3]


def test_take_starts_anew():
    journal, table = Journal(), framed(element(0x00080050, "SH", b"ACC1"))
    for file in range(3):
        record(journal, table, {0: (REMOVE, None, X, 0)}, file=file)
        assert [one[:2] for one in taken(journal)] == [(file, "(0008,0050)")]
        assert (len(journal), journal.take()) == (0, (dict.fromkeys(ACTION, b""), b""))


def test_equal_paths_are_one_node():
    journal, table = Journal(), framed(sequence(0x00081110, [element(0x00080050, "SH", b"ACC1")]))
    for file in range(5):
        record(journal, table, {2: (REMOVE, None, X, 0)}, file=file)
    actions, nodes = journal.take()
    assert {name: len(column) // np.dtype(ACTION[name]).itemsize for name, column in actions.items()} == dict.fromkeys(
        ACTION, 5
    )
    assert len(np.frombuffer(nodes, NODE)) == 3  # sequence, item, element


def test_a_trie_of_many_items():
    inner = element(0x00080050, "SH", b"A1") + element(0x00080060, "CS", b"CT")
    data = sequence(0x52009230, [inner] * 20_000)
    table, journal = framed(data), Journal()
    edits = {3 * at + 2 + which: (REMOVE, None, X, 0) for at in range(20_000) for which in (0, 1)}
    assert record(journal, table, edits) == 40_000
    assert [one[1] for one in taken(journal)] == [
        f"(5200,9230)[{at}].{tag}" for at in range(20_000) for tag in ("(0008,0050)", "(0008,0060)")
    ]


def test_the_deepest_path():
    data = element(0x00080050, "SH", b"A1")
    for _ in range(60):
        data = sequence(0x00081110, [data])
    journal, table = Journal(), framed(data)
    record(journal, table, {table.count - 1: (REMOVE, None, X, 0)})
    assert taken(journal)[0][1] == "(0008,1110)[0]." * 60 + "(0008,0050)"


def expected_actions(rows, edits):
    """Paths and actions by recursion, without a trie."""

    def visit(parent, prefix):
        number = 0
        for i in [j for j in range(len(rows)) if rows[j]["parent"] == parent]:
            row, edit = rows[i], edits.get(i)
            if row["flags"] & ITEM:
                path, number = f"{prefix}[{number}]", number + 1
            else:
                tag = f"({row['tag'] >> 16:04x},{row['tag'] & 0xFFFF:04x})"
                path = f"{prefix}.{tag}" if prefix else tag
            if edit is not None:
                op, what, action, rule = edit
                after = {REMOVE: 0, REPLACE: len(what or b"") if op == REPLACE else 0, RESIZE: what}[op]
                yield (path, chr(action), rule, int(row["length"]), after + after % 2)
            elif row["flags"] & (SEQUENCE | ITEM):
                yield from visit(i, path)

    return list(visit(-1, ""))


def random_data_set(rng, depth=0):
    parts = []
    for tag in sorted(rng.sample(range(0x00181000, 0x00181010), rng.randint(0, 5))):
        if rng.random() < 0.4 and depth < 4:
            inner = [random_data_set(rng, depth + 1) for _ in range(rng.randint(0, 3))]
            parts.append(sequence(tag, inner, LITTLE, rng.random() < 0.5))
        else:
            parts.append(element(tag, "LO", b"x" * rng.randint(0, 6)))
    return b"".join(parts)


@pytest.mark.parametrize("seed", range(40))
def test_random_edits(seed):
    rng, journal, told = random.Random(seed), Journal(), []
    for file in range(3):
        table = framed(random_data_set(rng))
        rows = elements.rows(table)
        edits = {}
        for i in range(len(rows)):
            if rng.random() < 0.3 and not rows[i]["flags"] & ITEM:
                op, what = rng.choice([(REMOVE, None), (REPLACE, b""), (REPLACE, b"odd"), (RESIZE, 1)])
                edits[i] = (op, what, rng.choice(b"XZDCU"), rng.randint(0, 500))
        told.append(expected_actions(rows, edits))
        assert record(journal, table, edits, file=file) == len(told[-1])
    got = [(path, action, rule, before, after) for _, path, _, _, action, rule, _, before, after in taken(journal)]
    assert got == [one for file in told for one in file]
