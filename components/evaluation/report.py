"""Reports of all kinds of problems, what they do alike: judge everybody's answers to a split, and lay it all down."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from components.core.files import write_json, write_text
from components.core.job import EXTERNAL, PREPARED_FILES, TEST, VALIDATION, Job
from components.core.parts import Metric
from components.core.results import Report, Scores
from components.evaluation.bootstrap import Resampling, intervals
from components.evaluation.presentation.figures import save
from components.evaluation.scores import write_scores
from components.evaluation.tables import write_about, write_tables

ANALYSIS, PICTURES = "analysis.json", "pictures"


def judged_splits(job: Job) -> list[str]:
    """Validation, test and, where it was prepared, the external split."""
    external = (job.paths.prepared(job.case) / PREPARED_FILES[EXTERNAL]).is_file()
    return [VALIDATION, TEST, *([EXTERNAL] if external else [])]


def score_split(
    split: str,
    target: np.ndarray,
    answers: Mapping[str, np.ndarray],
    metrics: Callable[[str], Mapping[str, Metric]],
    resampling: Resampling,
) -> Scores:
    """Metrics with their intervals of each who answered the N rows of a split; `metrics` are those of a name."""
    by_model = {name: intervals(metrics(name), target, found, resampling=resampling) for name, found in answers.items()}
    return Scores(split, by_model)


def write_report(folder: Path, report: Report) -> None:
    """Scores, predictions, analysis, tables, and below `pictures/` figures and pages, each a file."""
    write_scores(folder, report.scores)
    for split, frame in report.predictions.items():
        frame.to_parquet(folder / f"predictions-{split}.parquet", index=False)
    write_json(folder / ANALYSIS, {**report.notes, **report.analysis})
    write_tables(folder, report.tables, report.notes)
    write_about(folder, report.predicts, report.decisions)
    for name, draw in report.figures.items():
        save(draw(), folder / PICTURES / f"{name}.png")
    for name, render in report.pages.items():
        write_text(folder / PICTURES / f"{name}.html", render())
