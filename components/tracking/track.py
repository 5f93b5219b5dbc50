"""Tracker: a stage tells MLflow params, metrics, pictures, tables and data of a run. No run is opened or ended here."""

import atexit
import hashlib
import json
import logging
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag
from mlflow.exceptions import MlflowException

from components.core.errors import CasebookError
from components.core.markdown import inert
from components.tracking.address import artifact_folder
from components.tracking.client import Client, plain_errors
from components.tracking.reading.client import ReadByClient
from components.tracking.store import open_store

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient

log = logging.getLogger(__name__)

PICTURES, TABLES = "pictures", "tables"
KIND = {"mlflow.experimentKind": "custom_model_development"}  # or the pages lead with traces and prompts
LONGEST_PARAM = 500  # characters that the run's page shows; MLflow itself would cut at 6000, silently
LONGEST_NAME = 240  # characters; MLflow takes 250, and a tag has `changed.` before it
LONGEST_FILE = 200  # bytes of a file's name; disks take 255
LONGEST_NOTE = 7500  # of the 8000 bytes of a run's tag, less what says that it is cut


@dataclass(frozen=True)
class Tracker(ReadByClient):
    """One MLflow store, and the checkout that writes to it; as a `Registry` it can be read."""

    root: Path
    uri: str
    client: "MlflowClient"

    def experiment(self, case: str) -> str:
        """The id of the case's experiment, made on first use."""
        if (found := self.client.get_experiment_by_name(case)) is None:
            return self._new_experiment(case)
        if found.lifecycle_stage != "active":
            raise CasebookError(
                f"{self.uri}: the experiment {case!r} was deleted; bring it back with "
                f"`mlflow experiments restore --experiment-id {found.experiment_id}`"
            )
        return str(found.experiment_id)

    def _new_experiment(self, case: str) -> str:
        artifacts = artifact_folder(self.uri)
        location = None if artifacts is None else str(artifacts / case)
        try:
            return str(self.client.create_experiment(case, artifact_location=location, tags=KIND))
        except MlflowException as error:
            first = self.client.get_experiment_by_name(case)  # another process was quicker
            if error.error_code != "RESOURCE_ALREADY_EXISTS" or first is None:
                raise
            return str(first.experiment_id)

    def log_params(self, run: str, params: Mapping[str, Any]) -> None:
        """Log nested params under dotted names; a long value is cut and stands whole in `params/`.

        MLflow's params cannot change. A later stage that runs again with another value leaves it
        as the tag `changed.NAME`, so that the run does not show the old one alone.
        """
        logged = self.client.get_run(run).data.params
        new, changed = [], []
        for name, whole in flat_params(params):
            text = cut_param(whole)
            if text != whole:
                self.client.log_text(run, whole, f"params/{_file_name(name)}.txt")
            if name not in logged:
                new.append(Param(name, text))
            elif logged[name] != text:
                changed.append(RunTag(f"changed.{name}", text))
        self.client.log_batch(run, params=new, tags=changed)

    def log_metrics(self, run: str, metrics: Mapping[str, float], step: int = 0) -> None:
        now = int(time.time() * 1000)
        self.client.log_batch(run, [Metric(plain_name(name), value, now, step) for name, value in metrics.items()])

    def log_tags(self, run: str, tags: Mapping[str, str]) -> None:
        self.client.log_batch(run, tags=[RunTag(name, value) for name, value in tags.items()])

    def log_pictures(self, run: str, folder: Path) -> None:
        """Every file of `folder`, under `pictures/`."""
        self.client.log_artifacts(run, str(folder), PICTURES)

    def log_table(self, run: str, table: "pd.DataFrame", name: str) -> None:
        """`tables/NAME.csv`, which the artifact page shows as a table."""
        self.client.log_text(run, table.to_csv(index=False, lineterminator="\n"), f"{TABLES}/{name}.csv")

    def log_file(self, run: str, path: Path, folder: str | None = None) -> None:
        self.client.log_artifact(run, str(path), folder)

    def log_json(self, run: str, value: Any, name: str) -> None:
        text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
        self.client.log_text(run, text + "\n", name)

    def log_note(self, run: str, markdown: str, name: str) -> None:
        """Markdown as the artifact `name` and, as far as it fits, on the run's own page."""
        page = inert(markdown)
        self.client.log_text(run, page, name)
        self.client.set_tag(run, "mlflow.note.content", shortened(page, LONGEST_NOTE, name))

    def log_dataset(self, run: str, path: Path, name: str, md5: str, context: str) -> None:
        """Say that the run read `path` (in the checkout), by the md5 in `dvc.lock`; once for each."""
        inputs = self.client.get_run(run).inputs
        given = [] if inputs is None else [one.dataset for one in inputs.dataset_inputs]
        if any(dataset.name == name and dataset.digest == md5 for dataset in given):
            return
        relative = str(path.resolve().relative_to(self.root.resolve()))
        dataset = Dataset(name, md5, source_type="local", source=json.dumps({"uri": relative}))
        tags = {"mlflow.data.context": context, "dvc.path": relative, "dvc.md5": md5}
        self.client.log_inputs(run, [DatasetInput(dataset, [InputTag(key, value) for key, value in tags.items()])])

    def download(self, location: str) -> Path:
        """A folder or file of artifacts: itself if it is on this disk, else a copy for as long as the process."""
        from mlflow.artifacts import download_artifacts

        if urlsplit(location).scheme in ("", "file"):
            return Path(urlsplit(location).path)
        target = tempfile.mkdtemp(prefix="casebook-")
        atexit.register(shutil.rmtree, target, ignore_errors=True)
        with plain_errors(self.uri):
            return Path(download_artifacts(artifact_uri=location, dst_path=target, tracking_uri=self.uri))


