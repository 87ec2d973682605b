"""What Table E.1-1 does not list: no attribute of PS3.6 keeps the patient's own name or ID, and none that is an identifier
under 164.514(b)(2)(i) keeps its value, under any named policy."""

import pytest
from outputs import POLICIES
from proving import Native, padded, read, walk, with_element

from handmade import explicit
from mediscan import errors
from mediscan.profile import policy_file
from mediscan.standard import dictionary

FAMILY, PATIENT_ID = b"Invented", b"INVENTED"  # what `proving.instance` calls its patient
TEXT = {
    "LO": FAMILY, "SH": FAMILY, "LT": FAMILY, "ST": FAMILY, "UC": FAMILY, "UT": FAMILY, "PN": FAMILY, "CS": PATIENT_ID,
    "AE": PATIENT_ID, "UR": b"http://ehr.example/INVENTED",
}  # fmt: skip
_TREE = {0x00080005, 0x00080016, 0x00080018, 0x0020000D, 0x0020000E}
# Identifiers that no row lists: category of 164.514(b)(2)(i), value. Names of people, dates of a person in other calendars,
# numbers of a ticket or a registration, addresses of a network, and a URL that an option keeps.
IDENTIFIERS = {
    "PatientBirthDateInAlternativeCalendar": ("C", b"Reiwa 2.03.10"),
    "PatientDeathDateInAlternativeCalendar": ("C", b"R3.04.11"),
    "ContactDisplayName": ("A", b"Kowalska Zofia"),
    "HangingProtocolCreator": ("A", b"Kowalska Zofia"),
    "ComponentWelderIDs": ("R", b"WELDER4711"),
    "BreedRegistrationNumber": ("R", b"REG-4711-22"),
    "NTPSourceAddress": ("O", b"192.0.2.47"),
    "OwnerID": ("R", b"OWNER4711"),
    "ItineraryID": ("R", b"ITIN4711"),
    "BoardingPassID": ("R", b"BP4711"),
    "SexParametersForClinicalUseCategoryReference": ("N", b"http://ehr.example/Patient/4711"),
}


def attributes() -> list[tuple[int, str, str]]:
    """(tag, VR, keyword) of every attribute of PS3.6 that holds text and may lie in a data set."""
    known = dictionary.load()
    found = []
    for tag in known.tags.tolist():
        entry = known.find(tag)
        assert entry is not None
        if 8 <= tag >> 16 < 0xFFFE and tag & 0xFFFF and tag not in _TREE and entry.preferred_vr in TEXT:
            found.append((tag, entry.preferred_vr, entry.keyword))
    return found


@pytest.mark.parametrize("vr", sorted(TEXT))
@pytest.mark.parametrize("policy", POLICIES)
def test_no_attribute_keeps_the_name_or_id_of_the_patient(policy: str, vr: str) -> None:
    through, left = Native(policy_file.load(policy)), []
    for tag, of, keyword in attributes():
        if of != vr:
            continue
        try:
            out = read(through(with_element(tag, vr, TEXT[vr])))
        except errors.Refused:
            continue
        if any(secret in e.value for _, e in walk(out) for secret in (FAMILY, PATIENT_ID)):
            left.append(keyword)
    assert left == [], f"{len(left)} of VR {vr}"


@pytest.mark.parametrize("keyword", IDENTIFIERS)
@pytest.mark.parametrize("policy", POLICIES)
def test_no_identifier_is_kept_for_want_of_a_row(policy: str, keyword: str) -> None:
    known, (_, value) = dictionary.load(), IDENTIFIERS[keyword]
    tag = known.tag(keyword)
    assert tag is not None
    entry = known.find(tag)
    assert entry is not None
    out = read(Native(policy_file.load(policy))(with_element(tag, entry.preferred_vr, value)))
    assert value not in b"".join(e.value for _, e in walk(out))
    inside = explicit(tag, entry.preferred_vr, padded(entry.preferred_vr, value))
    out = read(Native(policy_file.load(policy))(with_element(0x00082218, "SQ", inside)))
    assert value not in b"".join(e.value for _, e in walk(out))
