"""Cox's regression of people who came under observation after time zero: scikit-survival's knows no entries."""

import numpy as np
from sksurv.functions import StepFunction

from components.core.errors import CasebookError
from components.kits.survival.metrics.rows import entered_outcome

STEPS = 100  # of Newton's method
TOLERANCE = 1e-9  # of the log-likelihood's relative change, as scikit-survival has it
HALVINGS = 30


class EnteredCox:
    """Newton's method on the partial likelihood, in which a row is at risk from its entry on until its time.

    Ties are Efron's. `alpha` is a ridge penalty on half the squared coefficients, as in scikit-survival's
    `CoxPHSurvivalAnalysis`, and so are `coef_` and `cum_baseline_hazard_`.
    """

    def __init__(self, alpha: float) -> None:
        self.alpha = alpha

    def fit(self, design: np.ndarray, target: np.ndarray) -> "EnteredCox":
        """Of a design (N, P) and a target (N, 3) with the events' times and the entries.

        Raises:
            CasebookError: the likelihood has no maximum that was found, as where a column parts those with the event.
        """
        risk = RiskSets(design, target)
        found = np.zeros(design.shape[1])
        value, gradient, curvature = self._penalised(risk, found)
        for _ in range(STEPS):
            step = np.linalg.lstsq(curvature, gradient, rcond=None)[0]
            for _ in range(HALVINGS):
                after = self._penalised(risk, found + step)
                if after[0] >= value - abs(value) * TOLERANCE:
                    break
                step = step / 2
            found, change = found + step, abs(after[0] - value)
            value, gradient, curvature = after
            if change <= TOLERANCE * abs(value):
                break
        if not np.isfinite(value) or change > TOLERANCE * abs(value):
            raise CasebookError("Cox's regression with entries does not converge; raise model.cox.ridge")
        self.coef_ = found
        self.cum_baseline_hazard_ = StepFunction(risk.times, np.cumsum(risk.baseline(found)))
        return self

    def _penalised(self, risk: "RiskSets", coefficients: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        value, gradient, curvature = risk.likelihood(coefficients)
        value -= self.alpha / 2 * float(coefficients @ coefficients)
        return value, gradient - self.alpha * coefficients, curvature + self.alpha * np.eye(len(coefficients))


class RiskSets:
    """Who is at risk at each of the distinct event `times` (T,): sums over rows (N,) that rise and fall with time."""

    def __init__(self, design: np.ndarray, target: np.ndarray) -> None:
        time, event, entry = entered_outcome(target)
        self.design, self.event = design, event
        entry = np.full(len(time), -1.0) if entry is None else entry
        self.times, ties = np.unique(time[event], return_inverse=True)
        self.tie = np.zeros(len(time), dtype=np.int64)
        self.tie[event] = ties
        # Of each row the event times until its entry, and until its time: between them it is at risk.
        self.first, self.last = (np.searchsorted(self.times, ends, side="right") for ends in (entry, time))
        deaths = np.bincount(ties, minlength=len(self.times))
        self.place = np.repeat(np.arange(len(self.times)), deaths)  # (M,) of M events
        self.share = (np.arange(len(self.place)) - np.repeat(np.cumsum(deaths) - deaths, deaths)) / deaths[self.place]

    def likelihood(self, coefficients: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """The logarithm of the partial likelihood, its gradient (P,), and minus its second derivatives (P, P)."""
        score = self.design @ coefficients
        weight, whole, means = self._sums(score)
        value = float(score[self.event].sum() - (np.log(whole) + score.max()).sum())
        gradient = self.design[self.event].sum(axis=0) - means.sum(axis=0)
        hazard = self._added(1 / whole)
        until = np.concatenate([[0.0], np.cumsum(hazard)])
        lived = (
            until[self.last] - until[self.first] - np.where(self.event, self._added(self.share / whole)[self.tie], 0)
        )
        return value, gradient, (self.design * (weight * lived)[:, None]).T @ self.design - means.T @ means

    def baseline(self, coefficients: np.ndarray) -> np.ndarray:
        """What each event time adds to the cumulative hazard of a row of zeros: (T,)."""
        score = self.design @ coefficients
        return self._added(1 / self._sums(score)[1]) / np.exp(score.max())

    def _sums(self, score: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Weights (N,), and for each event the sum (M,) and the mean design (M, P) of who is at risk by them; of those
        who have the event at the same time ever less counts (Efron).
        """
        weight = np.exp(score - score.max())
        weighed = np.column_stack([weight, weight[:, None] * self.design])
        tied = self._by(self.tie[self.event], weighed[self.event])
        there = np.cumsum(self._by(self.first, weighed) - self._by(self.last, weighed), axis=0)
        there[:, 0] = np.maximum(there[:, 0], tied[:, 0])  # what rounding may have lost
        sums = there[self.place] - self.share[:, None] * tied[self.place]
        return weight, sums[:, 0], sums[:, 1:] / sums[:, :1]

    def _by(self, place: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Values (N, W) added up by their event time, those behind the last one left out: (T, W)."""
        found = np.zeros((len(self.times) + 1, values.shape[1]))
        np.add.at(found, place, values)
        return found[:-1]

    def _added(self, values: np.ndarray) -> np.ndarray:
        """Of each event (M,) by its time (T,)."""
        return np.bincount(self.place, weights=values, minlength=len(self.times))
