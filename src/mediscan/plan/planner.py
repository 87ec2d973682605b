"""ElementTable x Plan -> edits, and the few facts about an instance that its output path and ledger row need."""

import functools
import re
from fnmatch import translate
from typing import Any, NamedTuple

import numpy as np

from mediscan import errors
from mediscan._native.decide import Decider, RuleTable
from mediscan._native.framing import ElementTable, TagList
from mediscan.codec import charset
from mediscan.codec.part10 import Header
from mediscan.plan.answers import Answers, Met, Secrets
from mediscan.plan.attestation import Attestation, attest
from mediscan.plan.content import ContentCleaner
from mediscan.plan.plan import Plan
from mediscan.plan.rules import RuleBook, RuleNames
from mediscan.profile import sop_classes, structured
from mediscan.profile.policy import Policy, Source
from mediscan.standard.transfer_syntax import TransferSyntax

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
    0x00080050,  # Accession Number
    0x00080060,  # Modality
    0x00080080,  # Institution Name
    0x00080090,  # Referring Physician's Name
    0x00081050,  # Performing Physician's Name
    0x00081070,  # Operators' Name
    0x00100010,  # Patient's Name
    0x00100020,  # Patient ID
    0x00100021,  # Issuer of Patient ID
    0x00100030,  # Patient's Birth Date
    0x00101001,  # Other Patient Names
    0x00101010,  # Patient's Age
    0x00101040,  # Patient's Address
    0x0020000D,  # Study Instance UID
    0x0020000E,  # Series Instance UID
    0x00280008,  # Number of Frames
    0x00280010,  # Rows
    0x00280011,  # Columns
)
_ORIGIN = TagList(
    0x00080080,  # Institution Name
    0x00081010,  # Station Name
)
_MEDIA_CLASS = TagList(0x00020002)  # Media Storage SOP Class UID


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


class _Agreement:
    """One policy of the plan, compiled: rules, answers and attestations."""

    def __init__(self, policy: Policy, names: RuleNames, secrets: Secrets, tool: str) -> None:
        self.policy = policy
        self.book = RuleBook(policy, names)
        self.answers = Answers(policy, self.book.decider.extras, secrets)
        self.content = ContentCleaner(self.book.decider, names.number)
        self._tool = tool
        self._classes: dict[bytes, tuple[str, RuleTable]] = {}
        self._attestations: dict[tuple[bool, bool], Attestation] = {}

    def sop_class(self, value: bytes, table: ElementTable) -> tuple[str, RuleTable]:
        """UID and compiled rules of a SOP Class that may be written."""
        found = self._classes.get(value)
        if found is None:
            uid = _uid(value)
            if sop_classes.fate(uid, self.policy.allow) is sop_classes.Fate.REFUSE:
                media = _uid(table.pick(_MEDIA_CLASS, meta=True)[0])  # a DICOMDIR has its class there alone
                raise errors.UnsafeSopClass(detail=sop_classes.why_refused(uid or media))
            found = self._classes[value] = uid, self.book.compiled(uid)
        return found

    def attestation(self, syntax: TransferSyntax) -> Attestation:
        """Elements to be added, encoded for `syntax`."""
        key = (syntax.implicit_vr, syntax.big_endian)
        if key not in self._attestations:
            options = self.book.decider.true_options()
            self._attestations[key] = attest(self.policy, options, self._tool, implicit=key[0], big=key[1])
        return self._attestations[key]


class _Match(NamedTuple):
    """A source of a policy: patterns to be matched, and its agreement."""

    patterns: tuple[tuple[str, re.Pattern[str]], ...]
    agreement: _Agreement

    def holds(self, facts: dict[str, str]) -> bool:
        """Whether every pattern matches."""
        return all(pattern.fullmatch(facts[kind]) for kind, pattern in self.patterns)


