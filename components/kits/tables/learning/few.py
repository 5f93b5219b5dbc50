"""Few rows: whether a table has them, in which batches they come, and which of simple models they speak for."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, Self, TypeVar

import numpy as np

from components.core.job import TRAIN, VALIDATION, Meta
from components.kits.tables.encoding.encode import TableEncoder
from components.kits.tables.learning.blocks import LearnedJob, Model
from components.kits.tables.learning.comparing import beats
from components.kits.tables.learning.cut import Parts
from components.kits.tables.learning.data import Rows, TableData

LIGHTGBM_LEAF = 20  # rows of a leaf at least, where its settings do not say


def has_few_rows(job: LearnedJob[Model]) -> bool:
    """Whether the validation rows are too few to choose on, so that what is chosen rests on cross-fitted answers."""
    rows = Meta.read(job.paths.prepared(job.case)).rows
    return rows[TRAIN] + rows[VALIDATION] < job.model.few.rows


def make_data(job: LearnedJob[Model], *, whole: bool, dtype: type[np.generic]) -> TableData:
    """The training rows, or with `whole` those of the validation too; few rows come in smaller batches."""
    params = job.params.fit
    if has_few_rows(job):
        params = params.model_copy(update={"batch_size": min(params.batch_size, job.model.few.batch_size)})
    return TableData(job.paths.prepared(job.case), params, dtype=dtype, whole=whole)


def few_settings(job: LearnedJob[Model]) -> dict[str, Any]:
    """What LightGBM is told besides its settings where rows are few."""
    stated = job.model.lightgbm.settings.get("min_child_samples", LIGHTGBM_LEAF)
    return {"min_child_samples": min(stated, job.model.few.min_child_samples)}


class Simple(Protocol):
    """A simple model that can be fitted."""

    def fit(
        self, numeric: np.ndarray, categorical: np.ndarray, target: np.ndarray, sizes: Sequence[int], /
    ) -> Self: ...

    def predict(self, numeric: np.ndarray, categorical: np.ndarray, /) -> np.ndarray: ...


Fitted = TypeVar("Fitted", bound=Simple)
Losses = Callable[[np.ndarray, np.ndarray], np.ndarray]  # of targets (N,) and answers (N, ...) by row


def likeliest(
    families: Sequence[Sequence[Callable[[], Fitted]]], rows: Rows, encoder: TableEncoder, parts: Parts, losses: Losses
) -> Callable[[], Fitted]:
    """Of the first family the model that answers rows best that were left out of its fit, or the best of a later one
    where that answers them surely better.
    """
    best = [_best(family, rows, encoder, parts, losses) for family in families]
    chosen, lowest = best[0]
    for make, least in best[1:]:
        if beats(least, lowest):
            chosen, lowest = make, least
    return chosen


def _best(
    family: Sequence[Callable[[], Fitted]], rows: Rows, encoder: TableEncoder, parts: Parts, losses: Losses
) -> tuple[Callable[[], Fitted], np.ndarray]:
    tried = [(make, losses(rows.target, left_out(make, rows, encoder, parts))) for make in family]
    return min(tried, key=lambda one: float(one[1].mean()))


def left_out(make: Callable[[], Simple], rows: Rows, encoder: TableEncoder, parts: Parts) -> np.ndarray:
    """Answers (N, ...) to rows that were left out of the fit."""
    answers = []
    for fitting, rest in parts:
        unseen = rows.take(rest).encoded
        answers.append(make().fit(*rows.take(fitting).known(encoder)).predict(unseen.numeric, unseen.categorical))
    found: np.ndarray = np.concatenate(answers)[np.argsort(np.concatenate([rest for _, rest in parts]))]
    return found
