"""Specific Character Set: what decodes, and what is not sure and therefore does not."""

import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import charset

from handmade import explicit, item
from mediscan._native.framing import ElementTable
from mediscan.codec import tagindex
from mediscan.codec.charset import Scopes, codec_name, component_groups, decode, encode, valid
from mediscan.codec.elements import walk


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


EXTENDED = [
    # PS3.5 H.3.1, H.3.2, I.2, K.2 and what else PS3.3 Tables C.12-3 and C.12-4 have
    (b"\\ISO 2022 IR 87", b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
     "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    (b"ISO 2022 IR 13\\ISO 2022 IR 87", b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J",
     "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ"),
    (b"\\ISO 2022 IR 149", b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
     "Hong^Gildong=洪^吉洞=홍^길동"),
    (b"\\ISO 2022 IR 58", b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=", "Zhang^XiaoDong=张^小东="),
    (b"\\ISO 2022 IR 87\\ISO 2022 IR 159", b"\x1b$(D\x30\x21\x1b$B;3\x1b(B", "丂山"),
    (b"ISO 2022 IR 100\\ISO 2022 IR 144", b"\xc4neas^\x1b-L\xbb\xee\xda^\xc4", "Äneas^Люк^Ä"),
    (b"ISO 2022 IR 6\\ISO 2022 IR 126", b"Dionysios^\x1b-F\xc4\xe9\xef", "Dionysios^Διο"),
    (b"ISO 2022 IR 100", b"\x1b-A\xc4\x1b(Bneas", "Äneas"),
    (b"ISO 2022 IR 13", b"\x1b)I\xd4\x1b(JA", "ﾔA"),
]  # fmt: skip


@pytest.mark.parametrize(("declared", "value", "text"), EXTENDED)
def test_code_extensions(declared: bytes, value: bytes, text: str) -> None:
    assert decode(value, declared, "PN") == text
    assert valid(value, declared, "PN")
    assert decode(encode(text, declared), declared, "PN") == text


@pytest.mark.parametrize(
    ("vr", "delimiter", "holds"),
    [
        ("PN", "\\", False), ("PN", "^", False), ("PN", "=", False), ("LO", "\\", False), ("LO", "^", True), ("LO", "=", True),
        ("LT", "\\", True), ("LT", "^", True), ("LT", "\n", False), ("LT", "\r", False), ("LO", "\t", False),
        ("UC", "\\", False),
    ],
)  # fmt: skip
def test_where_the_first_set_is_active_again(vr: str, delimiter: str, holds: bool) -> None:
    """PS3.5 6.1.2.5.3: without a new escape sequence the Cyrillic that follows a delimiter is none any more."""
    value = b"\x1b-L\xbb" + delimiter.encode() + b"\xbb"
    assert decode(value, b"ISO 2022 IR 100\\ISO 2022 IR 144", vr) == f"Л{delimiter}{'Л' if holds else '»'}"
    assert decode(value, b"\\ISO 2022 IR 144", vr) == (f"Л{delimiter}Л" if holds else None)


def test_a_backslash_may_be_half_a_character() -> None:
    assert decode(b"\x1b$B3\\\x1b(B", b"\\ISO 2022 IR 87", "LO") == "顎"
    assert decode("刓".encode("gbk"), b"GBK") == "刓"
    assert "刓".encode("gbk").endswith(b"\\")


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        (b"", b"Yamada=\x1b$B;3ED\x1b(B"),
        (b"ISO_IR 100", b"\x1b$B;3ED\x1b(B"),
        (b"ISO_IR 192", b"\x1b$B;3ED\x1b(B"),
        (b"\\ISO 2022 IR 149", b"\x1b$B;3ED\x1b(B"),  # not the declared one
        (b"\\ISO 2022 IR 87", b"\x1b$B;3E\x1b(B"),  # half a character
        (b"\\ISO 2022 IR 87", b"\x1b$B;3\nED\x1b(B"),  # the first set was not made active again
        (b"\\ISO 2022 IR 87", b"\x1b"),
        (b"\\ISO 2022 IR 87", b"\x1b$"),
        (b"\\ISO 2022 IR 87", b"\x1b$)"),
        (b"\\ISO 2022 IR 87", b"\x1b%G\xc3\xa4"),  # UTF-8, which is not for code extensions
        (b"\\ISO 2022 IR 149", b"\xc8\xab"),  # not invoked
        (b"\\ISO 2022 IR 149", b"\x1b$)C\xc8"),
        (b"\\ISO 2022 IR 149", b"\x1b$)C\xc8\xab^\xb1\xe6"),  # invoked for another component
        (b"ISO 2022 IR 100\\ISO 2022 IR 144", b"\x85\xc4"),
        (b"ISO_IR 192\\ISO 2022 IR 87", b"\x1b$B;3ED\x1b(B"),  # UTF-8 stands alone
        (b"ISO_IR 100", b"\x93quoted\x94"),  # CP1252
    ],
)
def test_what_code_extensions_do_not_allow(declared: bytes, value: bytes) -> None:
    assert decode(value, declared, "PN") is None
    assert not valid(value, declared, "PN")


