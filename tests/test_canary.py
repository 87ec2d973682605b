"""Identifiers of invented people, planted in every place where peers leak: none is in anything that a run produces.

One input per place and encoding, each with a mark of its own. Pixel Data is no place: native pixels are copied.
"""

import base64
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from handmade import DEFLATED, EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE, explicit, implicit, item, meta, sequence_end
from handmade import open_item as open_item_of
from runs import CT, mediscan_cli, rows, uid

UNDEFINED = 0xFFFFFFFF
TEXT_MARK, DIGIT_MARK = "ZZCANARY", "83620947"


@dataclass(frozen=True)
class Encoding:
    """Writes elements in one encoding."""

    syntax: str
    implicit: bool = False
    big: bool = False

    def element(self, tag: int, vr: str, value: bytes, length: int | None = None) -> bytes:
        if length is None:
            value += (b" " if vr in ("LO", "SH", "LT", "ST", "UT", "PN", "CS", "IS", "DS") else b"\0") * (len(value) % 2)
        if self.implicit:
            return implicit(tag, value, length, big=self.big)
        return explicit(tag, vr, value, length, big=self.big)

    def sequence(self, tag: int, content: bytes) -> bytes:
        """One item; sequence and item of defined length."""
        return self.element(tag, "SQ", item(content, big=self.big))

    def open_sequence(self, tag: int, content: bytes) -> bytes:
        """One item; sequence and item of undefined length."""
        return self.element(tag, "SQ", open_item_of(content, big=self.big) + sequence_end(big=self.big), UNDEFINED)

    def short(self, value: int) -> bytes:
        return struct.pack(">H" if self.big else "<H", value)


ENCODINGS = {
    "explicit": Encoding(EXPLICIT_LE),
    "implicit": Encoding(IMPLICIT_LE, implicit=True),
    "big": Encoding(EXPLICIT_BE, big=True),
    "deflated": Encoding(DEFLATED),
}
_NAME, _ID = b"Przykladowa^Osoba", b"INVENTED-7"


@dataclass
class Input:
    """A file in the making: what a place may change."""

    encoding: Encoding
    number: int
    elements: dict[int, bytes]
    preamble: bytes = bytes(128)
    meta: tuple[bytes, ...] = ()
    tail: bytes = b""

    def bytes(self) -> bytes:
        dataset = b"".join(self.elements[tag] for tag in sorted(self.elements)) + self.tail
        if self.encoding.syntax == DEFLATED:
            engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
            dataset = engine.compress(dataset) + engine.flush()
        return self.preamble + b"DICM" + meta(self.encoding.syntax, *self.meta) + dataset


def base(encoding: Encoding, number: int) -> Input:
    """A CT image that would be written."""
    e = encoding.element
    elements = {
        0x00080008: e(0x00080008, "CS", b"ORIGINAL\\PRIMARY\\AXIAL"),
        0x00080016: e(0x00080016, "UI", CT.encode()),
        0x00080018: e(0x00080018, "UI", uid(3, number)),
        0x00080060: e(0x00080060, "CS", b"CT"),
        0x00100010: e(0x00100010, "PN", _NAME),
        0x00100020: e(0x00100020, "LO", _ID),
        0x0020000D: e(0x0020000D, "UI", uid(1)),
        0x0020000E: e(0x0020000E, "UI", uid(2)),
        0x00280010: e(0x00280010, "US", encoding.short(2)),
        0x00280011: e(0x00280011, "US", encoding.short(2)),
        0x7FE00010: e(0x7FE00010, "OW", bytes(8)),
    }
    return Input(encoding, number, elements)


Planter = Callable[[Input, bytes], None]


def at(tag: int, vr: str, value: bytes = b"%s") -> Planter:
    """The mark, in `value`, as an element at the top level."""

    def plant(made: Input, mark: bytes) -> None:
        made.elements[tag] = made.encoding.element(tag, vr, value.replace(b"%s", mark))

    return plant


def inside(sequence: int, tag: int, vr: str, value: bytes = b"%s", *, undefined: bool = False) -> Planter:
    """The mark in the one item of a sequence."""

    def plant(made: Input, mark: bytes) -> None:
        wrap = made.encoding.open_sequence if undefined else made.encoding.sequence
        made.elements[sequence] = wrap(sequence, made.encoding.element(tag, vr, value.replace(b"%s", mark)))

    return plant


def in_preamble(made: Input, mark: bytes) -> None:
    made.preamble = (b"II*\0" + mark).ljust(128, b"\0")


