"""Maps from a score to a calibrated probability: kept as JSON, applied without scikit-learn, order never reversed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from components.core.errors import CasebookError
from components.recipes.binary.metrics.rows import SMALLEST_PROBABILITY, log_odds


@dataclass(frozen=True)
class Calibrator:
    """A fitted map. `values` are those of its method: coefficients, or the knots of isotonic regression."""

    method: str
    values: dict[str, Any]

    def apply(self, score: np.ndarray) -> np.ndarray:
        """Scores (N,) in [0, 1] to probabilities (N,); a higher score never gets a lower one."""
        score = np.asarray(score, dtype=np.float64)
        return METHODS[self.method](self.values, score)

    def to_json(self) -> dict[str, Any]:
        return {"method": self.method, "values": self.values}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Calibrator":
        check_known(content["method"])
        return cls(method=content["method"], values=dict(content["values"]))


def check_known(method: str) -> None:
    if method not in METHODS:
        raise CasebookError(f"calibration: no method {method!r}; there are: {', '.join(METHODS)}")


def _apply_identity(values: Mapping[str, Any], score: np.ndarray) -> np.ndarray:  # noqa: ARG001 - one signature
    return score


def _apply_platt(values: Mapping[str, Any], score: np.ndarray) -> np.ndarray:
    return expit(values["intercept"] + values["slope"] * log_odds(score))


def _apply_beta(values: Mapping[str, Any], score: np.ndarray) -> np.ndarray:
    return expit(values["intercept"] + beta_features(score) @ np.array([values["low"], values["high"]]))


def beta_features(score: np.ndarray) -> np.ndarray:
    """(N, 2), log p and -log(1 - p): both rise with the score, so slopes above 0 keep its order."""
    kept = np.clip(score, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    return np.column_stack([np.log(kept), -np.log1p(-kept)])


def _apply_isotonic(values: Mapping[str, Any], score: np.ndarray) -> np.ndarray:
    return np.interp(score, values["score"], values["probability"])


METHODS: dict[str, Callable[[Mapping[str, Any], np.ndarray], np.ndarray]] = {
    "identity": _apply_identity,
    "platt": _apply_platt,
    "beta": _apply_beta,
    "isotonic": _apply_isotonic,
}
