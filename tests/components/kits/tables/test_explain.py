import json

import numpy as np
import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.kits.tables.explain import Change, strongest_changes, typical_values

ROWS = pd.DataFrame({"a": [3, 0], "b": [1.0, 6.0], "c": ["x", "y"]})
TYPICAL = {"a": 1.5, "b": 2.0, "c": "x"}


def score(rows: pd.DataFrame) -> np.ndarray:
    """Twice a less b, and 1 for y."""
    return 2 * rows["a"].to_numpy(float) - rows["b"].to_numpy(float) + (rows["c"] == "y").to_numpy(float)


def test_changes_of_an_additive_score_by_hand() -> None:
    first, second = strongest_changes(score, ROWS, TYPICAL, top=3, strength=np.abs)
    assert first == (Change("a", 3, 2 * (3 - 1.5)), Change("b", 1.0, -(1.0 - 2.0)))
    assert second == (Change("b", 6.0, -(6.0 - 2.0)), Change("a", 0, 2 * (0 - 1.5)), Change("c", "y", 1.0))


def test_the_strength_says_which_are_told() -> None:
    first, second = strongest_changes(score, ROWS, TYPICAL, top=1, strength=lambda change: change)
    assert [first[0].feature, second[0].feature] == ["a", "c"]  # raised it most
    assert strongest_changes(score, ROWS.iloc[:1], {"c": "x"}, top=3, strength=np.abs) == [()]


def test_no_rows_need_no_score_and_an_unknown_feature_is_named() -> None:
    assert strongest_changes(score, ROWS.head(0), TYPICAL, top=3, strength=np.abs) == []
    with pytest.raises(CasebookError, match=r"explanations: 1 feature.*'size'"):
        strongest_changes(score, ROWS, {"size": 1.0}, top=3, strength=np.abs)


def test_a_typical_row_has_medians_and_the_most_frequent_values():
    rows = pd.DataFrame(
        {
            "debt": [1.0, 2.0, 10.0, np.nan],
            "count": [1, 2, 4, 9],
            "home": ["rent", "own", "own", None],
            "tie": ["b", "a", "b", "a"],
            "known": [True, True, False, True],
            "empty": [np.nan] * 4,
            "blank": pd.Series([None] * 4, dtype="str"),
            "since": pd.to_datetime(["2020-03-01", "2020-01-01", None, "2020-02-01"]),
        }
    )
    found = typical_values(rows, list(rows))
    assert found == {
        "debt": 2.0,
        "count": (2 + 4) / 2,
        "home": "own",
        "tie": "a",
        "known": True,
        "empty": None,
        "blank": None,
        "since": "2020-02-01 00:00:00",
    }
    assert json.loads(json.dumps(found, allow_nan=False)) == found
