"""Whose rows are, by their values: a column of any name by which others, that differ otherwise, stay the same."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from components.kits.tables.encoding.text import as_name
from components.kits.tables.entities import FEWEST, LARGEST, Entity

FEWEST_PAIRS = 30  # of rows with the same value
SAME = 0.98  # of them have the same value in another column
OTHERWISE = 0.8  # of any two rows have it at most
KINDS = 10  # different values of one of the columns that stay the same: an age, a measured value


def find_owner(frame: pd.DataFrame, columns: Mapping[str, dict[str, Any]]) -> Entity | None:
    """The column by whose values two others stay the same that do not tell each other, if there is one.

    Whose rows are tells their sex and their age at the start; an age tells its band and the year of birth, but there
    the one tells the other. Of several the one of most values counts: what it tells, the coarser ones do.
    """
    codes = {name: pd.factorize(as_name(frame[name]))[0] for name in columns if name in frame}
    found = [name for name in codes if _may_own(codes[name], len(frame)) and _owns(name, codes)]
    if not found:
        return None
    name = max(found, key=lambda one: codes[one].max())
    return Entity(name, int(codes[name].max()) + 1, "its rows share what differs between others")


def _may_own(codes: np.ndarray, rows: int) -> bool:
    sizes = np.bincount(codes[codes >= 0])
    return FEWEST <= len(sizes) < sizes.sum() and sizes.max() <= max(2, LARGEST * rows)


def _owns(name: str, codes: Mapping[str, np.ndarray]) -> bool:
    own = codes[name]
    kept = [other for other in codes if other != name and _told(own, codes[other]) and not _told(codes[other], own)]
    return any(
        max(codes[one].max(), codes[two].max()) + 1 >= KINDS
        and not _told(codes[one], codes[two])
        and not _told(codes[two], codes[one])
        for one, two in combinations(kept, 2)
    )


def _told(by: np.ndarray, other: np.ndarray) -> bool:
    """Rows of one value of the first have the same of the second, which any two rows seldom have."""
    order = np.argsort(by, kind="stable")
    left, right = order[:-1], order[1:]
    pairs = (by[left] == by[right]) & (by[left] >= 0)
    if pairs.sum() < FEWEST_PAIRS:
        return False
    shares = np.bincount(other[other >= 0]) / max(1, (other >= 0).sum())
    same = other[left[pairs]] == other[right[pairs]]
    return bool((shares**2).sum() <= OTHERWISE and same.mean() >= SAME)
