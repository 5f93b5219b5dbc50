"""What moves the value: effects of the strongest columns, and the reasons of one row."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from components.core.job import TEST, VALIDATION
from components.core.written import written
from components.evaluation.presentation.effects import effects
from components.evaluation.presentation.figures import COLOURS, new_figure, shortened, small_print, styled
from components.kits.tables.effects import ROWS, strongest_effects
from components.kits.tables.encoding.cells import columns_of_frame
from components.recipes.regression.metrics.explain import Reason
from components.recipes.regression.params import RegressionJob
from components.recipes.regression.report.figures import bars_of, in_words
from components.recipes.regression.serving.predictor import NumberPredictor

COLUMNS = 6
HIGH = 0.8  # the quantile of the values that are told, at which the row of the picture stands


@dataclass(frozen=True)
class Explained:
    """A row: what was told of it (3,), its reasons, strongest first, and what a typical row has instead."""

    score: np.ndarray
    reasons: Sequence[Reason]
    typical: Mapping[str, Any]


def explained(
    job: RegressionJob,
    predictor: NumberPredictor,
    frames: Mapping[str, pd.DataFrame],
    scores: Mapping[str, np.ndarray],
    name: str,
) -> dict[str, Callable[[], Figure]]:
    """Pictures by the names of their files, of frames and their served scores (N, 3) by split.

    The second is there only where the row has a reason.
    """
    shown = partial(_effects, job, predictor, frames[VALIDATION], float(scores[VALIDATION][:, 0].mean()), name)
    one = example(predictor, frames[TEST], scores[TEST])
    found: dict[str, Callable[[], Figure]] = {"effects": shown}
    return found | {"row": partial(reasons, one, name=name)} if one.reasons else found


def example(predictor: NumberPredictor, rows: pd.DataFrame, score: np.ndarray) -> Explained:
    """A row (of N) of a rather high value, as `predict` answers it."""
    place = int(np.argsort(score[:, 0], kind="stable")[int(HIGH * (len(score) - 1))])
    answer = predictor.answer(columns_of_frame(rows.iloc[[place]], predictor.reader.columns))
    return Explained(answer.score[0], answer.reasons[0], predictor.settings.reference)


@styled
def reasons(one: Explained, *, name: str) -> Figure:
    """A bar a reason: by how much the value is higher, or lower, for what the row has."""
    figure = new_figure(height=2.6 + 0.62 * len(one.reasons))
    axes = bars_of(figure)
    value, low, high = (written(number) for number in one.score)
    axes.set_title(f"Why one row is told {value}")
    changes = np.array([reason.change for reason in one.reasons])
    axes.barh(range(len(changes)), changes, height=0.6, color=[COLOURS[int(change < 0)] for change in changes])
    for place, change in enumerate(changes):
        right = change >= 0
        axes.annotate(
            written(change, "+"),
            (change, place),
            (5 if right else -5, 0),
            textcoords="offset points",
            ha="left" if right else "right",
            va="center",
            fontsize=11,
        )
    axes.set_yticks(range(len(changes)), [_told(reason, one.typical.get(reason.feature)) for reason in one.reasons])
    reach = float(np.abs(changes).max())
    axes.set(ylim=(len(changes) - 0.5, -0.5), xlabel=f"{shortened(name, 40)}: more or less than with the typical value")
    axes.set_xlim(-1.35 * reach if changes.min() < 0 else -0.1 * reach, 1.35 * reach)
    in_words(axes, x=True, y=False)
    small_print(
        figure,
        f"The reasons that `casebook predict` answers for a test row; its interval is from {low} to {high}. A bar is "
        "what the value loses with that one value of a typical row.",
    )
    return figure


def _told(reason: Reason, typical: Any) -> str:
    return f"{shortened(reason.feature, 18)}: {_value(reason.value)}\n(typical: {_value(typical)})"


def _value(value: Any) -> str:
    return "missing" if value is None else f"{value:,.6g}" if isinstance(value, float) else shortened(str(value), 14)


def _effects(
    job: RegressionJob, predictor: NumberPredictor, validation: pd.DataFrame, overall: float, name: str
) -> Figure:
    found = strongest_effects(
        predictor.values,
        validation,
        predictor.reader.columns,
        predictor.reference,
        scale=np.asarray,
        most=COLUMNS,
        seed=job.evaluate.seed,
    )
    names, rows = " and ".join(one.column for one in found[:2]), min(ROWS, len(validation))
    return effects(
        found,
        title=f"What moves the value most: {names}",
        answer=f"{shortened(name, 30)}, told",
        overall=overall,
        note=f"Mean answer of the served model for {rows} validation rows, if all had this value in the column and were"
        " otherwise as they are.",
        percent=False,
    )
