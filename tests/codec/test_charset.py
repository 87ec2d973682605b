"""Specific Character Set: what decodes, and what is not sure and therefore does not."""

import pytest

from mediscan.codec.charset import codec_name, decode


@pytest.mark.parametrize(
    ("declared", "value", "text"),
    [
        (b"", b"Muster^Max", "Muster^Max"),
        (b"ISO_IR 6", b"Muster^Max", "Muster^Max"),
        (b"ISO_IR 100", "Äneas^Rüdiger".encode("latin-1"), "Äneas^Rüdiger"),
        (b"ISO_IR 101", "Wałęsa".encode("iso8859-2"), "Wałęsa"),
        (b"ISO_IR 144", "Люкceмбypг".encode("iso8859-5"), "Люкceмбypг"),
        (b"ISO_IR 127", "قباني".encode("iso8859-6"), "قباني"),
        (b"ISO_IR 126", "Διονυσιος".encode("iso8859-7"), "Διονυσιος"),
        (b"ISO_IR 138", "שרון".encode("iso8859-8"), "שרון"),
        (b"ISO_IR 148", "Çavuşoğlu".encode("iso8859-9"), "Çavuşoğlu"),
        (b"ISO_IR 203", "Œuvre €".encode("iso8859-15"), "Œuvre €"),
        (b"ISO_IR 166", "สมชาย".encode("iso8859-11"), "สมชาย"),
        (b"ISO_IR 13", b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3", "ﾔﾏﾀﾞ^ﾀﾛｳ"),  # PS3.5 H.3.2
        (b"ISO_IR 192", "Wang^XiaoDong=王^小东".encode(), "Wang^XiaoDong=王^小东"),  # PS3.5 J.1
        (b"GB18030", "Wang^XiaoDong=王^小东".encode("gb18030"), "Wang^XiaoDong=王^小东"),  # PS3.5 J.2
        (b"GBK", "王^小东".encode("gbk"), "王^小东"),
    ],
)
def test_declared_repertoire(declared: bytes, value: bytes, text: str) -> None:
    assert decode(value, declared) == text


@pytest.mark.parametrize("declared", [b"ISO_IR 100 ", b"ISO_IR 100\0", b" ISO_IR 100", b"ISO 2022 IR 100"])
def test_padding_and_the_iso_2022_twin(declared: bytes) -> None:
    """A single term with code extensions, of which none are used, means what it says without them."""
    assert decode(b"R\xfcdiger", declared) == "Rüdiger"


@pytest.mark.parametrize("declared", [b"", b"ISO_IR 100", b"ISO 2022 IR 6\\ISO 2022 IR 87", b"NONSENSE", b"\xff", b"\\"])
def test_ascii_decodes_whatever_is_declared(declared: bytes) -> None:
    assert decode(b"Muster^Max", declared) == "Muster^Max"


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        (b"", b"R\xfcdiger"),  # nothing but ASCII is declared
        (b"ISO_IR 6", b"R\xfcdiger"),
        (b"ISO_IR 192", b"R\xfcdiger"),  # ISO_IR 100 mislabelled
        (b"ISO_IR 192", b"\xed\xa0\x80"),  # a surrogate
        (b"ISO_IR 192", b"\xc0\xaf"),  # overlong
        (b"ISO_IR 127", b"\xc0"),  # unassigned
        (b"GB18030", b"\xff\xff"),
        (b"ISO_IR 13", b"\xa0"),
        (b"NONSENSE", b"R\xfcdiger"),
        (b"ISO 2022 IR 87", b"\xb0\xa1"),
        (b"\xff\xfe", b"R\xfcdiger"),
        (b"ISO_IR 100\\ISO_IR 144", b"R\xfcdiger"),  # which of the two?
        (b"\\ISO 2022 IR 87", b"R\xfcdiger"),
    ],
)
def test_what_is_not_sure_does_not_decode(declared: bytes, value: bytes) -> None:
    assert decode(value, declared) is None


@pytest.mark.parametrize("value", [b"Yamada^Tarou=\x1b$B;3ED\x1b(B", b"\x1b", b"A\x1b)C\xfb"])
@pytest.mark.parametrize("declared", [b"\\ISO 2022 IR 87", b"", b"ISO_IR 100", b"\\ISO 2022 IR 149"])
def test_escape_sequences_do_not_decode(value: bytes, declared: bytes) -> None:
    assert decode(value, declared) is None


@pytest.mark.parametrize("value", [b"\x88\x9f", b"\xb1\x88\x9f", b"\xe0\x40\xb1"])
def test_regression_iso_ir_13_is_one_byte_for_a_character(value: bytes) -> None:
    """JIS X 0201 has katakana in A1 to DF; Shift JIS, whose Python codec reads them, also takes pairs of bytes."""
    assert decode(value, b"ISO_IR 13") is None


def test_code_extensions_have_no_codec() -> None:
    assert codec_name(b"ISO 2022 IR 6\\ISO 2022 IR 87") is None
    assert codec_name(b"ISO_IR 192") == "utf-8"
