"""ElementTable x Plan -> edits, and the few facts about an instance that its output path and ledger row need."""

import functools
from collections.abc import Callable
from typing import NamedTuple

from mediscan import errors
from mediscan._native.decide import Decider, RuleTable
from mediscan._native.framing import ElementTable, TagList
from mediscan.codec import charset
from mediscan.codec.part10 import Header
from mediscan.plan.attestation import Attestation, attest
from mediscan.plan.plan import Plan
from mediscan.plan.rules import Handler, RuleBook
from mediscan.profile import lexicons, sop_classes, zip3
from mediscan.pseudonym import dates, generalise
from mediscan.pseudonym.identity import Identities
from mediscan.pseudonym.uids import UidMap
from mediscan.standard import iod, uids
from mediscan.standard.transfer_syntax import TransferSyntax
from mediscan.text import lexicon

_MEMO_LIMIT = 32768  # values of one memo
_PEOPLE_LIMIT = 4096
Memo = dict[bytes, bytes | None]
Answer = Callable[[bytes], bytes | None]

# Rising, as ElementTable.pick wants them.
_CONTEXT = TagList(
    0x00080005,  # Specific Character Set
    0x00080016,  # SOP Class UID
    0x00080018,  # SOP Instance UID
    0x00080020,  # Study Date
    0x00080021,  # Series Date
    0x00080022,  # Acquisition Date
    0x00080023,  # Content Date
    0x0008002A,  # Acquisition DateTime
    0x00080060,  # Modality
    0x00100010,  # Patient's Name
    0x00100020,  # Patient ID
    0x00100021,  # Issuer of Patient ID
    0x00100030,  # Patient's Birth Date
    0x00101010,  # Patient's Age
    0x0020000D,  # Study Instance UID
    0x0020000E,  # Series Instance UID
    0x00280008,  # Number of Frames
    0x00280010,  # Rows
    0x00280011,  # Columns
)


class Instance(NamedTuple):
    """An instance after its edits are decided; every value is a registered term, a number or a pseudonym."""

    sop_class: str
    modality: str | None
    rows: int | None
    columns: int | None
    frames: int | None
    patient: str
    study: str
    series: str
    sop_instance: str


class _Person(NamedTuple):
    """What the answers for one instance depend on, besides the values asked about: mostly the same for a whole study."""

    charset: bytes
    name: bytes
    patient_id: bytes
    issuer: bytes
    birth_date: bytes
    age: bytes
    study: bytes
    years: tuple[bytes, ...]


class _Answers(NamedTuple):
    """Pseudonym of the patient; memo and function for each `Handler`, in its order."""

    patient: str
    memos: list[Memo]
    handlers: tuple[Answer, ...]


