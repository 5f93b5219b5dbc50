import numpy as np
import pytest

from components.recipes.detection.encoding.regions import RegionSettings, features_of, find_regions


def discs(*middles, radius=8, size=64, channels=1):
    y, x = np.mgrid[:size, :size]
    inside = np.zeros((size, size), bool)
    for row, column in middles:
        inside |= (y - row) ** 2 + (x - column) ** 2 <= radius**2
    return np.repeat(np.where(inside, 0.9, 0.1)[..., None], channels, axis=2).astype(np.float32)


def settings(objects="bright", smooth=0.02, spacing=0.5):
    return RegionSettings.model_validate({"objects": objects, "smooth": smooth, "spacing": spacing})


def test_a_disc_has_its_box_and_its_features():
    boxes, features = find_regions(discs((20, 30)), settings(smooth=0.0), 16.0)
    assert boxes.tolist() == [[22.0, 12.0, 39.0, 29.0]]  # a radius of 8 around (30, 20), both ends inside
    area = np.pi * 8**2
    assert features.shape == (1, features_of(1))
    assert features[0, 0] == pytest.approx(np.log(area / 16**2), abs=0.05)
    assert features[0, 1] == pytest.approx(features[0, 0] ** 2)
    assert features[0, 2] == pytest.approx(0.0)  # as wide as high
    assert features[0, 3] == pytest.approx(197 / 17**2)  # 197 points within a radius of 8, in a box of 17 x 17


def test_two_discs_that_touch_are_cut_apart():
    boxes, _ = find_regions(discs((32, 20), (32, 35)), settings(), 16.0)
    assert len(boxes) == 2
    together, _ = find_regions(discs((32, 20), (32, 35)), settings(spacing=2.0), 16.0)
    assert len(together) == 1


def test_an_object_at_the_edge_is_found():
    boxes, _ = find_regions(discs((2, 30), (32, 61)), settings(), 16.0)
    assert sorted(boxes.tolist()) == [[22.0, 0.0, 39.0, 11.0], [53.0, 24.0, 64.0, 41.0]]


def test_dark_objects_are_found_where_they_are_said_to_be_dark():
    image = 1 - discs((20, 30), channels=3)
    boxes, features = find_regions(image, settings("dark"), 16.0)
    assert boxes.tolist() == [[22.0, 12.0, 39.0, 29.0]]
    assert features.shape == (1, features_of(3))


def test_dust_and_an_empty_image_have_no_region():
    assert len(find_regions(discs((20, 30), radius=1), settings(smooth=0.0), 64.0)[0]) == 0
    boxes, features = find_regions(np.full((32, 32, 1), 0.4, np.float32), settings(), 16.0)
    assert boxes.shape == (0, 4)
    assert features.shape == (0, features_of(1))
