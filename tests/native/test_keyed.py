"""_native.keyed and its twin in hashlib: the same digests."""

import hashlib
import random

import pytest

from mediscan._native.keyed import Keyed


def twin(key, person, size, parts):
    """RFC 7693 through hashlib; eight bytes of length before each part."""
    data = b"".join(len(part).to_bytes(8, "little") + part for part in parts)
    return hashlib.blake2b(data, digest_size=size, key=key, person=person).digest()


@pytest.mark.parametrize("parts", [(), (b"",), (b"", b""), (b"1.2.840",), (b"id", b"issuer", b"x" * 300)])
def test_parts(parts):
    key, person = bytes(range(32)), b"uid"
    assert Keyed(key, person, 16)(*parts) == twin(key, person, 16, parts)


@pytest.mark.parametrize("length", [*range(110, 132), *range(240, 262), 1000, 100_000])
def test_lengths_around_a_block(length):
    part = bytes(i % 251 for i in range(length))
    assert Keyed(b"k" * 32, b"", 64)(part) == twin(b"k" * 32, b"", 64, (part,))


@pytest.mark.parametrize("size", range(1, 65))
def test_sizes_of_result_key_and_person(size):
    key, person = bytes(range(size)), bytes(range(1, 1 + size % 17))
    assert Keyed(key, person, size)(b"value") == twin(key, person, size, (b"value",))


@pytest.mark.parametrize("seed", range(20))
def test_random_parts(seed):
    rng = random.Random(seed)
    keyed = Keyed(b"k" * 32, b"path", 15)
    for _ in range(50):
        parts = tuple(rng.randbytes(rng.choice([0, 1, 20, 64, 119, 120, 121, 128, 400])) for _ in range(rng.randint(0, 5)))
        assert keyed(*parts) == twin(b"k" * 32, b"path", 15, parts)


def test_a_result_as_a_number():
    keyed = Keyed(b"k" * 32, b"uid", 16)
    for number in range(2000):
        part = b"%d" % number
        assert keyed.decimal(part) == b"%d" % int.from_bytes(keyed(part), "big")


@pytest.mark.parametrize(
    ("key", "person", "size"),
    [(b"", b"", 16), (bytes(65), b"", 16), (b"k", bytes(17), 16), (b"k", b"", 0), (b"k", b"", 65)],
)
def test_what_rfc_7693_does_not_know_is_refused(key, person, size):
    with pytest.raises(ValueError, match="out of range"):
        Keyed(key, person, size)


def test_only_sixteen_bytes_are_a_number():
    with pytest.raises(ValueError, match="16"):
        Keyed(b"k", b"", 15).decimal(b"x")


def test_only_bytes_are_taken():
    with pytest.raises(TypeError):
        Keyed(b"k", b"", 16)("text")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Keyed(b"k", b"", 16)(None)  # type: ignore[arg-type]
