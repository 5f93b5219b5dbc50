"""What a retrain came to, by what of the case's stages `dvc.lock` says before and after it."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from components.core.errors import CasebookError, DamagedError
from components.core.files import json_digest, read_json, write_json
from components.monitoring.once import Came, Result, settle
from pipelines.resume import read_lock
from pipelines.stages import STAGES

log = logging.getLogger(__name__)

PREPARED, RELEASE = "prepare", STAGES[-1]


@dataclass(frozen=True)
class Outcome:
    """`words` are the message of the run's state."""

    came: Came
    words: str
    reasons: tuple[str, ...] = ()


def lock_at_begin(case: str, root: Path, run: str) -> dict[str, str]:
    """A digest of what `dvc.lock` said of each stage of the case when the flow run began.

    One whose process was killed and that is taken up again goes by what its first attempt found.
    """
    path = root / "state" / case / "retrain" / "begin.json"
    try:
        found = read_json(path) if path.exists() else {}
        if found["run"] == run:
            return dict(found["stages"])
    except (DamagedError, KeyError, TypeError, ValueError):
        pass
    stages = _digests(case, root)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, {"run": run, "stages": stages})
    return stages


def _digests(case: str, root: Path) -> dict[str, str]:
    locked = read_lock(root)
    names = [f"{stage}@{case}" for stage in STAGES]
    return {name: json_digest(locked[name]) for name in names if name in locked}


def outcome_of(case: str, root: Path, before: Mapping[str, str]) -> Outcome:
    """Compare `before` with what `dvc.lock` says now, and read the gate's answer."""
    after = _digests(case, root)
    ran = [stage for stage in STAGES if before.get(f"{stage}@{case}") != after.get(f"{stage}@{case}")]
    if RELEASE not in ran:
        return Outcome("unchanged", _unchanged(case, ran))
    release = read_json(root / "reports" / case / "release.json")
    words, reasons = f"{case} version {release['version']}", tuple(release["reasons"])
    if release["promoted"]:
        return Outcome("promoted", f"{words}: promoted to champion", reasons)
    how = "trained, and refused by the gate" if "fit" in ran else "refused by the gate"
    return Outcome("refused", f"{words}: {how}; the champion stays. {'; '.join(reasons)}", reasons)


def _unchanged(case: str, ran: list[str]) -> str:
    if not ran:
        return f"{case}: no stage ran: data, params and code are those of the last run; the champion stays"
    return f"{case}: {', '.join(ran)} ran, and nothing of it reaches the model; the champion stays"


def prepared_digest(case: str, root: Path) -> str | None:
    """That of the prepared rows, by `dvc.lock`."""
    outs = read_lock(root).get(f"{PREPARED}@{case}", {}).get("outs", [])
    return next((out.get("md5") for out in outs), None)


def write_down(root: Path, case: str, key: str | None, came: Came) -> None:
    """Have monitoring know what became of a retrain that it has asked the server for, by the `key` that it gave."""
    if key is None:
        return
    try:
        settle(root / "state" / case / "monitor", key, Result(came, prepared_digest(case, root)))
    except CasebookError as error:  # a damaged record is no reason for a retrain to fail
        log.warning("%s", error)
