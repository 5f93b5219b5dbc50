"""From a registered version back to the raw data, and whether what lies there is still the same."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from components.core.bundle import INDEX
from components.core.errors import CasebookError
from components.core.files import dvc_md5, json_digest, read_json
from components.core.job import Paths
from components.core.params.case import CaseParams
from components.registry.champion import CHAMPION, champion_version
from components.registry.ledger import champions, history
from components.registry.model_files import bundle_in, lineage_in
from components.registry.register import BUNDLE_MD5, model_of
from components.tracking.track import Tracker

DIGESTS = (BUNDLE_MD5, "fitted_md5", "data_md5", "raw_md5", "params_digest")
COMMIT = "git_commit"
LOCK, SOURCE = "dvc.lock", "source.json"


@dataclass(frozen=True)
class Mismatch:
    """One thing that is not as it was at registration, and what to do about it."""

    what: str
    registered: str
    found: str
    remedy: str


def params_digest(params: CaseParams) -> str:
    """The digest under which a version remembers the params that made it."""
    unread = {"crossval", "smoke"}
    if params.start is None:  # versions of before there were starts had none, and no such key
        unread.add("start")
    return json_digest(params.model_dump(mode="json", exclude=unread))


def find_version(tracker: Tracker, case: str, which: str) -> ModelVersion:
    """The version of that number or alias.

    Raises:
        CasebookError: there is none.
    """
    try:
        if which.isdigit():
            return tracker.client.get_model_version(case, which)
        return tracker.client.get_model_version_by_alias(case, which)
    except MlflowException as error:
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise
        kind = "version" if which.isdigit() else "alias"
        raise CasebookError(
            f"MLflow at {tracker.uri}: {case} has no {kind} {which!r}; `casebook history {case}` shows what there is, "
            f"`dvc repro release@{case}` registers a version"
        ) from None


def trace(tracker: Tracker, case: str, which: str = CHAMPION) -> dict[str, Any]:
    """Version, run, commit, the outs of the case in `dvc.lock` at that commit, and the source, as plain data.

    `lock.from` is `commit`; or `registered`, the text kept with the model, where the commit's lock
    names other bytes (the lock is committed after the run that writes it) or is not in this clone;
    or None.
    """
    version = find_version(tracker, case, which)
    folder = model_of(tracker, case, version.version)
    origin, lock = _lock(tracker.root, version, folder)
    source = lineage_in(folder, SOURCE)
    return {
        "case": case,
        "version": str(version.version),
        "aliases": sorted(version.aliases),
        "decision": version.tags.get("decision"),
        "run": _run(tracker, str(version.run_id)),
        "commit": _commit(tracker.root, version.tags.get(COMMIT)),
        "flow_run_id": version.tags.get("flow_run_id"),
        "digests": {name: version.tags.get(name) for name in DIGESTS},
        "lock": {"from": origin, "outs": lock},
        "source": yaml.safe_load(source) if source is not None else None,
    }


def verify(tracker: Tracker, case: str, params: CaseParams, which: str = CHAMPION) -> list[Mismatch]:
    """What of a version's origin is not what it was: files, lock, params, commit, ledger; empty if all holds."""
    version = find_version(tracker, case, which)
    tags, commit = version.tags, version.tags.get(COMMIT)
    try:
        folder = model_of(tracker, case, version.version)
    except CasebookError as error:
        return [Mismatch("registered model", "whole", "damaged", str(error))]
    found = [_compared(BUNDLE_MD5, tags, dvc_md5(bundle_in(folder)), "the registry's files were changed: roll back")]
    found += [_folder(name, tags, path) for name, path in _folders(tracker.root, case)]
    found.append(_compared("params_digest", tags, params_digest(params), "params.yaml differs: `git diff` says where"))
    origin, lock = _lock(tracker.root, version, folder)
    for name, path in _folders(tracker.root, _made_as(folder)):
        if (relative := path.relative_to(tracker.root).as_posix()) in lock:
            remedy = f"dvc.lock ({origin}) names other bytes for {relative}: the version's tags were edited"
            found.append(_compared(name, tags, lock[relative], remedy, "dvc.lock "))
    if _commit(tracker.root, commit) is None:
        found.append(Mismatch(COMMIT, str(commit), "not in this clone", "`git fetch --all`"))
    found.append(_ledger(tracker, case, str(version.version)))
    return [one for one in found if one is not None]


