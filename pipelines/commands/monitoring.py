"""The newest rows beside the champion's training data: a report, and a retrain where they call for one."""

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from components.core.errors import CasebookError
from components.core.files import sweep_temporaries, whole_folder
from components.core.job import Job
from components.core.locks import held_lock
from components.core.params.monitor import FileRows, LogRows, MonitorParams, SqlRows
from components.core.parts import Watch
from components.core.recipe import Recipe, recipe_of
from components.core.results import Interval, Observed
from components.kits.tables.encoding.text import as_name
from components.kits.tables.read import read_batches
from components.monitoring.findings import Findings, examine
from components.monitoring.log import forget_old, refused_rows
from components.monitoring.once import Result, Retrain, start_once
from components.monitoring.quality import judge
from components.monitoring.report import PAGE, verdict, write_report
from components.monitoring.rows import BATCH, newest_rows, query_rows, with_labels
from components.monitoring.sample import Sample, draw
from components.monitoring.tracked import log_findings, monitor_run
from components.registry.champion import champion_at
from components.registry.overriding import ended_overrides
from components.registry.register import bundle_of
from components.tracking.track import Tracker, connect
from pipelines.news import look_at_database
from pipelines.operating.retrained import PREPARED, prepared_digest
from pipelines.plan import plan
from pipelines.reference import prepared_of

log = logging.getLogger(__name__)

MONITORING = "monitoring"  # below reports/<case>


@dataclass(frozen=True)
class Looked:
    """What a look at the rows found, the MLflow run it is in, and the page."""

    case: str
    found: Findings
    run: str
    page: Path


def look(job: Job, params: MonitorParams, rows: Path | None = None, *, flow_run: str) -> Looked:
    """Compare the newest rows, or those of a file, with what the champion was trained on; report it.

    The report is `reports/<case>/monitoring/`, and a run of the case's experiment that names the `flow_run`.

    Raises:
        CasebookError: there is no champion, or the rows or the labels cannot be read or lack a column.
    """
    source = FileRows(kind="file", path=str(rows.absolute())) if rows is not None else params.rows
    forget_old(job.paths.root, job.case, params.log)
    with held_lock(job.paths.state(job.case) / "monitor.lock", f"monitor of {job.case}"):
        tracker = connect(job.paths.root)
        champion = champion_at(tracker, job.case)
        if champion is None:
            raise CasebookError(f"{job.case}: no champion to monitor; `casebook run {job.case}` makes one")
        found = _examine(job, params, source, tracker, champion)
        folder = job.paths.reports(job.case) / MONITORING
        sweep_temporaries(folder.parent, folder.name)
        facts = [f"version {champion['version']}", _told(source), f"{found.seen:,} rows", f"{_now()} UTC"]
        with whole_folder(folder) as draft:
            write_report(draft, f"{job.case}: what the champion meets", facts, found, params)
        tags = {"casebook.version": champion["version"], "prefect.flow_run_id": flow_run}
        with monitor_run(tracker, job.case, job.paths.state(job.case) / "monitor" / "run", tags) as run:
            log_findings(tracker, run, found, folder)
    return Looked(job.case, found, run, folder / PAGE)


def summary(looked: Looked) -> list[str]:
    """What a person wants to know first, in lines."""
    found = looked.found
    return [
        f"{looked.case}: {verdict(found)} ({found.compared:,} of {found.seen:,} rows compared)",
        *found.reasons,
        *found.notes,
        f"{looked.page}; MLflow run {looked.run}",
    ]


