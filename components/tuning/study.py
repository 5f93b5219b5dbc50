"""A study as the rest of the project sees it: opened, counted, told in plain values."""

import logging
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from components.core.errors import CasebookError
from components.core.job import Job
from components.core.locks import held_lock
from components.core.parts import Training
from components.core.private import private_database
from components.core.results import TrialRecord

log = logging.getLogger(__name__)

Study = optuna.Study
SQLITE = "sqlite:///"
PATIENCE = 60.0  # seconds to wait for another writer
TRIAL = "trial-"  # begins the folder of each trial
FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)


Tell = Callable[[list[TrialRecord]], None]


def open_study(job: Job, training: Training, storage_url: str, state: Path) -> optuna.Study:
    """Create or load the study. One process at a time creates tables: two would break the database."""
    state.mkdir(parents=True, exist_ok=True)
    private_database(storage_url, job.paths.root)
    with held_lock(state / "study.lock", "opening the study"):
        drop_damaged(storage_url)
        storage = optuna.storages.RDBStorage(storage_url)
        return create_study(training, storage, study_name(job, state))


def drop_damaged(storage_url: str) -> None:
    """Remove a study's own file of SQLite if it is no database any more, and what its trials have left.

    The trials are made again with the seeds of the first time, and end as they did.
    """
    path = Path(storage_url.removeprefix(SQLITE))
    if not storage_url.startswith(SQLITE):
        return
    if path.is_file() and path.stat().st_size > 0:
        if (found := _integrity(path)) == "ok":
            return
        log.warning("%s: damaged (%s); removed, and the search starts anew", path, found)
    for suffix in ("", "-journal", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    for trial in path.parent.glob(f"{TRIAL}*"):  # its values may be others now
        shutil.rmtree(trial, ignore_errors=True)


def _integrity(path: Path) -> str:
    """`ok`, or what SQLite finds wrong."""
    try:
        with closing(sqlite3.connect(path, timeout=PATIENCE)) as connection:
            return str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
    except sqlite3.OperationalError as error:
        if "locked" in str(error):  # others are at it, who have opened it
            return "ok"
        if "malformed" not in str(error):
            raise CasebookError(f"{path}: the study cannot be opened ({error}); let this user write it") from error
        return str(error)
    except sqlite3.DatabaseError as error:
        return str(error)


def study_name(job: Job, state: Path) -> str:
    return f"{job.case}-{state.name}"


def create_study(training: Training, storage: optuna.storages.BaseStorage, name: str) -> optuna.Study:
    """Create the study `name`, or load it."""
    return optuna.create_study(
        storage=storage,
        study_name=name,
        direction="maximize" if training.mode == "max" else "minimize",
        load_if_exists=True,
    )


def count(study: optuna.Study, states: tuple[TrialState, ...]) -> int:
    return len(study.get_trials(deepcopy=False, states=states))


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


def summary(study: optuna.Study, job: Job, training: Training) -> dict[str, Any]:
    """What `best.json` holds: the winning values and how many trials they won against."""
    trials = study.get_trials(deepcopy=False)
    counts = {state.name.lower(): sum(trial.state == state for trial in trials) for state in FINISHED}
    best = study.best_trial if counts["complete"] else None
    return {
        "case": job.case,
        "monitor": training.monitor,
        "value": best.value if best else None,
        "trial": best.user_attrs["index"] if best else None,
        "values": dict(best.params) if best else {},
        "trials": counts,
    }