def connect(root: Path) -> Tracker:
    """Open the store of `MLFLOW_TRACKING_URI`, or the one embedded in `root`.

    Raises:
        CasebookError: it is locked, read-only, no store, or does not answer.
    """
    uri = open_store(root)
    return Tracker(root=root, uri=uri, client=Client(uri))


def plain_name(name: str) -> str:
    """`name` with what MLflow refuses in names replaced: `ndcg@10` becomes `ndcg_at_10`, `a//b` becomes `a/_/b`.

    To MLflow a name is a path; none of its parts may be empty or mean another folder. A long one ends in its digest.
    """
    plain = re.sub(r"[^\w/.\- ]", "_", name.replace("@", "_at_"))
    plain = "/".join("_" if part in ("", ".", "..") else part for part in plain.split("/"))
    plain = re.sub(r"^\.\.", "_.", plain)
    return plain if len(plain) <= LONGEST_NAME else f"{plain[: LONGEST_NAME - 13].rstrip('/.')}_{_digest(name)}"


def flat_params(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Names that MLflow takes, each once, and texts of nested params: keys joined by dots, a list as JSON."""
    seen: set[str] = set()
    for dotted, text in _flat(params, ""):
        name = plain_name(dotted)
        if name in seen:  # of columns that differ in what was replaced
            name = f"{name[: LONGEST_NAME - 13]}_{_digest(dotted)}"
        seen.add(name)
        yield name, text.replace("\0", "\\0").encode(errors="backslashreplace").decode()


def _flat(params: Mapping[str, Any], above: str) -> Iterator[tuple[str, str]]:
    for key, value in params.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{above}{key}.")
        elif isinstance(value, Mapping | list | tuple):
            yield f"{above}{key}", json.dumps(value, ensure_ascii=False)
        else:
            yield f"{above}{key}", str(value)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()[:12]


def _file_name(name: str) -> str:
    """A param's name as that of a file."""
    plain = name.replace("/", "_")
    return plain if len(plain.encode()) <= LONGEST_FILE else _digest(name)


def cut_param(text: str) -> str:
    """`text`, or its beginning and its digest where it is longer than a param is shown."""
    if len(text) <= LONGEST_PARAM:
        return text
    mark = f"… (sha256 {_digest(text)})"
    return text[: LONGEST_PARAM - len(mark)] + mark


def shortened(markdown: str, limit: int, whole: str) -> str:
    """`markdown` cut before the last section that does not fit into `limit` bytes, saying where the whole is."""
    if len(markdown.encode()) <= limit:
        return markdown
    cut = markdown.encode()[:limit].decode(errors="ignore")
    section = cut.rfind("\n## ")
    return f"{cut[:section] if section > 0 else cut}\n\n… the rest is in the artifact `{whole}`.\n"
