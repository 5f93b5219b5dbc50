"""VOC and COCO folders: what is read, and what is said of what is broken."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.core.errors import CasebookError
from components.recipes.detection.preparation.coco import read_coco
from components.recipes.detection.preparation.files import Names, image_files
from components.recipes.detection.preparation.records import ImageRecord, Rejected
from components.recipes.detection.preparation.voc import read_voc
from tests.components.recipes.detection.preparation.folders import CELL, coco, picture, voc, xml
from tests.examples import examples


def read(tmp_path, form="voc", annotations="boxes"):
    """Records by name, and reasons by image and box."""
    found = [*{"voc": read_voc, "coco": read_coco}[form](tmp_path / "images", tmp_path / annotations)]
    records = {one.name: one for one in found if isinstance(one, ImageRecord)}
    return records, {(one.image, one.box): one.reason for one in found if isinstance(one, Rejected)}


# VOC


def test_voc_boxes_are_taken_as_written(tmp_path):
    voc(tmp_path, {"a": [("RBC", 1, 2, 11, 22), ("WBC", 0.5, 0, 40, 30)], "b": []})
    records, rejected = read(tmp_path)
    assert rejected == {}
    assert [*records] == ["a.png", "b.png"]
    assert records["a.png"].boxes.tolist() == [[1, 2, 11, 22], [0.5, 0, 40, 30]]
    assert (records["a.png"].labels, records["a.png"].boxes.dtype) == (("RBC", "WBC"), np.float32)
    assert (records["a.png"].width, records["a.png"].height) == (40, 30)
    assert (records["b.png"].boxes.shape, records["b.png"].labels) == ((0, 4), ())


def test_voc_an_annotation_belongs_to_the_image_it_names_else_to_that_of_its_own_name(tmp_path):
    voc(tmp_path, {"a": [], "b": []})
    (tmp_path / "boxes" / "a.xml").rename(tmp_path / "boxes" / "one.xml")
    (tmp_path / "boxes" / "one.xml").write_text(xml([CELL], filename="C:\\photos\\a.png"))
    (tmp_path / "boxes" / "b.xml").write_text(xml([CELL], filename="another.jpg"))
    records, rejected = read(tmp_path)
    assert ({name: len(one.labels) for name, one in records.items()}, rejected) == ({"a.png": 1, "b.png": 1}, {})


def test_voc_what_has_no_counterpart_or_is_no_xml_is_told(tmp_path):
    voc(tmp_path, {"a": [CELL], "broken": [], "alone": []})
    (tmp_path / "boxes" / "alone.xml").unlink()
    (tmp_path / "boxes" / "broken.xml").write_text("<annotation><object>")
    (tmp_path / "boxes" / "lost.xml").write_text(xml([CELL]))
    (tmp_path / "boxes" / "second.xml").write_text(xml([], filename="a.png"))
    records, rejected = read(tmp_path)
    assert [*records] == ["a.png"]
    assert rejected[("alone.png", None)] == "no annotation"
    assert rejected[("lost", None)] == "no image file of this name: lost.xml"
    assert rejected[("broken.png", None)].startswith("annotation cannot be read: broken.xml: no element found")
    assert rejected[("a.png", None)] == "annotation cannot be read: second.xml is a second one for this image"


def test_voc_corners_that_are_no_numbers_and_boxes_that_lack_parts_are_nan(tmp_path):
    voc(tmp_path, {"a": []})
    (tmp_path / "boxes" / "a.xml").write_text(
        "<annotation><object><name> cell </name><bndbox><xmin>left</xmin><ymin>1</ymin><xmax>5</xmax></bndbox></object>"
        "<object><name>cell</name></object><object><bndbox/></object></annotation>"
    )
    records, _ = read(tmp_path)
    assert np.isnan(records["a.png"].boxes).tolist() == [[True, False, False, True], [True] * 4, [True] * 4]
    assert records["a.png"].labels == ("cell", "cell", "")
    assert (records["a.png"].width, records["a.png"].height) == (0, 0)


def test_voc_what_grows_without_end_is_no_xml(tmp_path):
    voc(tmp_path, {"a": []})
    entities = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 40}">' for n in range(8))
    bomb = f'<!DOCTYPE x [<!ENTITY e0 "{"x" * 40}">{entities}]><annotation>&e8;</annotation>'
    (tmp_path / "boxes" / "a.xml").write_text(bomb)
    records, rejected = read(tmp_path)
    assert records == {}
    assert "annotation cannot be read" in rejected[("a.png", None)]


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    text=st.one_of(st.text(max_size=60), st.builds(lambda x: f"<annotation>{x}</annotation>", st.text(max_size=60))),
    number=st.one_of(st.floats().map(str), st.text(max_size=8)),
)
def test_voc_whatever_is_written_is_read_or_told(tmp_path, text, number):
    if not (tmp_path / "boxes").exists():
        voc(tmp_path, {"a": [], "b": []})
    (tmp_path / "boxes" / "a.xml").write_text(text, encoding="utf-8", errors="surrogatepass")
    escaped = number.replace("&", "&amp;").replace("<", "&lt;")
    (tmp_path / "boxes" / "b.xml").write_text(
        xml([("cell", 1, 2, escaped, 4)]),
        encoding="utf-8",
        errors="surrogatepass",  # type: ignore[list-item]
    )
    records, rejected = read(tmp_path)
    assert len(records) + len(rejected) == 2


# COCO


def drawn(tmp_path, *names: str) -> None:
    for name in names:
        picture(tmp_path / "images" / name)


def test_coco_ids_need_not_follow_and_boxes_are_turned_to_corners(tmp_path):
    drawn(tmp_path, "a.png", "b.png")
    coco(tmp_path / "boxes.json", {"b.png": [("RBC", 1, 2, 11, 22)], "a.png": [("WBC", 3, 4, 5, 6), CELL]})
    records, rejected = read(tmp_path, "coco", "boxes.json")
    assert rejected == {}
    assert records["a.png"].boxes.tolist() == [[3, 4, 5, 6], [2, 3, 12, 13]]
    assert (records["a.png"].labels, records["b.png"].labels) == (("WBC", "cell"), ("RBC",))
    assert (records["b.png"].width, records["b.png"].height) == (40, 30)


def test_coco_files_of_a_folder_have_ids_of_their_own(tmp_path):
    drawn(tmp_path, "train/a.png", "test/b.png")
    coco(tmp_path / "boxes" / "train.json", {"a.png": [CELL]})
    coco(tmp_path / "boxes" / "below" / "test.json", {"images/b.png": [("WBC", 3, 4, 5, 6)]})
    records, rejected = read(tmp_path, "coco")
    assert {name: one.labels for name, one in records.items()} == {"train/a.png": ("cell",), "test/b.png": ("WBC",)}
    assert rejected == {}


def test_coco_an_image_without_annotations_has_no_boxes_and_one_that_is_not_listed_is_told(tmp_path):
    drawn(tmp_path, "a.png", "b.png")
    coco(tmp_path / "boxes.json", {"a.png": [], "c.png": [CELL]})
    records, rejected = read(tmp_path, "coco", "boxes.json")
    assert [(name, len(one.boxes)) for name, one in records.items()] == [("a.png", 0)]
    assert rejected == {("c.png", None): "no image file of this name: boxes.json", ("b.png", None): "no annotation"}


def test_coco_crowds_are_set_aside_and_what_is_amiss_is_told(tmp_path):
    drawn(tmp_path, "a.png")
    content = coco(tmp_path / "boxes.json", {"a.png": [CELL] * 6})
    changes = [{"iscrowd": 1}, {"category_id": 99}, {"bbox": [1, 2, 3]}, {"bbox": [1, "x", 3, 4]}, {"image_id": 5}, {}]
    for entry, change in zip(content["annotations"], changes, strict=True):
        entry.update(change)
    (tmp_path / "boxes.json").write_text(json.dumps(content))
    records, rejected = read(tmp_path, "coco", "boxes.json")
    assert records["a.png"].labels == ("", "cell", "cell", "cell")
    assert np.isnan(records["a.png"].boxes).any(axis=1).tolist() == [False, True, True, False]
    assert rejected == {("a.png", 0): "a crowd box", ("5", 4): "the id of no image: boxes.json"}


def test_coco_ids_may_be_text_in_one_place(tmp_path):
    drawn(tmp_path, "a.png")
    content = coco(tmp_path / "boxes.json", {"a.png": [CELL]})
    content["annotations"][0]["image_id"] = str(content["annotations"][0]["image_id"])
    (tmp_path / "boxes.json").write_text(json.dumps(content))
    assert read(tmp_path, "coco", "boxes.json")[0]["a.png"].labels == ("cell",)


@pytest.mark.parametrize(("part", "what"), [("images", "file_name"), ("categories", "name")])
def test_coco_an_id_of_two_is_told(tmp_path, part, what):
    drawn(tmp_path, "a.png", "b.png")
    content = coco(tmp_path / "boxes.json", {"a.png": [CELL], "b.png": [("WBC", 3, 4, 5, 6)]})
    content[part][1]["id"] = content[part][0]["id"]
    (tmp_path / "boxes.json").write_text(json.dumps(content))
    first, second = (entry[what] for entry in content[part])
    with pytest.raises(CasebookError, match=rf"boxes\.json: the id \d+ is that of '{first}' and of '{second}'"):
        read(tmp_path, "coco", "boxes.json")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[]", "no list of 'images'"),
        ('{"images": []}', "no list of 'annotations'"),
        ('{"images": [], "annotations": [3], "categories": []}', "no list of 'annotations'"),
        ('{"images": {}, "annotations": [], "categories": []}', "no list of 'images'"),
    ],
)
def test_coco_what_is_none_is_told(tmp_path, text, told):
    drawn(tmp_path, "a.png")
    (tmp_path / "boxes.json").write_text(text)
    with pytest.raises(CasebookError, match=rf"boxes\.json: {told}"):
        read(tmp_path, "coco", "boxes.json")


VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.lists(st.floats()))


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(image=VALUES, name=VALUES, box=st.one_of(VALUES, st.lists(VALUES, min_size=4, max_size=4)), crowd=VALUES)
def test_coco_whatever_an_entry_holds_is_read_or_told(tmp_path, image, name, box, crowd):
    if not (tmp_path / "images").exists():
        drawn(tmp_path, "a.png")
    content = coco(tmp_path / "boxes.json", {"a.png": [CELL, CELL]})
    content["annotations"][0] |= {"image_id": image, "category_id": name, "bbox": box, "iscrowd": crowd}
    content["images"].append({"id": image, "file_name": name, "width": image, "height": box})
    (tmp_path / "boxes.json").write_text(json.dumps(content))
    try:
        records, rejected = read(tmp_path, "coco", "boxes.json")
    except CasebookError:
        assert str(image) == "100", "the id of the image that is there"
        return
    assert len(records["a.png"].boxes) + len(rejected) >= 2


# Files


@pytest.mark.parametrize("form", ["voc", "coco"])
def test_folders_that_are_missing_or_empty_are_told(tmp_path, form):
    with pytest.raises(CasebookError, match="images: no such folder"):
        read(tmp_path, form)
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "notes.txt").touch()
    (tmp_path / "images" / ".a.png").touch()
    with pytest.raises(CasebookError, match="images: no image in it"):
        read(tmp_path, form)
    drawn(tmp_path, "a.png")
    for _ in range(2):
        with pytest.raises(CasebookError, match=r"boxes: no \.(xml|json) file"):
            read(tmp_path, form)
        (tmp_path / "boxes").mkdir(exist_ok=True)


def test_images_are_found_below_by_their_path(tmp_path):
    drawn(tmp_path, "b.PNG", "below/a.jpg", "below/c.tiff")
    assert [*image_files(tmp_path / "images")] == ["b.PNG", "below/a.jpg", "below/c.tiff"]


def test_names_are_found_however_they_are_written():
    names = Names(["x/a.png", "y/a.png", "y/b.v2.png", "c.png"])
    found = {
        "x/a.png": "x/a.png",
        "x/a": "x/a.png",
        "x\\a.png": "x/a.png",
        " c.png ": "c.png",
        "/home/me/photos/c.png": "c.png",
        "b.v2": "y/b.v2.png",
        "a.png": None,  # two of that name
        "a": None,
        "d": None,
        "": None,
    }
    assert {written: names.find(written) for written in found} == found
