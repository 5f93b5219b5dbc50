"""Gap between two ways of answering the same rows, in one number whatever an answer is."""

from collections.abc import Iterable

import numpy as np

from components.core.errors import CasebookError


def largest_gap(first: np.ndarray, second: np.ndarray) -> float:
    """The largest |first - second| of answers (N, ...) that are numbers; of strings, the share of rows that differ.

    Equal infinities are no gap, nor are two NaNs at one place of answers that are rows of numbers, padded to one
    length. Any other NaN makes the gap NaN, which no bar allows.

    Raises:
        CasebookError: the shapes differ, there is no row, or one side holds strings and the other numbers.
    """
    first, second = np.asarray(first), np.asarray(second)
    if first.shape != second.shape or first.size == 0:
        raise CasebookError(f"answers of shapes {first.shape} and {second.shape}: give the same rows, at least one")
    texts = _are_texts(first), _are_texts(second)
    if texts == (True, True):
        differ = np.asarray(first.astype(object) != second.astype(object), dtype=bool)
        return float(differ.reshape(len(differ), -1).any(axis=1).mean())
    if any(texts):
        raise CasebookError(f"answers such as {first.flat[0]!r} and {second.flat[0]!r}: one side has text, one numbers")
    one, other = first.astype(np.float64), second.astype(np.float64)
    apart = np.zeros(one.shape)
    padding = np.isnan(one) & np.isnan(other) if one.ndim > 1 else np.zeros(one.shape, bool)
    np.subtract(one, other, out=apart, where=(one != other) & ~padding)
    return float(np.abs(apart).max())


def largest_gap_over(batches: Iterable[tuple[np.ndarray, np.ndarray]]) -> float:
    """The largest |first - second| over pairs of arrays of numbers, of which none is padding: any NaN makes it NaN.

    Raises:
        CasebookError: the shapes of a pair differ, or there is no number at all.
    """
    gaps = [np.nan if np.isnan(first).any() else largest_gap(first, second) for first, second in batches]
    if not gaps:
        raise CasebookError("answers of no batch: give at least one")
    return float(np.max(gaps))  # unlike the built-in, it never passes a NaN over


def _are_texts(answers: np.ndarray) -> bool:
    return answers.dtype.kind in "UST" or (answers.dtype.kind == "O" and isinstance(answers.flat[0], str))
