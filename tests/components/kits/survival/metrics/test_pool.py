import numpy as np
import pytest

from components.kits.survival.metrics.pool import Recalibration, fit_recalibration, pooled, pooling_weights

TIMES = np.array([1.0, 2.0, 3.0])


def patients(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Targets drawn from constant hazards, the true curves, and curves that know nothing."""
    random = np.random.default_rng(1)
    hazard = np.exp(random.normal(-1, 1, count))
    event, end = random.exponential(1 / hazard), random.uniform(0.5, 6, count)
    target = np.column_stack([np.minimum(event, end), event <= end])
    return target, hazard[:, None] * TIMES, np.full((count, 3), 0.4) * TIMES


def test_the_pool_is_a_geometric_mean() -> None:
    found = pooled([np.array([[1.0, 4.0]]), np.array([[4.0, 9.0]])], np.array([0.5, 0.5]))
    assert found[0].tolist() == pytest.approx([2, 6])


def test_the_member_that_knows_gets_the_weight() -> None:
    target, true, blind = patients(500)
    weights = pooling_weights(target, TIMES, [blind, true], shrinkage=0.0)
    assert weights.sum() == pytest.approx(1)
    assert weights[1] > 0.9


def test_shrinkage_pulls_towards_equal_weights() -> None:
    target, true, blind = patients(500)
    assert pooling_weights(target, TIMES, [blind, true], shrinkage=1e4) == pytest.approx([0.5, 0.5], abs=0.01)


def test_recalibration_undoes_a_distortion() -> None:
    target, true, _ = patients(4000)
    found = fit_recalibration(target, TIMES, Recalibration(0.5, 2.0).apply(true))
    assert found.slope == pytest.approx(1 / 2, abs=0.05)
    assert found.intercept == pytest.approx(-0.5 / 2, abs=0.1)
    assert Recalibration(**found.to_json()) == found


def test_recalibration_keeps_the_order() -> None:
    curve = np.array([[0.1, 0.2, 0.5], [0.2, 0.4, 0.9]])
    found = Recalibration(0.3, 0.7).apply(curve)
    assert (np.diff(found, axis=1) > 0).all()
    assert (found[1] > found[0]).all()
