import io
import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from components.core.errors import CasebookError
from components.recipes.detection.serving.predictor import MIRRORS, TileSettings
from tests.components.recipes.detection.serving.tiny import SIDE, make, picture


def sides(found):
    return sorted([round(float(side), 3) for side in one[:4]] for one in found)


def squares(*corners):
    return sorted([float(x), float(y), float(x + SIDE), float(y + SIDE)] for x, y in corners)


def png(image):
    content = io.BytesIO()
    Image.fromarray((image[..., 0] * 255).astype(np.uint8)).save(content, format="PNG")
    return content.getvalue()


def test_a_square_is_found_where_it_is_and_once(tmp_path):
    found = make(tmp_path / "bundle").find(picture(100, 70, (20, 12), (60, 44)))
    assert sides(found[found[:, 5] > 0.5]) == squares((20, 12), (60, 44))
    assert found[:2, 5] == pytest.approx(1.0, abs=1e-6)


def test_an_image_without_anything_has_no_box(tmp_path):
    assert make(tmp_path / "bundle").find(picture(50, 40)).shape == (0, 6)


@pytest.mark.parametrize("x", [20, 84, 92, 100, 108, 180])
def test_tiles_give_the_same_boxes_wherever_a_square_lies(tmp_path, x):
    """One tile beside several of 96 pixels: at their borders squares are neither lost nor found twice."""
    image = picture(256, 200, (x, 12), (x, 84), (x, 156))
    whole = make(tmp_path / "whole").served(image, "image")
    parts = make(tmp_path / "parts", tile=96, margin=32).served(image, "image")
    assert sides(whole) == sides(parts) == squares((x, 12), (x, 84), (x, 156))


@pytest.mark.parametrize("mirrors", [2, 4])
def test_mirror_images_answer_alike(tmp_path, mirrors):
    image = picture(96, 64, (20, 12), (60, 36))
    found = make(tmp_path / "bundle", mirrors=mirrors).served(image, "image")
    assert sides(found) == squares((20, 12), (60, 36))


def test_a_square_of_half_the_size_is_found_by_the_zoom_that_shows_it_whole(tmp_path):
    image = np.zeros((64, 64, 1), np.float32)
    image[22:30, 14:22] = 1  # of 8 pixels; twice as large its middle, 36 and 52, is a point
    assert len(make(tmp_path / "one").find(image)) == 0
    (found,) = make(tmp_path / "two", zooms=(1.0, 2.0)).find(image)
    assert found[:4].tolist() == pytest.approx([14, 22, 22, 30])


def test_answers_of_all_zooms_vote_on_a_box(tmp_path):
    image = picture(96, 64, (20, 28))
    alone = make(tmp_path / "alone", zooms=(1.0,)).find(image)
    voted = make(tmp_path / "voted", zooms=(1.0, 1.0), votes=0.5).find(image)
    assert voted == pytest.approx(alone)


def test_a_mirrored_box_has_its_distances_on_the_other_side():
    for axes, places in MIRRORS:
        mirrored = {2: (0, 2), 1: (1, 3)}
        expected = [0, 1, 2, 3]
        for axis in axes:
            one, other = mirrored[axis]
            expected[one], expected[other] = expected[other], expected[one]
        assert places == expected


def test_boxes_are_in_pixels_of_the_image_as_it_came(tmp_path):
    large = np.kron(picture(96, 64, (20, 12))[..., 0], np.ones((2, 2)))[..., None].astype(np.float32)
    found = make(tmp_path / "bundle", scale=0.5).served(large, "image")
    assert sides(found) == [[40.0, 24.0, 72.0, 56.0]]


def test_boxes_end_at_the_edge(tmp_path):
    found = make(tmp_path / "bundle").find(np.ones((24, 24, 1), np.float32))
    assert found[:, :4].min() >= 0
    assert found[:, :4].max() <= 24


def test_rows_of_bytes_are_answered_in_their_order(tmp_path):
    predictor = make(tmp_path / "bundle")
    images = [picture(64, 64), picture(64, 64, (20, 12)), picture(96, 64, (20, 12), (60, 36))]
    rows = pd.DataFrame({"image": ["none", "one", "two"], "pixels": [png(image) for image in images]})
    answer = predictor.predict(rows)
    assert answer["image"].tolist() == ["none", "one", "two"]
    assert answer["count"].tolist() == [0, 1, 2]
    assert answer["score"].tolist() == pytest.approx([0.0, 1.0, 1.0], abs=1e-5)
    assert json.loads(answer["detections"][1]) == [{"label": "square", "box": [20, 12, 36, 28], "confidence": 1.0}]


def test_a_damaged_image_is_named(tmp_path):
    rows = pd.DataFrame({"image": ["broken.png"], "pixels": [b"no image"]})
    with pytest.raises(CasebookError, match=r"broken\.png"):
        make(tmp_path / "bundle").predict(rows)


def test_the_baseline_answers_too(tmp_path):
    found = make(tmp_path / "bundle").find_regions(picture(64, 64, (20, 12)))
    assert sides(found) == squares((20, 12))
    assert found[0, 4:].tolist() == pytest.approx([0, 1 / (1 + np.exp(-1))])


def test_tiles_must_move_on():
    with pytest.raises(ValueError, match="twice the overlap"):
        TileSettings(size=64, margin=40)
