"""Several settings of LightGBM, of which those are taken that answer rows best which were left out of the fit."""

from collections.abc import Callable, Sequence
from copy import copy

import numpy as np

from components.kits.tables.encoding.encode import TableEncoder
from components.kits.tables.learning.boosting import GradientBoosting, fit_rounds
from components.kits.tables.learning.cut import Parts
from components.kits.tables.learning.data import Rows

MOST_PARTS = 3  # folds by which settings are told apart
Losses = Callable[[np.ndarray, np.ndarray], np.ndarray]  # of targets (N,) and answers (N, ...) by row


def fit_likeliest(
    tried: Sequence[GradientBoosting],
    rows: Rows,
    encoder: TableEncoder,
    parts: Parts,
    losses: Losses,
    *,
    held_out: Rows | None = None,
    like: GradientBoosting | None = None,
) -> GradientBoosting:
    """As `fit_rounds`, by those settings of the `tried` ones that have the lowest mean loss of the rows that are held
    out, or that folds of the rows leave out (`parts`); of equals the first. `like` settles them as it does the rounds.
    """
    if like is not None:
        chosen = copy(like)
    elif len(tried) > 1 and (pairs := _pairs(rows, parts, held_out)):
        chosen = min(tried, key=lambda one: _loss(one, pairs, encoder, losses))
    else:
        chosen = tried[0]
    return fit_rounds(chosen, rows, encoder, parts, held_out=held_out, like=like)


def _pairs(rows: Rows, parts: Parts, held_out: Rows | None) -> list[tuple[Rows, Rows]]:
    if held_out is not None:
        return [(rows, held_out)]
    return [(rows.take(fitting), rows.take(rest)) for fitting, rest in parts[:MOST_PARTS]]


def _loss(trees: GradientBoosting, pairs: list[tuple[Rows, Rows]], encoder: TableEncoder, losses: Losses) -> float:
    """The mean over rows that were left out, of one seed."""
    one = copy(trees)
    one.seeds = 1
    found = []
    for fitting, rest in pairs:
        one.fit(*fitting.known(encoder), held_out=rest)
        found.append(losses(rest.target, one.predict(rest.encoded.numeric, rest.encoded.categorical)))
    return float(np.concatenate(found).mean())
