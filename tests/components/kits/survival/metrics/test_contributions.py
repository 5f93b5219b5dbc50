import numpy as np
import pandas as pd
import pytest

from components.kits.survival.metrics.contributions import Contribution, contributions
from components.kits.tables.typical import typical_values
from tests.components.kits.tables.explained import AsColumns, Explained

ROWS = pd.DataFrame(
    {
        "nodes": [0.0, 10.0, np.nan],
        "grade": pd.Series(["1-2", "3", "3"], dtype="str"),
        "hormon": pd.Series([True, False, pd.NA], dtype="boolean"),
        "seen": pd.to_datetime(["2020-01-01", "2021-01-01", "2022-01-01"]).as_unit("us"),
    }
)


def hazard(rows: AsColumns) -> np.ndarray:
    """Each node 1.1, grade 3 twice, hormones half."""
    nodes, hormon = np.nan_to_num(rows["nodes"], nan=3), np.nan_to_num(rows["hormon"], nan=0)
    return 0.1 * 1.1**nodes * np.where(rows["grade"] == "3", 2.0, 1.0) * 0.5**hormon


def found(rows: pd.DataFrame) -> list[tuple[Contribution, ...]]:
    one, typical = Explained(ROWS, hazard, {}), typical_values(ROWS, list(ROWS))
    return contributions(one.score, one.rows.take(np.arange(len(rows))), one.typical(typical), top=3)


def test_a_typical_patient_has_medians_and_the_most_frequent() -> None:
    assert typical_values(ROWS, list(ROWS)) == {
        "nodes": 5.0,
        "grade": "3",
        "hormon": False,  # of equally frequent ones the first
        "seen": "2021-01-01 00:00:00",
    }
    assert typical_values(pd.DataFrame({"x": [np.nan]}), ["x"]) == {"x": None}


def test_factors_are_against_the_typical_value_and_strongest_first() -> None:
    first, second, third = found(ROWS)
    assert [(one.feature, one.value) for one in first] == [("grade", "1-2"), ("hormon", True), ("nodes", 0.0)]
    assert [one.factor for one in first] == pytest.approx([1 / 2, 1 / 2, 1.1**-5])
    assert [(one.feature, one.factor) for one in second] == [("nodes", pytest.approx(1.1**5))]
    assert [(one.feature, one.value) for one in third] == [("nodes", None)]


def test_no_rows() -> None:
    assert found(ROWS.head(0)) == []
