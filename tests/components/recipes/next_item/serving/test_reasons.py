"""Which event speaks for an answer, beside sums written out."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.recipes.next_item.serving import reasons
from components.recipes.next_item.serving.predictor import open_predictor
from tests.components.recipes.next_item.serving.tiny import MEMBERS, write_tiny

ROWS = pd.DataFrame(
    {
        "user_id": ["a", "a", "a", "b", "c", "c"],
        "item_id": [10, 12, 11, 13, 11, None],
        "timestamp": [1, 2, 3, 4, 5, 6],
    }
)
# Of the tiny tables: 10 speaks for 11, 11 for 13, 12 for 15.
EXPECTED = {
    ("a", "13"): "11",
    ("a", "14"): "",
    ("a", "15"): "12",
    ("b", "11"): "",
    ("c", "13"): "11",
    ("c", "15"): "",
}


@pytest.mark.parametrize("cells", [1, 10**6])
@pytest.mark.parametrize("weight", [0.5, 0.0])
@pytest.mark.parametrize("threshold", [1000, 1])
def test_the_event_that_adds_most_is_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cells: int, weight: float, threshold: int
) -> None:
    """Whatever is held at a time; a table without a part in the blend is asked where no other has one."""
    monkeypatch.setattr(reasons, "CELLS", cells)
    members = [MEMBERS[0], {**MEMBERS[1], "weight": weight}]
    predictor = open_predictor(write_tiny(tmp_path / "bundle", members=members, index={"threshold": threshold}))
    answer = predictor.recommend(ROWS, top=6, because=True).fillna("")
    found = answer.set_index(["user", "item"])["because"]
    assert {key: found[key] for key in EXPECTED} == EXPECTED
    titles = {"10": "Ten", "11": "Eleven", "12": "Twelve", "": ""}
    assert answer["because_title"].tolist() == [titles[item] for item in answer["because"]]


def test_later_events_and_heavier_tables_speak_louder(tmp_path: Path) -> None:
    """Two tables say that 10 and 12 lead to 13: .4 each in one, and 10 alone with .1 in the other."""
    first = {**MEMBERS[1], "name": "one"}
    other = {**MEMBERS[1], "name": "two", "file": "two"}
    for weights, reason in (((1.0, 0.0), "12"), ((0.0, 1.0), "10"), ((1.0, 0.01), "12"), ((0.01, 1.0), "10")):
        members = [MEMBERS[0], {**first, "weight": weights[0]}, {**other, "weight": weights[1]}]
        tables = {"ease": [(0, 3, 0.4), (2, 3, 0.4)], "two": [(0, 3, 0.1)]}
        predictor = open_predictor(write_tiny(tmp_path / f"{weights}", members=members, tables=tables))
        rows = pd.DataFrame({"user_id": "a", "item_id": [10, 12], "timestamp": [1, 2]})
        answer = predictor.recommend(rows, top=4, because=True)
        assert answer.loc[answer["item"] == "13", "because"].tolist() == [reason]


def test_nothing_speaks_where_there_is_no_table(tmp_path: Path) -> None:
    predictor = open_predictor(write_tiny(tmp_path / "bundle", members=MEMBERS[:1]))
    assert predictor.recommend(ROWS, top=2, because=True)["because"].isna().all()
    assert np.array_equal(
        predictor.recommend(ROWS, top=2)["item"], predictor.recommend(ROWS, top=2, because=True)["item"]
    )
