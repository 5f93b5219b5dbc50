"""Rows of sorted integer keys, found for many questions at once."""

import numpy as np

GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio: Fibonacci hashing (Knuth, vol. 3, 6.4)
SPARE = 2.2  # slots for each key at least
FEW = 1024  # questions: a table's calls of numpy, some a slot that is taken, cost more than the search's one


class KeyIndex:
    """Keys by binary search where few are asked for at once, and by a hash table where many are (open addressing in
    numpy, int32 slots that hold rows of `keys`).

    Of many questions the table answers several times as fast as a search, which misses the cache at every step, but to
    fill it costs about what it saves on as many questions as there are keys: it is filled once so many were asked.
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

    @property
    def filled(self) -> bool:
        """Whether many questions are looked up by now."""
        return self._rows is not None

    def find(self, asked: np.ndarray) -> np.ndarray:
        """`(N,) int64 -> (N,) int64`: the row of each key, -1 where there is none."""
        if len(asked) <= FEW:
            return self._search(asked)
        if (rows := self._rows) is None:
            self._asked += len(asked)
            if self._asked <= self._count:
                return self._search(asked)
            rows = self.fill()
        return self._look_up(rows, asked)

    def fill(self) -> np.ndarray:
        """The slots: who will ask for much need not have one of the questions wait for them."""
        if self._rows is None:
            self._rows = self._filled()
        return self._rows

    def _search(self, asked: np.ndarray) -> np.ndarray:
        row: np.ndarray = self.keys.searchsorted(asked)
        np.minimum(row, len(self.keys) - 1, out=row)
        row[self.keys[row] != asked] = -1
        return row

    def _look_up(self, rows: np.ndarray, asked: np.ndarray) -> np.ndarray:
        slot = self._slot(asked)
        row = rows[slot].astype(np.int64)
        # An empty slot, -1, looks at the last key. It never equals: what was put in is met before an empty slot.
        found = self.keys[row] == asked
        open_ = (~found & (row >= 0)).nonzero()[0]
        row[~found] = -1
        while len(open_):
            next_ = slot[open_] = (slot[open_] + 1) & self._mask
            there = rows[next_].astype(np.int64)
            same = (self.keys[there] == asked[open_]) & (there >= 0)
            row[open_[same]] = there[same]
            open_ = open_[~same & (there >= 0)]
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
