"""A bundle as a version of the registry: the same bytes are one version, however often it is tried or cut off."""

import logging
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow.entities import LoggedModel, LoggedModelOutput, LoggedModelStatus
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.models import Model

from components.core.bundle import bundle_md5
from components.core.files import dvc_md5
from components.core.histories import read_kept
from components.registry.champion import BUNDLE_MD5, ENCODERS, HISTORIES_MD5, HISTORIES_UNTIL, champion_version
from components.registry.ledger import known_model
from components.registry.model_files import bundle_in, damage, unreadable
from components.registry.package import model_folder
from components.registry.pages import UNDECIDED, status_in, with_about, with_status
from components.tracking.owners import alive, owner
from components.tracking.track import Tracker

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)

CANDIDATE = "candidate"
SMOKE = "smoke"


@dataclass(frozen=True)
class Release:
    """What a version is registered from.

    `run` is the fit's. `example` are a few raw rows and `answers` the bundle's to them. `lineage`
    are texts kept with the model by file name: `dvc.lock`, `source.json`, `params.json`,
    `card.md`. `tags` say where it came from: `git_commit`, `data_md5`, `raw_md5`, `fitted_md5`,
    `params_digest`, `flow_run_id`. `packages` are those that serving needs besides the common ones. `about` is the
    paragraph on the case that the registered model's page begins with, `page` what the version's says; its line of
    status, `UNDECIDED` here, is the ledger's. `histories` is the folder of what the model keeps of users, where it
    keeps any; requests then need no columns but the `required` ones.
    """

    case: str
    run: str
    bundle: Path
    example: "pd.DataFrame"
    answers: "pd.DataFrame"
    lineage: Mapping[str, str]
    tags: Mapping[str, str]
    smoke: bool
    packages: Sequence[str]
    about: str
    page: str
    histories: Path | None = None
    required: Sequence[str] = ()

    @property
    def identity(self) -> dict[str, str]:
        """What two versions differ in."""
        return {BUNDLE_MD5: bundle_md5(self.bundle), SMOKE: str(self.smoke).lower(), **self._of_histories}

    @property
    def _of_histories(self) -> dict[str, str]:
        kept = None if self.histories is None else read_kept(self.histories)
        if self.histories is None or kept is None:
            return {}
        return {HISTORIES_MD5: dvc_md5(self.histories), HISTORIES_UNTIL: str(kept.until), ENCODERS: kept.encoders}


def register(tracker: Tracker, release: Release) -> str:
    """The version that holds this bundle, as candidate: the newest of the same bytes, else a new one.

    Raises:
        LostRegistryError: the registry has lost the case, and would number its versions anew.
    """
    known_model(tracker, release.case)
    _name(tracker, release.case, release.about)
    version = _reusable(tracker, release) or _new_version(tracker, release)
    tracker.client.set_registered_model_alias(release.case, CANDIDATE, version)
    return version


def _name(tracker: Tracker, case: str, about: str) -> None:
    try:
        tracker.client.create_registered_model(case, description=about)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
        before = tracker.client.get_registered_model(case).description or ""
        if (told := with_about(before, about)) != before:
            tracker.client.update_registered_model(case, told)


def _reusable(tracker: Tracker, release: Release) -> str | None:
    versions = tracker.client.search_model_versions(f"name = '{release.case}'")
    same = [one for one in versions if release.identity.items() <= one.tags.items()]
    if not same:
        return None
    newest = max(same, key=lambda one: int(one.version))
    if _mended(tracker, release, newest):
        told = with_status(release.page, status_in(newest.description or "") or UNDECIDED)
        if told != newest.description:
            tracker.client.update_model_version(release.case, newest.version, told)
        _link(tracker, release.run, model_id_of(newest))
        return str(newest.version)
    if champion_version(tracker, release.case) != str(newest.version):
        tracker.client.delete_model_version(release.case, newest.version)
    return None


