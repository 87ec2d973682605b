"""Who is the same patient: normalised Patient ID, issuer and name -> pseudonym; and short codes for other identifiers."""

import base64
import unicodedata

from mediscan.pseudonym.keyring import Key


def normalise(value: bytes) -> bytes:
    """Fold what different devices write for one identifier: padding, case, runs of blanks, compatibility forms."""
    text = _decode(value.replace(b"\0", b" "))
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split()).encode()


def normalise_name(value: bytes) -> bytes:
    """Fold a Person Name (PS3.5 6.2.1): its first component group, without empty components at the end."""
    groups = [normalise(group) for group in value.split(b"=")]
    group = next((g for g in groups if g.strip(b"^ ")), b"")
    components = [b" ".join(c.split()) for c in group.split(b"^")]
    while components and not components[-1]:
        components.pop()
    return b"^".join(components)


def _decode(value: bytes) -> str:
    """Text of any encoding, one way: what is not UTF-8 is taken byte by byte."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


class Identities:
    """Pseudonyms of patients and codes of other identifiers under one key."""

    def __init__(self, key: Key) -> None:
        self._patient = key.function("patient", 15)
        self._code = key.function("identifier", 12)

    def patient(self, patient_id: bytes, issuer: bytes, name: bytes, birth_date: bytes, otherwise: bytes) -> bytes:
        """Pseudonym of a patient: 24 letters and digits (120 bits), fit for LO, PN, and a folder's name.

        Parameters
        ----------
        patient_id, issuer : bytes
            Values of (0010,0020) and (0010,0021); they alone decide where there is an ID.
        name, birth_date : bytes
            Values of (0010,0010) and (0010,0030), which stand in for an absent ID.
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

    def code(self, value: bytes) -> bytes:
        """16 characters (96 bits) for an identifier such as the Accession Number: what SH can hold; empty stays empty."""
        folded = normalise(value)
        return base64.urlsafe_b64encode(self._code(folded)) if folded else b""
