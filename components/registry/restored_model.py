"""One model of a lost registry, logged again: its folder as it was, a run that stands for the one that is gone."""

import json
import math
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from mlflow.entities import LoggedModel, LoggedModelOutput, LoggedModelStatus, Metric
from mlflow.models import Model

from components.core.job import TEST
from components.core.markdown import inert
from components.registry.ledger_file import Line
from components.registry.model_files import bundle_in, card_beside
from components.registry.model_folders import run_of
from components.registry.pages import LONGEST, UNDECIDED
from components.registry.register import Release, release_folder
from components.tracking.address import artifact_folder, local_path
from components.tracking.owners import owner
from components.tracking.runs import FITTED_MD5, new_run, newest_run
from components.tracking.track import Tracker, plain_name

RESTORED = "mlflow.casebook.restored"  # a tag of what was built again: of a version its number, of a run its former id
USE = "\n## "  # where a card's first paragraphs end


def restore_model(
    tracker: Tracker, case: str, folder: Path, known: Mapping[str, Any] | None, lines: Sequence[Line]
) -> dict[str, Any]:
    """Log the model of a folder again, and return what creating its version takes. `lines` are the decisions about it.

    A folder of the store itself is moved to the model's new place; one that lies elsewhere is copied.
    """
    tags = {**(known["tags"] if known is not None else _tags(lines)), RESTORED: lines[0].entry["version"]}
    run = _run(tracker, case, folder, tags, lines)
    model = tracker.client.create_logged_model(
        tracker.experiment(case), name=case, source_run_id=run, tags={**tags, **owner()}, model_type="bundle"
    )
    page, metrics = _page(folder), lines[-1].entry["metrics"]
    _place(tracker, model, folder)
    tracker.client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    tracker.client.log_outputs(run, [LoggedModelOutput(model.model_id, step=0)])
    _log_metrics(tracker, run, model, metrics)
    return {
        "source": f"models:/{model.model_id}",
        "run_id": run,
        "tags": tags,
        "description": page,
        "model_id": model.model_id,
    }


@contextmanager
def packed(release: Release, model: str) -> Iterator[Path]:
    """A temporary model folder of a bundle whose own is lost, under the id of its `model`."""
    with release_folder(release, Model(model_uuid=model, model_id=model)) as folder:
        yield folder


def _tags(lines: Sequence[Line]) -> dict[str, str]:
    """All that an entry alone knows of a version."""
    return {name: value for name, value in lines[-1].entry["origin"].items() if name != "run_id"}


def _run(tracker: Tracker, case: str, folder: Path, tags: Mapping[str, str], lines: Sequence[Line]) -> str:
    """The run that stands for the version's own, with what that has left behind: its card, params and pictures."""
    former = run_of(folder) or lines[0].entry["origin"].get("run_id", "unknown")
    if (there := newest_run(tracker, case, RESTORED, former)) is not None:
        return there
    started = int(datetime.fromisoformat(lines[0].entry["time"]).timestamp() * 1000)
    fitted = {FITTED_MD5: tags["fitted_md5"]} if "fitted_md5" in tags else {}
    run = new_run(tracker, case, f"{case} v{lines[0].entry['version']} (restored)", {**fitted, **owner()}, started)
    artifacts = artifact_folder(tracker.uri)
    left = None if artifacts is None else next(artifacts.glob(f"*/{former}/artifacts"), None)
    to = local_path(str(tracker.client.get_run(run).info.artifact_uri))
    if left is not None and to is not None:
        _move(left, to)
    lineage = bundle_in(folder).parent / "lineage"
    if (card := card_beside(bundle_in(folder))).is_file():
        tracker.log_note(run, card.read_text(encoding="utf-8"), "card.md")
    if (params := lineage / "params.json").is_file():
        tracker.log_params(run, json.loads(params.read_text(encoding="utf-8")))
    told = {name: tags[name][:12] for name in ("git_commit", "data_md5") if name in tags}
    tracker.log_tags(run, {**told, "version": str(lines[0].entry["version"]), RESTORED: former})
    tracker.client.set_terminated(run, "FINISHED")
    return run


def _place(tracker: Tracker, model: LoggedModel, folder: Path) -> None:
    artifacts, to = artifact_folder(tracker.uri), local_path(str(model.artifact_location))
    if artifacts is not None and to is not None and folder.is_relative_to(artifacts):
        _move(folder, to)
    else:
        tracker.client.log_model_artifacts(model.model_id, str(folder))


def _move(folder: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(to, ignore_errors=True)  # MLflow may have made it, empty
    shutil.move(folder, to)
    if not any(folder.parent.iterdir()):
        folder.parent.rmdir()


def _log_metrics(tracker: Tracker, run: str, model: LoggedModel, metrics: Mapping[str, Mapping[str, Any]]) -> None:
    values = {name: one.get("value") for name, one in metrics.items()}
    moment = int(model.creation_timestamp)
    points = [
        Metric(f"{TEST}/{plain_name(name)}", value, moment, 0, model_id=model.model_id)
        for name, value in values.items()
        if isinstance(value, float | int) and math.isfinite(value)
    ]
    tracker.client.log_batch(run, points)


def _page(folder: Path) -> str:
    """The description of a version: what its card begins with, and a line of status for the ledger to fill."""
    card = card_beside(bundle_in(folder))
    text = card.read_text(encoding="utf-8") if card.is_file() else ""
    told = text.partition(USE)[0].partition("\n")[2].strip() if text.startswith("# ") else ""
    return inert("\n\n".join(part for part in (told[: LONGEST - 300], UNDECIDED) if part))
