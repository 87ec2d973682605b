"""New values that depend on a secret, a lexicon or the patient: one function and one memo per `Handler`, for each patient."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from mediscan._native.decide import Watch
from mediscan.codec import charset, csa, mislabelled
from mediscan.plan.decisions import Extra, Form, Handler, Step
from mediscan.plan.descriptors import DescriptorCleaner, Voice
from mediscan.profile import safe_private, zip3
from mediscan.profile.actions import Option
from mediscan.profile.policy import Dates, Policy
from mediscan.pseudonym import dates, generalise
from mediscan.pseudonym.identity import Identities
from mediscan.pseudonym.keyring import Key
from mediscan.pseudonym.uids import UidMap
from mediscan.standard import uids
from mediscan.text import lexicon

_MEMO_LIMIT = 32768  # values of one memo
_OWN_MEMO_LIMIT = 4096  # of one that a single person has
_PEOPLE_LIMIT = 256  # inputs come folder by folder, so few are met at once
_MEMOS_LIMIT = 4096
_UID = re.compile(rb"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))*")
_LONGEST_UID = 64
_CSA, _DESCRIPTOR = int(Handler.CSA), int(Handler.DESCRIPTOR)  # looking a member of an enumeration up costs more than the list
Memo = dict[bytes, bytes | None]
Answer = Callable[[bytes], bytes | None]


class Person(NamedTuple):
    """What the answers for one instance depend on, besides the values asked about: mostly the same for a whole study."""

    charset: bytes
    name: bytes
    patient_id: bytes
    issuer: bytes
    birth_date: bytes
    age: bytes
    study: bytes
    years: tuple[bytes, ...]
    names: tuple[bytes, ...] = ()  # of others: physicians, operators, other names of the patient
    codes: tuple[bytes, ...] = ()
    places: tuple[bytes, ...] = ()
    inner: bytes | None = None  # charset of the values asked about, where it is not that of the data set


class Met(NamedTuple):
    """Pseudonym of a patient; memo and function for each `Handler`, in its order, and for each extra; words that must go."""

    patient: str
    memos: list[Memo]
    handlers: tuple[Answer, ...]
    watch: Watch


class Secrets:
    """Keyed functions of one project key, shared by all policies of a run."""

    def __init__(self, key: Key) -> None:
        self.identities = Identities(key)
        self.uid_map = UidMap(key, uids.load())
        self.shift = dates.DateShift(key)


class Answers:
    """Answers under one policy; remembers those to recent values so that each is worked out once.

    Parameters
    ----------
    policy : Policy
        What is kept, shifted, cleaned or generalised.
    extras : tuple of Replace or Step
        What handler numbers past the last `Handler` stand for.
    secrets : Secrets
        Keyed functions.
    """

    def __init__(self, policy: Policy, extras: tuple[Extra, ...], secrets: Secrets) -> None:
        self._policy = policy
        self._extras = extras
        self._secrets = secrets
        self._cleaner = DescriptorCleaner(policy.descriptors)
        self._populous = zip3.load()
        self._people: dict[tuple[Any, ...], Met] = {}
        self._memos: dict[tuple[object, ...], Memo] = {}
        self._new_uids: Memo = {}
        self._instance_uids: Memo = {}
        self._uid = secrets.uid_map
        self._keeps_uids = Option.RETAIN_UIDS in policy.options

    def uids(self, *values: bytes) -> list[bytes | None]:
        """Replace UIDs that lead to an instance: its study, series and itself; None for what is not one UID."""
        memo = self._instance_uids
        return [memo[value] if value in memo else _ask(memo, self._one_uid, value) for value in values]

    def _one_uid(self, value: bytes) -> bytes | None:
        uid = value.strip(b"\0 ") if self._keeps_uids else _ask(self._new_uids, self._uid, value)
        return uid if not uid or (len(uid) <= _LONGEST_UID and _UID.fullmatch(uid)) else None

    def meet(self, facts: tuple[Any, ...]) -> Met:
        """Everything that is asked about an instance of one `Person`, given its fields: one that is met anew is costly."""
        met = self._people.get(facts)
        if met is None:
            if len(self._people) >= _PEOPLE_LIMIT:
                self._people.clear()
            met = self._people[facts] = self._met(Person(*facts))
        if len(self._new_uids) > _MEMO_LIMIT:
            self._new_uids.clear()
            self._instance_uids.clear()
        if met.memos[_CSA]:
            met.memos[_CSA].clear()  # large, and no two are the same
        if len(met.memos[_DESCRIPTOR]) > _OWN_MEMO_LIMIT:
            met.memos[_DESCRIPTOR].clear()
        return met

    def _memo(self, *key: object) -> Memo:
        """Answers to one question; they depend on nothing but `key` and the value, and are dropped when they grow many."""
        memo = self._memos.get(key)
        if memo is None:
            if len(self._memos) >= _MEMOS_LIMIT:
                self._memos.clear()
                self._people.clear()
            memo = self._memos[key] = {}
        if len(memo) > _MEMO_LIMIT:
            memo.clear()
        return memo

    def _met(self, person: Person) -> Met:
        identities, memo = self._secrets.identities, self._memo
        patient = self._patient(person)
        own = self._cleaner.words_of(self._voice(person), person.charset)
        declared = person.charset if person.inner is None else person.inner
        over_89 = generalise.cap_age(person.age)[1]
        latest = _latest_year(person.years)
        keeps = self._policy.dates is Dates.KEEP
        days = self._secrets.shift.days(patient) if self._policy.dates is Dates.SHIFT else 0

        def patient_id(value: bytes) -> bytes:
            """A Patient ID of this instance or, inside a sequence, of another person."""
            if value == person.patient_id:
                return patient
            if not value.strip(b"\0 "):
                return b""
            return identities.patient(_text(value, declared), _text(person.issuer, person.charset), b"", b"", value)

        answers: dict[Handler, tuple[Memo, Answer]] = {
            Handler.TEXT: ({}, lambda value: _valid_text(value, declared, own.kept)),
            Handler.UID: (self._new_uids, self._uid),
            Handler.PATIENT_ID: (memo(Handler.PATIENT_ID, declared, person.issuer, person.patient_id, patient), patient_id),
            Handler.PATIENT_NAME: (memo(Handler.PATIENT_NAME, patient), lambda _: patient),
            Handler.CODE: (memo(Handler.CODE, declared), lambda value: identities.code(_text(value, declared)) or None),
            Handler.DESCRIPTOR: ({}, self._cleaner.of(own, declared)),
            Handler.AGE: (memo(Handler.AGE), lambda value: generalise.cap_age(value)[0]),
            Handler.BIRTH_DATE: (
                memo(Handler.BIRTH_DATE, latest, over_89),
                lambda value: self._birth_date(value, latest, over_89),
            ),
            Handler.ZIP3: (memo(Handler.ZIP3), lambda value: generalise.zip3(value, self._populous)),
            Handler.DATE: (memo(Handler.DATE, days), lambda value: _date(value, days, keeps)),
            Handler.TIME: (memo(Handler.TIME), lambda value: value if dates.valid_date(value, "TM") else None),
            Handler.CSA: ({}, lambda value: csa.clean(value, safe_private.csa_tags())),
        }
        pairs = [answers[handler] for handler in Handler]
        for extra in self._extras:
            pairs.append(({}, self._extra(extra, patient, latest, declared, pairs[Handler.DESCRIPTOR][1])))
        watch = Watch([word.encode() for word in own.kept if word.isascii()])
        return Met(patient.decode(), [pair[0] for pair in pairs], tuple(pair[1] for pair in pairs), watch)

    def _voice(self, person: Person) -> Voice:
        names, codes = (person.name, *person.names), (person.patient_id, *person.codes)
        places = () if Option.RETAIN_INSTITUTION_IDENTITY in self._policy.options else person.places
        return Voice(names, codes, (person.birth_date,), places)

    def _patient(self, person: Person) -> bytes:
        patient_id, issuer, name = (_text(v, person.charset) for v in (person.patient_id, person.issuer, person.name))
        return self._secrets.identities.patient(patient_id, issuer, name, person.birth_date, person.study)

    def _extra(self, extra: Extra, patient: bytes, year: int | None, declared: bytes, clean: Answer) -> Answer:
        """Function of a template, of a step, or of a form."""
        if isinstance(extra, Step):
            return lambda value: generalise.step(value, extra.vr, extra.step)
        if isinstance(extra, Form):
            return lambda value: value if _has(extra.pattern, value) else clean(value) if extra.cleans else None
        code, shown = self._secrets.identities.code, "" if year is None else f"{year:04d}"

        def fill(value: bytes) -> bytes:
            parts = {"patient": patient.decode(), "code": code(_text(value, declared)).decode(), "year": shown}
            return extra.template.format(**parts).encode("ascii")

        return fill

    def _birth_date(self, value: bytes, latest_year: int | None, over_89: bool) -> bytes | None:
        """The year alone, and not even that of somebody over 89."""
        year = _year(value)
        if year is None or year < self._policy.oldest_birth_year:
            return None
        if not generalise.birth_year_allowed(year, latest_year, over_89, generalise.OLDEST_AGE):
            return None
        return b"%04d0101" % year


def _text(value: bytes, declared: bytes) -> bytes | str:
    """A value as pseudonyms are made from it: one text whatever its encoding."""
    return value if value.isascii() and b"\x1b" not in value else mislabelled.read(value, declared)


def _valid_text(value: bytes, declared: bytes, own: frozenset[str]) -> bytes | None:
    """Text that stays, up to a NUL; None where it is not in its character set, or holds one of this patient's words."""
    bare = value.partition(b"\0")[0].rstrip(b" ")
    if not charset.valid(bare, declared):
        return None
    texts = charset.decode(bare, declared) or "", mislabelled.read(bare, declared)
    return bare if all(own.isdisjoint(lexicon.forms(text)) for text in texts) else None


def _date(value: bytes, days: int, keeps: bool) -> bytes | None:
    """A date as it is where that is valid and dates are kept; else moved, or only put into the form of PS3.5."""
    if keeps and (dates.valid_date(value, "DA") or dates.valid_date(value, "DT")):
        return value
    return dates.shift(value, days)


def _has(pattern: re.Pattern[str], value: bytes) -> bool:
    """Whether the pattern matches a value, padding aside."""
    return pattern.fullmatch(value.rstrip(b"\0 ").decode("latin-1")) is not None


def _ask(memo: Memo, handler: Answer, value: bytes) -> bytes | None:
    if value not in memo:
        memo[value] = handler(value)
    return memo[value]


def _year(value: bytes) -> int | None:
    text = value.strip(b"\0 ")[:4]
    return int(text) if len(text) == 4 and text.isdigit() else None


def _latest_year(values: tuple[bytes, ...]) -> int | None:
    return max((year for value in values if (year := _year(value)) is not None), default=None)
