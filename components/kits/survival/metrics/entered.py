"""People who came under observation some time after time zero: left truncation.

Whoever had the event before the study began is in no file, so that a person is at risk of an observed event from
their `entry` on only: of all who entered before t and were observed until t or longer. Every estimate here has these
risk sets (Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data, 1980, 1.3). Events that come while
next to nobody has entered yet are passed over: one of them would take half of the survival or all of it (Lai and Ying,
Estimating a distribution function with truncated and censored data, Annals of Statistics, 1991).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.stats import norm

from components.kits.survival.at_risk import FEWEST_AT_RISK, at_risk
from components.kits.survival.metrics.rows import entered_outcome


@dataclass(frozen=True)
class ProductLimit:
    """Kaplan and Meier's estimate with entries: of the rows (N,), at each of `steps` (S,), the ends of observation,
    how many were at risk (S,), and how many of them had the event (S,), of those that count. Until `begin` too few had
    entered.
    """

    time: np.ndarray
    entry: np.ndarray
    steps: np.ndarray
    risk: np.ndarray
    events: np.ndarray
    begin: float

    @classmethod
    def of(cls, target: np.ndarray, fewest: int = FEWEST_AT_RISK) -> "ProductLimit":
        """Of a target (N, 3); one of (N, 2) has all entries at 0."""
        time, event, entry = entered_outcome(target)
        entry = np.full(len(time), -np.inf) if entry is None else entry
        steps, place = np.unique(time, return_inverse=True)
        events = np.bincount(place, weights=event, minlength=len(steps))
        risk = at_risk(steps, time, entry).astype(np.float64)
        early = too_early(risk, fewest)
        begin = float(steps[early][-1]) if early.any() else -np.inf
        return cls(time, entry, steps, risk, np.where(early, 0.0, events), begin)

    @cached_property
    def survival(self) -> np.ndarray:
        """(S,), after each step."""
        found: np.ndarray = np.cumprod(1 - self.events / self.risk)
        return found

    def at(self, times: np.ndarray | float) -> np.ndarray:
        """Survival (T,) beyond each of `times` (T,)."""
        found: np.ndarray = np.concatenate([[1.0], self.survival])[np.searchsorted(self.steps, times, side="right")]
        return found

    def before(self, times: np.ndarray) -> np.ndarray:
        """Survival (T,) until just before each of `times` (T,)."""
        found: np.ndarray = np.concatenate([[1.0], self.survival])[np.searchsorted(self.steps, times, side="left")]
        return found

    def bounds(self, confidence: float) -> tuple[np.ndarray, np.ndarray]:
        """Of the survival, by Greenwood's variance on the scale of log(-log): two (S,)."""
        left = self.risk - self.events
        with np.errstate(divide="ignore", invalid="ignore"):
            variance = np.cumsum(np.where(left > 0, self.events / (self.risk * left), 0.0))
            logs = np.log(self.survival)
            wide = norm.isf((1 - confidence) / 2) * np.sqrt(variance) / np.abs(logs)
            low, high = (np.exp(logs * np.exp(sign * wide)) for sign in (1, -1))
        known = (self.survival > 0) & (self.survival < 1)
        return np.where(known, low, self.survival), np.where(known, high, self.survival)

    def seen_at(self, times: np.ndarray) -> np.ndarray:
        """(T,): of people who are alive just before each time, the share (up to a factor, the same for all times) that
        is under observation then; 0 where too few are for an event to count.
        """
        count = np.where(times <= self.begin, 0, at_risk(times, self.time, self.entry))
        return _share(count / len(self.time), self.before(times))

    def seen_beyond(self, horizon: float) -> float:
        """The same of people who are alive beyond the horizon."""
        count = int(((self.entry <= horizon) & (self.time > horizon)).sum())
        return float(_share(np.array(count / len(self.time)), self.at(horizon)))

    def weights(
        self, time: np.ndarray, event: np.ndarray, horizon: float, entry: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Of each row (N,) as one with the event by the horizon, and as one without, so that their sums over all rows
        are this estimate's shares of the population at time zero: 1 over `seen_at` the event, or beyond the horizon.

        The masses of Sánchez Sellero, González Manteiga and Van Keilegom, Uniform representation of product-limit
        integrals with applications (Scandinavian Journal of Statistics, 2005); with all entries at 0 they are Graf's.
        Rows that were censored before the horizon, or entered after it, weigh nothing.
        """
        seen = self.seen_at(time)
        cases = np.divide(1.0, seen, out=np.zeros(len(time)), where=event & (time <= horizon) & (seen > 0))
        beyond, here = self.seen_beyond(horizon), (time > horizon) & (entry <= horizon)
        return cases, here / beyond if beyond > 0 else np.zeros(len(time))


def too_early(risk: np.ndarray, fewest: int = FEWEST_AT_RISK) -> np.ndarray:
    """Up to which of rising times (..., S) too few are at `risk` (..., S), before most are."""
    place = np.arange(risk.shape[-1])
    few = (risk < fewest) & (place < risk.argmax(axis=-1)[..., None])
    found: np.ndarray = np.flip(np.maximum.accumulate(np.flip(few, axis=-1), axis=-1), axis=-1)
    return found


def own_weights(target: np.ndarray, horizon: float) -> tuple[np.ndarray, np.ndarray]:
    """`ProductLimit.weights` of a target (N, 3) by its own estimate."""
    time, event, entry = entered_outcome(target)
    assert entry is not None
    return ProductLimit.of(target).weights(time, event, horizon, entry)


def mean_risk(target: np.ndarray, risk: np.ndarray, horizon: float) -> float:
    """The mean of risks (N,) by the horizon over the population at time zero: with entries, rows are weighed for who
    is missing among them; without, it is the plain mean.
    """
    if target.shape[1] == 2:
        return float(risk.mean())
    weights = np.add(*own_weights(target, horizon))
    return float(np.average(risk, weights=weights)) if weights.sum() > 0 else np.nan


def expected_survival(target: np.ndarray, times: np.ndarray, cumulative: np.ndarray) -> np.ndarray:
    """What curves (N, T) say of a group as a whole at `times` (T,), to hold beside its Kaplan-Meier curve.

    Without entries their mean survival; with entries the hazards of those under observation in each interval, added
    up (Ederer and Heise, Instructions to IBM 650 programmers, 1959, known as Ederer II).
    """
    if target.shape[1] == 2:
        found: np.ndarray = np.exp(-cumulative).mean(axis=0)
        return found
    time, _, entry = entered_outcome(target)
    starts = np.concatenate([[0.0], times[:-1]])
    seen = np.clip(np.minimum(time[:, None], times) - np.maximum(entry[:, None], starts), 0, None)  # type: ignore[index]
    added = np.diff(cumulative, axis=1, prepend=0.0)
    total = seen.sum(axis=0)
    hazard = np.divide((seen * added).sum(axis=0), total, out=added.mean(axis=0), where=total > 0)
    expected: np.ndarray = np.exp(-np.cumsum(hazard))
    return expected


def _share(count: np.ndarray, alive: np.ndarray) -> np.ndarray:
    return np.divide(count, alive, out=np.zeros(np.shape(count)), where=alive > 0)
