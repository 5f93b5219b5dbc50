import json
import logging

import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import (
    MetricFrame,
    demographic_parity_ratio,
    equal_opportunity_difference,
    selection_rate,
    true_positive_rate,
)

from components.core.errors import CasebookError
from components.evaluation.bootstrap import Resampling, draw_counts
from components.recipes.binary.report.fairness import fairness

SETTINGS = {"edges": None, "minimum": 50, "resampling": Resampling(300, confidence=0.9, seed=3)}


def rows(size=900, seed=0):
    """Bad payers, decisions, and a group whose members are approved less often."""
    generator = np.random.default_rng(seed)
    group = generator.choice(["a", "b", "c"], size=size, p=[0.5, 0.3, 0.2])
    target = (generator.random(size) < 0.3).astype(int)
    approved = generator.random(size) < np.where(group == "c", 0.5, 0.75) - 0.3 * target
    return target, approved, pd.Series(group, name="Group")


def test_rates_by_hand():
    #                 a: bad, good, good, good    b: bad, bad, good, good
    target = np.array([1, 0, 0, 0, 1, 1, 0, 0])
    approved = np.array([1, 1, 1, 0, 0, 0, 1, 0], dtype=bool)
    column = pd.Series(list("aaaabbbb"), name="Home")
    found = fairness(target, approved, column, **{**SETTINGS, "minimum": 1})
    first, second = found.groups
    assert (first.name, first.rows, first.goods) == ("a", 4, 3)
    assert (second.name, second.rows, second.goods) == ("b", 4, 2)
    assert first.approval_rate == pytest.approx(3 / 4)
    assert second.approval_rate == pytest.approx(1 / 4)
    assert first.good_approval_rate == pytest.approx(2 / 3)
    assert second.good_approval_rate == pytest.approx(1 / 2)
    assert found.approval_ratio.value == pytest.approx((1 / 4) / (3 / 4))


def test_ratio_and_gap_are_fairlearns():
    target, approved, column = rows()
    found = fairness(target, approved, column, **SETTINGS)
    good = 1 - target
    ratio = demographic_parity_ratio(good, approved, sensitive_features=column)
    gap = equal_opportunity_difference(good, approved, sensitive_features=column)
    assert found.approval_ratio.value == pytest.approx(ratio)
    assert found.opportunity_gap.value == pytest.approx(gap)


@pytest.mark.slow
def test_the_intervals_are_those_of_resampled_rows():
    target, approved, column = rows()
    found = fairness(target, approved, column, **{**SETTINGS, "resampling": Resampling(60, confidence=0.9, seed=3)})
    assert found.approval_ratio.lowest == found.opportunity_gap.lowest == "c"
    highest, kindest = found.approval_ratio.highest, found.opportunity_gap.highest
    ratios, gaps, rates = [], [], []
    for counts in np.concatenate(list(draw_counts(900, resamples=60, seed=3))).astype(int):
        good, decided, group = (np.repeat(values, counts) for values in (1 - target, approved, column.to_numpy()))
        settings = {"y_true": good, "y_pred": decided, "sensitive_features": group}
        rate = MetricFrame(metrics=selection_rate, **settings).by_group
        among_good = MetricFrame(metrics=true_positive_rate, **settings).by_group
        ratios.append(rate["c"] / rate[highest])
        gaps.append(among_good[kindest] - among_good["c"])
        rates.append(rate["c"])
    for interval, values in (
        (found.approval_ratio, ratios),
        (found.opportunity_gap, gaps),
        (found.groups[2].approval_interval, rates),
    ):
        assert (interval.low, interval.high) == pytest.approx(tuple(np.quantile(values, [0.05, 0.95])))


def test_bounds_of_a_comparison_of_many_equal_groups_hold_its_value():
    generator = np.random.default_rng(0)
    column = pd.Series(generator.choice(list("abcdefghijkl"), size=1200))
    found = fairness(np.zeros(1200), generator.random(1200) < 0.1, column, **SETTINGS)
    for comparison in (found.approval_ratio, found.opportunity_gap):
        assert comparison.low < comparison.value < comparison.high


def test_small_groups_are_flagged_and_not_compared():
    target, approved, column = rows()
    tiny = column.copy()
    tiny.iloc[:10] = "tiny"
    decided = approved.copy()
    decided[:10] = False
    found = fairness(target, decided, tiny, **SETTINGS)
    rest = fairness(target[10:], decided[10:], tiny.iloc[10:], **SETTINGS)
    small = found.groups[-1]
    assert (small.name, small.rows, small.enough_rows, small.approval_interval) == ("tiny", 10, False, None)
    assert small.approval_rate == 0
    # Nobody in it is approved, so the ratio would be 0 if it took part.
    assert found.approval_ratio.value == pytest.approx(rest.approval_ratio.value)
    assert found.opportunity_gap.value == pytest.approx(rest.opportunity_gap.value)


def test_a_group_can_have_enough_rows_but_too_few_good_payers():
    target = np.array([0] * 100 + [1] * 60 + [0] * 5)
    approved = np.arange(165) % 2 == 0
    found = fairness(target, approved, pd.Series(["a"] * 100 + ["b"] * 65), **SETTINGS)
    assert (found.groups[1].enough_rows, found.groups[1].enough_goods) == (True, False)
    assert found.approval_ratio is not None
    assert found.opportunity_gap is None


def test_age_bands_in_order_and_without_empty_ones():
    target, approved, _ = rows(200)
    age = pd.Series(np.repeat([22.0, 30.0, 70.0, np.nan], 50), name="Age")
    found = fairness(target, approved, age, **{**SETTINGS, "edges": [25, 40, 60]})
    assert [group.name for group in found.groups] == ["under 25", "25 to 40", "60 and over", "missing"]


def test_one_group_has_nothing_to_be_compared_with():
    target, approved, _ = rows(100)
    found = fairness(target, approved, pd.Series(["all"] * 100), **SETTINGS)
    assert found.approval_ratio is None
    assert found.opportunity_gap is None


def test_nobody_approved_leaves_no_ratio_and_says_so(caplog):
    target, approved, column = rows()
    with caplog.at_level(logging.WARNING):
        found = fairness(target, np.zeros_like(approved), column, **SETTINGS)
    assert found.approval_ratio is None
    assert found.opportunity_gap.value == 0
    assert "Group: ratio of rates: not defined" in caplog.text


def test_no_good_payer_leaves_no_rate_among_them():
    target = np.array([1] * 60 + [0] * 60)
    found = fairness(target, np.ones(120), pd.Series(["a"] * 60 + ["b"] * 60), **SETTINGS)
    assert found.groups[0].good_approval_rate is None
    assert found.groups[0].approval_rate == 1


def test_it_is_plain_json():
    target, approved, column = rows()
    found = fairness(target, approved, column, **SETTINGS).to_json()
    again = json.loads(json.dumps(found, allow_nan=False))
    assert set(again["approval_ratio"]) == {"value", "low", "high", "lowest", "highest"}
    assert [group["name"] for group in again["groups"]] == ["a", "b", "c"]


def test_unequal_lengths_are_named():
    target, approved, column = rows()
    with pytest.raises(CasebookError, match="fairness by 'Group': 899 values for 900 rows"):
        fairness(target, approved, column.iloc[1:], **SETTINGS)