def in_meta(*elements: tuple[int, str]) -> Planter:
    def plant(made: Input, mark: bytes) -> None:
        made.meta = tuple(explicit(tag, vr, mark + b" " * (len(mark) % 2)) for tag, vr in elements)

    return plant


def after_the_data_set(made: Input, mark: bytes) -> None:
    made.tail = mark


def long_after_the_data_set(made: Input, mark: bytes) -> None:
    made.tail = bytes(64) + mark + bytes(64)


def private(element: int, vr: str) -> Planter:
    """A private element of a creator that is known, so that the ledger may name the creator but nothing else."""

    def plant(made: Input, mark: bytes) -> None:
        made.elements[0x00090010] = made.encoding.element(0x00090010, "LO", b"SIEMENS CT VA0  COAD")
        tag = 0x00091000 | element
        made.elements[tag] = made.encoding.element(tag, vr, mark)

    return plant


def private_sequence(made: Input, mark: bytes) -> None:
    made.elements[0x00090010] = made.encoding.element(0x00090010, "LO", b"SIEMENS CT VA0  COAD")
    made.elements[0x00091002] = made.encoding.sequence(0x00091002, made.encoding.element(0x00100010, "PN", mark))


def private_in_an_item(made: Input, mark: bytes) -> None:
    inner = made.encoding.element(0x00090010, "LO", mark) + made.encoding.element(0x00091001, "LO", mark)
    made.elements[0x00082218] = made.encoding.sequence(0x00082218, inner)


def icon(made: Input, mark: bytes) -> None:
    e = made.encoding.element
    inner = e(0x00280010, "US", made.encoding.short(1)) + e(0x00880904, "LO", mark) + e(0x7FE00010, "OB", mark)
    made.elements[0x00880200] = made.encoding.sequence(0x00880200, inner)


def unknown_sequence_as_un(made: Input, mark: bytes) -> None:
    """PS3.5 6.2.2: the contents of a UN sequence are Implicit VR Little Endian, whatever surrounds them."""
    made.elements[0x00082218] = made.encoding.element(0x00082218, "UN", item(implicit(0x00100010, mark)))


def open_sequence_as_un(made: Input, mark: bytes) -> None:
    """The same with delimiters."""
    content = open_item_of(implicit(0x00100010, mark)) + sequence_end()
    made.elements[0x00082218] = made.encoding.element(0x00082218, "UN", content, UNDEFINED)


def deep(made: Input, mark: bytes) -> None:
    """Sequences in sequences that Table E.1-1 does not list."""
    content = made.encoding.element(0x00204000, "LT", mark)
    for _ in range(6):
        content = made.encoding.sequence(0x00082218, content)
    made.elements[0x00082218] = content


def truncated(made: Input, mark: bytes) -> None:
    made.tail = made.encoding.element(0x7FE00020, "OW", mark, 4000)


