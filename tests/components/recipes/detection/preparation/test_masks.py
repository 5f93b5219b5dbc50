"""Masks whose numbers are objects, and those whose numbers are classes."""

import numpy as np
import pytest
import tifffile
from PIL import Image

from components.core.errors import CasebookError
from components.recipes.detection.preparation.infer import infer_images
from components.recipes.detection.preparation.masks import read_masks
from components.recipes.detection.preparation.reading import Reading
from components.recipes.detection.preparation.records import ImageRecord, Rejected
from tests.components.recipes.detection.preparation.folders import HEIGHT, WIDTH, picture


def drawn(*objects: tuple[int, int, int, int, int], dtype=np.uint8) -> np.ndarray:
    """A number for each x1, y1, x2, y2."""
    mask = np.zeros((HEIGHT, WIDTH), dtype)
    for number, x1, y1, x2, y2 in objects:
        mask[y1:y2, x1:x2] = number
    return mask


def read(folder, images="images", masks="masks", reading=None):
    found = [*read_masks(folder / images, folder / masks, reading)]
    records = {one.name: one for one in found if isinstance(one, ImageRecord)}
    return records, {one.image: one.reason for one in found if isinstance(one, Rejected)}


def save(path, mask, **options) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".tif":
        tifffile.imwrite(path, mask)
    else:
        Image.fromarray(mask, **options).save(path)


@pytest.mark.parametrize(
    ("image", "mask"),
    [
        ("images/a.png", "masks/a.tif"),
        ("images/a.png", "masks/a_mask.png"),
        ("images/a_img.png", "masks/a_cp_masks.png"),
        ("images/a.png", "labels/a-labels.tif"),
    ],
)
def test_a_number_is_an_object_and_zero_is_none(tmp_path, image, mask):
    picture(tmp_path / image)
    save(tmp_path / mask, drawn((1, 2, 3, 12, 13), (900, 20, 4, 31, 15), (1, 12, 3, 14, 5), dtype=np.uint16))
    [record] = read(tmp_path, masks=mask.split("/")[0])[0].values()
    assert record.boxes.tolist() == [[2, 3, 14, 13], [20, 4, 31, 15]]
    assert (record.labels, record.width, record.height) == (("object", "object"), WIDTH, HEIGHT)
    assert infer_images(tmp_path).prepare["form"] == "masks"


def test_masks_in_the_folder_of_their_images_are_no_images(tmp_path):
    picture(tmp_path / "a.png")
    picture(tmp_path / "b.png")
    save(tmp_path / "a_mask.png", drawn((4, 2, 3, 12, 13)))
    records, rejected = read(tmp_path, ".", ".", Reading(label="nucleus"))
    assert {name: one.labels for name, one in records.items()} == {"a.png": ("nucleus",)}
    assert rejected == {"b.png": "no annotation"}


def test_a_folder_for_each_image_with_a_mask_for_each_object(tmp_path):
    for name in ("x1", "x2"):
        picture(tmp_path / name / "images" / f"{name}.png")
        save(tmp_path / name / "masks" / "0f.png", drawn((255, 2, 3, 12, 13)))
        save(tmp_path / name / "masks" / "1e.png", drawn((255, 20, 4, 31, 15)))
    seen = infer_images(tmp_path)
    assert (seen.prepare["images"], seen.prepare["annotations"]) == (".", ".")
    assert [boxes.tolist() for boxes in seen.boxes] == [[[2, 3, 12, 13], [20, 4, 31, 15]]] * 2


def test_numbers_of_many_regions_are_asked_for_and_settled(tmp_path):
    for name in ("a", "b"):
        picture(tmp_path / "images" / f"{name}.png")
        save(tmp_path / "masks" / f"{name}.png", drawn((255, 2, 3, 12, 13), (255, 20, 4, 31, 15)))
    with pytest.raises(CasebookError, match=r"2 numbers and 4 separate regions.*prepare.masks: components.*--boxes"):
        infer_images(tmp_path)
    apart = infer_images(tmp_path, words=["components"])
    assert apart.boxes[0].tolist() == [[2, 3, 12, 13], [20, 4, 31, 15]]
    assert (apart.prepare["masks"], apart.prepare["classes"]) == ("components", ["object"])
    assert infer_images(tmp_path, words=["instances"]).boxes[0].tolist() == [[2, 3, 31, 15]]


def test_regions_are_of_the_class_that_their_number_names(tmp_path):
    picture(tmp_path / "images" / "a.png")
    save(tmp_path / "masks" / "a.png", drawn((1, 2, 3, 12, 13), (2, 12, 3, 16, 13), (1, 20, 4, 31, 15)))
    records, _ = read(tmp_path, reading=Reading(masks="components"))
    assert sorted(zip(records["a.png"].labels, records["a.png"].boxes.tolist(), strict=True)) == [
        ("1", [2, 3, 12, 13]),
        ("1", [20, 4, 31, 15]),
        ("2", [12, 3, 16, 13]),
    ]


def test_the_seam_of_a_palette_is_no_object(tmp_path):
    picture(tmp_path / "images" / "a.png")
    mask = Image.fromarray(drawn((255, 1, 2, 13, 14), (1, 2, 3, 12, 13)))
    mask.putpalette([*range(256)] * 3)
    assert mask.mode == "P"
    (tmp_path / "masks").mkdir()
    mask.save(tmp_path / "masks" / "a.png")
    assert read(tmp_path)[0]["a.png"].boxes.tolist() == [[2, 3, 12, 13]]


@pytest.mark.parametrize(
    ("mask", "told"),
    [
        (
            np.zeros((HEIGHT, WIDTH, 3), np.uint8) + np.array([1, 2, 3], np.uint8),
            "a mask has one number for each pixel",
        ),
        (np.full((HEIGHT, WIDTH), 0.5, np.float32), "floats that are no whole numbers"),
    ],
)
def test_what_is_no_mask_is_named(tmp_path, mask, told):
    picture(tmp_path / "images" / "a.png")
    save(tmp_path / "masks" / "a.tif", mask)
    (tmp_path / "masks" / "b.png").write_bytes(b"")
    records, rejected = read(tmp_path)
    assert records == {}
    assert told in rejected["a.png"]
    assert rejected["b.png"] == "no image file of this name: a mask"


def test_folders_without_masks_or_images_are_told(tmp_path):
    picture(tmp_path / "images" / "a.png")
    (tmp_path / "masks").mkdir()
    with pytest.raises(CasebookError, match="masks: no mask in it"):
        read(tmp_path)
    with pytest.raises(CasebookError, match="nowhere: no such folder"):
        read(tmp_path, images="nowhere")
