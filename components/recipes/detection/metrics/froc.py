"""Free-response ROC: the share of true boxes found, against false detections an image.

Bunch et al. (1978); its mean at 1/8, 1/4 … 8 false detections an image is the figure of the LUNA16
challenge (Setio et al., 2017). A detection counts as in `matching` at IoU 0.5; classes are pooled.
"""

from dataclasses import dataclass

import numpy as np

from components.recipes.detection.metrics.accumulate import last_within
from components.recipes.detection.metrics.matching import HALF, Matches

RATES = 2.0 ** np.arange(-3, 4)
ROWS = 1 << 22  # of resamples by detections held at once


@dataclass(frozen=True, eq=False)
class Froc:
    """The curve (D,) as the threshold on the confidence falls, and the sensitivity at each of `RATES`."""

    false_per_image: np.ndarray
    sensitivity: np.ndarray
    confidence: np.ndarray
    at_rates: np.ndarray


def froc(matches: Matches) -> Froc:
    """The curve; NaN sensitivity if there is no true box."""
    images, true = len(matches.true), matches.true.sum()
    hit = matches.hit[HALF]
    with np.errstate(invalid="ignore"):
        sensitivity = np.cumsum(hit) / true
    at = sensitivity_at_rates(matches, np.ones((1, images)))[0]
    return Froc(np.cumsum(~hit) / images, sensitivity, matches.confidence, at)


def sensitivity_at_rates(matches: Matches, counts: np.ndarray) -> np.ndarray:
    """(R, 7) for each row of `counts` (R, N), which says how often each image was drawn.

    The largest sensitivity with no more than that many false detections an image; NaN where no
    true box was drawn.
    """
    found = np.empty((len(counts), len(RATES)))
    hit = matches.hit[HALF]
    true = counts @ matches.true.sum(axis=1)
    step = max(1, ROWS // max(1, len(hit)))
    for start in range(0, len(counts), step):
        rows = slice(start, start + step)
        weights = counts[rows][:, matches.image]
        allowed = counts[rows].sum(axis=1)[:, None] * RATES
        ends = last_within(np.cumsum(weights * ~hit, axis=1), allowed)
        hits = np.pad(np.cumsum(weights * hit, axis=1), ((0, 0), (1, 0)))
        with np.errstate(invalid="ignore"):
            found[rows] = np.take_along_axis(hits, ends, axis=1) / true[rows, None]
    return found
