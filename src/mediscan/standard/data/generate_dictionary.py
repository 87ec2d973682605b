"""Write dictionary.tsv and repeating.tsv from pydicom's registry and the supplement. Usage: generate_dictionary.py"""

import os

import pydicom
from pydicom._dicom_dict import DicomDictionary, RepeatersDictionary

HERE = os.path.dirname(os.path.abspath(__file__))
SQ = "SQ"

# Attributes of PS3.15 Table E.1-1 2026d that are younger than pydicom's registry. Names: E.1-1. VR and VM: PS3.6 as
# three public libraries give them alike for groups 0008 and 0010 (Ethnic Groups: one library); one library each for
# (0040,B034), (0040,B03B), (0040,B03F) and (3004,007F). Not checked: (0040,A034), (0040,A035) and (0040,B036), which
# are date-times by their name and options; (0040,E012), by analogy with (0040,E010).
SUPPLEMENT = {
    0x00081301: (SQ, "1", "Principal Diagnosis Code Sequence", "", "PrincipalDiagnosisCodeSequence"),
    0x00081302: (SQ, "1", "Primary Diagnosis Code Sequence", "", "PrimaryDiagnosisCodeSequence"),
    0x00081303: (SQ, "1", "Secondary Diagnoses Code Sequence", "", "SecondaryDiagnosesCodeSequence"),
    0x00081304: (SQ, "1", "Histological Diagnoses Code Sequence", "", "HistologicalDiagnosesCodeSequence"),
    0x00100011: (SQ, "1", "Person Names to Use Sequence", "", "PersonNamesToUseSequence"),
    0x00100012: ("LT", "1", "Name to Use", "", "NameToUse"),
    0x00100013: ("UT", "1", "Name to Use Comment", "", "NameToUseComment"),
    0x00100014: (SQ, "1", "Third Person Pronouns Sequence", "", "ThirdPersonPronounsSequence"),
    0x00100015: (SQ, "1", "Pronoun Code Sequence", "", "PronounCodeSequence"),
    0x00100016: ("UT", "1", "Pronoun Comment", "", "PronounComment"),
    0x00100041: (SQ, "1", "Gender Identity Sequence", "", "GenderIdentitySequence"),
    0x00100042: (
        *("UT", "1", "Sex Parameters for Clinical Use Category Comment", ""),
        "SexParametersForClinicalUseCategoryComment",
    ),
    0x00100043: (
        *(SQ, "1", "Sex Parameters for Clinical Use Category Sequence", ""),
        "SexParametersForClinicalUseCategorySequence",
    ),
    0x00100044: (SQ, "1", "Gender Identity Code Sequence", "", "GenderIdentityCodeSequence"),
    0x00100045: ("UT", "1", "Gender Identity Comment", "", "GenderIdentityComment"),
    0x00100046: (
        *(SQ, "1", "Sex Parameters for Clinical Use Category Code Sequence", ""),
        "SexParametersForClinicalUseCategoryCodeSequence",
    ),
    0x00100047: (
        *("UR", "1-n", "Sex Parameters for Clinical Use Category Reference", ""),
        "SexParametersForClinicalUseCategoryReference",
    ),
    0x00102162: ("UC", "1-n", "Ethnic Groups", "", "EthnicGroups"),
    0x0040A034: ("DT", "1", "Effective Start DateTime", "", "EffectiveStartDateTime"),
    0x0040A035: ("DT", "1", "Effective Stop DateTime", "", "EffectiveStopDateTime"),
    0x0040B034: ("DT", "1", "Annotation DateTime", "", "AnnotationDateTime"),
    0x0040B036: ("DT", "1", "Segment Definition DateTime", "", "SegmentDefinitionDateTime"),
    0x0040B03B: ("LT", "1", "Montage Name", "", "MontageName"),
    0x0040B03F: ("LO", "1", "Montage Channel Label", "", "MontageChannelLabel"),
    0x0040E012: ("UR", "1", "Display URI", "", "DisplayURI"),
    0x3004007F: ("LO", "1", "Dose Calculation Model Name", "", "DoseCalculationModelName"),
}
# PS3.5 7.2: retired, but any group may begin with it. It goes first: (1010,0000) is no Zonal Map.
GROUP_LENGTH = ("xxxx0000", "UL", "1", "GenericGroupLength", "Generic Group Length", "RET")


def header(what: str) -> str:
    """Edition, source and generator."""
    return (
        f"# edition: DICOM PS3.6 2024c with attributes of PS3.15 2026d; {what}\n"
        f"# source: pydicom {pydicom.__version__} (MIT) and SUPPLEMENT of the generator; (c) NEMA\n"
        "# generator: generate_dictionary.py\n"
        "# columns: tag, VR, VM, keyword, name, RET where retired\n"
    )


def line(tag: str, entry: tuple[str, str, str, str, str]) -> str:
    """One row."""
    vr, vm, name, retired, keyword = entry
    return "\t".join((tag, vr, vm, keyword, name, "RET" if retired else "")) + "\n"


def write(name: str, text: str) -> None:
    """Write one table beside this script."""
    with open(os.path.join(HERE, name), "w", encoding="utf-8", newline="\n") as file:
        file.write(text)


def main() -> None:
    """Write both tables."""
    registry = SUPPLEMENT | DicomDictionary  # the registry wins once it has caught up
    write("dictionary.tsv", header("data elements") + "".join(line(f"{t:08X}", registry[t]) for t in sorted(registry)))
    rows = "".join(line(pattern, RepeatersDictionary[pattern]) for pattern in sorted(RepeatersDictionary))
    write("repeating.tsv", header("repeating groups and elements") + "\t".join(GROUP_LENGTH) + "\n" + rows)


if __name__ == "__main__":
    main()
