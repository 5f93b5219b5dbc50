"""COCO's average precision for many resamples of the images at once.

A resample says how often each image was drawn, so that matching is done once and each resample is
sums of weights. Precision only matters where a true box was found: between two of those it falls.
"""

from collections.abc import Iterator

import numpy as np

from components.recipes.detection.metrics.matching import Matches

RECALLS = np.linspace(0.0, 1.0, 101)
ENTRIES = 1 << 22  # of resamples by detections held at once: 32 MB


def average_precision(matches: Matches, counts: np.ndarray) -> np.ndarray:
    """(R, C, 10): AP by class and IoU threshold for each row of `counts` (R, N); NaN without true boxes.

    It is the mean, over 101 recalls from 0 to 1, of the largest precision at that recall or more.
    """
    classes, thresholds = matches.true.shape[1], len(matches.found)
    found = np.empty((len(counts), classes, thresholds))
    for label in range(classes):
        chosen = np.flatnonzero(matches.label == label)
        hit = matches.hit[:, chosen]
        for rows in _blocks(len(counts), len(chosen)):
            true = counts[rows] @ matches.true[:, label]
            weights = counts[rows][:, matches.image[chosen]]
            seen = np.cumsum(weights, axis=1)
            for threshold in range(thresholds):
                columns = np.flatnonzero(hit[threshold])
                found[rows, label, threshold] = _mean_precision(weights[:, columns], seen[:, columns], true)
    return found


def _mean_precision(weights: np.ndarray, seen: np.ndarray, true: np.ndarray) -> np.ndarray:
    """(R,) of the weights (R, H) of the hits and the weight of all detections up to each (R, H)."""
    hits = np.cumsum(weights, axis=1)
    precision = np.divide(hits, seen, out=np.zeros_like(hits), where=seen > 0)
    # From each hit on; a last column of 0 is for recalls that are never reached.
    best = np.zeros((len(hits), hits.shape[1] + 1))
    best[:, :-1] = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    with np.errstate(invalid="ignore"):
        reached = first_reaching(hits, needed(true))
    mean: np.ndarray = np.take_along_axis(best, reached, axis=1).mean(axis=1)
    return np.where(true > 0, mean, np.nan)


def needed(true: np.ndarray) -> np.ndarray:
    """(R, 101): the fewest hits of `true` (R,) boxes that are a recall of each of `RECALLS`, as floats compare."""
    total = np.maximum(true, 1)[:, None]
    fewest = np.ceil(RECALLS * total)
    fewest = np.where((fewest - 1) / total >= RECALLS, fewest - 1, fewest)
    return np.where(fewest / total < RECALLS, fewest + 1, fewest)


def first_reaching(sums: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """(R, Q): in each row of rising whole `sums` (R, H), the first place of `wanted` (R, Q) or more; H for none."""
    return _search(sums, wanted, "left")


def last_within(sums: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """(R, Q): in each row of rising whole `sums` (R, H), how many are at most `allowed` (R, Q)."""
    return _search(sums, allowed, "right")


def _search(sums: np.ndarray, values: np.ndarray, side: str) -> np.ndarray:
    # One search in all rows laid end to end: each is lifted above the one before it.
    rows, width = sums.shape
    step = max(sums[:, -1].max() if width else 0.0, values.max()) + 2
    lift = step * np.arange(rows)[:, None]
    places = np.searchsorted((sums + lift).ravel(), (values + lift).ravel(), side=side)  # type: ignore[call-overload]
    found: np.ndarray = places.reshape(values.shape) - width * np.arange(rows)[:, None]
    return found.clip(0, width)


def _blocks(rows: int, width: int) -> Iterator[slice]:
    step = max(1, ENTRIES // max(1, width))
    for start in range(0, rows, step):
        yield slice(start, start + step)
