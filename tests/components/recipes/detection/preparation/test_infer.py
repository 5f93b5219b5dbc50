"""A folder nobody has described: its form, classes, lists and kind of images are found, and it can be prepared."""

import json
import shutil
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from components.core.errors import CasebookError
from components.core.job import Meta
from components.recipes.detection.preparation.infer import Chosen, infer_images
from tests.components.recipes.detection.preparation.folders import CELL, coco, picture, prepare, voc, xml


def inferred(tmp_path) -> tuple[dict[str, Any], Meta]:
    """The block found for `lab`, and what it prepares."""
    block = infer_images(tmp_path / "lab").prepare
    shutil.copytree(tmp_path / "lab", tmp_path / "raw", dirs_exist_ok=True)
    return block, prepare(tmp_path, block)


def test_a_voc_folder_with_its_own_lists(tmp_path):
    lab = tmp_path / "lab" / "VOC2012"
    for number in range(8):
        picture(lab / "JPEGImages" / f"{number}.jpg")
        picture(lab / "SegmentationClass" / f"{number}.png")
        (lab / "Annotations").mkdir(exist_ok=True)
        (lab / "Annotations" / f"{number}.xml").write_text(xml([CELL, ("RBC", 1, 2, 9, 9)]))
    lists = lab / "ImageSets" / "Main"
    lists.mkdir(parents=True)
    for name, text in (("train", "0\n1\n2\n3\n"), ("val", "4\n5\n"), ("test", "6\n7\n"), ("trainval", "0\n")):
        (lists / f"{name}.txt").write_text(text)
    block, meta = inferred(tmp_path)
    assert block | {"split": None} == {
        "form": "voc",
        "images": "VOC2012/JPEGImages",
        "annotations": "VOC2012/Annotations",
        "lists": {
            "train": "VOC2012/ImageSets/Main/train.txt",
            "validation": "VOC2012/ImageSets/Main/val.txt",
            "test": "VOC2012/ImageSets/Main/test.txt",
        },
        "group": None,
        "classes": ["RBC", "cell"],
        "boxes": {"layout": None, "units": None, "first": None, "max_odd": 0.05},
        "named_by": None,
        "fold": True,
        "difficult": "keep",
        "masks": None,
        "split": None,
        "channels": 3,
        "percentiles": None,
        "max_rejected": 0.01,
        "simulate": None,
    }
    assert meta.rows == {"train": 4, "validation": 2, "test": 2, "rejected": 0}


def test_a_coco_export_in_a_folder_for_each_split(tmp_path):
    for part in ("train", "valid", "test"):
        names = [f"{part}_{number}.png" for number in range(3)]
        for name in names:
            picture(tmp_path / "lab" / part / name)
        coco(tmp_path / "lab" / part / "_annotations.coco.json", {name: [CELL] for name in names})
    block, meta = inferred(tmp_path)
    assert (block["form"], block["images"], block["annotations"]) == ("coco", ".", ".")
    assert block["lists"] == {
        "train": "train/_annotations.coco.json",
        "validation": "valid/_annotations.coco.json",
        "test": "test/_annotations.coco.json",
    }
    assert meta.rows == {"train": 3, "validation": 3, "test": 3, "rejected": 0}


def test_one_coco_file_beside_other_json_and_hidden_ones(tmp_path):
    names = [f"{number}.png" for number in range(9)]
    for name in names:
        picture(tmp_path / "lab" / "images" / name)
    coco(tmp_path / "lab" / "result.json", {f"images/{name}": [CELL] for name in names})
    coco(tmp_path / "lab" / ".cache" / "old.json", {"gone.png": [("old", 1, 2, 3, 4)]})
    (tmp_path / "lab" / "notes.json").write_text(json.dumps({"images": 3}))
    block, meta = inferred(tmp_path)
    assert (block["images"], block["annotations"], block["lists"]) == ("images", "result.json", None)
    assert block["classes"] == ["cell"]
    assert sum(meta.rows.values()) == 9


