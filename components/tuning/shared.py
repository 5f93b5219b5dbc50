"""A study that several processes work on: its storage, whose turn it is, and who is still there."""

import logging
import socket
import time
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

import optuna
import sqlalchemy
from optuna.exceptions import ExperimentalWarning, StorageInternalError
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import DBAPIError

from components.core.errors import CasebookError, DamagedError
from components.core.files import read_json, write_json
from components.core.job import Job
from components.core.locks import file_lock, is_held
from components.core.parts import Training
from components.core.passwords import hidden
from components.core.private import private_database
from components.tuning.study import count, create_study, drop_damaged, study_name

log = logging.getLogger(__name__)

STUDY = "study.json"
PATIENCE = 600.0  # seconds that a worker waits for a database that has gone
OUT_OF_REACH = (StorageInternalError, DBAPIError)
BEATS = 4  # signs of life within the time after which a worker is lost
WORKER = "worker"


@dataclass(frozen=True)
class Shared:
    """A study, its storage, and the folder of this checkout in which its trials keep their checkpoints."""

    study: optuna.Study
    storage: RDBStorage
    state: Path


def open_shared(job: Job, training: Training, url: str, state: Path, *, join: bool = False) -> Shared:
    """Create the study of these inputs, or load it where it is under way; with `join` only the latter.

    In a database of a team a study outlives its checkout: one that is complete is left as it is, and a search
    that is asked for again begins another, whose name has a number.

    Raises:
        CasebookError: the database does not answer, or there is no study to join.
    """
    state.mkdir(parents=True, exist_ok=True)
    private_database(url, job.paths.root)
    optuna.logging.set_verbosity(optuna.logging.ERROR)  # trials, and a database that is away, are told by us
    params = job.params.search
    with _opening(url, state), warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        storage = RDBStorage(
            url,
            engine_kwargs=_engine_options(url),
            heartbeat_interval=max(1, params.lost_after_s // BEATS),
            grace_period=params.lost_after_s,
            heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(max_retry=params.retries),
        )
        sqlalchemy.event.listen(storage.engine, "do_connect", _connect_patiently)
        name = _name(job, storage, state, join=join)
        shared = Shared(create_study(training, storage, name), storage, state)
        write_json(state / STUDY, {"name": name})
    return shared


def _engine_options(url: str) -> dict[str, Any]:
    """A connection is tried before it is used: the server may have been started anew since."""
    return {"pool_pre_ping": True, **({"connect_args": {"timeout": PATIENCE}} if _is_file(url) else {})}


def _is_file(url: str) -> bool:
    return make_url(url).get_backend_name() == "sqlite"


@contextmanager
def _opening(url: str, state: Path) -> Iterator[None]:
    """One process at a time makes tables and studies; the first connection of each is not waited for."""
    shown = make_url(url).render_as_string(hide_password=True)
    engine = sqlalchemy.create_engine(url)
    try:
        with _turn(engine, "casebook studies", state):
            drop_damaged(url)
            yield
    except DBAPIError as error:
        reason = hidden(f"{shown} cannot be used: {first_line(error.orig)}", url)
        raise CasebookError(f"CASEBOOK_DATABASE_URL: {reason}") from error
    finally:
        engine.dispose()


def _name(job: Job, storage: RDBStorage, state: Path, *, join: bool) -> str:
    """The study that this state went on with, else the newest of these inputs, else one more."""
    if (noted := noted_name(state)) is not None:
        return noted
    base = study_name(job, state)
    names = [name for name in optuna.get_all_study_names(storage) if name == base or name.startswith(f"{base}-")]
    if names:
        newest = max(names, key=lambda name: int(name.removeprefix(base).lstrip("-") or 1))
        found = optuna.load_study(study_name=newest, storage=storage)
        if count(found, (TrialState.COMPLETE,)) < job.params.search.trials:
            return newest
    if join:
        raise CasebookError(
            f"{job.case}: no search of this code, these data and these params is under way in the database; "
            f"begin one with `casebook search {job.case}`, or bring this checkout to the same commit and data"
        )
    return f"{base}-{len(names) + 1}" if names else base


def noted_name(state: Path) -> str | None:
    """The study that a state went on with, by its note; None if there is none, or no readable one."""
    try:
        return str(read_json(state / STUDY)["name"])
    except FileNotFoundError:
        return None
    except (DamagedError, KeyError, TypeError) as error:
        reason = getattr(error, "reason", error)
        log.warning("%s: damaged (%s); the newest study of these inputs is gone on with", state / STUDY, reason)
        return None


def turn(shared: Shared) -> Any:
    """Hold the study while this process looks at it and takes a trial; all others wait."""
    return _turn(shared.storage.engine, shared.study.study_name, shared.state)


@contextmanager
def _turn(engine: Engine, name: str, state: Path) -> Iterator[None]:
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:  # the server frees the lock with the connection, however that ends
            connection.execute(sqlalchemy.text("select pg_advisory_xact_lock(hashtext(:name))"), {"name": name})
            yield
    elif engine.dialect.name == "sqlite":
        with file_lock(state / "turn.lock"):
            yield
    else:
        raise CasebookError(
            f"CASEBOOK_DATABASE_URL: {engine.dialect.name} is not known; give postgresql+psycopg://user@host:port/name"
        )


def _connect_patiently(dialect: Any, record: Any, arguments: Any, named: Any) -> Any:  # noqa: ARG001 - SQLAlchemy's
    """Connect as SQLAlchemy would, but wait for a server that is being started again.

    Raises:
        CasebookError: it did not come back in time.
    """
    deadline, said = time.monotonic() + PATIENCE, False
    while True:
        try:
            return dialect.connect(*arguments, **named)
        except dialect.dbapi.OperationalError as error:
            if time.monotonic() > deadline:
                raise CasebookError(
                    f"the database of the search has not answered for {PATIENCE:g} s ({first_line(error)}); "
                    "start it, then run this again: nothing that ended is lost"
                ) from error
            if not said:
                log.warning("the database of the search does not answer (%s); waiting", first_line(error))
            said = True
            time.sleep(0.5)


class Presence:
    """Says which process has a trial, so that others on the machine see at once when it is gone.

    The operating system frees its lock when it dies, however it dies; other machines wait for its signs of life.
    """

    def __init__(self, state: Path) -> None:
        self.state = state
        self.name = uuid.uuid4().hex
        self._lock = file_lock(self._path(self.name), thread_local=False)
        self._lock.acquire()

    def _path(self, name: str) -> Path:
        return self.state / f"worker-{name}.lock"

    def tag(self, number: int) -> dict[str, Any]:
        return {"trial": number, "host": socket.gethostname(), "state": str(self.state.resolve()), "name": self.name}

    def lost(self, trial: FrozenTrial) -> bool:
        """Whether a running trial has no process any more, as far as this machine can tell; ask in a `turn`."""
        tag = trial.user_attrs.get(WORKER)
        if tag is None or tag["trial"] != trial.number:
            return True  # whoever was about to take it no longer has the turn
        mine = self.tag(trial.number)
        if (tag["host"], tag["state"]) != (mine["host"], mine["state"]):
            return False
        path = self._path(tag["name"])
        return not path.exists() or not is_held(path)

    def leave(self) -> None:
        self._path(self.name).unlink(missing_ok=True)
        self._lock.release()


@contextmanager
def heartbeat(shared: Shared, trial: int) -> Iterator[None]:
    """Give signs of life for a trial from a thread, also over a time when the database is away."""
    interval, stop = shared.storage.heartbeat_interval, Event()
    assert interval is not None

    def beat() -> None:
        while not stop.wait(interval):
            try:
                shared.storage.record_heartbeat(trial)
            except (*OUT_OF_REACH, CasebookError) as error:
                log.warning("no sign of life could be given (%s)", first_line(error))

    thread = Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()


def fail_lost(shared: Shared, presence: Presence) -> None:
    """Let the trials whose process is gone be begun again; ask in a `turn`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        optuna.storages.fail_stale_trials(shared.study)
    again = shared.storage.get_heartbeat_stale_trial_callback()
    assert again is not None
    for trial in shared.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        if presence.lost(trial):
            # Its process may have ended in order since this one looked.
            ended = shared.study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)
            if ended.state == TrialState.FAIL:
                log.warning("trial %d has lost its process; it is taken up again", trial.number)
                again(shared.study, ended)


def first_line(error: BaseException | None) -> str:
    """Of what lies behind an error: Optuna's own word for each that a database has is of invalid data."""
    while error is not None and error.__cause__ is not None:
        error = error.__cause__
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
