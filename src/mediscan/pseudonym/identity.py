"""Who is the same patient: normalised Patient ID, issuer and name -> pseudonym; and short codes for other identifiers."""

import base64
import unicodedata

from mediscan.pseudonym.keyring import Key

Identifier = bytes | str
"""A value as it is written or, better, as text: read by `mediscan.codec.mislabelled.read` under its own character set."""

# What one encoding has and another lacks: CP1250 has the cedilla only where Romanian has a comma.
_ONE_LETTER = str.maketrans("ȘșȚț’ʼ", "ŞşŢţ''")


def normalise(value: Identifier) -> bytes:
    """Fold what different devices write for one identifier: padding, case, runs of blanks, compatibility forms."""
    text = unicodedata.normalize("NFKC", _text(value).replace("\0", " ")).casefold()
    return " ".join(text.split()).encode("utf-8", "backslashreplace")


def normalise_name(value: Identifier) -> bytes:
    """Fold a Person Name (PS3.5 6.2.1): its first component group that says anything, without empty components at the end."""
    groups = [normalise(group) for group in _text(value).translate(_ONE_LETTER).split("=")]
    group = next((g for g in groups if g.strip(b"^ ")), b"")
    components = [b" ".join(c.split()) for c in group.split(b"^")]
    while components and not components[-1]:
        components.pop()
    return b"^".join(components)


def _text(value: Identifier) -> str:
    """Text of any encoding, one way: what is not UTF-8 is taken byte by byte."""
    if isinstance(value, str):
        return value
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


class Identities:
    """Pseudonyms of patients and codes of other identifiers under one key."""

    def __init__(self, key: Key) -> None:
        self._patient = key.function("patient", 15)
        self._code = key.function("identifier", 12)

    def patient(
        self, patient_id: Identifier, issuer: Identifier, name: Identifier, birth_date: bytes, otherwise: bytes
    ) -> bytes:
        """Pseudonym of a patient: 24 letters and digits (120 bits), fit for LO, PN, and a folder's name.

        Parameters
        ----------
        patient_id, issuer : bytes or str
            Values of (0010,0020) and (0010,0021); they alone decide where there is an ID.
        name : bytes or str
            Value of (0010,0010), which with the next stands in for an absent ID.
        birth_date : bytes
            Value of (0010,0030).
        otherwise : bytes
            What keeps nameless patients apart: the Study Instance UID.
        """
        identifier = normalise(patient_id)
        if identifier:
            digest = self._patient(b"id", normalise(issuer), identifier)
        elif folded := normalise_name(name):
            digest = self._patient(b"name", folded, normalise(birth_date))
        else:
            digest = self._patient(b"study", otherwise)
        return base64.b32encode(digest)

    def code(self, value: Identifier) -> bytes:
        """16 characters (96 bits) for an identifier such as the Accession Number: what SH can hold; empty stays empty."""
        folded = normalise(value)
        return base64.urlsafe_b64encode(self._code(folded)) if folded else b""