def test_grey_images_of_16_bits_are_seen_as_such(tmp_path):
    voc(tmp_path / "lab", {f"{number}": [CELL] for number in range(8)})
    random = np.random.default_rng(0)
    for number in range(8):
        (tmp_path / "lab" / "images" / f"{number}.png").unlink()
        tifffile.imwrite(
            tmp_path / "lab" / "images" / f"{number}.tif", random.integers(300, 5000, (30, 40)).astype(np.uint16)
        )
    block, meta = inferred(tmp_path)
    assert (block["channels"], block["percentiles"]) == (1, [1.0, 99.8])
    assert meta.rows["rejected"] == 0


@pytest.mark.parametrize(("cells", "around", "bright"), [(200, 60, True), (60, 200, False)])
def test_objects_are_bright_or_dark(tmp_path, cells, around, bright):
    voc(tmp_path / "lab", {f"{number}": [CELL] for number in range(3)})
    pixels = np.full((30, 40, 3), around, np.uint8)
    pixels[3:13, 2:12] = cells
    for path in (tmp_path / "lab" / "images").iterdir():
        Image.fromarray(pixels).save(path)
    found = infer_images(tmp_path / "lab")
    assert (found.bright, found.prepare["channels"]) == (bright, 1), "grey in three channels is grey"


def test_every_image_counts_for_its_kind_and_mixed_ones_are_told(tmp_path, caplog):
    voc(tmp_path / "lab", {f"{number:02d}": [CELL] for number in range(23)})
    for number in range(22):
        grey = np.random.default_rng(number).integers(256, size=(30, 40), dtype=np.uint8)
        Image.fromarray(grey).save(tmp_path / "lab" / "images" / f"{number:02d}.png")
    assert infer_images(tmp_path / "lab").prepare["channels"] == 3
    told = "22 grey of uint8, such as 00.png; 1 in colour of uint8, such as 22.png; all are read alike"
    assert told in caplog.text


def test_images_that_cannot_be_read_are_set_aside_and_counted(tmp_path, caplog):
    voc(tmp_path / "lab", {f"{number:02d}": [CELL] for number in range(40)})
    for name in ("00", "17"):
        (tmp_path / "lab" / "images" / f"{name}.png").write_bytes(b"")
    block, meta = inferred(tmp_path)
    assert "2 of 40 images cannot be read; prepare sets them aside" in caplog.text
    assert "00.png: an empty file (0 bytes)" in caplog.text
    assert (block["max_rejected"], meta.rows["rejected"]) == (0.05, 2)
    for path in (tmp_path / "lab" / "images").iterdir():
        path.write_bytes(b"")
    with pytest.raises(CasebookError, match=r"none of its 40 annotated images can be read, such as 00.png"):
        infer_images(tmp_path / "lab")


def test_what_channels_and_planes_leave_open_is_asked(tmp_path):
    voc(tmp_path / "lab", {f"{number}": [CELL] for number in range(8)})
    for number in range(8):
        (tmp_path / "lab" / "images" / f"{number}.png").unlink()
        stack = np.random.default_rng(number).integers(4096, size=(2, 3, 30, 40)).astype(np.uint16)
        path = tmp_path / "lab" / "images" / f"{number}.tif"
        tifffile.imwrite(path, stack, ome=True, photometric="minisblack", metadata={"axes": "CZYX"})
    with pytest.raises(CasebookError, match=r"8 of 8 images, such as 0.tif: 3 planes along z"):
        infer_images(tmp_path / "lab")
    with pytest.raises(CasebookError, match=r"8 of 8 images, such as 0.tif: 2 channels"):
        infer_images(tmp_path / "lab", Chosen(plane={"z": "max"}))
    block = infer_images(tmp_path / "lab", Chosen(2, {"z": "max"}, 0.5)).prepare
    assert (block["channels"], block["channel"], block["plane"], block["pixel_size"]) == (1, 2, {"z": "max"}, 0.5)
    shutil.copytree(tmp_path / "lab", tmp_path / "raw")
    meta = prepare(tmp_path, block)
    assert (meta.rows["rejected"], meta.data["spec"]["pixel_size"]) == (0, 0.5)


def nothing(lab):
    pass


def pictures(lab):
    picture(lab / "a.png")
    (lab / "a.txt").write_text("a picture of cells\n")


def both(lab):
    voc(lab, {"a": [CELL]})
    coco(lab / "boxes.json", {"a.png": [CELL]})


def boxless(lab):
    voc(lab, {"a": []})


