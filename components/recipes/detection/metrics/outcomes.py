"""Each image's boxes at the threshold that serves: found, false and missed; and which class is taken for which."""

from dataclasses import dataclass

import numpy as np

from components.recipes.detection.metrics.matching import HALF, NOBODY, Matches, match, present


@dataclass(frozen=True, eq=False)
class Outcome:
    """`hits` and `false` (n, 6) are rows of `score`, `missed` (n, 5) rows of `target`: see `matching`."""

    hits: np.ndarray
    false: np.ndarray
    missed: np.ndarray


def outcome(matches: Matches, target: np.ndarray, score: np.ndarray, image: int, least: np.ndarray) -> Outcome:
    """What became of the boxes of one image, at confidences of `least` (C,) or more and IoU 0.5."""
    kept = (matches.image == image) & (matches.confidence >= least[matches.label])
    found, drawn = matches.found[HALF][kept], score[image][matches.place[kept]]
    true = np.flatnonzero(~np.isnan(target[image]).all(axis=1))
    return Outcome(drawn[found != NOBODY], drawn[found == NOBODY], target[image][np.setdiff1d(true, found)])


def errors(matches: Matches, least: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """False detections (N,) and missed boxes (N,) of each image."""
    kept = matches.confidence >= least[matches.label]
    hit, images = matches.hit[HALF], len(matches.true)
    false = np.bincount(matches.image[kept & ~hit], minlength=images)
    return false, matches.true.sum(axis=1) - np.bincount(matches.image[kept & hit], minlength=images)


def by_label(matches: Matches, least: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True boxes, found ones and false detections of each class, (C,) each, at confidences of `least` (C,) or more."""
    kept, hit, classes = matches.confidence >= least[matches.label], matches.hit[HALF], len(least)
    found = np.bincount(matches.label[kept & hit], minlength=classes)
    false = np.bincount(matches.label[kept & ~hit], minlength=classes)
    return matches.true.sum(axis=0), found, false


def worst_first(matches: Matches, least: np.ndarray) -> np.ndarray:
    """The images (N,), those with the lowest F1 first; of equal ones, those with more errors."""
    false, missed = errors(matches, least)
    wrong, hits = false + missed, matches.true.sum(axis=1) - missed
    f1 = np.divide(2 * hits, 2 * hits + wrong, out=np.ones(len(wrong)), where=hits + wrong > 0)
    return np.lexsort((-wrong, f1))


def confusion(target: np.ndarray, score: np.ndarray, least: np.ndarray) -> np.ndarray:
    """(C + 1, C + 1) counts: rows the true class, columns the detected one, the last of each for none.

    Boxes at confidences of `least` (C,) or more are matched whatever their class.
    """
    classes = len(least)
    shown = score.copy()
    drawn = ~np.isnan(score).all(axis=2)
    below = np.zeros_like(drawn)
    below[drawn] = score[drawn][:, 5] < least[score[drawn][:, 4].astype(np.intp)]
    shown[below] = np.nan
    matches = match(_one_class(target), _one_class(shown), 1)
    found = matches.found[HALF]
    detected = score[matches.image, matches.place, 4].astype(np.intp)
    hit = found != NOBODY
    true = np.full(len(found), classes)
    true[hit] = target[matches.image[hit], found[hit], 4]
    counts = np.zeros((classes + 1, classes + 1), np.int64)
    np.add.at(counts, (true, detected), 1)
    labels = target[present(target)][:, 4].astype(np.intp)
    counts[:classes, classes] = np.bincount(labels, minlength=classes) - counts[:classes, :classes].sum(axis=1)
    return counts


def _one_class(boxes: np.ndarray) -> np.ndarray:
    plain = boxes.copy()
    plain[..., 4] = np.where(np.isnan(boxes).all(axis=2), np.nan, 0)
    return plain
