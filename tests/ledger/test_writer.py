"""The ledger as others read it: types, dictionaries, checksums, metadata, names, and no identifier in any footer."""

import json
import os
import struct

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mediscan.ledger import reader, schema, writer
from mediscan.ledger.rows import FileRow
from mediscan.ledger.writer import LedgerWriter

FACTS = {"tool": "mediscan 0", "policy": "basic", "policy_digest": "ab" * 32, "ps3_15_edition": "2026d"}
RULES = ["E.1-1 (0008,0050)", "default-deny", "E.1-1 (private)"]
CATEGORIES = ["R", None, "A"]
CREATORS = ["ACME 1.0", "VENDOR"]


COLUMNS = {"file": "q", "path": "i", "rule": "i", "letter": "B", "creator": "i", "vr": "H", "before": "q", "after": "q"}


def action(file, path, rule, letter, *, creator=-1, vr="LO", before=4, after=0):
    """An action: file_id, node of the trie, rule, letter, creator or -1, VR, bytes before and after."""
    return file, path, rule, ord(letter), creator, ord(vr[0]) | ord(vr[1]) << 8, before, after


def columns(actions):
    """What `Journal.take` gives for actions."""
    lists = zip(*actions, strict=True) if actions else [()] * len(COLUMNS)
    return {name: struct.pack(f"<{len(one)}{COLUMNS[name]}", *one) for name, one in zip(COLUMNS, lists, strict=True)}


def node(tag, parent=-1, item=-1):
    """`Node` of ext/journal.pyx."""
    return struct.pack("<Iii", tag, parent, item)


NODES = b"".join(
    [
        node(0x00080050),  # 0
        node(0x00400275),  # 1
        node(0xFFFEE000, 1, 0),  # 2: (0040,0275)[0]
        node(0x00080050, 2),  # 3
        node(0xFFFEE000, 1, 12),  # 4: (0040,0275)[12]
        node(0x00091001, 4),  # 5
    ]
)
JOURNAL = (
    columns(
        [
            action(7, 0, 0, "D", vr="SH", before=6, after=16),
            action(7, 3, 1, "X", vr="SH", before=8),
            action(9, 5, 2, "X", vr="UN", before=1 << 33, creator=1),
            action(9, 0, 1, "+", vr="CS", before=0, after=4),
        ]
    ),
    NODES,
)


def file_row(file_id, **fields):
    row = FileRow(file_id, "ab" * 16, 3, 1_700_000_000_000_000)
    for name, value in fields.items():
        assert hasattr(row, name)
        setattr(row, name, value)
    return row


ROWS = [
    file_row(
        7, status="written", source_size=1 << 40, output_path="P/S/E/I.dcm", output_size=100, output_digest="cd" * 32,
        sop_class_uid="1.2.840.10008.5.1.4.1.1.2", modality="CT", rows=512, columns=256, frames=1, patient="P",
        study_uid="2.25.1", series_uid="2.25.2", sop_instance_uid="2.25.3", elements_seen=90, elements_changed=2,
        elapsed_us=55,
    ),
    file_row(9, reason="truncated", detail="at byte 12"),
]  # fmt: skip


@pytest.fixture
def ledger(tmp_path):
    """A ledger of one fragment."""
    folder = str(tmp_path / "ledger")
    LedgerWriter(folder, "run-1", FACTS, RULES, CATEGORIES, CREATORS).commit("000001-7", ROWS, JOURNAL)
    return folder


def fragment(ledger, dataset):
    return writer.fragment_path(ledger, dataset, "000001-7")


DATASETS = pytest.mark.parametrize("dataset", ["files", "actions"])


def is_plain(type_):
    """Signed integers and strings: Delta and Spark read no others alike."""
    if pa.types.is_dictionary(type_):
        return pa.types.is_string(type_.value_type) and type_.index_type == pa.int32()
    return pa.types.is_signed_integer(type_) or pa.types.is_string(type_)


@DATASETS
def test_signed_integers_and_strings_alone(ledger, dataset):
    file = pq.ParquetFile(fragment(ledger, dataset))
    assert all(is_plain(field.type) for field in file.schema_arrow)
    for at in range(len(file.schema)):
        column = file.schema.column(at)
        assert column.physical_type in ("INT32", "INT64", "BYTE_ARRAY")
        logical = json.loads(column.logical_type.to_json())
        assert logical["Type"] in ("String", "None") or logical.get("isSigned", True)
        assert column.max_repetition_level == 0  # nothing nested


