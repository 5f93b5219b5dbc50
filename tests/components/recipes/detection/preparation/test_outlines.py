"""The boxes around polygons, turned boxes, ellipses and runs; what CVAT, VOC and YOLO write of them."""

import math

import numpy as np
import pytest
from faster_coco_eval.core import mask as runs

from components.core.errors import CasebookError
from components.recipes.detection.preparation.cvat import read_cvat
from components.recipes.detection.preparation.outlines import around, ellipse, of_segmentation, turned
from components.recipes.detection.preparation.records import ImageRecord, Rejected
from components.recipes.detection.preparation.voc import read_voc
from components.recipes.detection.preparation.yolo import class_names, read_yolo
from tests.components.recipes.detection.preparation.folders import CELL, picture, xml


@pytest.mark.parametrize(
    ("degrees", "expected"),
    [
        (0, [0, 0, 8, 4]),
        (180, [0, 0, 8, 4]),
        (90, [2, -2, 6, 6]),
        (-90, [2, -2, 6, 6]),
        # Half of 8 cos 45 + 4 sin 45 is 3 √2.
        (45, [4 - 3 * math.sqrt(2), 2 - 3 * math.sqrt(2), 4 + 3 * math.sqrt(2), 2 + 3 * math.sqrt(2)]),
    ],
)
def test_a_turned_box(degrees, expected):
    assert turned([0, 0, 8, 4], degrees) == pytest.approx(expected)


def test_a_turned_ellipse():
    assert ellipse(5, 5, 4, 2, 0) == pytest.approx([1, 3, 9, 7])
    assert ellipse(5, 5, 4, 2, 90) == pytest.approx([3, 1, 7, 9])
    half = math.sqrt(10)  # of 16 and 4, half each
    assert ellipse(5, 5, 4, 2, 45) == pytest.approx([5 - half, 5 - half, 5 + half, 5 + half])


def packed() -> str:
    pixels = np.zeros((30, 40), np.uint8, order="F")
    pixels[3:13, 2:12] = 1
    return runs.encode(pixels)["counts"].decode()


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ([[2, 3, 12, 3, 12, 13]], [2, 3, 12, 13]),
        ([[2, 3, 5, 3, 5, 6], [9, 9, 12, 13, 9, 10]], [2, 3, 12, 13]),
        ([2, 3, 12, 3, 12, 13], [2, 3, 12, 13]),
        ({"size": [30, 40], "counts": packed()}, [2, 3, 12, 13]),
        ({"size": [3, 4], "counts": [4, 2, 6]}, [1, 1, 2, 3]),  # down the second column from its second pixel
        ({"size": [3, 4], "counts": [4, 2, 5]}, None),  # not as many pixels as the picture
        ({"size": [3, 4], "counts": [4, -2, 10]}, None),
        ({"size": [0, 4], "counts": []}, None),
        ({"size": [30, 40], "counts": "~~~~"}, None),
        ({"size": [1 << 20, 1 << 20], "counts": "0"}, None),
        ({"size": "large"}, None),
        ([[1, 2, 3, 4]], None),
        ([["1", 2, 3, 4, 5, 6]], None),
        ([], None),
        (None, None),
        ("text", None),
    ],
)
def test_segmentations(written, expected):
    found = of_segmentation(written)
    assert np.isnan(found).all() if expected is None else found == expected


def test_points_that_are_no_numbers_have_no_box():
    assert np.isnan(around([(1, 2), (3, math.nan), (4, 5)])).all()


def cvat(folder, *images: str, root: str = "annotations") -> None:
    (folder / "boxes.xml").write_text(f"<{root}><version>1.1</version>{''.join(images)}</{root}>", encoding="utf-8")


def split(found):
    found = [*found]
    records = {one.name: one for one in found if isinstance(one, ImageRecord)}
    return records, {(one.image, one.box): one.reason for one in found if isinstance(one, Rejected)}


def test_cvat_shapes(tmp_path):
    for name in ("a", "b", "c"):
        picture(tmp_path / "images" / f"{name}.png")
    shapes = (
        '<tag label="good"/><box label="cell" xtl="0" ytl="0" xbr="8" ybr="4" rotation="90"/>'
        '<ellipse label="cell" cx="5" cy="5" rx="4" ry="2"/><polyline label="edge" points="1,2;3,4"/>'
        '<mask label=" WBC " rle="3, 4" left="6" top="7" width="3" height="2"/><polygon label="cell" points="1,x;2"/>'
    )
    image = '<image id="0" name="photos/a.png" width="40" height="30">{}</image><image id="1" name="b.png"/>'
    cvat(tmp_path, image.format(shapes), '<image id="2" name="lost.png" width="x"/><image id="3" name="a.png"/>')
    records, rejected = split(read_cvat(tmp_path / "images", tmp_path / "boxes.xml"))
    assert records["a.png"].labels == ("cell", "cell", "WBC", "cell")
    np.testing.assert_allclose(records["a.png"].boxes[:3], [[2, -2, 6, 6], [1, 3, 9, 7], [6, 7, 9, 9]], atol=1e-5)
    assert np.isnan(records["a.png"].boxes[3]).all()
    assert ((records["a.png"].width, records["a.png"].height), len(records["b.png"].boxes)) == ((40, 30), 0)
    assert rejected == {
        ("a.png", 0): "a shape that has no box: tag",
        ("a.png", 3): "a shape that has no box: polyline",
        ("lost.png", None): "no image file of this name: boxes.xml",
        ("a.png", None): "annotation cannot be read: boxes.xml has a second one for a.png",
        ("c.png", None): "no annotation",
    }