PLACES: dict[str, Planter] = {
    # outside the data set
    "preamble": in_preamble,
    "meta_source_ae_title": in_meta((0x00020016, "AE")),
    "meta_sending_ae_title": in_meta((0x00020017, "AE")),
    "meta_receiving_ae_title": in_meta((0x00020018, "AE")),
    "meta_private_creator": in_meta((0x00020100, "UI")),
    "meta_private_information": in_meta((0x00020100, "UI"), (0x00020102, "OB")),
    "meta_version_name": in_meta((0x00020013, "SH")),
    "meta_unknown": in_meta((0x00020042, "LO")),
    "bytes_after_data_set": after_the_data_set,
    "zeros_and_bytes_after_data_set": long_after_the_data_set,
    "truncated_input": truncated,
    "trailing_padding": at(0xFFFCFFFC, "OB"),
    # descriptions and the like
    "study_description": at(0x00081030, "LO"),
    "study_description_among_words": at(0x00081030, "LO", b"CT CHEST %s"),
    "series_description": at(0x0008103E, "LO"),
    "protocol_name": at(0x00181030, "LO"),
    "image_comments": at(0x00204000, "LT"),
    "patient_comments": at(0x00104000, "LT"),
    "additional_patient_history": at(0x001021B0, "LT"),
    "requested_procedure_description": at(0x00321060, "LO"),
    "derivation_description": at(0x00082111, "ST"),
    "identifying_comments": at(0x40084000, "ST"),  # retired
    # people and places
    "patient_name": at(0x00100010, "PN", b"%s^Osoba"),
    "patient_name_ideographic": at(0x00100010, "PN", b"Osoba=%s=%s"),
    "patient_id": at(0x00100020, "LO"),
    "issuer_of_patient_id": at(0x00100021, "LO"),
    "other_patient_ids": at(0x00101000, "LO"),
    "other_patient_names": at(0x00101001, "PN"),
    "patient_address": at(0x00101040, "LO", b"1 %s Street 90210"),
    "patient_telephone": at(0x00102154, "SH"),
    "mother_birth_name": at(0x00101060, "PN"),
    "referring_physician": at(0x00080090, "PN"),
    "operators_name": at(0x00081070, "PN"),
    "unlisted_person_name": at(0x00400037, "PN"),
    "institution_name": at(0x00080080, "LO"),
    "institution_address": at(0x00080081, "ST"),
    "station_name": at(0x00081010, "SH"),
    "device_serial_number": at(0x00181000, "LO"),
    "accession_number": at(0x00080050, "SH"),
    "study_id": at(0x00200010, "SH"),
    "retrieve_ae_title": at(0x00080054, "AE"),
    "retrieve_url": at(0x00081190, "UR", b"http://%s.example"),
    # sequences
    "name_in_unlisted_sequence": inside(0x00082218, 0x00100010, "PN"),
    "name_in_open_unlisted_sequence": inside(0x00082218, 0x00100010, "PN", undefined=True),
    "text_in_unlisted_sequence": inside(0x00082218, 0x00204000, "LT"),
    "text_in_open_unlisted_sequence": inside(0x00082218, 0x00204000, "LT", undefined=True),
    "six_sequences_deep": deep,
    "other_patient_ids_sequence": inside(0x00101002, 0x00100020, "LO"),
    "request_attributes_sequence": inside(0x00400275, 0x00400007, "LO"),
    "requested_procedure_id": inside(0x00400275, 0x00401001, "SH"),
    "referring_physician_identification": inside(0x00080096, 0x00080080, "LO"),
    "original_attributes_sequence": inside(0x04000561, 0x00100010, "PN"),
    "pixel_data_in_a_sequence": inside(0x00082218, 0x7FE00010, "OW"),
    "un_sequence": unknown_sequence_as_un,
    "un_sequence_of_undefined_length": open_sequence_as_un,
    # private and odd groups
    "private_creator": at(0x00090010, "LO"),
    "private_ob": private(0x01, "OB"),
    "private_lo": private(0x03, "LO"),
    "private_un": private(0x04, "UN"),
    "private_sequence": private_sequence,
    "private_in_an_item": private_in_an_item,
    "private_without_creator": at(0x00091001, "LO"),
    "private_after_pixel_data": at(0x7FE10010, "LO"),
    "private_above_fffc": at(0xFFFF0010, "LO"),
    "group_0001": at(0x00010010, "LO"),
    "group_0003": at(0x00031000, "LO"),
    "group_0004": at(0x00041130, "CS"),
    # graphics
    "icon_image": icon,
    "overlay_data": at(0x60003000, "OW"),
    "overlay_description": at(0x60000022, "LO"),
    "overlay_label": at(0x60001500, "LO"),
    "overlay_comments_of_group_601e": at(0x601E4000, "LT"),
    "curve_data": at(0x50003000, "OW"),
    "curve_description": at(0x50000022, "LO"),
    "curve_of_group_501e": at(0x501E3000, "OB"),
    # behind Pixel Data
    "unknown_after_pixel_data": at(0x7FE20010, "LO"),
    "digital_signatures": inside(0xFFFAFFFA, 0x04000120, "OB"),
    # elements that stay, with something behind or beside the value
    "nul_tail_cs": at(0x00185100, "CS", b"HFS\0%s"),
    "nul_tail_modality": at(0x00080060, "CS", b"CT\0\0%s"),
    "nul_tail_lo": at(0x00080070, "LO", b"ACME\0%s"),
    "nul_tail_sh": at(0x00181210, "SH", b"B30\0%s"),
    "nul_tail_ds": at(0x00180050, "DS", b"1.5\0%s"),
    "nul_tail_character_set": at(0x00080005, "CS", b"ISO_IR 100\0%s"),
    "nul_tail_sop_class": at(0x00080016, "UI", CT.encode() + b"\0%s"),
    "second_value_cs": at(0x00185100, "CS", b"HFS\\%s"),
    "second_value_lo": at(0x00080070, "LO", b"ACME\\%s"),
    "second_value_ds": at(0x00180050, "DS", b"1.5\\%s"),
    "text_in_is": at(0x00200013, "IS", b"7 %s"),
    "text_in_ds": at(0x00180050, "DS"),
    "text_in_as": at(0x00101010, "AS"),
    "text_in_da": at(0x00080020, "DA"),
    "text_behind_da": at(0x00080020, "DA", b"20190412%s"),
    "text_in_dt": at(0x0008002A, "DT"),
    "text_in_tm": at(0x00080030, "TM"),
    "text_in_ui": at(0x00200052, "UI"),
    "bytes_behind_us": at(0x00280010, "US", b"\2\0%s\0"),
    "bytes_behind_fd": at(0x00189305, "FD", b"\0\0\0\0\0%s"),
    # encodings of its VR that the tag does not have
    "patient_name_as_un": at(0x00100010, "UN"),
    "description_as_un": at(0x00081030, "UN"),
    "is_as_un": at(0x00200013, "UN"),
    "rows_as_lo": at(0x00280010, "LO"),
    "sequence_as_lo": at(0x00101002, "LO"),
    "text_in_sequence_as_ob": at(0x00082218, "OB"),
    # tags that PS3.6 does not know
    "unknown_even_lo": at(0x0008FFFE, "LO"),
    "unknown_even_ut": at(0x0028FFFE, "UT"),
    "unknown_even_un": at(0x80000010, "UN"),
    "group_length": at(0x00080000, "UL"),
    "group_length_of_unknown_group": at(0x80000000, "UL"),
}

