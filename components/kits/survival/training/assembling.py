"""From a trained learner of a cohort to bundles: members fitted, what is chosen among them, and all fitted again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import pandas as pd
import torch
from lightning.pytorch import LightningModule

from components.core.bundle import Content
from components.core.errors import CasebookError
from components.core.job import BUNDLE, PREPARED_FILES, SELECTION, TRAIN, AnyJob, Meta
from components.core.parts import Training
from components.kits.survival.blocks import CurveParams
from components.kits.survival.training.data import CohortData, Patients
from components.kits.survival.training.served import SERVING
from components.kits.survival.units import Unit
from components.kits.tables.typical import typical_values
from components.training.refit import keep_result, refit, refit_state


class Member(Protocol):
    """A fitted model of the blend."""

    def contents(self, name: str, times: np.ndarray, /) -> Mapping[str, Content]:
        """Its files of a bundle, by which it answers at `times` (T,)."""


Members = Mapping[str, Member]
Blend = TypeVar("Blend")


@dataclass(frozen=True)
class Assembling(Generic[Blend]):
    """How a recipe's bundles come about. `data` are the training patients, or with `whole` those of the validation too;
    `fit` gives the members, `equal` their blend before anything is chosen, `choose` that of validation rows by the
    bundle that has them, and `write` writes a bundle.
    """

    training: Training
    data: Callable[..., CohortData]
    fit: Callable[[AnyJob, LightningModule, CohortData], Members]
    equal: Callable[[AnyJob, Members], Blend]
    choose: Callable[[AnyJob, Path, Patients], Blend]
    write: Callable[[AnyJob, CohortData, Members, Blend, Path], None]

    def assemble(self, job: AnyJob, learner: LightningModule, folder: Path) -> LightningModule:
        """Write `selection/`, `bundle/` and `serving.pt` into `folder`.

        `selection` knows the training rows alone; on the validation rows it finds the blend's weights,
        its recalibration and the threshold. `bundle` is what serves: the same recipe fitted again on
        training and validation rows, because a thousand patients more or less decide how well a
        hazard is known, with what the selection found. The learner of that second fit is returned.
        """
        data = self.data(job, whole=False)
        members = self.fit(job, learner, data)
        self.write(job, data, members, self.equal(job, members), folder / SELECTION)
        blend = self.choose(job, folder / SELECTION, data.parts[1])
        self.write(job, data, members, blend, folder / SELECTION)
        again, whole = refit(job, self.training, learner, self.everything), self.everything(job)
        keep_result(refit_state(job, learner), folder)
        self.write(job, whole, self.fit(job, again, whole), blend, folder / BUNDLE)
        torch.save(again.state_dict(), folder / SERVING)
        return again

    def everything(self, job: AnyJob) -> CohortData:
        return self.data(job, whole=True)


def grid_of(curve: CurveParams) -> tuple[float, ...]:
    """The times (T,) at which members answer, up to the last horizon."""
    steps = round(curve.horizons[-1] / curve.step)
    return tuple((curve.step * np.arange(1, steps + 1)).tolist())


def check_threshold(threshold: float, horizon: float, unit: Unit) -> None:
    """Raises CasebookError where the validation rows have none with a specificity."""
    if not np.isfinite(threshold):
        raise CasebookError(
            f"validation: nobody was observed beyond {horizon:g} {unit} without the event, so no threshold has a "
            "specificity; shorten model.curve.horizons"
        )


def unit_of(job: AnyJob) -> Unit:
    """What the prepared times count; `years` are not written."""
    unit: Unit = Meta.read(job.paths.prepared(job.case)).data["spec"].get("unit", "years")
    return unit


def typical_of(job: AnyJob) -> dict[str, Any]:
    """The values of a typical training patient."""
    prepared = job.paths.prepared(job.case)
    columns = list(Meta.read(prepared).data["spec"]["columns"])
    return typical_values(pd.read_parquet(prepared / PREPARED_FILES[TRAIN]), columns)
