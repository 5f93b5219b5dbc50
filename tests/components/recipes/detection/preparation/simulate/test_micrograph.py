import numpy as np
import pytest

from components.recipes.detection.preparation.simulate.micrograph import Micrograph, simulate
from components.recipes.detection.preparation.simulate.nuclei import Nucleus
from tests.components.recipes.detection.preparation.simulate.settings import params


def test_the_same_seed_gives_the_same_image_and_another_one_another():
    one, same, other = (simulate(np.random.default_rng(seed), params(size=96)) for seed in (3, 3, 4))
    assert np.array_equal(one.pixels, same.pixels)
    assert np.array_equal(one.boxes(0.2), same.boxes(0.2))
    assert not np.array_equal(one.pixels, other.pixels)
    assert one.pixels.dtype == np.uint16


def test_a_box_is_the_smallest_around_what_is_inside_of_its_nucleus():
    micrograph = simulate(
        np.random.default_rng(5), params(size=96, nuclei__diameter=[12.0, 14.0], nuclei__coverage=[0.3, 0.3])
    )
    assert len(micrograph.nuclei) > 3
    drawn = []
    for nucleus in micrograph.nuclei:
        whole = np.zeros((96 + 200, 96 + 200), bool)
        height, width = nucleus.mask.shape
        whole[100 + nucleus.row : 100 + nucleus.row + height, 100 + nucleus.column : 100 + nucleus.column + width] = (
            nucleus.mask
        )
        inside = whole[100:196, 100:196]
        if inside.sum() >= max(1, 0.2 * nucleus.mask.sum()):
            rows, columns = np.nonzero(inside)
            drawn.append([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
    assert micrograph.boxes(0.2).tolist() == drawn


def test_a_nucleus_that_is_hardly_inside_has_no_box():
    mask = np.ones((10, 10), bool)
    nuclei = [Nucleus(row, 20, mask.astype(float), mask) for row in (-9, -8, 5)]
    found = Micrograph(np.zeros((64, 64), np.uint16), nuclei)
    assert found.boxes(0.2).tolist() == [[20, 0, 30, 2], [20, 5, 30, 15]]
    assert found.boxes(0.1).shape == (3, 4)
    assert Micrograph(np.zeros((64, 64), np.uint16), []).boxes(0.2).shape == (0, 4)


def test_nuclei_are_brighter_than_what_is_around_them():
    quiet = {
        "microscope__photons": [500.0, 500.0],
        "microscope__unfocused": [0.0, 0.0],
        "microscope__debris": [0.0, 0.0],
    }
    bright = 0
    for seed in range(5):
        micrograph = simulate(np.random.default_rng(seed), params(size=96, nuclei__coverage=[0.1, 0.2], **quiet))
        inside = np.zeros((96, 96), bool)
        for x1, y1, x2, y2 in micrograph.boxes(0.0).astype(int):
            inside[y1:y2, x1:x2] = True
        bright += np.median(micrograph.pixels[inside]) > np.median(micrograph.pixels[~inside])
    assert bright == 5


@pytest.mark.parametrize("coverage", [0.05, 0.3])
def test_nuclei_cover_about_what_is_asked_for(coverage):
    covered = []
    for seed in range(5):
        micrograph = simulate(np.random.default_rng(seed), params(size=128, nuclei__coverage=[coverage, coverage]))
        taken = np.zeros((400, 400), bool)
        for one in micrograph.nuclei:
            height, width = one.mask.shape
            taken[128 + one.row : 128 + one.row + height, 128 + one.column : 128 + one.column + width] |= one.mask
        covered.append(taken[128:256, 128:256].mean())
    assert coverage * 0.9 <= np.mean(covered) <= coverage + 0.12  # the last nucleus may be a large one
