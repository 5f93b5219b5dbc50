"""Boxes that are written otherwise than their form has it: read by a rule, told, or asked for."""

import json

import numpy as np
import pytest
from PIL import Image

from components.core.errors import CasebookError
from components.recipes.detection.encoding.decode import decode
from components.recipes.detection.preparation.infer import infer_images
from components.recipes.detection.preparation.records import ImageRecord, as_boxes, flag
from components.recipes.detection.preparation.turns import orientation, shown_boxes
from components.recipes.detection.preparation.writing import Writing, counts_from_one, within_one
from tests.components.recipes.detection.preparation.folders import (
    CELL,
    HEIGHT,
    WIDTH,
    block,
    coco,
    eight,
    every,
    picture,
    prepare,
    refused,
    rejected,
    voc,
    xml,
)

RIGHT = ("cell", 20, 10, 36, 28)  # its corners, taken for a corner and a size, leave the image


def record(*corners: tuple[float, float, float, float], drawn: frozenset[int] = frozenset()) -> ImageRecord:
    return ImageRecord("a.png", None, 0, 0, as_boxes(corners), ("cell",) * len(corners), None, drawn)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("writing", "corners", "expected"),
    [
        (Writing("corners", "corners", "pixels"), (1, 2, 11, 22), [1, 2, 11, 22]),
        (Writing("corners", "corners", "pixels", 1), (1, 2, 11, 22), [0, 1, 11, 22]),
        (Writing("sizes", "sizes", "pixels", 1), (1, 2, 11, 22), [0, 1, 10, 21]),
        (Writing("sizes", "sizes", "shares"), (0.1, 0.2, 0.3, 0.6), [10, 10, 30, 30]),
        (Writing("sizes", "corners", "pixels"), (20, 10, 56, 38), [20, 10, 36, 28]),  # written 20, 10, 36, 28
        (Writing("corners", "sizes", "pixels"), (20, 10, 16, 18), [20, 10, 36, 28]),
        (Writing("centres", "corners", "shares"), (0.1, 0.1, 0.3, 0.3), [20, 10, 20, 10]),  # written .2, .2, .2, .2
        (Writing("corners", "centres", "pixels"), (28, 19, 16, 18), [20, 10, 36, 28]),
    ],
)
def test_corners_in_pixels(writing, corners, expected):
    np.testing.assert_allclose(writing.pixels(record(corners), 100, 50), [expected], atol=1e-4)


def test_a_box_around_an_outline_is_in_no_layout():
    found = Writing("sizes", "corners", "pixels").pixels(
        record((20, 10, 56, 38), (1, 2, 3, 4), drawn=frozenset({1})), 9, 9
    )
    assert found.tolist() == [[20, 10, 36, 28], [1, 2, 3, 4]]


@pytest.mark.parametrize(
    ("corners", "shares"),
    [([(0.1, 0.2, 0.9, 1)], True), ([(0.5, 0.5, 1.4, 1.4)], True), ([(0, 0, 3, 1)], False), ([], False)],
)
def test_numbers_between_0_and_1_are_shares(corners, shares):
    assert within_one([record(*corners)]) is shares


def test_pixels_counted_from_one_need_boxes_at_both_edges():
    touching = np.array([[1, 1, 9, 30], [1, 5, 40, 30], [3, 3, 40, 9.0]])
    assert counts_from_one([touching], [(40, 30)]) == 3
    assert counts_from_one([touching - 1], [(40, 30)]) == 0
    assert counts_from_one([touching[:1]], [(40, 30)]) == 0


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *((value, False) for value in (0, "0", "false", None, "", 0.0, False, "no")),
        *((value, True) for value in (1, "1", True, "True", 1.0, "yes")),
        *((value, None) for value in ("maybe", 2, [])),
    ],
)
def test_marks_may_be_text(written, meant):
    assert flag(written) is meant


def lab(tmp_path, change, boxes=(RIGHT, ("cell", 18, 12, 30, 24))):
    """A COCO folder of eight images whose entries are changed."""
    for number in range(8):
        picture(tmp_path / "raw" / f"{number}.png")
    content = coco(tmp_path / "raw" / "boxes.json", {f"{number}.png": list(boxes) for number in range(8)})
    for entry in content["annotations"]:
        change(entry)
    (tmp_path / "raw" / "boxes.json").write_text(json.dumps(content))
    return tmp_path / "raw"


def coco_block(**changes):
    return block(form="coco", images=".", annotations="boxes.json", **changes)


def to_shares(entry):
    x, y, width, height = entry["bbox"]
    entry["bbox"] = [x / WIDTH, y / HEIGHT, width / WIDTH, height / HEIGHT]


def to_corners(entry):
    x, y, width, height = entry["bbox"]
    entry["bbox"] = [x, y, x + width, y + height]


def no_change(entry):
    pass


def crowd(value):
    def change(entry):
        entry["iscrowd"] = value

    return change


def told_of(function, *values):
    with pytest.raises(CasebookError) as error:
        function(*values)
    return str(error.value)


