"""Figures of the recipe that were computed by hand; `tests/recipes/test_contract.py` takes its toy rows through it."""

import numpy as np
import pytest

from components.recipes.shared.template.serving import mae, rmse


def test_errors_are_those_computed_by_hand() -> None:
    target, score = np.array([1.0, 2.0, 4.0]), np.array([2.0, 2.0, 2.0])
    assert mae(target, score) == pytest.approx((1 + 0 + 2) / 3)
    assert rmse(target, score) == pytest.approx((5 / 3) ** 0.5)
