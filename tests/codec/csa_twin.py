"""A second reader of CSA headers, after what SPM and nibabel read, and a writer of both forms with every field in the hand."""

import struct

CHECK = 77


def read(data: bytes) -> dict[str, tuple[str, int, list[str]]]:
    """VR, VM and values of each tag of a header in form SV10, as nibabel's csareader gives them; asserts what it asserts."""
    assert data[:4] == b"SV10"
    count, check = struct.unpack("<2I", data[8:16])
    assert 0 < count <= 1000
    assert check == CHECK
    at, tags = 16, {}
    for _ in range(count):
        name, vm, vr, _, items, _ = struct.unpack("<64si4s3i", data[at : at + 84])
        at += 84
        values = []
        for number in range(items):
            length = struct.unpack("<4i", data[at : at + 16])[1]
            at += 16
            assert at + length <= len(data)
            if number >= (vm or items):
                assert length == 0
                continue
            if length:
                text = data[at : at + length]
                assert b"\0" in text
                values.append(text[: text.index(b"\0")].decode("ascii"))
            at += length + -length % 4
        tags[name[: name.index(b"\0")].decode("ascii")] = (vr[: vr.index(b"\0")].decode("ascii"), vm, values)
    assert at == len(data)
    return tags


def three_floats(data: bytes, wanted: bytes) -> list[float]:
    """What dcm2niix reads of a tag: three items from where they begin, however many the tag says it has."""
    at = 16
    for _ in range(struct.unpack("<I", data[8:12])[0]):
        name, _, _, _, items, _ = struct.unpack("<64si4s3i", data[at : at + 84])
        at += 84
        found = []
        for number in range(max(items, 3) if name.startswith(wanted + b"\0") else items):
            length = struct.unpack("<4i", data[at : at + 16])[1]
            at += 16
            if length and number < 3:
                found.append(float(data[at : at + length].rstrip(b"\0")))
            at += (length + 3) // 4 * 4
        if name.startswith(wanted + b"\0"):
            return found
    raise AssertionError("no such tag")


def sv10(tags, rest: bytes = b"", count: int | None = None) -> bytes:
    """A header of (name, vm, vr, values); `rest` follows it, as it follows NUL in names and lengths nobody fills."""
    out = [b"SV10\4\3\2\1", struct.pack("<2I", len(tags) if count is None else count, CHECK)]
    for name, vm, vr, values in tags:
        items = -(-len(values) // 6) * 6
        out.append(struct.pack("<64si4s3i", name + b"\0" + rest[: 63 - len(name)], vm, vr, 6, items, 77 if items else 205))
        for value in values:
            text = value + b"\0"
            out.append(
                struct.pack("<4i", len(text), len(text), 77, len(text))
                + text
                + rest[: -len(text) % 4].ljust(-len(text) % 4, b"\0")
            )
        out += [struct.pack("<4i", 0, 0, 205, 0)] * (items - len(values))
    return b"".join(out) + rest


def old(tags, rest: bytes = b"") -> bytes:
    """The same in the older form: lengths count from the first tag's number of items."""
    out = [struct.pack("<2I", len(tags), CHECK)]
    base = -(-len(tags[0][3]) // 6) * 6
    for name, vm, vr, values in tags:
        items = -(-len(values) // 6) * 6
        out.append(struct.pack("<64si4s3i", name + b"\0" + rest[: 63 - len(name)], vm, vr, 6, items, 77))
        for value in values:
            text = value + b"\0"
            out.append(struct.pack("<4i", len(text) + base, len(text), 77, len(text)) + text + bytes(-len(text) % 4))
        out += [struct.pack("<4i", base, 0, 205, 0)] * (items - len(values))
    return b"".join(out) + rest
