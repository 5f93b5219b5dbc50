"""Bad images, boxes and params are told by their names; those that may be set aside are."""

import pytest

from components.core.errors import CasebookError
from components.recipes.detection.preparation.prepare import prepare_images
from tests.components.recipes.detection.preparation.folders import (
    CELL,
    LISTS,
    block,
    eight,
    every,
    picture,
    prepare,
    refused,
    rejected,
    voc,
)
from tests.toy.jobs import job_of_block


@pytest.mark.parametrize(
    ("box", "kind", "example"),
    [
        (("cell", 40, 5, 60, 15), "outside the image", "40, 5, 60, 15"),
        (("cell", 5, -9, 9, 0), "outside the image", "5, -9, 9, 0"),
        (("cell", 5, 6, 5, 6), "no area", "5, 6, 5, 6"),
        (("cell", 9, 6, 5, 12), "no area", "9, 6, 5, 12"),
        (("cell", 5, 6, float("nan"), 12), "corners are no numbers", "5, 6, nan, 12"),
        (("cell", 5, 6, float("inf"), 12), "corners are no numbers", "5, 6, inf, 12"),
        (("sell", 5, 6, 15, 12), "a class that is not in prepare.classes", "'sell'"),
        (CELL, "the same box twice", "2, 3, 12, 13"),
        (("", 5, 6, 15, 12), "a class that is not in prepare.classes", "''"),
    ],
)
def test_a_box_that_is_none_is_set_aside_or_too_many_of_them_are_told(tmp_path, box, kind, example):
    eight(tmp_path, bad=[CELL, box])
    told = refused(tmp_path, block(classes=["cell"]))
    assert "images: 1 of 10 boxes (10.0%) cannot be used, and prepare.max_rejected allows 0.0%" in told
    assert f"1 times {kind}, such as bad.png, box 1 ({example})" in told
    odd = {**block()["boxes"], "max_odd": 0.1}
    meta = prepare(tmp_path, block(classes=["cell"], max_rejected=0.1, boxes=odd))
    assert meta.rejected == {kind: 1}
    assert rejected(tmp_path) == [("bad.png", 1, f"{kind}: {example}")]
    assert every(tmp_path)["bad.png"].boxes.tolist() == [[2, 3, 12, 13]]


def break_image(path) -> None:
    path.write_bytes(path.read_bytes()[:200])


def resize(path) -> None:
    picture(path, size=(30, 40))


def unlink(path) -> None:
    path.unlink()


@pytest.mark.parametrize(
    ("harm", "kind", "name"),
    [
        (break_image, "image cannot be read", "bad.png (damaged image"),
        (resize, "annotated at another size", "bad.png (40x30, and the image is 30x40)"),
        (unlink, "no image file of this name", "bad (bad.xml)"),
    ],
)
def test_an_image_that_cannot_be_used_is_set_aside_or_too_many_are_told(tmp_path, harm, kind, name):
    eight(tmp_path, bad=[CELL])
    harm(tmp_path / "raw" / "images" / "bad.png")
    told = refused(tmp_path, block())
    assert "images: 1 of 9 images (11.1%) cannot be used" in told
    assert f"1 times {kind}, such as {name}" in told
    meta = prepare(tmp_path, block(max_rejected=0.2))
    assert meta.rejected == {kind: 1}
    assert "bad.png" not in every(tmp_path)


def test_no_usable_image_is_told(tmp_path):
    voc(tmp_path / "raw", {"a": [CELL]})
    break_image(tmp_path / "raw" / "images" / "a.png")
    assert "no image can be used:\n  1 times image cannot be read, such as a.png (damaged" in refused(tmp_path, block())


def test_images_without_any_box_are_told(tmp_path):
    voc(tmp_path / "raw", {f"{number}": [] for number in range(8)})
    assert "none of the images has a box" in refused(tmp_path, block())


def test_a_class_that_training_does_not_show_is_told(tmp_path):
    eight(tmp_path)
    told = refused(tmp_path, block(classes=["cell", "platelet"]))
    assert "prepare.classes: no training image has a box of 'platelet' (1 of 2 classes)" in told


def test_a_split_without_boxes_is_told(tmp_path):
    eight(tmp_path, empty=[])
    for name, text in (("train", "good0\ngood1"), ("val", "empty"), ("test", "good3")):
        (tmp_path / "raw" / f"{name}.txt").write_text(text)
    assert "validation has 1 image(s) and no box" in refused(tmp_path, block(lists=LISTS))


def test_a_raw_folder_that_fetch_did_not_leave_is_told(tmp_path):
    with pytest.raises(CasebookError, match="run fetch first"):
        prepare_images(job_of_block("detection", tmp_path, block()))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"form": "tiff"}, "prepare.form"),
        ({"simulate": {"seed": 1}}, "simulate is a block where form is simulated"),
        ({"form": "simulated"}, "simulate is a block where form is simulated"),
        ({"channels": 2}, "prepare.channels"),
        ({"percentiles": [99.0, 1.0]}, "the first of the two"),
        ({"percentiles": [-1.0, 1.0]}, "prepare.percentiles"),
        ({"group": "("}, "not a regular expression"),
        ({"classes": ["a", "a"]}, "each once"),
        ({"classes": []}, "null for all"),
        ({"split": {"validation": 0.5, "test": 0.5, "seed": 1}}, "leave no image to train on"),
        ({"colour": 1}, "prepare.colour: unknown key"),
    ],
)
def test_params_that_cannot_be_are_told(tmp_path, changes, told):
    eight(tmp_path)
    assert told in refused(tmp_path, block(**changes))
