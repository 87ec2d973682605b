"""ElementTable x Plan -> edits, and the few facts about an instance that its output path and ledger row need."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mediscan import errors
from mediscan._native.decide import Decider
from mediscan._native.framing import ElementTable
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

_MEMO_LIMIT = 32768
Memo = dict[bytes, bytes | None]

# Rising, as ElementTable.pick wants them.
_CONTEXT = np.array(
    [
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
    ],
    np.uint32,
)


@dataclass(frozen=True, slots=True)
class Instance:
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
        self._unsafe = sop_classes.unsafe()
        self._known_classes = iod.load().sop_classes
        self._memos: dict[tuple[object, ...], Memo] = {}
        self._attestations: dict[tuple[bool, bool], Attestation] = {}

    def decide(self, table: ElementTable, header: Header) -> Instance:
        """Fill the edits of `table`.

        Raises
        ------
        errors.UnsafeSopClass, errors.MissingUid
            If the instance must not, or cannot, be written.
        """
        values = [value or b"" for value in table.pick(_CONTEXT)]
        declared, sop_class, sop_instance = values[0], _text(values[1]), values[2]
        if sop_class in self._unsafe or sop_class not in self._known_classes:
            raise errors.UnsafeSopClass()
        name, patient_id, issuer, birth_date, age, study, series = values[9:16]
        uid = self._memo(Handler.UID)
        new_uids = [self._ask(uid, self._uid_map, value) for value in (study, series, sop_instance)]
        if not all(new_uids):
            raise errors.MissingUid()
        patient = self._patient(patient_id, issuer, name, birth_date, study)
        memos, handlers = self._answers(declared, issuer, patient_id, patient, _latest_year(values[3:8]), age)
        rules = self.book.compiled(sop_class)
        self._native.run(
            table.capsule, rules.entries, rules.keys, rules.values, rules.repeating, rules.pair_keys, rules.pair_values,
            self.book.dummies, self.book.dummy_bytes, memos, handlers,
        )  # fmt: skip
        modality = _text(values[8])
        return Instance(
            sop_class,
            modality if modality in MODALITIES else None,
            _short(values[17], header.syntax),
            _short(values[18], header.syntax),
            _frames(values[16]),
            patient.decode(),
            *(value.decode() for value in new_uids),
        )

    def attestation(self, syntax: TransferSyntax) -> Attestation:
        """Elements to be added, encoded for `syntax`."""
        key = (syntax.implicit_vr, syntax.big_endian)
        if key not in self._attestations:
            self._attestations[key] = attest(self.plan.policy, self.plan.tool, implicit=key[0], big=key[1])
        return self._attestations[key]

    # --- pseudonyms, each keyed once ----------------------------------------------------------------------------------

    def _memo(self, *key: object) -> Memo:
        """Answers to one question; they depend on nothing but `key` and the value, and are dropped when they grow many."""
        if len(self._memos) > 1024:
            self._memos.clear()
        memo = self._memos.setdefault(key, {})
        if len(memo) > _MEMO_LIMIT:
            memo.clear()
        return memo

    @staticmethod
    def _ask(memo: Memo, handler: Callable[[bytes], bytes | None], value: bytes) -> bytes:
        if value not in memo:
            memo[value] = handler(value)
        return memo[value] or b""

    def _patient(self, patient_id: bytes, issuer: bytes, name: bytes, birth_date: bytes, study: bytes) -> bytes:
        key = (patient_id, issuer) if patient_id.strip(b"\0 ") else (name, birth_date, study)
        memo = self._memo("patient", *key)
        return self._ask(memo, lambda _: self._identities.patient(patient_id, issuer, name, birth_date, study), b"")

    def _answers(
        self, declared: bytes, issuer: bytes, patient_id: bytes, patient: bytes, latest_year: int | None, age: bytes
    ) -> tuple[list[Memo], tuple[Callable[[bytes], bytes | None], ...]]:
        """Memo and function for each `Handler`, in its order."""
        over_89 = generalise.cap_age(age)[1]

        def other_patient(value: bytes) -> bytes:
            """A Patient ID of this instance or, inside a sequence, of another person."""
            if value == patient_id:
                return patient
            return self._identities.patient(value, issuer, b"", b"", value) if value.strip(b"\0 ") else b""

        answers: dict[Handler, tuple[Memo, Callable[[bytes], bytes | None]]] = {
            Handler.UID: (self._memo(Handler.UID), self._uid_map),
            Handler.PATIENT_ID: (self._memo(Handler.PATIENT_ID, issuer, patient_id, patient), other_patient),
            Handler.PATIENT_NAME: (self._memo(Handler.PATIENT_NAME, patient), lambda _: patient),
            Handler.CODE: (self._memo(Handler.CODE), lambda value: self._identities.code(value) or None),
            Handler.DESCRIPTOR: (self._memo(Handler.DESCRIPTOR, declared), lambda v: self._descriptor(v, declared)),
            Handler.AGE: (self._memo(Handler.AGE), _age),
            Handler.BIRTH_DATE: (
                self._memo(Handler.BIRTH_DATE, latest_year, over_89),
                lambda value: self._birth_date(value, latest_year, over_89),
            ),
            Handler.ZIP3: (self._memo(Handler.ZIP3), lambda value: generalise.zip3(value, self._populous)),
            Handler.SHIFT: (
                self._memo(Handler.SHIFT, patient),
                lambda value: dates.shift(value, self._shift.days(patient)),
            ),
        }
        return [answers[h][0] for h in Handler], tuple(answers[h][1] for h in Handler)

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


def _text(value: bytes) -> str:
    return value.strip(b"\0 ").decode("ascii", "replace")


def _year(value: bytes) -> int | None:
    text = value.strip(b"\0 ")[:4]
    return int(text) if len(text) == 4 and text.isdigit() else None


def _latest_year(values: list[bytes]) -> int | None:
    return max((year for value in values if (year := _year(value)) is not None), default=None)


def _short(value: bytes, syntax: TransferSyntax) -> int | None:
    return int.from_bytes(value, "big" if syntax.big_endian else "little") if len(value) == 2 else None


def _frames(value: bytes) -> int | None:
    text = value.strip(b"\0 ")
    return int(text) if text.isdigit() and len(text) <= 9 else None


def _age(value: bytes) -> bytes | None:
    return generalise.cap_age(value)[0]
