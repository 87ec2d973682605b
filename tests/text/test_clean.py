"""Descriptors rebuilt from clinical words: what stays, what goes, and how the rest reads."""

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mediscan.profile import lexicons
from mediscan.text import lexicon, pieces
from mediscan.text.lexicon import clean
from mediscan.text.own import own_words

WORDS = lexicons.load()

WHOLE = """
CT CHEST W CONTRAST
CT ABD/PELVIS W/O & W CONTRAST
XR CHEST 2 VIEWS PA AND LATERAL
MR BRAIN W/O CONTRAST
MRI Lumbar Spine w/o
US Abdomen Complete
NM Bone Scan Whole Body
CT Angio Head/Neck
Circle of Willis 3D TOF
Topogram 0.6 T20f
AAHead_Scout_MPR_sag
t1_mprage_sag_p2_iso
t2_space_dark-fluid_sag_p2_iso
t2_tse_tra_p2_320
ep2d_diff_b50_400_800_ADC
ep2d_diff_3scan_trace_p2
ep2d_diff_b0_b1000
SAG T1 FSE 3mm
Ax T2 FLAIR FS 5.0 mm
Thorax 1.5 B70f
Abdomen 5.0 Br40 S3
3.75mm STD
CT 120 kV 2.5 s
TR 4500 TE 12.10
TR=2000 TE=30
256x256 3x3x5 mm
512 x 512 matrix
3T brain 1.5T knee
T11-12 L4/5 C5-C6
L-SPINE AP & LAT
Hodgkin lymphoma staging
Achilles tendon left
compression ratio 2.8324
JPEG 2000 irreversible (lossy) 2097:1
Omnipaque 350 80 ml
RGB(102, 198, 85)
range -2048 to +2047
*se2d1_15
TK klatki piersiowej z kontrastem
TK jamy brzusznej i miednicy małej faza tętnicza i wrotna
RM kręgosłupa lędźwiowo-krzyżowego bez kontrastu
RTG stawu kolanowego prawego AP + boczne
USG tarczycy
RTG KLP PA
CT břicha a pánve s kontrastní látkou i.v.
MR krční páteře nativně
RTG hrudníku zadopřední projekce
CT hrudníka a brucha s kontrastom
MR driekovej chrbtice
CT abdomen și pelvis cu substanță de contrast
RMN coloană lombară nativ
Radiografie torace față și profil
КТ на гръден кош с контраст
МРТ на гръбначен стълб - лумбален отдел
Рентгенография на белите дробове - фас
КТ органів грудної клітки з контрастуванням
МРТ поперекового відділу хребта
Рентгенографія колінного суглоба у двох проекціях
КТ органов брюшной полости с внутривенным контрастированием
МРТ поясничного отдела позвоночника
Рентгенография органов грудной клетки в прямой проекции
МСКТ головного мозга 5 мм
CT Thorax mit KM venös
Röntgen LWS in 2 Ebenen
MRT Kniegelenk links ohne KM
Mellkas CT kontrasztanyaggal
Koponya MR natív
RM crânio
TAC torace senza mezzo contrasto
IRM cérébrale sans injection
""".strip().split("\n")

REBUILT = [
    ("XR CHEST AP PORTABLE for Scott Kaufman", "XR CHEST AP PORTABLE"),
    ("Chest (Kowalski) PA", "Chest PA"),
    ("CHEST (PA Kowalski)", "CHEST (PA)"),
    ("(Kowalski CHEST) PA", "CHEST PA"),
    ("head, Kowalski J, knee", "head, knee"),
    ("CT KOWALSKI JAN 61 HEAD", "CT HEAD"),
    ("Kowalski 12.04.1961 head", "head"),
    ("head 12 04 61 s", "head"),
    ("head 24.12 knee", "head knee"),
    ("t2_Kowalski_tra", "t2_tra"),
    ("T1W/SE/1024", "T1W/SE"),
    ("brain MRN 0012345 axial", "brain axial"),
    ("brain CT123", "brain"),
    ("OCT 61 knee", "knee"),
    ("knee 12 MAY", "knee"),
    ("knee 92Y", "knee"),
    ("knee 1961 ms", "knee"),
    ("call 555-1234 knee", "knee"),
    ("knee john.smith@example.org", "knee"),
    ("image from https://example.org/chest/knee", "image"),
    ("C. Maxwell knee", "knee"),
    ("J K knee", "knee"),
    ("JohnKnee axial", "axial"),
    ("Long knee, short axis", "knee, short axis"),
    ("knee\x00John", ""),
    ("head \u202e left", "head left"),
    ("kn\u200bee left", "left"),
    ("line one\r\nKowalski\r\nknee", "line one\r\nknee"),
    ("RM DE CRANIO / 60 ANOS J.", "RM DE CRANIO"),
    ("R123", ""),
    ("MR 134", "MR"),
    ("S19-1_A_1_1", ""),
    ("Lung and Liver of Kowalski", "Lung and Liver"),
    ("Kowalski and liver", "liver"),
    ("たろう", ""),
    ("김희중 CHEST", "CHEST"),
    ("Kowalski\\knee", "\\knee"),
    ("Kowalski\\12.04.61", ""),
    ("knee \\ head", "knee \\ head"),
    ("TK głowy Kowalski Jan ur. 12.04.61", "TK głowy"),
    ("Нина Петрова КТ грудной клетки", "КТ грудной клетки"),
    ("МРТ коліна (Шевченко Т. Г.)", "МРТ коліна"),
    ("CT břicha - Novák, s kontrastem", "CT břicha kontrastem"),
    ("Dr. Popescu: CT cranian nativ", "CT cranian nativ"),
    ("КТ на корем, Иванов", "КТ на корем"),
]


