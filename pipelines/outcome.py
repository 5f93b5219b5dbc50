"""What a case's last release came to, in one line."""

from pathlib import Path

from components.core.files import read_json
from components.core.job import Paths
from pipelines.summary import NEVER_RAN, read_summary

DIGITS = ".4g"


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
    score = f"{summary['metric']} {summary['test']:{DIGITS}}"
    if summary["low"] is not None and summary["high"] is not None:
        score += f" [{summary['low']:{DIGITS}}, {summary['high']:{DIGITS}}]"
    if summary["baseline"] is not None:
        score += f", the best baseline {summary['baseline']:{DIGITS}} ({summary['best_baseline']})"
    return f"{gate}; {score}"