@pytest.mark.parametrize(
    ("value", "declared", "vr", "expected"),
    [
        (b"Head \0", b"", "LO", True),
        (b"one\r\ntwo\tthree\f", b"", "LT", True),
        (b"one\r\ntwo", b"", "LO", False),
        (b"one\0two", b"", "LT", False),
        (b"one\x7f", b"", "LO", False),
        ("Гол\x85ова".encode(), b"ISO_IR 192", "LO", False),
        ("Голова".encode(), b"ISO_IR 192", "LO", True),
        ("Голова".encode("cp1251"), b"ISO_IR 192", "LO", False),
        ("Голова".encode("cp1251"), b"", "LO", False),
        (b"\x1b$B;3ED", b"\\ISO 2022 IR 87", "LO", False),  # can be read, but leaves Kanji active
        (b"ascii", b"NONSENSE", "LO", True),
    ],
)
def test_what_may_be_written_as_it_is(value: bytes, declared: bytes, vr: str, expected: bool) -> None:
    assert valid(value, declared, vr) is expected


@pytest.mark.parametrize(
    ("text", "declared", "expected"),
    [
        ("Muster", b"NONSENSE", b"Muster"),
        ("Rüdiger", b"ISO_IR 100", b"R\xfcdiger"),
        ("Rüdiger", b"", None),
        ("Rüdiger", b"NONSENSE", None),
        ("Wałęsa", b"ISO_IR 100", None),
        ("Wałęsa^山", b"ISO_IR 192", "Wałęsa^山".encode()),
        ("Люк", b"ISO 2022 IR 100\\ISO 2022 IR 144", b"\x1b-L\xbb\xee\xda\x1b-A"),
        ("Люк", b"\\ISO 2022 IR 144", b"\x1b-L\xbb\xee\xda"),
        ("Люк山", b"\\ISO 2022 IR 144", None),
        ("山田^太郎=", b"ISO 2022 IR 13\\ISO 2022 IR 87", b"\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J="),
        ("洪^吉洞", b"\\ISO 2022 IR 149", b"\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7"),
        ("山", b"ISO_IR 13", None),
        ("\x1b", b"ISO_IR 192", None),
        ("\udc80", b"ISO_IR 192", None),
        ("\x85", b"ISO_IR 100", None),
    ],
)
def test_encode(text: str, declared: bytes, expected: bytes | None) -> None:
    assert encode(text, declared) == expected
    assert expected is None or valid(expected, declared, "PN")


TERMS = ["", "NONSENSE", "ISO_IR 192", "GB18030", "GBK", "ISO_IR 6"]
NUMBERS = ["6", "100", "101", "109", "110", "144", "127", "126", "138", "148", "203", "13", "166", "87", "159", "149", "58"]
DECLARED = st.one_of(
    st.sampled_from(TERMS + [f"ISO_IR {n}" for n in NUMBERS]).map(str.encode),
    st.lists(st.sampled_from(["", *(f"ISO 2022 IR {n}" for n in NUMBERS)]), max_size=5).map("\\".join).map(str.encode),
    st.binary(max_size=40),
)
ESCAPES = [b"\x1b(B", b"\x1b(J", b"\x1b)I", b"\x1b-A", b"\x1b-L", b"\x1b$B", b"\x1b$(D", b"\x1b$)C", b"\x1b$)A", b"\x1b"]
HOSTILE = st.lists(st.one_of(st.binary(max_size=6), st.sampled_from([*ESCAPES, b"^", b"=", b"\\", b"\r\n"])), max_size=8).map(
    b"".join
)
VRS = st.sampled_from(["PN", "LO", "SH", "UC", "LT", "ST", "UT", "", "XX"])


