"""Trials whose fits are validated by steps: what is reported where, and what a kill leaves to report again."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pytest
from lightning.pytorch import Callback, Trainer

from components.core.job import Job
from components.core.params.overrides import override
from components.core.parts import Training
from components.training.fit import fit, resume_point
from components.tuning.search import search
from components.tuning.trials import FitFunctions, pruner_for
from tests.components.training.step_toys import Pair, StepLearner, toy
from tests.toy.jobs import toy_params

SPACE = {"fit.lr": {"kind": "float", "low": 1e-4, "high": 0.1, "log": True}}
STEPS = [3, 6, 9, 12, 14]  # two optimizers or one: a batch is a step


class KilledError(BaseException):
    pass


class Kill(Callback):
    """Ends the first fit within an epoch, between two validations."""

    def __init__(self, batch: int) -> None:
        self.batch = batch

    def on_train_batch_end(self, trainer: Trainer, *batch: Any) -> None:  # noqa: ARG002
        if trainer.fit_loop.total_batch_idx == self.batch:
            raise KilledError


def study_of(job: Job, training: Training, state: Path, *more: Callback) -> optuna.Study:
    def run(inner: Job, inner_training: Training, *, state: Path, callbacks: list[Callback]) -> Any:
        return fit(inner, inner_training, state=state, callbacks=[*callbacks, *more])

    url = f"sqlite:///{state / 'study.db'}"
    state.mkdir(exist_ok=True)
    return search(
        job, training, FitFunctions(run, resume_point), storage_url=url, state=state / "trials", tell=lambda _: None
    )


@pytest.mark.slow
@pytest.mark.parametrize("learner", [StepLearner, Pair])
def test_values_are_reported_at_their_steps_each_once_whatever_was_killed(tmp_path: Path, learner: Any) -> None:
    job, training = toy(learner, validate_every=3, max_steps=14, max_epochs=2)
    values = {"search.trials": 2, "search.startup_trials": 2, "search.prune": True, "search.space": SPACE}
    job = replace(job, params=override(job.params, values))
    whole = study_of(job, training, tmp_path / "whole")
    with pytest.raises(KilledError):
        study_of(job, training, tmp_path / "cut", Kill(batch=10))
    cut = study_of(job, training, tmp_path / "cut")
    told, told_again = ([trial.intermediate_values for trial in study.trials if trial.values] for study in (whole, cut))
    assert [sorted(curve) for curve in told] == [STEPS, STEPS]
    assert told_again == told
    assert [trial.state.name for trial in cut.trials] == ["FAIL", "COMPLETE", "COMPLETE"]


@pytest.mark.parametrize(("every", "free", "cut"), [(None, [0, 1, 2], 3), (50, [50, 100, 150], 200)])
def test_three_validations_are_free_before_a_trial_is_pruned(every: int | None, free: list[int], cut: int) -> None:
    params = toy_params("finance_risk", fit__validate_every=every, search__prune=True, search__startup_trials=1)
    study = optuna.create_study(pruner=pruner_for(params, 0))
    good, bad = study.ask(), None
    for at in [*free, cut]:
        good.report(1.0, at)
    study.tell(good, 1.0)
    bad = study.ask()
    pruned = []
    for at in [*free, cut]:
        bad.report(2.0, at)
        pruned.append(bad.should_prune())
    assert pruned == [False, False, False, True]
