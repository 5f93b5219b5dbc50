"""Columns that tell the outcome only together, by small tree models that are scored on rows they have not seen."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from components.kits.survival.cohort import CohortParams
from components.kits.survival.preparation.leaks.clock import likely_from
from components.kits.survival.preparation.leaks.found import Leak
from components.kits.survival.preparation.leaks.order import agreement
from components.kits.tables.hindsight import Hindsight, find_hindsight
from components.kits.tables.look import MOST_ROWS, deal_folds
from components.kits.tables.scored import SETTINGS, TREES, Features, make_features

FEWEST = 60  # rows with the event: of fewer, trees learn little of times
ASKED = 5  # columns, of those that trees gain most from
GROWS = 2.0  # times the pairs in the wrong order, without a column


def tells_among_others(
    train: pd.DataFrame, time: np.ndarray, event: np.ndarray, spec: CohortParams, groups: np.ndarray | None
) -> list[Leak]:
    """Columns of typed rows (N,) without which trees tell events (N,) or times (N,) much worse, from next to no error;
    `groups` (N,) stay in one fold.
    """
    suspects = find_hindsight(train, event, spec, groups)
    leaks = [_leak_of(one) for one in suspects if one.kind == "after"]
    had = np.flatnonzero(event == 1)
    if leaks or len(had) < FEWEST:
        return leaks
    had = np.sort(np.random.default_rng(0).permutation(had)[:MOST_ROWS])
    features = make_features(train.iloc[had], spec.columns)
    fold = deal_folds(np.ones(len(had), dtype=np.int64), None if groups is None else groups[had])
    return _of_time(features, time[had], fold, spec.known)


def _leak_of(one: Hindsight) -> Leak:
    told = f"a small tree model tells the event with AUC {one.auc:.3f} with and {one.without:.3f} without"
    return Leak(one.columns, False, f"{told} {'it' if len(one.columns) == 1 else 'them'}")


def _of_time(features: Features, time: np.ndarray, fold: np.ndarray, known: Iterable[str]) -> list[Leak]:
    """Times (E,) of events, and the fold (E,) of each."""
    whole, gain = _ordered(features, time, fold)
    if whole < likely_from(len(time)):
        return []
    asked = [name for name in sorted(gain, key=lambda name: (-gain[name], name)) if name not in {*known}][:ASKED]
    without = {name: _ordered(features.without([name]), time, fold)[0] for name in asked}
    told = "a small tree model orders the times to the event"
    return [
        Leak((name,), False, f"{told} with gamma {whole:.3f} with and {less:.3f} without it")
        for name, less in without.items()
        if 1 - less >= GROWS * (1 - whole)
    ]


def _ordered(features: Features, time: np.ndarray, fold: np.ndarray) -> tuple[float, dict[str, float]]:
    """Gamma of what trees say of rows of other folds and their times, the mean of the folds, and the columns' gain."""
    import lightgbm  # its import costs more than a model

    if not features.made_of:
        return 0.0, {}
    rank, settings = pd.Series(time).rank(pct=True).to_numpy(), {**SETTINGS, "objective": "regression"}
    found, gain = [], np.zeros(len(features.made_of))
    for number in np.unique(fold):
        rest, held_out = fold != number, fold == number
        data = lightgbm.Dataset(features.values[rest], rank[rest], params=settings)
        model = lightgbm.train(settings, data, TREES)
        said = np.asarray(model.predict(features.values[held_out], num_threads=1))
        found.append(agreement(said, time[held_out]))
        gain += model.feature_importance("gain")
    single = {next(iter(made)): 0.0 for made in features.made_of if len(made) == 1}
    for made, won in zip(features.made_of, gain, strict=True):
        for name in made:
            single[name] += float(won)
    return float(np.mean(found)), single
