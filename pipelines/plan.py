"""Plan of a run, by `dvc status`: `dvc repro --dry` fails where a stage has never run (DVC 3.67)."""

import json
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.core.errors import CasebookError
from components.core.params.case import Params
from components.core.params.load import load_params
from pipelines.code import NOTHING, RESOLVED, changes
from pipelines.dvc_locks import free_stale
from pipelines.reproduce import is_busy
from pipelines.resume import read_lock
from pipelines.stages import MAKE_BUNDLE, STAGES, TRAINS

# The stages whose outs each stage reads, as dvc.yaml has them.
FOLLOWS: Mapping[str, tuple[str, ...]] = {
    "fetch": (),
    "prepare": ("fetch",),
    "search": ("prepare",),
    "fit": ("prepare", "search"),
    "compress": ("prepare", "fit"),
    "evaluate": ("prepare", "fit", "compress"),
    "release": ("fetch", "prepare", "fit", "compress", "evaluate"),
}
FOLLOW_START = (TRAINS, "fit")  # those that read the bundle of the case that theirs starts from
SHOWN = 4


def plan(targets: list[str], root: Path, *, force: bool) -> Iterator[str]:
    """A line for each stage on the way to `targets` whose inputs or outs are not as `dvc.lock` has them.

    What rests on these stages runs too, unless they end in the same bytes. With `force` the targets
    themselves run in any case.

    Raises:
        CasebookError: DVC cannot tell, for the reason given.
    """
    found = status(targets, root)
    reasons = {stage: ["asked for"] for target in targets if force for stage in [target]}
    params = load_params(root / "params.yaml")
    for stage, told in _stale(targets, root, params, found).items():
        reasons[stage] = reasons.get(stage, []) + told
    for stage in sorted(reasons, key=lambda stage: _order(stage, params)):
        more = f" and {len(reasons[stage]) - SHOWN} more" if len(reasons[stage]) > SHOWN else ""
        yield f"{stage}: {', '.join(reasons[stage][:SHOWN])}{more}"


@dataclass(frozen=True)
class Due:
    """What a run starts: stages as `fit@CASE`, and before them `code`, where what it writes is not of today."""

    stages: frozenset[str]
    code: bool


def due(targets: list[str], root: Path) -> Due:
    """The stages up to `targets` that are stale or follow one that is; all while another dvc is at one of them.

    Raises:
        CasebookError: DVC cannot tell, or `params.yaml` is wrong.
    """
    params = load_params(root / "params.yaml")
    on_the_way = {stage for target in targets for stage in _up_to(target, params)}
    try:
        found = status(targets, root)
    except BusyError:  # each stage waits for its turn, and looks then
        return Due(frozenset(on_the_way), code=True)
    stale = _stale(targets, root, params, found)
    return Due(frozenset(following(stale, on_the_way, params)), code="code" in found)


def following(stale: Collection[str], among: Collection[str], params: Params) -> set[str]:
    """Those of `among` that are stale, or that read what one of them writes."""
    found: set[str] = set()
    for stage in sorted(among, key=lambda stage: _order(stage, params)):
        name, _, case = stage.partition("@")
        start = params.case(case).start
        reads = {f"{one}@{case}" for one in FOLLOWS[name]}
        if start is not None and name in FOLLOW_START:
            reads.add(f"{MAKE_BUNDLE[-1]}@{start}")
        if stage in stale or reads & found:
            found.add(stage)
    return found


class BusyError(CasebookError):
    """Another dvc is at a stage that was asked about."""


def status(targets: list[str], root: Path) -> dict[str, list[Any]]:
    """What `dvc status` says of `targets` and the stages before them.

    Raises:
        BusyError: another dvc is at one of them.
        CasebookError: DVC cannot tell, for the reason given.
    """
    free_stale(root)
    command = [sys.executable, "-m", "dvc", "status", "--json", "--with-deps", *targets]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise (BusyError if is_busy(done.stderr) else CasebookError)(f"dvc status: {done.stderr.strip()}")
    return dict(json.loads(done.stdout))


def _stale(targets: list[str], root: Path, params: Params, found: Mapping[str, list[Any]]) -> dict[str, list[str]]:
    """Why each stage that is itself not as `dvc.lock` has it must run; what `code` would write is looked at here."""
    locked, reasons = read_lock(root), {}
    others = {stage for stage in found if stage != "code"}
    for stage in {*others, *(before for target in targets for before in _up_to(target, params))}:
        name, _, case = stage.partition("@")
        told = _old_form(stage, locked) + changes(root, params.case(case), case, name, locked)
        told += _reasons(found.get(stage, []))
        if told:
            reasons[stage] = told
    return reasons


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
