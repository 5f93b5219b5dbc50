"""Average precision of held-out images, as training watches it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from faster_coco_eval import COCO, COCOeval_faster


@dataclass(frozen=True)
class Found:
    """An image's boxes (n, 4) with their labels (n,), and what was found (k, 6): box, class, confidence."""

    boxes: np.ndarray
    labels: np.ndarray
    found: np.ndarray


def average_precision(images: Sequence[Found], classes: int) -> tuple[float, float]:
    """COCO's mean average precision over the classes at an IoU of 0.5, and over 0.5, 0.55, ... 0.95."""
    truth = COCO(_truth(images, classes), print_function=_quiet)
    answers = [
        {"image_id": place, "category_id": int(one[4]), "bbox": _bbox(one), "score": float(one[5])}
        for place, image in enumerate(images)
        for one in image.found
    ]
    if not answers:
        return 0.0, 0.0
    evaluation = COCOeval_faster(truth, truth.loadRes(answers), "bbox", print_function=_quiet)
    # All of them: COCO's own hundred an image would cap what can be found in a crowded micrograph.
    evaluation.params.maxDets = [1, 10, max(10, *(len(image.found) for image in images))]
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    return float(evaluation.stats[1]), float(evaluation.stats[0])


def _truth(images: Sequence[Found], classes: int) -> dict[str, Any]:
    boxes = [
        (place, int(label), _bbox(box))
        for place, image in enumerate(images)
        for box, label in zip(image.boxes, image.labels, strict=True)
    ]
    return {
        "images": [{"id": place} for place in range(len(images))],
        "categories": [{"id": label, "name": str(label)} for label in range(classes)],
        "annotations": [
            {
                "id": number,
                "image_id": place,
                "category_id": label,
                "bbox": box,
                "area": box[2] * box[3],
                "iscrowd": 0,
            }
            for number, (place, label, box) in enumerate(boxes, start=1)
        ],
    }


def _bbox(box: np.ndarray) -> list[float]:
    x1, y1, x2, y2 = box[:4].tolist()
    return [x1, y1, x2 - x1, y2 - y1]


def _quiet(*_: object, **__: object) -> None:
    pass