class Planner:
    """Decides inputs one after another under one plan; remembers pseudonyms of recent values so that each is keyed once."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.book = RuleBook(plan.policy)
        self._native = Decider()
        self._identities = Identities(plan.key)
        self._uid_map = UidMap(plan.key, uids.load())
        self._shift = dates.DateShift(plan.key)
        self._words = lexicons.load()
        self._populous = zip3.load()
        self._classes: dict[bytes, tuple[str, RuleTable]] = {}
        self._answers: dict[_Person, _Answers] = {}
        self._memos: dict[tuple[object, ...], Memo] = {}
        self._attestations: dict[tuple[bool, bool], Attestation] = {}

    def decide(self, table: ElementTable, header: Header) -> Instance:
        """Fill the edits of `table`.

        Raises
        ------
        errors.UnsafeSopClass, errors.MissingUid, errors.Malformed
            If the instance must not, or cannot, be written.
        """
        (
            declared, sop_class, sop_instance, d1, d2, d3, d4, d5, modality, name, patient_id, issuer, birth_date, age,
            study, series, frames, rows, columns,
        ) = table.pick(_CONTEXT)  # fmt: skip
        class_uid, rules = self._classes.get(sop_class) or self._class(sop_class)
        uid = self._memo(Handler.UID)
        new_uids = [
            uid[value] if value in uid else self._ask(uid, self._uid_map, value) for value in (study, series, sop_instance)
        ]
        if not all(new_uids):
            raise errors.MissingUid()
        if b"\\" in b"".join(filter(None, new_uids)):
            raise errors.Malformed(-1, "several values where PS3.3 has one UID")
        person = _Person(declared, name, patient_id, issuer, birth_date, age, study, (d1[:4], d2[:4], d3[:4], d4[:4], d5[:4]))
        patient, memos, handlers = self._answers.get(person) or self._meet(person)
        memos[Handler.UID] = uid
        self._native.run(table.capsule, rules, memos, handlers)
        return Instance(
            class_uid,
            *_shape(modality, rows, columns, frames, header.syntax.big_endian),
            patient,
            *[value.decode() for value in new_uids if value],
        )

    def attestation(self, syntax: TransferSyntax) -> Attestation:
        """Elements to be added, encoded for `syntax`."""
        key = (syntax.implicit_vr, syntax.big_endian)
        if key not in self._attestations:
            self._attestations[key] = attest(self.plan.policy, self.plan.tool, implicit=key[0], big=key[1])
        return self._attestations[key]

    def _class(self, value: bytes) -> tuple[str, RuleTable]:
        """UID and compiled rules of a SOP Class that may be written."""
        uid = value.strip(b"\0 ").decode("ascii", "replace")
        if uid in sop_classes.unsafe() or uid not in iod.load().sop_classes:
            raise errors.UnsafeSopClass()
        self._classes[value] = uid, self.book.compiled(uid)
        return self._classes[value]

    # --- pseudonyms, each keyed once ----------------------------------------------------------------------------------

    def _memo(self, *key: object) -> Memo:
        """Answers to one question; they depend on nothing but `key` and the value, and are dropped when they grow many."""
        memo = self._memos.get(key)
        if memo is None:
            if len(self._memos) >= _PEOPLE_LIMIT:
                self._memos.clear()
                self._answers.clear()
            memo = self._memos[key] = {}
        if len(memo) > _MEMO_LIMIT:
            memo.clear()
        return memo

    @staticmethod
    def _ask(memo: Memo, handler: Answer, value: bytes) -> bytes | None:
        if value not in memo:
            memo[value] = handler(value)
        return memo[value]

    def _meet(self, person: _Person) -> _Answers:
        """Everything that is asked about an instance of one patient, age and charset."""
        if len(self._answers) >= _PEOPLE_LIMIT:
            self._answers.clear()
        identities, declared, issuer = self._identities, person.charset, person.issuer
        patient = identities.patient(person.patient_id, issuer, person.name, person.birth_date, person.study)
        over_89 = generalise.cap_age(person.age)[1]
        latest = _latest_year(person.years)

        def patient_id(value: bytes) -> bytes:
            """A Patient ID of this instance or, inside a sequence, of another person."""
            if value == person.patient_id:
                return patient
            return identities.patient(value, issuer, b"", b"", value) if value.strip(b"\0 ") else b""

        memo = self._memo
        answers: dict[Handler, tuple[Memo, Answer]] = {
            Handler.UID: (memo(Handler.UID), self._uid_map),
            Handler.PATIENT_ID: (memo(Handler.PATIENT_ID, issuer, person.patient_id, patient), patient_id),
            Handler.PATIENT_NAME: (memo(Handler.PATIENT_NAME, patient), lambda _: patient),
            Handler.CODE: (memo(Handler.CODE), lambda value: identities.code(value) or None),
            Handler.DESCRIPTOR: (memo(Handler.DESCRIPTOR, declared), lambda v: self._descriptor(v, declared)),
            Handler.AGE: (memo(Handler.AGE), lambda value: generalise.cap_age(value)[0]),
            Handler.BIRTH_DATE: (
                memo(Handler.BIRTH_DATE, latest, over_89),
                lambda value: self._birth_date(value, latest, over_89),
            ),
            Handler.ZIP3: (memo(Handler.ZIP3), lambda value: generalise.zip3(value, self._populous)),
            Handler.SHIFT: (memo(Handler.SHIFT, patient), lambda v: dates.shift(v, self._shift.days(patient))),
        }
        met = _Answers(patient.decode(), [answers[h][0] for h in Handler], tuple(answers[h][1] for h in Handler))
        self._answers[person] = met
        return met

    def _descriptor(self, value: bytes, declared: bytes) -> bytes | None:
        """A descriptor that is wholly made of clinical words stays; any other goes."""
        text = charset.decode(value.rstrip(b"\0 "), declared)
        return value if text is not None and lexicon.is_clinical(text, self._words) else None

    def _birth_date(self, value: bytes, latest_year: int | None, over_89: bool) -> bytes | None:
        """The year alone, and not even that of somebody over 89."""
        year = _year(value)
        if year is None or year < self.plan.policy.oldest_birth_year:
            return None
        if not generalise.birth_year_allowed(year, latest_year, over_89, generalise.OLDEST_AGE):
            return None
        return b"%04d0101" % year


# Defined Terms of Modality (PS3.3 C.7.3.1.1.1) that may be named in the ledger.
MODALITIES = frozenset(
    "ANN AR ASMT AU BDUS BI BMD CFM CR CT CTPROTOCOL DG DMS DOC DX ECG EEG EMG EOG EPS ES FID GM HC HD IO IOL IVOCT IVUS KER"
    " KO LEN LS M3D MG MR NM OAM OCT OP OPM OPT OPTBSV OPTENF OPV OSS OT PA PLAN POS PR PT PX REG RESP RF RG RTDOSE RTIMAGE"
    " RTINTENT RTPLAN RTRAD RTRECORD RTSEGANN RTSTRUCT RWV SEG SM SMR SR SRF STAIN TEXTUREMAP TG US VA XA XAPROTOCOL XC"
    " CD CF CP CS DD DF DM DS EC FA FS LP MA MS OPR ST VF".split()
)


@functools.lru_cache(maxsize=1024)
def _shape(
    modality: bytes, rows: bytes, columns: bytes, frames: bytes, big_endian: bool
) -> tuple[str | None, int | None, int | None, int | None]:
    """Modality, rows, columns and frames as far as they can be named."""
    term, count = modality.strip(b"\0 ").decode("ascii", "replace"), frames.strip(b"\0 ")
    return (
        term if term in MODALITIES else None,
        _short(rows, big_endian),
        _short(columns, big_endian),
        int(count) if count.isdigit() and len(count) <= 9 else None,
    )


def _year(value: bytes) -> int | None:
    text = value.strip(b"\0 ")[:4]
    return int(text) if len(text) == 4 and text.isdigit() else None


def _latest_year(values: tuple[bytes, ...]) -> int | None:
    return max((year for value in values if (year := _year(value)) is not None), default=None)


def _short(value: bytes, big_endian: bool) -> int | None:
    return int.from_bytes(value, "big" if big_endian else "little") if len(value) == 2 else None
