from typing import get_args

import numpy as np
import pytest

from components.core.errors import CasebookError
from components.recipes.regression.metrics.losses import LOSSES, Units, row_losses
from components.recipes.regression.params import Kind, LossParams

TARGET = np.array([0.0, 1.0, 3.0, 8.0])


def units(kind: Kind, target: np.ndarray = TARGET, least: float | None = None, most: float | None = None) -> Units:
    return Units.of(LossParams(kind=kind, power=1.5), target, (least, most))


@pytest.mark.parametrize("kind", get_args(Kind))
def test_the_way_back_from_what_members_learn(kind: Kind) -> None:
    assert set(LOSSES) == set(get_args(Kind))
    assert units(kind).told(units(kind).learned(TARGET)) == pytest.approx(TARGET)


def test_scales_by_hand() -> None:
    assert units("squared").learned(TARGET) == pytest.approx((TARGET - 3) / np.sqrt((9 + 4 + 0 + 25) / 4))
    # The median is 2, the mean distance to it (2 + 1 + 1 + 6) / 4.
    assert units("absolute").learned(TARGET) == pytest.approx((TARGET - 2) / 2.5)
    assert units("poisson").learned(TARGET) == pytest.approx(TARGET / 3)
    assert units("log").centre == pytest.approx(np.log([1, 2, 4, 9]).mean())
    assert units("squared", np.full(3, 7.0)).learned(np.full(3, 7.0)).tolist() == [0.0] * 3


def test_errors_are_in_proportion_to() -> None:
    values = np.array([4.0, 16.0])
    assert units("squared").deviation(values).tolist() == [1, 1]
    assert units("log").deviation(values).tolist() == [5, 17]
    assert units("poisson").deviation(values).tolist() == [2, 4]
    assert units("tweedie").deviation(values) == pytest.approx([4**0.75, 16**0.75])
    assert (units("poisson").deviation(np.zeros(2)) > 0).all()


def test_what_is_told_is_within_what_the_target_can_be() -> None:
    assert units("log").told(np.array([-50.0])).tolist() == [0.0]
    assert units("squared", least=0.0, most=5.0).within(np.array([-1.0, 2.0, 9.0])).tolist() == [0, 2, 5]
    assert units("squared").within(np.array([-1.0])).tolist() == [-1.0]


def test_targets_below_nothing_are_no_counts() -> None:
    with pytest.raises(CasebookError, match="1 of 4 training rows have a target below 0, such as -1; "):
        units("tweedie", TARGET - 1)


def test_a_blend_is_chosen_by_what_is_learned() -> None:
    assert row_losses("absolute", np.array([1.0]), np.array([4.0])).tolist() == [3]
    assert row_losses("log", np.array([1.0]), np.array([4.0])).tolist() == [9]
