"""A table of vectors as the product of two thin ones: the truncated singular value decomposition."""

from dataclasses import dataclass

import numpy as np

from components.core.errors import CasebookError


@dataclass(frozen=True)
class LowRank:
    """`left (M, r) @ right (r, d)` stands for a table `(M, d)`."""

    left: np.ndarray
    right: np.ndarray

    def whole(self) -> np.ndarray:
        product: np.ndarray = self.left @ self.right
        return product


def low_rank(table: np.ndarray, rank: int) -> LowRank:
    """The factors nearest to `table (M, d)` of that rank in least squares (Eckart and Young, 1936).

    `right` has orthonormal rows, and the sign of each is such that its largest entry is positive, so
    that the same table gives the same factors. Of a large table only `d x d` numbers are decomposed.

    Raises:
        CasebookError: the rank would save nothing, or is not one.
    """
    count, size = table.shape
    if not 1 <= rank < min(count, size):
        raise CasebookError(
            f"compress.low_rank.rank: {rank} of vectors of {size} numbers for {count} rows; "
            f"it must be from 1 to {min(count, size) - 1}"
        )
    wide = table.astype(np.float64)
    _, directions = np.linalg.eigh(wide.T @ wide)  # ascending
    right = directions[:, ::-1][:, :rank].T
    largest = np.abs(right).argmax(axis=1)
    right = right * np.sign(right[np.arange(rank), largest])[:, None]
    return LowRank((wide @ right.T).astype(np.float32), right.astype(np.float32))


def lost_share(table: np.ndarray, factors: LowRank) -> float:
    """The share of `table`'s squares that the factors do not hold, from 0 to 1."""
    squares = float(np.square(table, dtype=np.float64).sum())
    return float(np.square(table - factors.whole(), dtype=np.float64).sum()) / squares if squares else 0.0
