"""Cross-fitting of few rows: every member answers each row after a fit that has not seen it.

Fifty validation rows say little of three weights, a calibration and a threshold. So all members are fitted on each part
of training and validation rows but one, and answer that one (Stone, 1974; Wolpert, Stacked generalization, 1992).
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from lightning.pytorch import LightningModule
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from components.core.files import json_digest
from components.kits.tables.encoding.encode import TableEncoder
from components.recipes.binary.assembly.baselines import LinearLogistic, SplineLogistic
from components.recipes.binary.assembly.members import Members, fit_logistic, fit_trees, known, used_columns
from components.recipes.binary.metrics.metrics import log_loss
from components.recipes.binary.metrics.rows import beats, has_both_classes, row_losses
from components.recipes.binary.params import BinaryJob, ModelParams
from components.recipes.binary.training.data import Rows, TableData, read_groups
from components.recipes.binary.training.training import TRAINING, everything, has_few_rows
from components.training.fit import fit
from components.training.refit import on_everything, refit_state

log = logging.getLogger(__name__)

LIGHTGBM_LEAF = 20  # rows of a leaf at least, where its settings do not say
Parts = list[tuple[np.ndarray, np.ndarray]]
ONE_PROCESS = {"fit.devices": 1, "fit.num_nodes": 1, "fit.strategy": "auto"}  # few rows have nothing for a second


@dataclass(frozen=True)
class CrossFitted:
    """N answers by member, each of a fit without its row; `parts` are the folds, `target (N,)` the truth."""

    target: np.ndarray
    scores: dict[str, np.ndarray]
    parts: Parts


def cross_fit(job: BinaryJob, learner: LightningModule) -> CrossFitted:
    """Answers to the training and validation rows. The networks' checkpoints belong to the weights of the `learner`, as
    those of a second fit do: what a killed run had finished is not repeated.
    """
    data, state = everything(job), refit_state(job, learner, "crossfit")
    rows = data.parts[0]
    parts = _parts(job, data)
    answers: list[dict[str, np.ndarray]] = []
    for fitting, rest in parts:
        fold, unseen = rows.take(fitting), rows.take(rest)
        network, _ = fit(
            job.with_values(ONE_PROCESS),
            on_everything(TRAINING, partial(_part, fold=fold, unseen=unseen)),
            state=state / f"fold-{json_digest({'rows': fitting.tolist()})[:16]}",
        )
        answers.append(fit_members(job, network, fold, data.encoder).scores(unseen))
    places = np.concatenate([rest for _, rest in parts])
    scores = {name: np.concatenate([one[name] for one in answers])[np.argsort(places)] for name in answers[0]}
    for name, score in scores.items():
        log.info("cross-fitted %s: log loss %.4f over %d rows", name, log_loss(rows.target, score), len(score))
    return CrossFitted(rows.target, scores, parts)


def _part(job: BinaryJob, *, fold: Rows, unseen: Rows) -> TableData:
    data = everything(job)
    data.parts = (fold, unseen)
    return data


def fit_members(job: BinaryJob, learner: LightningModule, rows: Rows, encoder: TableEncoder) -> Members:
    """The `learner`, and baselines for few rows, fitted on these."""
    params = job.model
    least = min(params.lightgbm.settings.get("min_child_samples", LIGHTGBM_LEAF), params.few.min_child_samples)
    trees = fit_trees(rows, encoder, params, {"min_child_samples": least})
    return Members(learner, likeliest_logistic(rows, encoder, params, job.params.fit.seed), trees)


def likeliest_logistic(rows: Rows, encoder: TableEncoder, params: ModelParams, seed: int) -> SplineLogistic:
    """Lines by that penalty of `few.c` which answers rows best that were left out of the fit, or splines by theirs
    where they answer them surely better.
    """
    columns = used_columns(params.logistic.leave_out, encoder)
    lines = partial(LinearLogistic, scales=[feature.scale for feature in encoder.numeric], columns=columns)
    splines = partial(SplineLogistic, knots=params.logistic.knots, columns=columns)
    parts = cut(rows.target, None, params.few.folds, seed)
    if not parts:
        return fit_logistic(rows, encoder, params)
    (line, losses), (spline, others) = (
        min(
            ((make := partial(kind, c=c), _left_out(make, rows, encoder, parts)) for c in params.few.c),
            key=lambda tried: float(tried[1].mean()),
        )
        for kind in (lines, splines)
    )
    return (spline if beats(others, losses) else line)().fit(*known(rows, encoder))


def _left_out(make: Callable[[], SplineLogistic], rows: Rows, encoder: TableEncoder, parts: Parts) -> np.ndarray:
    """The losses (N,) of rows that were left out of the fit."""
    answer = np.empty(len(rows.target))
    for fitting, rest in parts:
        unseen = rows.take(rest).encoded
        answer[rest] = make().fit(*known(rows.take(fitting), encoder)).predict(unseen.numeric, unseen.categorical)
    return row_losses(rows.target, answer)


def can_cross_fit(job: BinaryJob) -> bool:
    """Whether there are few rows, and enough of either class to leave some out."""
    return has_few_rows(job) and bool(_parts(job, everything(job)))


def _parts(job: BinaryJob, data: TableData) -> Parts:
    return cut(data.parts[0].target, read_groups(data.prepared), job.model.few.folds, job.params.fit.seed)


def cut(target: np.ndarray, groups: np.ndarray | None, folds: int, seed: int) -> Parts:
    """The places that each fold fits on and those that it answers, classes in equal shares and groups on one side.

    There are no more folds than rows of the rarer class, or than groups; none where that would be fewer than two, or
    one would have a single class to fit on.
    """
    most = min(folds, int(target.sum()), int(len(target) - target.sum()))
    if groups is not None:
        most = min(most, len(np.unique(groups)))
    if most < 2:
        return []
    kind = StratifiedKFold if groups is None else StratifiedGroupKFold
    parts = list(kind(most, shuffle=True, random_state=seed).split(target, target, groups))
    return parts if all(has_both_classes(target[fitting]) for fitting, _ in parts) else []
