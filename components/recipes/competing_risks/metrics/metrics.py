"""Metrics of cumulative incidences by cause.

Every metric takes a target (N, 2), time and cause, or (N, 3) with the time until entry, and a score (N, K * H) (see
`rows`), and returns a float, NaN where the rows do not define it. What only ranks reads the last horizon; thresholds
are for the first cause by then. The weights for censoring of `c_index`, `auc` and `ibs` come from the cohort that the
model was developed on, those of calibration from the rows themselves.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from components.core.parts import Metric
from components.evaluation.bootstrap import Counted
from components.kits.survival.metrics import over_counts
from components.kits.survival.metrics.censoring import Censoring
from components.kits.survival.metrics.states import lowest_threshold
from components.kits.survival.units import SHORT, Unit
from components.recipes.competing_risks.metrics.over_counts import c_index
from components.recipes.competing_risks.metrics.rows import Outcome, caused_outcome, checked_incidences, weights_of

Resampled = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
Over = Callable[[Outcome, np.ndarray, np.ndarray], np.ndarray]  # outcome, incidences (N, K, H), counts (R, N)
FIRST = 1  # the cause of interest
PARTS = ("sensitivity", "specificity", "f1")


@dataclass(frozen=True)
class Judge:
    """What incidences are judged by: the `causes` in the block's order, `horizons` in `unit`, and the censoring of the
    cohort that the model was developed on.
    """

    causes: Sequence[str]
    horizons: Sequence[float]
    censoring: Censoring
    unit: Unit = "years"

    def metrics(self, calibrated: Sequence[float], threshold: float) -> dict[str, Metric]:
        """Every metric by its name: `c_index@relapse`, `auc@relapse@3y`, and so on. Calibration is asked at the
        horizons of `calibrated`; its slope (best 1) and intercept (best 0) have no better direction.
        """
        found: dict[str, Metric] = {"ibs": self._metric("ibs", self.mean_ibs)}
        for place, name in enumerate(self.causes):
            found[f"ibs@{name}"] = self.ibs(place + 1)
            found[f"c_index@{name}"] = self.c_index(place + 1)
            for horizon in self.horizons:
                found[f"auc@{name}@{horizon:g}{SHORT[self.unit]}"] = self.auc(place + 1, horizon)
            for horizon in calibrated:
                for part, slope in (("slope", True), ("intercept", False)):
                    key = f"calibration_{part}@{name}@{horizon:g}{SHORT[self.unit]}"
                    found[key] = self.calibration(place + 1, horizon, slope=slope)
        for number, name in enumerate(PARTS):
            found[name] = self._metric(name, partial(self._flagged, number, threshold))
        return found

    def c_index(self, cause: int) -> Metric:
        """Wolbers' C of the incidence by the last horizon (see `over_counts.c_index`)."""

        def over(outcome: Outcome, incidences: np.ndarray, counts: np.ndarray) -> np.ndarray:
            score = incidences[:, cause - 1, -1]
            return c_index(outcome, cause, score, counts, self.horizons[-1], self.censoring)

        return self._metric("c_index", over)

    def auc(self, cause: int, horizon: float) -> Metric:
        """Those with an event of the cause by the horizon against all others: free of any event then, or with another
        one before (Blanche, Dartigues and Jacqmin-Gadda, Estimating and comparing time-dependent areas under ROC curves
        with competing risks, Statistics in Medicine, 2013; their second definition).
        """

        def over(outcome: Outcome, incidences: np.ndarray, counts: np.ndarray) -> np.ndarray:
            score = incidences[:, cause - 1, list(self.horizons).index(horizon)]
            return over_counts.auc(score, counts, weights_of(outcome, cause, horizon, self.censoring))

        return self._metric("auc", over)

    def ibs(self, cause: int) -> Metric:
        """The Brier score of the incidence, integrated over the horizons and divided by their span (Graf et al., 1999;
        Schoop et al., Quantifying the predictive accuracy of time-to-event models in the presence of competing risks,
        Biometrical Journal, 2011).
        """

        def over(outcome: Outcome, incidences: np.ndarray, counts: np.ndarray) -> np.ndarray:
            return self.ibs_of(cause, outcome, incidences, counts)

        return self._metric("ibs", over)

    def ibs_of(self, cause: int, outcome: Outcome, incidences: np.ndarray, counts: np.ndarray) -> np.ndarray:
        parts = []
        for place, horizon in enumerate(self.horizons):
            weights = weights_of(outcome, cause, horizon, self.censoring)
            parts.append(over_counts.brier(outcome[0], incidences[:, cause - 1, place], counts, weights, horizon))
        found: np.ndarray = np.trapezoid(np.stack(parts), list(self.horizons), axis=0)
        return found / (self.horizons[-1] - self.horizons[0])

    def mean_ibs(self, outcome: Outcome, incidences: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """The mean over the causes, each of which counts alike."""
        each = [self.ibs_of(cause, outcome, incidences, counts) for cause in range(1, len(self.causes) + 1)]
        found: np.ndarray = np.mean(each, axis=0)
        return found

    def calibration(self, cause: int, horizon: float, *, slope: bool) -> Metric:
        """Cox's calibration slope, or the intercept with the slope fixed at 1, of the incidence by the horizon, each
        row weighted for censoring by the rows' own distribution.
        """

        def over(outcome: Outcome, incidences: np.ndarray, counts: np.ndarray) -> np.ndarray:
            time, causes, entry = outcome
            risk = incidences[:, cause - 1, list(self.horizons).index(horizon)]
            ended, free = over_counts.own_weights(time, causes > 0, counts, horizon, entry)
            own = causes == cause
            return over_counts.recalibration(risk, (ended * own, free + ended * ~own), slope=slope)

        return self._metric("calibration", over)

    def _flagged(
        self, part: int, threshold: float, outcome: Outcome, incidences: np.ndarray, counts: np.ndarray
    ) -> np.ndarray:
        """Sensitivity, specificity or F1 of an incidence of the first cause over the threshold, by the last horizon.

        Rows that were censored before are neither right nor wrong and are left out. With entries, rows weigh what they
        stand for at time zero.
        """
        horizon = self.horizons[-1]
        had, had_not = (
            known_states(outcome, FIRST, horizon)
            if outcome[2] is None
            else weights_of(outcome, FIRST, horizon, self.censoring)
        )
        return over_counts.flagged(incidences[:, FIRST - 1, -1], counts, had, had_not, threshold)[part]

    def _metric(self, name: str, over: Over) -> Counted:
        def resampled(target: np.ndarray, score: np.ndarray, counts: np.ndarray) -> np.ndarray:
            outcome = caused_outcome(target)
            return over(outcome, checked_incidences(score, len(target), len(self.causes), len(self.horizons)), counts)

        def plain(target: np.ndarray, score: np.ndarray, /) -> float:
            return float(resampled(target, score, np.ones((1, len(target))))[0])

        found = Counted(plain, resampled)
        found.__name__ = name
        return found


def known_states(outcome: Outcome, cause: int, horizon: float) -> tuple[np.ndarray, np.ndarray]:
    """Who had an event of the cause by the horizon, and who is known to have had none: two (N,) of bool. Who had
    another event before is known to have had none.
    """
    time, causes, entry = outcome
    by_then = time <= horizon
    free = (time > horizon) if entry is None else (time > horizon) & (entry <= horizon)
    return by_then & (causes == cause), free | (by_then & (causes > 0) & (causes != cause))


def threshold_at_specificity(target: np.ndarray, risk: np.ndarray, horizon: float, specificity: float) -> float:
    """Of a risk (N,) of the first cause by the horizon, the lowest threshold with at least that specificity.

    NaN where nobody was observed beyond the horizon, or had another event before.
    """
    _, without = known_states(caused_outcome(target), FIRST, horizon)
    return lowest_threshold(np.asarray(risk, dtype=np.float64), without, specificity)
