"""The registry of an MLflow server, read over its REST.

Seven addresses are asked, with the name and password, or the token, that MLflow's client would show; where the
environment asks for more than that (certificates, signatures, workspaces, a registry apart), who asks goes to MLflow.
"""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from components.core.errors import CasebookError
from components.tracking.address import ANSWER_WITHIN, unreachable, wants_token
from components.tracking.reading.registry import RegisteredModel, RegisteredVersion, RunState, folder_at

if TYPE_CHECKING:
    import requests

API = "api/2.0/mlflow"
READ_WITHIN = 60.0  # seconds
A_PAGE = 500  # models of an answer to a search
RETRIES, BUSY = 4, (429, 502, 503, 504)  # answers that a server gives while it starts or is under load
ABSENT = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")  # the second for what is no number, or no id
BEYOND = (
    "MLFLOW_REGISTRY_URI",
    "MLFLOW_ENABLE_WORKSPACES",
    "MLFLOW_WORKSPACE",
    "MLFLOW_TRACKING_AUTH",
    "MLFLOW_TRACKING_AWS_SIGV4",
    "MLFLOW_TRACKING_INSECURE_TLS",
    "MLFLOW_TRACKING_CLIENT_CERT_PATH",
    "MLFLOW_TRACKING_SERVER_CERT_PATH",
)
OWN_CREDENTIALS = Path("~/.mlflow/credentials")


@dataclass(frozen=True)
class Server:
    """A `Registry` behind HTTP."""

    root: Path
    uri: str

    def registered_model(self, name: str) -> RegisteredModel | None:
        found = self._json("registered-models/get", "registered_model", name=name)
        return None if found is None else _model(found)

    def registered_models(self) -> dict[str, RegisteredModel]:
        models: dict[str, RegisteredModel] = {}
        page = ""
        while True:
            found = self._get(f"{API}/registered-models/search", max_results=str(A_PAGE), page_token=page)
            answer = {} if found is None else found.json()
            models |= {one["name"]: _model(one) for one in answer.get("registered_models", ())}
            if not (page := answer.get("next_page_token", "")):
                return models

    def model_version(self, name: str, number: str) -> RegisteredVersion | None:
        found = self._json("model-versions/get", "model_version", name=name, version=number)
        if found is None:
            return None
        aliases = tuple(sorted(found.get("aliases", ())))
        return RegisteredVersion(str(found["version"]), str(found.get("run_id", "")), aliases, _tags(found))

    def run_state(self, run: str) -> RunState | None:
        found = self._json("runs/get", "run", run_id=run)
        if found is None:
            return None
        info = found["info"]
        return RunState.of(info["run_id"], info.get("run_name"), info["status"], info["lifecycle_stage"])

    def model_folder(self, name: str, number: str) -> Path | None:
        address = self._json("model-versions/get-download-uri", "artifact_uri", name=name, version=number)
        return None if address is None else folder_at(address)

    def model_file(self, name: str, number: str, path: str) -> bytes | None:
        """As MLflow's own pages load it: the server reads it, wherever its artifacts are."""
        found = self._get("model-versions/get-artifact", name=name, version=number, path=path)
        return None if found is None else found.content

    def _json(self, method: str, what: str, **asked: str) -> Any:
        found = self._get(f"{API}/{method}", **asked)
        return None if found is None else found.json()[what]

    def _get(self, place: str, **asked: str) -> "requests.Response | None":
        from requests.exceptions import RequestException

        try:
            answer = self._session.get(
                f"{self.uri.rstrip('/')}/{place}", params=asked, timeout=(ANSWER_WITHIN, READ_WITHIN)
            )
        except RequestException as error:
            raise CasebookError(unreachable(self.uri, _innermost(error))) from error
        if answer.status_code == 401:
            raise CasebookError(wants_token(self.uri))
        if answer.status_code in (400, 404) and _error_code(answer) in ABSENT:
            return None
        if not answer.ok:
            raise CasebookError(unreachable(self.uri, f"{answer.status_code} {answer.reason} at /{place}"))
        return answer

    @cached_property
    def _session(self) -> "requests.Session":
        import requests
        from requests.adapters import HTTPAdapter
        from requests.auth import HTTPBasicAuth
        from urllib3.util import Retry

        session = requests.Session()
        retries = Retry(connect=0, status=RETRIES, status_forcelist=BUSY, backoff_factor=0.2, raise_on_status=False)
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(max_retries=retries))
        name, password = os.environ.get("MLFLOW_TRACKING_USERNAME"), os.environ.get("MLFLOW_TRACKING_PASSWORD")
        if name and password:
            session.auth = HTTPBasicAuth(name.encode(), password.encode())  # UTF-8, as MLflow sends them
        elif token := os.environ.get("MLFLOW_TRACKING_TOKEN"):
            session.headers["Authorization"] = f"Bearer {token}"
        return session


def open_server(root: Path, uri: str) -> Server | None:
    """The registry at an address; None if it is no server's, or has to be left to MLflow."""
    beyond = any(os.environ.get(name) for name in BEYOND) or OWN_CREDENTIALS.expanduser().exists()
    return None if beyond or urlsplit(uri).scheme not in ("http", "https") else Server(root, uri)


def _model(found: dict[str, Any]) -> RegisteredModel:
    return RegisteredModel({one["alias"]: str(one["version"]) for one in found.get("aliases", ())}, _tags(found))


def _tags(found: dict[str, Any]) -> dict[str, str]:
    return {one["key"]: one.get("value", "") for one in found.get("tags", ())}


def _error_code(answer: "requests.Response") -> object:
    """MLflow's own, or None if it is not MLflow that answers."""
    try:
        said = answer.json()
    except ValueError:
        return None
    return said.get("error_code") if isinstance(said, dict) else None


def _innermost(error: BaseException) -> BaseException:
    """What all the others are about: `Connection refused`."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return error
