"""Some items for each user: what was seen, what is relevant, what was recommended."""

from dataclasses import dataclass

import numpy as np

from components.core.errors import CasebookError

NOTHING = -1  # fills a list that ran out of items


@dataclass(frozen=True)
class Sets:
    """Items of N users in one flat array: user n's are `item[start[n]:start[n + 1]]`, in any order.

    `item` (E,) holds item indices and may repeat one; `start` (N + 1,) runs from 0 to E.

    Raises:
        CasebookError: `start` is not the start of consecutive parts of `item`, or an index is negative.
    """

    item: np.ndarray
    start: np.ndarray

    def __post_init__(self) -> None:
        start = np.asarray(self.start)
        if (
            start.ndim != 1
            or not len(start)
            or start[0] != 0
            or start[-1] != len(self.item)
            or (np.diff(start) < 0).any()
        ):
            raise CasebookError(
                f"sets of items: `start` {start.shape} must rise from 0 to the number of items, {len(self.item)}"
            )
        if len(self.item) and np.min(self.item) < 0:
            raise CasebookError(
                f"sets of items: {int(np.sum(self.item < 0))} indices are negative; leave unknown ones out"
            )

    @classmethod
    def none(cls, users: int) -> "Sets":
        """No item for any of so many users."""
        return cls(np.zeros(0, np.int64), np.zeros(users + 1, np.int64))

    def __len__(self) -> int:
        return len(self.start) - 1

    @property
    def user(self) -> np.ndarray:
        """The user (E,) of each entry of `item`."""
        return np.repeat(np.arange(len(self)), np.diff(self.start))

    def distinct(self, items: int) -> tuple[np.ndarray, np.ndarray]:
        """User (D,) and item (D,) of each pair there is, once, sorted; `items` is the size of the catalogue.

        Raises:
            CasebookError: an index lies outside the catalogue.
        """
        if len(self.item) and (largest := int(np.max(self.item))) >= items:
            raise CasebookError(f"sets of items: index {largest} in a catalogue of {items} items")
        return np.divmod(np.unique(self.user * np.int64(items) + self.item), np.int64(items))


def checked_lists(recommended: np.ndarray, items: int) -> np.ndarray:
    """Lists (N, k) of item indices, best first, as int64; `NOTHING` fills up a list that is shorter than k.

    Raises:
        CasebookError: another shape, no row or no place, an index outside the catalogue, or an item
            twice in one list: it would be credited twice.
    """
    recommended = np.asarray(recommended)
    if recommended.ndim != 2 or recommended.size == 0 or recommended.dtype.kind not in "iu":
        raise CasebookError(f"lists of items: {recommended.dtype} {recommended.shape}; give indices (users, places)")
    recommended = recommended.astype(np.int64, copy=False)
    if len(other := recommended[(recommended < NOTHING) | (recommended >= items)]):
        raise CasebookError(f"lists of items: {len(other)} indices such as {other[0]} in a catalogue of {items} items")
    ordered = np.sort(recommended, axis=1)
    again = ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] != NOTHING)).any(axis=1)
    if again.any():
        raise CasebookError(f"lists of items: {again.sum()} hold an item twice, the first is row {int(again.argmax())}")
    return recommended
