"""What a case's last release came to, in one line."""

from pathlib import Path

from components.core.files import read_json
from components.core.job import Paths
from components.core.written import written, written_interval
from pipelines.summary import NEVER_RAN, read_summary


def outcome(root: Path, case: str) -> str:
    """`version 3 promoted; auc 0.7934 [0.7571, 0.8279], the best baseline 0.7801 (logistic)`."""
    paths = Paths(root)
    summary, release = read_summary(paths, case), paths.reports(case) / "release.json"
    if summary["gate"] == NEVER_RAN or not release.is_file():
        return NEVER_RAN
    version = read_json(release)["version"]
    gate = summary["gate"] if version is None else f"version {version} {summary['gate']}"
    if summary["test"] is None:
        return str(gate)
    value, low, high = summary["test"], summary["low"], summary["high"]
    score = written(value) if low is None or high is None else written_interval(value, low, high)
    if summary["baseline"] is not None:
        score += f", the best baseline {written(summary['baseline'])} ({summary['best_baseline']})"
    return f"{gate}; {summary['metric']} {score}"
