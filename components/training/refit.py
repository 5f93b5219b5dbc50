"""A second fit, on all that is known: rows that chose among models may teach the one that is served."""

import hashlib
import io
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from lightning.pytorch import LightningDataModule, LightningModule

from components.core.job import REFIT, Job
from components.core.parts import Training
from components.training.fit import LAST, RESULT, fit


def on_everything(training: Training, data: Callable[[Job], LightningDataModule]) -> Training:
    """The fit on `data` of which nothing is held out any more: its own loss is watched."""
    return replace(training, data=data, monitor="train/loss", mode="min")


def refit(
    job: Job, training: Training, learner: LightningModule, data: Callable[[Job], LightningDataModule]
) -> LightningModule:
    """The `learner` trained anew on `data`, for as long and with the same seed.

    Its checkpoints belong to the weights of the first fit: a killed run goes on, another one starts anew.
    """
    again, _ = fit(job, on_everything(training, data), state=refit_state(job, learner))
    return again


def fit_to_the_end(job: Job, training: Training, state: Path) -> LightningModule:
    """The learner after its last epoch: the schedule ends the training where nothing held out says which was best."""
    learner, _ = fit(job, training, state=state)
    checkpoint = torch.load(state / f"{LAST}.ckpt", map_location="cpu", weights_only=True)
    learner.load_state_dict(checkpoint["state_dict"])
    return learner


def keep_result(state: Path, folder: Path) -> None:
    """Leave what the second fit ended with in the folder of the fit: card and gate tell where time has cut it."""
    shutil.copyfile(state / RESULT, folder / REFIT)


def refit_state(job: Job, learner: LightningModule, what: str = "refit") -> Path:
    """A folder that belongs to the weights of the first fit: a killed run goes on in it, another one starts anew.

    Those of other weights are removed. `what` names the fits that come after the first.
    """
    state = job.paths.state(job.case) / what / _weights_digest(learner)
    for other in state.parent.glob("*"):
        if other != state:
            shutil.rmtree(other)
    return state


def _weights_digest(learner: LightningModule) -> str:
    content = io.BytesIO()
    for name, tensor in sorted(learner.state_dict().items()):
        content.write(name.encode() + tensor.cpu().contiguous().numpy().tobytes())
    return hashlib.sha256(content.getvalue()).hexdigest()[:32]
