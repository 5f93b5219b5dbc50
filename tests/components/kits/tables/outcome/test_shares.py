import math

import numpy as np
import pytest

from components.kits.tables.outcome.shares import (
    ClassShares,
    NumberShares,
    class_chance,
    class_design_effect,
    class_shares_table,
    number_chance,
    number_shares_table,
)
from components.kits.tables.shares import design_effect

SPLITS = {"train": np.arange(6), "validation": np.arange(6, 9), "test": np.arange(9, 12)}


def test_classes_of_each_split_are_counted_told_and_tabled() -> None:
    shares = ClassShares.of(SPLITS, np.array([0, 0, 0, 1, 1, 2, 0, 1, 2, 0, 1, 1]), ("a", "b", "c"))
    assert shares.told() == (
        "train 6 rows (a 50.0%, b 33.3%, c 16.7%); validation 3 rows (a 33.3%, b 33.3%, c 33.3%); "
        "test 3 rows (a 33.3%, b 66.7%, c 0.0%)"
    )
    table = class_shares_table(shares.to_json())
    assert table.columns == ["class", "train", "validation", "test"]
    assert table.rows[0] == ["all", 6, 3, 3]
    assert table.rows[2] == ["b", "2 (33.3%)", "1 (33.3%)", "2 (66.7%)"]


def test_figures_of_a_number_by_split() -> None:
    shares = NumberShares.of(SPLITS, np.arange(12.0))
    assert shares.told() == (
        "train 6 rows (mean 2.5, median 2.5); validation 3 rows (mean 7, median 7); test 3 rows (mean 10, median 10)"
    )
    (first, *_) = number_shares_table(shares.to_json()).rows
    assert first == ["train", 6, 2.5, pytest.approx(math.sqrt(35 / 12)), 1.25, 2.5, 3.75]


def test_chance_of_classes_is_that_of_chi_squared() -> None:
    # 2 x 2: 30 of 100 against 50 of 100 is chi-squared 8.33, as often as .4% by chance
    shares = ClassShares(("a", "b"), {"train": [30, 70], "validation": [50, 50]})
    answers = np.repeat([0, 1, 0, 1], [30, 70, 50, 50])
    assert class_chance(shares, answers, None) == pytest.approx(0.0055, abs=0.002)
    assert class_chance(ClassShares(("a", "b"), {"train": [40, 60], "test": [40, 60]}), answers, None) == 1.0


def test_the_design_effect_of_two_classes_is_that_of_positives() -> None:
    answers, groups = np.array([0, 0, 1, 1, 0, 0, 1, 1, 0, 1]), np.array([0, 0, 1, 1, 2, 2, 3, 3, 4, 4])
    assert class_design_effect(answers, groups) == pytest.approx(design_effect(answers, groups))
    assert class_design_effect(answers, None) == 1.0


def test_chance_of_a_number_is_that_of_kruskal_and_wallis() -> None:
    # Ranks 1..6, 7..9, 10..12 of means 3.5, 8, 11 around 6.5: (6·9 + 3·2.25 + 3·20.25) / 13 = 121.5 / 13
    assert number_chance(SPLITS, np.arange(12.0), None) == pytest.approx(math.exp(-121.5 / 13 / 2))
    assert number_chance(SPLITS, np.zeros(12), None) == 1.0
