"""A fit that is a parabola: a trial of a real study costs milliseconds."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import optuna
import torch
from lightning.pytorch import Callback

from components.core.job import Job
from components.core.parts import Training
from components.core.results import FitResult, TrialRecord
from components.tuning.search import search
from components.tuning.study import records
from components.tuning.trials import FitFunctions
from tests.toy.jobs import toy_job

BEST_LR, BEST_K = 0.05, 3
SPACE = {
    "fit.lr": {"kind": "float", "low": 0.001, "high": 1.0, "log": True},
    "model.network.k": {"kind": "int", "low": 1, "high": 8, "log": False},
    "model.network.embedding": {"kind": "choice", "values": ["none", "periodic"]},
}


class KilledError(BaseException):
    pass


class Fake:
    """Fits by formula; can end the process's work, or diverge, at a trial; reports epochs as training would."""

    def __init__(self, *, epochs: int = 1, after: Callable[[int], None] | None = None) -> None:
        self.jobs: list[Job] = []
        self.states: list[Path] = []
        self.epochs = epochs
        self.after = after

    def run(self, job: Job, training: Training, *, state: Path, callbacks: list[Callback]) -> tuple[None, FitResult]:
        self.jobs.append(job)
        self.states.append(state)
        state.mkdir(exist_ok=True)
        value = loss_of(job)
        for epoch in range(self.resume_point(state), self.epochs):
            for callback in callbacks:
                report(callback, value + 1 / (epoch + 1), epoch)
            (state / "epochs").write_text(str(epoch + 1))
            if self.after:
                self.after(len(self.jobs))
        return None, FitResult(training.monitor, value, 0, self.epochs, self.epochs, "epochs")

    def resume_point(self, state: Path) -> int:
        return int((state / "epochs").read_text()) if (state / "epochs").exists() else 0


def loss_of(job: Job) -> float:
    model = job.params.model["network"]
    return abs(job.params.fit.lr - BEST_LR) + 0.1 * abs(model["k"] - BEST_K) + (model["embedding"] == "none")


def report(callback: Any, value: float, epoch: int) -> None:
    """What Lightning does on the end of a validation."""
    metrics = {callback.monitor: torch.tensor(value, dtype=torch.float64)}
    trainer = SimpleNamespace(sanity_checking=False, callback_metrics=metrics, world_size=1)
    callback.on_validation_end(trainer, SimpleNamespace(current_epoch=epoch))


def job_of(root: Path, **values: Any) -> Job:
    chosen = {"search__space": SPACE, "search__trials": 5, "search__startup_trials": 2, "search__prune": False}
    return toy_job("finance_risk", root, **chosen | values)


def run(
    job: Job, training: Training, fake: Fake, state: Path, tell: Callable[[list[TrialRecord]], None] = lambda _: None
) -> optuna.Study:
    state.mkdir(parents=True, exist_ok=True)
    url = f"sqlite:///{state / 'study.db'}"
    return search(job, training, FitFunctions(fake.run, fake.resume_point), storage_url=url, state=state, tell=tell)


def told(study: optuna.Study) -> list[tuple[Any, ...]]:
    """All that a study decided, without times, numbers and failed attempts."""
    return [(r.state, r.params, r.value, r.curve) for r in records(study) if r.state != "FAIL"]
