"""Cross-validation of a case: each fold searched, fitted and judged by the code of the stages."""

import logging
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from components.core.job import BUNDLE, TEST, Job
from components.core.recipe import Recipe, recipe_of
from components.core.results import MODEL
from components.core.written import written
from components.training.fit import fit, resume_point
from components.tuning.search import search
from components.tuning.study import summary
from components.tuning.trials import FitFunctions

log = logging.getLogger(__name__)


def crossval(job: Job, folder: Path, *, tune: bool) -> dict[str, Any]:
    """`folds`, `mean` and `sd` of the served model, `peers` with the same of learner and baselines,
    and `differences` from each, fold by fold. With `tune` each fold runs its own search.
    """
    recipe = recipe_of(job)
    shutil.rmtree(folder, ignore_errors=True)
    found = []
    for number, fold in enumerate(recipe.folds.write_folds(job, folder)):
        found.append(_judge(recipe, fold, tune=tune))
        log.info("fold %d: %s %s", number, recipe.primary, written(found[-1][MODEL][recipe.primary]))
    names = [name for name in found[0] if name != MODEL]
    return {
        "folds": [fold[MODEL] for fold in found],
        "mean": mean([fold[MODEL] for fold in found]),
        "peers": {name: mean([fold[name] for fold in found]) for name in names},
        "differences": {name: differences(found, name) for name in names},
    }


def _judge(recipe: Recipe, job: Job, *, tune: bool) -> dict[str, dict[str, float]]:
    """Test metrics of the model, the learner and the baselines of one fold."""
    state = job.paths.state(job.case)
    if tune and job.params.search.trials:
        url = f"sqlite:///{state / 'search' / 'study.db'}"
        study = search(
            job,
            recipe.training,
            FitFunctions(fit, resume_point),
            storage_url=url,
            state=state / "search",
            tell=lambda _: None,
        )
        job = job.with_values(summary(study, job, recipe.training)["values"])
    learner, _ = fit(job, recipe.training, state=state / "fit")
    fitted = job.paths.fitted(job.case)
    recipe.assembly.assemble(job, learner, fitted)
    quick = job.with_values({"evaluate.resamples": 100})
    test = next(
        scores for scores in recipe.reporting.report(quick, fitted, fitted / BUNDLE).scores if scores.split == TEST
    )
    return {
        name: {metric: interval.value for metric, interval in metrics.items()}
        for name, metrics in test.by_model.items()
    }


def mean(folds: list[dict[str, float]]) -> dict[str, float]:
    return {metric: float(np.mean([fold[metric] for fold in folds])) for metric in _in_all(folds)}


def _in_all(folds: list[dict[str, float]]) -> list[str]:
    """The metrics that every fold defines: a calibration slope is none where scores part the classes."""
    return [metric for metric in folds[0] if all(metric in fold for fold in folds)]


def differences(found: list[dict[str, dict[str, float]]], name: str) -> dict[str, dict[str, Any]]:
    """Model less peer on the same fold: the values, their mean and its standard error."""
    result = {}
    for metric in _in_all([fold[who] for fold in found for who in (MODEL, name)]):
        values = np.array([fold[MODEL][metric] - fold[name][metric] for fold in found])
        error = float(values.std(ddof=1) / np.sqrt(len(values)))
        result[metric] = {"folds": values.tolist(), "mean": float(values.mean()), "standard_error": error}
    return result
