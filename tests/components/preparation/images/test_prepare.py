"""Folders of images to prepared splits, and bad input by its name."""

import json
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from components.contracts import Meta
from components.errors import CasebookError
from components.files import dvc_md5, read_json
from components.params import CaseParams
from components.preparation.images import write
from components.preparation.images.encoding.rows import read_rows
from components.preparation.images.encoding.spec import Spec
from components.preparation.images.prepare import prepare_images
from tests.components.preparation.images.folders import CELL, block, coco, picture, prepare, voc, xml

FILES = {"train": "train.parquet", "validation": "val.parquet", "test": "test.parquet"}
LISTS = {"train": "train.txt", "validation": "val.txt", "test": "test.txt"}


def eight(tmp_path, **more):
    """Eight good images, and `more`."""
    voc(tmp_path / "raw", {f"good{number}": [CELL] for number in range(8)} | more)


def rows(tmp_path) -> dict[str, dict]:
    return {split: {row.name: row for row in read_rows(tmp_path / "prepared" / file)} for split, file in FILES.items()}


def every(tmp_path) -> dict:
    return {name: row for split in rows(tmp_path).values() for name, row in split.items()}


def rejected(tmp_path) -> list[tuple]:
    return [tuple(row.values()) for row in pq.read_table(tmp_path / "prepared" / "rejected.parquet").to_pylist()]


def refused(tmp_path, content) -> str:
    with pytest.raises(CasebookError) as error:
        prepare(tmp_path, content)
    assert not (tmp_path / "prepared").exists()
    return str(error.value)


def test_a_prepared_folder(tmp_path):
    eight(tmp_path, two=[("RBC", 1, 2, 3, 4), CELL], empty=[])
    meta = prepare(tmp_path, block())
    assert meta == Meta.read(tmp_path / "prepared")
    assert (meta.rows, meta.rejected) == ({"train": 6, "validation": 2, "test": 2, "rejected": 0}, {})
    assert meta.source == {"kind": "folder"}, "the digests of all files are in source.json"
    found = every(tmp_path)
    assert len(found) == 10
    assert found["two.png"].boxes.tolist() == [[1, 2, 3, 4], [2, 3, 12, 13]]
    assert found["two.png"].labels.tolist() == [0, 1]
    assert (found["empty.png"].boxes.shape, found["empty.png"].labels.tolist()) == ((0, 4), [])
    assert (found["two.png"].width, found["two.png"].height, found["two.png"].group) == (40, 30, None)
    assert found["two.png"].pixels == (tmp_path / "raw" / "images" / "two.png").read_bytes()
    spec = Spec.model_validate(meta.data["spec"])
    assert (spec.classes, spec.channels, spec.percentiles) == (("RBC", "cell"), 3, None)
    np.testing.assert_array_equal(
        found["two.png"].decoded(spec), np.asarray(Image.open(tmp_path / "raw/images/two.png"), np.float32) / 255
    )
    counted = {split: sum(len(row.labels) for row in part.values()) for split, part in rows(tmp_path).items()}
    assert {split: sum(boxes.values()) for split, boxes in meta.data["boxes"].items()} == counted
    assert meta.data["sizes"]["train"] == {"width": 40, "height": 30}
    assert meta.data["protocol"] == "images at random: 25% test, 25% validation"


def test_the_same_data_gives_the_same_bytes(tmp_path):
    eight(tmp_path)
    prepare(tmp_path, block())
    before = dvc_md5(tmp_path / "prepared")
    prepare(tmp_path, block())
    assert dvc_md5(tmp_path / "prepared") == before


def test_row_groups_are_small(tmp_path, monkeypatch):
    monkeypatch.setattr(write, "ROWS", 2)
    eight(tmp_path)
    prepare(tmp_path, block())
    assert pq.ParquetFile(tmp_path / "prepared" / "train.parquet").metadata.num_row_groups == 2
    assert len(every(tmp_path)) == 8


def test_facts_are_read_without_pixels(tmp_path):
    eight(tmp_path)
    prepare(tmp_path, block())
    found = [*read_rows(tmp_path / "prepared" / "test.parquet", pixels=False)]
    assert [row.pixels for row in found] == [b"", b""]
    assert found[0].boxes.tolist() == [[2, 3, 12, 13]]


def test_groups_stay_together_and_are_kept(tmp_path):
    voc(tmp_path / "raw", {f"p{number // 3}_{number}": [CELL] for number in range(24)})
    prepare(tmp_path, block(group=r"^(p\d)_"))
    places = [(row.group, split) for split, part in rows(tmp_path).items() for row in part.values()]
    assert len(set(places)) == len({group for group, _ in places}) == 8


def test_the_datas_own_lists_are_kept_and_the_rest_is_noted(tmp_path):
    eight(tmp_path)
    for name, text in (("train", "good0\ngood1"), ("val", "good2"), ("test", "good3.png")):
        (tmp_path / "raw" / f"{name}.txt").write_text(text)
    meta = prepare(tmp_path, block(lists=LISTS))
    assert [[*part] for part in rows(tmp_path).values()] == [["good0.png", "good1.png"], ["good2.png"], ["good3.png"]]
    assert meta.rejected == {"in no list": 4}


