"""Checks of rows with a number for a target, which every function on them makes.

An answer (N, 3) is a value with the low and the high end of its interval.
"""

import numpy as np

from components.core.errors import CasebookError

VALUE, LOW, HIGH = 0, 1, 2  # columns of an answer


def checked(target: np.ndarray, answer: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The target (N,) and the answers (N,) or (N, 3), in float64.

    Raises:
        CasebookError: no rows, unequal lengths, another shape, or a number that is not finite.
    """
    target, answer = np.asarray(target, dtype=np.float64), np.asarray(answer, dtype=np.float64)
    if target.ndim != 1 or len(target) == 0 or answer.shape not in ((len(target),), (len(target), 3)):
        raise CasebookError(
            f"target {target.shape} and answer {answer.shape}: give a number, or value, low and high, for each row, "
            "and one row at least"
        )
    for name, numbers in (("target", target), ("answer", answer.reshape(len(target), -1).sum(axis=1))):
        if len(other := np.flatnonzero(~np.isfinite(numbers))):
            raise CasebookError(
                f"{name}: {len(other)} of {len(numbers)} rows are not finite, first row {other[0]}; a model that "
                "answers so did not train"
            )
    return target, answer


def values(answer: np.ndarray) -> np.ndarray:
    """The values (N,) of answers (N,) or (N, 3)."""
    return answer if answer.ndim == 1 else answer[:, VALUE]


def ends(answer: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The low and the high ends (N,) of answers (N, 3).

    Raises:
        CasebookError: the answers have no interval.
    """
    if answer.ndim == 1:
        raise CasebookError("answers of one number each have no interval: give value, low and high")
    return answer[:, LOW], answer[:, HIGH]
