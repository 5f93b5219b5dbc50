"""Each metric by hand, and through the bootstrap."""

import numpy as np
import pytest

from components.core.errors import CasebookError
from components.evaluation.bootstrap import Resampling, draw_counts, intervals
from components.recipes.detection.metrics import metrics as module
from components.recipes.detection.metrics.metrics import LOWER_IS_BETTER, detection_metrics, mean_defined
from tests.components.recipes.detection.metrics.boxes import crowds, scores, targets

ONE, TWO, NOTHING = (0, 0, 10, 10), (50, 50, 60, 60), (80, 80, 90, 90)
# The first image: one of two found well, one class confused; the second is empty, with a false one.
TARGET = targets([(*ONE, 0), (*TWO, 1)], [])
SCORE = scores([(*ONE, 0, 0.9), (*TWO, 0, 0.6), (*TWO, 1, 0.2)], [(*NOTHING, 1, 0.4)])


def values(target: np.ndarray, score: np.ndarray, **options) -> dict[str, float]:
    found = detection_metrics(["red", "white"], **{"threshold": 0.5, **options})
    return {name: metric(target, score) for name, metric in found.items()}


def test_by_hand():
    # Red: a hit, then a false one. White: a false one (the empty image), then a hit: precision 1 / 2.
    # At .5 two detections are left, one a hit, of two true boxes: 2 * 1 / (2 + 2).
    # Counts there: image one 2 red, 0 white for 1 and 1: |2 - 1| + |0 - 1|; image two 0: 2 / 2 boxes.
    # FROC: .9 hit, .6 false, .4 false, .2 hit, of 2 boxes in 2 images: none false at 1/8 and 1/4 (1/2 found),
    # one false an image only with rates of 1 and more, where all is found: (3 * .5 + 4 * 1) / 7.
    assert values(TARGET, SCORE) == pytest.approx(
        {
            "map50": (1 + 0.5) / 2,
            "map50_95": (1 + 0.5) / 2,
            "ap50_red": 1,
            "ap50_white": 0.5,
            "froc": (3 * 0.5 + 4 * 1) / 7,
            "f1@50": 0.5,
            "count_error": 1,
        }
    )
    assert set(values(TARGET, SCORE)) >= LOWER_IS_BETTER


def test_a_box_that_fits_to_80_percent_is_found_at_seven_of_ten_thresholds():
    found = values(targets([(*ONE, 0)]), scores([(0, 0, 8, 10, 0, 0.9)]))
    assert (found["map50"], found["map50_95"]) == (1, pytest.approx(0.7))


def test_thresholds_by_class():
    # Red from .7, white from .1: a hit each, and the false white one. 2 * 2 / (3 + 2); |1 - 1|, |1 - 1|, then 1.
    found = values(TARGET, SCORE, threshold=[0.7, 0.1])
    assert (found["f1@50"], found["count_error"]) == (pytest.approx(4 / 5), pytest.approx(1 / 2))


def test_one_box_matched_twice_counts_once():
    found = values(targets([(*ONE, 0)]), scores([(*ONE, 0, 0.9), (*ONE, 0, 0.8)]))
    assert found["map50"] == 1
    assert found["f1@50"] == pytest.approx(2 * 1 / (2 + 1))
    assert found["count_error"] == 1


def test_no_detections():
    found = values(TARGET, scores([], []))
    assert found == {**dict.fromkeys(found, 0.0), "count_error": 1.0}


def test_no_true_boxes_define_nothing_but_f1():
    found = values(targets([]), scores([(*ONE, 0, 0.9)]))
    assert found.pop("f1@50") == 0
    assert np.isnan([*found.values()]).all()


def test_nothing_at_all_defines_nothing():
    assert np.isnan([*values(targets([]), scores([])).values()]).all()


def test_a_class_that_is_absent_is_left_out_of_the_mean():
    found = values(targets([(*ONE, 0)]), scores([(*ONE, 0, 0.9)]))
    assert found["map50"] == 1
    assert np.isnan(found["ap50_white"])
    assert mean_defined(np.array([[1.0, np.nan], [np.nan, np.nan], [0.2, 0.4]])) == pytest.approx(
        [1, np.nan, 0.3], nan_ok=True
    )


def test_every_metric_over_counts_is_the_metric_of_the_images_repeated():
    target, score = crowds(10, 8, 2, seed=7)
    drawn = ~np.isnan(score[..., 5])
    score[..., 5][drawn] = np.random.default_rng(1).permutation(drawn.sum()) / drawn.sum()
    (counts,) = draw_counts(10, resamples=4, seed=2)
    for name, metric in detection_metrics(["a", "b"], threshold=0.4).items():
        ours = metric.over_counts(target, score, counts)
        theirs = [
            metric(np.repeat(target, times, axis=0), np.repeat(score, times, axis=0)) for times in counts.astype(int)
        ]
        # FROC's rates count images of the resample, of which there are as many.
        np.testing.assert_allclose(ours, theirs, atol=1e-12, err_msg=name)


def test_boxes_are_matched_once_for_all_metrics_and_resamples(monkeypatch):
    matched, averaged = [], []
    monkeypatch.setattr(module, "match", lambda *given, real=module.match: matched.append(1) or real(*given))
    monkeypatch.setattr(
        module, "average_precision", lambda *given, real=module.average_precision: averaged.append(1) or real(*given)
    )
    target, score = crowds(8, 6, 2, seed=1)
    found = intervals(
        detection_metrics(["a", "b"], threshold=0.4), target, score, resampling=Resampling(50, confidence=0.95, seed=0)
    )
    assert (len(matched), len(averaged)) == (1, 2)  # precision of the images themselves, and of the resamples
    assert all(one.low <= one.high for one in found.values())
    assert found["map50"].low < found["map50"].high


def test_boxes_that_changed_in_place_are_matched_anew():
    metric = detection_metrics(["a"], threshold=0.5)["map50"]
    target, score = targets([(*ONE, 0)]), scores([(*ONE, 0, 0.9)])
    assert metric(target, score) == 1
    score[0, 0, :4] += 50
    assert metric(target, score) == 0


@pytest.mark.parametrize(
    ("classes", "threshold", "told"),
    [([], 0.5, "give one or more"), (["a", "a"], 0.5, "each once"), (["a"], [0.1, 0.2], "2 thresholds for 1 classes")],
)
def test_what_does_not_fit_is_told(classes, threshold, told):
    with pytest.raises(CasebookError, match=told):
        detection_metrics(classes, threshold=threshold)
