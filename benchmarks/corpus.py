"""Write a made-up DICOM corpus: the same bytes every time, quickly, at any size.

A header is written by pydicom once per kind and variant, with marks of fixed width in the place of everything that
differs between files; the others are that header with its marks overwritten. `render` is the slow way to the same
bytes, and the first and last file of a corpus are compared with it.

    python benchmarks/corpus.py KIND COUNT DEST
"""

import argparse
import functools
import hashlib
import io
import os
import re
import struct
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import corpus_headers as headers

KINDS = ("ct", "mr", "multi", "jpeg")
INSTANCES_PER_SERIES = 100
SERIES_PER_STUDY = 2
STUDIES_PER_PATIENT = 2
FRAMES = 128
NOISE_SLACK = 1 << 16  # a file's pixel bytes are a window of the noise; its start moves within this many bytes
JPEG_SIZES = ((192, 144), (320, 240), (512, 384), (640, 480))  # 20 to 230 KB at quality 88

_UID_ROOT = "1.2.826.0.1.3680043.8.498.4578701"
_LEVELS = ("person", "study", "series", "sop", "frame", "device", "step", "event", "organization", "localizer", "raw")

Fields = dict[str, str]


def _uid(kind: str, level: str, number: int) -> str:
    return f"{_UID_ROOT}.{KINDS.index(kind) + 1}.{_LEVELS.index(level) + 10}.{1_000_000_000 + number}"


def _clock(seconds: int) -> str:
    return f"{seconds // 3600 % 24:02d}{seconds // 60 % 60:02d}{seconds % 60:02d}"


def _positions(index: int) -> tuple[int, int, int, int]:
    """Return patient, study, series and place in the series of the file `index`."""
    series, place = divmod(index, INSTANCES_PER_SERIES)
    study = series // SERIES_PER_STUDY
    return study // STUDIES_PER_PATIENT, study, series, place


def fields(kind: str, index: int) -> Fields:
    """
    Return what sets the file `index` apart, each value of a width that depends on its name alone.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    index : int
        Number of the file in the corpus, from 0.
    """
    patient, study, series, place = _positions(index)
    start = 28_800 + study * 977 % 36_000
    return {
        **_shared_fields(kind, patient, study, series, start),
        "sop_uid": _uid(kind, "sop", index),
        "previous_uid": _uid(kind, "sop", max(index - 1, series * INSTANCES_PER_SERIES)),
        "raw_uid": _uid(kind, "raw", index),
        "instance_number": f"{1001 + place}",
        "content_time": f"{_clock(start + 120 + place)}.{place:03d}000",
        "acquisition_time": f"{_clock(start + 60 + place)}.{place:03d}500",
        "position": f"-{500 - 2.5 * place:.3f}",
    }


def _shared_fields(kind: str, patient: int, study: int, series: int, start: int) -> Fields:
    """Return the fields that all files of a series have in common."""
    return {
        "person": f"{1 + patient:04d}",
        "patient_id": f"INV{1 + patient:07d}",
        "birth_date": f"19{30 + patient % 60}{1 + patient % 12:02d}{1 + patient % 28:02d}",
        "study_date": f"20{19 + study % 6}{1 + study % 12:02d}{1 + study % 28:02d}",
        "study_time": _clock(start),
        "series_time": _clock(start + 30 + series % SERIES_PER_STUDY * 600),
        "accession": f"ACC{study:08d}",
        "study_id": f"ST{study:06d}",
        "series_number": f"{201 + series % SERIES_PER_STUDY}",
        "person_uid": _uid(kind, "person", patient),
        "study_uid": _uid(kind, "study", study),
        "step_uid": _uid(kind, "step", study),
        "series_uid": _uid(kind, "series", series),
        "frame_uid": _uid(kind, "frame", study),
        "device_uid": _uid(kind, "device", 0),
        "event_uid": _uid(kind, "event", series),
        "organization_uid": _uid(kind, "organization", series),
        "localizer_uid": _uid(kind, "localizer", series),
    }


def _marks(kind: str) -> Fields:
    """Return a mark for each field: as wide as its values, all different, numbers where pydicom wants one."""
    widths = {name: len(value) for name, value in fields(kind, 0).items()}
    marks = {}
    for number, (name, width) in enumerate(widths.items()):
        head = f"{_UID_ROOT}.{KINDS.index(kind) + 1}.99." if name.endswith("_uid") else "-" * (name == "position")
        marks[name] = head + (f"{60 + number}" * width)[: width - len(head)]
    return marks


