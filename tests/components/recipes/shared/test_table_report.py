"""What the reports of tables have in common."""

from pathlib import Path

import numpy as np
import pandas as pd

from components.core.job import BUNDLE, SELECTION, TEST, VALIDATION
from components.recipes.shared.table_report import predictions, records, stability_table, who_answers

ROWS = pd.DataFrame({"id": ["a", "b"], "size": [1.0, 2.0], "target": [0, 2]})


def test_predictions_stand_beside_key_and_target_and_several_numbers_in_a_list() -> None:
    shares = np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7]])
    found = predictions({"key": ["id", "row"]}, ROWS, {"model": shares, "trees": np.array([0.25, 0.75])})
    assert list(found) == ["id", "target", "model", "trees"]
    assert np.stack(found["model"].tolist()).tolist() == shares.tolist()
    assert found["trees"].tolist() == [0.25, 0.75]


def test_predictions_keep_to_their_rows_whatever_their_numbers() -> None:
    found = predictions({"key": []}, ROWS.set_axis([7, 3]), {"model": np.array([0.1, 0.9])})
    assert found["model"].tolist() == [0.1, 0.9]
    assert found["target"].tolist() == [0, 2]


def test_the_validation_is_answered_by_who_does_not_know_it(tmp_path: Path) -> None:
    opened: list[str] = []

    def open_one(folder: Path) -> str:
        opened.append(folder.name)
        return folder.name

    (tmp_path / BUNDLE).mkdir()
    asked = who_answers(tmp_path, tmp_path / "served", open_one)  # type: ignore[type-var]
    assert asked(VALIDATION) == asked(TEST) == ("served", BUNDLE)
    (tmp_path / SELECTION).mkdir()
    asked = who_answers(tmp_path, tmp_path / "served", open_one)  # type: ignore[type-var]
    assert asked(TEST) == ("served", BUNDLE)
    assert asked(VALIDATION) == (SELECTION, SELECTION)
    assert opened == ["served", BUNDLE, "served", BUNDLE, SELECTION]


def test_stability_names_the_columns_that_moved_furthest() -> None:
    moved = pd.DataFrame({"column": [f"c{place}" for place in range(12)], "psi": np.linspace(0.3, 0.01, 12)})
    table = stability_table(0.05, moved)
    assert [row[0] for row in table.rows] == ["the score", *(f"c{place}" for place in range(10))]
    assert "the 10 columns" in table.note


def test_records_are_plain_and_know_no_nan() -> None:
    assert records(pd.DataFrame({"a": np.array([1, 2]), "b": [0.5, np.nan]})) == [
        {"a": 1, "b": 0.5},
        {"a": 2, "b": None},
    ]
