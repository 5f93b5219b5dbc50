"""The comparison as people read it: a line for each table, the limits, and how it was measured."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.results import Cell, Limit, Result
from benchmarks.tuned.compare import Difference, Folds, difference, metric
from benchmarks.tuned.tables import FOLDS, PACKAGE, Kind

PEERS = {
    "lightgbm": "LightGBM",
    "catboost": "CatBoost",
    "hist_gradient_boosting": "HistGradientBoosting",
    "tabm": "TabM",
}
METRIC: Mapping[Kind, str] = {"classes": "log loss", "number": "RMSE"}
ALLOWED = 1  # tables of a kind that may lie behind the best peer by more than a standard error
NOTES = [
    "Each case as `casebook new` writes it, of the recipe that it picks itself; five folds, the same for all, cut by "
    "the benchmark; fit by the calls of `casebook crossval`, without a search; the model as `fit` leaves it.",
    "A peer has as many CPU seconds a fold as casebook took for its fits in the mean (one thread; a trial that has "
    "begun is ended, as with Optuna's timeout). TPE with median pruning; the first trial is the library's defaults. A "
    "trial leaves out each of five parts of the training rows in turn (three from 2,000 rows on), stops early there, "
    "and answers by the mean of those models. TabM: piecewise linear embeddings, k=16, else as its package's example; "
    "from 2,000 rows on one part, as there, and no further epoch after twice the budget, since one fit of it takes up "
    "to ten times as long.",
    "Differences are of the same rows; the best peer is the one with the best mean on the test rows. Errors over rows "
    "take rows as independent, those over folds rest on five numbers. RMSE: squared error in training too.",
    f"{PACKAGE}: of diamonds each 10th row, of kakadu, loans, mpg and saratoga each 2nd, of happiness each 3rd of the "
    "year 2006. None of the tables is of a case of ours.",
]


def shown(kinds: Mapping[str, Kind], mine: Mapping[str, Folds], theirs: Mapping[str, Mapping[str, Folds]]) -> Result:
    """A line for each table: every method, and ours less the best peer's."""
    rows: list[list[Cell]] = []
    details: dict[str, Any] = {}
    gaps: dict[Kind, list[tuple[float, Difference]]] = {"classes": [], "number": []}
    for name, kind in kinds.items():
        root = kind == "number"
        means = {who: float(np.mean(metric(folds, root=root))) for who, folds in theirs[name].items()}
        best = min(means, key=lambda who: means[who])
        less = {who: difference(mine[name], folds, root=root) for who, folds in theirs[name].items()}
        gaps[kind].append((means[best], less[best]))
        own = float(np.mean(metric(mine[name], root=root)))
        told = [_told(value, root=root) for value in (own, *means.values())]
        gap = f"{_told(less[best].mean, root=root, sign='+')} ± {_told(less[best].by_rows, root=root)}"
        gap = f"{gap} (folds ± {_told(less[best].by_folds, root=root)})"
        trials = ", ".join(str(round(folds.trials / FOLDS)) for folds in theirs[name].values())
        count = sum(len(loss) for loss in mine[name].loss)
        rows.append([name, count, METRIC[kind], *told, PEERS[best], gap, float(np.mean(mine[name].seconds)), trials])
        details[name] = _details(mine[name], theirs[name], less, root=root)
    return Result(
        name="tuned_peers",
        title="Tables of several classes and of a number beside tuned peers",
        columns=[
            *("table", "rows", "metric", "casebook", *PEERS.values(), "best peer", "casebook less the best"),
            *("CPU-s a fold", "trials a fold, by peer"),
        ],
        rows=rows,
        limits=[limit for kind in METRIC if gaps[kind] for limit in _limits(kind, gaps[kind])],
        notes=NOTES,
        details=details,
    )


def _limits(kind: Kind, gaps: Sequence[tuple[float, Difference]]) -> Iterator[Limit]:
    called = f"tables with {METRIC[kind]}"
    for over, errors in (("rows", [gap.by_rows for _, gap in gaps]), ("folds", [gap.by_folds for _, gap in gaps])):
        behind = sum(gap.mean > error for (_, gap), error in zip(gaps, errors, strict=True))
        yield Limit(f"{called}: behind the best peer by over a standard error over {over}", behind, at_most=ALLOWED)
    share = float(np.mean([gap.mean / best for best, gap in gaps]))
    yield Limit(f"{called}: mean of the difference as a share of the best peer's", share, at_most=0.0)


def _told(value: float, *, root: bool, sign: str = "") -> str:
    """Four decimals, and whole numbers from a thousand on."""
    return f"{value:{sign},.0f}" if root and abs(value) >= 1000 else f"{value:{sign}.4f}"


def _details(mine: Folds, theirs: Mapping[str, Folds], less: Mapping[str, Difference], *, root: bool) -> dict[str, Any]:
    found = {}
    for who, folds in {"casebook": mine, **theirs}.items():
        miss = float(np.mean([one.mean() for one in folds.miss]))
        found[who] = {"folds": metric(folds, root=root), "miss": miss, "seconds": list(folds.seconds)}
        if who in less:
            found[who] |= {"trials": folds.trials, "casebook less this": vars(less[who])}
    return found