def _header(kind: str, variant: str) -> headers.Header:
    """Return the header of a kind; `variant` is a Transfer Syntax, or the number of a JPEG image."""
    general = {**headers.PATIENT, **headers.STUDY, **headers.SERIES, **headers.EQUIPMENT, **headers.INSTANCE}
    if kind == "ct":
        return {**general, **headers.PLANE, **headers.CT, **headers.image(512, 512)}
    if kind == "mr":
        return {**general, **headers.PLANE, **headers.MR, **headers.image(128, 128)}
    if kind == "jpeg":
        return {**general, **headers.ULTRASOUND, **headers.image(*JPEG_SIZES[int(variant)], bits=8)}
    frames = [headers.frame_groups(number) for number in range(1, FRAMES + 1)]
    groups = {"PerFrameFunctionalGroupsSequence": frames}
    return {**general, **headers.ENHANCED_CT, **groups, **headers.image(512, 512)}


def _fill(value: Any, marks: Fields) -> Any:
    """Put `marks` into a header value, and make data sets of the items of a sequence."""
    if isinstance(value, str):
        return value.format(**marks)
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [_dataset(item, marks) for item in value]
    return value


def _dataset(header: headers.Header, marks: Fields) -> Any:
    from pydicom.dataset import Dataset

    dataset = Dataset()
    for keyword, value in header.items():
        setattr(dataset, keyword, _fill(value, marks))
    return dataset


def _add_private(dataset: Any, marks: Fields) -> None:
    for (group, creator), elements in headers.PRIVATE.items():
        block = dataset.private_block(group, creator, create=True)
        for number, vr, value in elements:
            block.add_new(number, vr, _fill(value, marks))


def _add_meta(dataset: Any, kind: str, syntax: str) -> None:
    from pydicom.dataset import FileMetaDataset

    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = headers.SOP_CLASSES[kind]
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = headers.TRANSFER_SYNTAXES[syntax]
    meta.ImplementationClassUID = f"{_UID_ROOT}.1"
    meta.ImplementationVersionName = "INVENTED 1"
    meta.SourceApplicationEntityTitle = "INVENTEDAE"
    dataset.file_meta = meta


def _write(kind: str, variant: str, marks: Fields) -> bytes:
    """Return everything in front of Pixel Data, as pydicom writes it."""
    from pydicom import config

    config.settings.reading_validation_mode = config.IGNORE  # marks are as wide as values, but need not be valid
    config.settings.writing_validation_mode = config.IGNORE
    dataset = _dataset(_header(kind, variant), {**marks, "sop_class": headers.SOP_CLASSES[kind]})
    _add_private(dataset, marks)
    _add_meta(dataset, kind, _syntax(kind, variant))
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _syntax(kind: str, variant: str) -> str:
    return "jpeg" if kind == "jpeg" else variant


def _variant(kind: str, index: int) -> str:
    """Return which template the file `index` has: MR series alternate in VR form, JPEG files in size."""
    if kind == "jpeg":
        return str(index % len(JPEG_SIZES))
    implicit = kind == "mr" and index // INSTANCES_PER_SERIES % 2
    return "implicit" if implicit else "explicit"


@functools.cache
def _noise(length: int) -> bytes:
    """Return 12-bit noise in 16-bit words; SHAKE-256, because its bytes depend on no library's version."""
    words = np.frombuffer(hashlib.shake_256(b"mediscan benchmark corpus").digest(length), "<u2")
    return (words & 0x0FFF).astype("<u2").tobytes()


@functools.cache
def _jpeg(variant: str) -> bytes:
    """Return one baseline JPEG image of noise; needs Pillow, and its bytes depend on Pillow's libjpeg."""
    from PIL import Image

    columns, rows = JPEG_SIZES[int(variant)]
    pixels = hashlib.shake_256(b"mediscan benchmark jpeg").digest(columns * rows)
    buffer = io.BytesIO()
    Image.frombytes("L", (columns, rows), pixels).save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def _pixel_element(kind: str, variant: str) -> tuple[bytes, int]:
    """Return the bytes that follow the header in every file of a template, and the length of the noise after them."""
    if kind == "jpeg":
        return _encapsulated(_jpeg(variant)), 0
    length = {"ct": 512 * 512, "mr": 128 * 128, "multi": 512 * 512 * FRAMES}[kind] * 2
    if variant == "implicit":
        return struct.pack("<HHI", 0x7FE0, 0x0010, length), length
    return struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OW", 0, length), length


def _encapsulated(frame: bytes) -> bytes:
    """Return Pixel Data of one frame in one fragment (PS3.5 section A.4)."""
    frame += b"\0" * (len(frame) % 2)
    head = struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF)
    table = struct.pack("<HHII", 0xFFFE, 0xE000, 4, 0)
    item = struct.pack("<HHI", 0xFFFE, 0xE000, len(frame)) + frame
    return head + table + item + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


