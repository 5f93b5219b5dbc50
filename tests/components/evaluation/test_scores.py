from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.core.results import Interval, Scores
from components.evaluation.scores import FILE, as_column, from_column, read_scores, write_scores

SCORES = [
    Scores("validation", {"model": {"auc": Interval(0.8, 0.7, 0.9)}}),
    Scores("test", {"model": {"auc": Interval(0.81, 0.7, 0.9)}, "logistic": {"auc": Interval(0.5, 0.4, 0.6)}}),
]


def test_scores_are_read_as_they_were_written(tmp_path: Path) -> None:
    write_scores(tmp_path, SCORES)
    assert read_scores(tmp_path) == SCORES


def test_the_same_scores_are_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    write_scores(tmp_path, SCORES)
    write_scores(tmp_path / "again", SCORES)
    assert (tmp_path / FILE).read_bytes() == (tmp_path / "again" / FILE).read_bytes()


def test_a_score_that_is_no_number_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_scores(tmp_path, [Scores("test", {"model": {"auc": Interval(float("nan"), 0, 1)}})])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "answers",
    [
        np.array([0.25, 0.5]),
        np.array(["一", "二"], dtype=object),
        np.array([["a", "b"], ["c", ""]], dtype=object),
        np.array([[[1.5, 2.0], [np.nan, np.nan]], [[0.1, 7.0], [3.0, 4.0]]], np.float32),
    ],
    ids=["numbers", "texts", "lists", "boxes"],
)
def test_answers_come_back_from_a_column_as_they_were(answers: np.ndarray, tmp_path: Path) -> None:
    pd.DataFrame({"score": as_column(answers)}).to_parquet(tmp_path / "answers.parquet", index=False)
    found = from_column(pd.read_parquet(tmp_path / "answers.parquet")["score"])
    assert found.shape == answers.shape
    if answers.dtype.kind == "f":
        assert np.array_equal(found.astype(answers.dtype), answers, equal_nan=True)
    else:
        assert found.tolist() == answers.tolist()
