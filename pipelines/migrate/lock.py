"""The results of a fork's cases, accepted for `dvc.lock` of today where nothing but names changed.

A stage is accepted if its values are those of its old entry, each of its inputs is an accepted out with the md5 that
the entry names, and its outs lie in the workspace with the md5 that the entry names. Its code is another now, and is
not compared: whoever doubts that it gives the same runs the stage again. Nothing else is accepted; DVC runs it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dvc.exceptions import DvcException
from dvc.repo import Repo

from components.core.errors import CasebookError
from components.core.files import dvc_md5
from components.core.yaml_files import read_yaml
from pipelines.code import resolve
from pipelines.leaving.lockfile import LOCK
from pipelines.stages import STAGES

MADE = ("data/", "models/", "reports/")  # what stages make; the other inputs of an old entry are code


@dataclass(frozen=True)
class Judged:
    """A stage, and why it is not accepted; empty where it is."""

    stage: str
    why: str


def judged(root: Path, names: list[str], cases: Mapping[str, Any]) -> list[Judged]:
    """Each stage of the cases that has run; `cases` are their blocks as they were before they were rewritten."""
    locked = (read_yaml(root / LOCK) or {}).get("stages", {}) if (root / LOCK).exists() else {}
    return [one for name in names for one in _of_case(root, name, cases[name], locked)]


def accept(root: Path, names: list[str], cases: Mapping[str, Any]) -> list[Judged]:
    """The same, and `dvc.lock` has new entries of those that are accepted; `params.yaml` is of today's form by now.

    Raises:
        CasebookError: another DVC is at work, or `params.yaml` is wrong.
    """
    found = judged(root, names, cases)
    resolve(root)
    accepted = [one.stage for one in found if not one.why]
    try:
        with Repo(str(root)) as repo:
            for stage in accepted:
                repo.commit(target=stage, force=True)  # takes DVC's lock itself
    except DvcException as error:
        told = f"params.yaml is rewritten; `dvc commit -f` accepts {', '.join(accepted)}"
        raise CasebookError(f"dvc: {error}; {told}") from None
    return found


def _of_case(root: Path, case: str, block: Mapping[str, Any], locked: Mapping[str, Any]) -> Iterator[Judged]:
    made: dict[str, str] = {}  # outs of accepted stages, with their md5
    for stage in (f"{stage}@{case}" for stage in STAGES):
        if stage not in locked:
            continue
        entry = locked[stage]
        why = _edited(case, block, entry) or _inputs(entry, made) or _outs(root, entry)
        if not why:
            made |= {out["path"]: out["md5"] for out in entry["outs"]}
        yield Judged(stage, why)


def _edited(case: str, block: Mapping[str, Any], entry: Mapping[str, Any]) -> str:
    for key, value in entry.get("params", {}).get("params.yaml", {}).items():
        name = key.removeprefix(f"cases.{case}.")
        if block.get(name) != value:
            return f"{name} was edited since it ran"
    return ""


def _inputs(entry: Mapping[str, Any], made: Mapping[str, str]) -> str:
    for dep in entry.get("deps", []):
        if dep["path"].startswith(MADE) and made.get(dep["path"]) != dep["md5"]:
            return f"{dep['path']} is not what it ran on"
    return ""


def _outs(root: Path, entry: Mapping[str, Any]) -> str:
    for out in entry["outs"]:
        path = root / out["path"]
        if not path.exists():
            return f"{out['path']} is not here; `dvc checkout` brings it from the cache"
        if dvc_md5(path) != out["md5"]:
            return f"{out['path']} is not what dvc.lock names"
    return ""
