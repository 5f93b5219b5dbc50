"""Texts that stand for no value: in a whole table, and in one column of it."""

from collections.abc import Iterable
from functools import lru_cache

import numpy as np

from components.kits.tables.encoding.spec import Column


def no_value(column: Column, missing: Iterable[str]) -> tuple[str, ...]:
    """The texts of the whole table (`missing`) less those that are values of this column, and its own."""
    return _no_value(tuple(missing), column.missing, column.present)


def without_sentinels(numbers: np.ndarray, column: Column) -> np.ndarray:
    """Numbers (N,), NaN for those that stand for no value in this column, as `-999.0` does where it says `-999`."""
    known = _sentinels(column.missing)
    return np.where(np.isin(numbers, known), np.nan, numbers) if known else numbers


@lru_cache(maxsize=256)  # the same few for every request
def _no_value(missing: tuple[str, ...], own: tuple[str, ...], present: tuple[str, ...]) -> tuple[str, ...]:
    values = {text.strip().lower() for text in present}
    return (*(text for text in missing if text.strip().lower() not in values), *own)


@lru_cache(maxsize=256)
def _sentinels(own: tuple[str, ...]) -> tuple[float, ...]:
    found = []
    for text in own:
        try:
            found.append(float(text))
        except ValueError:  # a word
            continue
    return tuple(found)
