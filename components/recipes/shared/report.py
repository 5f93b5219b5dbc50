"""A report of rows of which each has one number for a target: scores and predictions of every split, a picture."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from components.core.job import Job, Meta
from components.core.parts import Metric
from components.core.results import Scores
from components.evaluation.bootstrap import Resampling
from components.evaluation.presentation.figures import (
    COLOURS,
    DASHED,
    QUIET,
    new_figure,
    small_print,
    styled,
    title_over_all,
)
from components.evaluation.report import judged_splits, score_split
from components.kits.tables.encoding.spec import TARGET
from components.recipes.shared.serving import read_split


def judge_rows(
    job: Job, models: Mapping[str, Callable[[pd.DataFrame], np.ndarray]], metrics: Mapping[str, Metric]
) -> tuple[list[Scores], dict[str, pd.DataFrame]]:
    """Each of the models judged on each split, and what it said of every row, beside the row's key and target."""
    key = Meta.read(job.paths.prepared(job.case)).data["key"]
    scores: list[Scores] = []
    predictions: dict[str, pd.DataFrame] = {}
    for split in judged_splits(job):
        rows = read_split(job, split)
        said = {name: answer(rows) for name, answer in models.items()}
        resampling = Resampling.of(job.evaluate)
        scores.append(score_split(split, rows[TARGET].to_numpy(), said, lambda _: metrics, resampling))
        predictions[split] = rows[[*key, TARGET]].assign(**said)
    return scores, predictions


@styled
def true_and_told(target: np.ndarray, score: np.ndarray) -> Figure:
    """The number that was told of each of N rows beside the true one; on the line both are equal."""
    figure = new_figure()
    axes = figure.subplots()
    axes.scatter(target, score, s=22, color=COLOURS[0], alpha=0.7, linewidths=0)
    ends = [min(target.min(), score.min()), max(target.max(), score.max())]
    axes.plot(ends, ends, color=QUIET, linestyle=DASHED)
    axes.set(xlabel="true", ylabel="told by the served model")
    title_over_all(figure, "What is told, beside what is true")
    small_print(figure, f"A dot is one of {len(target):,} test rows; on the dashed line both are equal.")
    return figure
