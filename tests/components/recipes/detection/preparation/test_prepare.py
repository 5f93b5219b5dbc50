"""Folders of images to prepared splits: what stands in them, and which image goes where."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from components.core.files import dvc_md5, read_json, write_json
from components.core.job import Meta
from components.recipes.detection.encoding.rows import read_rows
from components.recipes.detection.encoding.spec import Spec
from components.recipes.detection.preparation import prepare as prepare_module
from components.recipes.detection.preparation import write
from components.recipes.detection.preparation.prepare import prepare_images
from tests.components.recipes.detection.preparation.folders import (
    CELL,
    LISTS,
    block,
    coco,
    eight,
    every,
    picture,
    prepare,
    rejected,
    rows,
    voc,
    xml,
)
from tests.toy.jobs import job_of_block


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


def test_copies_of_one_picture_stay_together_and_are_told(tmp_path, caplog):
    names = [f"p{number // 3}_png.rf.{number}ab" for number in range(24)]
    voc(tmp_path / "raw", {name: [CELL] for name in [*names, *map(str, range(8))]})
    prepare(tmp_path, block())
    places = {name: split for split, part in rows(tmp_path).items() for name in part}
    assert len(places) == 32
    assert len({(name[:2], split) for name, split in places.items() if name[0] == "p"}) == 8
    assert "24 of 32 images are copies of others, or made from them" in caplog.text


def test_groups_that_share_a_picture_are_one(tmp_path):
    voc(tmp_path / "raw", {f"p{number // 3}_{number}": [CELL] for number in range(24)})
    for name in ("p0_0", "p1_3"):
        picture(tmp_path / "raw" / "images" / f"{name}.png", seed=1)
    prepare(tmp_path, block(group=r"^(p\d)_"))
    places = {(row.group, split) for split, part in rows(tmp_path).items() for row in part.values()}
    assert len(places) == len({group for group, _ in places}) == 7


def test_groups_that_lists_tear_apart_are_told(tmp_path, caplog):
    eight(tmp_path)
    for name, text in (("train", "good0\ngood1"), ("val", "good2"), ("test", "good3")):
        (tmp_path / "raw" / f"{name}.txt").write_text(text)
    prepare(tmp_path, block(lists=LISTS, group="good"))
    told = "1 group(s) (of prepare.group, or copies of one picture) have images in several of prepare.lists"
    assert f"{told}, such as 'good'" in caplog.text


def test_coco_folders_with_their_own_split(tmp_path):
    for name in ("train", "val", "test"):
        picture(tmp_path / "raw" / "images" / f"{name}_1.png")
        coco(tmp_path / "raw" / "boxes" / f"{name}.json", {f"{name}_1.png": [CELL]})
    lists = {split: f"boxes/{file.replace('txt', 'json')}" for split, file in LISTS.items()}
    meta = prepare(tmp_path, block(form="coco", lists=lists))
    assert meta.rows == {"train": 1, "validation": 1, "test": 1, "rejected": 0}


def test_a_box_over_the_edge_is_clipped_and_counted(tmp_path):
    eight(tmp_path, edge=[("cell", -5, 20, 15, 35), CELL])
    meta = prepare(tmp_path, block(boxes={**block()["boxes"], "max_odd": 0.1}))
    assert every(tmp_path)["edge.png"].boxes.tolist() == [[0, 20, 15, 30], [2, 3, 12, 13]]
    assert (meta.data["clipped"], meta.rows["rejected"]) == (1, 0)


def test_crowd_boxes_are_no_fault(tmp_path):
    names = [f"{number}.png" for number in range(6)]
    for name in names:
        picture(tmp_path / "raw" / "images" / name)
    content = coco(tmp_path / "raw" / "boxes.json", {name: [CELL, ("cell", 1, 1, 9, 9)] for name in names})
    content["annotations"][0]["iscrowd"] = 1
    (tmp_path / "raw" / "boxes.json").write_text(json.dumps(content))
    meta = prepare(tmp_path, block(form="coco", annotations="boxes.json"))
    assert meta.rejected == {"a crowd box": 1}


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


def test_meta_is_plain(tmp_path):
    eight(tmp_path)
    prepare(tmp_path, block(percentiles=[1.0, 99.8], channels=1))
    assert read_json(tmp_path / "prepared" / "meta.json")["data"]["spec"] == {
        "classes": ["cell"],
        "channels": 1,
        "percentiles": [1.0, 99.8],
        "levels": None,
        "channel": None,
        "plane": None,
        "pixel_size": None,
        "looks": {
            "depths": ["uint8"],
            "channels": [3],
            "bright": pytest.approx([0.91, 0.96], abs=0.02),  # noise of the mean of three channels
            "detail": pytest.approx([1.1, 1.15], abs=0.06),  # 2 / sqrt(pi) of independent pixels
            "dicom": False,
        },
    }


def test_a_smoke_run_has_few_images_and_every_class(tmp_path, monkeypatch):
    monkeypatch.setattr(prepare_module, "SMOKE_IMAGES", 2)
    others = {f"other{number}": [CELL] for number in range(30)}
    voc(tmp_path / "raw", {**others, **{f"rare{number}": [("RBC", 1, 2, 3, 4)] for number in range(6)}})
    write_json(tmp_path / "raw" / "source.json", {"kind": "folder", "files": {}})
    job = job_of_block("detection", tmp_path, block())
    whole = prepare_images(job)
    few = prepare_images(replace(job, smoke=True))
    assert sum(whole.rows.values()) == 36
    assert few.rows == {"train": 2, "validation": 2, "test": 2, "rejected": whole.rows["rejected"]}
    assert {**few.data["spec"], "looks": None} == {**whole.data["spec"], "looks": None}
    assert few.data["boxes"]["train"] == {"RBC": 1, "cell": 1}
    assert prepare_images(replace(job, smoke=True)) == few
