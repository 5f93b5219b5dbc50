"""Users as monitoring sees them: histories, what is recommended, and what they did next."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from components.core.errors import CasebookError
from components.core.job import TEST
from components.core.parts import Watch
from components.core.results import Answers, Observed
from components.kits.tables.encoding.cells import cells_of
from components.kits.tables.read import read_batches
from components.recipes.next_item.encoding.histories import Histories, questions
from components.recipes.next_item.encoding.ids import id_texts
from components.recipes.next_item.metrics.ranks import ranks
from components.recipes.next_item.params.params import NextItemJob
from components.recipes.next_item.serving.asked import Asked, read_asked, rows_of_frame, select
from components.recipes.next_item.serving.predictor import RankingPredictor, open_predictor
from components.recipes.next_item.serving.remarks import Remarks
from components.recipes.next_item.serving.serving import KNOWN, raw_rows

BATCH = 50_000  # rows read at a time
SEED = 0
DAY = 86_400


def rows(job: NextItemJob, source: Path) -> Iterator[pd.DataFrame]:
    """Raw interactions, or users, of a CSV or Parquet file."""
    user = user_column(job)
    for frame in read_batches(source, BATCH):
        if user not in frame:
            there = ", ".join(map(repr, frame.columns[:20]))
            raise CasebookError(f"{source}: column {user!r} (the user's id) is missing; the columns there are: {there}")
        yield frame


def user_column(job: NextItemJob) -> str:
    return job.prepare.columns.user


def observe(job: NextItemJob, bundle: Path, rows: pd.DataFrame) -> Observed:  # noqa: ARG001 - the bundle says it all
    """A unit is a user: their known events, how popular those are, the share of items that the model does not know.

    What they did since the model was trained is its test: the last event, asked of the events before it.
    """
    predictor = open_predictor(bundle)
    asked = read_asked(
        rows_of_frame(rows, predictor.data), predictor.data, predictor.catalogue, predictor.stored, Remarks()
    )
    best = predictor.best(asked, top=1)
    scores = pd.DataFrame({"best score": np.where(asked.histories.lengths > 0, best[1][:, 0], np.nan)})
    return Observed(_features(rows, predictor, asked), scores.astype(np.float64), _next_items(predictor, asked))


def reference(job: NextItemJob, bundle: Path, rows: int) -> Observed:
    """Users with the histories of which the test asks."""
    users, _ = questions(job.paths.prepared(job.case), TEST)
    chosen = np.random.default_rng(SEED).permutation(users)[:rows]
    seen = observe(job, bundle, raw_rows(job, chosen, KNOWN[TEST]))
    return Observed(seen.features, seen.scores, None)


def _features(rows: pd.DataFrame, predictor: RankingPredictor, asked: Asked) -> pd.DataFrame:
    histories, catalogue = asked.histories, predictor.catalogue
    known = histories.lengths > 0
    popularity = np.log1p(catalogue.counts[histories.item])
    mean = np.bincount(histories.user, weights=popularity, minlength=len(asked.ids)) / np.maximum(histories.lengths, 1)
    first, last = (
        histories.time[np.minimum(place, max(0, len(histories.time) - 1))] if len(histories.time) else place
        for place in (histories.start[:-1], histories.start[1:] - 1)
    )
    return pd.DataFrame(
        {
            "events": histories.lengths.astype(np.float64),
            "days of history": np.where(known, (last - first) / DAY, np.nan),
            "popularity of the items": np.where(known, mean, np.nan),
            "share of unknown items": _unknown(rows, predictor, asked),
            "known user": np.where(asked.users >= 0, "yes", "no"),
        }
    )


def _unknown(rows: pd.DataFrame, predictor: RankingPredictor, asked: Asked) -> np.ndarray:
    """Of each user's items (N,), NaN where there are none."""
    columns, missing = predictor.columns, predictor.data["spec"]["missing"]
    if columns["item"] not in rows:
        return np.full(len(asked.ids), np.nan)
    user = pd.Index(asked.ids).get_indexer(pd.Index(id_texts(cells_of(rows[columns["user"]]), missing)))
    items = id_texts(cells_of(rows[columns["item"]]), missing)
    named = (user >= 0) & (items != "")
    strange = predictor.catalogue.item_index(items[named]) < 0
    count = np.bincount(user[named], minlength=len(asked.ids))
    share: np.ndarray = np.bincount(user[named], weights=strange, minlength=len(asked.ids)) / np.maximum(count, 1)
    return np.where(count > 0, share, np.nan)


def _next_items(predictor: RankingPredictor, asked: Asked) -> Answers | None:
    """The last item of each user who has come since, and its rank given the events before."""
    histories = asked.histories
    stored = predictor.histories
    newest = np.full(len(asked.ids), -1, np.int64)
    known = asked.users >= 0
    had = known & (stored.lengths[np.maximum(asked.users, 0)] > 0)
    newest[had] = stored.time[stored.start[1:][asked.users[had]] - 1]
    last = histories.start[1:] - 1
    long = histories.lengths > 1
    came = np.zeros(len(asked.ids), bool)
    came[long] = histories.time[last[long]] > newest[long]
    if not came.any():
        return None
    some = select(asked, np.flatnonzero(came))
    question = Asked(some.ids, some.users, _without_last(some.histories))
    target = some.histories.item[some.histories.start[1:] - 1].astype(np.int64)
    found = [
        ranks(block, target[part], predictor.seen(select(question, np.arange(part.start, part.stop))))
        for part, block in predictor.score_blocks(question)
    ]
    return Answers(target, np.concatenate(found))


def _without_last(histories: Histories) -> Histories:
    keep = np.ones(len(histories.item), bool)
    keep[histories.start[1:] - 1] = False
    start = histories.start - np.arange(len(histories.start))
    return Histories(histories.item[keep], histories.time[keep], histories.rating[keep], start)


WATCH = Watch(
    rows=rows,
    unit=user_column,
    key=lambda job: (),  # noqa: ARG005 - what users do next are rows of theirs
    outcome=lambda job: (),  # noqa: ARG005
    observe=observe,
    reference=reference,
)
