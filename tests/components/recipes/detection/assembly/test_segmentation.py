import numpy as np
import pytest

from components.recipes.detection.assembly.segmentation import (
    choose_segmentation,
    fit_segmentation,
    region_grid,
    region_labels,
)
from components.recipes.detection.serving.segmentation import SegmentationModel


def picture(seed, *, channels=1):
    """Six discs: small ones of class 0, large ones of class 1, and specks of no class."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:96, :144]
    image = np.full((96, 144, channels), 0.1, np.float32)
    boxes, labels = [], []
    for place, (row, column) in enumerate((r, c) for r in (24, 72) for c in (24, 72, 120)):
        kind = (place + seed) % 3
        radius = (6, 14, 3)[kind] + random.integers(0, 2)
        image[(y - row) ** 2 + (x - column) ** 2 <= radius**2] = 0.8
        if kind < 2:
            boxes.append([column - radius, row - radius, column + radius + 1, row + radius + 1])
            labels.append(kind)
    image += random.normal(0, 0.01, image.shape).astype(np.float32)
    return image, np.array(boxes, np.float32), np.array(labels)


def test_a_region_is_of_the_class_of_the_box_that_it_overlaps_most():
    regions = np.array([[0.0, 0, 10, 10], [50.0, 50, 60, 60], [0.0, 0, 4, 4]])
    boxes = np.array([[0.0, 0, 10, 8], [0.0, 0, 10, 9]])
    assert region_labels(regions, boxes, np.array([0, 1]), 2).tolist() == [1, 2, 2]
    assert region_labels(regions, np.zeros((0, 4)), np.zeros(0, int), 2).tolist() == [2, 2, 2]


def test_size_tells_the_classes_apart_and_specks_from_both():
    (settings,) = region_grid("bright", [0.02], [0.3])
    train = [picture(seed) for seed in range(6)]
    model = SegmentationModel.model_validate(fit_segmentation(train, settings, classes=2, object_pixels=20.0))
    image, boxes, labels = picture(100)
    found = model.find(image)
    sure = found[found[:, 5] > 0.5]
    order = np.lexsort((sure[:, 0], sure[:, 1] > 48))
    assert sure[order, 4].tolist() == labels.tolist()
    assert sure[order, :4] == pytest.approx(boxes, abs=1)
    assert (found[:-1, 5] >= found[1:, 5]).all()
    assert len(found) == 6  # the specks are there, as unlikely ones


def test_one_class_beside_none():
    train = [(image, boxes, np.zeros_like(labels)) for image, boxes, labels in map(picture, range(6))]
    (settings,) = region_grid("bright", [0.02], [0.3])
    content = fit_segmentation(train, settings, classes=1, object_pixels=20.0)
    model = SegmentationModel.model_validate(content)
    assert len(content["weights"]) == 2
    shares = model.probabilities(np.zeros((3, len(model.mean))))
    assert shares.sum(axis=1) == pytest.approx(1.0)
    assert (model.find(picture(100)[0])[:, 5] > 0.5).sum() == 4


def test_a_class_that_no_region_has_never_wins():
    train = [picture(seed) for seed in range(4)]
    (settings,) = region_grid("bright", [0.02], [0.3])
    model = SegmentationModel.model_validate(fit_segmentation(train, settings, classes=3, object_pixels=20.0))
    assert model.probabilities(np.ones((1, len(model.mean))))[0, 2] < 1e-6


@pytest.mark.parametrize("objects", ["bright", "dark"])
def test_where_nothing_can_be_told_apart_that_is_told_and_nothing_is_found(objects, caplog):
    (settings,) = region_grid(objects, [0.02], [0.3])
    strange = [(image, boxes + 40, labels) for image, boxes, labels in map(picture, range(3))]
    blank = [(np.full((32, 32, 1), 0.3, np.float32), np.array([[1.0, 1, 9, 9]]), np.array([0]))]
    for train in (strange, blank):
        model = SegmentationModel.model_validate(fit_segmentation(train, settings, classes=2, object_pixels=20.0))
        assert (model.find(picture(100)[0])[:, 5] < 0.001).all()
        assert "bright or dark" in caplog.text
        caplog.clear()


def test_the_settings_of_the_best_held_out_quality_win_and_of_equals_the_first():
    grid = region_grid("bright", [0.02, 0.04], [0.3, 0.5])
    assert len(grid) == 4
    train = [picture(seed) for seed in range(3)]
    asked = []

    def quality(model):
        asked.append((model["regions"]["smooth"], model["regions"]["spacing"]))
        return {0.3: 1.0, 0.5: 2.0}[model["regions"]["spacing"]]

    best = choose_segmentation(train, grid, quality, classes=2, object_pixels=20.0)
    assert asked == [(0.02, 0.3), (0.02, 0.5), (0.04, 0.3), (0.04, 0.5)]
    assert best["regions"] == {"objects": "bright", "smooth": 0.02, "spacing": 0.5}
