import numpy as np
import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.kits.tables.explain import typical_values
from components.recipes.survival.metrics.contributions import contributions

ROWS = pd.DataFrame(
    {
        "nodes": [0.0, 10.0, np.nan],
        "grade": pd.Series(["1-2", "3", "3"], dtype="str"),
        "hormon": pd.Series([True, False, pd.NA], dtype="boolean"),
        "seen": pd.to_datetime(["2020-01-01", "2021-01-01", "2022-01-01"]).as_unit("us"),
    }
)


def hazard(rows: pd.DataFrame) -> np.ndarray:
    """Each node 1.1, grade 3 twice, hormones half."""
    nodes = rows["nodes"].fillna(3).to_numpy(float)
    hormon = rows["hormon"].astype("boolean").fillna(False).to_numpy(bool)
    return 0.1 * 1.1**nodes * np.where(rows["grade"] == "3", 2.0, 1.0) * np.where(hormon, 0.5, 1.0)


def test_a_typical_patient_has_medians_and_the_most_frequent() -> None:
    assert typical_values(ROWS, list(ROWS)) == {
        "nodes": 5.0,
        "grade": "3",
        "hormon": False,  # of equally frequent ones the first
        "seen": "2021-01-01 00:00:00",
    }
    assert typical_values(pd.DataFrame({"x": [np.nan]}), ["x"]) == {"x": None}


def test_factors_are_against_the_typical_value_and_strongest_first() -> None:
    first, second, third = contributions(hazard, ROWS, typical_values(ROWS, list(ROWS)), top=3)
    assert [(one.feature, one.value) for one in first] == [("grade", "1-2"), ("hormon", True), ("nodes", 0.0)]
    assert [one.factor for one in first] == pytest.approx([1 / 2, 1 / 2, 1.1**-5])
    assert [(one.feature, one.factor) for one in second] == [("nodes", pytest.approx(1.1**5))]
    assert [(one.feature, one.value) for one in third] == [("nodes", None)]


def test_no_rows_and_unknown_features() -> None:
    assert contributions(hazard, ROWS.head(0), {"nodes": 1.0}, top=3) == []
    with pytest.raises(CasebookError, match="'size'"):
        contributions(hazard, ROWS, {"size": 1.0}, top=3)
