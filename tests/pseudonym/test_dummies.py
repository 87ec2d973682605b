"""Action D: what stands in is what its VR says."""

import io

import pydicom
import pytest
from pydicom import config
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.valuerep import validate_value

from mediscan._native.decide import VRS
from mediscan.pseudonym.dummies import DUMMIES
from mediscan.standard import vr as standard

BINARY = (standard.Kind.NUMBER, standard.Kind.TAG, standard.Kind.BINARY)


def test_every_vr_has_one():
    assert set(DUMMIES) == set(VRS) == set(standard.VRS)


@pytest.mark.parametrize("vr", sorted(set(VRS) - {"SQ"}))
def test_it_says_something_and_fits(vr):
    value, facts = DUMMIES[vr], standard.VRS[vr]
    assert value
    if facts.kind in BINARY:
        assert len(value) % max(facts.width, 2) == 0
        assert not any(value)
    else:
        text = value.decode("ascii")
        assert facts.max_length == 0 or len(text) <= facts.max_length
        assert facts.repertoire is None or set(text) <= facts.repertoire
        assert not facts.fixed_length or len(text) == facts.max_length
        assert "\\" not in text


@pytest.mark.parametrize("vr", sorted(set(VRS) - {"SQ", "UN", "OB", "OD", "OF", "OL", "OV", "OW"}))
def test_pydicom_takes_it(vr):
    value = DUMMIES[vr]
    if standard.VRS[vr].kind not in BINARY:
        validate_value(vr, value.decode(), config.RAISE)
    head = b"\x09\x00\x01\x10" + vr.encode()
    head += b"\0\0" + len(value).to_bytes(4, "little") if standard.VRS[vr].long_form else len(value).to_bytes(2, "little")
    found = pydicom.filereader.read_dataset(io.BytesIO(head + value), False, True)
    one = found[0x00091001]
    assert isinstance(one, DataElement)
    assert one.VM == 1
    again = Dataset()
    again.add_new(0x00091001, vr, one.value)
    assert again[0x00091001].value == one.value
