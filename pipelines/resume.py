"""Which state a stage goes on from: that of a killed run of the very same inputs, else none.

State (checkpoints, studies) lives outside the stage's outs, because DVC removes those before it
runs a stage. It is kept until the next run, since a kill may fall between the end of the work and
the moment DVC records it.
"""

import logging
import shutil
from pathlib import Path
from typing import Any

import yaml

from components.core.errors import DamagedError
from components.core.files import dvc_md5, json_digest, read_json, write_json
from components.core.job import Job
from pipelines.code import code_digest

log = logging.getLogger(__name__)

DONE = "done.json"


def state_of(job: Job, stage: str, out: Path, inputs: dict[str, Any]) -> Path:
    """The state folder of a stage of a case; see `open_state`."""
    recorded = recorded_md5(job.paths.root, f"{stage}@{job.case}", out)
    return open_state(job.paths.state(job.case) / stage, inputs, recorded)


def inputs_of(job: Job, stage: str, *blocks: str) -> dict[str, Any]:
    """What a stage that trains rests on: data, its code, and the parameters of the model, the fit and `blocks`."""
    content = job.params.model_dump(mode="json")
    return {
        "params": {name: content[name] for name in ("recipe", "model", "fit", *blocks)},
        "data": dvc_md5(job.paths.prepared(job.case)),
        "code": code_digest(job.params, stage),
        "smoke": job.smoke,
        **({} if job.starts_from is None else {"start": dvc_md5(job.starts_from)}),
    }


def open_state(folder: Path, inputs: dict[str, Any], recorded_md5: str | None) -> Path:
    """The state folder for these inputs, below `folder`; states of other inputs are removed.

    A state whose result DVC has recorded belongs to a run that is over: the stage was asked for
    again (`dvc repro -f`), and starts anew.
    """
    state = folder / json_digest(inputs)
    for other in folder.glob("*"):
        if other.is_dir() and other != state:
            shutil.rmtree(other)
    if (state / DONE).exists() and _is_over(state / DONE, recorded_md5):
        shutil.rmtree(state)
    state.mkdir(parents=True, exist_ok=True)
    return state


def _is_over(done: Path, recorded_md5: str | None) -> bool:
    """Whether DVC has recorded what the run made; one that cannot be told is begun anew, which is right in any case."""
    try:
        return bool(read_json(done)["md5"] == recorded_md5)
    except (DamagedError, KeyError, TypeError) as error:
        log.warning("%s: damaged (%s); the stage starts anew", done, getattr(error, "reason", error))
        return True


def close_state(state: Path, out: Path) -> None:
    """Note what the run made, so that the next one can tell whether DVC has recorded it."""
    write_json(state / DONE, {"md5": dvc_md5(out)})


def recorded_md5(root: Path, stage: str, out: Path) -> str | None:
    """The md5 that `dvc.lock` holds for an out of a stage that ran on what there is now, or None.

    A record of other inputs says nothing: an edit that changes no result leads to the same md5.
    """
    record = read_lock(root).get(stage, {})
    if any(_md5(root / dep["path"]) != dep["md5"] for dep in record.get("deps", [])):
        return None
    relative = out.relative_to(root).as_posix()
    return next((entry["md5"] for entry in record.get("outs", []) if entry["path"] == relative), None)


def read_lock(root: Path) -> dict[str, Any]:
    """What `dvc.lock` records of each stage; nothing where there is none, or DVC was killed while it wrote it."""
    lock = root / "dvc.lock"
    try:
        content = yaml.load(lock.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) if lock.exists() else None
        return dict((content or {}).get("stages", {}))
    except (yaml.YAMLError, ValueError, AttributeError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise DamagedError(lock, reason, "`git checkout dvc.lock` brings back the committed one") from None


def _md5(path: Path) -> str | None:
    return dvc_md5(path) if path.exists() else None
