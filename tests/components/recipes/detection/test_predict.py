import json

import numpy as np
import pytest
import tifffile
from PIL import Image

from components.core.errors import CasebookError
from components.recipes.detection.predict import predict_file
from tests.components.recipes.detection.serving.tiny import make, picture


@pytest.fixture
def bundle(tmp_path):
    make(tmp_path / "bundle")
    return tmp_path / "bundle"


@pytest.fixture
def images(tmp_path):
    """One picture in the ways that microscopes and people store it, in a folder with other things."""
    folder = tmp_path / "images"
    (folder / "more").mkdir(parents=True)
    grey = (picture(96, 64, (20, 12))[..., 0] * 255).astype(np.uint8)
    Image.fromarray(grey).save(folder / "grey.png")
    Image.fromarray(grey.astype(np.uint16) * 257).save(folder / "deep.png")
    tifffile.imwrite(folder / "deep.tif", grey.astype(np.uint16) * 257)
    Image.fromarray(np.stack([grey] * 3, axis=-1)).save(folder / "more" / "colour.png")
    Image.fromarray(np.dstack([grey, grey, grey, np.full_like(grey, 255)])).save(folder / "alpha.png")
    turned = Image.fromarray(np.ascontiguousarray(np.rot90(grey)))  # as a camera held upright stores it
    exif = turned.getexif()
    exif[274] = 6
    turned.save(folder / "turned.png", exif=exif)
    (folder / "notes.txt").write_text("no image")
    return folder


def test_every_way_to_store_an_image_gives_the_same_box(bundle, images, tmp_path):
    assert predict_file(bundle, images, tmp_path / "boxes.json", {}) == 6
    found = json.loads((tmp_path / "boxes.json").read_text())
    names = ["alpha.png", "deep.png", "deep.tif", "grey.png", "more/colour.png", "turned.png"]
    assert [one["file_name"] for one in found["images"]] == names
    assert {(one["width"], one["height"]) for one in found["images"]} == {(96, 64)}
    assert [one["image_id"] for one in found["annotations"]] == [1, 2, 3, 4, 5, 6]
    assert [one["id"] for one in found["annotations"]] == [1, 2, 3, 4, 5, 6]
    assert all(one["bbox"] == [20.0, 12.0, 16.0, 16.0] for one in found["annotations"])
    assert all(one["area"] == 16 * 16 and one["category_id"] == 1 for one in found["annotations"])
    assert found["categories"] == [{"id": 1, "name": "square"}]


def test_the_answers_are_coco_that_a_library_reads(bundle, images, tmp_path):
    from faster_coco_eval import COCO

    predict_file(bundle, images, tmp_path / "boxes.json", {})
    read = COCO(str(tmp_path / "boxes.json"))
    assert len(read.getImgIds()) == 6
    assert len(read.loadAnns(read.getAnnIds(imgIds=[4]))) == 1


def test_one_image_is_answered_too(bundle, images, tmp_path):
    assert predict_file(bundle, images / "grey.png", tmp_path / "boxes.json", {}) == 1


def test_a_broken_image_is_named_and_the_others_are_done(bundle, images, tmp_path):
    (images / "broken.png").write_bytes((images / "grey.png").read_bytes()[:60])
    with pytest.raises(CasebookError) as caught:
        predict_file(bundle, images, tmp_path / "boxes.json", {"draw": tmp_path / "drawn"})
    assert "1 of 7 images cannot be read" in str(caught.value)
    assert "broken.png" in str(caught.value)
    assert "the other 6 are in" in str(caught.value)
    found = json.loads((tmp_path / "boxes.json").read_text())
    assert len(found["images"]) == len(found["annotations"]) == 6
    assert not (tmp_path / "drawn" / "broken.png").exists()


def test_images_of_other_forms_are_named_and_end_badly_unless_asked_to_go_on(bundle, images, tmp_path, caplog):
    (images / "anim.gif").write_bytes(b"GIF89a")
    (images / "scan").write_bytes(bytes(128) + b"DICM")
    (images / ".hidden.dcm").write_bytes(b"")
    with pytest.raises(CasebookError) as caught:
        predict_file(bundle, images, tmp_path / "boxes.json", {})
    assert "2 of 8 images cannot be read; the other 6 are in" in str(caught.value)
    assert "anim.gif: images of this form are not read" in str(caught.value)
    assert "scan: images" in str(caught.value)
    assert any("1 file(s) are no images, such as notes.txt" in record.getMessage() for record in caplog.records)
    assert predict_file(bundle, images, tmp_path / "again.json", {"skip_unreadable": True}) == 6
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "boxes.json").read_bytes()


def test_a_link_out_of_the_folder_is_not_followed(bundle, images, tmp_path):
    outside = tmp_path / "outside.png"
    outside.write_bytes((images / "grey.png").read_bytes())
    (images / "link.png").symlink_to(outside)
    assert predict_file(bundle, images, tmp_path / "boxes.json", {}) == 6


def test_a_slide_has_room_for_more_objects_than_a_view_and_a_crowd_is_told(bundle, tmp_path, caplog):
    corners = [(4 + 24 * column, 4 + 24 * row) for row in range(6) for column in range(6)]
    folder = tmp_path / "slides"
    folder.mkdir()
    for name, width, height in (("slide", 600, 300), ("crowd", 160, 160)):
        pixels = (picture(width, height, *corners)[..., 0] * 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{name}.png")
    predict_file(bundle, folder, tmp_path / "boxes.json", {})  # twenty for each 256 x 256 pixels
    found = json.loads((tmp_path / "boxes.json").read_text())
    counts = [sum(one["image_id"] == image["id"] for one in found["annotations"]) for image in found["images"]]
    assert [(one["file_name"], one.get("cut")) for one in found["images"]] == [("crowd.png", True), ("slide.png", None)]
    assert counts == [20, 36]
    assert [record.getMessage() for record in caplog.records] == [
        "crowd.png: only the surest 20 objects are answered, and there may be more; cut the image into parts"
    ]


def test_where_no_image_can_be_read_nothing_is_written(bundle, tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / "one.png").write_bytes(b"")
    with pytest.raises(CasebookError, match=r"1 of 1 images cannot be read:\n  one.png: an empty file"):
        predict_file(bundle, folder, tmp_path / "boxes.json", {})
    assert not (tmp_path / "boxes.json").exists()


def test_an_empty_folder_and_a_wrong_suffix_are_told(bundle, images, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(CasebookError, match="no image in this folder"):
        predict_file(bundle, tmp_path / "empty", tmp_path / "boxes.json", {})
    with pytest.raises(CasebookError, match=r"boxes.csv: boxes are written as COCO JSON"):
        predict_file(bundle, images, tmp_path / "boxes.csv", {})


def test_drawn_boxes_are_where_they_are_said_to_be(bundle, images, tmp_path):
    predict_file(bundle, images, tmp_path / "boxes.json", {"draw": tmp_path / "drawn"})
    drawn = np.asarray(Image.open(tmp_path / "drawn" / "more" / "colour.png")).astype(int)
    red = (drawn[..., 0] > 200) & (drawn[..., 1] < 120)
    rows, columns = np.nonzero(red)
    assert (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) == (20, 12, 36, 28)
    assert not red[13:27, 21:35].any()


def test_two_images_of_one_stem_are_drawn_apart(bundle, images, tmp_path):
    predict_file(bundle, images, tmp_path / "boxes.json", {"draw": tmp_path / "drawn"})
    assert len(list((tmp_path / "drawn").rglob("*.png"))) == 6
