"""How far a column moved and whether that is chance, by hand where a hand can, else against what is known of chance."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

from components.core.params.monitor import DriftParams
from components.monitoring.drift import banded, chi_squared, compare, kolmogorov_smirnov

PARAMS = DriftParams(psi=0.2, alpha=0.01, bins=10, floor=0.0001, columns=0.2, ignore=())


def normal(rows: int, seed: int, mean: float = 0.0) -> pd.Series:
    return pd.Series(np.random.default_rng(seed).normal(mean, 1.0, rows))


def classes(**counts: int) -> pd.Series:
    return pd.Series([name for name, count in counts.items() for _ in range(count)], dtype="str")


def test_chi_squared_is_the_sum_over_cells():
    """60, 40 beside 30, 70: expected 45, 55 each; 2 * (15^2 / 45 + 15^2 / 55) with 1 degree of freedom."""
    statistic, p = chi_squared(classes(a=60, b=40), classes(a=30, b=70))
    expected = 2 * (15**2 / 45 + 15**2 / 55)
    assert statistic == pytest.approx(expected)
    assert p == pytest.approx(chi2.sf(expected, 1))


def test_rare_classes_count_as_one_and_a_missing_value_is_a_value():
    """Singles of 8 kinds are pooled: 100, 8 beside 100, 0, not nine columns of ones."""
    before = pd.concat([classes(a=100), pd.Series(list("bcdefghi"), dtype="str")])
    statistic, _ = chi_squared(before, classes(a=100))
    table = np.array([[100, 100], [8, 0]])
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    assert statistic == pytest.approx(((table - expected) ** 2 / expected).sum())
    half = classes(a=100)
    half[::2] = None
    assert chi_squared(classes(a=100), half)[1] < 1e-6


def test_one_class_everywhere_is_no_difference():
    assert chi_squared(classes(a=50), classes(a=20)) == (0.0, 1.0)


def test_kolmogorov_smirnov_is_the_largest_step_between_the_two():
    statistic, _ = kolmogorov_smirnov(pd.Series([1.0, 2, 3, 4]), pd.Series([3.0, 4, 5, 6]))
    assert statistic == pytest.approx(2 / 4)


def test_more_missing_values_are_a_distance():
    before, after = normal(1000, 0), normal(1000, 1)
    after[::4] = np.nan
    statistic, p = kolmogorov_smirnov(before, after)
    assert statistic == pytest.approx(0.25, abs=0.02)
    assert p < 1e-6


@pytest.mark.parametrize("after", [np.full(50, 8.0), np.array([7.0] * 49 + [7.5])])
def test_a_column_that_was_constant_moves_when_its_value_changes(after):
    """Bands of equal mass are one band here; a value that training never had is outside it."""
    first, second = banded(pd.Series(np.full(50, 7.0)), pd.Series(after), 10)
    assert set(first) == {"0"}
    assert (second == "beyond").sum() == (after != 7.0).sum()


def test_among_a_hundred_columns_of_the_same_make_chance_finds_none():
    """By p < 0.05 alone about 5 would be found: what is corrected finds none."""
    generator = np.random.default_rng(7)
    normals = {str(place): generator.normal(size=(2, 300)) for place in range(100)}
    pairs = {name: (pd.Series(before), pd.Series(after)) for name, (before, after) in normals.items()}
    found = compare(pairs, PARAMS.model_copy(update={"psi": 1e-9, "alpha": 0.05}))
    assert sum(one.p < 0.05 for one in found) in range(1, 12)
    assert not any(one.drifted for one in found)


def test_one_shifted_column_among_many_is_found_and_stands_first():
    pairs = {str(column): (normal(2000, column), normal(500, 100 + column)) for column in range(20)}
    pairs["shifted"] = (normal(2000, 50), normal(500, 51, mean=0.7))
    pairs["class"] = (classes(a=1500, b=500), classes(a=200, b=300))
    found = compare(pairs, PARAMS)
    assert [one.name for one in found if one.drifted] == [one.name for one in found[:2]]
    assert {one.name for one in found[:2]} == {"shifted", "class"}
    assert {one.name: one.test for one in found[:2]} == {"shifted": "ks", "class": "chi2"}


def test_a_difference_that_is_certain_and_small_is_no_drift_nor_one_that_is_large_and_chance():
    certain = compare({"x": (normal(200_000, 0), normal(200_000, 1, mean=0.05))}, PARAMS)[0]
    assert (certain.adjusted < 1e-6, certain.psi < 0.01, certain.drifted) == (True, True, False)
    chance = compare({"x": (normal(2000, 0), normal(15, 3))}, PARAMS)[0]
    assert (chance.psi > 0.2, chance.adjusted > 0.01, chance.drifted) == (True, True, False)


def test_corrected_values_are_those_of_benjamini_and_hochberg():
    """Three columns with p1 <= p2 <= p3: p1 * 3, p2 * 3 / 2 and p3, none above the next."""
    pairs = {str(place): (normal(400, place), normal(400, 10 + place, mean=place / 10)) for place in range(3)}
    found = sorted(compare(pairs, PARAMS), key=lambda one: one.p)
    last = found[2].p
    second = min(found[1].p * 3 / 2, last)
    assert [one.adjusted for one in found] == pytest.approx([min(found[0].p * 3, second), second, last])


def test_of_no_columns_nothing_is_said():
    assert compare({}, PARAMS) == []
