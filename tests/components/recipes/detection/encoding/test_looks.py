"""What the files of images are like, and which are not as those of training."""

import numpy as np
import pytest

from components.recipes.detection.encoding.looks import Look, Looks, look_at, looks_of, strange
from components.recipes.detection.encoding.raw import Raw

LOOK = Look("uint8", 1, 0.8, 0.5, dicom=False)
TRAINED = Looks(depths=("uint8",), channels=(1,), bright=(0.4, 1.0), detail=(0.4, 0.6), dicom=False)


def changed(**values: object) -> Look:
    return Look(**{**vars(LOOK), **values})


def test_a_look_by_hand() -> None:
    ramp = np.tile(np.arange(0, 200, 50, dtype=np.uint8), (2, 1))[..., None]  # 0 50 100 150 in both rows
    found = look_at(Raw(ramp, alpha=False))
    # Steps are 50 across and 0 down; the deviation of 0, 50, 100, 150 is 55.9.
    assert found.detail == pytest.approx(25 / np.std([0, 50, 100, 150]))
    assert found.bright == pytest.approx(150 / 255)
    assert (found.depth, found.channels) == ("uint8", 1)
    assert look_at(Raw(np.full((4, 4, 1), 9, np.uint8), alpha=False)).detail == 0
    cut = look_at(Raw(np.dstack([ramp, np.zeros_like(ramp)]), alpha=True))
    assert (cut.detail, cut.channels) == (found.detail, 1)


def test_looks_of_training_are_bounds() -> None:
    assert looks_of([]) is None
    assert looks_of([LOOK, changed(depth="uint16", bright=0.1, detail=0.9, dicom=True)]) == Looks(
        depths=("uint16", "uint8"), channels=(1,), bright=(0.1, 0.8), detail=(0.5, 0.9), dicom=True
    )


@pytest.mark.parametrize(
    ("look", "told"),
    [
        (LOOK, None),
        (changed(depth="uint16"), "uint16, and training images are uint8"),
        (changed(channels=3), "3 channel(s), and training images have 1"),
        (changed(bright=0.1), None),  # a quarter of the darkest
        (changed(bright=0.09), "far darker than training images (brightest values 9.00% of its range, "),
        (changed(detail=0.19), "far less sharp than training images (detail 0.190, training's 0.400 to 0.600)"),
        (changed(detail=1.21), "far noisier or sharper than"),
        (changed(detail=0.0), None),  # an even image
    ],
)
def test_what_is_not_as_training(look: Look, told: str | None) -> None:
    found = strange(look, TRAINED, stretched=False)
    assert len(found) == (told is not None)
    if told is not None:
        assert found[0].startswith(told)


def test_a_range_that_is_stretched_may_differ_and_what_is_not_known_is_not_strange() -> None:
    assert strange(changed(bright=0.001), TRAINED, stretched=True) == []
    assert strange(changed(depth="float32"), None, stretched=False) == []
