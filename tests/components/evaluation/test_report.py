"""A report is judged and laid down alike for every kind of problem."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from components.core.job import EXTERNAL, TEST, VALIDATION, Job, Paths
from components.core.results import Interval, Report, Scores, Table
from components.evaluation.bootstrap import Resampling
from components.evaluation.presentation.figures import new_figure
from components.evaluation.report import judged_splits, score_split, write_report
from components.evaluation.scores import read_scores
from components.evaluation.tables import read_notes, read_tables


def equal(target: np.ndarray, score: np.ndarray, /) -> float:
    return float(np.mean(target == score))


def off(target: np.ndarray, score: np.ndarray, /) -> float:
    return float(np.abs(target - score).mean())


def test_everybody_is_judged_by_the_metrics_of_their_name():
    target = np.array([0, 1, 1, 0])
    answers = {"model": target, "always": np.ones(4)}
    metrics = {"model": {"equal": equal}, "always": {"equal": equal, "off": off}}
    found = score_split(TEST, target, answers, metrics.__getitem__, Resampling(resamples=200, confidence=0.9, seed=0))
    assert found.split == TEST
    assert found.by_model["model"] == {"equal": Interval(1.0, 1.0, 1.0)}
    assert found.by_model["always"]["equal"].value == found.by_model["always"]["off"].value == 2 / 4
    assert found.by_model["always"]["equal"].low < 2 / 4 < found.by_model["always"]["equal"].high


@pytest.mark.parametrize(
    ("prepared", "expected"),
    [(["val.parquet", "test.parquet"], [VALIDATION, TEST]), (["external.parquet"], [VALIDATION, TEST, EXTERNAL])],
)
def test_an_external_split_is_judged_where_it_was_prepared(
    tmp_path: Path, prepared: list[str], expected: list[str]
) -> None:
    job = Job("shop", None, Paths(tmp_path), None)  # type: ignore[arg-type]  # its params are not asked
    job.paths.prepared("shop").mkdir(parents=True)
    for name in prepared:
        (job.paths.prepared("shop") / name).touch()
    assert judged_splits(job) == expected


def drawing() -> Figure:
    figure = new_figure()
    figure.subplots().plot([0, 1], [0, 1])
    return figure


def test_a_report_is_laid_down_in_its_files(tmp_path: Path) -> None:
    report = Report(
        scores=[Scores(TEST, {"model": {"auc": Interval(0.8, 0.7, 0.9)}})],
        predictions={TEST: pd.DataFrame({"row": [1, 2], "model": [0.5, 0.25]})},
        analysis={"threshold": 0.5},
        tables=[Table("Bands", ["band", "rows"], [[1, 40]], "By score.")],
        notes={"protocol": "one row a user"},
        figures={"roc": drawing},
        pages={"examples": lambda: "<p>one</p>"},
    )
    write_report(tmp_path, report)
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()) == [
        "about.json", "analysis.json", "notes.json", "pictures/examples.html", "pictures/roc.png",
        "predictions-test.parquet", "scores.json", "tables.json",
    ]  # fmt: skip
    assert read_scores(tmp_path) == report.scores
    assert read_tables(tmp_path) == report.tables
    assert read_notes(tmp_path) == report.notes
    assert json.loads((tmp_path / "analysis.json").read_text()) == {"protocol": "one row a user", "threshold": 0.5}
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "predictions-test.parquet"), report.predictions[TEST])
    assert (tmp_path / "pictures" / "examples.html").read_text() == "<p>one</p>"
    assert (tmp_path / "pictures" / "roc.png").read_bytes().startswith(b"\x89PNG")


def test_what_nobody_asks_for_is_not_drawn(tmp_path: Path) -> None:
    def never() -> Figure:
        raise AssertionError("drawn")

    report = Report([], {}, {}, [], {}, {"roc": never}, {})
    assert report.scores == []
    with pytest.raises(AssertionError, match="drawn"):
        write_report(tmp_path, report)
