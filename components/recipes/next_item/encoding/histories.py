"""Histories: what each user did, in order, as flat arrays that are cut without a loop."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from components.core.job import PREPARED_FILES, TEST, TRAIN, VALIDATION, Meta

ORDER = (TRAIN, VALIDATION, TEST)
COLUMNS = ["user", "item", "time", "rating"]


@dataclass(frozen=True)
class Histories:
    """Events of users 0..U-1 one after the other, each user's from the oldest to the newest.

    `item` (E,) int32, `time` (E,) int64 in seconds, `rating` (E,) int8 codes, 0 for none; those of
    user u are at `start[u]:start[u + 1]`, `start` (U+1,) int64.
    """

    item: np.ndarray
    time: np.ndarray
    rating: np.ndarray
    start: np.ndarray

    @property
    def lengths(self) -> np.ndarray:
        """How many events each user has, (U,) int64."""
        lengths: np.ndarray = np.diff(self.start)
        return lengths

    @property
    def user(self) -> np.ndarray:
        """Whose event each is, (E,) int64."""
        return np.repeat(np.arange(len(self.start) - 1), self.lengths)

    def last(self, count: int) -> "Histories":
        """Each user's newest `count` events."""
        first = np.maximum(self.start[1:] - count, self.start[:-1])
        return self._take(first, self.start[1:])

    def of(self, users: np.ndarray) -> "Histories":
        """Those of `users` (N,), which become users 0..N-1; one may be asked for twice."""
        return self._take(self.start[users], self.start[1:][users])

    def _take(self, first: np.ndarray, end: np.ndarray) -> "Histories":
        start = np.concatenate([[0], np.cumsum(end - first)]).astype(np.int64)
        rows = np.arange(start[-1]) + np.repeat(first - start[:-1], end - first)
        return Histories(self.item[rows], self.time[rows], self.rating[rows], start)


def read_histories(folder: Path, splits: Sequence[str]) -> Histories:
    """The events of a prepared folder's `splits`, in whatever order these are named."""
    data = Meta.read(folder).data
    # Of one user, every event of an earlier split is older, so that no time need be compared.
    tables = [pq.read_table(folder / PREPARED_FILES[name]) for name in ORDER if name in splits]
    user, item, time, rating = (
        np.concatenate([table[name].to_numpy() for table in tables]) for name in ("user", "item", "time", "rating")
    )
    return make_histories(user, item, time, rating_codes(rating, data["rating_edges"]), data["users"])


def event_rows(prepared: Path, splits: Sequence[str]) -> pa.Table:
    """The events of some splits, user by user, each user's from the oldest to the newest."""
    tables = [pq.read_table(prepared / PREPARED_FILES[name], columns=COLUMNS) for name in ORDER if name in splits]
    whole = pa.concat_tables(tables).replace_schema_metadata()
    # Within a user the splits follow each other in time, and each file is in order: a stable sort keeps it.
    order = np.argsort(whole["user"].to_numpy(), kind="stable")
    return whole.take(order)


def make_histories(user: np.ndarray, item: np.ndarray, time: np.ndarray, rating: np.ndarray, users: int) -> Histories:
    """From columns (E,) in which each user's events stand in order, those of users mixed or not."""
    order = np.argsort(user, kind="stable")
    start = np.concatenate([[0], np.cumsum(np.bincount(user, minlength=users))]).astype(np.int64)
    return Histories(item[order].astype(np.int32), time[order].astype(np.int64), rating[order].astype(np.int8), start)


def rating_codes(rating: np.ndarray, edges: Sequence[float]) -> np.ndarray:
    """Codes (N,) int8 of raw ratings (N,): 1 + searchsorted(edges, rating, side="right"), 0 where NaN.

    Edges are ratings of training, kept in 32 bits: in more, 2.7 would lie below its own edge.
    """
    rating = np.asarray(rating, dtype=np.float32)
    codes = 1 + np.searchsorted(np.asarray(edges, dtype=np.float32), rating, side="right")
    return np.where(np.isnan(rating), 0, codes).astype(np.int8)


def questions(folder: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Users (N,) who are asked in a split, ascending, and the item (N,) that is the answer: their first one there."""
    table = pq.read_table(folder / PREPARED_FILES[split], columns=["user", "item"])
    users, first = np.unique(table["user"].to_numpy(), return_index=True)
    return users.astype(np.int64), table["item"].to_numpy()[first].astype(np.int64)
