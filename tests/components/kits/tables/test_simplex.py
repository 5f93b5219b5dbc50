import numpy as np
import pytest

from components.kits.tables.simplex import simplex_weights

WISHED = np.array([0.7, 0.2, 0.1])


def off(weights: np.ndarray) -> float:
    return float(np.sum((weights - WISHED) ** 2))


def test_weights_minimise_the_loss_on_the_simplex() -> None:
    found = simplex_weights(off, 3, shrinkage=0.0)
    assert found == pytest.approx(WISHED, abs=1e-3)
    assert found.sum() == pytest.approx(1)


def test_a_pull_as_strong_as_the_loss_meets_equal_weights_half_way() -> None:
    # (w - wished)^2 + (w - 1/3)^2 is least in the middle of both, which lies on the simplex.
    assert simplex_weights(off, 3, shrinkage=1.0) == pytest.approx((WISHED + 1 / 3) / 2, abs=1e-3)


def test_no_weight_is_negative() -> None:
    found = simplex_weights(lambda weights: float(weights[0] - weights[1]), 2, shrinkage=0.0)
    assert (found >= 0).all()
    assert found[1] == pytest.approx(1, abs=1e-3)
