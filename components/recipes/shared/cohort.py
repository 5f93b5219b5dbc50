"""A raw cohort, and another beside it, to training, validation, test and external rows, whatever ends their times."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd

from components.core.files import whole_folder
from components.core.job import EXTERNAL, PREPARED_FILES, TRAIN, AnyJob, Meta, read_origin
from components.kits.survival.cohort import EVENT, TIME, CohortParams, Outcome
from components.kits.survival.preparation.cohort import Cohort, check_known, read_cohort
from components.kits.survival.preparation.entry import check_at_risk, check_entry_like
from components.kits.survival.preparation.outcome import Reader
from components.kits.survival.units import PER_YEAR
from components.kits.tables.encoding.encode import TableEncoder, fit_encoder
from components.kits.tables.encoding.reader import SPELLINGS
from components.kits.tables.encoding.spec import QUESTIONS, ROW
from components.kits.tables.noted import warned_of, write_told
from components.kits.tables.outcome.outcome import Counted
from components.kits.tables.split import groups_of, split_rows
from components.kits.tables.suspects import check_identifiers
from components.kits.tables.write import rejected_rows, summarise, write_groups, write_rows
from components.recipes.shared.smoke import few_of, few_rows

log = logging.getLogger(__name__)

REJECTED = "rejected.parquet"


class Ends(Protocol):
    """What ends the times of a cohort: one kind of event, or several. `event` (N,) is 0 for none, else 1, 2, ...

    Each `check` raises a CasebookError; `place` begins its message.
    """

    @property
    def read(self) -> Reader: ...

    def check_enough(self, event: np.ndarray, outcome: Outcome, place: str) -> None:
        """There is something to learn."""

    def check_any(self, event: np.ndarray, outcome: Outcome, place: str) -> None:
        """There is something to judge another cohort's answers by."""

    def tell(self, cohort: Cohort, spec: CohortParams, file: Path) -> str:
        """A line on how many rows end with what."""

    def count(self, splits: Mapping[str, np.ndarray], event: np.ndarray, groups: np.ndarray | None) -> Counted:
        """How many rows of each split do."""

    def check_splits(
        self, splits: Mapping[str, np.ndarray], event: np.ndarray, groups: np.ndarray | None, spec: CohortParams
    ) -> None:
        """The splits are alike, as far as chance goes, or the block says that they need not be."""

    def check_leaks(
        self, train: pd.DataFrame, years: np.ndarray, spec: CohortParams, groups: np.ndarray | None
    ) -> None:
        """No column tells times or events all by itself."""

    def check_coefficients(self, event: np.ndarray, encoder: TableEncoder, place: str) -> None:
        """There are events enough for as many coefficients."""


def prepare_cohort(job: AnyJob, ends: Ends) -> Meta:
    """Check the raw cohort, split it, fit its encoder on the training rows and write the prepared folder whole.

    It holds what that of a two-class table does, with `time` (float64, in the block's unit) and `event` (int8) for a
    target, and, if the block names an external cohort, `external.parquet` and `rejected-external.parquet`.
    That cohort goes through the same checks and conversions; nothing is fitted on it.

    Raises:
        CasebookError: the params, a file, its columns or too many of its rows are wrong.
    """
    with warned_of(job.paths.raw(job.case)) as notes:
        return _prepare(job, ends, notes)


def _prepare(job: AnyJob, ends: Ends, notes: list[str]) -> Meta:
    raw = job.paths.raw(job.case)
    spec: CohortParams = job.prepare
    source = read_origin(raw)
    cohort = read_cohort(raw / spec.file, spec.target, spec, read=ends.read)
    event = cohort.rows[EVENT].to_numpy()
    ends.check_enough(event, spec.target, str(raw / spec.file))
    notes.append(ends.tell(cohort, spec, raw / spec.file))
    check_identifiers(cohort.rows, spec)
    splits, groups = split_rows(cohort.by, event, spec), groups_of(cohort.by, spec)
    ends.check_splits(splits, event, groups, spec)
    if job.smoke:
        splits = few_rows(splits, event)
    shares = ends.count(splits, event, groups)
    train = cohort.rows.iloc[splits[TRAIN]]
    check_at_risk(train, spec.unit, spec.file)
    own, years = None if groups is None else groups[splits[TRAIN]], train[TIME].to_numpy() / PER_YEAR[spec.unit]
    ends.check_leaks(train, years, spec, own)
    check_entry_like(cohort.rows, spec)  # behind the leaks: a follow-up in weeks lies below its time in days, too
    encoder = fit_encoder(train, spec)
    ends.check_coefficients(event, encoder, spec.file)
    frames = {PREPARED_FILES[name]: cohort.rows.iloc[index] for name, index in splits.items()}
    frames[REJECTED] = rejected_rows(cohort.raw, cohort.rejections)
    rows = {name: len(index) for name, index in splits.items()} | {"rejected": len(cohort.rejections.reasons)}
    if spec.external is not None:
        place, outcome = raw / spec.external.file, spec.external.target
        external = read_cohort(place, outcome, spec, cohort.spellings, read=ends.read)
        ends.check_any(external.rows[EVENT].to_numpy(), outcome, str(place))
        check_known(external.rows, encoder, place)
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
