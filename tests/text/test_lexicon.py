"""Clinical words that may stay (Clean Descriptors), and what must never pass for one."""

import os
import re
import runpy
import types
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mediscan.profile
from mediscan.profile import lexicons
from mediscan.text.lexicon import is_clinical

WORDS = lexicons.load()
FOLDER = os.path.join(os.path.dirname(mediscan.profile.__file__), "data", "lexicon")
generator = types.SimpleNamespace(**runpy.run_path(os.path.join(FOLDER, "generate_lexicon.py")))


@pytest.mark.parametrize(
    "value",
    [
        "",
        "   ",
        "\0",
        "CHEST",
        "Head^Routine",
        "T2w",
        "T2 FLAIR ax",
        "t2_tse_sag",
        "t1_vibe_fs_tra_bh_dyn",
        "*fl3d1_ns",
        "ep2d_diff_b1000",
        "ep2d_diff_b800 ADC",
        "AxialT2",
        "tseCor",
        "LKnee",
        "CT, HEAD/BRAIN WO CONTRAST",
        "MR BRAIN W/O & W CONTRAST",
        "CHEST PA/LAT",
        "Thorax 1.25 B30f",
        "5mm",
        "C-spine 5.0",
        "L3-S1^L1-L4",
        "T12-L1",
        "256x256 matrix brain",
        "X-ray hand",
        "short axis cine",
        "t1_vibe_dixon_tra",
        "low dose lung",
        "JPEG 2000 lossy",
        "OCT macula",
        "Barrett's esophagus",
        "TK głowy bez kontrastu",
        "TK glowy z kontrastem",
        "RM kręgosłupa lędźwiowego",
        "CT hrudníku s kontrastem",
        "MR kolena vpravo",
        "CT brucha a panvy",
        "MR genunchi drept",
        "CT craniu nativ",
        "koponya CT natív",
        "bal térd MR",
        "КТ на корем",
        "МРТ головного мозга с контрастом",
        "КТ грудной клетки",
        "МРТ колінного суглоба",
        "КТ м'яких тканин шиї",
        "МРТ комп’ютерна томографія",
        "MRT Kopf mit KM",
        "Röntgen Knie rechts",
        unicodedata.normalize("NFD", "Röntgen Schädel"),
    ],
)
def test_clinical(value):
    assert is_clinical(value, WORDS)


@pytest.mark.parametrize(
    "value",
    [
        "CHEST for John",
        "Smith^Head",
        "Chest Kowalski",
        "Голова Иванов",
        "КТ Шевченко",
        "MR DIXON",
        "Dixon^knee",
        "Short knee",
        "Long",
        "Dr. Small",
        "head 1403",
        "head 19610412",
        "head 12.04.61",
        "head 12/04/61",
        "head 12-04",
        "head 12 04 61",
        "head 24.12",
        "head 10:30",
        "head 4 OCT 61",
        "OCT 61 knee",
        "head 12 oct",
        "12 maj knee",
        "12 MAY knee",
        "head 555-1234",
        "head 555 123",
        "head 123-45",
        "head 1 2 3",
        "12 head 34 neck 56 7",
        "knee 92Y",
        "knee 92 Y",
        "A12B34",
        "S19-1_A_1_1",
        "R123",
        "ct123",
        "134",
        "b1950",
        "b19000",
        "J K knee",
        "J.K. knee",
        "L. R. knee",
        "L L L",
        "knee a@b",
        "http://knee",
        "knee\x1b[31m",
        "knee \u202e",
        "knee ３",
        "knee ²³٣",
        "膝",
        "St. John's chest",
        "Mayo brain",
        "Berlin CT",
        "KneeJohn",
        "JohnKnee",
        "kneejohn",
    ],
)
def test_not_clinical(value):
    assert not is_clinical(value, WORDS)