class Planner:
    """Decides inputs one after another under one plan; remembers pseudonyms of recent values so that each is keyed once."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.names = RuleNames()
        self._native = Decider(structured.registered_schemes())
        secrets = Secrets(plan.key)
        self._default = _Agreement(plan.policy.where_none_matches, self.names, secrets, plan.tool)
        self._sources = [
            _Match(_compiled(source), _Agreement(source.policy, self.names, secrets, plan.tool))
            for source in plan.policy.sources
        ]
        self._agreement = self._default

    @property
    def book(self) -> RuleBook:
        """Rules that decided the last input."""
        return self._agreement.book

    def decide(self, table: ElementTable, header: Header, path: bytes = b"", archive: bytes = b"") -> Instance:
        """Fill the edits of `table`; where the input came from chooses between the policy's sources.

        Raises
        ------
        errors.UnsafeSopClass, errors.MissingUid, errors.Malformed
            If the instance must not, or cannot, be written.
        """
        (
            declared, sop_class, sop_instance, d1, d2, d3, d4, d5, accession, modality, institution, referring, performing,
            operators, name, patient_id, issuer, birth_date, other_names, age, address, study, series, frames, rows, columns,
        ) = table.pick(_CONTEXT)  # fmt: skip
        if self._sources:
            self._agreement = self._choose(table, declared, path, archive)
        agreement = self._agreement
        class_uid, rules = agreement.sop_class(sop_class, table)
        new_uids = agreement.answers.uids(study, series, sop_instance)
        if not all(new_uids):
            raise errors.Malformed(-1, "something else where PS3.3 has one UID") if None in new_uids else errors.MissingUid()
        years = (d1[:4], d2[:4], d3[:4], d4[:4], d5[:4])
        person = (
            declared, name, patient_id, issuer, birth_date, age, study, years,
            (other_names, referring, performing, operators), (accession,), (institution, address),
        )  # fmt: skip
        patient, memos, handlers, watch = met = agreement.answers.meet(person)
        self._native.run(table.capsule, rules, memos, handlers, watch)
        met_in = self._read_anew(table, rules, person) if self._native.inner_charsets else None
        if self._native.has_content:
            agreement.content.clean(table, self._native, class_uid, met, met_in)
        return Instance(
            class_uid,
            *_shape(modality, rows, columns, frames, header.syntax.big_endian),
            patient,
            *[value.decode() for value in new_uids if value],
        )

    def attestation(self, syntax: TransferSyntax) -> Attestation:
        """Elements to be added to the instance that was decided last, encoded for `syntax`."""
        return self._agreement.attestation(syntax)

    def _read_anew(self, table: ElementTable, rules: RuleTable, person: tuple[Any, ...]) -> dict[int, Met]:
        """Ask again for text in items that have a Specific Character Set of their own (PS3.5 6.1.2.5); who answers, by row."""
        met_in: dict[int, Met] = {}
        scopes = charset.Scopes(table)
        sets = [scopes.at(row) for row in range(table.count)]
        for inner in sorted(set(sets) - {person[0]}):
            chosen = np.array([of == inner for of in sets], np.uint8)
            met = self._agreement.answers.meet((*person, inner))
            self._native.again(table.capsule, rules, met.memos, met.handlers, chosen)
            met_in.update((row, met) for row, of in enumerate(sets) if of == inner)
        return met_in

    def _choose(self, table: ElementTable, declared: bytes, path: bytes, archive: bytes) -> _Agreement:
        """The agreement of the first source that matches; in none the strictest."""
        institution, station = table.pick(_ORIGIN)
        facts = {
            "institution": _folded(institution, declared),
            "station": _folded(station, declared),
            "path": path.decode("utf-8", "replace").casefold(),
            "archive": archive.decode("utf-8", "replace").casefold(),
        }
        return next((source.agreement for source in self._sources if source.holds(facts)), self._default)


def _compiled(source: Source) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((kind, re.compile(translate(pattern.casefold()))) for kind, pattern in source.patterns)


def _folded(value: bytes, declared: bytes) -> str:
    """Text of a value as globs compare it; undecodable bytes match nothing but a star."""
    text = charset.decode(value.rstrip(b"\0 "), declared)
    return "" if text is None else text.strip().casefold()


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


def _uid(value: bytes) -> str:
    return value.strip(b"\0 ").decode("ascii", "replace")


def _short(value: bytes, big_endian: bool) -> int | None:
    return int.from_bytes(value, "big" if big_endian else "little") if len(value) == 2 else None
