"""A Confidentiality Profile with options and local choices, frozen: what a policy file says once it is understood."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from mediscan.errors import PolicyError
from mediscan.profile import table
from mediscan.profile.actions import Option
from mediscan.standard import dictionary


class Dates(StrEnum):
    """What becomes of dates and times."""

    YEAR = "year"
    SHIFT = "shift"
    REMOVE = "remove"
    KEEP = "keep"


class Descriptors(StrEnum):
    """What becomes of free text that an option cleans."""

    LEXICON = "lexicon"
    """Rebuilt from words known to be clinical."""
    HUNT = "hunt"
    """Unknown words stay, identifiers of this patient go."""
    REMOVE = "remove"


class LocalAction(StrEnum):
    """What a local rule may ask for."""

    KEEP = "keep"
    REMOVE = "remove"
    EMPTY = "empty"
    DUMMY = "dummy"
    CLEAN = "clean"
    UID = "uid"
    CODE = "code"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class Target:
    """Data elements that a local rule is about, at every level of nesting.

    Attributes
    ----------
    mask, match : int
        A tag is meant when ``tag & mask == match``. Of a private element the block, bits 8 to 15, is not in the mask.
    creator : str or None
        Private Creator in whose block the element lies; None for elements of the standard.
    vr : str or None
        Only elements of this VR.
    path : tuple of int
        Tags of the innermost enclosing sequences, the outer one first; empty for any place.
    """

    mask: int
    match: int
    creator: str | None = None
    vr: str | None = None
    path: tuple[int, ...] = ()

    @property
    def specificity(self) -> tuple[int, int, bool]:
        """Of two rules that mean the same element the one with the greater value holds."""
        return len(self.path), self.mask.bit_count(), self.vr is not None


@dataclass(frozen=True, slots=True)
class Rule:
    """One local rule.

    Attributes
    ----------
    element : str
        The target as the file writes it; names the rule in the ledger.
    target : Target
        The same, understood.
    action : LocalAction
        What is done.
    value : str or None
        Template of REPLACE: text with ``{patient}`` (pseudonym of the patient), ``{code}`` (keyed code of the old value) and
        ``{year}`` (of the study).
    reason : str
        Why; for people.
    """

    element: str
    target: Target
    action: LocalAction
    value: str | None
    reason: str

    @property
    def name(self) -> str:
        """Name of the rule for the ledger."""
        return f"policy {self.element}"


@dataclass(frozen=True, slots=True)
class Policy:
    """A Confidentiality Profile with options and local choices.

    Attributes
    ----------
    name, title, description : str
        For people.
    options : frozenset of Option
        Options of PS3.15 Annex E on top of the Basic Profile, but for the two for dates, which follow from `dates`.
    dates : Dates
        What becomes of dates and times.
    descriptors : Descriptors
        What becomes of free text that an option cleans.
    oldest_birth_year : int
        Years of birth before this one never stay.
    codes : frozenset of int
        Tags of identifiers that are replaced by keyed codes.
    zip3 : frozenset of int
        Tags of addresses that are cut to a three-digit ZIP area.
    generalise : tuple of (int, float)
        Tag and step of quantities that are rounded down to a multiple of the step; ages in years.
    allow : frozenset of str
        Kinds of content, as data/sop_classes.tsv names them, that are written although they are refused by default.
    rules : tuple of Rule
        Local rules, the most specific first.
    forget_key : bool
        Whether the key must be destroyed after the run, so that nobody can link it to another one.
    crosswalk : bool
        Whether a crosswalk may be written.
    sources : tuple of Source
        Agreements that differ by where an input comes from, the first match holds; empty where one policy is for all.
    """

    name: str
    title: str
    description: str
    options: frozenset[Option]
    dates: Dates
    oldest_birth_year: int
    codes: frozenset[int]
    zip3: frozenset[int]
    descriptors: Descriptors = Descriptors.LEXICON
    generalise: tuple[tuple[int, float], ...] = ()
    allow: frozenset[str] = frozenset()
    rules: tuple[Rule, ...] = ()
    forget_key: bool = False
    crosswalk: bool = True
    sources: "tuple[Source, ...]" = ()

    def with_dates(self, dates: Dates | str) -> "Policy":
        """Return the policy with another treatment of dates, in every source too; raise PolicyError if it is none."""
        try:
            chosen = Dates(dates)
        except ValueError:
            raise PolicyError(f"policy {self.name}: dates must be one of {', '.join(Dates)}") from None
        sources = tuple(replace(source, policy=source.policy.with_dates(chosen)) for source in self.sources)
        return replace(self, dates=chosen, sources=sources).checked()

    def with_descriptors(self, descriptors: Descriptors | str) -> "Policy":
        """Return the policy with another treatment of free text, in every source too.

        Raises
        ------
        PolicyError
            If there is no such treatment, or nothing in the policy cleans text.
        """
        try:
            chosen = Descriptors(descriptors)
        except ValueError:
            raise PolicyError(f"policy {self.name}: descriptors must be one of {', '.join(Descriptors)}") from None
        if not any(policy.cleans_text for policy in (self, *(source.policy for source in self.sources))):
            raise PolicyError(f"policy {self.name} cleans no text, so descriptors must not be given; {CLEANING}")
        sources = tuple(replace(source, policy=replace(source.policy, descriptors=chosen)) for source in self.sources)
        return replace(self, descriptors=chosen, sources=sources)

    @property
    def cleans_text(self) -> bool:
        """Whether any option or rule cleans free text, so that `descriptors` decides something."""
        return bool(self.options & _CLEANS_TEXT) or any(rule.action is LocalAction.CLEAN for rule in self.rules)

    def checked(self) -> "Policy":
        """Return the policy; raise PolicyError if it keeps UIDs and not the dates that one in five public files has in them."""
        clash = self.clash()
        if clash is not None:
            raise PolicyError(f"policy {self.name}: {clash}")
        for source in self.sources:
            source.policy.checked()
        return self

    def clash(self) -> str | None:
        """What keeps UIDs although dates do not stay, and the cure; None where nothing does."""
        if self.dates is Dates.KEEP:
            return None
        cure = f'UIDs may hold dates, and dates = "{self.dates}"; let the UIDs go or say dates = "keep"'
        if Option.RETAIN_UIDS in self.options:
            return f"option retain-uids keeps UIDs: {cure}"
        kept = next((rule for rule in self.rules if rule.action is LocalAction.KEEP and _is_instance_uid(rule.target)), None)
        return f"the rule for {kept.element} keeps UIDs: {cure}" if kept else None

    @property
    def where_none_matches(self) -> "Policy":
        """What holds for an input that none of the sources matches: this policy where it has none, else the strictest."""
        if not self.sources:
            return self
        return Policy(self.name, self.title, self.description, frozenset(), Dates.REMOVE, 9999, frozenset(), frozenset())

    @property
    def digest(self) -> str:
        """SHA-256 over everything that decides, in hex; the name and texts do not."""
        return hashlib.sha256(json.dumps(_decisive(asdict(self)), sort_keys=True).encode()).hexdigest()


_CLEANS_TEXT = frozenset({Option.CLEAN_DESCRIPTORS, Option.CLEAN_STRUCTURED_CONTENT, Option.CLEAN_GRAPHICS})
CLEANING = "take the option clean-descriptors, clean-structured-content or clean-graphics"


def _is_instance_uid(target: Target) -> bool:
    """Whether a target means UIDs that the option to retain UIDs is about."""
    if target.creator is not None or target.vr not in (None, "UI"):
        return False
    rows = (row for row in table.load().rows if Option.RETAIN_UIDS in row.options)
    meant = (row.match for row in rows if row.match & target.mask == target.match)
    return any(dictionary.load().vr_set(tag) == "UI" for tag in meant)


@dataclass(frozen=True, slots=True)
class Source:
    """An agreement with one source of images.

    Attributes
    ----------
    patterns : tuple of (str, str)
        What is looked at (``institution``, ``station``, ``path`` or ``archive``) and a glob that it must match, case folded;
        all of them must.
    policy : Policy
        What holds for inputs that match.
    """

    patterns: tuple[tuple[str, str], ...]
    policy: Policy


_FOR_PEOPLE = frozenset({"name", "title", "description", "reason"})


def _decisive(value: object) -> object:
    """The parts of a policy that decide, in a form that has one spelling."""
    if isinstance(value, dict):
        return {key: _decisive(part) for key, part in value.items() if key not in _FOR_PEOPLE}
    if isinstance(value, frozenset):
        return sorted(map(str, value))
    if isinstance(value, list | tuple):
        return [_decisive(part) for part in value]
    return value
