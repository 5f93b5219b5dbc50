"""Optuna over a case's space by several processes, here or on several machines, over one study.

Each takes the next trial in its turn, so that exactly as many complete as are wanted. A trial whose process
dies is begun again by whoever is free, from its last checkpoint where that lies on the same disk. One worker
alone suggests what `search.py` would; of several each sees what has ended so far, and that depends on the race.
"""

import logging
import shutil
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import Trial, TrialState

from components.core.job import Job
from components.core.locks import held_lock
from components.core.parts import Training
from components.tuning.shared import OUT_OF_REACH, WORKER, Presence, Shared, fail_lost, first_line, heartbeat, turn
from components.tuning.study import Tell, count, records
from components.tuning.trials import (
    INDEX,
    FitFunctions,
    Objective,
    check_limit,
    enqueue_own_values,
    pruner_for,
    sampler_for,
    suggest_all,
)

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0  # between looks at a study of which all that is left is in other hands
Result = TypeVar("Result")


@dataclass(frozen=True)
class Taken:
    """A trial that this process has, and which of the search it is."""

    trial: Trial
    index: int


def complete(shared: Shared, job: Job) -> bool:
    return patiently(lambda: count(shared.study, (TrialState.COMPLETE,))) >= job.params.search.trials


def work(shared: Shared, job: Job, training: Training, fit: FitFunctions, *, tell: Tell) -> None:
    """Take trials until the study holds `search.trials` complete ones; `tell` is given all ended trials after each.

    Raises:
        CasebookError: so many trials diverged that the study cannot reach its number, or the database stays away.
    """
    presence = Presence(shared.state)
    try:
        while not complete(shared, job):
            taken = patiently(lambda: _take(shared, job, presence))
            if taken is None:
                time.sleep(POLL_SECONDS)
                continue
            _run(shared, Objective(job, training, fit, shared.state, taken.index), taken)
            tell(patiently(lambda: records(shared.study)))
    finally:
        presence.leave()


def patiently(call: Callable[[], Result]) -> Result:
    """What `call` answers, asked again where the database went away under it; the next connection is waited for."""
    while True:
        try:
            return call()
        except OUT_OF_REACH as error:
            log.warning("the database of the search went away (%s); asking again", first_line(error))
            time.sleep(POLL_SECONDS)


def _take(shared: Shared, job: Job, presence: Presence) -> Taken | None:
    """The next trial with its values drawn, so that the next worker sees them; None if none is left to take."""
    study, params = shared.study, job.params.search
    with turn(shared):
        fail_lost(shared, presence)
        # One look: between two a trial that was running might complete, and count for neither.
        states = [trial.state for trial in study.get_trials(deepcopy=False)]
        ended = states.count(TrialState.COMPLETE)
        if ended + states.count(TrialState.RUNNING) >= params.trials:
            return None
        index = _next_index(study)
        check_limit(job, index, ended)
        study.sampler, study.pruner = sampler_for(params, index), pruner_for(job.params, index)
        if index == 0:
            enqueue_own_values(study, job)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Heartbeat of storage")  # we give signs of life by ourselves
            trial = study.ask()
        shared.storage.record_heartbeat(trial._trial_id)
        trial.set_user_attr(INDEX, index)
        suggest_all(trial, params)
        trial.set_user_attr(WORKER, presence.tag(trial.number))  # last: without it the trial counts as lost
    log.info("trial %d: %d of %d complete", index, ended, params.trials)
    return Taken(trial, index)


def _next_index(study: optuna.Study) -> int:
    """That of the trial that `ask` will give: of one that waits to be begun again its own, else the next free one."""
    waiting = study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
    if waiting and INDEX in waiting[0].user_attrs:
        return int(waiting[0].user_attrs[INDEX])
    used = [trial.user_attrs[INDEX] for trial in study.get_trials(deepcopy=False) if INDEX in trial.user_attrs]
    return max(used, default=-1) + 1


def _run(shared: Shared, objective: Objective, taken: Taken) -> None:
    """Run a trial to its end and tell it, unless it has been given to another process meanwhile."""
    # A process that was taken for lost may still be at the same checkpoints.
    with (
        held_lock(objective.state.with_suffix(".lock"), f"trial {taken.index}"),
        heartbeat(shared, taken.trial._trial_id),
    ):
        try:
            value, state = _value(objective, taken.trial)
            ended = patiently(lambda: shared.study.tell(taken.trial, value, state, skip_if_finished=True))
        except UpdateFinishedTrialError:
            ended = patiently(lambda: shared.study.trials[taken.trial.number])
        except Exception:
            shared.study.tell(taken.trial, state=TrialState.FAIL, skip_if_finished=True)
            raise
        if ended.state == TrialState.FAIL:
            log.warning("trial %d was taken for lost and given to another worker", taken.index)
            return
        shutil.rmtree(objective.state, ignore_errors=True)


def _value(objective: Objective, trial: Trial) -> tuple[float | None, TrialState]:
    try:
        with warnings.catch_warnings():
            # Where the database goes away, the fit goes on from its checkpoint, and may tell an epoch twice.
            warnings.filterwarnings("ignore", message="The reported value is ignored")
            return patiently(lambda: objective(trial)), TrialState.COMPLETE
    except optuna.TrialPruned:
        return None, TrialState.PRUNED