def test_the_columns_of_the_contract(ledger):
    assert (
        pq.read_schema(fragment(ledger, "files")).names
        == (
            "run_id file_id source_ref member source_size source_digest status reason detail output_path output_size"
            " output_digest sop_class_uid modality transfer_syntax_uid rows columns frames patient study_uid series_uid"
            " sop_instance_uid elements_seen elements_changed text_boxes leaks worker started_at elapsed_us"
        ).split()
    )
    assert (
        pq.read_schema(fragment(ledger, "actions")).names
        == ("run_id file_id path tag vr private_creator action category rule bytes_before bytes_after").split()
    )


@DATASETS
def test_no_statistics_in_the_footer(ledger, dataset):
    path = fragment(ledger, dataset)
    metadata = pq.read_metadata(path)
    for group in range(metadata.num_row_groups):
        for column in range(metadata.num_columns):
            assert not metadata.row_group(group).column(column).is_stats_set
    with open(path, "rb") as file:
        data = file.read()
    footer = data[-8 - int.from_bytes(data[-8:-4], "little") :]  # its length and PAR1 are the last 8 bytes
    for value in (b"2.25.3", b"P/S/E/I.dcm", b"0008,0050", b"at byte 12", b"run-1"):
        assert value not in footer


@DATASETS
def test_every_page_has_a_checksum(ledger, dataset):
    """A flipped bit is always found: no other bit of a column's pages may change without an error."""
    path = fragment(ledger, dataset)
    whole = reader.read(ledger, dataset, "000001-7")
    with open(path, "rb") as file:
        data = file.read()
    column = pq.read_metadata(path).row_group(0)
    found = 0
    for at in range(column.num_columns):
        one = column.column(at)
        start = one.dictionary_page_offset if one.has_dictionary_page else one.data_page_offset
        for offset in (start + one.total_compressed_size - 1, start + one.total_compressed_size // 2):
            damaged = bytearray(data)
            damaged[offset] ^= 0x40
            with open(path, "wb") as file:
                file.write(damaged)
            try:
                same = reader.read(ledger, dataset, "000001-7").equals(whole)
            except (OSError, pa.ArrowException):
                found += 1
            else:
                assert same, one.path_in_schema  # the damage was to a remark in a page's header
    assert found >= column.num_columns


@DATASETS
def test_metadata(ledger, dataset):
    metadata = pq.read_schema(fragment(ledger, dataset)).metadata
    ours = {key.decode(): value.decode() for key, value in metadata.items() if key.startswith(b"mediscan.")}
    assert ours == {"mediscan.schema_version": schema.SCHEMA_VERSION} | {f"mediscan.{k}": v for k, v in FACTS.items()}


def test_actions_say_what_the_journal_says(ledger):
    rows = reader.read(ledger, "actions", "000001-7").to_pylist()
    first, second, third, fourth = rows
    assert first == {
        "run_id": "run-1", "file_id": 7, "path": "(0008,0050)", "tag": "00080050", "vr": "SH", "private_creator": None,
        "action": "D", "category": "R", "rule": RULES[0], "bytes_before": 6, "bytes_after": 16,
    }  # fmt: skip
    assert (second["path"], second["tag"], second["category"]) == ("(0040,0275)[0].(0008,0050)", "00080050", None)
    assert (third["path"], third["tag"]) == ("(0040,0275)[12].(0009,1001)", "00091001")
    assert (third["private_creator"], third["category"], third["vr"]) == ("VENDOR", "A", "UN")
    assert third["bytes_before"] == 1 << 33
    assert (fourth["action"], fourth["vr"], fourth["rule"]) == ("+", "CS", "default-deny")


def test_every_letter_vr_and_rule(tmp_path):
    letters, vrs = "DZXCU+", ["AE", "OB", "SQ", "UV", "PN"]
    actions = [(letter, vr, rule) for letter in letters for vr in vrs for rule in range(3)]
    data = columns([action(1, 0, rule, letter, vr=vr) for letter, vr, rule in actions])
    LedgerWriter(str(tmp_path), "r", FACTS, RULES, CATEGORIES, CREATORS).commit("a", ROWS, (data, node(0x00080050)))
    rows = reader.read(str(tmp_path), "actions", "a").to_pylist()
    assert [(row["action"], row["vr"], row["rule"]) for row in rows] == [(a, b, RULES[c]) for a, b, c in actions]
    assert [row["category"] for row in rows] == [CATEGORIES[rule] for _, _, rule in actions]


def test_files_say_what_the_rows_say(ledger):
    written, refused = reader.read(ledger, "files", "000001-7").to_pylist()
    for row, source in ((written, ROWS[0]), (refused, ROWS[1])):
        assert row.pop("run_id") == "run-1"
        assert row == {name: getattr(source, name) for name in row}
    assert (refused["status"], refused["output_path"], refused["leaks"]) == ("quarantined", None, 0)


def test_a_fragment_without_actions(tmp_path):
    LedgerWriter(str(tmp_path), "r", FACTS, RULES, [None] * 3, CREATORS).commit("a", [file_row(1)], (columns([]), b""))
    assert reader.read(str(tmp_path), "files", "a").num_rows == 1
    assert reader.read(str(tmp_path), "actions", "a").num_rows == 0
    assert reader.read(str(tmp_path), "actions", "a").schema.equals(schema.ACTIONS)


def test_names(ledger):
    other = LedgerWriter(ledger, "run-1", FACTS, RULES, CATEGORIES, CREATORS)
    other.commit("000000-0", ROWS, JOURNAL)
    for dataset in ("files", "actions"):
        assert sorted(os.listdir(os.path.join(ledger, dataset))) == ["part-000000-0.parquet", "part-000001-7.parquet"]
    assert reader.fragments(ledger) == ["000000-0", "000001-7"]


def test_a_fragment_counts_once_its_files_are_there(tmp_path, monkeypatch):
    """Actions come first: a crash in between leaves a batch that does not count as done."""
    real = os.rename

    def crash(source, target):
        if "files" in target:
            raise OSError
        real(source, target)

    monkeypatch.setattr(os, "rename", crash)
    one = LedgerWriter(str(tmp_path), "r", FACTS, RULES, CATEGORIES, CREATORS)
    with pytest.raises(OSError):  # noqa: PT011
        one.commit("a", ROWS, JOURNAL)
    assert os.listdir(tmp_path / "actions") == ["part-a.parquet"]
    assert reader.fragments(str(tmp_path)) == []


def test_dropped_rows_are_gone_from_both(ledger):
    reader.drop(ledger, "000001-7", {9})
    for dataset in ("files", "actions"):
        table = reader.read(ledger, dataset, "000001-7")
        assert set(table["file_id"].to_pylist()) == {7}
        assert table.schema.metadata[b"mediscan.policy"] == b"basic"
    reader.drop(ledger, "000001-7", {7})
    assert reader.read(ledger, "files", "000001-7").num_rows == 0


def test_holders_of_an_output(ledger):
    assert list(reader.holders(ledger, {"P/S/E/I.dcm", "x"})) == [("P/S/E/I.dcm", 7, "000001-7")]
    assert list(reader.holders(ledger, {"x"})) == []
    assert reader.outputs(ledger) == {"P/S/E/I.dcm"}


def test_a_datasets_fragments_are_one_table(ledger):
    LedgerWriter(ledger, "run-1", FACTS, RULES, CATEGORIES, CREATORS).commit("000002-2", ROWS, (columns([]), b""))
    table = pq.read_table(os.path.join(ledger, "files"))
    assert table.num_rows == 4
    assert pq.read_table(os.path.join(ledger, "actions")).num_rows == 4


def test_duckdb_reads_it(ledger):
    duckdb = pytest.importorskip("duckdb")
    files, actions = (os.path.join(ledger, dataset, "*.parquet") for dataset in ("files", "actions"))
    rows = duckdb.sql(
        f"select f.status, a.path, a.action, a.category, a.bytes_before from '{files}' f join '{actions}' a using (file_id)"
        " order by f.file_id, a.path, a.action"
    ).fetchall()
    assert rows == [
        ("written", "(0008,0050)", "D", "R", 6),
        ("written", "(0040,0275)[0].(0008,0050)", "X", None, 8),
        ("quarantined", "(0008,0050)", "+", None, 0),
        ("quarantined", "(0040,0275)[12].(0009,1001)", "X", "A", 1 << 33),
    ]
    types = {row[0]: row[1] for row in duckdb.sql(f"describe select * from '{files}'").fetchall()}
    assert set(types.values()) <= {"BIGINT", "INTEGER", "VARCHAR"}


def test_the_manifest_is_whole_or_absent(tmp_path):
    writer.write_manifest(str(tmp_path), {"b": 1, "a": "ä"})
    assert os.listdir(tmp_path) == [writer.MANIFEST] == ["run.json"]
    text = (tmp_path / "run.json").read_text("utf-8")
    assert json.loads(text) == {"a": "ä", "b": 1}
    assert list(json.loads(text)) == ["a", "b"]
