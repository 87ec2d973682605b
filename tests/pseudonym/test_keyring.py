"""The project key: files, silence about the secret, and keyed functions that have nothing in common."""

import copy
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediscan.errors import KeyFileError
from mediscan.pseudonym.keyring import KEY_BYTES, Key

SECRET = bytes(range(KEY_BYTES))
KEY = Key(SECRET)
PARTS = st.lists(st.binary(max_size=6), max_size=4)


def test_a_saved_key_is_loaded_again(tmp_path):
    path = tmp_path / "key"
    key = Key.random()
    key.save(path)
    assert Key.load(path) == key != KEY
    assert path.stat().st_mode & 0o7777 == 0o600
    assert path.stat().st_size == KEY_BYTES


def test_mode_0600_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        KEY.save(tmp_path / "key")
    finally:
        os.umask(before)
    assert (tmp_path / "key").stat().st_mode & 0o7777 == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610, 0o644, 0o666])
def test_a_key_that_others_may_touch_is_refused(tmp_path, mode):
    path = tmp_path / "key"
    KEY.save(path)
    path.chmod(mode)
    with pytest.raises(KeyFileError, match="600"):
        Key.load(path)


@pytest.mark.parametrize("size", [0, 1, KEY_BYTES - 1, KEY_BYTES + 1, 1000])
def test_another_length_is_refused(tmp_path, size):
    path = tmp_path / "key"
    path.touch(0o600)
    path.write_bytes(bytes(size))
    with pytest.raises(KeyFileError, match="32 bytes"):
        Key.load(path)
    with pytest.raises(KeyFileError):
        Key(bytes(size))


def test_what_is_no_file_is_refused(tmp_path):
    with pytest.raises(KeyFileError):
        Key.load(tmp_path / "missing")
    tmp_path.chmod(0o700)
    with pytest.raises(KeyFileError, match="regular"):
        Key.load(tmp_path)
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(KeyFileError, match="regular"):  # and no waiting for a writer
        Key.load(tmp_path / "pipe")


def test_a_key_is_never_overwritten(tmp_path):
    path = tmp_path / "key"
    KEY.save(path)
    with pytest.raises(KeyFileError):
        Key.random().save(path)
    assert Key.load(path) == KEY
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyFileError):  # O_EXCL does not follow
        KEY.save(tmp_path / "link")
    with pytest.raises(KeyFileError):
        KEY.save(tmp_path / "no folder" / "key")


def test_no_message_names_the_path(tmp_path):
    with pytest.raises(KeyFileError) as raised:
        Key.load(tmp_path / "JANE DOE")
    assert "JANE" not in str(raised.value)


def test_no_text_shows_the_secret():
    for text in (repr(KEY), str(KEY), f"{KEY}", repr([KEY]), repr({"key": KEY})):
        assert SECRET.hex() not in text
        assert repr(SECRET)[2:-1] not in text
        assert KEY.fingerprint in text
    assert not hasattr(KEY, "__dict__")
    assert KEY.fingerprint == Key(SECRET).fingerprint != Key(SECRET[::-1]).fingerprint
    assert len(KEY.fingerprint) == 32


def test_keys_compare_by_their_secret():
    assert copy.copy(KEY) == KEY == Key(SECRET)
    assert hash(Key(SECRET)) == hash(KEY)
    assert Key(SECRET[::-1]) != KEY
    assert KEY != SECRET
    assert Key.random() != Key.random()


def test_kinds_have_nothing_in_common():
    kinds = ["uid", "patient", "identifier", "dates", "source", "path", "fingerprint"]
    assert len({KEY.function(kind)(b"1.2.3") for kind in kinds}) == len(kinds)


def test_sizes_are_not_prefixes_of_each_other():
    assert not KEY.function("uid", 32)(b"x").startswith(KEY.function("uid", 16)(b"x"))


@pytest.mark.parametrize("parts", [((b"ab", b"c"), (b"a", b"bc")), ((b"",), ()), ((b"", b"a"), (b"a", b"")),
                                   ((b"a" + (1).to_bytes(8, "little") + b"b",), (b"a", b"b"))])  # fmt: skip
def test_parts_are_told_apart(parts):
    keyed = KEY.function("test")
    assert keyed(*parts[0]) != keyed(*parts[1])


@given(PARTS, PARTS)
def test_equal_parts_and_only_they_give_equal_results(first, second):
    keyed = KEY.function("test")
    assert (keyed(*first) == keyed(*second)) == (first == second)
    assert len(keyed(*first)) == 16


def test_functions_hold_no_state():
    keyed = KEY.function("test")
    assert keyed(b"a") == keyed(b"a") == KEY.function("test")(b"a")


@pytest.mark.parametrize(("kind", "size"), [("", 16), ("k" * 17, 16), ("uid", 11), ("uid", 65), ("uid", 0)])
def test_a_function_out_of_range_is_refused(kind, size):
    with pytest.raises(ValueError, match="out of range"):
        KEY.function(kind, size)


def test_the_construction_stays_for_ever():
    """Pseudonyms must be the same in every release: keyed BLAKE2b-128, person `test`, 8-byte little-endian lengths."""
    import hashlib

    expected = hashlib.blake2b(
        b"\x02" + bytes(7) + b"ab" + b"\x01" + bytes(7) + b"c", digest_size=16, key=SECRET, person=b"test"
    )
    assert KEY.function("test")(b"ab", b"c") == expected.digest()
