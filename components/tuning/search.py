"""Optuna over a case's space; the only importer of optuna.

A study is resumed where it stopped and ends as an undisturbed one would: each suggestion is drawn
with a seed made of the number of finished trials, so a trial that a kill cut off is asked for again
with the same answer, and goes on from its own last checkpoint.
"""

import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import optuna
from lightning.pytorch import Callback
from optuna.trial import FrozenTrial, Trial, TrialState
from optuna_integration import PyTorchLightningPruningCallback

from components.contracts import Case, FitResult, Job
from components.errors import CasebookError, DivergedError
from components.files import held_lock
from components.params import Choices, Dimension, FloatRange, IntRange, SearchParams, override
from components.seeds import derived_seed

log = logging.getLogger(__name__)

FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)
# Where the first values are the best there are, a pruner hardly lets another trial end: after so many trials for each
# that is wanted it is told to stop, and after so many the trials must diverge by themselves.
PRUNED_TRIALS_PER_COMPLETE = 2
MAX_TRIALS_PER_COMPLETE = 4


@dataclass(frozen=True)
class TrialRecord:
    """An ended trial in plain values; `curve` is the monitored metric by epoch, `state`
    one of COMPLETE, PRUNED and FAIL.
    """

    number: int
    state: str
    params: dict[str, Any]
    value: float | None
    curve: dict[int, float]
    started: datetime
    ended: datetime


Tell = Callable[[list[TrialRecord]], None]


@dataclass(frozen=True)
class Fit:
    """The ordinary `fit` as a trial calls it; see `components.training.fit.fit`."""

    run: Callable[..., tuple[Any, FitResult]]
    resume_epoch: Callable[[Path], int]


def search(job: Job, case: Case, fit: Fit, *, storage_url: str, state: Path, tell: Tell) -> optuna.Study:
    """Run or resume the case's study until it holds exactly `search.trials` complete trials.

    The first trial takes the values that the parameters have, so that what wins is no worse than they are.
    Sees the training and validation splits only. The caller holds the stage's lock, so a trial
    that is still marked as running belongs to a process that is gone. `tell` is given all ended
    trials at the start and after each one.

    Raises:
        CasebookError: so many trials diverged that the study cannot reach its number.
    """
    params = job.params.search
    optuna.logging.set_verbosity(optuna.logging.WARNING)  # the trials tell their own story
    study = open_study(job, case, storage_url, state)
    _reap(study)
    tell(records(study))
    limit = params.trials * MAX_TRIALS_PER_COMPLETE
    while (complete := _count(study, (TrialState.COMPLETE,))) < params.trials:
        index = _count(study, FINISHED)
        if index >= limit:
            raise CasebookError(
                f"search: {index - complete} of {index} trials were pruned or diverged and only {complete} of "
                f"{params.trials} ended; narrow cases.{job.case}.search.space"
            )
        study.sampler, study.pruner = _sampler(params, index), _pruner(params, index)
        if index == 0:
            _enqueue_own_values(study, job)
        log.info("trial %d: %d of %d complete", index, complete, params.trials)
        study.optimize(_Objective(job, case, fit, state, index), n_trials=1)
        tell(records(study))
        shutil.rmtree(trial_state(state, index), ignore_errors=True)
    return study


def trial_state(state: Path, index: int) -> Path:
    return state / f"trial-{index:04d}"


def open_study(job: Job, case: Case, storage_url: str, state: Path) -> optuna.Study:
    """Create or load the study. One process at a time creates tables: two would break the database."""
    state.mkdir(parents=True, exist_ok=True)
    with held_lock(state / "study.lock", "opening the study"):
        return optuna.create_study(
            storage=optuna.storages.RDBStorage(storage_url),
            study_name=f"{job.case}-{state.name}",
            direction="maximize" if case.mode == "max" else "minimize",
            load_if_exists=True,
        )


def records(study: optuna.Study) -> list[TrialRecord]:
    """Every ended trial of the study, oldest first."""
    ended = study.get_trials(deepcopy=False, states=(*FINISHED, TrialState.FAIL))
    return [_record(trial) for trial in ended]


def _record(trial: FrozenTrial) -> TrialRecord:
    assert trial.datetime_start is not None
    assert trial.datetime_complete is not None
    return TrialRecord(
        number=trial.number,
        state=trial.state.name,
        params=dict(trial.params),
        value=trial.value if trial.state == TrialState.COMPLETE else None,
        curve=dict(trial.intermediate_values),
        started=trial.datetime_start,
        ended=trial.datetime_complete,
    )


