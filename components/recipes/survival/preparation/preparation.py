"""A raw cohort, and another one beside it, to training, validation, test and external rows."""

import logging

from components.core.files import whole_folder
from components.core.job import EXTERNAL, PREPARED_FILES, TRAIN, Meta, read_origin
from components.kits.survival.cohort import EVENT, TIME
from components.kits.survival.preparation.cohort import check_known, read_cohort
from components.kits.survival.preparation.enough import check_coefficients, check_events
from components.kits.survival.preparation.entry import check_at_risk, check_entry_like
from components.kits.survival.preparation.leaks.find import check_leaks
from components.kits.survival.preparation.outcome import tell_events
from components.kits.survival.units import PER_YEAR
from components.kits.tables.encoding.encode import fit_encoder
from components.kits.tables.encoding.reader import SPELLINGS
from components.kits.tables.encoding.spec import QUESTIONS, ROW
from components.kits.tables.noted import warned_of, write_told
from components.kits.tables.shares import check_shares, count_shares
from components.kits.tables.split import groups_of, split_rows
from components.kits.tables.suspects import check_identifiers
from components.kits.tables.write import rejected_rows, summarise, write_groups, write_rows
from components.recipes.shared.smoke import few_of, few_rows
from components.recipes.survival.params.params import SurvivalJob

log = logging.getLogger(__name__)

REJECTED = "rejected.parquet"


def prepare(job: SurvivalJob) -> Meta:
    """Check the raw cohort, split it, fit its encoder on the training rows and write the prepared folder whole.

    It holds what that of a two-class table does, with `time` (float64, years) and `event` (int8, 0 or 1) for
    a target, and, if the block names an external cohort, `external.parquet` and `rejected-external.parquet`.
    That cohort goes through the same checks and conversions; nothing is fitted on it.

    Raises:
        CasebookError: the params, a file, its columns or too many of its rows are wrong.
    """
    with warned_of(job.paths.raw(job.case)) as notes:
        return _prepare(job, notes)


def _prepare(job: SurvivalJob, notes: list[str]) -> Meta:
    spec, raw = job.prepare, job.paths.raw(job.case)
    source = read_origin(raw)
    cohort = read_cohort(raw / spec.file, spec.target, spec)
    event = cohort.rows[EVENT].to_numpy()
    check_events(event, spec.target.event, str(raw / spec.file))
    notes.append(tell_events(cohort.raw, event, spec, raw / spec.file))
    check_identifiers(cohort.rows, spec)
    splits, groups = split_rows(cohort.by, event, spec), groups_of(cohort.by, spec)
    check_shares(count_shares(splits, event, groups), spec)
    if job.smoke:
        splits = few_rows(splits, event)
    shares = count_shares(splits, event, groups)
    train = cohort.rows.iloc[splits[TRAIN]]
    check_at_risk(train, spec.unit, spec.file)
    own, years = None if groups is None else groups[splits[TRAIN]], train[TIME].to_numpy() / PER_YEAR[spec.unit]
    check_leaks(train, years, train[EVENT].to_numpy(), spec, own)
    check_entry_like(cohort.rows, spec)  # behind the leaks: a follow-up in weeks lies below its time in days, too
    encoder = fit_encoder(train, spec)
    check_coefficients(event, encoder, spec.file)
    frames = {PREPARED_FILES[name]: cohort.rows.iloc[index] for name, index in splits.items()}
    frames[REJECTED] = rejected_rows(cohort.raw, cohort.rejections)
    rows = {name: len(index) for name, index in splits.items()} | {"rejected": len(cohort.rejections.reasons)}
    if spec.external is not None:
        external = read_cohort(raw / spec.external.file, spec.external.target, spec, cohort.spellings)
        check_events(external.rows[EVENT].to_numpy(), spec.external.target.event, str(raw / spec.external.file), 1)
        check_known(external.rows, encoder, raw / spec.external.file)
        judged = external.rows
        if job.smoke:
            judged = few_of(judged, judged[EVENT].to_numpy())
        frames[PREPARED_FILES[EXTERNAL]] = judged
        frames[f"rejected-{PREPARED_FILES[EXTERNAL]}"] = rejected_rows(external.raw, external.rejections)
        rows |= {EXTERNAL: len(judged), "rejected external": len(external.rejections.reasons)}
    data = {
        "spec": spec.model_dump(mode="json", exclude=QUESTIONS),
        "key": list(spec.key) or [ROW],
        "encoder": encoder.to_json(),
        "summary": {name: summarise(train[name], column.kind) for name, column in spec.columns.items()},
        **({SPELLINGS: cohort.spellings} if cohort.spellings else {}),
    }
    meta = Meta(job.case, rows, cohort.rejections.counts, source, data)
    with whole_folder(job.paths.prepared(job.case)) as folder:
        for name, frame in frames.items():
            write_rows(frame, folder / name)
        if spec.split.by == "group":
            write_groups(cohort.by, splits, folder)
        write_told(folder, shares, notes)
        meta.write(folder)
    set_aside = ", ".join(f"{name} {count}" for name, count in rows.items() if name not in splits)
    log.info("%s: %s; %s", job.case, shares.told(), set_aside)
    return meta
