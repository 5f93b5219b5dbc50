"""Quality over folds beside the peers' published figures, and beside the baselines fold by fold."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.results import Cell, Limit, Result
from components.files import read_json

PEERS = Path(__file__).with_name("peers.json")
METRICS = ("auc", "ks", "brier")
GIVEN = "CASEBOOK_CROSSVAL"


def measure(case: str, root: Path) -> Result:
    """`CASEBOOK_CROSSVAL` may name the output of an earlier `casebook crossval CASE --json`."""
    given = os.environ.get(GIVEN)
    return table(case, read_json(Path(given)) if given else _validate(case, root), read_json(PEERS)[case])


def _validate(case: str, root: Path) -> dict[str, Any]:
    command = [str(Path(sys.executable).with_name("casebook")), "crossval", case, "--json"]
    done = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def table(case: str, found: dict[str, Any], peers: dict[str, Any]) -> Result:
    mean = found["mean"]
    rows: list[list[Cell]] = [["casebook: what is served", *(_four(mean[name]) for name in METRICS), None]]
    for who, metrics in found["peers"].items():
        less = found["differences"][who]["auc"]
        rows.append(
            [f"casebook: {who} alone", *(_four(metrics[name]) for name in METRICS), _difference(less)],
        )
    rows += [[who, *(_four(metrics[name]) for name in METRICS), None] for who, metrics in peers["metrics"].items()]
    limits = [Limit(f"mean {name}", mean[name], **bound) for name, bound in peers["wanted"].items()]
    best = max(metrics["auc"] for metrics in peers["metrics"].values())
    folds = ", ".join(f"{fold['auc']:.4f}" for fold in found["folds"])
    return Result(
        name="crossval",
        title=f"{case}: cross-validated quality beside peers",
        columns=["model", "AUC", "KS", "Brier", "AUC of the served model less this one, fold by fold"],
        rows=rows,
        limits=limits,
        notes=[
            f"AUC by fold: {folds}; {mean['auc'] - best:+.4f} over the best peer's mean.",
            f"Peers: {peers['source']}. Their fold values were not published, so pairs are with our own baselines.",
        ],
        details=found,
    )


def _four(value: float) -> str:
    return f"{value:.4f}"


def _difference(less: dict[str, Any]) -> str:
    folds = " ".join(f"{value:+.4f}" for value in less["folds"])
    return f"{less['mean']:+.4f} ± {less['standard_error']:.4f} ({folds})"
