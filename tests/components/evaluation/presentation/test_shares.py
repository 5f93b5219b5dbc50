import numpy as np
import pytest

from components.evaluation.presentation.shares import wilson


def test_wilsons_interval_is_his_formula() -> None:
    z, n, share = 1.959963984540054, 20, 3 / 20
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    width = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    found = wilson(3, 20, 0.95)
    assert found is not None
    assert found.value == share
    assert (found.low, found.high) == pytest.approx((centre - width, centre + width), rel=1e-12)


def test_no_rows_have_no_share() -> None:
    assert wilson(0, 0, 0.95) is None