def _mended(tracker: Tracker, release: Release, version: ModelVersion) -> bool:
    """Whether the version can be read, after writing its files again where some are gone."""
    _, broken = _read(tracker, release.case, version.version)
    if not broken:
        return True
    log.warning("%s version %s lacks %s; writing its files again", release.case, version.version, ", ".join(broken[:5]))
    try:
        _upload(tracker, release, tracker.client.get_logged_model(model_id_of(version)))
    except MlflowException as error:  # its model was deleted too
        log.warning("%s version %s cannot be mended: %s", release.case, version.version, error)
    _, broken = _read(tracker, release.case, version.version)
    return not broken


def model_id_of(version: ModelVersion) -> str:
    return str(version.source).removeprefix("models:/")


def model_of(tracker: Tracker, case: str, version: str) -> Path:
    """The MLflow model folder of a version, whole.

    Raises:
        CasebookError: the version does not exist, or its files are not those that were registered.
    """
    folder, broken = _read(tracker, case, version)
    if folder is None or broken:
        raise unreadable(case, version, broken)
    return folder


def bundle_of(tracker: Tracker, case: str, version: str) -> Path:
    """The bundle folder that a version serves; errors as those of `model_of`."""
    return bundle_in(model_of(tracker, case, version))


def _read(tracker: Tracker, case: str, version: str) -> tuple[Path | None, list[str]]:
    """A version's model folder, and what of it is missing or changed; whole if that is empty."""
    try:
        folder = tracker.download(tracker.client.get_model_version_download_uri(case, version))
    except (MlflowException, OSError) as error:
        return None, [f"its folder ({error})"]
    return folder, damage(folder)


def _new_version(tracker: Tracker, release: Release) -> str:
    model = _ready_model(tracker, release) or _upload(tracker, release, _draft_model(tracker, release))
    _link(tracker, release.run, model.model_id)
    version = tracker.client.create_model_version(
        release.case,
        source=f"models:/{model.model_id}",
        run_id=release.run,
        tags={**release.tags, **release.identity},
        description=release.page,
        model_id=model.model_id,
    )
    return str(version.version)


def _link(tracker: Tracker, run: str, model: str) -> None:
    """Let the run's page name the model that it led to, which may be one that an earlier run led to as well."""
    outputs = tracker.client.get_run(run).outputs
    if outputs is None or model not in [one.model_id for one in outputs.model_outputs]:
        tracker.client.log_outputs(run, [LoggedModelOutput(model, step=0)])


def _ready_model(tracker: Tracker, release: Release) -> LoggedModel | None:
    """A whole model of this bundle that a killed process did not get to register; its torn ones are removed."""
    query = " AND ".join(f"tags.`{name}` = '{value}'" for name, value in release.identity.items())
    for model in tracker.client.search_logged_models([tracker.experiment(release.case)], query):
        whole = model.status == LoggedModelStatus.READY and not damage(tracker.download(model.artifact_location))
        if whole and model.source_run_id == release.run:
            return model
        if model.status == LoggedModelStatus.PENDING and not alive(model.tags):
            tracker.client.delete_logged_model(model.model_id)
    return None


def _draft_model(tracker: Tracker, release: Release) -> LoggedModel:
    return tracker.client.create_logged_model(
        tracker.experiment(release.case),
        name=release.case,
        source_run_id=release.run,
        tags={**release.tags, **release.identity, **owner()},
        model_type="bundle",
    )


def _upload(tracker: Tracker, release: Release, model: LoggedModel) -> LoggedModel:
    metadata = Model(
        artifact_path=model.artifact_location,
        run_id=release.run,
        model_uuid=model.model_id,
        model_id=model.model_id,
    )
    with release_folder(release, metadata) as folder:
        tracker.client.log_model_artifacts(model.model_id, str(folder))
    return tracker.client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)


def release_folder(release: Release, model: Model) -> AbstractContextManager[Path]:
    """A temporary model folder of what is released."""
    given = (model, release.bundle, release.lineage, release.example, release.answers, release.packages)
    return model_folder(*given, histories=release.histories, required=release.required)


def version_of(tracker: Tracker, case: str, md5: str) -> str | None:
    """The newest version of the case that holds the bundle of this md5; None if none does."""
    versions = tracker.client.search_model_versions(f"name = '{case}'")
    numbers = [int(one.version) for one in versions if one.tags.get(BUNDLE_MD5) == md5]
    return str(max(numbers)) if numbers else None
