"""Which box is which: COCO's matching of detections and true boxes, done by faster-coco-eval.

Everywhere in this folder `target` (N, T, 5) is x1, y1, x2, y2, class of each true box of N images and
`score` (N, K, 6) is x1, y1, x2, y2, class, confidence of each detection, in pixels, padded with NaN.

Lin et al., Microsoft COCO (2014), and its cocoeval: in the order of their confidence, detections take the
free true box of their class that they overlap most, if by the threshold or more. Unlike COCO's 100,
all detections given count: a micrograph may have more cells than that.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from faster_coco_eval import COCO, COCOeval_faster

from components.core.errors import CasebookError

NOBODY = -1
HALF = 0  # place of IoU 0.5 among the thresholds


@dataclass(frozen=True, eq=False)
class Matches:
    """Detections (D,) of all images, most confident first, and what each found.

    `found` (10, D) is the place of the true box within its image, or -1, for IoU .50, .55 … .95;
    `place` (D,) is the detection's own within its image. `true` (N, C) counts the true boxes.
    """

    image: np.ndarray
    place: np.ndarray
    label: np.ndarray
    confidence: np.ndarray
    found: np.ndarray
    true: np.ndarray

    @property
    def hit(self) -> np.ndarray:
        """(10, D), true where a detection found a box."""
        return self.found != NOBODY


def match(target: np.ndarray, score: np.ndarray, classes: int) -> Matches:
    """Match all images at all of COCO's IoU thresholds.

    Raises:
        CasebookError: shapes that do not fit, a class that is none, or a box of NaN in part.
    """
    true, drawn = _entries(target, 5, classes, "target"), _entries(score, 6, classes, "score")
    if len(target) != len(score):
        raise CasebookError(f"detection: {len(target)} images of targets and {len(score)} of scores; give one of each")
    image, place = drawn
    label, confidence = score[image, place, 4].astype(np.intp), score[image, place, 5].astype(np.float64)
    counts = np.zeros((len(target), classes), np.int64)
    np.add.at(counts, (true[0], target[true][:, 4].astype(np.intp)), 1)
    found = _found(target, score, true, drawn, classes)
    order = np.argsort(-confidence, kind="stable")
    return Matches(image[order], place[order], label[order], confidence[order], found[:, order], counts)


def digest(*arrays: np.ndarray) -> str:
    """What tells arrays apart, to match once what is asked for many times."""
    found = hashlib.blake2b(digest_size=16)
    for array in arrays:
        found.update(repr((array.shape, array.dtype.str)).encode())
        found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()


def present(boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Image and place of each box of `boxes` (N, B, ...) that is no padding."""
    image, place = np.nonzero(~np.isnan(boxes).all(axis=2))
    return image, place


def _entries(boxes: np.ndarray, width: int, classes: int, what: str) -> tuple[np.ndarray, np.ndarray]:
    """`present`, checked."""
    if boxes.ndim != 3 or boxes.shape[2] != width or len(boxes) == 0:
        raise CasebookError(f"detection: {what} of shape {boxes.shape}; give (images, boxes, {width})")
    image, place = present(boxes)
    kept = boxes[image, place]
    if not np.isfinite(kept).all():
        raise CasebookError(f"detection: {what}: a box is NaN or infinite in part; padding is NaN in all {width}")
    labels = kept[:, 4]
    if len(wrong := labels[(labels < 0) | (labels >= classes) | (labels != np.floor(labels))]):
        raise CasebookError(f"detection: {what}: class {wrong[0]:g} is none of 0 to {classes - 1}")
    return image, place


def _found(
    target: np.ndarray,
    score: np.ndarray,
    true: tuple[np.ndarray, np.ndarray],
    drawn: tuple[np.ndarray, np.ndarray],
    classes: int,
) -> np.ndarray:
    """(10, D) in the order of `drawn`."""
    evaluation = evaluate(target, score, true, drawn, classes)
    thresholds = len(evaluation.params.iouThrs)
    found = np.full((thresholds, len(drawn[0])), NOBODY)
    label, confidence = score[drawn][:, 4].astype(np.intp), score[drawn][:, 5]
    # The evaluation has them by class, then image; within each the most confident first.
    order = np.lexsort((-confidence, drawn[0], label))
    start = 0
    for one in evaluation._evalImgs_cpp:
        # What the library pickles: for each threshold and detection the id of the true box, 0 for none.
        ids, _, confidences, *_ = one.__getstate__()
        places = order[start : start + len(confidences)]
        start += len(confidences)
        if not np.array_equal(confidence[places], np.array(confidences, confidence.dtype)):
            raise AssertionError("faster-coco-eval keeps its matches in another order than the pinned version")
        boxes = np.array(ids, np.int64).reshape(thresholds, len(confidences))
        found[:, places] = np.where(boxes > 0, true[1][np.maximum(boxes, 1) - 1] if len(true[1]) else NOBODY, NOBODY)
    if start != len(order):
        raise AssertionError("faster-coco-eval did not look at all detections")
    return found


def evaluate(
    target: np.ndarray,
    score: np.ndarray,
    true: tuple[np.ndarray, np.ndarray],
    drawn: tuple[np.ndarray, np.ndarray],
    classes: int,
) -> COCOeval_faster:
    """faster-coco-eval's own evaluation, before it is accumulated, of the `present` boxes `true` and `drawn`."""
    described: dict[str, Any] = {
        "images": [{"id": image, "width": 1, "height": 1} for image in range(1, len(target) + 1)],
        "categories": [{"id": label, "name": str(label)} for label in range(1, classes + 1)],
        "annotations": _annotations(target[true], true[0]),
    }
    truth = COCO(described)
    answered = truth.loadRes(_annotations(score[drawn], drawn[0])) if len(drawn[0]) else truth.loadRes([])
    evaluation = COCOeval_faster(truth, answered, "bbox", print_function=_quiet, separate_eval=True)
    evaluation.params.imgIds = list(range(1, len(target) + 1))
    evaluation.params.catIds = list(range(1, classes + 1))
    evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0.0, 1e10]], ["all"]
    evaluation.params.maxDets = [max(1, score.shape[1])]
    evaluation.evaluate()
    return evaluation


def _annotations(boxes: np.ndarray, image: np.ndarray) -> list[dict[str, Any]]:
    corners = boxes.astype(np.float64)
    lengths = np.maximum(corners[:, 2:4] - corners[:, :2], 0.0)
    numbered = zip(image.tolist(), corners.tolist(), lengths.tolist(), strict=True)
    return [
        {
            "id": number,
            "image_id": one + 1,
            "category_id": int(box[4]) + 1,
            "bbox": [*box[:2], *length],
            "area": length[0] * length[1],
            "iscrowd": 0,
            **({"score": box[5]} if len(box) > 5 else {}),
        }
        for number, (one, box, length) in enumerate(numbered, 1)
    ]


def _quiet(*_: object) -> None:
    """Stands for the library's print."""
