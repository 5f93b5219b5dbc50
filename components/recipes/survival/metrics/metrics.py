"""Metrics of a risk for a censored outcome.

Every metric takes a target (N, 2), years and event, or (N, 3) with the years until entry, and a score
(N, H), the risk by each of H horizons in years, and returns a float, NaN where the rows do not
define it. What only ranks (`c_index`, thresholds) reads the last horizon; a score (N,) stands for it
alone. The weights for censoring of `auc` and `ibs` come from the cohort that the model was developed
on, as scikit-survival's `integrated_brier_score(train, test, ...)` takes them, those of calibration
from the rows themselves.
"""

from collections.abc import Sequence

import numpy as np
from sksurv import metrics as sk

from components.core.parts import Metric
from components.kits.survival.metrics import over_counts
from components.kits.survival.metrics.censoring import Censoring
from components.kits.survival.metrics.entered import own_weights
from components.kits.survival.metrics.states import counted, curves_of, known_states, on_all_rows, once, ranked
from components.kits.survival.units import SHORT, Unit

LOWER_IS_BETTER = frozenset({"ibs"})


def survival_metrics(
    *,
    horizons: Sequence[float],
    calibrated: Sequence[float],
    censoring: Censoring,
    threshold: float,
    unit: Unit = "years",
) -> dict[str, Metric]:
    """Every metric by its name: `auc@3y` and `calibration_slope@3y` at three years, `auc@30d` at 30 days, and so on.

    `threshold` is for the risk by the last horizon. Calibration is asked at the horizons of
    `calibrated`; its slope (best 1) and intercept (best 0) have no better direction.
    """
    found: dict[str, Metric] = {"c_index": c_index(), "ibs": ibs(horizons, censoring)}
    for place, horizon in enumerate(horizons):
        found[f"auc@{horizon:g}{SHORT[unit]}"] = auc_at(place, horizon, censoring)
    for horizon in calibrated:
        place = list(horizons).index(horizon)
        found[f"calibration_slope@{horizon:g}{SHORT[unit]}"] = calibration_at(place, horizon, slope=True)
        found[f"calibration_intercept@{horizon:g}{SHORT[unit]}"] = calibration_at(place, horizon, slope=False)
    for part, name in enumerate(("sensitivity", "specificity", "f1")):
        found[name] = at_threshold(part, name, horizons[-1], threshold)
    return found


def c_index() -> Metric:
    """Harrell's C: of pairs of which it is known who had the event first, the share in which that one scores higher.

    Harrell et al., Evaluating the yield of medical tests (JAMA, 1982); tied scores count half.
    """

    def plain(target: np.ndarray, score: np.ndarray, /) -> float:
        if np.shape(target)[1:] == (3,):
            return once(resampled, target, score)
        time, event, last, _ = ranked(target, score)
        try:
            return float(sk.concordance_index_censored(event, time, last, tied_tol=over_counts.TIED)[0])
        except (ValueError, sk.NoComparablePairException):  # nobody with the event, or nobody to compare with
            return np.nan

    def resampled(target: np.ndarray, score: np.ndarray, counts: np.ndarray) -> np.ndarray:
        time, event, last, entry = ranked(target, score)
        return over_counts.c_index(time, event, last, counts, entry)

    return counted("c_index", plain, resampled)


def ibs(horizons: Sequence[float], censoring: Censoring) -> Metric:
    """The Brier score of the risk, integrated over the horizons and divided by their span (Graf et al., 1999)."""
    span = horizons[-1] - horizons[0]

    def plain(target: np.ndarray, score: np.ndarray, /) -> float:
        if censoring.entered is not None:
            return once(resampled, target, score)
        time, event, risk, _ = curves_of(target, score, len(horizons))
        try:
            outcome = _outcome(censoring, time, event, horizons[-1])
            return float(sk.integrated_brier_score(censoring.outcome, outcome, 1 - risk, list(horizons)))
        except ValueError:  # a horizon outside the rows' observation
            return np.nan

    def resampled(target: np.ndarray, score: np.ndarray, counts: np.ndarray) -> np.ndarray:
        time, event, risk, entry = curves_of(target, score, len(horizons))
        parts = [
            over_counts.brier(time, risk[:, place], counts, censoring.weights(time, event, horizon, entry), horizon)
            for place, horizon in enumerate(horizons)
        ]
        return np.trapezoid(np.stack(parts), list(horizons), axis=0) / span

    return counted("ibs", plain, resampled)


def auc_at(place: int, horizon: float, censoring: Censoring) -> Metric:
    """Cumulative/dynamic AUC: those with the event by the horizon against those without it then.

    Uno et al., Evaluating prediction rules for t-year survivors (JASA, 2007).
    """

    def plain(target: np.ndarray, score: np.ndarray, /) -> float:
        if censoring.entered is not None:
            return once(resampled, target, score)
        time, event, risk, _ = curves_of(target, score, place + 1)
        if not ((event & (time <= horizon)).any() and (time > horizon).any()):
            return np.nan
        outcome = _outcome(censoring, time, event, horizon)
        return float(sk.cumulative_dynamic_auc(censoring.outcome, outcome, risk[:, place], [horizon])[0][0])

    def resampled(target: np.ndarray, score: np.ndarray, counts: np.ndarray) -> np.ndarray:
        time, event, risk, entry = curves_of(target, score, place + 1)
        return over_counts.auc(risk[:, place], counts, censoring.weights(time, event, horizon, entry))

    return counted(f"auc@{horizon:g}", plain, resampled)


def calibration_at(place: int, horizon: float, *, slope: bool) -> Metric:
    """Cox's calibration slope, or the intercept with the slope fixed at 1, of the risk by the horizon.

    Cox, Two further applications of a model for binary regression (Biometrika, 1958), each row
    weighted for censoring by the rows' own distribution: the development cohort's would make a
    cohort that was followed for less time look as if events were missing.
    """

    def resampled(target: np.ndarray, score: np.ndarray, counts: np.ndarray) -> np.ndarray:
        time, event, risk, entry = curves_of(target, score, place + 1)
        return over_counts.calibration(time, event, risk[:, place], counts, horizon, entry)[0 if slope else 1]

    name = f"calibration_{'slope' if slope else 'intercept'}@{horizon:g}"
    return counted(name, on_all_rows(resampled), resampled)


def at_threshold(part: int, name: str, horizon: float, threshold: float) -> Metric:
    """Sensitivity, specificity or F1 (`part` 0, 1, 2) of a risk over the threshold, for the event by the horizon.

    Rows that were censored before the horizon are neither right nor wrong and are left out. With entries, rows weigh
    what they stand for at time zero.
    """

    def resampled(target: np.ndarray, score: np.ndarray, counts: np.ndarray) -> np.ndarray:
        time, event, last, entry = ranked(target, score)
        states = known_states(time, event, horizon)
        had, had_not = states if entry is None else own_weights(target, horizon)
        return over_counts.flagged(last, counts, had, had_not, threshold)[part]

    return counted(name, on_all_rows(resampled), resampled)


def _outcome(censoring: Censoring, time: np.ndarray, event: np.ndarray, horizon: float) -> np.ndarray:
    """As scikit-survival takes it. What comes after the horizon says no more than that it came after."""
    found = np.empty(len(time), dtype=censoring.outcome.dtype)
    names = censoring.outcome.dtype.names
    assert names is not None
    later = time > horizon
    found[names[0]], found[names[1]] = event & ~later, np.where(later, np.nextafter(horizon, np.inf), time)
    return found
