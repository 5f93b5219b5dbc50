"""What a run would do, by `dvc status`: `dvc repro --dry` fails where a stage has never run (DVC 3.67)."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from components.errors import CasebookError
from pipelines.stages import STAGES

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
    asked = {target: ["asked for"] for target in targets if force}
    reasons = {stage: _reasons(entries) for stage, entries in found.items()} | asked
    for stage in sorted(reasons, key=_order):
        more = f" and {len(reasons[stage]) - SHOWN} more" if len(reasons[stage]) > SHOWN else ""
        yield f"{stage}: {', '.join(reasons[stage][:SHOWN])}{more}"


def _order(stage: str) -> tuple[str, int]:
    name, _, case = stage.partition("@")
    return case, STAGES.index(name)


def _reasons(entries: list[Any]) -> list[str]:
    """`data/raw/x deleted`, one for each file or parameter; other entries are plain words such as `changed command`."""
    reasons = []
    for entry in entries:
        if isinstance(entry, str):
            reasons.append(entry)
            continue
        for path, state in (one for group in entry.values() for one in group.items()):
            states = {path: state} if isinstance(state, str) else state  # of parameters, one each
            reasons += [f"{name} {how}" for name, how in states.items()]
    return reasons
