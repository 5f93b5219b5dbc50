"""Boxes for the tests of this folder: padded arrays from short lists, and random ones that overlap."""

import numpy as np


def padded(images: list[list[tuple[float, ...]]], width: int) -> np.ndarray:
    """(N, most, width) float32 with NaN where an image has fewer."""
    most = max([1, *(len(boxes) for boxes in images)])
    found = np.full((len(images), most, width), np.nan, np.float32)
    for place, boxes in enumerate(images):
        found[place, : len(boxes)] = np.array(boxes, np.float32).reshape(-1, width)
    return found


def targets(*images: list[tuple[float, ...]]) -> np.ndarray:
    return padded([*images], 5)


def scores(*images: list[tuple[float, ...]]) -> np.ndarray:
    return padded([*images], 6)


def crowds(images: int, most: int, classes: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Overlapping boxes; of the detections some fit well, some badly, some are twice, some are nothing."""
    random = np.random.default_rng(seed)
    truth, drawn = [], []
    for _ in range(images):
        number = int(random.integers(0, most + 1))
        corner, size = random.uniform(0, 100, (number, 2)), random.uniform(8, 30, (number, 2))
        label = random.integers(classes, size=(number, 1))
        truth.append([tuple(row) for row in np.hstack([corner, corner + size, label])])
        again = random.integers(number, size=number + 3) if number else np.array([], int)
        moved = np.hstack([corner, corner + size])[again] + random.normal(0, 2.5, (len(again), 4))
        guessed = np.where(random.random((len(again), 1)) < 0.85, label[again], random.integers(classes, size=(1, 1)))
        noise = random.uniform(0, 90, (4, 2))
        extra = np.hstack([noise, noise + 12, random.integers(classes, size=(4, 1))])
        boxes = np.vstack([np.hstack([moved, guessed]), extra])
        # Rounded, so that confidences are tied within and between images.
        confidence = np.round(random.random((len(boxes), 1)), 2)
        drawn.append([tuple(row) for row in np.hstack([boxes, confidence])])
    return padded(truth, 5), padded(drawn, 6)
