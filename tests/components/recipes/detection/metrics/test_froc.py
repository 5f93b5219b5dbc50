"""FROC by hand."""

import numpy as np
import pytest

from components.recipes.detection.metrics.froc import RATES, froc
from components.recipes.detection.metrics.matching import match
from tests.components.recipes.detection.metrics.boxes import scores, targets

ONE, TWO, NOTHING = (0, 0, 10, 10), (50, 50, 60, 60), (80, 80, 90, 90)


def test_the_curve_and_the_sensitivity_at_each_rate():
    target = targets([(*ONE, 0), (*TWO, 0)], [])
    score = scores([(*ONE, 0, 0.9), (*TWO, 0, 0.3)], [(*NOTHING, 0, 0.5)])
    found = froc(match(target, score, 1))
    assert found.confidence == pytest.approx([0.9, 0.5, 0.3])
    assert found.false_per_image.tolist() == [0, 0.5, 0.5]
    assert found.sensitivity.tolist() == [0.5, 0.5, 1]
    # The false detection in two images is a rate of 1/2: from there on both are found.
    assert RATES.tolist() == [0.125, 0.25, 0.5, 1, 2, 4, 8]
    assert found.at_rates.tolist() == [0.5, 0.5, 1, 1, 1, 1, 1]


def test_without_true_boxes_or_detections():
    assert froc(match(targets([(*ONE, 0)]), scores([]), 1)).at_rates.tolist() == [0] * 7
    assert np.isnan(froc(match(targets([]), scores([(*ONE, 0, 0.9)]), 1)).at_rates).all()