def summary(study: optuna.Study, job: Job, case: Case) -> dict[str, Any]:
    """What `best.json` holds: the winning values and how many trials they won against."""
    trials = study.get_trials(deepcopy=False)
    counts = {state.name.lower(): sum(trial.state == state for trial in trials) for state in FINISHED}
    best = study.best_trial if counts["complete"] else None
    return {
        "case": job.case,
        "monitor": case.monitor,
        "value": best.value if best else None,
        "trial": best.user_attrs["index"] if best else None,
        "values": dict(best.params) if best else {},
        "trials": counts,
    }


class _Objective:
    """One trial: the case's parameters with the suggested values, through the ordinary fit."""

    def __init__(self, job: Job, case: Case, fit: Fit, state: Path, index: int) -> None:
        self.job, self.case, self.fit, self.index = job, case, fit, index
        self.state = trial_state(state, index)

    def __call__(self, trial: Trial) -> float:
        trial.set_user_attr("index", self.index)
        space = self.job.params.search.space
        values = {name: suggest(trial, name, dimension) for name, dimension in space.items()}
        _repeat_reports(trial, self.index, self.fit.resume_epoch(self.state))
        try:
            return self._run(trial, values)
        except DivergedError as error:
            # Its values will be suggested again if it counts for nothing.
            raise optuna.TrialPruned(str(error)) from error

    def _run(self, trial: Trial, values: dict[str, Any]) -> float:
        job = Job(self.job.case, override(self.job.params, values), self.job.paths, self.job.smoke)
        callbacks: list[Callback] = []
        if self.job.params.search.prune:
            callbacks.append(PyTorchLightningPruningCallback(trial, self.case.monitor))
        _, result = self.fit.run(job, self.case, state=self.state, callbacks=callbacks)
        return result.value


def suggest(trial: Trial, name: str, dimension: Dimension) -> Any:
    if isinstance(dimension, FloatRange):
        return trial.suggest_float(name, dimension.low, dimension.high, log=dimension.log)
    if isinstance(dimension, IntRange):
        return trial.suggest_int(name, dimension.low, dimension.high, log=dimension.log)
    assert isinstance(dimension, Choices)
    return trial.suggest_categorical(name, list(dimension.values))


def _sampler(params: SearchParams, index: int) -> optuna.samplers.BaseSampler:
    seed = derived_seed(params.seed, index) % 2**32
    return optuna.samplers.TPESampler(seed=seed, n_startup_trials=params.startup_trials)


def _pruner(params: SearchParams, index: int) -> optuna.pruners.BasePruner:
    if params.prune and index < PRUNED_TRIALS_PER_COMPLETE * params.trials:
        return optuna.pruners.MedianPruner(n_startup_trials=params.startup_trials, n_warmup_steps=3)
    return optuna.pruners.NopPruner()


def _enqueue_own_values(study: optuna.Study, job: Job) -> None:
    """Make the parameters' own values, as far as they lie in the space, those of the next trial."""
    if study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
        return  # a kill fell between this and the trial
    content = job.params.model_dump(mode="python")
    own = {name: _at(content, name.split(".")) for name in job.params.search.space}
    study.enqueue_trial({name: value for name, value in own.items() if _lies_in(job.params.search.space[name], value)})


def _at(content: Any, keys: list[str]) -> Any:
    """The value at a path of keys, or None: the trial itself will name a path that leads nowhere."""
    for key in keys:
        content = content.get(key) if isinstance(content, dict) else None
    return content


def _lies_in(dimension: Dimension, value: Any) -> bool:
    if isinstance(dimension, Choices):
        return value in dimension.values
    return isinstance(value, int | float) and dimension.low <= value <= dimension.high


def _reap(study: optuna.Study) -> None:
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        log.warning("trial %d was cut off by a kill; it is taken up again", trial.number)
        study.tell(trial.number, state=TrialState.FAIL)


def _repeat_reports(trial: Trial, index: int, resume_epoch: int) -> None:
    """Report again what the cut-off attempt had reported for epochs that will not be run again."""
    attempts: list[FrozenTrial] = trial.study.get_trials(deepcopy=False, states=(TrialState.FAIL,))
    cut_off = [attempt for attempt in attempts if attempt.user_attrs.get("index") == index]
    if cut_off:
        for step, value in cut_off[-1].intermediate_values.items():
            if step < resume_epoch:
                trial.report(value, step)


def _count(study: optuna.Study, states: tuple[TrialState, ...]) -> int:
    return len(study.get_trials(deepcopy=False, states=states))
