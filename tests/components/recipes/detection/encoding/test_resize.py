import numpy as np
import pytest

from components.recipes.detection.encoding.resize import padded, rescale, scale_for


def test_a_scale_goes_by_quarters_of_an_octave():
    assert scale_for(np.array([10.0, 20.0, 40.0]), 20.0) == 1.0
    assert scale_for(np.array([21.5]), 20.0) == 1.0  # near enough
    assert scale_for(np.array([100.0]), 50.0) == 0.5
    assert scale_for(np.array([100.0]), 60.0) == pytest.approx(2**-0.75)


def test_halving_keeps_the_mean_and_each_channel_apart():
    image = np.random.default_rng(0).random((8, 12, 2)).astype(np.float32)
    half = rescale(image, 0.5)
    assert half.shape == (4, 6, 2)
    assert half.dtype == np.float32
    assert half.mean(axis=(0, 1)) == pytest.approx(image.mean(axis=(0, 1)), abs=0.02)
    assert rescale(np.full((8, 8, 1), 0.25, np.float32), 0.5) == pytest.approx(0.25)


def test_the_scale_one_changes_nothing_and_no_side_vanishes():
    image = np.ones((3, 200, 1), np.float32)
    assert rescale(image, 1.0) is image
    assert rescale(image, 0.01).shape == (1, 2, 1)


def test_padding_is_below_and_to_the_right_of_the_mean():
    planes = np.stack([np.full((3, 5), 0.5), np.arange(15).reshape(3, 5)]).astype(np.float32)
    whole = padded(planes, 4)
    assert whole.shape == (2, 4, 8)
    assert whole[:, :3, :5].tolist() == planes.tolist()
    assert set(whole[0].ravel().tolist()) == {0.5}
    assert set(whole[1, :, 5:].ravel().tolist()) == {7.0}
    assert padded(whole, 4) is whole