@settings(max_examples=1000)
@given(HOSTILE, DECLARED, VRS)
def test_any_bytes_give_text_or_none(value: bytes, declared: bytes, vr: str) -> None:
    text = decode(value, declared, vr)
    assert text is None or isinstance(text, str)
    assert text is not None or not valid(value, declared, vr)
    if text is not None and (again := encode(text, declared)) is not None:
        assert decode(again, declared, "PN") == text


@settings(max_examples=500)
@given(st.text(st.sampled_from("Aaz ^=\\~äéŁłěřŐЖжїґΩωאبğ€山田홍길동张丂ﾔｱ\n")), DECLARED)
def test_what_is_encoded_is_valid(text: str, declared: bytes) -> None:
    data = encode(text, declared)
    if data is not None:
        assert valid(data, declared, "PN") or "\n" in text
        assert valid(data, declared, "LT")
        assert decode(data, declared, "PN") == decode(data, declared, "LO") == decode(data, declared, "LT") == text


@settings(max_examples=1000)
@given(
    HOSTILE, st.lists(st.sampled_from(NUMBERS[1:]), min_size=1, max_size=3, unique=True), st.sampled_from(["6", "100", "13"])
)
def test_pydicom_reads_the_same(value: bytes, numbers: list[str], first: str) -> None:
    """The other way round it does not hold: pydicom warns and guesses."""
    terms = [f"ISO 2022 IR {number}" for number in [first, *(n for n in numbers if n not in (first, "203"))]]
    text = decode(value, "\\".join(terms).encode(), "PN")
    if text is None or (b"\x1b(J" in value and "13" not in [first, *numbers]):
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        oracle = charset.decode_bytes(value, charset.convert_encodings(terms), {0x5C, 0x5E, 0x3D, 0x0A, 0x0D, 0x09, 0x0C})
    lone = b"\x1b$)A" in value  # which pydicom leaves in the text where no character follows
    if not lone and all(char >= " " or char in "\n\r\t\f" for char in text):  # others are no delimiters to it
        assert text == oracle


def scopes(*elements: bytes) -> Scopes:
    table = ElementTable()
    table.attach(b"".join(elements))
    walk(table, 0, 0, tagindex.vr_index(), 64, 1000)
    return Scopes(table)


def test_the_character_set_of_an_item_holds_inside_it() -> None:
    name = explicit(0x00100010, "PN", b"A^B ")
    declared = explicit(0x00080005, "CS", b"ISO_IR 144")
    inner = explicit(0x00081140, "SQ", item(name) + item(explicit(0x00080005, "CS", b"ISO_IR 192") + name))
    found = scopes(
        explicit(0x00080005, "CS", b"ISO_IR 100"),  # 0
        explicit(0x00081110, "SQ", item(declared + inner + name) + item(name)),  # 1; items at 2 and 11
        name,
    )
    assert not found.single
    at = [found.at(row) for row in range(14)]
    assert at[0] == at[1] == at[2] == b"ISO_IR 100"
    assert at[3:8] == [b"ISO_IR 144"] * 5  # its own element, the inner sequence, its two items and what the first holds
    assert at[8:10] == [b"ISO_IR 192"] * 2
    assert at[10] == b"ISO_IR 144"
    assert at[11:] == [b"ISO_IR 100"] * 3


def test_nothing_stated_is_the_default_repertoire() -> None:
    found = scopes(explicit(0x00081110, "SQ", item(explicit(0x00100010, "PN", b"A^B "))))
    assert found.single
    assert {found.at(row) for row in range(3)} == {b""}


def test_component_groups() -> None:
    assert component_groups("Yamada^Tarou=山田^太郎=やまだ^たろう") == ("Yamada^Tarou", "山田^太郎", "やまだ^たろう")
    assert component_groups("A^B") == ("A^B", "", "")
    assert component_groups("=山") == ("", "山", "")
    assert component_groups("a=b=c=d") == ("a", "b", "c=d")


@pytest.mark.parametrize("value", [b"\x88\x9f", b"\xb1\x88\x9f", b"\xe0\x40\xb1"])
def test_regression_iso_ir_13_is_one_byte_for_a_character(value: bytes) -> None:
    """JIS X 0201 has katakana in A1 to DF; Shift JIS, whose Python codec reads them, also takes pairs of bytes."""
    assert decode(value, b"ISO_IR 13") is None


def test_code_extensions_have_no_codec() -> None:
    assert codec_name(b"ISO 2022 IR 6\\ISO 2022 IR 87") is None
    assert codec_name(b"ISO_IR 192") == "utf-8"
