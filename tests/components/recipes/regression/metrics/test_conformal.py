import logging

import numpy as np
import pytest

from components.recipes.regression.metrics.conformal import (
    Band,
    Intervals,
    Margins,
    interval_losses,
    left_out_ends,
    make_band,
)

ONES = np.ones(9)


def test_margins_by_hand() -> None:
    """Of nine rows at 80% each end may be passed by one in ten: the ninth of nine scores, the largest."""
    target = np.array([-4.0, -3, -2, -1, 0, 1, 2, 3, 7])
    band = Band(0 * ONES, 0 * ONES, 2 * ONES)
    assert Margins.fit(target, band, 0.8) == Margins(down=4 / 2, up=7 / 2)
    low, high = Margins(2, 3.5).ends(0 * ONES, band)
    assert (low[0], high[0]) == (-4, 7)


def test_of_few_rows_both_ends_are_as_far_as_the_farther_one(caplog: pytest.LogCaptureFixture) -> None:
    target, band = np.array([-4.0, -3, -2, 0, 7]), Band(*np.zeros((2, 5)), np.ones(5))
    # One in ten at each end would need nine rows; of |4, 3, 2, 0, 7| the ceil(6 * 0.8) = 5th.
    assert Margins.fit(target, band, 0.8) == Margins(7, 7)
    assert not caplog.records
    with caplog.at_level(logging.WARNING):
        assert Margins.fit(target, band, 0.9) == Margins(7, 7)
    assert "5 row(s) are too few for a coverage of 0.9" in caplog.text


def test_the_value_is_in_its_interval() -> None:
    low, high = Margins(-1, -1).ends(np.array([0.0]), Band(np.zeros(1), np.zeros(1), np.ones(1)))
    assert (low[0], high[0]) == (0, 0)


def test_new_rows_are_covered_as_stated_and_each_end_is_passed_by_half_of_the_rest() -> None:
    """On average over draws of the rows that margins are found on: 500 times 99, each held against 1,000 others."""
    random, covered, below = np.random.default_rng(0), [], []
    for _ in range(500):
        known, new = random.exponential(1, 99), random.exponential(1, 1000)
        margins = Margins.fit(known, Band(*np.zeros((2, 99)), np.ones(99)), 0.9)
        covered.append(((new >= -margins.down) & (new <= margins.up)).mean())
        below.append((new < -margins.down).mean())
    assert np.mean(covered) == pytest.approx(0.9, abs=0.005)
    assert np.mean(below) == pytest.approx(0.05, abs=0.004)


def test_bands_of_each_method() -> None:
    value, deviation = np.array([1.0, 2.0]), np.array([1.0, 1.0])
    quantiles = (np.array([0.0, 3.0]), np.array([4.0, 2.0]))  # the second row's cross
    scaled = make_band("scaled", value, deviation, quantiles, least=1.5)
    assert scaled.low.tolist() == value.tolist()
    assert scaled.unit.tolist() == [4, 1.5]
    direct = make_band("quantiles", value, deviation, quantiles, least=1.5)
    assert (direct.low.tolist(), direct.high.tolist(), direct.unit.tolist()) == ([0, 2], [4, 3], [1, 1])
    assert make_band("alike", value, deviation, None, least=0.0).unit.tolist() == [1, 1]


def test_groups_have_margins_of_their_own_where_they_have_rows_enough() -> None:
    codes = np.array([1] * 9 + [2] * 9 + [3])
    target = np.concatenate([np.linspace(-1, 1, 9), np.linspace(-5, 5, 9), [0.0]])
    band = Band(np.zeros(19), np.zeros(19), np.ones(19))
    found = Intervals.fit(target, band, 0.8, codes, fewest=5)
    assert set(found.groups) == {1, 2}
    low, high = Intervals.from_json(found.to_json()).ends(np.zeros(19), band, codes)
    assert (low[0], high[0]) == (-1, 1)
    assert (low[9], high[9]) == (-5, 5)
    assert (low[18], high[18]) == (-found.rest.down, found.rest.up)
    everywhere = found.ends(np.zeros(19), band, None)
    assert set(everywhere[0]) == {-found.rest.down}


def test_rows_are_held_against_margins_of_the_others() -> None:
    target, band = np.array([0.0, 0, 10, 10]), Band(np.zeros(4), np.zeros(4), np.ones(4))
    parts = [(np.array([0, 1]), np.array([2, 3])), (np.array([2, 3]), np.array([0, 1]))]
    low, high = left_out_ends(target, np.zeros(4), band, 0.5, parts, None, 1)
    assert high.tolist() == [10, 10, 0, 0]
    assert low.tolist() == [-10, -10, 0, 0]  # of two rows there is one margin for both ends


def test_an_interval_costs_its_width_and_what_it_misses() -> None:
    losses = interval_losses(np.array([5.0, 12.0]), np.array([0.0, 0.0]), np.array([10.0, 10.0]), 0.8)
    assert losses == pytest.approx([0.1 * 10, 0.1 * 12 + 0.9 * 2])
