"""The registry through MLflow's client: whatever MLflow can open, at the price of loading it."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow.exceptions import MlflowException

from components.tracking.reading.registry import RegisteredModel, RegisteredVersion, RunState, folder_at

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import RegisteredModel as EntityOfModel

A_PAGE = 500  # models of an answer to a search
ABSENT = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")  # the second for what is no number, or no id


class ReadByClient(ABC):
    """A `Registry` for who has a client."""

    client: "MlflowClient"

    @abstractmethod
    def download(self, location: str) -> Path:
        """What lies at an address of artifacts, on this disk."""

    def registered_model(self, name: str) -> RegisteredModel | None:
        try:
            found = self.client.get_registered_model(name)
        except MlflowException as error:
            return _nothing(error)
        return _model(found)

    def registered_models(self) -> dict[str, RegisteredModel]:
        models: dict[str, RegisteredModel] = {}
        page: str | None = None
        while True:
            found = self.client.search_registered_models(max_results=A_PAGE, page_token=page)
            models |= {one.name: _model(one) for one in found}
            if not (page := found.token):
                return models

    def model_version(self, name: str, number: str) -> RegisteredVersion | None:
        try:
            found = self.client.get_model_version(name, number)
        except MlflowException as error:
            return _nothing(error)
        return RegisteredVersion(str(found.version), str(found.run_id), tuple(sorted(found.aliases)), {**found.tags})

    def run_state(self, run: str) -> RunState | None:
        try:
            info = self.client.get_run(run).info
        except MlflowException as error:
            return _nothing(error)
        return RunState.of(str(info.run_id), info.run_name, str(info.status), str(info.lifecycle_stage))

    def model_folder(self, name: str, number: str) -> Path | None:
        try:
            return folder_at(self.client.get_model_version_download_uri(name, number))
        except MlflowException as error:
            return _nothing(error)

    def model_file(self, name: str, number: str, path: str) -> bytes | None:
        try:
            folder = self.client.get_model_version_download_uri(name, number)
            return self.download(f"{folder}/{path}").read_bytes()
        except (MlflowException, FileNotFoundError):
            return None


def _model(found: "EntityOfModel") -> RegisteredModel:
    return RegisteredModel({alias: str(version) for alias, version in found.aliases.items()}, dict(found.tags))


def _nothing(error: MlflowException) -> Any:
    """None for what is not there; any other error goes on."""
    if error.error_code not in ABSENT:
        raise error
    return None
