import numpy as np
import pytest

from components.kits.survival.metrics import over_counts
from components.kits.survival.metrics.censoring import Censoring


def test_blocks_of_pairs_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    time, event, score = random.exponential(2, 40), random.random(40) < 0.5, random.random(40)
    counts = random.integers(0, 3, (5, 40)).astype(float)
    whole = over_counts.c_index(time, event, score, counts)
    monkeypatch.setattr(over_counts, "PAIRS", 100)
    np.testing.assert_allclose(over_counts.c_index(time, event, score, counts), whole, rtol=1e-12)


def test_own_weights_are_those_of_the_drawn_rows() -> None:
    time = np.array([1.0, 2.0, 2.0, 3.0, 4.0, 0.5])
    event = np.array([False, True, False, True, False, True])
    counts = np.array([[1, 1, 1, 1, 1, 1], [2, 0, 1, 3, 0, 0], [0, 2, 2, 0, 1, 1]], dtype=float)
    cases, controls = over_counts.own_weights(time, event, counts, 2.5)
    for drawn, had, had_not in zip(counts, cases, controls, strict=True):
        repeated = np.repeat(np.column_stack([time, event]), drawn.astype(int), axis=0)
        expected = Censoring.of(repeated).weights(time, event, 2.5)
        np.testing.assert_allclose(had, drawn * expected[0], rtol=1e-12)
        np.testing.assert_allclose(had_not, drawn * expected[1], rtol=1e-12)


def test_separated_risks_have_no_slope() -> None:
    time, event = np.array([1.0, 1.0, 3.0, 3.0]), np.array([True, True, False, False])
    slope, shift = over_counts.calibration(time, event, np.array([0.9, 0.8, 0.2, 0.1]), np.ones((1, 4)), 2.0)
    assert np.isnan(slope[0])
    assert shift[0] == pytest.approx(0, abs=1e-9)
