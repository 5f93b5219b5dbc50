"""Real studies in SQLite; `fit`, which a search is handed, is a parabola here: a trial costs milliseconds."""

import os
from pathlib import Path
from typing import Any

import optuna
import pytest
from lightning.pytorch import Callback
from optuna.trial import TrialState

from components.core.errors import CasebookError, DivergedError
from components.core.job import Job
from components.core.parts import Training
from components.core.results import FitResult
from components.tuning.study import open_study, records, summary
from components.tuning.trials import suggest, trial_state
from tests.components.tuning.parabola import Fake, KilledError, job_of, loss_of, report, run, told


def test_a_search_ends_with_exactly_its_number_of_complete_trials(training: Training, tmp_path: Path) -> None:
    job, fake, said = job_of(tmp_path), Fake(), []
    study = run(job, training, fake, tmp_path / "a", tell=lambda trials: said.append(len(trials)))
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE] * 5
    assert said == [0, 1, 2, 3, 4, 5]
    assert [loss_of(one) for one in fake.jobs] == [trial.value for trial in study.trials]
    assert fake.states == [trial_state(tmp_path / "a", index) for index in range(5)]
    assert not any(state.exists() for state in fake.states)
    run(job, training, fake, tmp_path / "a")  # nothing is left to do
    assert len(fake.jobs) == 5


def test_each_trial_fits_the_case_with_its_own_values(training: Training, tmp_path: Path) -> None:
    fake = Fake()
    study = run(job_of(tmp_path), training, fake, tmp_path / "a")
    for job, trial in zip(fake.jobs, study.trials, strict=True):
        assert job.params.fit.lr == trial.params["fit.lr"]
        assert job.params.model["network"]["k"] == trial.params["model.network.k"]
        assert job.params.model["network"]["embedding"] == trial.params["model.network.embedding"]
        assert job.params.compress == job_of(tmp_path).params.compress
    assert len({job.params.fit.lr for job in fake.jobs}) == 5  # start-up points are not drawn twice


def test_the_first_trial_takes_the_params_own_values(training: Training, tmp_path: Path) -> None:
    job = job_of(tmp_path, fit__lr=0.3, model__network__k=8)
    first = run(job, training, Fake(), tmp_path / "a").trials[0]
    assert first.params == {"fit.lr": 0.3, "model.network.k": 8, "model.network.embedding": "none"}


def test_an_own_value_outside_its_range_is_drawn_instead(training: Training, tmp_path: Path) -> None:
    first = run(job_of(tmp_path, fit__lr=2.0, model__network__k=8), training, Fake(), tmp_path / "a").trials[0]
    assert first.params["fit.lr"] <= 1.0
    assert first.params["model.network.k"] == 8


def test_the_summary_names_the_smallest_loss(training: Training, tmp_path: Path) -> None:
    job = job_of(tmp_path)
    study = run(job, training, Fake(), tmp_path / "a")
    best = min(study.trials, key=lambda trial: trial.value)
    assert summary(study, job, training) == {
        "case": "finance_risk",
        "monitor": "val/loss",
        "value": best.value,
        "trial": best.number,
        "values": best.params,
        "trials": {"complete": 5, "pruned": 0},
    }


def test_no_trials_are_no_values(training: Training, tmp_path: Path) -> None:
    job = job_of(tmp_path, search__trials=0)
    found = summary(run(job, training, Fake(), tmp_path / "a"), job, training)
    assert (found["value"], found["values"], found["trials"]) == (None, {}, {"complete": 0, "pruned": 0})


@pytest.mark.parametrize("cut", [1, 3])
def test_a_killed_trial_is_taken_up_again_and_the_study_ends_as_an_undisturbed_one(
    training: Training, tmp_path: Path, cut: int
) -> None:
    job = job_of(tmp_path)
    whole = run(job, training, Fake(epochs=3), tmp_path / "whole" / "same")

    def kill(trial: int) -> None:
        if trial == cut:
            raise KilledError

    state, killed = tmp_path / "cut" / "same", Fake(epochs=3, after=kill)
    with pytest.raises(KilledError):
        run(job, training, killed, state)
    study = open_study(job, training, f"sqlite:///{state / 'study.db'}", state)
    assert study.trials[cut - 1].state == TrialState.RUNNING
    resumed = Fake(epochs=3)
    study = run(job, training, resumed, state)
    assert told(study) == told(whole)
    assert summary(study, job, training)["values"] == summary(whole, job, training)["values"]
    assert resumed.jobs[0].params == killed.jobs[-1].params  # the same suggestion
    assert resumed.states[0] == killed.states[-1]  # and the same checkpoints
    assert len(resumed.jobs) == 5 - (cut - 1)  # none that had ended is repeated
    assert [trial.state for trial in study.trials].count(TrialState.FAIL) == 1


def test_reports_of_epochs_before_the_kill_are_in_the_resumed_trial(training: Training, tmp_path: Path) -> None:
    job, state = job_of(tmp_path, search__prune=True, search__trials=1), tmp_path / "a"
    steps: list[int] = []

    def kill(_: int) -> None:
        steps.append(1)
        if len(steps) == 2:
            raise KilledError

    with pytest.raises(KilledError):
        run(job, training, Fake(epochs=4, after=kill), state)
    study = run(job, training, Fake(epochs=4), state)
    (trial,) = study.get_trials(states=(TrialState.COMPLETE,))
    assert trial.intermediate_values == pytest.approx({epoch: trial.value + 1 / (epoch + 1) for epoch in range(4)})