def astray(lab):
    voc(lab, {"a": []})
    (lab / "boxes" / "a.xml").write_text(xml([CELL], filename="a.tif"))
    (lab / "images" / "a.png").rename(lab / "images" / "b.png")


def imageless(lab):
    voc(lab, {"a": [CELL]})
    (lab / "images" / "a.png").unlink()


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (nothing, "no annotations of a known form"),
        (pictures, "no annotations of a known form"),
        (both, r"has 1 \.xml files and 1 COCO \.json files"),
        (boxless, r"none of its 1 annotated images has a box with a class; there are 1 .* voc, such as boxes/a\.xml"),
        (
            astray,
            r"none of its 0 .* and 1 image\(s\), such as images/b\.png:\n  1 times no image .* \(a\.xml\)",
        ),
        (imageless, "no image in it"),
    ],
)
def test_what_is_no_such_folder_is_told(tmp_path, make, told):
    (tmp_path / "lab").mkdir()
    make(tmp_path / "lab")
    with pytest.raises(CasebookError, match=told):
        infer_images(tmp_path / "lab")
    with pytest.raises(CasebookError, match="no such folder; --images"):
        infer_images(tmp_path / "nowhere")


def boxes_written(tmp_path, write: Any) -> None:
    """`write` changes the annotations of a COCO folder of eight images with two classes."""
    images = {f"{number}.png": [CELL, ("RBC", 1, 2, 9, 9)] for number in range(8)}
    content = coco(tmp_path / "lab" / "boxes.json", images)
    for name in images:
        picture(tmp_path / "lab" / name)
    write(content)
    (tmp_path / "lab" / "boxes.json").write_text(json.dumps(content))


def test_boxes_that_are_no_numbers_make_no_case(tmp_path):
    def as_text(content: dict[str, Any]) -> None:
        for one in content["annotations"]:
            one["bbox"] = [str(number) for number in one["bbox"]]

    boxes_written(tmp_path, as_text)
    with pytest.raises(CasebookError, match=r"16 of 16 boxes cannot be used:\n  16 times corners are no numbers"):
        infer_images(tmp_path / "lab")


def test_boxes_of_no_class_are_counted(tmp_path, caplog):
    boxes_written(tmp_path, lambda content: content["categories"].pop())
    infer_images(tmp_path / "lab")
    assert "8 of 16 boxes cannot be used, and `casebook run` will refuse that" in caplog.text
    assert "8 times a class that no file names" in caplog.text
    boxes_written(tmp_path, lambda content: content["categories"].clear())
    with pytest.raises(CasebookError, match=r"and 16 box\(es\) are of no class that a file names"):
        infer_images(tmp_path / "lab")


def test_annotations_of_larger_pictures_are_named_with_both_sizes(tmp_path):
    def doubled(content: dict[str, Any]) -> None:
        for one in content["images"]:
            one |= {"width": 80, "height": 60}

    boxes_written(tmp_path, doubled)
    with pytest.raises(CasebookError, match=r"8 of 8 images .*\n.*\(80x60, and the image is 40x30\)"):
        infer_images(tmp_path / "lab")


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        (Chosen(channel=2), "--channel 2: its images have one channel"),
        (Chosen(plane={"z": 3}), "--plane z=3: no image"),
    ],
)
def test_a_choice_that_would_do_nothing_is_refused(tmp_path, chosen, message):
    boxes_written(tmp_path, dict)
    for path in (tmp_path / "lab").glob("*.png"):
        Image.open(path).convert("L").save(path)
    with pytest.raises(CasebookError, match=message):
        infer_images(tmp_path / "lab", chosen)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.json", "[]", "a.json: no list of 'images', which a COCO file of boxes has"),
        (
            "a.txt",
            "cell 0.5 0.5 0.1 0.1",
            "a.txt begins with 'cell 0.5 0.5 0.1 0.1', where YOLO has the number of a class",
        ),
        ("A.XML", "<annotation/>", "A.XML ends in capitals: rename such files, to .xml"),
    ],
)
def test_why_a_file_is_none_of_annotations_is_said(tmp_path, name, text, message):
    picture(tmp_path / "lab" / "a.png")
    (tmp_path / "lab" / name).write_text(text)
    with pytest.raises(CasebookError) as error:
        infer_images(tmp_path / "lab")
    assert message in str(error.value)