def test_groups_that_lists_tear_apart_are_told(tmp_path, caplog):
    eight(tmp_path)
    for name, text in (("train", "good0\ngood1"), ("val", "good2"), ("test", "good3")):
        (tmp_path / "raw" / f"{name}.txt").write_text(text)
    prepare(tmp_path, block(lists=LISTS, group="good"))
    assert "1 group(s) of prepare.group have images in several of prepare.lists, such as 'good'" in caplog.text


def test_coco_folders_with_their_own_split(tmp_path):
    for name in ("train", "val", "test"):
        picture(tmp_path / "raw" / "images" / f"{name}_1.png")
        coco(tmp_path / "raw" / "boxes" / f"{name}.json", {f"{name}_1.png": [CELL]})
    lists = {split: f"boxes/{file.replace('txt', 'json')}" for split, file in LISTS.items()}
    meta = prepare(tmp_path, block(form="coco", lists=lists))
    assert meta.rows == {"train": 1, "validation": 1, "test": 1, "rejected": 0}


# Boxes


def test_a_box_over_the_edge_is_clipped_and_counted(tmp_path):
    eight(tmp_path, edge=[("cell", -5, 20, 15, 35), CELL])
    meta = prepare(tmp_path, block())
    assert every(tmp_path)["edge.png"].boxes.tolist() == [[0, 20, 15, 30], [2, 3, 12, 13]]
    assert (meta.data["clipped"], meta.rows["rejected"]) == (1, 0)


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
        (("", 5, 6, 15, 12), "a class that is not in prepare.classes", "''"),
    ],
)
def test_a_box_that_is_none_is_set_aside_or_too_many_of_them_are_told(tmp_path, box, kind, example):
    eight(tmp_path, bad=[CELL, box])
    told = refused(tmp_path, block(classes=["cell"]))
    assert "images: 1 of 10 boxes (10.0%) cannot be used, and prepare.max_rejected allows 0.0%" in told
    assert f"1 times {kind}, such as bad.png, box 1 ({example})" in told
    meta = prepare(tmp_path, block(classes=["cell"], max_rejected=0.1))
    assert meta.rejected == {kind: 1}
    assert rejected(tmp_path) == [("bad.png", 1, f"{kind}: {example}")]
    assert every(tmp_path)["bad.png"].boxes.tolist() == [[2, 3, 12, 13]]


def test_crowd_boxes_are_no_fault(tmp_path):
    names = [f"{number}.png" for number in range(6)]
    for name in names:
        picture(tmp_path / "raw" / "images" / name)
    content = coco(tmp_path / "raw" / "boxes.json", {name: [CELL, CELL] for name in names})
    content["annotations"][0]["iscrowd"] = 1
    (tmp_path / "raw" / "boxes.json").write_text(json.dumps(content))
    meta = prepare(tmp_path, block(form="coco", annotations="boxes.json"))
    assert meta.rejected == {"a crowd box": 1}


# Images


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


def test_a_turned_image_is_known_by_the_size_it_is_seen_at(tmp_path):
    eight(tmp_path)
    exif = Image.Exif()
    exif[0x0112] = 6
    picture(tmp_path / "raw" / "images" / "turned.jpg", size=(30, 40), exif=exif)
    (tmp_path / "raw" / "boxes" / "turned.xml").write_text(xml([("cell", 30, 20, 39, 29)]))
    prepare(tmp_path, block())
    row = every(tmp_path)["turned.jpg"]
    assert (row.width, row.height, row.boxes.tolist()) == (40, 30, [[30, 20, 39, 29]])


def test_an_image_under_two_names_stays_where_it_is_held_out(tmp_path):
    eight(tmp_path)
    shutil.copyfile(tmp_path / "raw/images/good3.png", tmp_path / "raw/images/good0.png")
    for name, text in (("train", "good0\ngood1"), ("val", "good2"), ("test", "good3")):
        (tmp_path / "raw" / f"{name}.txt").write_text(text)
    meta = prepare(tmp_path, block(lists=LISTS))
    assert [[*part] for part in rows(tmp_path).values()] == [["good1.png"], ["good2.png"], ["good3.png"]]
    assert ("good0.png", None, "the same bytes as an image of another split: good3.png") in rejected(tmp_path)
    assert meta.rejected["the same bytes as an image of another split"] == 1


# The whole


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
        prepare_images(tmp_path, tmp_path / "out", "toy", CaseParams.model_construct(prepare=block()))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"form": "yolo"}, "prepare.form"),
        ({"simulate": {"seed": 1}}, "simulate is a block where form is simulated"),
        ({"form": "simulated"}, "simulate is a block where form is simulated"),
        ({"channels": 2}, "prepare.channels"),
        ({"percentiles": [99.0, 1.0]}, "the first percentile"),
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


def test_meta_is_plain(tmp_path):
    eight(tmp_path)
    prepare(tmp_path, block(percentiles=[1.0, 99.8], channels=1))
    assert read_json(tmp_path / "prepared" / "meta.json")["data"]["spec"] == {
        "classes": ["cell"],
        "channels": 1,
        "percentiles": [1.0, 99.8],
    }
