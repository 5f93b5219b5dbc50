"""Raw rows through a registered model."""

import shutil
import sys
import tempfile
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

STANDARD = Path("-")


def predict(job: Job, source: Path, out: Path | None, version: str | None, options: Mapping[str, Any]) -> int:
    """Answer `source` with the champion, or `version`, and return the number of rows written.

    `source` may be `STANDARD`, the standard input; then the answers go to the standard output if
    there is no `out`. `options` are the case's own, by name; those that are None were not given.

    Raises:
        CasebookError: a file has no `out`, there is no champion, no such version, the file does not fit the
            model, or the case takes no such option.
    """
    if source == STANDARD:
        return _predict_standard(job, out, version, options)
    if out is None:
        raise CasebookError(f"{source}: say with --out where its answers go, such as --out answers{source.suffix}")
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


def _predict_standard(job: Job, out: Path | None, version: str | None, options: Mapping[str, Any]) -> int:
    """A bundle answers a file, whole or not at all: what comes in is kept in one, and so is what goes out."""
    suffix = load_case(job).predict_suffix
    with tempfile.TemporaryDirectory(prefix="casebook-") as folder:
        source, target = Path(folder, f"standard-input{suffix}"), out or Path(folder, f"answers{suffix}")
        with source.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        count = predict(job, source, target, version, options)
        if out is None:
            with target.open("rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.buffer.flush()
    return count


def _check_options(name: str, case: Case, given: Mapping[str, Any]) -> None:
    if unknown := sorted(given.keys() - case.predict_options):
        shown = ", ".join(f"--{option}" for option in unknown)
        known = ", ".join(f"--{option}" for option in sorted(case.predict_options)) or "no options of its own"
        raise CasebookError(f"{name}: predict does not take {shown} for this case; it takes {known}")
