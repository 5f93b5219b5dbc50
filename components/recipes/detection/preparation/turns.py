"""The turn that EXIF asks for, of boxes."""

import io

import numpy as np
from PIL import Image

from components.recipes.detection.encoding.raw import ORIENTATION


def orientation(content: bytes) -> int:
    """1 to 8; 1 of an image that is not turned, or that Pillow does not know."""
    try:
        with Image.open(io.BytesIO(content)) as image:
            found = int(image.getexif().get(ORIENTATION, 1))
    except Exception:  # Pillow raises what it likes; whether it is an image is found elsewhere
        return 1
    return found if 1 <= found <= 8 else 1


def shown_boxes(boxes: np.ndarray, turn: int, width: int, height: int) -> np.ndarray:
    """Boxes (n, 4) of a stored picture of this size to those of the picture as it is shown."""
    x1, y1, x2, y2 = boxes.T
    if turn in (2, 3, 7, 8):
        x1, x2 = width - x2, width - x1
    if turn in (3, 4, 6, 7):
        y1, y2 = height - y2, height - y1
    swapped = turn >= 5
    return np.stack([y1, x1, y2, x2] if swapped else [x1, y1, x2, y2], axis=1)
