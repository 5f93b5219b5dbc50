from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.kits.tables.encoding.scale import Scale, fit_scale, signed_log
from components.kits.tables.encoding.spec import EncodeParams

FINITE = st.floats(-1e100, 1e100)


def fit(values: list[float], numeric: Any, knots: int = 256) -> Scale:
    return fit_scale(np.array(values), EncodeParams(numeric=numeric, knots=knots, min_count=1))


def test_quantile_sends_a_value_to_the_normal_quantile_of_its_mid_rank() -> None:
    scale = fit([3.0, 1.0, 1.0, 1.0, 2.0], "quantile")
    quantile = NormalDist().inv_cdf
    assert scale(np.array([1.0, 2.0, 3.0])).tolist() == [quantile(1.5 / 5), quantile(3.5 / 5), quantile(4.5 / 5)]
    assert scale(np.array([1.5])).tolist() == [(quantile(1.5 / 5) + quantile(3.5 / 5)) / 2]
    assert scale(np.array([-9.0, 9.0])).tolist() == [quantile(1.5 / 5), quantile(4.5 / 5)]


def test_quantile_has_at_most_its_knots_and_keeps_the_ends() -> None:
    values = np.random.default_rng(0).normal(size=5000)
    scale = fit(values.tolist(), "quantile", knots=64)
    assert len(scale.x) == 64
    assert (scale.x[0], scale.x[-1]) == (values.min(), values.max())
    scaled = scale(values)
    assert abs(scaled.mean()) < 0.01
    assert abs(scaled.std() - 1) < 0.02


def test_standard() -> None:
    scale = fit([1.0, 2.0, 6.0], "standard")
    deviation = np.sqrt(((1 - 3) ** 2 + (2 - 3) ** 2 + (6 - 3) ** 2) / 3)
    np.testing.assert_allclose(scale(np.array([1.0, 2.0, 6.0, 99.0])), np.array([-2, -1, 3, 3]) / deviation)


def test_log_standard() -> None:
    values = np.array([-np.e + 1, 0.0, np.e - 1])  # logs -1, 0, 1
    scale = fit(values.tolist(), "log_standard")
    np.testing.assert_allclose(scale(values), np.array([-1, 0, 1]) / np.sqrt(2 / 3))


def test_signed_log() -> None:
    np.testing.assert_allclose(signed_log(np.array([-1.0, 0.0, 1.0])), [-np.log(2), 0, np.log(2)])


@pytest.mark.parametrize("numeric", ["quantile", "standard", "log_standard"])
def test_a_constant_becomes_zero(numeric: str) -> None:
    assert fit([5.0, 5.0, 5.0], numeric)(np.array([5.0, 0.0])).tolist() == [0.0, 0.0]


@given(
    st.lists(FINITE, min_size=1, max_size=50),
    st.lists(FINITE, min_size=1),
    st.sampled_from(["quantile", "standard", "log_standard"]),
    st.integers(2, 20),
)
def test_scaled_values_are_finite_and_in_order(
    train: list[float], values: list[float], numeric: str, knots: int
) -> None:
    scaled = fit(train, numeric, knots)(np.sort(values))
    assert np.isfinite(scaled.astype(np.float32)).all()
    assert (np.diff(scaled) >= -1e-9).all()
