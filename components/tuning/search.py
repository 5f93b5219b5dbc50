"""Optuna over a case's space, one trial after the other; `components/tuning` is the only importer of optuna.

A study is resumed where it stopped and ends as an undisturbed one would: each suggestion is drawn
with a seed made of the number of finished trials, so a trial that a kill cut off is asked for again
with the same answer, and goes on from its own last checkpoint. `workers.py` is the same for several
processes at once.
"""

import logging
import shutil
from pathlib import Path

import optuna
from optuna.trial import TrialState

from components.core.job import Job
from components.core.parts import Training
from components.tuning.study import FINISHED, Tell, count, open_study, records
from components.tuning.trials import (
    FitFunctions,
    Objective,
    check_limit,
    enqueue_own_values,
    pruner_for,
    sampler_for,
    trial_state,
)

log = logging.getLogger(__name__)


def search(
    job: Job, training: Training, fit: FitFunctions, *, storage_url: str, state: Path, tell: Tell
) -> optuna.Study:
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
    study = open_study(job, training, storage_url, state)
    _reap(study)
    tell(records(study))
    while (complete := count(study, (TrialState.COMPLETE,))) < params.trials:
        index = count(study, FINISHED)
        check_limit(job, index, complete)
        study.sampler, study.pruner = sampler_for(params, index), pruner_for(job.params, index)
        if index == 0:
            enqueue_own_values(study, job)
        log.info("trial %d: %d of %d complete", index, complete, params.trials)
        study.optimize(Objective(job, training, fit, state, index), n_trials=1)
        tell(records(study))
        shutil.rmtree(trial_state(state, index), ignore_errors=True)
    return study


def _reap(study: optuna.Study) -> None:
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        log.warning("trial %d was cut off by a kill; it is taken up again", trial.number)
        study.tell(trial.number, state=TrialState.FAIL)