@dataclass(frozen=True)
class Template:
    """The bytes that the files of one kind and variant share, and where each field lies in them."""

    kind: str
    content: bytes
    places: tuple[tuple[int, int, str], ...]
    noise_length: int

    def file(self, index: int) -> list[bytes | memoryview]:
        """Return the bytes of the file `index`, as parts to write one after another."""
        content = bytearray(self.content)
        values = {name: value.encode() for name, value in fields(self.kind, index).items()}
        for start, end, name in self.places:
            content[start:end] = values[name]
        return [bytes(content), *noise_parts(self.noise_length, index)]


def noise_parts(length: int, index: int) -> Iterator[memoryview]:
    """Yield `length` bytes of noise in windows of at most 1 MiB whose starts move with `index`."""
    window = min(length, 1 << 20)
    noise = memoryview(_noise(window + NOISE_SLACK)) if length else memoryview(b"")
    for part in range(length // window if window else 0):
        start = (index * 7919 + part * 104_729) * 2 % NOISE_SLACK
        yield noise[start : start + window]


@functools.cache
def template(kind: str, variant: str) -> Template:
    """Return the template of a kind and variant, made on first use."""
    marks = _marks(kind)
    header = _write(kind, variant, marks)
    names = {mark.encode(): name for name, mark in marks.items()}
    pattern = b"|".join(re.escape(mark) for mark in sorted(names, key=len, reverse=True))
    places = tuple((hit.start(), hit.end(), names[hit[0]]) for hit in re.finditer(pattern, header))
    element, noise_length = _pixel_element(kind, variant)
    return Template(kind, header + element, places, noise_length)


def render(kind: str, index: int) -> list[bytes | memoryview]:
    """Return the bytes of one file the slow way, every value written by pydicom."""
    variant = _variant(kind, index)
    element, noise_length = _pixel_element(kind, variant)
    return [_write(kind, variant, fields(kind, index)) + element, *noise_parts(noise_length, index)]


def file_path(kind: str, index: int) -> str:
    """Return the path of the file `index` below the destination."""
    patient, study, series, place = _positions(index)
    return f"INV{1 + patient:07d}/{kind.upper()}{study:06d}/S{series:06d}/IM{place + 1:04d}.dcm"


def _write_file(path: str, parts: list[bytes | memoryview]) -> int:
    with open(path, "wb", buffering=0) as file:
        return sum(_write_part(file, part) for part in parts)


def _write_part(file: Any, part: bytes | memoryview) -> int:
    written = file.write(part)
    if written != len(part):
        raise OSError(f"short write: {written} of {len(part)} bytes")
    return written


def check(kind: str, index: int) -> None:
    """Raise if the patched file `index` differs from the one that pydicom writes."""
    patched = template(kind, _variant(kind, index)).file(index)
    if patched[0] != render(kind, index)[0]:
        raise AssertionError(f"{kind} {index}: the patched header is not what pydicom writes")


def generate(kind: str, count: int, destination: str) -> int:
    """
    Write `count` files of a kind below `destination`, which must not exist or be empty.

    The first files of a larger corpus are those of a smaller one.

    Returns
    -------
    int
        Bytes written.
    """
    if os.path.isdir(destination) and os.listdir(destination):
        raise FileExistsError(f"not empty: {destination}")
    for index in {0, count - 1}:
        check(kind, index)
    total = 0
    for index in range(count):
        path = os.path.join(destination, file_path(kind, index))
        if index % INSTANCES_PER_SERIES == 0:
            os.makedirs(os.path.dirname(path), exist_ok=True)
        total += _write_file(path, template(kind, _variant(kind, index)).file(index))
    return total


def describe(path: str) -> dict[str, int]:
    """Return what one file holds: data elements at top level and in all, bytes before Pixel Data's value and of all."""
    import pydicom

    dataset = pydicom.dcmread(path)
    return {
        "top_level": len(dataset),
        "elements": sum(1 for _ in dataset.iterall()),
        "header": dataset["PixelData"].file_tell,
        "bytes": os.path.getsize(path),
    }


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("count", type=int)
    parser.add_argument("dest")
    options = parser.parse_args(argv)
    if options.count < 1:
        parser.error("COUNT must be at least 1")
    started = time.perf_counter()
    total = generate(options.kind, options.count, options.dest)
    seconds = time.perf_counter() - started
    print(f"{options.count} files, {total} bytes, {seconds:.2f} s")
    print(describe(os.path.join(options.dest, file_path(options.kind, 0))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
