import numpy as np
import pandas as pd
import pytest

from components.kits.survival.preparation.leaks.order import agreement, follows, spread

TIME = np.array([1.0, 2.0, 3.0, 4.0])


@pytest.mark.parametrize(
    ("values", "gamma"),
    [
        ([1, 2, 3, 4], 1.0),
        ([4, 3, 2, 1], -1.0),
        ([0, 0, 1, 1], 1.0),  # bands make ties, and no pair in the wrong order
        ([2, 1, 3, 4], (5 - 1) / 6),
        ([2, np.nan, 1, 3], (2 - 1) / 3),
        ([7, 7, 7, 7], 0.0),
    ],
)
def test_gamma_by_hand(values: list[float], gamma: float) -> None:
    assert agreement(np.array(values, dtype=float), TIME) == pytest.approx(gamma)


def test_names_of_bands_follow_the_time_in_any_order_of_the_names() -> None:
    time = np.arange(60.0)
    bands = pd.Series(np.where(time < 20, "under 20", np.where(time < 40, "20 to 40", "over 40")))
    assert follows(bands, "categorical", time) == 1.0
    assert follows(bands.sample(frac=1, random_state=0).reset_index(drop=True), "categorical", time) < 0.5


def test_classes_of_few_rows_are_in_no_order() -> None:
    time = np.arange(40.0)
    assert follows(pd.Series([f"site {row // 2}" for row in range(40)]), "categorical", time) == 0.0


def test_spread_is_what_the_commonest_value_leaves() -> None:
    assert spread(pd.Series([1.0, 1.0, 1.0, 2.0, None])) == 0.25
