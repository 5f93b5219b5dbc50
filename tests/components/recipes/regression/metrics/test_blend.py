import numpy as np
import pytest

from components.recipes.regression.metrics.blend import mix, mixing_weights
from components.recipes.regression.metrics.calibration import choose_calibration, fit_calibration

RANDOM = np.random.default_rng(0)
TARGET = RANDOM.normal(50, 10, 400)
GOOD, NOISE = TARGET + RANDOM.normal(0, 2, 400), RANDOM.normal(50, 10, 400)
HALVES = [(np.arange(0, 400, 2), np.arange(1, 400, 2)), (np.arange(1, 400, 2), np.arange(0, 400, 2))]


def surely(losses: np.ndarray, others: np.ndarray) -> bool:
    gain = others - losses
    return bool(gain.mean() > gain.std(ddof=1) / np.sqrt(len(gain)))


def test_values_are_averaged_by_weight() -> None:
    assert mix(np.array([[1.0, 5.0]]), np.array([0.75, 0.25])).tolist() == [2.0]


def test_weight_goes_to_who_knows_in_whatever_units() -> None:
    columns = np.column_stack([GOOD, NOISE])
    weights = mixing_weights("squared", TARGET, columns, shrinkage=0.01)
    assert weights[0] > 0.9
    thousands = mixing_weights("squared", 1000 * TARGET, 1000 * columns, shrinkage=0.01)
    assert thousands == pytest.approx(weights, abs=1e-4)
    assert mixing_weights("absolute", TARGET, columns, shrinkage=0.0)[0] > 0.9
    assert mixing_weights("squared", TARGET, columns, shrinkage=1e6) == pytest.approx([0.5, 0.5], abs=1e-3)


def test_the_pull_is_as_strong_where_the_target_is_easily_told() -> None:
    """Two members whose errors are 1 and 2 deviations, and a thousandth of that."""
    off = RANDOM.normal(0, [1.0, 2.0], (400, 2))
    found = [
        mixing_weights("squared", TARGET, TARGET[:, None] + size * off, shrinkage=0.3).tolist() for size in (1.0, 1e-3)
    ]
    assert found[1] == pytest.approx(found[0], abs=1e-3)
    assert 0.5 < found[0][0] < mixing_weights("squared", TARGET, TARGET[:, None] + off, shrinkage=0.0)[0]
    assert mixing_weights("squared", TARGET, np.column_stack([TARGET, NOISE]), shrinkage=0.01)[0] > 0.99


def test_two_errors_of_their_own_are_shared_as_their_variances_say() -> None:
    """The best weight of unbiased members with independent errors is in proportion to 1 over the variance."""
    random = np.random.default_rng(1)
    target = random.normal(0, 10, 50_000)
    columns = target[:, None] + random.normal(0, [1.0, 2.0], (50_000, 2))
    assert mixing_weights("squared", target, columns, shrinkage=0.0)[0] == pytest.approx(0.8, abs=0.02)


def test_maps_by_hand() -> None:
    value, target = np.array([1.0, 2.0, 3.0]), np.array([1.5, 3.0, 4.5])
    assert fit_calibration("factor", target, value).apply(value) == pytest.approx(target)
    assert fit_calibration("line", target + 1, value).apply(value) == pytest.approx(target + 1)
    assert fit_calibration("line", 10 * target, value).slope == 2.0  # bounded
    assert fit_calibration("identity", target, value).apply(value) is value


def test_a_map_that_is_surely_better_is_taken_and_no_other() -> None:
    chosen = choose_calibration(("identity", "factor", "line"), TARGET, GOOD / 1.3, HALVES, beats=surely)
    assert chosen.method in ("factor", "line")
    assert chosen.apply(GOOD / 1.3) == pytest.approx(GOOD, abs=3.0)
    assert choose_calibration(("identity", "factor", "line"), GOOD, TARGET, HALVES, beats=surely).method == "identity"
    few = choose_calibration(("identity", "factor"), TARGET[:10], GOOD[:10] / 1.3, HALVES, beats=surely)
    assert few.method == "identity"