def _folders(root: Path, case: str) -> list[tuple[str, Path]]:
    paths = Paths(root)
    return [("raw_md5", paths.raw(case)), ("data_md5", paths.prepared(case)), ("fitted_md5", paths.fitted(case))]


def _folder(name: str, tags: dict[str, str], path: Path) -> Mismatch | None:
    if not path.exists():
        return Mismatch(f"{name} {path}", tags.get(name, "unknown"), "missing", "`dvc checkout`, or `dvc repro`")
    remedy = f"{path} is not what the model was made from: `dvc checkout` at its commit"
    return _compared(name, tags, dvc_md5(path), remedy)


def _compared(name: str, tags: dict[str, str], found: str, remedy: str, prefix: str = "") -> Mismatch | None:
    registered = tags.get(name, "unknown")
    return None if registered == found else Mismatch(f"{prefix}{name}", registered, found, remedy)


def _ledger(tracker: Tracker, case: str, version: str) -> Mismatch | None:
    """A champion that the ledger does not know was made by hand, past the gate."""
    line = champions(history(tracker, case))
    if champion_version(tracker, case) != version or line[-1:] == [version]:
        return None
    return Mismatch(
        "ledger", f"version {line[-1]}" if line else "no champion", f"version {version}", "the alias was set by hand"
    )


def _run(tracker: Tracker, run: str) -> dict[str, Any] | None:
    try:
        info = tracker.client.get_run(run).info
    except MlflowException:
        return None
    return {"id": run, "name": info.run_name, "status": info.status, "deleted": info.lifecycle_stage != "active"}


def _commit(root: Path, commit: str | None) -> dict[str, str] | None:
    """Hash, author, time and subject of a commit; None if this clone does not have it."""
    text = _git(root, commit, "show", "-s", "--format=%H%n%an%n%aI%n%s", f"{commit}^{{commit}}")
    if text is None:
        return None
    sha, author, time, subject = text.splitlines()[:4]
    return {"sha": sha, "author": author, "time": time, "subject": subject}


def _made_as(folder: Path) -> str:
    """The name that the case had when the version was made: stages and paths of its lock are of that name."""
    return str(read_json(bundle_in(folder) / INDEX)["manifest"]["case"])


def _lock(root: Path, version: ModelVersion, folder: Path) -> tuple[str | None, dict[str, str]]:
    """Where the lock was found, and the md5 of each of the case's outs in it by path: the lock of the
    commit if it is the one the version was made under, else the one kept with the model.
    """
    commit, case = version.tags.get(COMMIT), _made_as(folder)
    texts = {"commit": _git(root, commit, "show", f"{commit}:./{LOCK}"), "registered": lineage_in(folder, LOCK)}
    locks = {origin: _outs(text, case) for origin, text in texts.items() if text is not None}
    made_under = {path.relative_to(root).as_posix(): version.tags.get(name) for name, path in _folders(root, case)}
    for origin, outs in locks.items():
        if made_under.items() <= outs.items():
            return origin, outs
    return next(((origin, outs) for origin, outs in reversed(locks.items()) if outs), (None, {}))


def _outs(text: str, case: str) -> dict[str, str]:
    stages = (yaml.safe_load(text) or {"stages": {}})["stages"]  # no lock yet: an empty text was registered
    outs = [out for name, stage in stages.items() if name.endswith(f"@{case}") for out in stage.get("outs", ())]
    return {out["path"]: out["md5"] for out in outs if "md5" in out}


def _git(root: Path, commit: str | None, *words: str) -> str | None:
    """What git answers in `root`; None if it refuses, or `commit` is no hash."""
    if commit is None or not re.fullmatch(r"[0-9a-f]{7,64}", commit):
        return None
    try:
        answer = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return answer.stdout if answer.returncode == 0 else None