def test_shares_of_the_image_are_read_and_told(tmp_path):
    folder = lab(tmp_path, to_shares)
    assert infer_images(folder).prepare["boxes"] == {"layout": None, "units": "shares", "first": None, "max_odd": 0.05}
    meta = prepare(tmp_path, coco_block())
    [told] = meta.data["told"]
    assert told.startswith("16 boxes lie between 0 and 1 and are read as shares of their images, such as 0.png (0.5, ")
    np.testing.assert_allclose(every(tmp_path)["3.png"].boxes, [[20, 10, 36, 28], [18, 12, 30, 24]], atol=1e-4)
    assert "told" not in prepare(tmp_path, coco_block(boxes={**block()["boxes"], "units": "shares"})).data
    assert "16 of 16 boxes (100.0%) are odd" in (
        refused_again := told_of(prepare, tmp_path, coco_block(boxes={**block()["boxes"], "units": "pixels"}))
    )
    assert "Are these corner and size in shares?" in refused_again


def test_corners_in_place_of_sizes_are_asked_for_and_settled(tmp_path):
    folder = lab(tmp_path, to_corners)
    for told in (refused(tmp_path, coco_block()), told_of(infer_images, folder)):
        assert "16 of 16 boxes (100.0%) are odd, and prepare.boxes.max_odd allows 5.0%" in told
        assert (
            "16 times reaching over the edge of the image, such as 0.png, box 0 (20, 10, 56, 38 of 40x30); 1.png"
            in told
        )
        assert (
            "Are these corners? Read so they fit: prepare.boxes.layout: corners (casebook new --boxes corners)" in told
        )
        assert "prepare.boxes.max_odd: 1 (casebook new --boxes as-written)" in told
    boxes = infer_images(folder, words=["corners"]).prepare["boxes"]
    assert boxes["layout"] == "corners"
    prepare(tmp_path, coco_block(boxes=boxes))
    assert every(tmp_path)["0.png"].boxes.tolist() == [[20, 10, 36, 28], [18, 12, 30, 24]]
    assert infer_images(folder, words=["as-written"]).prepare["boxes"]["max_odd"] == 1
    with pytest.raises(CasebookError, match="--boxes upside-down: not one of corners, sizes"):
        infer_images(folder, words=["upside-down"])


@pytest.mark.parametrize(
    ("box", "kind"),
    [
        (
            ("cell", -3, 5, 9, 15),
            "reaching over the edge of the image, such as good0.png, box 1 (-3, 5, 9, 15 of 40x30)",
        ),
        (("cell", 5, 5, 6.5, 15), "smaller than two pixels, such as good0.png, box 1 (5, 5, 6.5, 15 of 40x30)"),
    ],
)
def test_too_many_odd_boxes_are_asked_for(tmp_path, box, kind):
    eight(tmp_path, good0=[CELL, box])
    told = refused(tmp_path, block())
    assert "1 of 9 boxes (11.1%) are odd" in told
    assert f"1 times {kind}" in told
    assert "prepare.boxes.max_odd: 0.13 (casebook new --boxes as-written)" in told
    assert prepare(tmp_path, block(boxes={**block()["boxes"], "max_odd": 0.13})).rows["rejected"] == 0


def test_rounding_at_the_edge_is_not_odd(tmp_path):
    eight(tmp_path, good0=[CELL, ("cell", -1, 5, 9, 31)])
    assert prepare(tmp_path, block()).data["clipped"] == 1


@pytest.mark.parametrize("value", ["0", "false", 0.0, None])
def test_a_crowd_that_is_none_as_text_is_none(tmp_path, value):
    lab(tmp_path, crowd(value))
    assert (
        sum(prepare(tmp_path, coco_block()).data["boxes"][split]["cell"] for split in ("train", "validation", "test"))
        == 16
    )


def test_crowds_and_boxes_to_be_ignored_are_told_and_a_mark_that_is_neither_is_named(tmp_path):
    folder = lab(tmp_path, crowd("1"))
    with pytest.raises(
        CasebookError, match=r"none of its 8 annotated images .*8 image\(s\), such as 0\.png:\n  16 times a crowd box"
    ):
        infer_images(folder)
    marks = iter([{"ignore": 1}, {"ignore": "yes"}, {"iscrowd": "perhaps"}])
    lab(tmp_path, lambda entry: entry.update(next(marks, {})))
    meta = prepare(tmp_path, coco_block(max_rejected=0.1))
    assert meta.rejected == {"a box to be ignored": 2, "iscrowd or ignore is neither 0 nor 1": 1}
    assert meta.data["told"] == ["2 times a box to be ignored, which is left out, such as 0.png"]
    assert ("1.png", 2, "iscrowd or ignore is neither 0 nor 1: 'perhaps'") in rejected(tmp_path)


def test_difficult_boxes_are_kept_and_told_or_left_out(tmp_path):
    eight(tmp_path)
    mark = xml([CELL]).replace("</bndbox>", "</bndbox><difficult>1</difficult>")
    (tmp_path / "raw" / "boxes" / "good0.xml").write_text(mark)
    [told] = prepare(tmp_path, block()).data["told"]
    assert told.startswith("1 box(es) marked difficult are learned like the others")
    assert len(every(tmp_path)["good0.png"].boxes) == 1
    prepare(tmp_path, block(difficult="leave_out"))
    assert len(every(tmp_path)["good0.png"].boxes) == 0