@pytest.mark.parametrize("value", WHOLE)
def test_whole(value):
    assert clean(value, WORDS) == value


def test_decomposed_text_comes_back_as_it_was():
    value = unicodedata.normalize("NFD", "Röntgen Schädel")
    assert clean(value, WORDS) == value


@pytest.mark.parametrize(("value", "expected"), REBUILT)
def test_rebuilt(value, expected):
    assert clean(value, WORDS) == expected


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("Head^Anna", "CT Head axial", "CT axial"),
        ("Long^John", "long axis cine", "axis cine"),
        ("Le^Van", "CT LE venous", "CT venous"),
        ("Głowa^Jan", "TK głowy, glowa", "TK głowy"),
        ("Knee^Ann", "LKnee axial", "axial"),
        ("Chest=Грудь^Анна", "КТ грудь", "КТ"),
        ("Smith^Brain", "BRAIN brain Brain MR", "MR"),
    ],
)
def test_own_words_win(name, value, expected):
    assert clean(value, WORDS, own_words([name])) == expected


def test_each_lexicon_has_its_own_say():
    assert clean("zyx knee", frozenset({"zyx"})) == "zyx"
    assert clean("zyx knee", frozenset({"knee"})) == "knee"
    assert clean("foo-bar baz", frozenset({"foo bar baz"})) == "foo-bar baz"
    assert clean("foo bar, baz", frozenset({"foo bar baz"})) == ""
    assert clean("Kowalski foo bar baz qux", frozenset({"foo bar", "baz"})) == "foo bar baz"


@pytest.mark.parametrize("code", ["256", "B1000", "1000"])
def test_own_numbers_win(code):
    assert clean("brain 256 b1000", WORDS, own_words(codes=[code])).replace(code.lower(), "") == clean(
        "brain 256 b1000", WORDS, own_words(codes=[code])
    )


NAMES = """
Wojciechowska Rozwadowski Vondráčková Šimůnek Răducanu Constantinescu Бачинський Онищенко Преображенский Стефанова Kőszegi
Abernathy Featherstone Nkemelu O'Dwyer McAllister Al-Rashid Thiruvananthapuram
""".split()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", ["{}", "CT {} chest", "chest_{}", "{}^chest", "chest {} 61", "{}, J. chest", "chest({})"])
@pytest.mark.parametrize("case", [str, str.upper, str.lower])
def test_names_go(name, form, case):
    left = clean(form.format(case(name)), WORDS)
    assert case(name) not in left
    assert pieces.fold(re.split("['-]", name)[-1]) not in pieces.fold(left)
    assert not re.search("[0-9]", left)


def tokens(text):
    return [part.casefold() for run in pieces.RUN.findall(text) for part in pieces.parts(run)]


SAMPLE = sorted(WORDS)[::37]
PIECE = st.one_of(
    st.sampled_from(SAMPLE),
    st.sampled_from(
        ["12", "1961", "04.12.61", "3mm", "b1000", "(", ")", "J", "L", "Kowalski", "Иванов", "TR 4500", "\n", "10:30"]
    ),
    st.text(st.characters(codec="utf-8"), max_size=6),
)
VALUE = st.builds(
    lambda parts, join: join.join(parts), st.lists(PIECE, max_size=8), st.sampled_from([" ", "_", "/", "-", "", ", "])
)


@given(VALUE)
def test_every_word_left_was_there_in_order(value):
    left = iter(tokens(unicodedata.normalize("NFC", value)))
    assert all(token in left for token in tokens(unicodedata.normalize("NFC", clean(value, WORDS))))


@given(VALUE)
def test_cleaning_twice_changes_nothing(value):
    once = clean(value, WORDS)
    assert clean(once, WORDS) == once


@given(VALUE)
def test_every_word_left_is_known(value):
    known = {part for word in WORDS for part in word.split()}
    units = set("mm cm um ml cc dl sec msec ms min mins hr hrs kev mev ma mas gy mgy cgy s t x to".split())
    for run in pieces.RUN.findall(pieces.plain(clean(value, WORDS))):
        inner = {hump.casefold() for part in pieces.parts(run) for hump in (part, *pieces.humps(part))}
        fit = [part for part in inner if part.isdigit() or part in known or part in units or len(part) <= 2]
        assert pieces.word(run) in known or fit


@given(VALUE, st.sampled_from(SAMPLE))
def test_own_words_never_stay(value, word):
    own = frozenset(pieces.fold(part) for part in word.split() if len(part) > 1)
    left = clean(f"{word} {value} {word}", WORDS, own)
    assert not {pieces.fold(run) for run in pieces.RUN.findall(left)} & own


# --- numbers that stand alone -----------------------------------------------------------------------------------------

_TOKENS = st.sampled_from(
    "IMAGE OF CT head Doe b te TR 3 17 170 199 200 300 007 50 x mm oct y omnipaque T2 Th 12 L5 . , 5mm PERSON3 1996 stage Gd"
    " 90 lat".split()
)


@settings(max_examples=600, deadline=None)
@given(st.lists(_TOKENS, max_size=7), st.sampled_from([" ", "  ", " - "]))
def test_which_number_stands_alone_does_not_matter(tokens, separator):
    """Remembering by shape gives what looking at each text anew gives."""
    text = separator.join(tokens)
    judged = lexicon._judged(text, WORDS, frozenset())
    anew = "" if judged.kept and not any(judged.kept) else pieces.without(text, judged.places, judged.kept)
    assert lexicon._once(text, WORDS, frozenset()) == anew
