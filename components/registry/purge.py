"""Deleting for good: rows and artifacts of a store that is a database, artifacts alone where a server has the rows."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from components.registry.keep import Doomed, behind_server, has_model
from components.registry.ledger_file import ledger_path
from components.tracking.address import artifact_folder, local_path
from components.tracking.client import plain_errors
from components.tracking.track import Tracker

log = logging.getLogger(__name__)

MISSING = "RESOURCE_DOES_NOT_EXIST"


def bytes_of(tracker: Tracker, doomed: Doomed) -> tuple[int, int]:
    """Bytes of the artifacts of the logged models, and of those of the runs."""
    models = sum(_size(tracker, str(model.artifact_location)) for model in doomed.models)
    return models, sum(_size(tracker, str(run.info.artifact_uri)) for run in doomed.runs)


def delete(tracker: Tracker, case: str, doomed: Doomed) -> None:
    """Delete it; cut off, the same call with what is left goes on.

    Versions go first: nobody finds a version whose files are gone. The ledger is in tags of the registered model and
    in the checkout's file, and is not touched, unless the experiment goes whole, and with it the registered model.
    """
    for version in doomed.versions:
        tracker.client.delete_model_version(case, version)
    if doomed.whole and has_model(tracker, case):
        tracker.client.delete_registered_model(case)
    if doomed.whole:
        ledger_path(tracker.root, case).unlink(missing_ok=True)
    for model in doomed.models:
        _clear(tracker, str(model.artifact_location))
        tracker.client.delete_logged_model(model.model_id)
    for run in doomed.runs:
        _clear(tracker, str(run.info.artifact_uri))
        if run.info.lifecycle_stage == "active":
            tracker.client.delete_run(run.info.run_id)
    if doomed.experiment is None:
        return
    if doomed.whole:
        _delete_experiment(tracker, case, doomed.experiment)
    if not behind_server(tracker):
        _purge(tracker, doomed, doomed.experiment)


def _delete_experiment(tracker: Tracker, case: str, experiment: str) -> None:
    if tracker.client.get_experiment(experiment).lifecycle_stage != "active":
        return
    if behind_server(tracker):  # a deleted experiment would keep the name from a new case
        moment = datetime.now(UTC).isoformat(timespec="seconds")
        tracker.client.rename_experiment(experiment, f"{case} (removed {moment})")
    tracker.client.delete_experiment(experiment)


def _purge(tracker: Tracker, doomed: Doomed, experiment: str) -> None:
    """What `mlflow gc` does to rows that are marked as deleted, for this experiment: it would take those of all."""
    artifacts = artifact_folder(tracker.uri) or Path("mlartifacts")
    with plain_errors(tracker.uri):
        store = SqlAlchemyStore(tracker.uri, artifacts.as_posix())
        try:
            for run in doomed.runs:
                store._hard_delete_run(run.info.run_id)
            for model in store._get_deleted_logged_models():
                found = store.get_logged_model(model, allow_deleted=True)
                if str(found.experiment_id) == experiment and model not in doomed.needed:
                    _clear(tracker, str(found.artifact_location))
                    store._hard_delete_logged_model(model)
            if doomed.whole:
                store._hard_delete_experiment(experiment)
        finally:
            store.engine.dispose()


def _clear(tracker: Tracker, location: str) -> None:
    """Delete the artifacts at an address, and on this disk the folder of the run or the model that held them."""
    with plain_errors(tracker.uri):
        get_artifact_repository(location, tracking_uri=tracker.uri).delete_artifacts()
    if (folder := local_path(location)) is not None:
        parent = folder.parent
        if parent.is_dir() and not any(parent.iterdir()):
            parent.rmdir()


def _size(tracker: Tracker, location: str) -> int:
    if (folder := local_path(location)) is not None:
        return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())
    with plain_errors(tracker.uri):
        return sum(_listed(get_artifact_repository(location, tracking_uri=tracker.uri), None))


def _listed(repository: object, path: str | None) -> Iterator[int]:
    try:
        found = repository.list_artifacts(path)  # type: ignore[attr-defined]
    except MlflowException as error:
        if error.error_code != MISSING:
            raise
        return
    for one in found:
        if one.is_dir:
            yield from _listed(repository, one.path)
        else:
            yield int(one.file_size or 0)
