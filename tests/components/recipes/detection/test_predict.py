import json

import numpy as np
import pandas as pd
import pytest
import roifile
import tifffile
from PIL import Image

from components.core.errors import CasebookError
from components.recipes.detection.encoding.looks import Looks
from components.recipes.detection.params.params import PredictOptions
from components.recipes.detection.predict import check_targets, predict_file
from components.recipes.detection.serving.predictor import open_predictor
from tests.components.recipes.detection.encoding.test_raw import dicom
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
    skipped = json.loads((tmp_path / "boxes.json").read_text())["skipped"]
    assert [one["file_name"] for one in skipped] == ["anim.gif", "scan"]
    assert predict_file(bundle, images, tmp_path / "again.json", {"skip_unreadable": True}) == 6
    assert "2 of 8 images cannot be read" in caplog.messages[-1]
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


def test_images_that_are_not_as_those_of_training_are_told_in_one_line(images, tmp_path, caplog):
    trained = Looks(depths=("uint8",), channels=(1, 3), bright=(1.0, 1.0), detail=(0.01, 1.0), dicom=False)
    make(tmp_path / "bundle", looks=trained)
    assert predict_file(tmp_path / "bundle", images, tmp_path / "boxes.json", {}) == 6
    found = json.loads((tmp_path / "boxes.json").read_text())["images"]
    told = "uint16, and training images are uint8"
    assert {one["file_name"]: one["warnings"] for one in found if "warnings" in one} == {
        "deep.png": [told],
        "deep.tif": [told],
    }
    assert f"deep.png: {told} (and 1 more images of the kind)" in caplog.messages
    rows = pd.DataFrame({"image": ["a", "b"], "pixels": [(images / f"{n}.png").read_bytes() for n in ("grey", "deep")]})
    assert open_predictor(tmp_path / "bundle").predict(rows)["warnings"].tolist() == [[], [told]]


def test_dicom_is_read_where_training_had_it(bundle, images, tmp_path):
    grey = np.asarray(Image.open(images / "grey.png")).astype(np.uint16) * 257
    (images / "scan.dcm").write_bytes(dicom(grey))
    with pytest.raises(CasebookError, match=r"scan.dcm: images of this form are not read"):
        predict_file(bundle, images, tmp_path / "boxes.json", {})
    trained = Looks(depths=("uint16",), channels=(1,), bright=(1.0, 1.0), detail=(0.01, 1.0), dicom=True)
    make(tmp_path / "other", looks=trained)
    assert predict_file(tmp_path / "other", images, tmp_path / "boxes.json", {}) == 7


def test_counts_by_class_and_by_area(bundle, images, tmp_path):
    grey = np.asarray(Image.open(images / "grey.png"))
    tifffile.imwrite(images / "sized.tif", grey, imagej=True, resolution=(2, 2), metadata={"unit": "um"})
    predict_file(bundle, images, tmp_path / "boxes.json", {"counts": tmp_path / "counts.csv"})
    found = pd.read_csv(tmp_path / "counts.csv", index_col="image")
    assert list(found.columns) == ["class", "count", "mm2", "per_mm2"]
    assert (found["class"].unique().tolist(), found["count"].tolist()) == (["square"], [1] * 7)
    area = 96 * 64 * 0.0005**2  # pixels of half a micrometre
    assert found.loc["sized.tif", ["mm2", "per_mm2"]].tolist() == pytest.approx([area, 1 / area], rel=1e-5)
    assert found["mm2"].notna().sum() == 1
    options = {"counts": tmp_path / "counts.csv", "pixel_size": 0.5}
    predict_file(bundle, images, tmp_path / "boxes.json", options)
    assert pd.read_csv(tmp_path / "counts.csv")["mm2"].tolist() == pytest.approx([area] * 7, rel=1e-5)


def test_regions_for_imagej_and_for_qupath(bundle, images, tmp_path):
    for _ in range(2):  # again over what is there
        predict_file(bundle, images, tmp_path / "boxes.json", {"rois": tmp_path / "rois"})
    (roi,) = roifile.roiread(tmp_path / "rois" / "more" / "colour.png.zip")
    assert (roi.left, roi.top, roi.right, roi.bottom, roi.name) == (20, 12, 36, 28, "0001 square 1.00")
    (feature,) = json.loads((tmp_path / "rois" / "grey.png.geojson").read_text())["features"]
    assert feature["geometry"]["coordinates"] == [[[20, 12], [36, 12], [36, 28], [20, 28], [20, 12]]]
    assert feature["properties"]["classification"]["name"] == "square"
    assert len(list((tmp_path / "rois").rglob("*.*"))) == 12


def test_a_threshold_in_place_of_the_bundles_own(bundle, images, tmp_path):
    pixels = (picture(96, 64, (20, 12))[..., 0] * 0.74 * 255).astype(np.uint8)  # a logit of about -1
    Image.fromarray(pixels).save(images / "faint.png")
    for threshold, boxes in ((None, 6), (0.2, 7), (0.99, 6)):
        options = {} if threshold is None else {"threshold": threshold}
        predict_file(bundle, images, tmp_path / "boxes.json", options)
        assert len(json.loads((tmp_path / "boxes.json").read_text())["annotations"]) == boxes
    with pytest.raises(CasebookError, match=r"--threshold 0.01: the model does not weigh answers below 0.05"):
        predict_file(bundle, images, tmp_path / "none.json", {"threshold": 0.01})
    assert not (tmp_path / "none.json").exists()


def test_a_channel_is_named_where_a_file_leaves_it_open(bundle, images, tmp_path):
    grey = np.asarray(Image.open(images / "grey.png"))
    both = np.stack([np.zeros_like(grey), grey], axis=-1)
    options = {"photometric": "minisblack", "planarconfig": "contig", "extrasamples": ["unspecified"]}
    tifffile.imwrite(images / "two.tif", both, **options)
    with pytest.raises(CasebookError, match=r"two.tif: 2 channels, and the file does not say"):
        predict_file(bundle, images, tmp_path / "boxes.json", {})
    for channel, boxes in ((1, 0), (2, 1)):
        predict_file(bundle, images / "two.tif", tmp_path / "boxes.json", {"channel": channel})
        assert len(json.loads((tmp_path / "boxes.json").read_text())["annotations"]) == boxes


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


def test_nothing_is_written_over_the_images_that_are_asked(tmp_path):
    image, table = tmp_path / "a.png", tmp_path / "counts.csv"
    image.write_bytes(b"pixels")
    table.write_text("image")
    for source, asked, message in (
        (image, {"counts": image}, r"--counts .*a.png: it would be written over"),
        (image, {"draw": tmp_path}, r"--draw .*: it would be written over .*a.png, which is asked"),
        (tmp_path, {"draw": tmp_path / "b" / ".."}, "--draw .*: it would be written over"),
        (image, {"counts": tmp_path}, r"--counts .*: a folder; name a file, such as .*counts.csv"),
        (image, {"rois": table}, r"--rois .*counts.csv: a file; name a folder"),
    ):
        with pytest.raises(CasebookError, match=message):
            check_targets(source, PredictOptions(**asked))
    check_targets(image, PredictOptions(counts=table, rois=tmp_path, draw=tmp_path / "drawn"))


def test_a_channel_of_images_that_have_one_is_told(bundle, images, tmp_path, caplog):
    predict_file(bundle, images / "grey.png", tmp_path / "boxes.json", {"channel": 2})
    assert "--channel 2 does nothing: no image has several channels" in caplog.text
