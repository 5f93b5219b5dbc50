"""Score what is served, the network alone and the baselines: `reports/<case>/evaluation` and the curves of `plots`."""

import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from components.core.files import read_json, whole_folder, write_text
from components.core.job import TEST, Job
from components.core.recipe import recipe_of
from components.core.results import LEARNER, MODEL, Interval, Scores
from components.evaluation.plots import training_plots, write_plots
from components.evaluation.report import ANALYSIS, PICTURES, write_report
from components.evaluation.tables import shown
from components.tracking.compared import ALONE, log_compared
from components.tracking.track import connect
from pipelines.tracking import run_to_add_to

NO_POINTS = "none.json"  # `dvc plots` draws nothing of it
BASELINE = "A baseline of the run above: trained on the same rows, asked of the same rows, the same metrics."
NOTES = {ALONE: "The network of the run above, without what it is blended with and before it is made smaller."}
log = logging.getLogger(__name__)


def run(job: Job) -> None:
    """Judge the picked variant on each split; `scores.json`, predictions, tables and pictures."""
    recipe, fitted = recipe_of(job), job.paths.fitted(job.case)
    evaluation = job.paths.evaluation(job.case)
    report = recipe.reporting.report(job, fitted, job.paths.bundle(job.case))
    with whole_folder(evaluation) as folder:
        write_report(folder, report)
    with whole_folder(job.paths.plots(job.case)) as folder:
        write_plots(folder, {**report.plots, **training_plots(fitted)})
        fill_empty(folder)
    tracker = connect(job.paths.root)
    run_id = run_to_add_to(tracker, job)
    told = flat_metrics(report.scores)
    tracker.log_metrics(run_id, told.pop(MODEL))
    log_compared(tracker, job.case, run_id, told, {name: NOTES.get(name, BASELINE) for name in told})
    for scores in report.scores:
        tracker.log_table(run_id, wide_table(scores), f"metrics_{scores.split}")
    tracker.log_pictures(run_id, evaluation / PICTURES)
    tracker.log_json(run_id, read_json(evaluation / ANALYSIS), ANALYSIS)
    for name, value in sorted(main_metrics(report.scores, recipe.primary).items()):
        log.info("%s", f"{name}: {shown(value, '')}")


def fill_empty(folder: Path) -> None:
    """Put a file without a point into each kind of plots that has no file: DVC warns of an empty out."""
    for kind in sorted(folder.iterdir()):
        if not any(kind.iterdir()):
            write_text(kind / NO_POINTS, "[]\n")


def flat_metrics(found: Sequence[Scores]) -> dict[str, dict[str, float]]:
    """`split/metric` of each who predicts: the same names for all, so that MLflow's table of runs compares them."""
    flat: dict[str, dict[str, float]] = {}
    for scores in sorted(found, key=lambda one: one.split != TEST):  # MLflow's pages show them as they were logged
        for who, metrics in scores.by_model.items():
            of = flat.setdefault(ALONE if who == LEARNER else who, {})
            of |= {f"{scores.split}/{metric}": value.value for metric, value in metrics.items()}
    return flat


def wide_table(scores: Scores) -> pd.DataFrame:
    """One row a metric, a column a model: what the run's page shows as a table."""
    columns = {
        name: {metric: shown(v, "") for metric, v in metrics.items()} for name, metrics in scores.by_model.items()
    }
    return pd.DataFrame(columns).rename_axis("metric").reset_index()


def main_metrics(found: Sequence[Scores], primary: str) -> dict[str, Interval]:
    return {
        f"{scores.split} {primary} of {name}": metrics[primary]
        for scores in found
        for name, metrics in scores.by_model.items()
        if primary in metrics
    }
