"""A monitoring run in the case's MLflow experiment."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from components.monitoring.findings import Findings
from components.monitoring.report import PICTURES, as_metrics, as_table
from components.tracking.runs import RUN_FILE, end_orphans, parent_run
from components.tracking.track import Tracker

NAME = "monitor"


@contextmanager
def monitor_run(tracker: Tracker, case: str, state: Path, tags: Mapping[str, str]) -> Iterator[str]:
    """The id of a run for one look at the rows. One that was killed is gone on with by the next."""
    end_orphans(tracker, case)
    try:
        with parent_run(tracker, case, state, f"{case} {NAME}", {"casebook.stage": NAME, **tags}) as run:
            yield run
    except Exception:  # it has ended as FAILED, and the next is another one
        (state / RUN_FILE).unlink(missing_ok=True)
        raise
    (state / RUN_FILE).unlink(missing_ok=True)


def log_findings(tracker: Tracker, run: str, found: Findings, folder: Path) -> None:
    """Figures, the table of columns, the page and its pictures."""
    tracker.log_metrics(run, as_metrics(found))
    tracker.log_table(run, as_table(found), "drift")
    tracker.log_pictures(run, folder / PICTURES)
    for path in sorted(folder.iterdir()):
        if path.is_file():
            tracker.log_file(run, path)
    tracker.log_tags(run, {"casebook.monitor.reasons": "; ".join(found.reasons)[:5000] or "none"})
