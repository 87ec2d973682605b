"""What the compiled policy does to an element is what deid's own precedence says, for lines that cross each other."""

from hypothesis import given, settings
from hypothesis import strategies as st

from mediscan._native.decide import Act
from mediscan.interop import deid
from mediscan.interop.deid_recipe import ACTIONS
from mediscan.plan.decisions import Decider
from mediscan.profile import policy_file
from mediscan.standard import dictionary

# Of group 0088, which is small, and no UIDs; some are listed in Table E.1-1.
TAGS = {"TopicTitle": 0x00880904, "StorageMediaFileSetID": 0x00880130, "TopicKeywords": 0x00880912, "StudyID": 0x00200010}
FIELDS = {
    **{name: {name} for name in TAGS},
    "select:group:0088": {"TopicTitle", "StorageMediaFileSetID", "TopicKeywords"},
    "select:VR:LO": {"TopicTitle", "TopicKeywords"},
    "select:VR:SH": {"StorageMediaFileSetID", "StudyID"},
    "startswith:Topic": {"TopicTitle", "TopicKeywords"},
    "ALL": set(TAGS),
}
GOING = {Act.ACT_REMOVE, Act.ACT_EMPTY, Act.ACT_DUMMY}
lines = st.tuples(st.sampled_from(["KEEP", "REMOVE", "BLANK"]), st.sampled_from([field for field in FIELDS if field != "ALL"]))


@settings(deadline=None)
@given(st.lists(lines, min_size=1, max_size=6), st.booleans())
def test_the_verb_that_comes_first_decides(found, everything):
    found = [*found, ("REMOVE", "ALL")] if everything else found
    imported = deid.convert("\n".join(["%header", *map(" ".join, found)]), "ours")
    decider = Decider(policy_file.parse(imported.policy, "imported"))
    for name, tag in TAGS.items():
        verbs = [verb for verb, field in found if name in FIELDS[field]]
        if verbs:
            act = decider.decide(tag, 3).act
            verb = min(verbs, key=ACTIONS.index)
            assert (act is Act.ACT_KEEP) == (verb == "KEEP"), (name, found)
            assert verb == "KEEP" or act in GOING
            assert verb != "REMOVE" or act is Act.ACT_REMOVE
            assert verb != "BLANK" or act is Act.ACT_EMPTY


def test_the_elements_are_as_the_test_takes_them_to_be():
    known = dictionary.load()
    for name, tag in TAGS.items():
        assert known.tag(name) == tag
        assert (known.vr_set(tag) == "LO") == (name in FIELDS["select:VR:LO"])
        assert (known.vr_set(tag) == "SH") == (name in FIELDS["select:VR:SH"])
