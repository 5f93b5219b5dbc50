"""From a detector's dense map to boxes with classes and confidences, best first."""

import numpy as np

LARGEST_LOG = 4.0  # of a distance over `reach`, as the network was trained


def read_map(answer: np.ndarray, *, classes: int, stride: int, reach: float, least: float) -> np.ndarray:
    """Boxes (K, 6) as x1, y1, x2, y2, class, confidence from one image's map (classes + 4, H, W).

    A point answers for each class that it gives at least the confidence `least`.
    """
    with np.errstate(over="ignore"):
        scores = 1 / (1 + np.exp(-answer[:classes].astype(np.float32)))
    label, row, column = np.nonzero(scores >= least)
    lengths = np.exp(np.minimum(answer[classes:, row, column].T.astype(np.float32), LARGEST_LOG)) * reach
    middle = (np.stack([column, row], axis=1).astype(np.float32) + 0.5) * stride
    boxes = np.concatenate([middle - lengths[:, :2], middle + lengths[:, 2:]], axis=1)
    found = np.column_stack([boxes, label, scores[label, row, column]]).astype(np.float32)
    order = np.argsort(-found[:, 5], kind="stable")
    return found[order]


def suppress(found: np.ndarray, *, overlap: float, most: int) -> np.ndarray:
    """Of boxes (K, 6), best first, at most `most` none of which overlaps a better one of its class by more.

    Greedy non-maximum suppression by intersection over union.
    """
    kept: list[int] = []
    alive = np.ones(len(found), bool)
    area = (found[:, 2] - found[:, 0]) * (found[:, 3] - found[:, 1])
    for index in range(len(found)):
        if not alive[index]:
            continue
        kept.append(index)
        if len(kept) == most:
            break
        rest = index + 1 + np.flatnonzero(alive[index + 1 :] & (found[index + 1 :, 4] == found[index, 4]))
        alive[rest[_iou(found[index], found[rest], area[index], area[rest]) > overlap]] = False
    return found[kept]


def vote(kept: np.ndarray, found: np.ndarray, *, overlap: float) -> np.ndarray:
    """The boxes `kept` (K, 6), each where the boxes of its class say that overlap it by at least `overlap`: at their
    mean, weighted by confidence (Gidaris and Komodakis, 2015, arXiv:1505.01749).
    """
    voted = kept.copy()
    area = ((found[:, 2] - found[:, 0]) * (found[:, 3] - found[:, 1])).astype(np.float64)
    for place, one in enumerate(kept):
        own = (one[2] - one[0]) * (one[3] - one[1])
        near = (_iou(one, found, own, area) >= overlap) & (found[:, 4] == one[4])
        if near.any():  # a box without an area overlaps nothing, not even itself
            voted[place, :4] = np.average(found[near, :4], axis=0, weights=found[near, 5])
    return voted


def _iou(box: np.ndarray, others: np.ndarray, area: float, areas: np.ndarray) -> np.ndarray:
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[2:4], others[:, 2:4])
    shared = np.clip(high - low, 0, None).prod(axis=1)
    found: np.ndarray = shared / np.maximum(area + areas - shared, 1e-9)
    return found
