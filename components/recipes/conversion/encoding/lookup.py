"""Rows of sorted integer keys, found for many questions at once."""

import numpy as np

GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio: Fibonacci hashing (Knuth, vol. 3, 6.4)
SPARE = 2.2  # slots for each key at least
AHEAD = np.arange(1, 9)  # so many slots are looked at together: of few questions most of the time goes into the calls


class KeyIndex:
    """Keys by binary search at first, and once as many were asked for as there are by a hash table (open addressing in
    numpy, int32 slots that hold rows of `keys`).

    The table is several times as fast as a search, which misses the cache at every step, but to fill it costs about
    what it saves on that many questions: who asks little does not wait for it.
    """

    def __init__(self, keys: np.ndarray) -> None:
        """`keys (K,) int64`: ascending, different ones, none negative."""
        self.keys = keys if len(keys) else np.array([-1], np.int64)
        self._count, self._asked = len(keys), 0
        bits = max(4, int(np.ceil(np.log2(max(1, len(keys)) * SPARE))))
        self._shift = np.uint64(64 - bits)
        self._mask = (1 << bits) - 1
        self._rows: np.ndarray | None = None

    @property
    def nbytes(self) -> int:
        """Of the slots, without the keys."""
        return (self._mask + 1) * np.dtype(np.int32).itemsize

    def find(self, asked: np.ndarray) -> np.ndarray:
        """`(N,) int64 -> (N,) int64`: the row of each key, -1 where there is none."""
        if (rows := self._rows) is None:
            self._asked += len(asked)
            if self._asked <= self._count:
                return self._search(asked)
            rows = self._rows = self._filled()
        return self._look_up(rows, asked)

    def _search(self, asked: np.ndarray) -> np.ndarray:
        row = np.minimum(np.searchsorted(self.keys, asked), len(self.keys) - 1)
        return np.where(self.keys[row] == asked, row, -1)

    def _look_up(self, rows: np.ndarray, asked: np.ndarray) -> np.ndarray:
        slot = self._slot(asked)
        row = rows[slot].astype(np.int64)
        # An empty slot, -1, looks at the last key. It never equals: what was put in is met before an empty slot.
        found = self.keys[row] == asked
        open_ = (~found & (row >= 0)).nonzero()[0]
        row[~found] = -1
        while len(open_):
            there = rows[(slot[open_, None] + AHEAD) & self._mask].astype(np.int64)
            same = (self.keys[there] == asked[open_, None]) & (there >= 0)
            row[open_] = np.where(same, there, -1).max(axis=1)
            slot[open_] += len(AHEAD)
            open_ = open_[~same.any(axis=1) & (there >= 0).all(axis=1)]
        return row

    def _slot(self, keys: np.ndarray) -> np.ndarray:
        slots: np.ndarray = ((keys.astype(np.uint64) * GOLDEN) >> self._shift).astype(np.int64)
        return slots

    def _filled(self) -> np.ndarray:
        """Round by round each key that is left claims a slot, and the first of those that claim a free one gets it."""
        rows = np.full(self._mask + 1, -1, np.int32)
        slot, left = self._slot(self.keys[: self._count]), np.arange(self._count)
        while len(left):
            wanted, first = np.unique(slot[left], return_index=True)
            free = rows[wanted] < 0
            rows[wanted[free]] = left[first[free]]
            left = np.delete(left, first[free])
            slot[left] = (slot[left] + 1) & self._mask
        return rows
