"""Who is approved, by group: approval rates, their ratio, and the equal-opportunity gap among the good.

Approval stands for the second of a case's decisions, whatever it is called, and good for its negative class: words of
the field, and the keys of `analysis.json`.

Rates and their differences are fairlearn's; its own bootstrap repeats a data frame per resample, so
the intervals come from row counts instead. Group measures describe decisions, they do not explain them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from fairlearn.metrics import MetricFrame, selection_rate

from components.core.errors import CasebookError
from components.core.results import Interval
from components.evaluation.bootstrap import Resampling, UndefinedError, draw_counts, say_left_out, summarise
from components.kits.tables.groups import group_labels
from components.recipes.binary.metrics.rows import checked


@dataclass(frozen=True)
class Group:
    """One group: its rows, the good among them, and the share of each that was approved.

    Groups with fewer rows, or fewer goods, than the stated minimum are flagged: their rate stands
    without an interval and takes no part in the ratio or the gap. None where there is no such row.
    """

    name: str
    rows: int
    goods: int
    enough_rows: bool
    enough_goods: bool
    approval_rate: float
    approval_interval: Interval | None
    good_approval_rate: float | None
    good_approval_interval: Interval | None


@dataclass(frozen=True)
class Comparison(Interval):
    """The groups with the lowest and highest rate, compared; the bounds are for these two groups.

    Extremes taken anew in each resample would be further apart than those of the rows, and the
    bounds would miss the value.
    """

    lowest: str
    highest: str


@dataclass(frozen=True)
class Fairness:
    """The groups in order, and the two comparisons between those that are large enough.

    `approval_ratio` is the lowest approval rate over the highest (the "four-fifths rule" of the US
    Uniform Guidelines of 1978 asks for 0.8); `opportunity_gap` is the highest less the lowest
    approval rate of the good (Hardt, Price and Srebro, 2016), 0 at best. None where fewer than
    two groups are large enough, or nobody is approved.
    """

    column: str
    minimum: int
    groups: tuple[Group, ...]
    approval_ratio: Comparison | None
    opportunity_gap: Comparison | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def fairness(
    target: np.ndarray,
    approved: np.ndarray,
    column: pd.Series,
    *,
    edges: Sequence[float] | None,
    minimum: int,
    resampling: Resampling,
) -> Fairness:
    """Compare approvals between the values of `column` (N,), or its bands by `edges`.

    `target` (N,) is 0 for the good, `approved` (N,) of bool is the decision.

    Raises:
        CasebookError: the lengths differ, or a target is neither 0 nor 1.
    """
    good, approved = _checked(target, approved, column)
    labels = group_labels(column, edges)
    draws = partial(draw_counts, len(good), resamples=resampling.resamples, seed=resampling.seed)
    confidence = resampling.confidence
    everyone = _Approval.among(np.ones(len(good), dtype=bool), approved, labels, minimum, draws)
    negatives = _Approval.among(good, approved, labels, minimum, draws)
    groups = [
        Group(
            name=name,
            rows=int(everyone.rows[place]),
            goods=int(negatives.rows[place]),
            enough_rows=bool(everyone.enough[place]),
            enough_goods=bool(negatives.enough[place]),
            approval_rate=float(everyone.rates[place]),
            approval_interval=everyone.interval(place, f"{column.name}: rate of {name}", confidence),
            good_approval_rate=float(negatives.rates[place]) if negatives.rows[place] else None,
            good_approval_interval=negatives.interval(place, f"{column.name}: rate of negatives of {name}", confidence),
        )
        for place, name in enumerate(labels.categories)
        if everyone.rows[place]
    ]
    return Fairness(
        column=str(column.name),
        minimum=minimum,
        groups=tuple(groups),
        approval_ratio=everyone.ratio(f"{column.name}: ratio of rates", confidence),
        opportunity_gap=negatives.gap(f"{column.name}: gap of rates among negatives", confidence),
    )


@dataclass(frozen=True)
class _Approval:
    """Approval among some of the rows, in G groups: everyone, or the good."""

    names: tuple[str, ...]
    frame: MetricFrame | None  # of the groups that are large enough, None where there are fewer than two
    rows: np.ndarray  # (G,)
    rates: np.ndarray  # (G,), NaN without rows
    enough: np.ndarray  # (G,)
    drawn: np.ndarray  # (R, G), rates in the resamples

    @classmethod
    def among(
        cls,
        population: np.ndarray,
        approved: np.ndarray,
        labels: pd.Categorical,
        minimum: int,
        draws: Callable[[], Iterator[np.ndarray]],
    ) -> "_Approval":
        members = np.equal.outer(labels.codes[population], np.arange(len(labels.categories))).astype(float)
        chosen = approved[population]
        rows = members.sum(axis=0)
        enough = (rows >= minimum) & (rows > 0)
        compared = members @ enough > 0
        frame = _frame(chosen[compared], labels[population][compared]) if enough.sum() > 1 else None
        drawn = [_share(counts[:, population], chosen, members) for counts in draws()]
        rates = _share(np.ones((1, len(chosen))), chosen, members)[0]
        return cls(tuple(labels.categories), frame, rows, rates, enough, np.concatenate(drawn))

    def interval(self, place: int, name: str, confidence: float) -> Interval | None:
        if not self.enough[place]:
            return None
        return _interval(name, self.rates[place], self.drawn[:, place], confidence)

    def ratio(self, name: str, confidence: float) -> Comparison | None:
        if self.frame is None:
            return None
        value = self.frame.ratio(method="between_groups")
        with np.errstate(divide="ignore", invalid="ignore"):
            return self._compare(name, value, lambda low, high: low / high, confidence)

    def gap(self, name: str, confidence: float) -> Comparison | None:
        if self.frame is None:
            return None
        value = self.frame.difference(method="between_groups")
        return self._compare(name, value, lambda low, high: high - low, confidence)

    def _compare(
        self, name: str, value: float, of: Callable[[np.ndarray, np.ndarray], np.ndarray], confidence: float
    ) -> Comparison | None:
        compared = np.flatnonzero(self.enough)
        lowest, highest = (compared[pick(self.rates[compared])] for pick in (np.argmin, np.argmax))
        found = _interval(name, value, of(self.drawn[:, lowest], self.drawn[:, highest]), confidence)
        if found is None:
            return None
        return Comparison(found.value, found.low, found.high, self.names[lowest], self.names[highest])


def _checked(target: np.ndarray, approved: np.ndarray, column: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    target, approved = checked(target, np.asarray(approved, dtype=np.float64))
    if len(column) != len(target):
        raise CasebookError(f"fairness by {column.name!r}: {len(column)} values for {len(target)} rows; give one each")
    return target == 0, approved == 1


def _frame(approved: np.ndarray, labels: pd.Categorical) -> MetricFrame:
    # Among the good only, the selection rate is the true positive rate of equal opportunity.
    names = np.asarray(labels, dtype=object)
    return MetricFrame(metrics=selection_rate, y_true=approved, y_pred=approved, sensitive_features=names)


def _share(counts: np.ndarray, approved: np.ndarray, members: np.ndarray) -> np.ndarray:
    """(R, N), (N,), (N, G) -> (R, G): the share of each group's drawn rows that are approved."""
    drawn = counts @ members
    return np.divide(counts @ (members * approved[:, None]), drawn, out=np.full_like(drawn, np.nan), where=drawn > 0)


def _interval(name: str, value: float, values: np.ndarray, confidence: float) -> Interval | None:
    try:
        return summarise(name, float(value), values, confidence)
    except UndefinedError as problem:
        say_left_out(problem)
        return None
