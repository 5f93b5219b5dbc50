from typing import Any

import numpy as np
import pandas as pd
import pytest

from components.kits.tables import explain
from components.kits.tables.encoding.encode import Encoded
from components.kits.tables.explain import Change, strongest_changes
from tests.components.kits.tables.explained import AsColumns, Explained

ROWS = pd.DataFrame({"a": [3.0, 0.0], "b": [1.0, 6.0], "c": ["x", "y"]})
TYPICAL = {"a": 1.5, "b": 2.0, "c": "x"}


def score(rows: AsColumns) -> np.ndarray:
    """Twice a less b, and 1 for y."""
    return 2 * rows["a"] - rows["b"] + (rows["c"] == "y")


def explained(rows: pd.DataFrame = ROWS) -> Explained:
    return Explained(rows, score, TYPICAL)


def strongest(one: Explained, typical: Any = TYPICAL, **options: Any) -> list[Any]:
    return strongest_changes(one.score, one.rows, one.typical(typical), **options)


def test_changes_of_an_additive_score_by_hand() -> None:
    first, second = strongest(explained(), top=3, strength=np.abs)
    assert first == (Change("a", 3, 2 * (3 - 1.5)), Change("b", 1.0, -(1.0 - 2.0)))
    assert second == (Change("b", 6.0, -(6.0 - 2.0)), Change("a", 0, 2 * (0 - 1.5)), Change("c", "y", 1.0))


def test_the_strength_says_which_are_told() -> None:
    first, second = strongest(explained(), top=1, strength=lambda change: change)
    assert [first[0].feature, second[0].feature] == ["a", "c"]  # raised it most
    assert strongest(explained(ROWS.head(1)), {"c": "x"}, top=3, strength=np.abs) == [()]


def test_all_that_differs_is_scored_in_one_call() -> None:
    one = explained()
    strongest(one, top=3, strength=np.abs)
    assert one.calls == [2 + 2 + 1]  # c of the first row is the typical one


def test_a_call_never_has_more_rows_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    many = pd.concat([ROWS] * 5, ignore_index=True)
    whole = strongest(explained(many), top=3, strength=np.abs)
    monkeypatch.setattr(explain, "AT_ONCE", 7)
    one = explained(many)
    assert strongest(one, top=3, strength=np.abs) == whole
    assert len(one.calls) == 5  # two rows at a time, with three features
    assert max(one.calls) <= 7


def test_a_feature_that_is_the_typical_one_changes_nothing_however_a_graph_rounds() -> None:
    one = explained(ROWS.head(1).assign(a=1.5, b=2.0))

    def rounding(encoded: Encoded) -> np.ndarray:
        return one.score(encoded) - 1e-9 * len(encoded.raw)

    assert strongest_changes(rounding, one.rows, one.typical(TYPICAL), top=3, strength=np.abs) == [()]
    assert one.calls == []


def test_no_rows_need_no_score() -> None:
    one = explained()
    none = one.rows.take(np.arange(0))
    assert strongest_changes(one.score, none, one.typical(TYPICAL), top=3, strength=np.abs) == []
    assert one.calls == []
