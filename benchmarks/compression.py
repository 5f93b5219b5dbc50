"""Each variant of the model as the last run measured it: size, latency, throughput, metric and loss."""

from pathlib import Path
from typing import Any

from benchmarks.results import Result
from components.core.files import read_json
from components.core.job import Paths
from pipelines.reproduce import reproduce


def measure(case: str, root: Path) -> Result:
    path = Paths(root).compression(case) / "variants.json"
    if not path.exists() and (code := reproduce([f"compress@{case}"], root)):
        raise SystemExit(code)
    return table(case, read_json(path))


def table(case: str, found: dict[str, Any]) -> Result:
    first = found["variants"][0]
    rows = [
        [
            row["name"] + (" (picked)" if row["name"] == found["picked"] else ""),
            row["bytes"],
            row["bytes"] / first["bytes"],
            row["p50_ms"],
            row["p99_ms"],
            row["per_s"],
            _interval(row["auc"]),
            _interval(row["loss_on_validation"]),
            None if row["largest_difference"] is None else f"{row['largest_difference']:.2g}",
        ]
        for row in found["variants"]
    ]
    return Result(
        name="compression",
        title=f"{case}: variants of the model",
        columns=[
            "variant",
            "bytes",
            "of fp32",
            "p50 ms, 1 row",
            "p99 ms",
            "rows/s in batches",
            "test AUC [95%]",
            "AUC lost on validation [95%]",
            "largest difference of a score",
        ],
        rows=rows,
        notes=["Whole bundles through the code that serves them; the pick is the smallest that loses little enough."],
        details=found,
    )


def _interval(value: dict[str, float]) -> str:
    return f"{value['value']:.4f} [{value['low']:.4f}, {value['high']:.4f}]"
