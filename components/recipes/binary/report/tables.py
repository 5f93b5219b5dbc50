"""What the model card of a two-class table says beside the metrics, in the words of its own params."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from components.core.results import Cell, Table
from components.evaluation.tables import shown
from components.recipes.binary.report.fairness import Fairness
from components.recipes.binary.report.outcome import Outcome
from components.recipes.shared.table_report import records


def confusion_table(counts: np.ndarray, *, outcome: Outcome, threshold: float) -> Table:
    """Counts (2, 2) of rows by class and decision, the negative ones first."""
    (true_negative, false_positive), (false_negative, true_positive) = counts.astype(int).tolist()
    rows: list[list[Cell]] = [
        [outcome.positive, true_positive, false_negative, _share(true_positive, true_positive + false_negative)],
        [outcome.negative, false_positive, true_negative, _share(true_negative, true_negative + false_positive)],
        [
            "share answered rightly",
            _share(true_positive, true_positive + false_positive),
            _share(true_negative, true_negative + false_negative),
            _share(true_positive + true_negative, int(counts.sum())),
        ],
    ]
    return Table(
        "Decisions at the threshold",
        ["test rows", f"answered {outcome.decided}", f"answered {outcome.otherwise}", "share answered rightly"],
        rows,
        f"A score of {threshold:.4f} or more is answered {outcome.decided}: the threshold with the highest F1 on "
        f"validation rows. True positives {true_positive:,}, false positives {false_positive:,}, false negatives "
        f"{false_negative:,}, true negatives {true_negative:,}; {outcome.positive} is the positive class.",
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def band_table(bands: pd.DataFrame, *, outcome: Outcome, calibrator: str) -> Table:
    """The rows of `scorecard.score_bands`: whether the class is as frequent as the score says."""
    columns = ["band", "low", "high", "rows", "bad_rate", "mean_score"]
    return Table(
        "Score bands",
        ["band", "from", "to", "rows", f"share of {outcome.positive}", "mean score"],
        [[row[name] for name in columns] for row in records(bands)],
        "Test rows, cut at edges of equal mass on held-out rows. Of a calibrated score the last two columns agree; "
        f"calibrator chosen on validation: {calibrator}.",
    )


def decision_table(found: Fairness, *, outcome: Outcome) -> Table:
    """Who is answered the second of the decisions, by group, and the two comparisons of groups."""
    rows: list[list[Cell]] = [
        [one.name, one.rows, one.approval_interval, one.good_approval_interval] for one in found.groups
    ]
    answered = f"answered {outcome.otherwise}"
    ratio, gap = (shown(one, "not enough rows", digits=3) for one in (found.approval_ratio, found.opportunity_gap))
    return Table(
        f"Decisions by {found.column}",
        [found.column, "rows", answered, f"{answered} among {outcome.negative}"],
        rows,
        f"The share of test rows that is answered {outcome.otherwise!r}. The lowest over the highest: {ratio}. "
        f"The largest difference among those that are {outcome.negative}: {gap}. "
        f"Groups under {found.minimum} rows take no part.",
    )


def slice_table(slices: Mapping[str, pd.DataFrame], metrics: Sequence[str], *, outcome: Outcome, minimum: int) -> Table:
    """The rows of `scorecard.slices`, column by column."""
    rows = [
        [column, row["slice"], row["rows"], row["bad_rate"], *(row[name] for name in metrics)]
        for column, table in slices.items()
        for row in records(table)
    ]
    return Table(
        "Slices",
        ["by", "group", "rows", f"share of {outcome.positive}", *metrics],
        rows,
        f"The served model on test rows; groups under {minimum} rows, or of one class, have no figure.",
    )
