"""Raw rows through a registered model."""

import logging
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from components.core.errors import CasebookError, StrangeError
from components.core.files import nearest_path
from components.core.forgotten import FORGOTTEN
from components.core.job import Job
from components.core.opened import opened_once
from components.core.params.monitor import PredictionLog
from components.core.recipe import CHECKS, read_checks, recipe_of
from components.registry.finding import Served, open_registry, served
from pipelines.commands.options import read_options

logger = logging.getLogger(__name__)

STANDARD = Path("-")
CALLED = "standard input"


def predict(
    job: Job,
    source: Path,
    out: Path | None,
    version: str | None,
    options: Sequence[str],
    *,
    log: PredictionLog | None,
) -> int:
    """Answer `source` with the champion, or `version`, and return the number of rows written.

    `source` may be `STANDARD`, the standard input; then the answers go to the standard output if
    there is no `out`. `options` are the case's own, as NAME=VALUE.
    What the champion was asked is kept in the `log`, if there is one: rows that are refused as strange, too.

    Raises:
        CasebookError: a file has no `out`, there is no champion, no such version, the file does not fit the
            model, or the case takes no such option.
    """
    with opened_once():
        if source == STANDARD:
            return _predict_standard(job, out, version, options, log)
        chosen, count = _answer(job, source, out, version, options, log)
        _keep(job, chosen, source, log)
        return count


def _answer(
    job: Job,
    source: Path,
    out: Path | None,
    version: str | None,
    options: Sequence[str],
    log: PredictionLog | None,
) -> tuple[Served, int]:
    """Which version answered, and how many rows it wrote. What it refuses as strange is logged."""
    if not source.exists():
        raise CasebookError(f"{source}: not found{nearest_path(source)}")
    if out is None:
        raise CasebookError(f"{source}: say with --out where its answers go, such as --out answers{source.suffix}")
    recipe = recipe_of(job)
    given = read_options(job.case, recipe.options, options)
    if forgotten := getattr(job.prepare, FORGOTTEN, ()):
        given = {**given, FORGOTTEN: forgotten}
    given = {**given, CHECKS: read_checks(job)}
    chosen = served(open_registry(job.paths.root), job.case, version)
    try:
        return chosen, recipe.predict.predict_file(chosen.bundle, source, out, given)
    except StrangeError:
        _keep(job, chosen, source, log, refused=True)
        raise


def _keep(job: Job, chosen: Served, source: Path, log: PredictionLog | None, *, refused: bool = False) -> None:
    """Add a sample of the champion's rows to the log, if there is one. Their answers are there already: that it fails
    spoils none of them.
    """
    if log is None or not chosen.is_champion:
        return
    from components.monitoring.log import append
    from components.monitoring.sample import draw

    watch = recipe_of(job).watch
    look = watch.said or (lambda *asked: watch.observe(*asked).scores)
    try:
        rows = draw(watch.rows(job, source), log.rows, seed=0, unit=watch.unit(job)).rows
        append(job.paths.root, job.case, rows, look(job, chosen.bundle, rows), chosen.version, log, refused=refused)
    except (CasebookError, OSError) as error:
        logger.warning("%s: the answers are not logged: %s", source, error)


def _predict_standard(
    job: Job, out: Path | None, version: str | None, options: Sequence[str], log: PredictionLog | None
) -> int:
    """A bundle answers a file, whole or not at all: what comes in is kept in one, and so is what goes out. It is logged
    when it has gone out.
    """
    suffix = recipe_of(job).predict_suffix
    with tempfile.TemporaryDirectory(prefix="casebook-") as folder:
        source, target = Path(folder, f"{CALLED}{suffix}"), out or Path(folder, f"answers{suffix}")
        with source.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        try:
            chosen, count = _answer(job, source, target, version, options, log)
        except CasebookError as error:
            raise CasebookError(str(error).replace(str(source), CALLED).replace(source.name, CALLED)) from None
        if out is None:
            with target.open("rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        _keep(job, chosen, source, log)
    return count