DIGIT_PLACES: dict[str, Planter] = {
    "date_in_study_uid": at(0x0020000D, "UI", b"1.2.826.0.1.%s.19531117"),
    "date_in_instance_uid": at(0x00080018, "UI", b"1.2.826.0.1.%s.19531117"),
    "date_in_frame_of_reference_uid": at(0x00200052, "UI", b"1.2.826.0.1.%s.19531117"),
    "uid_in_unlisted_sequence": inside(0x00082218, 0x0020000D, "UI", b"1.2.826.%s"),
    "second_uid": at(0x00200052, "UI", b"1.2.826.0.1\\1.2.826.%s"),
    "second_sop_instance_uid": at(0x00080018, "UI", b"1.2.826.0.1\\1.2.826.%s"),
    "second_sop_class_uid": at(0x00080016, "UI", CT.encode() + b"\\1.2.826.%s"),
    "digits_in_patient_id": at(0x00100020, "LO"),
    "meta_instance_uid": in_meta((0x00020003, "UI")),
}

# What is refused as a whole; everything else is written, so that each check is one of an output.
REFUSED = {
    "bytes_after_data_set",
    "nul_tail_sop_class",
    "second_sop_class_uid",
    "second_sop_instance_uid",
    "truncated_input",
    "zeros_and_bytes_after_data_set",
}
# Without a VR these are sequences whose contents are no items.
REFUSED_IMPLICIT = {"sequence_as_lo", "text_in_sequence_as_ob"}


def plants() -> Iterator[tuple[str, str, Planter, str]]:
    """Yield encoding, place, planter and mark of every input."""
    number = 0
    for encoding in ENCODINGS:
        for places, mark in ((PLACES, TEXT_MARK), (DIGIT_PLACES, DIGIT_MARK)):
            for place, planter in places.items():
                number += 1
                yield encoding, place, planter, f"{mark}{number:04d}"


def file_name(number: int) -> str:
    return f"{TEXT_MARK}{5000 + number}^Przykladowa.dcm"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every place in every encoding; and names of folders, files, links and pipes."""
    root = tmp_path_factory.mktemp("planted") / f"{TEXT_MARK}9000"
    for number, (encoding, _, planter, mark) in enumerate(plants()):
        made = base(ENCODINGS[encoding], number)
        planter(made, mark.encode())
        folder = root / f"{TEXT_MARK}9001 Osoba" / encoding
        folder.mkdir(parents=True, exist_ok=True)
        (folder / file_name(number)).write_bytes(made.bytes())
    (root / f"{TEXT_MARK}9002").symlink_to(root / f"{TEXT_MARK}9001 Osoba")
    (root / f"{TEXT_MARK}9003.dcm").symlink_to(f"/nowhere/{TEXT_MARK}9004")
    os.mkfifo(root / f"{TEXT_MARK}9005")
    (root / f"{TEXT_MARK}9006.txt").write_text(f"{TEXT_MARK}9007 is no DICOM file")
    (root / f"{TEXT_MARK}9008").mkdir()
    return root


@dataclass(frozen=True)
class Traces:
    """Everything that one run produced: bytes by where they are, and its outcomes in the order of the inputs' names."""

    blobs: dict[str, bytes]
    outcomes: dict[str, str]


