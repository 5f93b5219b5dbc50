"""Copies of one picture are found by their names and by what they show."""

import numpy as np
import pytest

from components.recipes.detection.preparation import copies as module
from components.recipes.detection.preparation.copies import base_of, copies, thumbnail

RANDOM = np.random.default_rng(0)


def scene() -> np.ndarray:
    """(60, 80, 1) with bright spots at random places."""
    image = np.full((60, 80, 1), 0.2, np.float32)
    for y, x in RANDOM.integers(0, (52, 72), size=(9, 2)):
        image[y : y + 8, x : x + 8] = 0.9
    return image


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("a/cell0_jpg.rf.00abcdef.jpg", "cell0"),
        ("cell_1_aug3.png", "cell_1"),
        ("cell-flip.png", "cell"),
        ("cell_hflip_rot2.png", "cell"),
        ("Cell copy 2.png", "cell"),
        ("cell_1.png", None),
        ("scan (3).png", None),  # a bulk renaming numbers different pictures so
        ("aug3.png", None),
        ("flipper_1.png", None),
        ("autocrop.png", None),
    ],
)
def test_names_that_say_what_they_were_made_of(name: str, base: str | None) -> None:
    assert base_of(name) == base


def test_a_copy_by_name_joins_the_picture_it_was_made_of() -> None:
    names = ("x.png", "x_aug1.png", "X_aug2.png", "y.png", "sub/y.png")
    assert copies(dict.fromkeys(names)) == [["X_aug2.png", "x.png", "x_aug1.png"]]


def test_one_picture_turned_mirrored_lightened_or_noisy_is_a_copy_and_another_is_none() -> None:
    first, second = scene(), scene()
    pictures = {
        "a": first,
        "b": np.rot90(first),
        "c": first[:, ::-1],
        "d": first.clip(0.1, 0.8) * 0.5 + 0.3,
        "e": first + RANDOM.normal(0, 0.05, first.shape).astype(np.float32),
        "f": second,
        "g": np.rot90(second, 3)[::-1],
        "h": scene(),
        "even1": np.full((60, 80, 1), 0.2, np.float32),
        "even2": np.full((60, 80, 1), 0.2, np.float32),
    }
    assert copies({name: thumbnail(picture) for name, picture in pictures.items()}) == [
        ["a", "b", "c", "d", "e"],
        ["f", "g"],
    ]


def test_many_that_look_alike_are_different_ones(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "SOME", 3)
    shade = thumbnail(np.linspace(0, 1, 60 * 80, dtype=np.float32).reshape(60, 80, 1))
    assert copies(dict.fromkeys("abcd", shade)) == []
    assert caplog.messages == ["4 images look alike, such as a and b: taken for different ones"]
    assert copies({**dict.fromkeys("abc", shade), **dict.fromkeys("defg")}) == [["a", "b", "c"]]
    assert copies({**dict.fromkeys("abc", shade), **dict.fromkeys("de")}) == []  # most of all images
