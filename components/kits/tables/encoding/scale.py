"""Numbers to the scale a network learns from: piecewise-linear curves, fitted on training rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import Any

import numpy as np

from components.kits.tables.encoding.spec import EncodeParams


@dataclass(frozen=True)
class Scale:
    """A curve through the points (x, y), flat beyond the training range, after sign(v)·log(1+|v|) if `log`."""

    log: bool
    x: tuple[float, ...]
    y: tuple[float, ...]

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Float64 (N,) without NaN to the same shape."""
        return np.interp(signed_log(values) if self.log else values, *self._points)

    @cached_property
    def _points(self) -> tuple[np.ndarray, np.ndarray]:
        return np.array(self.x), np.array(self.y)

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> "Scale":
        return cls(state["log"], tuple(state["x"]), tuple(state["y"]))


def fit_scale(values: np.ndarray, params: EncodeParams) -> Scale:
    """The curve of the params' kind for training values (N,), N at least 1, without NaN."""
    if params.numeric == "quantile":
        return _quantile(values, params.knots)
    log = params.numeric == "log_standard"
    return _standard(signed_log(values) if log else values, log=log)


def signed_log(values: np.ndarray) -> np.ndarray:
    return np.sign(values) * np.log1p(np.abs(values))


def _standard(values: np.ndarray, *, log: bool) -> Scale:
    mean, deviation = values.mean(), values.std()
    ends = np.unique([values.min(), values.max()])
    scaled = (ends - mean) / deviation if len(ends) > 1 and deviation > 0 else np.zeros(len(ends))
    return Scale(log, tuple(ends.tolist()), tuple(scaled.tolist()))


def _quantile(values: np.ndarray, knots: int) -> Scale:
    """Each knot goes to the normal quantile of its mid-rank, the middle of the places that its ties take.

    So a value that most rows share lands near the middle of them, not at an end.
    """
    ordered = np.sort(values)
    x = np.unique(ordered)
    if len(x) > knots:
        x = np.unique(ordered[np.linspace(0, len(ordered) - 1, knots).round().astype(int)])
    middle = (np.searchsorted(ordered, x, "left") + np.searchsorted(ordered, x, "right")) / 2 / len(ordered)
    return Scale(False, tuple(x.tolist()), tuple(NormalDist().inv_cdf(share) for share in middle.tolist()))
