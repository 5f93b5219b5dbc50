"""A drop of quality is one that its interval shows, too; too few labels say nothing."""

import math

import numpy as np
import pytest

from components.core.params.monitor import QualityParams
from components.core.results import Answers, Interval
from components.monitoring.quality import difference, judge
from components.recipes.binary.metrics.metrics import binary_metrics

PARAMS = QualityParams(max_drop=0.01, min_rows=100, resamples=200, confidence=0.95)
METRICS = binary_metrics(threshold=0.5, bins=10)


def labelled(rows: int, noise: float, seed: int = 0) -> Answers:
    generator = np.random.default_rng(seed)
    target = generator.integers(0, 2, rows).astype(np.int8)
    return Answers(target, 1 / (1 + np.exp(-(target - 0.5 + generator.normal(0, noise, rows)))))


def judged(answers, before, name="auc", relative=False):
    low = name == "brier"
    return judge(name, METRICS[name], answers, before, PARAMS, lower_is_better=low, relative=relative, seed=0)


def test_the_interval_of_a_difference_is_made_of_both():
    """.80 (.77 to .84) less .85 (.83 to .86): down sqrt(.03^2 + .01^2), up sqrt(.04^2 + .02^2)."""
    found = difference(Interval(0.80, 0.77, 0.84), Interval(0.85, 0.83, 0.86))
    assert found.value == pytest.approx(-0.05)
    assert found.low == pytest.approx(-0.05 - math.hypot(0.03, 0.01))
    assert found.high == pytest.approx(-0.05 + math.hypot(0.04, 0.02))


@pytest.mark.parametrize(("noise", "dropped"), [(0.4, False), (2.5, True)])
def test_a_drop_is_seen_and_a_model_that_holds_is_left_alone(noise, dropped):
    before = Interval(0.90, 0.88, 0.92)
    found = judged(labelled(2000, noise), before)
    assert found.dropped is dropped
    assert found.change is not None
    assert (found.change.high < -PARAMS.max_drop) is dropped
    assert found.said == ""


def test_of_a_metric_where_lower_is_better_a_rise_is_the_drop():
    before = Interval(0.10, 0.09, 0.11)
    assert judged(labelled(2000, 2.5), before, "brier").dropped is True
    assert judged(labelled(2000, 2.5), Interval(0.9, 0.8, 1.0), "brier").dropped is False


def test_a_drop_within_chance_is_none():
    found = judged(labelled(120, 1.0), Interval(0.80, 0.70, 0.90))
    assert found.change is not None
    assert found.change.low < 0
    assert found.dropped is False


@pytest.mark.parametrize(
    ("answers", "before", "said"),
    [
        (None, Interval(0.9, 0.8, 1.0), "0 labelled, 100 are needed"),
        (labelled(99, 1.0), Interval(0.9, 0.8, 1.0), "99 labelled, 100 are needed"),
        (labelled(200, 1.0), None, "the ledger has no figure of the champion's promotion"),
        (Answers(np.zeros(200, np.int8), np.full(200, 0.3)), Interval(0.9, 0.8, 1.0), "auc: not defined on these rows"),
    ],
)
def test_what_cannot_be_told_is_said_and_is_no_drop(answers, before, said):
    found = judged(answers, before)
    assert found.said.startswith(said)
    assert (found.change, found.dropped) == (None, False)


def test_of_a_metric_in_units_of_the_data_the_drop_is_a_share_of_the_figure_before():
    """The Brier score rises by .05 to .07 or so: more than .01, and less than 1 % of 20 times as much."""
    before = Interval(0.001, 0.001, 0.001)
    found = judged(labelled(2000, 0.4), before, "brier", relative=True)
    assert found.change is not None
    assert found.dropped is (found.change.low > 0.01 * 0.001)
    assert judged(labelled(2000, 0.4), before, "brier").dropped is (found.change.low > 0.01)
    assert found.dropped is True