@pytest.mark.parametrize(
    ("root", "inside", "told"),
    [
        ("annotations", "<track/>", "CVAT's form for video; export it as 'CVAT for images 1.1'"),
        ("dataset", "<image/>", "XML of <dataset> without images"),
        ("annotations", "<image", "not XML"),
    ],
)
def test_cvat_what_is_none_is_told(tmp_path, root, inside, told):
    picture(tmp_path / "images" / "a.png")
    cvat(tmp_path, inside, root=root)
    with pytest.raises(CasebookError, match=told):
        split(read_cvat(tmp_path / "images", tmp_path / "boxes.xml"))
    with pytest.raises(CasebookError, match=r"no \.xml file"):
        split(read_cvat(tmp_path / "images", tmp_path / "images"))


def test_voc_polygons_and_turned_boxes(tmp_path):
    picture(tmp_path / "images" / "a.png")
    turned_box = f"<robndbox><cx>4</cx><cy>2</cy><w>8</w><h>4</h><angle>{math.pi / 2}</angle></robndbox>"
    polygon = "<polygon><x1>2</x1><y1>3</y1><x2>12</x2><y2>3</y2><x3>12</x3><y3>13</y3></polygon>"
    objects = "".join(f"<object><name>cell</name>{shape}</object>" for shape in (turned_box, polygon))
    (tmp_path / "boxes").mkdir()
    (tmp_path / "boxes" / "a.xml").write_text(xml([CELL]).replace("</annotation>", f"{objects}</annotation>"))
    [record] = split(read_voc(tmp_path / "images", tmp_path / "boxes"))[0].values()
    np.testing.assert_allclose(record.boxes, [[2, 3, 12, 13], [2, -2, 6, 6], [2, 3, 12, 13]], atol=1e-5)
    assert record.drawn == {1, 2}


def yolo(folder, **texts: str) -> None:
    for name, text in texts.items():
        picture(folder / "images" / f"{name}.png")
        (folder / "labels").mkdir(exist_ok=True)
        (folder / "labels" / f"{name}.txt").write_text(text)


def test_yolo_lines(tmp_path):
    yolo(tmp_path, a="0 .5 .5 .2 .4\n\n5 .5 .5 1 1\n0 .1 .1 .2 .2 .9\n", b="0 0.1 0.1 0.2 0.2\n1 2 x 4 5", c="")
    picture(tmp_path / "images" / "d.png")
    (tmp_path / "labels" / "lost.txt").write_text("0 .5 .5 .2 .4")
    (tmp_path / "labels" / "classes.txt").write_text("cell\nRBC\n")
    records, rejected = split(read_yolo(tmp_path / "images", tmp_path / "labels"))
    assert records["a.png"].labels == ("cell", "", "cell")
    np.testing.assert_allclose(records["a.png"].boxes[:2], [[0.4, 0.3, 0.6, 0.7], [0, 0, 1, 1]], atol=1e-6)
    assert np.isnan(records["a.png"].boxes[2]).all(), "five numbers are an answer with its confidence"
    assert [len(records[f"{name}.png"].boxes) for name in "cd"] == [0, 0]
    assert rejected == {
        ("b.png", None): "labels cannot be read: b.txt, line 2: '1 2 x 4 5'",
        ("lost", None): "no image file of this name: lost.txt",
    }


@pytest.mark.parametrize(
    ("file", "text", "names"),
    [
        ("data.yaml", "names: [cell, RBC]", ["cell", "RBC"]),
        ("data.yaml", "names: {1: RBC, 0: cell}", ["cell", "RBC"]),
        ("dataset.yml", "path: x\nnames:\n  0: cell\n", ["cell"]),
        ("classes.txt", "cell\n\nRBC\n", ["cell", "RBC"]),
        ("obj.names", "cell", ["cell"]),
        ("notes.yaml", "a: 1", None),
    ],
)
def test_yolo_names_of_classes(tmp_path, file, text, names):
    (tmp_path / file).write_text(text)
    assert class_names(tmp_path) == names


def test_yolo_names_that_cannot_be_are_told(tmp_path):
    (tmp_path / "data.yaml").write_text("names: {1: cell}")
    with pytest.raises(CasebookError, match=r"data\.yaml: names is no list of classes"):
        class_names(tmp_path)
    (tmp_path / "data.yaml").write_text("names: [cell]")
    (tmp_path / "classes.txt").write_text("RBC")
    with pytest.raises(CasebookError, match=r"classes\.txt: names other classes than .*data\.yaml"):
        class_names(tmp_path)
    picture(tmp_path / "images" / "a.png")
    with pytest.raises(CasebookError, match=r"no \.txt file of boxes"):
        split(read_yolo(tmp_path / "images", tmp_path / "images"))