def test_classes_that_differ_in_case_or_blanks_are_asked_for_and_folded(tmp_path):
    eight(tmp_path, good0=[("Red  Cell", 1, 1, 9, 9)], good1=[("red cell", 1, 1, 9, 9), ("red cell", 20, 1, 29, 9)])
    told = refused(tmp_path, block())
    assert "1 class(es) differ from another in case or blanks alone, such as 'Red  Cell' (1) and 'red cell' (2)" in told
    assert "prepare.fold: true makes one of those" in told
    lists = {"train": "t.txt", "validation": "v.txt", "test": "e.txt"}
    for file, names in (("t.txt", "good0 good1 good2"), ("v.txt", "good3"), ("e.txt", "good4")):
        (tmp_path / "raw" / file).write_text("\n".join(names.split()))
    assert prepare(tmp_path, block(fold=True, lists=lists)).data["spec"]["classes"] == ["cell", "red cell"]
    assert len(prepare(tmp_path, block(fold=False, lists=lists)).data["spec"]["classes"]) == 3
    stated = block(fold=True, lists=lists, classes=["cell", "RED CELL"])
    assert prepare(tmp_path, stated).data["boxes"]["train"] == {"cell": 1, "RED CELL": 3}


# Turned frames


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_box_follows_the_turn_of_its_picture(tmp_path, turn):
    stored = np.zeros((20, 30), np.uint8)
    stored[3:8, 10:24] = 255
    exif = Image.Exif()
    exif[0x0112] = turn
    Image.fromarray(stored).save(tmp_path / "a.png", exif=exif)
    shown = decode(tmp_path / "a.png", channels=1, percentiles=None)[..., 0] > 0
    rows, columns = np.nonzero(shown.any(axis=1))[0], np.nonzero(shown.any(axis=0))[0]
    expected = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
    found = shown_boxes(np.array([[10, 3, 24, 8]], np.float32), orientation((tmp_path / "a.png").read_bytes()), 30, 20)
    assert found.tolist() == [expected]


def test_boxes_of_the_picture_before_its_turn_are_turned_and_told(tmp_path):
    eight(tmp_path)
    exif = Image.Exif()
    exif[0x0112] = 6
    picture(tmp_path / "raw" / "images" / "good0.png", exif=exif)  # shown 30 wide and 40 high
    exif[0x0112] = 3
    picture(tmp_path / "raw" / "images" / "good1.png", exif=exif)
    told = prepare(tmp_path, block()).data["told"]
    row = every(tmp_path)["good0.png"]
    assert (row.width, row.height, row.boxes.tolist()) == (30, 40, [[17, 2, 27, 12]])
    assert [line.split(" image(s)")[0] for line in told] == ["1", "1"]
    assert (
        "annotated before the turn of their EXIF: boxes are turned with them, such as good0.png"
        in told[1 - ("before" in told[0])]
    )


# Which image is meant


def test_an_annotation_that_names_another_image_than_its_own_is_asked_for_and_settled(tmp_path):
    names = [f"good{number}" for number in range(8)]
    voc(tmp_path / "raw", {name: [CELL] for name in names})
    for place, name in enumerate(names):
        box = ("cell", 2, 3, 12 + place, 13)
        (tmp_path / "raw" / "boxes" / f"{name}.xml").write_text(xml([box], filename=f"{names[place - 1]}.png"))
    raw = tmp_path / "raw"
    for told in (refused(tmp_path, block()), told_of(infer_images, raw)):
        assert (
            "8 times names another image than its own name does, and both exist, such as good0.png (good0.xml" in told
        )
        assert "prepare.named_by: text or stem says which counts (casebook new --boxes by-text, or by-stem)" in told
    for named_by, place in (("stem", 3), ("text", 4)):
        assert infer_images(raw, words=[f"by-{named_by}"]).prepare["named_by"] == named_by
        prepare(tmp_path, block(named_by=named_by))
        assert every(tmp_path)["good3.png"].boxes.tolist() == [[2, 3, 12 + place, 13]]


def test_folder_and_name_are_the_key(tmp_path):
    for folder in ("s0", "s1"):
        for number in range(4):
            picture(tmp_path / "raw" / folder / f"{number}.png", seed=number + (10 if folder == "s1" else 0))
            text = xml([CELL] if folder == "s0" else [RIGHT], filename=f"{number}.png")
            (tmp_path / "raw" / folder / f"{number}.xml").write_text(text)
    prepare(tmp_path, infer_images(tmp_path / "raw").prepare)
    assert {name[:2]: row.boxes.tolist() for name, row in every(tmp_path).items()} == {
        "s0": [[2, 3, 12, 13]],
        "s1": [[20, 10, 36, 28]],
    }
    (tmp_path / "raw" / "s1" / "2.png").unlink()
    told = told_of(prepare, tmp_path, infer_images(tmp_path / "raw").prepare)
    assert "1 times no image file of this name, such as 2.png (2.xml)" in told
