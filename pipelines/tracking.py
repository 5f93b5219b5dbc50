"""The MLflow run of a stage that trains."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from components.core.job import Job
from components.tracking.runs import end_orphans, parent_run
from components.tracking.track import Tracker, connect
from pipelines.provenance import flow_run_id


@contextmanager
def stage_run(job: Job, state: Path, stage: str) -> Iterator[tuple[Tracker, str]]:
    """The tracker and the id of the stage's run, the same one for all attempts that share `state`.

    Runs that a killed process left RUNNING are ended first.
    """
    tracker = connect(job.paths.root)
    end_orphans(tracker, job.case)
    tags = {"casebook.stage": stage, "casebook.smoke": str(job.smoke).lower(), "prefect.flow_run_id": flow_run_id()}
    with parent_run(tracker, job.case, state, stage, tags) as run_id:
        yield tracker, run_id