# Frequent given names and surnames of the languages in the lexicon, and towns: none may stand in it as a word.
_NAMES = """
james mary robert john michael david william richard joseph thomas charles daniel matthew anthony mark donald steven
paul andrew kenneth kevin brian george edward ronald timothy jason jeffrey ryan jacob gary nicholas eric jonathan
stephen larry justin scott brandon frank gregory samuel raymond patrick jack dennis jerry grace may rose hope faith
joy dawn iris ivy lily ruby pearl amber april june august art ray max pat rob bob bill will drew chase hunter carter
mason cole dean grant wade miles chad dale glen guy victor victoria vera nora dora cora clara anna eva ema sara laura
julia olivia sophia emma ava mia tia ana per jan petr pavel ivan smith johnson williams brown jones garcia miller
davis rodriguez martinez hernandez lopez gonzalez wilson anderson taylor moore jackson martin lee perez thompson white
harris sanchez clark ramirez lewis robinson walker young allen king wright torres hill flores green adams nelson baker
hall rivera campbell mitchell roberts gomez phillips evans turner diaz parker cruz edwards collins reyes stewart
morris morales murphy cook rogers gutierrez ortiz morgan cooper peterson bailey reed kelly howard ramos kim cox ward
richardson watson brooks chavez wood bennett gray mendoza ruiz hughes price alvarez castillo sanders patel myers long
ross foster jimenez powell jenkins perry russell sullivan bell coleman butler henderson barnes fisher vasquez simmons
jordan graham hamilton wallace west woods dixon black stone rice hunt palmer holmes burns shaw gordon stryker field
fields cross day love small short sharp power powers low high rich swan bravo colon rao lao ma ng chan tran nguyen
pham lau wong park choi kang shin chin barrett crohn alzheimer paget hodgkin parkinson morton temple bliss stern cal
deep min nowak kowalski wisniewski wojcik kowalczyk kaminski lewandowski zielinski szymanski wozniak dabrowski
kozlowski jankowski mazur krawczyk kaczmarek piotrowski grabowski pawlowski michalski guz pieta stopa bak sikora baran
duda szewczyk pawlak walczak novak novotny svoboda dvorak cerny prochazka kucera vesely horak nemec marek pospisil
hajek jelinek kral ruzicka benes fiala hlava horvath kovac varga toth nagy balaz molnar szabo kovacs kiss farkas
balogh papp takacs juhasz lakatos meszaros olah simon racz bal popescu ionescu popa radu dumitru stan stoica gheorghe
matei ciobanu rusu munteanu lazar serban moldovan ungureanu ivanov georgiev dimitrov petrov nikolov hristov stoyanov
todorov iliev vasilev angelov иванов смирнов кузнецов попов васильев петров соколов михайлов новиков федоров морозов
волков алексеев лебедев семенов егоров мельник шевченко коваленко бондаренко бойко ткаченко кравченко ковальчук коваль
олейник шевчук поліщук бондар марченко лысенко иван мария анна олег ольга елена наталья сергей андрей дмитрий владимир
игорь малый белый черный олена оксана тарас богдан müller mueller schmidt schneider fischer weber meyer wagner becker
schulz hoffmann schäfer koch bauer richter klein wolf schröder neumann schwarz zimmermann braun krüger hofmann
hartmann lange schmitt werner krause meier lehmann schmid schulze maier köhler herrmann könig walter mayer huber
kaiser fuchs peters lang scholz möller weiß jung hahn schubert vogel friedrich keller günther berger winkler roth beck
lorenz baumann franke albrecht schuster ludwig böhm winter kraus schumacher krämer vogt stein jäger otto sommer groß
seidel heinrich brandt haas schreiber graf schulte dietrich ziegler kuhn kühn pohl engel horn busch bergmann voigt
sauer arnold wolff pfeiffer kurz stark herz kiefer galle bauch fuß london paris berlin wien praha brno warszawa krakow
lodz budapest pecs bratislava sofia varna kyiv lviv odesa moskva moscow boston mobile split most loket krk essen bonn
ulm phoenix orlando nice tours bath reading cork york houston dallas memphis hospital clinic klinik szpital nemocnice
nemocnica spital kórház болница больница лікарня january february march july september october november december mar
apr jun jul aug sep nov dec maj máj mai май das kos vas udo kev mala von
"""


def test_no_name_is_a_word():
    def fold(name):
        return unicodedata.normalize("NFC", name.casefold())

    assert sorted({name for name in _NAMES.split() if fold(name) in WORDS}) == []


def test_words_are_folded_and_normalised():
    for word in WORDS:
        assert word == unicodedata.normalize("NFC", word.casefold()).strip()
        assert word.count(" ") <= 3
        assert "'" not in word


def test_no_entry_of_names_is_a_word():
    assert set(generator.entries("names.lst")) & WORDS == set()


def test_compiled_file_is_that_of_its_sources():
    with open(os.path.join(FOLDER, "lexicon.lst"), encoding="utf-8") as file:
        assert file.read() == generator.compiled()


@pytest.mark.parametrize("name", sorted(name for name in os.listdir(FOLDER) if name.endswith((".txt", ".lst"))))
def test_file_has_a_header_and_is_in_order(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        lines = file.read().splitlines()
    body = [line for line in lines if not line.startswith("#")]
    assert len(lines) - len(body) >= 2
    assert body == sorted(set(body))


def test_lexicon_size():
    assert 20_000 < len(WORDS) < 60_000


SINGLE = sorted(word for word in WORDS if len(word) > 2 and word.isalpha())


@given(st.lists(st.sampled_from(SINGLE), max_size=5), st.sampled_from(" _-/^"))
def test_listed_words_are_clinical_in_any_case(words, separator):
    assert is_clinical(separator.join(words), WORDS)
    assert is_clinical(separator.join(words).upper(), WORDS)


@given(st.text(st.characters(categories=["L"]), min_size=3, max_size=12), st.sampled_from(SINGLE))
def test_one_unknown_word_is_enough(unknown, word):
    if not is_clinical(unknown, WORDS):
        assert not is_clinical(f"{word} {unknown} {word}", WORDS | {word})


@given(st.text(max_size=40))
def test_no_long_number_passes(value):
    if is_clinical(value, WORDS):
        assert not re.search("[0-9]{5}", value)


@given(st.integers(1900, 2030), st.integers(1, 12), st.integers(1, 28), st.sampled_from([".", "/", "-", " ", ""]))
def test_no_date_passes(year, month, day, separator):
    full, short = f"{year}", f"{year % 100:02d}"
    big_endian, little_endian = (full, f"{month:02d}", f"{day:02d}"), (f"{day:02d}", f"{month:02d}", full)
    for parts in (big_endian, little_endian, (f"{day}", f"{month}", short)):
        if separator or len("".join(parts)) > 5:
            assert not is_clinical(f"chest {separator.join(parts)}", WORDS)
    assert not is_clinical(f"chest {month:02d}/{short}", WORDS)


@given(st.text())
def test_any_text_gives_an_answer(value):
    assert is_clinical(value, WORDS) in (True, False)


def test_without_words_only_blanks_and_numbers_stay():
    assert is_clinical(" ", frozenset())
    assert not is_clinical("chest", frozenset())
