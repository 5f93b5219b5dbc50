"""Boxes of the last runs of the detection cases, and of each variant of their models, beside their peers."""

from pathlib import Path
from typing import Any

from benchmarks.results import Cell, Limit, Result
from components.core.errors import CasebookError
from components.core.files import read_json

PEERS = Path(__file__).with_name("peers.json")
CASES = ("medical_cells", "blood_cells")
SHOWN = {"map50": "mAP50", "map50_95": "mAP50:95"}
SPEED = {"bytes": "bytes", "p50_ms": "p50 ms", "p99_ms": "p99 ms", "per_s": "images/s"}


def measure(case: str, root: Path) -> Result:  # noqa: ARG001 - it is about two cases
    """Of the cases that have been run; figures are read where `casebook run` left them."""
    found = {name: path for name in CASES if (path := root / "reports" / name / "metrics.json").exists()}
    if not found:
        raise CasebookError(f"{root / 'reports'}: no run of {' or '.join(CASES)}; run `casebook run {CASES[0]}` first")
    peers, rows, limits = read_json(PEERS), [], []
    for name, path in found.items():
        metrics, known = read_json(path), peers[name]
        rows += case_rows(name, metrics) + [
            [name, "test", f"peer: {who}", *(values[metric] for metric in SHOWN), *(None for _ in SPEED)]
            for who, values in known["metrics"].items()
        ]
        limits += case_limits(name, metrics, known["wanted"])
    return Result(
        name="detection",
        title="Cells in images: boxes found",
        columns=["case", "split", "who", *SHOWN.values(), *SPEED.values()],
        rows=rows,
        limits=limits,
        notes=[f"Peers of {name}: {peers[name]['source']}." for name in found if peers[name]["metrics"]],
    )


def case_rows(name: str, metrics: dict[str, Any]) -> list[list[Cell]]:
    """The served model on each split, the baselines and the variants on the test."""

    def row(split: str, who: str, values: dict[str, Any]) -> list[Cell]:
        shown = [values[metric] if isinstance(values[metric], float) else values[metric]["value"] for metric in SHOWN]
        return [name, split, who, *shown, *(values.get(speed) for speed in SPEED)]

    splits = [row(split, "as served", metrics[split]) for split in ("test", "external") if split in metrics]
    others = [row("test", who, values) for who, values in metrics["baselines"].items()]
    return [*splits, *others, *(row("test", f"variant {one['name']}", one) for one in metrics["variants"])]


def case_limits(name: str, metrics: dict[str, Any], wanted: dict[str, Any]) -> list[Limit]:
    """`wanted`: by split, the least of each metric."""
    return [
        Limit(f"{name}, {split} {metric}", metrics[split][metric]["value"], at_least=least)
        for split, bars in wanted.items()
        for metric, least in bars.items()
    ]
