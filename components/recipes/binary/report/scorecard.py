"""Scorecard: bands of the score, and slices. As a credit team says it, a bad is a row of the positive class, 1."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from components.core.parts import Metric
from components.evaluation.presentation.shares import wilson
from components.kits.tables.groups import group_labels
from components.recipes.binary.metrics.rows import checked, has_both_classes


def score_bands(target: np.ndarray, score: np.ndarray, edges: np.ndarray, *, confidence: float) -> pd.DataFrame:
    """One row a band, lowest score first, a band holding its lower edge and not its upper.

    Columns: `band` (1, 2, ...), `low` and `high` (its edges; of the outer bands the lowest and highest score),
    `rows`, `share`, `bads`, `bad_rate` with its Wilson bounds `bad_rate_low` and `bad_rate_high`,
    `mean_score`, `cumulative_share` of rows and `cumulative_bad_rate` of this band and those below
    (what is bad if all of them are let pass), `cumulative_bads` as a share of all bads.
    Rates are NaN where there are no rows.
    """
    target, score = checked(target, score)
    edges = np.asarray(edges, dtype=np.float64)
    band = np.searchsorted(edges, score, side="right")
    rows = np.bincount(band, minlength=len(edges) + 1)
    bads = np.bincount(band, weights=target, minlength=len(edges) + 1).astype(int)
    found = [wilson(bad, count, confidence) for bad, count in zip(bads, rows, strict=True)]
    # Of no rows nothing is known: all of [0, 1].
    bounds = np.array([(0.0, 1.0) if share is None else (share.low, share.high) for share in found])
    return pd.DataFrame(
        {
            "band": np.arange(1, len(rows) + 1),
            "low": np.append(score.min(), edges),
            "high": np.append(edges, score.max()),
            "rows": rows,
            "share": rows / len(score),
            "bads": bads,
            "bad_rate": _share(bads, rows),
            "bad_rate_low": bounds[:, 0],
            "bad_rate_high": bounds[:, 1],
            "mean_score": _share(np.bincount(band, weights=score, minlength=len(rows)), rows),
            "cumulative_share": np.cumsum(rows) / len(score),
            "cumulative_bad_rate": _share(np.cumsum(bads), np.cumsum(rows)),
            "cumulative_bads": _share(np.cumsum(bads), np.full(len(rows), bads.sum())),
        }
    )


def slices(
    metrics: Mapping[str, Metric],
    target: np.ndarray,
    score: np.ndarray,
    column: pd.Series,
    *,
    edges: Sequence[float] | None,
    minimum: int,
) -> pd.DataFrame:
    """Metrics for each value of `column` (N,), or for its bands by `edges` (see `group_labels`).

    Columns: `slice`, `rows`, `bads`, `bad_rate`, `sufficient`, and one a metric. A slice with fewer
    than `minimum` rows or one class only is not `sufficient`: its metrics are NaN, not noise.
    """
    target, score = checked(target, score)
    labels = group_labels(column, edges)
    table = []
    for code, name in enumerate(labels.categories):
        inside = labels.codes == code
        rows, bads = int(inside.sum()), int(target[inside].sum())
        sufficient = rows >= minimum and has_both_classes(target[inside])
        values = {
            key: metric(target[inside], score[inside]) if sufficient else np.nan for key, metric in metrics.items()
        }
        rate = bads / rows if rows else np.nan
        table.append({"slice": name, "rows": rows, "bads": bads, "bad_rate": rate, "sufficient": sufficient, **values})
    return pd.DataFrame(table)


def _share(part: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return np.divide(part, rows, out=np.full(len(rows), np.nan), where=rows > 0)
