"""Images are held by their kind, or because they say that text is in them; one that says NO is not believed."""

import pytest

from mediscan.pixel import screen

CT, US, SC = (f"1.2.840.10008.5.1.4.1.1.{n}" for n in ("2", "6.1", "7"))
SLIDE, PHOTO = (f"1.2.840.10008.5.1.4.1.1.77.1.{n}" for n in ("6", "4"))


@pytest.mark.parametrize(
    ("sop_class", "image_type", "conversion", "burned_in", "slide_label"),
    [
        (CT, b"", b"", b"YES ", b""),
        (CT, b"", b"", b"yes", b""),
        (CT, b"DERIVED\\SECONDARY\\SCREEN SAVE", b"", b"NO", b""),
        (CT, b"", b"WSD ", b"", b""),
        (CT, b"", b"DF", b"", b""),
        (US, b"", b"", b"NO", b""),
        (SC, b"", b"", b"NO", b""),
        (PHOTO, b"", b"", b"", b""),  # allowed by a policy, or it would not be here
        (SLIDE, b"ORIGINAL\\PRIMARY\\LABEL\\NONE", b"", b"NO", b""),
        (SLIDE, b"ORIGINAL\\PRIMARY\\OVERVIEW\\NONE", b"", b"NO", b""),
        (SLIDE, b"ORIGINAL\\PRIMARY\\VOLUME\\NONE", b"", b"NO", b"YES"),
    ],
)
def test_held(sop_class, image_type, conversion, burned_in, slide_label):
    assert screen.may_show_text(sop_class, image_type, conversion, burned_in, slide_label)


@pytest.mark.parametrize(
    ("sop_class", "image_type", "conversion", "burned_in"),
    [
        (CT, b"ORIGINAL\\PRIMARY\\AXIAL", b"", b""),
        (CT, b"", b"DV", b"NO"),
        (CT, b"DERIVED\\SECONDARY\\LABELLED", b"", b""),
        (SLIDE, b"ORIGINAL\\PRIMARY\\VOLUME\\NONE", b"", b"NO"),
    ],
)
def test_not_held(sop_class, image_type, conversion, burned_in):
    assert not screen.may_show_text(sop_class, image_type, conversion, burned_in, b"NO")
