"""What members learn by, and on which scale: of amounts and counts the large ones would drown the others.

- `squared`: the mean of the target, by its squared error. `absolute`: its median.
- `log`: the mean of log(1 + target), of a target that is never negative. The blend is brought back to the mean of the
  target itself (see `calibration`).
- `poisson`, `tweedie`: the mean of a target that is never negative, by the deviance of counts, or of amounts of which
  many are 0 (Jørgensen, The Theory of Dispersion Models, 1997).

A member answers on a scale on which targets are about 1: `Units` leads there and back. No torch.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from components.core.blocks import Block
from components.core.errors import CasebookError
from components.recipes.regression.params import Kind, LossParams

LARGEST_RAW = 30.0  # of an exponent: e^30 times the mean is no answer, and more is no number


@dataclass(frozen=True)
class Loss:
    """`objective` is LightGBM's, with its settings; `exponential` says that what a member learns is the logarithm of
    its answer, `logarithmic` that its answer is that of a logarithm; `deviation` takes values (N,) and a power to what
    their errors are in proportion to.
    """

    objective: str
    exponential: bool
    logarithmic: bool
    deviation: Callable[[np.ndarray, float], np.ndarray]

    @property
    def needs_positive(self) -> bool:
        """Whether no target may be negative."""
        return self.exponential or self.logarithmic

    def answered(self, raw: np.ndarray) -> np.ndarray:
        """What a member has learned as its answer, on the scale of `Units`."""
        return np.exp(np.minimum(raw, LARGEST_RAW)) if self.exponential else raw


LOSSES: Mapping[Kind, Loss] = {
    "squared": Loss("regression", False, False, lambda value, _power: np.ones_like(value)),
    "absolute": Loss("regression_l1", False, False, lambda value, _power: np.ones_like(value)),
    "log": Loss("regression", False, True, lambda value, _power: 1 + value),
    "poisson": Loss("poisson", True, False, lambda value, _power: np.sqrt(value)),
    "tweedie": Loss("tweedie", True, False, lambda value, power: value ** (power / 2)),
}


class Units(Block):
    """From the target's units to those that members learn in, and back; `least` is the smallest value that is
    answered, None where there is none.
    """

    kind: Kind
    power: float
    centre: float
    scale: float
    least: float | None
    most: float | None

    @classmethod
    def of(cls, params: LossParams, target: np.ndarray, bounds: tuple[float | None, float | None]) -> Self:
        """By training targets (N,), which lie within `bounds`.

        Raises:
            CasebookError: a target is negative, and the loss is none for such.
        """
        loss, least = LOSSES[params.kind], bounds[0]
        if loss.needs_positive:
            if len(below := target[target < 0]):
                raise CasebookError(
                    f"model.loss.kind {params.kind}: {len(below)} of {len(target)} training rows have a target below "
                    f"0, such as {below[0]:g}; it is for counts and amounts: choose squared or absolute, or set "
                    "prepare.target.min to 0, so that such rows are set aside"
                )
            least = max(0.0, least or 0.0)
        learned = np.log1p(target) if loss.logarithmic else target
        if loss.exponential:
            centre, scale = 0.0, float(learned.mean())
        elif params.kind == "absolute":
            centre = float(np.median(learned))
            scale = float(np.abs(learned - centre).mean())
        else:
            centre, scale = float(learned.mean()), float(learned.std())
        return cls(
            kind=params.kind,
            power=params.power,
            centre=centre,
            scale=scale if scale > 0 else 1.0,
            least=least,
            most=bounds[1],
        )

    @property
    def loss(self) -> Loss:
        return LOSSES[self.kind]

    def learned(self, target: np.ndarray) -> np.ndarray:
        """Targets (N,) as members learn them."""
        numbers = np.log1p(target) if self.loss.logarithmic else target
        return np.asarray((numbers - self.centre) / self.scale, dtype=np.float64)

    def told(self, answer: np.ndarray) -> np.ndarray:
        """A member's answers in the target's units."""
        numbers = self.centre + self.scale * answer
        return self.within(np.expm1(np.minimum(numbers, 700.0)) if self.loss.logarithmic else numbers)

    def within(self, values: np.ndarray) -> np.ndarray:
        """Values, none below the least or above the most that a target can be."""
        return np.asarray(np.clip(values, self.least, self.most)) if (self.least, self.most) != (None, None) else values

    def deviation(self, value: np.ndarray) -> np.ndarray:
        """What the errors of values (N,) are in proportion to, never 0."""
        floor = 1e-3 * (abs(self.centre) + self.scale) if self.loss.exponential else 0.0
        return self.loss.deviation(np.maximum(value, floor) if self.loss.needs_positive else value, self.power)


def row_losses(kind: Kind, target: np.ndarray, value: np.ndarray) -> np.ndarray:
    """What a blend is chosen by, (N,): the absolute error where medians are learned, else the squared one."""
    error = value - target
    return np.asarray(np.abs(error) if kind == "absolute" else error**2)
