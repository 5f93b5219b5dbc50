"""Raw rows through a registered model."""

from pathlib import Path

from components.contracts import Job
from components.errors import CasebookError
from components.registry.champion import champion_version
from components.registry.register import bundle_of
from components.registry.trace import find_version
from components.registry.track import connect
from pipelines.cases import load_case


def predict(job: Job, source: Path, out: Path, version: str | None) -> int:
    """Answer `source` with the champion, or `version`, and return the number of answers.

    Raises:
        CasebookError: there is no champion, no such version, or the file does not fit the model.
    """
    if not source.exists():
        raise CasebookError(f"{source}: not found")
    tracker = connect(job.paths.root)
    chosen = find_version(tracker, job.case, version).version if version else champion_version(tracker, job.case)
    if chosen is None:
        raise CasebookError(
            f"{job.case}: no champion in {tracker.uri}; `casebook run {job.case}` trains and promotes one, "
            "or name a registered one with --version"
        )
    return load_case(job).predict_file(bundle_of(tracker, job.case, chosen), source, out)
