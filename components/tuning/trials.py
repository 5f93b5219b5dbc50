"""One trial: what is suggested for it, what it reports, when it is cut short."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import optuna
from lightning.pytorch import Callback, LightningModule, Trainer
from optuna.trial import FrozenTrial, Trial, TrialState
from optuna_integration import PyTorchLightningPruningCallback

from components.core.errors import CasebookError, DivergedError
from components.core.job import Job
from components.core.params.case import CaseParams, Choices, Dimension, FitParams, FloatRange, IntRange, SearchParams
from components.core.parts import Training
from components.core.results import FitResult
from components.core.seeds import derived_seed
from components.tuning.study import TRIAL

# Where the first values are the best there are, a pruner hardly lets another trial end: after so many trials for each
# that is wanted it is told to stop, and after so many the trials must diverge by themselves.
PRUNED_TRIALS_PER_COMPLETE = 2
MAX_TRIALS_PER_COMPLETE = 4
WARMUP = 3  # validations of a trial before it may be pruned
INDEX = "index"  # which trial of the search an attempt is; a repeated one has the same


@dataclass(frozen=True)
class FitFunctions:
    """What a trial needs of training, which is not below this folder; see `components.training.fit`."""

    run: Callable[..., tuple[Any, FitResult]]
    resume_point: Callable[[Path], int]


def trial_state(state: Path, index: int) -> Path:
    return state / f"{TRIAL}{index:04d}"


class Objective:
    """One trial: the case's parameters with the suggested values, through the ordinary fit."""

    def __init__(self, job: Job, training: Training, fit: FitFunctions, state: Path, index: int) -> None:
        self.job, self.training, self.fit, self.index = job, training, fit, index
        self.state = trial_state(state, index)

    def __call__(self, trial: Trial) -> float:
        trial.set_user_attr(INDEX, self.index)
        values = suggest_all(trial, self.job.params.search)
        _repeat_reports(trial, self.index, self.fit.resume_point(self.state))
        try:
            return self._run(trial, values)
        except DivergedError as error:
            # Its values will be suggested again if it counts for nothing.
            raise optuna.TrialPruned(str(error)) from error

    def _run(self, trial: Trial, values: dict[str, Any]) -> float:
        job = self.job.with_values(values)
        callbacks: list[Callback] = []
        if self.job.params.search.prune:
            callbacks.append(pruning := Pruning(trial, self.training.monitor, job.params.fit))
        _, result = self.fit.run(job, self.training, state=self.state, callbacks=callbacks)
        if callbacks and pruning.pruned is not None:
            raise pruning.pruned
        return result.value


class Pruning(PyTorchLightningPruningCallback):
    """Optuna's own, which in a fit of several processes asks to be in each of them; this one stops them from the first.

    There the fit ends with its epoch, and `pruned` is to be raised after it. Where the fit is validated by steps, they
    are what values are reported at.
    """

    def __init__(self, trial: Trial, monitor: str, params: FitParams) -> None:
        super().__init__(trial, monitor)
        self.params = params
        self.pruned: optuna.TrialPruned | None = None

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        pass  # it is the first process alone that has this callback

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        at = pl_module.current_epoch
        if self.params.validate_every is not None:
            at = self.params.steps(trainer.fit_loop.total_batch_idx + 1, int(trainer.num_training_batches))
        try:
            # Of the module it asks nothing but the epoch, which it reports at.
            super().on_validation_end(trainer, SimpleNamespace(current_epoch=at))
        except optuna.TrialPruned as pruned:
            if trainer.world_size == 1:
                raise
            self.pruned, trainer.should_stop = pruned, True


def suggest_all(trial: Trial, params: SearchParams) -> dict[str, Any]:
    """A value for each dimension of the space; asked again, the same ones."""
    return {name: suggest(trial, name, dimension) for name, dimension in params.space.items()}


def suggest(trial: Trial, name: str, dimension: Dimension) -> Any:
    if isinstance(dimension, FloatRange):
        return trial.suggest_float(name, dimension.low, dimension.high, log=dimension.log)
    if isinstance(dimension, IntRange):
        return trial.suggest_int(name, dimension.low, dimension.high, log=dimension.log)
    assert isinstance(dimension, Choices)
    return trial.suggest_categorical(name, list(dimension.values))


def sampler_for(params: SearchParams, index: int) -> optuna.samplers.BaseSampler:
    seed = derived_seed(params.seed, index) % 2**32
    return optuna.samplers.TPESampler(seed=seed, n_startup_trials=params.startup_trials)


def pruner_for(params: CaseParams, index: int) -> optuna.pruners.BasePruner:
    search, every = params.search, params.fit.validate_every
    if search.prune and index < PRUNED_TRIALS_PER_COMPLETE * search.trials:
        # The first epoch is 0, the first validation by steps is at `every`.
        warmup = WARMUP if every is None else (WARMUP + 1) * every
        return optuna.pruners.MedianPruner(n_startup_trials=search.startup_trials, n_warmup_steps=warmup)
    return optuna.pruners.NopPruner()


def check_limit(job: Job, index: int, complete: int) -> None:
    """Give up a study that has tried `index` times for its `complete` trials.

    Raises:
        CasebookError: so many of them were pruned or diverged that the study cannot reach its number.
    """
    params = job.params.search
    if index >= params.trials * MAX_TRIALS_PER_COMPLETE:
        raise CasebookError(
            f"search: {index - complete} of {index} trials were pruned or diverged and only {complete} of "
            f"{params.trials} ended; narrow cases.{job.case}.search.space"
        )


def enqueue_own_values(study: optuna.Study, job: Job) -> None:
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


def _repeat_reports(trial: Trial, index: int, resume_point: int) -> None:
    """Report again what the cut-off attempt had reported for epochs or steps that will not be run again."""
    attempts: list[FrozenTrial] = trial.study.get_trials(deepcopy=False, states=(TrialState.FAIL,))
    cut_off = [attempt for attempt in attempts if attempt.user_attrs.get(INDEX) == index]
    if cut_off:
        for step, value in cut_off[-1].intermediate_values.items():
            if step < resume_point:
                trial.report(value, step)
