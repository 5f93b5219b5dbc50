from pathlib import Path

import pytest

from components.contracts import Interval, Scores
from components.evaluation.scores import FILE, read_scores, write_scores

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
