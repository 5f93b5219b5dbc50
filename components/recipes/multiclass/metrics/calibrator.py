"""Maps from probabilities to calibrated ones: kept as JSON, applied with numpy alone.

Temperature: Guo et al., On calibration of modern neural networks (2017) · Dirichlet: Kull et al., Beyond temperature
scaling (2019): a linear map of the logs of all probabilities.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import softmax

from components.core.errors import CasebookError
from components.recipes.multiclass.metrics.blend import logs


@dataclass(frozen=True)
class Calibrator:
    """A fitted map. `values` are those of its method: a temperature, or weights and intercepts."""

    method: str
    values: dict[str, Any]

    def apply(self, score: np.ndarray) -> np.ndarray:
        """Probabilities (N, C) to calibrated ones (N, C)."""
        return METHODS[self.method](self.values, np.asarray(score, dtype=np.float64))

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


def _apply_temperature(values: Mapping[str, Any], score: np.ndarray) -> np.ndarray:
    found: np.ndarray = softmax(logs(score) / values["temperature"], axis=1)
    return found


def _apply_dirichlet(values: Mapping[str, Any], score: np.ndarray) -> np.ndarray:
    line = logs(score) @ np.array(values["weights"]).T + np.array(values["intercepts"])
    found: np.ndarray = softmax(line, axis=1)
    return found


METHODS: dict[str, Callable[[Mapping[str, Any], np.ndarray], np.ndarray]] = {
    "identity": _apply_identity,
    "temperature": _apply_temperature,
    "dirichlet": _apply_dirichlet,
}
