"""The life of a run: opened, resumed after a kill, ended with the truth, found again by what it made."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from mlflow.exceptions import MlflowException

from components.core.errors import CasebookError, DamagedError
from components.core.files import read_json, write_json
from components.core.user import user_name
from components.tracking.owners import HIDDEN, OLDER, alive, owner
from components.tracking.track import Tracker

log = logging.getLogger(__name__)

RUN_FILE = "mlflow_run.json"
PARENT = "mlflow.parentRunId"
NOTE = "mlflow.note.content"  # the description of a run or an experiment on its page
FITTED_MD5, BEST_MD5 = f"{HIDDEN}fitted_md5", f"{HIDDEN}best_md5"
TAKEN_MD5 = f"{HIDDEN}taken_fitted_md5"  # of an experiment's run: the fit of another run that it took over
FROM_CACHE = "A fit of another checkout, or of a store that is no more: what it left came from DVC's cache."


@contextmanager
def parent_run(tracker: Tracker, case: str, state: Path, name: str, tags: Mapping[str, str]) -> Iterator[str]:
    """Yield the id of one run for all attempts at one piece of work, and end it with what became of it.

    The id stands in a file in `state`: whoever takes the work up again after a kill, even one that
    fell after its end, goes on in the same run, and whoever clears `state` begins another. The run
    ends FINISHED, KILLED (an interrupt, or an exit such as a SIGTERM handler's) or FAILED.
    """
    run = _reopened(tracker, case, state) or _opened(tracker, case, state, name)
    tracker.log_tags(run, {**tags, **owner()})
    status = "FAILED"
    try:
        yield run
        status = "FINISHED"
    except (KeyboardInterrupt, SystemExit):
        status = "KILLED"
        raise
    finally:
        _end(tracker, run, status)


def _opened(tracker: Tracker, case: str, state: Path, name: str) -> str:
    run = new_run(tracker, case, name, owner())
    write_json(state / RUN_FILE, {"run": run, "store": tracker.uri})
    return run


def _reopened(tracker: Tracker, case: str, state: Path) -> str | None:
    """The run named in `state`, RUNNING again; None if there is none, or not in this store any more."""
    if not (state / RUN_FILE).exists():
        return None
    try:
        run = str(read_json(state / RUN_FILE)["run"])
    except (DamagedError, KeyError, TypeError) as error:
        reason = getattr(error, "reason", error)
        log.warning("%s: damaged (%s); a new MLflow run is begun", state / RUN_FILE, reason)
        return None
    try:
        info = tracker.client.get_run(run).info
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return None
    if info.lifecycle_stage != "active" or info.experiment_id != tracker.experiment(case):
        return None
    tracker.client.update_run(run, status="RUNNING")
    log.info("going on in MLflow run %s", run)
    return run


def _end(tracker: Tracker, run: str, status: str) -> None:
    try:
        tracker.client.set_terminated(run, status)
    except CasebookError as error:
        if status == "FINISHED":
            raise
        log.warning("run %s stays open (%s); the next start ends it", run, error)  # the first error matters more


def new_run(tracker: Tracker, case: str, name: str, tags: Mapping[str, str], started: int | None = None) -> str:
    """Create a RUNNING run in the case's experiment and return its id; `started` in ms since 1970."""
    shown = {"mlflow.user": user_name(), "mlflow.source.name": "casebook", "mlflow.source.type": "LOCAL"}
    run = tracker.client.create_run(tracker.experiment(case), start_time=started, tags={**shown, **tags}, run_name=name)
    return str(run.info.run_id)


def newest_run(tracker: Tracker, case: str, tag: str, value: str) -> str | None:
    """The run that was started last of those of the case that carry `tag` with `value`."""
    return _newest(tracker, case, {tag: value})


def _newest(tracker: Tracker, case: str, tags: Mapping[str, str]) -> str | None:
    older = {tag.replace(HIDDEN, OLDER): value for tag, value in tags.items()}
    return _tagged(tracker, case, tags) or (_tagged(tracker, case, older) if older != tags else None)


def _tagged(tracker: Tracker, case: str, tags: Mapping[str, str]) -> str | None:
    text = " AND ".join(f"tags.`{tag}` = '{value}'" for tag, value in tags.items())
    experiment = tracker.experiment(case)
    found = tracker.client.search_runs([experiment], text, order_by=["attributes.start_time DESC"], max_results=1)
    return str(found[0].info.run_id) if found else None


def run_of_fit(tracker: Tracker, case: str, fitted_md5: str) -> str:
    """The run whose fit ended in this fitted folder, for later stages to add to.

    A store that has never seen the fit (it came from DVC's cache) gets a run that says so, ended.
    """
    if (run := newest_run(tracker, case, FITTED_MD5, fitted_md5)) is not None:
        return run
    run = new_run(tracker, case, f"{case} (from cache)", {FITTED_MD5: fitted_md5, NOTE: FROM_CACHE, **owner()})
    tracker.client.set_terminated(run, "FINISHED")
    return run


def run_of_experiment(tracker: Tracker, case: str, fitted_md5: str, name: str, tags: Mapping[str, str]) -> str:
    """The run of the experiment of this name for later stages to add to: its fit's, or where it took over a fit that
    was there, one of its own: the run of that fit tells of others.
    """
    if (run := _newest(tracker, case, {FITTED_MD5: fitted_md5, **tags})) is not None:
        return run
    if (run := _newest(tracker, case, {TAKEN_MD5: fitted_md5, **tags})) is not None:
        return run
    run = new_run(tracker, case, name, {TAKEN_MD5: fitted_md5, **tags, **owner()})
    tracker.client.set_terminated(run, "FINISHED")
    return run


def adopt_search(tracker: Tracker, case: str, best_md5: str, fit: str) -> bool:
    """Nest the search that wrote this `best.json` under the run `fit`; false if the store has none."""
    search = newest_run(tracker, case, BEST_MD5, best_md5)
    if search is not None:
        tracker.client.set_tag(search, PARENT, fit)
    return search is not None


def end_orphans(tracker: Tracker, case: str) -> list[str]:
    """End as KILLED the case's RUNNING runs whose process is gone from this machine; return their ids.

    Runs of other machines, and runs without the tags of `owner`, are left alone.
    """
    text = "attributes.status = 'RUNNING'"
    running = tracker.client.search_runs([tracker.experiment(case)], text, max_results=1000)
    orphans = [str(run.info.run_id) for run in running if not alive(run.data.tags)]
    for run in orphans:
        tracker.client.set_terminated(run, "KILLED")
        log.warning("MLflow run %s was left RUNNING by a process that is gone; ended as KILLED", run)
    return orphans
