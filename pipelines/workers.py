"""Several processes at one search: of this machine, of a Dask cluster, or of whoever joins."""

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from components.core.errors import BAD_INPUT, CasebookError
from components.core.files import json_digest
from components.core.job import Job
from components.core.parts import Training
from components.core.recipe import recipe_of
from components.training.fit import fit, resume_point
from components.tuning.shared import Shared, open_shared
from components.tuning.study import Study, Tell, records
from components.tuning.trials import FitFunctions
from components.tuning.workers import complete, patiently, work
from pipelines.stages import set_up_logging, terminate
from pipelines.steps.search import DATABASE, search_inputs, storage_url

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0  # between looks at what the workers have ended
GRACE_SECONDS = 20.0  # for a worker that is told to end
FIT = FitFunctions(fit, resume_point)
# Not a copy of this process, whose threads and connections would be copied halfway.
SPAWN = multiprocessing.get_context("spawn")


def search_together(job: Job, training: Training, state: Path, url: str, tell: Tell) -> Study:
    """Run or resume a study that others may work on, too, and return it complete.

    Raises:
        CasebookError: the database does not answer, workers need one and there is none, or a worker failed.
    """
    shared = open_shared(job, training, url, state)
    tell(patiently(lambda: records(shared.study)))
    if job.params.search.dask is not None:
        from pipelines.dask_workers import cluster_workers

        _database()
        with cluster_workers(job) as running:
            tell_until_complete(shared, job, tell, running)
    elif job.params.search.workers > 1:
        with _workers(job, state) as workers:
            tell_until_complete(shared, job, tell, workers.running)
    else:
        work(shared, job, training, FIT, tell=tell)
    return shared.study


def tell_until_complete(shared: Shared, job: Job, tell: Tell, running: Callable[[], bool]) -> None:
    """Look at the study again and again, and tell what has ended, until it is complete.

    Raises:
        CasebookError: nobody works at it any more.
    """
    told = -1
    while True:
        done, at_work = complete(shared, job), running()
        ended = patiently(lambda: records(shared.study))
        if len(ended) != told:
            tell(ended)
            told = len(ended)
        if done:
            return
        if not at_work:
            raise CasebookError("search: every worker has ended before the study was complete; see the log above")
        time.sleep(LOOK_SECONDS)


def join(job: Job) -> None:
    """Work at the search of these very inputs that another process, of this machine or of another, has begun.

    Raises:
        CasebookError: there is no database or no such search, or this checkout lacks the prepared data.
    """
    prepared = job.paths.prepared(job.case)
    if not prepared.is_dir():
        raise CasebookError(f"{prepared}: not found; bring the data here with `dvc pull prepare@{job.case}`")
    training, inputs = recipe_of(job).training, search_inputs(job)
    # Not `state_of`: it would sweep the states of the search that is joined.
    state = job.paths.state(job.case) / "search" / json_digest(inputs)
    shared = open_shared(job, training, _database(), state, join=True)
    work(shared, job, training, FIT, tell=lambda _: None)


def _database() -> str:
    url = os.environ.get(DATABASE)
    if not url:
        raise CasebookError(
            f"{DATABASE} is not set: workers of other machines share a study in a database, "
            "such as postgresql+psycopg://user@host:5432/name"
        )
    return url


class _Workers:
    """As many processes as the params say; one that is killed is replaced, at most `search.retries` times."""

    def __init__(self, job: Job, state: Path) -> None:
        self.job, self.state = job, state
        self.spare = job.params.search.retries
        self.at_work = [self._start() for _ in range(job.params.search.workers)]

    def _start(self) -> tuple[BaseProcess, Connection]:
        ours, theirs = SPAWN.Pipe()
        process = SPAWN.Process(target=worker, args=(self.job, self.state, theirs))
        process.start()
        theirs.close()
        return process, ours

    def running(self) -> bool:
        """Whether any is at work.

        Raises:
            CasebookError: what a worker said that ended with an error.
        """
        for pair in list(self.at_work):
            process, said = pair
            if process.is_alive():
                continue
            self.at_work.remove(pair)
            code = process.exitcode or 0
            if code > 0:
                message = said.recv() if said.poll() else f"a worker ended with exit code {code}; see the log above"
                raise CasebookError(message)
            if code < 0:
                log.warning("worker %s was killed (%s)", process.pid, signal.Signals(-code).name)
                if self.spare:
                    self.spare -= 1
                    self.at_work.append(self._start())
        return bool(self.at_work)

    def end(self) -> None:
        for process, _ in self.at_work:
            process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        for process, _ in self.at_work:
            process.join(max(0.1, deadline - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()


@contextmanager
def _workers(job: Job, state: Path) -> Iterator[_Workers]:
    workers = _Workers(job, state)
    try:
        yield workers
    finally:
        workers.end()


def worker(job: Job, state: Path, said: Connection) -> None:
    """What each process runs; it ends with the one that started it."""
    set_up_logging()
    signal.signal(signal.SIGTERM, terminate)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    training = recipe_of(job).training
    try:
        shared = open_shared(job, training, storage_url(state), state)
        work(shared, job, training, FIT, tell=lambda _: None)
    except CasebookError as error:
        said.send(str(error))
        sys.exit(BAD_INPUT)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # nothing is left to tidy: end at once


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(BAD_INPUT)  # sys.exit would end this thread alone
