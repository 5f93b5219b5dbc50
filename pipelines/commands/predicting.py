"""Raw rows through a registered model."""

import logging
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from components.core.errors import CasebookError, StrangeError
from components.core.files import nearest_path
from components.core.forgotten import FORGOTTEN
from components.core.histories import HISTORIES, read_kept
from components.core.job import Job, Paths
from components.core.opened import opened_once
from components.core.params.monitor import PredictionLog
from components.core.recipe import CHECKS, read_checks, recipe_of
from components.registry.champion import CHAMPION
from components.registry.finding import Served, open_registry, served
from components.registry.known import histories_of
from components.tracking.reading.registry import Registry
from pipelines.commands.answerfile import answers_to, check_apart, check_out
from pipelines.commands.options import read_options, shown
from pipelines.commands.smoke import SMOKE
from pipelines.commands.without_file import rows_of

logger = logging.getLogger(__name__)

STANDARD = Path("-")
CANDIDATE = "candidate"  # the alias of what was registered last; `registry.register`, which sets it, loads MLflow
CALLED = "standard input"


def predict(
    job: Job,
    source: Path | None,
    out: Path | None,
    version: str | None,
    options: Sequence[str],
    *,
    log: PredictionLog | None,
    smoke: bool = False,
) -> int:
    """Answer `source` with the champion, `version`, or the model of a `smoke` run; returns the number of rows written.

    `source` may be `STANDARD`, the standard input; then the answers go to the standard output if
    there is no `out`. Without it options of the case say who is answered. `options` are the case's own, as NAME=VALUE.
    What the champion was asked is kept in the `log`, if there is one: rows that are refused as strange, too.

    Raises:
        CasebookError: a file has no `out`, there is no champion, no such version, the file does not fit the
            model, or the case takes no such option.
    """
    with opened_once():
        find = partial(_smoke_model if smoke else _registered, job, version)
        with rows_of(job, source, options) as rows:
            if source == STANDARD:
                return _predict_standard(job, out, find, options, log)
            chosen, count = _answer(job, rows, out, find, options, log)
        if source is not None:
            _keep(job, chosen, source, log)
        return count


def _answer(
    job: Job,
    source: Path,
    out: Path | None,
    find: Callable[[], Served],
    options: Sequence[str],
    log: PredictionLog | None,
) -> tuple[Served, int]:
    """Which version answered, and how many rows it wrote. What it refuses as strange is logged."""
    if not source.exists():
        raise CasebookError(f"{source}: not found{nearest_path(source)}")
    recipe = recipe_of(job)
    if out is None:
        raise CasebookError(f"{source}: say with --out where its answers go, such as --out answers{recipe.answers[0]}")
    check_out(source, out, recipe.answers)
    given = read_options(job.case, recipe.options, options)
    check_apart(out, {shown(name): value for name, value in given.items()})
    if forgotten := getattr(job.prepare, FORGOTTEN, ()):
        given = {**given, FORGOTTEN: forgotten}
    given = {**given, CHECKS: read_checks(job)}
    chosen = find()
    if (histories := histories_of(job.paths, job.case, chosen)) is not None:
        given = {**given, HISTORIES: histories}
    try:
        with answers_to(out, recipe.answers) as target:
            return chosen, recipe.predict.predict_file(chosen.bundle, source, target, given)
    except StrangeError:
        _keep(job, chosen, source, log, refused=True)
        raise


def _registered(job: Job, version: str | None) -> Served:
    registry = open_registry(job.paths.root)
    try:
        return served(registry, job.case, version)
    except CasebookError as error:
        if version is None and (others := _instead(job, registry)):
            raise CasebookError(f"{error}; there is {others}") from None
        raise


def _instead(job: Job, registry: Registry) -> str:
    """What could answer where there is no champion."""
    model = registry.registered_model(job.case)
    if model is not None and CHAMPION in model.aliases:
        return ""
    candidate = None if model is None else model.aliases.get(CANDIDATE)
    found = [] if candidate is None else [f"version {candidate}, which was not promoted (--version {candidate})"]
    if _smoke_bundle(job).is_dir():
        found.append("a smoke model (--smoke)")
    return " and ".join(found)


def _smoke_model(job: Job, _: str | None) -> Served:
    bundle = _smoke_bundle(job)
    if not bundle.is_dir():
        raise CasebookError(f"{bundle}: not found; `casebook run {job.case} --smoke` makes it")
    logger.warning("%s: this is the model of a smoke run: its answers mean nothing", job.case)
    histories = Paths(job.paths.root / SMOKE / job.case).histories(job.case)
    return Served("smoke", bundle, is_champion=False, histories=histories if read_kept(histories) else None)


def _smoke_bundle(job: Job) -> Path:
    return Paths(job.paths.root / SMOKE / job.case).bundle(job.case)


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
    job: Job, out: Path | None, find: Callable[[], Served], options: Sequence[str], log: PredictionLog | None
) -> int:
    """A bundle answers a file, whole or not at all: what comes in is kept in one, and so is what goes out. It is logged
    when it has gone out.
    """
    recipe = recipe_of(job)
    with tempfile.TemporaryDirectory(prefix="casebook-") as folder:
        source, target = (
            Path(folder, f"{CALLED}{recipe.predict_suffix}"),
            out or Path(folder, f"answers{recipe.answers[0]}"),
        )
        with source.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        try:
            chosen, count = _answer(job, source, target, find, options, log)
        except CasebookError as error:
            raise CasebookError(str(error).replace(str(source), CALLED).replace(source.name, CALLED)) from None
        if out is None:
            with target.open("rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        _keep(job, chosen, source, log)
    return count