def _examine(
    job: Job, params: MonitorParams, source: LogRows | FileRows | SqlRows, tracker: Tracker, champion: dict[str, object]
) -> Findings:
    recipe = recipe_of(job)
    watch, version = recipe.watch, str(champion["version"])
    bundle = bundle_of(tracker, job.case, version)
    md5 = champion["data_md5"]
    paths, said = prepared_of(job, str(md5) if md5 is not None else None)
    trained = replace(job, paths=paths)
    sample = _sample(job, watch, params, source)
    recent = _observed(trained, watch, bundle, sample, _told(source))
    reference = watch.reference(trained, bundle, params.sample)
    quality = judge(
        recipe.primary,
        recipe.serving.metrics(trained, bundle)[recipe.primary],
        recent.labelled,
        _promotion(recipe, champion),
        params.quality,
        lower_is_better=recipe.primary in recipe.lower_is_better,
        relative=recipe.relative,
        seed=params.seed,
    )
    ended = ended_overrides(tracker, datetime.now(UTC), [job.case])
    notes = [*(one for one in (said, _refused(job, source)) if one), *(one.line for one in ended)]
    return examine(recent, reference, quality, params, seen=sample.seen, notes=notes)


def _refused(job: Job, source: LogRows | FileRows | SqlRows) -> str | None:
    """What is said of rows that were asked and not answered: they are looked at like all others."""
    count = refused_rows(job.paths.root, job.case, days=source.days) if isinstance(source, LogRows) else 0
    return f"predict refused {count:,} of the logged rows: not written as those of training" if count else None


def _sample(job: Job, watch: Watch, params: MonitorParams, source: LogRows | FileRows | SqlRows) -> Sample:
    frames = newest_rows(job, watch, source)
    sample = draw(frames, params.sample, seed=params.seed, unit=watch.unit(job))
    if not len(sample.rows):
        raise CasebookError(f"{_told(source)}: no rows to look at")
    if params.labels is None:
        return sample
    labels = _labels(job, params.labels)
    labelled = with_labels(sample.rows, job.case, labels, watch.key(job), watch.outcome(job), as_name=as_name)
    return Sample(labelled, sample.seen)


def _labels(job: Job, source: FileRows | SqlRows) -> Iterator[pd.DataFrame]:
    """Labels are a table, whatever kind of rows they are of."""
    return query_rows(source) if isinstance(source, SqlRows) else read_batches(job.paths.root / source.path, BATCH)


def _observed(job: Job, watch: Watch, bundle: Path, sample: Sample, told: str) -> Observed:
    try:
        return watch.observe(job, bundle, sample.rows)
    except CasebookError as error:
        raise CasebookError(f"{told}: {error}") from None


def _promotion(recipe: Recipe, champion: dict[str, object]) -> Interval | None:
    """The primary metric on the test split when the champion was promoted."""
    metrics = champion["metrics"]
    assert isinstance(metrics, dict)
    found = metrics.get(recipe.primary)
    if found is None or not {"value", "low", "high"} <= found.keys() or None in found.values():
        return None
    return Interval(found["value"], found["low"], found["high"])


def retrain_once(
    job: Job, params: MonitorParams, found: Findings, start: Callable[[Retrain], Result | None]
) -> Retrain | None:
    """Start a retrain if one is called for, or was and could not start; at most one in the cool-down."""
    reasons = found.reasons if params.retrain else ()
    folder = job.paths.state(job.case) / "monitor"
    started = start_once(
        folder,
        reasons,
        start,
        cooldown_hours=params.cooldown_hours,
        has_news=lambda data: has_news(job.case, job.paths.root, data),
    )
    if started is None and reasons:
        log.warning("%s: no retrain is started: the last one is not %g hours old", job.case, params.cooldown_hours)
    return started


def has_news(case: str, root: Path, data: str | None) -> bool:
    """Whether the prepared rows are not those of that digest any more, or would not be after the next `prepare`."""
    if prepared_digest(case, root) != data:
        return True
    try:
        look_at_database(case, root)
        return any(plan([f"{PREPARED}@{case}"], root, force=False))
    except CasebookError as error:  # somebody is at these stages, or the source does not answer
        log.warning("%s: not known whether there are news, the next look tells: %s", case, error)
        return False


def _told(source: LogRows | FileRows | SqlRows) -> str:
    if isinstance(source, LogRows):
        return f"the log of predictions, {source.days:g} days"
    return f"the query in {source.variable}" if isinstance(source, SqlRows) else os.path.relpath(source.path)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M")
