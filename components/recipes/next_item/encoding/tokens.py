"""Tokens of a sequence network, beside each event's item: small integers, and the time. No torch."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from components.recipes.next_item.encoding.histories import Histories
from components.recipes.next_item.params.tokens import TokenParams

RATING = "rating"


@dataclass(frozen=True)
class Tokenizer:
    """Histories to features, the same in training and in serving.

    `first_time` and `last_time` bound the training events: the calendar counts periods between
    them, and what lies outside counts as the first or the last. `rating_edges` are those that cut
    ratings to codes, None where the data has no ratings.
    """

    params: TokenParams
    first_time: int
    last_time: int
    rating_edges: tuple[float, ...] | None

    @classmethod
    def of(cls, params: TokenParams, data: dict[str, Any]) -> "Tokenizer":
        """For a prepared folder's `meta.data`."""
        edges = tuple(data["rating_edges"]) if data["columns"]["rating"] else None
        return cls(params, data["first_time"], data["last_time"], edges)

    @property
    def sizes(self) -> dict[str, int]:
        """How many codes each feature has, in the order of the columns of `features`."""
        periods = 1 + (self.last_time - self.first_time) // self.params.period_seconds
        sizes = {
            "gap": len(self.params.gap_edges) + 2,
            "place": self.params.places,
            "count": self.params.counts,
            "period": periods,
        }
        return sizes if self.rating_edges is None else {**sizes, RATING: len(self.rating_edges) + 2}

    def features(self, histories: Histories) -> np.ndarray:
        """`(E, F) int16`, a row for each event of the histories.

        gap: 0 for a user's first event, else 1 + the bucket of the seconds since the event before;
        place: how many events of the same second came before it; count: 3 log2(1 + n / 4) of the n
        events before it; period: of the calendar; rating: its code, 0 where there is none.
        """
        event = np.arange(len(histories.item))
        before = event - np.repeat(histories.start[:-1], histories.lengths)
        gap = np.diff(histories.time, prepend=histories.time[:1])
        opens = (before == 0) | (gap > 0)
        place = event - np.maximum.accumulate(np.where(opens, event, 0))
        period = (histories.time - self.first_time) // self.params.period_seconds
        codes = {
            "gap": np.where(before == 0, 0, 1 + np.searchsorted(self.params.gap_edges, gap, side="right")),
            "place": place,
            "count": (3 * np.log2(1 + before / 4)).astype(np.int64),
            "period": period,
            RATING: histories.rating,
        }
        columns = [np.clip(codes[name], 0, size - 1) for name, size in self.sizes.items()]
        return np.stack(columns, axis=1).astype(np.int16)


@dataclass(frozen=True)
class Windows:
    """The last events of N users, left-padded to L = `window`: what the served graph is fed.

    `item (N, L) int64` with -1 on padding, `features (N, L, F) int64`, `times (N, L) float32` in
    seconds since the first event shown, `valid (N, L) bool`.
    """

    item: np.ndarray
    features: np.ndarray
    times: np.ndarray
    valid: np.ndarray


def last_windows(histories: Histories, tokenizer: Tokenizer, window: int) -> Windows:
    """Each user's last `window` events. Features see the whole history, as they do in training.

    A user without events is all padding.
    """
    lengths = np.minimum(histories.lengths, window)
    begin = histories.start[1:] - lengths
    offset = np.arange(window) - (window - lengths)[:, None]
    valid = offset >= 0
    if not len(histories.item):
        features = np.zeros((*valid.shape, len(tokenizer.sizes)), np.int64)
        return Windows(np.full(valid.shape, -1), features, np.zeros(valid.shape, np.float32), valid)
    # Padding and users without events read some event of others; `valid` takes it out again.
    index = np.minimum(begin[:, None] + np.maximum(offset, 0), len(histories.item) - 1)
    since = histories.time[index] - histories.time[index[:, :1]]
    return Windows(
        item=np.where(valid, histories.item[index], -1).astype(np.int64),
        features=np.where(valid[..., None], tokenizer.features(histories)[index], 0).astype(np.int64),
        times=np.where(valid, since, 0).astype(np.float32),
        valid=valid,
    )
