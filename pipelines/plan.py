"""Plan of a run, by `dvc status`: `dvc repro --dry` fails where a stage has never run (DVC 3.67)."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from components.core.errors import CasebookError
from components.core.params.case import Params
from components.core.params.load import load_params
from pipelines.code import NOTHING, RESOLVED, changes
from pipelines.resume import read_lock
from pipelines.stages import MAKE_BUNDLE, STAGES, TRAINS

SHOWN = 4


def plan(targets: list[str], root: Path, *, force: bool) -> Iterator[str]:
    """A line for each stage on the way to `targets` whose inputs or outs are not as `dvc.lock` has them.

    What rests on these stages runs too, unless they end in the same bytes. With `force` the targets
    themselves run in any case.

    Raises:
        CasebookError: DVC cannot tell, for the reason given.
    """
    command = [sys.executable, "-m", "dvc", "status", "--json", "--with-deps", *targets]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CasebookError(f"dvc status: {done.stderr.strip()}")
    found: dict[str, list[Any]] = json.loads(done.stdout)
    found.pop("code", None)  # what it would write is looked at here
    params, locked = load_params(root / "params.yaml"), read_lock(root)
    reasons = {stage: ["asked for"] for target in targets if force for stage in [target]}
    for stage in {*found, *(before for target in targets for before in _up_to(target, params))}:
        name, _, case = stage.partition("@")
        told = _old_form(stage, locked) + changes(root, params.case(case), case, name, locked)
        told += _reasons(found.get(stage, []))
        if told:
            reasons[stage] = reasons.get(stage, []) + told
    for stage in sorted(reasons, key=lambda stage: _order(stage, params)):
        more = f" and {len(reasons[stage]) - SHOWN} more" if len(reasons[stage]) > SHOWN else ""
        yield f"{stage}: {', '.join(reasons[stage][:SHOWN])}{more}"


def _up_to(target: str, params: Params) -> list[str]:
    """The stages on the way to a target, itself the last; those of the cases that it starts from, where it trains."""
    name, _, case = target.partition("@")
    own = [f"{stage}@{case}" for stage in STAGES[: STAGES.index(name) + 1]]
    before = params.before(case) if TRAINS in STAGES[: STAGES.index(name) + 1] else ()
    return [f"{stage}@{other}" for other in before for stage in MAKE_BUNDLE] + own


def _order(stage: str, params: Params) -> tuple[tuple[str, ...], int]:
    """A case after those that it starts from; cases that have nothing to do with each other by name."""
    name, _, case = stage.partition("@")
    return (*params.before(case), case), STAGES.index(name)


def _old_form(stage: str, locked: Mapping[str, Any]) -> list[str]:
    """Of the time when stages had no file in `resolved/` there is no value in `dvc.lock` to compare with."""
    deps = locked.get(stage, {}).get("deps", [])
    known = not deps or any(dep["path"].startswith(f"{RESOLVED}/") for dep in deps)
    return [] if known else ["it last ran in the form before recipes"]


def _reasons(entries: list[Any]) -> list[str]:
    """`data/raw/x deleted`, one for each path; other entries are plain words such as `changed command`."""
    reasons = []
    for entry in entries:
        if isinstance(entry, str):
            reasons.append(entry)
            continue
        for path, state in (one for group in entry.values() for one in group.items()):
            if not path.startswith(f"{RESOLVED}/") and path != NOTHING:  # `code` makes both
                reasons.append(f"{path} {state}")
    return reasons
