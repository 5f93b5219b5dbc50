"""Quality over folds, or seeds, beside the peers' figures, and beside the baselines fold by fold."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.results import Cell, Limit, Result
from components.core.files import read_json

PEERS = Path(__file__).with_name("peers.json")
GIVEN = "CASEBOOK_CROSSVAL"


def measure(case: str, root: Path) -> Result:
    """`CASEBOOK_CROSSVAL` may name a folder with the outputs of earlier `casebook crossval CASE --json`, CASE.json."""
    given = os.environ.get(GIVEN)
    found = read_json(Path(given) / f"{case}.json") if given else _validate(case, root)
    return table(case, found, read_json(PEERS)[case])


def _validate(case: str, root: Path) -> dict[str, Any]:
    command = [str(Path(sys.executable).with_name("casebook")), "crossval", case, "--json"]
    done = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def table(case: str, found: dict[str, Any], peers: dict[str, Any]) -> Result:
    """The first metric that the peers show is the one that differences are of."""
    mean, shown, fold = found["mean"], peers["shown"], peers["fold"]
    first, *_ = shown
    rows: list[list[Cell]] = [["casebook: what is served", *(_four(mean[name]) for name in shown), None]]
    for who, metrics in found["peers"].items():
        less = found["differences"][who][first]
        rows.append([f"casebook: {who} alone", *(_four(metrics[name]) for name in shown), _difference(less)])
    rows += [[who, *(_four(metrics[name]) for name in shown), None] for who, metrics in peers["metrics"].items()]
    limits = [Limit(f"mean {name}", mean[name], **bound) for name, bound in peers["wanted"].items()]
    for who, wanted in peers["wanted_alone"].items():
        limits += [Limit(f"mean {name} of {who}", found["peers"][who][name], **bound) for name, bound in wanted.items()]
    best = max(metrics[first] for metrics in peers["metrics"].values())
    each = ", ".join(f"{one[first]:.4f}" for one in found["folds"])
    return Result(
        name=peers["table"],
        title=f"{case}: quality over {fold}s beside peers",
        columns=["model", *shown.values(), f"{shown[first]} of the served model less this one, {fold} by {fold}"],
        rows=rows,
        limits=limits,
        notes=[
            f"{shown[first]} by {fold}: {each}; {mean[first] - best:+.4f} over the best peer's mean.",
            f"Peers: {peers['source']}.",
        ],
        details=found,
    )


def _four(value: float) -> str:
    return f"{value:.4f}"


def _difference(less: dict[str, Any]) -> str:
    folds = " ".join(f"{value:+.4f}" for value in less["folds"])
    return f"{less['mean']:+.4f} ± {less['standard_error']:.4f} ({folds})"
