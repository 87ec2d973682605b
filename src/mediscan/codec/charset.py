"""Specific Character Set (PS3.5 6.1.2): value bytes -> text, strictly: what is not sure does not decode."""

import functools

_SINGLE = {
    "": "ascii",
    "ISO_IR 6": "ascii",
    "ISO_IR 100": "latin-1",
    "ISO_IR 101": "iso8859-2",
    "ISO_IR 109": "iso8859-3",
    "ISO_IR 110": "iso8859-4",
    "ISO_IR 144": "iso8859-5",
    "ISO_IR 127": "iso8859-6",
    "ISO_IR 126": "iso8859-7",
    "ISO_IR 138": "iso8859-8",
    "ISO_IR 148": "iso8859-9",
    "ISO_IR 203": "iso8859-15",
    "ISO_IR 13": "shift_jis",
    "ISO_IR 166": "iso8859-11",
    "ISO_IR 192": "utf-8",
    "GB18030": "gb18030",
    "GBK": "gbk",
}


@functools.cache
def codec_name(declared: bytes) -> str | None:
    """Python codec of a value of (0008,0005); None where code extensions are in use or the term is unknown.

    The first term may be written as its ISO 2022 twin, which means the same while no other term follows.
    """
    terms = [term.strip() for term in declared.rstrip(b"\0 ").decode("ascii", "replace").split("\\")]
    if len(terms) > 1:
        return None
    return _SINGLE.get(terms[0].replace("ISO 2022 IR ", "ISO_IR "))


def decode(value: bytes, declared: bytes) -> str | None:
    """Decode a value under the declared character set; None if it does not decode, or holds escape sequences.

    ASCII decodes under every declared set: the default repertoire is part of all of them.
    """
    if b"\x1b" in value:
        return None
    if value.isascii():
        return value.decode("ascii")
    name = codec_name(declared)
    if name is None:
        return None
    try:
        text = value.decode(name)
    except UnicodeDecodeError:
        return None
    # JIS X 0201 has single bytes only; Python's codec for them also takes the pairs of Shift JIS.
    return None if name == "shift_jis" and len(text) != len(value) else text
