"""Raw rows through a registered model."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.contracts import Case, Job
from components.errors import CasebookError
from components.registry.champion import champion_version
from components.registry.register import bundle_of
from components.registry.trace import find_version
from components.registry.track import connect
from pipelines.cases import load_case


def predict(job: Job, source: Path, out: Path, version: str | None, options: Mapping[str, Any]) -> int:
    """Answer `source` with the champion, or `version`, and return the number of rows written.

    `options` are the case's own, by name; those that are None were not given.

    Raises:
        CasebookError: there is no champion, no such version, the file does not fit the model, or the
            case takes no such option.
    """
    case = load_case(job)
    given = {name: value for name, value in options.items() if value is not None}
    _check_options(job.case, case, given)
    if not source.exists():
        raise CasebookError(f"{source}: not found")
    tracker = connect(job.paths.root)
    chosen = find_version(tracker, job.case, version).version if version else champion_version(tracker, job.case)
    if chosen is None:
        raise CasebookError(
            f"{job.case}: no champion in {tracker.uri}; `casebook run {job.case}` trains and promotes one, "
            "or name a registered one with --version"
        )
    return case.predict_file(bundle_of(tracker, job.case, chosen), source, out, given)


def _check_options(name: str, case: Case, given: Mapping[str, Any]) -> None:
    if unknown := sorted(given.keys() - case.predict_options):
        shown = ", ".join(f"--{option}" for option in unknown)
        known = ", ".join(f"--{option}" for option in sorted(case.predict_options)) or "no options of its own"
        raise CasebookError(f"{name}: predict does not take {shown} for this case; it takes {known}")