@pytest.fixture(scope="module", params=["uid", "mirror", "media"])
def traces(request: pytest.FixtureRequest, source: Path, tmp_path_factory: pytest.TempPathFactory) -> Traces:
    """Run once per layout, with processes and without, under two policies, and collect whatever came of it."""
    dest = tmp_path_factory.mktemp("out") / request.param
    workers, policy = {"uid": ("2", "safe-harbor"), "mirror": ("1", "safe-harbor"), "media": ("1", "research")}[request.param]
    options = ["--json", "--progress", "plain", "--digest-source", "--layout", request.param, "--workers", workers]
    options += ["--policy", policy]
    done = mediscan_cli("run", source, dest, *options)
    assert done.returncode == 1, done.stderr
    blobs = {"stdout": done.stdout, "stderr": done.stderr}
    for folder in (dest, Path(f"{dest}.ledger")):
        for path in folder.rglob("*"):
            blobs[f"name of {path}"] = os.fsencode(path)
            if path.is_file():
                blobs[f"bytes of {path}"] = path.read_bytes()
                blobs[f"contents of {path}"] = contents(path)
    return Traces(blobs, outcomes(source, dest))


def contents(path: Path) -> bytes:
    """What compression hides."""
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        return repr((table.to_pylist(), table.schema.metadata, table.schema)).encode()
    if path.suffix == ".dcm" and DEFLATED.encode() in (raw := path.read_bytes())[:400]:
        start = 144 + int.from_bytes(raw[140:144], "little")  # behind the File Meta Information
        return zlib.decompress(raw[start:], -zlib.MAX_WBITS)
    return b""


def outcomes(source: Path, dest: Path) -> dict[str, str]:
    """Status by file name: the ledger's numbers follow the order of names."""
    paths = sorted(path for path in source.rglob("*.dcm") if path.parent != source)
    numbered = [row for row in rows(dest) if row["reason"] not in ("not_dicom", "unreadable")]
    return {path.name: row["status"] for path, row in zip(paths, numbered, strict=True)}


def forms(mark: str) -> list[bytes]:
    """A text as it may be written: UTF-8 and UTF-16, hexadecimal, base 64 at each alignment."""
    raw = mark.encode()
    swapped = b"".join(raw[i : i + 2][::-1] for i in range(0, len(raw) // 2 * 2, 2))
    coded = [base64.b64encode(b"\0" * shift + raw)[4 if shift else 0 : -4] for shift in range(3)]
    return [raw, mark.encode("utf-16-le"), mark.encode("utf-16-be"), raw.hex().encode(), raw.hex().upper().encode(),
            swapped, *coded]  # fmt: skip


def leaks(blob: bytes, mark: str) -> bool:
    return any(form in blob for form in forms(mark)) or mark.lower().encode() in blob.lower()


@pytest.fixture(scope="module")
def leaked(traces: Traces) -> dict[str, list[str]]:
    """Where each mark is found; blobs without the beginning that all marks share are not searched twice."""
    suspects = {where: blob for where, blob in traces.blobs.items() if leaks(blob, TEXT_MARK) or leaks(blob, DIGIT_MARK)}
    marks = [mark for *_, mark in plants()] + [f"{TEXT_MARK}{n}" for n in range(5000, 9010)]
    return {mark: found for mark in marks if (found := [w for w, blob in suspects.items() if leaks(blob, mark)])}


@pytest.mark.parametrize(("encoding", "place", "mark"), [(e, p, m) for e, p, _, m in plants()])
def test_planted_identifier_is_nowhere(leaked: dict[str, list[str]], encoding: str, place: str, mark: str) -> None:
    assert leaked.get(mark, []) == []


def test_names_of_inputs_are_nowhere(leaked: dict[str, list[str]]) -> None:
    assert {mark: where for mark, where in leaked.items() if int(mark[-4:]) >= 5000} == {}


def test_the_invented_person_is_nowhere(traces: Traces) -> None:
    assert [where for where, blob in traces.blobs.items() if leaks(blob, "Przykladowa") or leaks(blob, "INVENTED")] == []


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_what_was_planted_is_written_or_refused_as_expected(traces: Traces, encoding: str) -> None:
    found = {place: traces.outcomes[file_name(n)] for n, (e, place, *_) in enumerate(plants()) if e == encoding}
    refused = REFUSED | (REFUSED_IMPLICIT if encoding == "implicit" else set())
    expected = {place: "quarantined" if place in refused else "written" for place in found}
    assert found == expected


def test_the_search_finds_what_is_there() -> None:
    for form in forms("ZZCANARY0017"):
        assert leaks(b"\x01\x02" + form + b"\x03", "ZZCANARY0017")
    assert leaks(base64.b64encode(b"xx ZZCANARY0017 yy"), "ZZCANARY0017")
    assert not leaks(b"ZZCANARY0018", "ZZCANARY0017")
