"""From a registered version back to the raw data."""

import json
import re
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

from components.core.job import Paths
from components.core.yaml_files import parse_yaml
from components.registry.champion import BUNDLE_MD5, CHAMPION, COMMIT, DATA_MD5, find_version
from components.registry.model_files import ModelTexts
from components.tracking.reading.registry import RegisteredVersion, Registry

DIGESTS = (BUNDLE_MD5, "fitted_md5", DATA_MD5, "raw_md5", "params_digest")
LOCK, SOURCE = "dvc.lock", "source.json"


def trace(registry: Registry, case: str, which: str = CHAMPION) -> dict[str, Any]:
    """Version, run, commit, the outs of the case in `dvc.lock` at that commit, and the source, as plain data.

    `lock.from` is `commit`; or `registered`, the text kept with the model, where the commit's lock
    names other bytes (the lock is committed after the run that writes it) or is not in this clone;
    or None.
    """
    version = find_version(registry, case, which)
    texts = ModelTexts(registry, case, version.version)
    origin, lock = lock_of(registry.root, version, texts)
    source = texts.lineage(SOURCE)
    run = registry.run_state(version.run_id)
    return {
        "case": case,
        "version": version.version,
        "aliases": list(version.aliases),
        "decision": version.tags.get("decision"),
        "run": None if run is None else asdict(run),
        "commit": commit_of(registry.root, version.tags.get(COMMIT)),
        "flow_run_id": version.tags.get("flow_run_id"),
        "digests": {name: version.tags.get(name) for name in DIGESTS},
        "lock": {"from": origin, "outs": lock},
        "source": json.loads(source) if source is not None else None,
    }


def folders_of(root: Path, case: str) -> list[tuple[str, Path]]:
    """What a version's tags hold digests of, by the tag."""
    paths = Paths(root)
    return [("raw_md5", paths.raw(case)), ("data_md5", paths.prepared(case)), ("fitted_md5", paths.fitted(case))]


def commit_of(root: Path, commit: str | None) -> dict[str, str] | None:
    """Hash, author, time and subject of a commit; None if this clone does not have it."""
    text = _git(root, commit, "show", "-s", "--format=%H%n%an%n%aI%n%s", f"{commit}^{{commit}}")
    if text is None:
        return None
    sha, author, time, subject = text.splitlines()[:4]
    return {"sha": sha, "author": author, "time": time, "subject": subject}


def lock_of(root: Path, version: RegisteredVersion, texts: ModelTexts) -> tuple[str | None, dict[str, str]]:
    """Where the lock was found, and the md5 of each of the case's outs in it by path: the lock of the
    commit if it is the one the version was made under, else the one kept with the model.
    """
    commit, case = version.tags.get(COMMIT), texts.made_as()
    found = {"commit": _git(root, commit, "show", f"{commit}:./{LOCK}"), "registered": texts.lineage(LOCK)}
    locks = {origin: _outs(text, case) for origin, text in found.items() if text is not None}
    made_under = {path.relative_to(root).as_posix(): version.tags.get(name) for name, path in folders_of(root, case)}
    for origin, outs in locks.items():
        if made_under.items() <= outs.items():
            return origin, outs
    return next(((origin, outs) for origin, outs in reversed(locks.items()) if outs), (None, {}))


def _outs(text: str, case: str) -> dict[str, str]:
    stages = (parse_yaml(text, LOCK) or {"stages": {}})["stages"]  # no lock yet: an empty text was registered
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
