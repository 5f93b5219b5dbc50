"""Quality of a model now beside that at its promotion, where outcomes have arrived."""

import math
from dataclasses import dataclass

from components.core.errors import CasebookError
from components.core.params.monitor import QualityParams
from components.core.parts import Metric
from components.core.results import Answers, Interval
from components.evaluation.bootstrap import Resampling, interval


@dataclass(frozen=True)
class Quality:
    """The primary metric on `rows` labelled units. `before` is the promotion's, `change` the interval of now less then.

    What is None is not known; `said` tells why.
    """

    metric: str
    rows: int
    now: Interval | None
    before: Interval | None
    change: Interval | None
    dropped: bool
    said: str


def judge(
    name: str,
    metric: Metric,
    labelled: Answers | None,
    before: Interval | None,
    params: QualityParams,
    *,
    lower_is_better: bool,
    relative: bool,
    seed: int,
) -> Quality:
    """Compare the metric on labelled units with the one of the promotion.

    The interval of the difference is made from both intervals (MOVER, Zou and Donner 2008), because the two rest on
    different rows; a drop is one that its better end shows, too. `max_drop` is a share of the figure before where the
    metric is `relative`.
    """
    rows = 0 if labelled is None else len(labelled.target)
    if labelled is None or rows < params.min_rows:
        return Quality(name, rows, None, before, None, False, f"{rows} labelled, {params.min_rows} are needed")
    try:
        now = interval(
            metric,
            labelled.target,
            labelled.score,
            resampling=Resampling(params.resamples, params.confidence, seed),
        )
    except CasebookError as error:
        return Quality(name, rows, None, before, None, False, str(error))
    if before is None:
        return Quality(name, rows, now, None, None, False, "the ledger has no figure of the champion's promotion")
    change = difference(now, before)
    allowed = params.max_drop * (abs(before.value) if relative else 1.0)
    dropped = change.low > allowed if lower_is_better else change.high < -allowed
    return Quality(name, rows, now, before, change, dropped, "")


def difference(one: Interval, other: Interval) -> Interval:
    """The interval of one - other, two figures from rows that are independent of each other."""
    value = one.value - other.value
    down = math.hypot(max(0.0, one.value - one.low), max(0.0, other.high - other.value))
    up = math.hypot(max(0.0, one.high - one.value), max(0.0, other.value - other.low))
    return Interval(value, value - down, value + up)