def test_pruned_trials_are_counted_as_such_and_do_not_count_as_complete(training: Training, tmp_path: Path) -> None:
    job = job_of(tmp_path, search__prune=True, search__trials=4)
    study = run(job, training, Fake(epochs=5), tmp_path / "a")
    states = [trial.state for trial in study.trials]
    pruned = states.count(TrialState.PRUNED)
    assert pruned > 0
    assert states.count(TrialState.COMPLETE) == 4
    assert summary(study, job, training)["trials"] == {"complete": 4, "pruned": pruned}
    cut = [record for record in records(study) if record.state == "PRUNED"]
    assert all(record.value is None and len(record.curve) >= 4 for record in cut)  # three epochs are free


def test_where_the_first_values_are_the_best_the_study_ends_all_the_same(training: Training, tmp_path: Path) -> None:
    class Worsening(Fake):
        """No trial comes near the ones before it."""

        def run(
            self, job: Job, training: Training, *, state: Path, callbacks: list[Callback]
        ) -> tuple[None, FitResult]:
            self.jobs.append(job)
            state.mkdir(exist_ok=True)
            loss = float(len(self.jobs))
            for epoch in range(5):
                for callback in callbacks:
                    report(callback, loss, epoch)
            return None, FitResult(training.monitor, loss, 4, 5, 5, "epochs")

    study = run(job_of(tmp_path, search__prune=True, search__trials=4), training, Worsening(), tmp_path / "a")
    states = [trial.state.name for trial in study.trials]
    # Two begin the study, none passes the median of these; after 2 * 4 trials nothing is pruned.
    assert states == ["COMPLETE"] * 2 + ["PRUNED"] * 6 + ["COMPLETE"] * 2


def test_a_trial_that_diverges_counts_as_pruned_and_is_not_asked_for_again(training: Training, tmp_path: Path) -> None:
    class Diverging(Fake):
        def run(
            self, job: Job, training: Training, *, state: Path, callbacks: list[Callback]
        ) -> tuple[None, FitResult]:
            if len(self.jobs) == 1:
                self.jobs.append(job)
                raise DivergedError("val/loss was never a finite number")
            return super().run(job, training, state=state, callbacks=callbacks)

    fake = Diverging()
    study = run(job_of(tmp_path, search__trials=3), training, fake, tmp_path / "a")
    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "PRUNED", "COMPLETE", "COMPLETE"]
    assert len({job.params.fit.lr for job in fake.jobs}) == 4


def test_a_space_in_which_nothing_ends_is_given_up(training: Training, tmp_path: Path) -> None:
    class Diverging(Fake):
        def run(self, *_: Any, **__: Any) -> tuple[None, FitResult]:
            raise DivergedError("never finite")

    with pytest.raises(
        CasebookError, match=r"8 of 8 trials were pruned or diverged and only 0 of 2 .*finance_risk\.search"
    ):
        run(job_of(tmp_path, search__trials=2), training, Diverging(), tmp_path / "a")


def test_any_other_error_ends_the_search(training: Training, tmp_path: Path) -> None:
    class Broken(Fake):
        def run(self, *_: Any, **__: Any) -> tuple[None, FitResult]:
            raise CasebookError("train.parquet: not found")

    with pytest.raises(CasebookError, match=r"train\.parquet: not found"):
        run(job_of(tmp_path), training, Broken(), tmp_path / "a")


def test_each_kind_of_range_is_drawn_from_within_its_bounds(tmp_path: Path) -> None:
    space = job_of(
        tmp_path,
        search__space={
            "float": {"kind": "float", "low": 1e-4, "high": 1e-2, "log": True},
            "int": {"kind": "int", "low": 2, "high": 4, "log": False},
            "choice": {"kind": "choice", "values": [128, 256]},
        },
    ).params.search.space
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    drawn = []
    for _ in range(60):
        trial = study.ask()
        drawn.append({name: suggest(trial, name, dimension) for name, dimension in space.items()})
    floats = sorted(one["float"] for one in drawn)
    assert 1e-4 <= floats[0] < 2e-4
    assert floats[-1] <= 1e-2
    assert 15 < sum(value < 1e-3 for value in floats) < 45  # half of the mass below the geometric mean
    assert {one["int"] for one in drawn} == {2, 3, 4}
    assert {one["choice"] for one in drawn} == {128, 256}


def test_a_value_that_the_params_refuse_names_its_key(training: Training, tmp_path: Path) -> None:
    job = job_of(tmp_path, search__space={"fit.lrr": {"kind": "int", "low": 1, "high": 2, "log": False}})
    with pytest.raises(CasebookError, match=r"'fit\.lrr' names no key"):
        run(job, training, Fake(), tmp_path / "a")


def damage(database: Path, how: str) -> None:
    content = database.read_bytes()
    if how == "removed":
        database.unlink()
        return
    page = os.urandom(4096)
    damaged = {
        "empty": b"",
        "cut": content[: len(content) // 2],
        "random": os.urandom(len(content)),
        "a page": content[:8192] + page + content[8192 + len(page) :],
    }
    database.write_bytes(damaged[how])


@pytest.mark.parametrize("how", ["empty", "cut", "random", "a page", "removed"])
def test_a_damaged_study_is_searched_anew_and_ends_as_it_did(training: Training, tmp_path: Path, how: str) -> None:
    job, state = job_of(tmp_path), tmp_path / "a"
    before = told(run(job, training, Fake(), state))
    (state / "trial-0003").mkdir()  # of an attempt that was cut off
    (state / "trial-0003" / "epochs").write_text("1")
    damage(state / "study.db", how)
    fake = Fake()
    assert told(run(job, training, fake, state)) == before
    assert len(fake.jobs) == 5
