"""A bundle's answers to the questions of a split, through the predictor that serves it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from components.core.job import PREPARED_FILES, TEST, TRAIN, VALIDATION, Meta
from components.core.parts import Metric
from components.core.results import Answers
from components.kits.tables.encoding.cells import columns_of_rows
from components.recipes.next_item.encoding.catalogue import read_catalogue
from components.recipes.next_item.encoding.histories import ORDER, event_rows, questions
from components.recipes.next_item.encoding.times import DATETIME, EXCEL, UNITS
from components.recipes.next_item.metrics.metrics import ranking_metrics
from components.recipes.next_item.metrics.ranks import ranks
from components.recipes.next_item.params.params import NextItemJob
from components.recipes.next_item.serving.asked import Asked, read_asked, rows_of_frame, select
from components.recipes.next_item.serving.predictor import RankingPredictor, open_predictor
from components.recipes.next_item.serving.remarks import Remarks
from components.recipes.next_item.serving.stored import encoders_of, write_stored
from components.recipes.shared.serving import TIMED, as_requested, bundle_below, in_turn

KNOWN = {VALIDATION: (TRAIN,), TEST: (TRAIN, VALIDATION)}  # what is history when a split is asked


def answers(job: NextItemJob, bundle: Path, split: str) -> Answers:
    """The item `(N,)` each user of a split came to, and its rank `(N,)` among what they may be recommended.

    The raw rows of the histories go the way of `casebook predict`. Of the fitted folder validation is
    answered by `selection/`, which has not seen it, and test by `bundle/`; any other folder is a bundle.
    """
    predictor = open_predictor(bundle_below(bundle, split))
    users, items = questions(job.paths.prepared(job.case), split)
    asked = ask(job, predictor, users, KNOWN[split])
    # A champion of other days may count its items otherwise, and one that it does not know it cannot rank.
    target = predictor.catalogue.item_index(read_catalogue(job.paths.prepared(job.case)).item_ids[items])
    found = np.concatenate(
        [
            ranks(block, np.maximum(target[part], 0), predictor.seen(select(asked, np.arange(part.start, part.stop))))
            for part, block in predictor.score_blocks(asked)
        ]
    )
    return Answers(items, np.where(target < 0, np.inf, found))


def answer_rows(job: NextItemJob, bundle: Path) -> Callable[[int], object]:
    """A function that recommends to the next n users of the test split, from the events that a request has of each."""
    predictor = open_predictor(bundle)
    users = questions(job.paths.prepared(job.case), TEST)[0][:TIMED]
    rows = raw_rows(job, users, KNOWN[TEST])
    histories = [as_requested(one) for _, one in rows.groupby(predictor.columns["user"], sort=False)]

    def answer(some: Sequence[list[dict[str, Any]]]) -> object:
        batches = [some[start : start + len(histories)] for start in range(0, len(some), len(histories))]
        given = [columns_of_rows([event for history in batch for event in history]) for batch in batches]
        return [predictor.answer(one, remarks=Remarks()).columns() for one in given]

    return in_turn(answer, histories)


def ask(job: NextItemJob, predictor: RankingPredictor, users: np.ndarray, splits: Sequence[str]) -> Asked:
    """The users `(N,)`, by index, with their events of some splits, read from raw rows."""
    rows = rows_of_frame(raw_rows(job, users, splits), predictor.data)
    return read_asked(rows, predictor.data, predictor.catalogue, predictor.stored, Remarks())


def raw_rows(job: NextItemJob, users: np.ndarray, splits: Sequence[str]) -> pd.DataFrame:
    """The events of the users `(N,)`, in that order, as the raw file has them; of one without any a row
    that only names the user.
    """
    prepared = job.paths.prepared(job.case)
    data, catalogue = Meta.read(prepared).data, read_catalogue(prepared)
    columns, unit = data["columns"], data["spec"]["time_unit"]
    tables = [pd.read_parquet(prepared / PREPARED_FILES[split]) for split in ORDER if split in splits]
    events = pd.DataFrame({"user": users}).merge(pd.concat(tables, ignore_index=True), on="user", how="left")
    ids = np.array([*catalogue.item_ids, None], object)
    rows = {
        columns["user"]: catalogue.user_ids[events["user"]],
        columns["item"]: ids[events["item"].fillna(-1).astype(np.int64)],
        columns["time"]: _in_unit(_milliseconds(events, data["spec"]), unit),
    }
    if columns["rating"] is not None:
        rows[columns["rating"]] = events["rating"].to_numpy(np.float64)
    return pd.DataFrame(rows)


def write_histories(job: NextItemJob, bundle: Path, folder: Path) -> None:
    """All that is known of the users: what the figures are asked without, the test's events, is among it."""
    events = event_rows(job.paths.prepared(job.case), ORDER)
    write_stored(folder, events, (), encoders_of(open_predictor(bundle).catalogue))


def named_by(job: NextItemJob) -> tuple[str]:
    return (job.prepare.columns.user,)


def known_rows(job: NextItemJob, users: int) -> pd.DataFrame:
    """The whole histories of the first users."""
    return raw_rows(job, np.arange(users), ORDER)


def example(job: NextItemJob, users: int = 2, events: int = 3) -> pd.DataFrame:
    """The last events of the first users asked in the test, as a client would send them."""
    first = questions(job.paths.prepared(job.case), TEST)[0][:users]
    rows = raw_rows(job, first, KNOWN[TEST])
    user = Meta.read(job.paths.prepared(job.case)).data["columns"]["user"]
    return rows.groupby(user, sort=False).tail(events).reset_index(drop=True)


def _milliseconds(events: pd.DataFrame, spec: Mapping[str, Any]) -> pd.Series:
    """Of the events' times, which are kept in seconds.

    Where a user had one item twice within a second the events of that second come a millisecond after each other, in
    their order: at one time they would be one event.
    """
    milliseconds = events["time"] * 1000
    if spec.get("duplicates") != "drop":
        return milliseconds
    twice = events.duplicated(["user", "item", "time"]) & events["time"].notna()
    if not twice.any():
        return milliseconds
    seconds = events.groupby(["user", "time"])
    shared = twice.groupby([events["user"], events["time"]]).transform("any")
    return milliseconds + seconds.cumcount().where(shared.fillna(False).astype(bool), 0).clip(upper=999)


def _in_unit(milliseconds: pd.Series, unit: str) -> np.ndarray:
    """Times as the raw file has them; nothing where an event is none."""
    if unit == DATETIME:
        return pd.to_datetime(milliseconds, unit="ms").to_numpy()
    found: np.ndarray = milliseconds.to_numpy(np.float64) * (1000 / UNITS[unit])
    found = found + (EXCEL if unit == "excel_days" else 0)
    whole = not np.isnan(found).any() and bool((found == np.rint(found)).all())
    return found.astype(np.int64) if whole else found


def metrics(job: NextItemJob, bundle: Path) -> Mapping[str, Metric]:  # noqa: ARG001 - no threshold to read
    return ranking_metrics(job.evaluate.cutoffs)
