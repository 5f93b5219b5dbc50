"""Boxes drawn over an image, as the network is given it."""

import io

import numpy as np
from PIL import Image, ImageDraw

from components.recipes.detection.serving.findings import COLOURS


def drawn(image: np.ndarray, found: np.ndarray) -> Image.Image:
    """The image (H, W, C) of numbers in 0..1 with a box in its class's colour around each of the answers (K, 6)."""
    channels = np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image
    picture = Image.fromarray((channels * 255).round().astype(np.uint8))
    pen = ImageDraw.Draw(picture)
    for x1, y1, x2, y2, label, _ in found.astype(float).tolist():
        pen.rectangle((x1, y1, max(x1, x2 - 1), max(y1, y2 - 1)), outline=COLOURS[int(label) % len(COLOURS)])
    return picture


def png(picture: Image.Image) -> bytes:
    """The bytes of its file."""
    file = io.BytesIO()
    picture.save(file, format="PNG")
    return file.getvalue()
