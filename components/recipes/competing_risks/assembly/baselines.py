"""Models of each cause alone, and the incidences of a cohort as a whole: members beside the network."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from components.core.bundle import Content
from components.kits.survival.training.assembling import Member
from components.recipes.competing_risks.metrics.hazards import hazards_of
from components.recipes.competing_risks.metrics.incidence import Incidence
from components.recipes.competing_risks.metrics.rows import event_of
from components.recipes.competing_risks.serving.members import file_of


@dataclass(frozen=True)
class OfEachCause:
    """A model of the hazard of each cause (K), which sees the events of the others as the end of observation."""

    models: Sequence[Member]

    @classmethod
    def fit(cls, target: np.ndarray, causes: int, model: Callable[[np.ndarray], Member]) -> "OfEachCause":
        """`model` fits one to a target (N, 2) or (N, 3) of a single cause."""
        return cls([model(event_of(target, cause)) for cause in range(1, causes + 1)])

    def contents(self, name: str, times: np.ndarray) -> Mapping[str, Content]:
        found: dict[str, Content] = {}
        for cause, model in enumerate(self.models, start=1):
            found |= model.contents(file_of(name, cause), times)
        return found


@dataclass(frozen=True)
class AalenJohansen:
    """The same answer for everybody: Aalen and Johansen's incidences."""

    incidence: Incidence

    @classmethod
    def fit(cls, target: np.ndarray, causes: int) -> "AalenJohansen":
        return cls(Incidence.of(target, causes))

    def contents(self, name: str, times: np.ndarray) -> Mapping[str, Content]:
        return {f"{name}.json": {"cumulative": hazards_of(self.incidence.at(times)).tolist()}}
