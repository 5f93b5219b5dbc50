"""Keeping of a case's versions: which stay when old ones go, and what goes with those that do not."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from mlflow.entities import LoggedModel, Run, ViewType
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from components.core.errors import CasebookError
from components.registry.ledger import REFUSED, history, known_model
from components.registry.register import model_id_of
from components.tracking.owners import HOST, alive
from components.tracking.runs import PARENT
from components.tracking.track import Tracker

PAGE = 1000


@dataclass(frozen=True)
class Doomed:
    """What can be deleted of a case: numbers of versions, logged models and runs, of which `experiment`; if `whole`,
    that and the registered model as well. `needed` are the ids of the models of versions that stay.
    """

    experiment: str | None
    versions: tuple[str, ...] = ()
    models: tuple[LoggedModel, ...] = ()
    runs: tuple[Run, ...] = ()
    needed: frozenset[str] = frozenset()
    whole: bool = False


def behind_server(tracker: Tracker) -> bool:
    """Whether a server has the rows: what is deleted there stays in its database, marked, until `mlflow gc` runs."""
    return urlsplit(tracker.uri).scheme in ("http", "https")


def surplus(tracker: Tracker, case: str, keep: int) -> Doomed:
    """The versions beyond the newest `keep` that nobody can come back to, with what belongs to them alone.

    A version stays that has an alias, such as `champion` or `candidate`, or that was champion: it is the rival of
    the one after it, and a rollback may return to it. A run goes with the last of its versions, and its search and
    trials go with it. What somebody has deleted in MLflow's pages goes, too, but from a server's database, which only
    `mlflow gc` there can clear.

    Raises:
        LostRegistryError: the registry has lost what says which versions those are.
    """
    known_model(tracker, case)
    experiment = experiment_of(tracker, case)
    versions = versions_of(tracker, case)
    staying = _staying(tracker, case, versions, keep)
    kept = [one for one in versions if str(one.version) in staying]
    going = [one for one in versions if str(one.version) not in staying]
    if experiment is None:
        return Doomed(None, tuple(str(one.version) for one in going))
    needed = {str(one.run_id) for one in kept}
    everything = list(runs_of(tracker, experiment))
    if behind_server(tracker):
        everything = [run for run in everything if run.info.lifecycle_stage == "active"]
    deleted = {str(run.info.run_id) for run in everything if run.info.lifecycle_stage != "active"}
    lost = _with_nested(everything, ({str(one.run_id) for one in going} | deleted) - needed) - needed
    models = frozenset(model_id_of(one) for one in kept)
    loose = {model_id_of(one) for one in going}
    return Doomed(
        experiment,
        versions=tuple(str(one.version) for one in going),
        models=tuple(
            model
            for model in models_of(tracker, experiment)
            if model.model_id not in models and (model.model_id in loose or model.source_run_id in lost)
        ),
        runs=tuple(run for run in everything if run.info.run_id in lost),
        needed=models,
    )


def check_idle(tracker: Tracker, case: str) -> None:
    """Raises CasebookError if a process, of this machine or another, may still be writing to a run of the case."""
    experiment = experiment_of(tracker, case)
    for run in runs_of(tracker, experiment) if experiment is not None else ():
        if run.info.status == "RUNNING" and run.info.lifecycle_stage == "active" and alive(run.data.tags):
            raise CasebookError(
                f"{case}: MLflow's run {run.info.run_name!r} ({run.info.run_id}) of machine "
                f"{run.data.tags.get(HOST, 'unknown')} is under way; wait for its end, or if that machine is gone "
                "delete the run in MLflow, then run this again"
            )


def all_of(tracker: Tracker, case: str) -> Doomed:
    """Everything that MLflow has of the case: its versions, models, runs and experiment."""
    experiment = experiment_of(tracker, case)
    versions = tuple(str(one.version) for one in versions_of(tracker, case))
    if experiment is None:
        return Doomed(None, versions, whole=True)
    models, runs = tuple(models_of(tracker, experiment)), tuple(runs_of(tracker, experiment))
    return Doomed(experiment, versions, models, runs, whole=True)


def data_of_kept(tracker: Tracker, case: str, gone: Doomed) -> set[str]:
    """The md5s of the prepared data of the versions that stay: monitoring compares new rows with the champion's."""
    kept = [one for one in versions_of(tracker, case) if str(one.version) not in gone.versions]
    return {one.tags["data_md5"] for one in kept if "data_md5" in one.tags}


def _staying(tracker: Tracker, case: str, versions: list[ModelVersion], keep: int) -> set[str]:
    if not versions:
        return set()
    newest = sorted((int(one.version) for one in versions), reverse=True)[:keep]
    named = tracker.client.get_registered_model(case).aliases.values()
    decided = [one for one in history(tracker, case) if one.action != REFUSED]
    champions = {version for one in decided for version in (one.version, one.before) if version is not None}
    return {str(version) for version in (*newest, *named)} | champions


def _with_nested(runs: list[Run], wanted: set[str]) -> set[str]:
    """The ids with those of the runs nested in them: the trials of a search, the search of a fit."""
    while more := {run.info.run_id for run in runs if run.data.tags.get(PARENT) in wanted} - wanted:
        wanted = wanted | more
    return wanted


def experiment_of(tracker: Tracker, case: str) -> str | None:
    """The id of the case's experiment, deleted or not; None if it has none."""
    found = tracker.client.get_experiment_by_name(case)
    return None if found is None else str(found.experiment_id)


def versions_of(tracker: Tracker, case: str) -> list[ModelVersion]:
    found: list[ModelVersion] = []
    token = None
    while True:
        page = tracker.client.search_model_versions(f"name = '{case}'", max_results=PAGE, page_token=token)
        found += page
        if not (token := page.token):
            return found


def has_model(tracker: Tracker, case: str) -> bool:
    """Whether the registry has a model of this name, be it without versions."""
    try:
        tracker.client.get_registered_model(case)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return False
    return True


def runs_of(tracker: Tracker, experiment: str) -> Iterator[Run]:
    """All runs of the experiment, those that were deleted too."""
    token = None
    while True:
        page = tracker.client.search_runs([experiment], run_view_type=ViewType.ALL, max_results=PAGE, page_token=token)
        yield from page
        if not (token := page.token):
            return


def models_of(tracker: Tracker, experiment: str) -> Iterator[LoggedModel]:
    token = None
    while True:
        page = tracker.client.search_logged_models([experiment], max_results=100, page_token=token)
        yield from page
        if not (token := page.token):
            return
