"""What a release came to, in one line."""

from pathlib import Path
from typing import Any

import pytest

from components.core.files import write_json
from pipelines.outcome import outcome

SCORED = {
    "metric": "auc",
    "test": 0.79341,
    "low": 0.75712,
    "high": 0.82789,
    "baseline": 0.78013,
    "best_baseline": "logistic",
}


@pytest.mark.parametrize(
    ("version", "summary", "said"),
    [
        (
            "3",
            {**SCORED, "gate": "promoted"},
            "version 3 promoted; auc 0.7934 [0.7571, 0.8279], the best baseline 0.7801 (logistic)",
        ),
        (
            "4",
            {**SCORED, "gate": "refused: floor auc", "low": None, "baseline": None},
            "version 4 refused: floor auc; auc 0.7934",
        ),
        (
            "1",
            {
                "metric": "rmse",
                "test": 18531.3,
                "low": 16073.2,
                "high": 20978.4,
                "baseline": 19804.1,
                "best_baseline": "ridge",
                "gate": "promoted",
            },
            "version 1 promoted; rmse 18,531 [16,073, 20,978], the best baseline 19,804 (ridge)",
        ),
        (None, {**SCORED, "gate": "passed", "test": None}, "passed"),  # an experiment, of no figure
    ],
)
def test_the_line_of_a_release(tmp_path: Path, version: str | None, summary: dict[str, Any], said: str) -> None:
    reports = tmp_path / "reports" / "toy"
    reports.mkdir(parents=True)
    write_json(reports / "summary.json", summary)
    write_json(reports / "release.json", {"version": version, "promoted": summary["gate"] == "promoted"})
    assert outcome(tmp_path, "toy") == said


def test_a_case_that_never_ran_says_so(tmp_path: Path) -> None:
    assert outcome(tmp_path, "toy") == "never ran"
