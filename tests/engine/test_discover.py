"""Inputs are numbered in one order, whatever lies in the folders, and each gets its row."""

import os
from pathlib import Path

import pytest

from mediscan.engine import discover
from mediscan.engine.discover import batches, inputs
from runs import ct, rows, run


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def listed(source: Path) -> list[str]:
    return [os.fsdecode(path) for _, path, _ in inputs(os.fsencode(source))]


def test_files_of_a_folder_come_before_those_of_its_subfolders_each_by_name(tmp_path: Path) -> None:
    touch(tmp_path, "b/2", "b/1", "a/z/9", "a/k", "c", "Z", "é")
    assert listed(tmp_path) == ["Z", "c", "é", "a/k", "a/z/9", "b/1", "b/2"]


def test_the_order_is_that_of_the_bytes_not_of_the_locale(tmp_path: Path) -> None:
    touch(tmp_path, "a", "B", "_", "~")
    assert listed(tmp_path) == ["B", "_", "a", "~"]


def test_a_source_that_is_a_file_is_its_own_input(tmp_path: Path) -> None:
    (tmp_path / "one.dcm").write_bytes(b"12345")
    (found,) = inputs(os.fsencode(tmp_path / "one.dcm"))
    assert found[:2] == (os.fsencode(tmp_path) + b"/", b"one.dcm")


def test_a_name_that_is_not_utf_8_is_an_input(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/\xff\xfe.dcm", "wb") as file:
        file.write(ct(0))
    assert [path for _, path, _ in inputs(os.fsencode(tmp_path))] == [b"\xff\xfe.dcm"]


def test_links_are_inputs_and_are_not_followed(tmp_path: Path) -> None:
    touch(tmp_path, "in/a", "elsewhere/secret")
    (tmp_path / "in" / "folder").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "dangling").symlink_to("/nowhere")
    assert listed(tmp_path / "in") == ["a", "dangling", "folder", "loop"]


def test_a_folder_that_cannot_be_listed_is_an_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "closed/x", "open/y")
    scandir = os.scandir

    def refusing(path: bytes) -> object:
        if path.endswith(b"closed/"):
            raise PermissionError
        return scandir(path)

    monkeypatch.setattr(discover.os, "scandir", refusing)
    assert listed(tmp_path) == ["closed", "open/y"]


def test_whatever_is_no_regular_file_becomes_an_unreadable_row(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    (source / "good.dcm").write_bytes(ct(1))
    os.mkfifo(source / "pipe")
    (source / "link").symlink_to(source / "good.dcm")
    (source / "empty").touch()
    result = run(source, tmp_path / "out")
    found = [(row["status"], row["reason"]) for row in rows(tmp_path / "out")]
    unreadable = ("quarantined", "unreadable")
    assert found == [("not_dicom", "not_dicom"), ("written", None), unreadable, unreadable]
    assert result.exit_status == 1


def test_numbers_and_names_of_batches_run_on(tmp_path: Path) -> None:
    for folder in ("x", "y"):
        touch(tmp_path, *(f"{folder}/{n:03d}" for n in range(150)))
    made = list(batches((os.fsencode(tmp_path / "x"), os.fsencode(tmp_path / "y"))))
    assert [batch.name for batch in made] == [f"{n:08d}" for n in range(len(made))]
    starts = [0]
    for batch in made:
        starts.append(starts[-1] + len(batch.paths))
    assert [batch.first for batch in made] == starts[:-1]
    assert starts[-1] == 300


def test_batches_grow_so_that_every_worker_has_work_at_once(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{n:05d}" for n in range(3500)))
    sizes = [len(batch.paths) for batch in batches((os.fsencode(tmp_path),))]
    assert sizes[0] <= 16
    assert sizes[:-1] == sorted(sizes[:-1])
    assert max(sizes) == 1024


def test_a_batch_of_large_files_ends_early(tmp_path: Path) -> None:
    for n in range(8):
        with open(tmp_path / str(n), "wb") as file:
            file.truncate(200 << 20)  # a hole: nothing is stored
    assert max(len(batch.paths) for batch in batches((os.fsencode(tmp_path),))) == 2


def test_the_inputs_of_a_batch_one_by_one(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{n:03d}" for n in range(30)))
    last = list(batches((os.fsencode(tmp_path),)))[-1]
    singles = last.singles()
    assert [(single.first, single.paths) for single in singles] == [(last.first + n, (p,)) for n, p in enumerate(last.paths)]
    assert len({single.name for single in singles}) == len(singles)
