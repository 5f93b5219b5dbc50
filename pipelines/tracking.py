"""The MLflow runs of the stages: one of its own for each that trains, to which the later ones add."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from components.core.files import dvc_md5
from components.core.job import Job
from components.tracking.runs import end_orphans, parent_run, run_of_experiment, run_of_fit
from components.tracking.track import Tracker, connect
from pipelines.provenance import NO_FLOW, experiment, flow_run_id


@contextmanager
def stage_run(job: Job, state: Path, stage: str) -> Iterator[tuple[Tracker, str]]:
    """The tracker and the id of the stage's run, the same one for all attempts that share `state`.

    Runs that a killed process left RUNNING are ended first.
    """
    tracker = connect(job.paths.root)
    end_orphans(tracker, job.case)
    tags = {"casebook.stage": stage, **({"casebook.smoke": "true"} if job.smoke else {})}
    if (flow := flow_run_id()) != NO_FLOW:
        tags["prefect.flow_run_id"] = flow
    if (found := experiment()) is not None:
        tags |= found.tags
    with parent_run(tracker, job.case, state, run_name(job.case, stage), tags) as run_id:
        yield tracker, run_id


def run_name(case: str, stage: str) -> str:
    """A fit's run has the name of its case, or of its experiment; the others say what they are besides."""
    found = experiment()
    name = case if found is None else found.name
    return name if stage == "fit" else f"{name} {stage}"


def run_to_add_to(tracker: Tracker, job: Job) -> str:
    """The run of the fit that a later stage tells about; in an experiment that did not fit, one of its own."""
    fitted_md5 = dvc_md5(job.paths.fitted(job.case))
    if (found := experiment()) is None:
        return run_of_fit(tracker, job.case, fitted_md5)
    return run_of_experiment(tracker, job.case, fitted_md5, found.name, found.tags)
