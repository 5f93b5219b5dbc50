"""Write `medical_cells/images/`: a made-up micrograph of 64 by 96 pixels and the mask of its ten bright discs.

The case simulates its other images itself. Two discs touch the edge.

    python tests/toy/make_medical_cells.py
"""

from pathlib import Path

import numpy as np
import tifffile
from scipy.ndimage import gaussian_filter

HEIGHT, WIDTH, RADIUS = 64, 96, 6
MIDDLES = [
    (10, 12),
    (12, 40),
    (9, 66),
    (31, 22),
    (34, 50),
    (30, 80),
    (52, 8),
    (54, 36),
    (50, 64),
    (61, 90),
]  # row, column
OUT = Path(__file__).parent / "medical_cells" / "images"


def make(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The image (H, W) uint16, and the mask (H, W) uint16 with the number of the disc at each pixel, or 0."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    mask = np.zeros((HEIGHT, WIDTH), np.uint16)
    light = np.zeros((HEIGHT, WIDTH))
    for number, (row, column) in enumerate(MIDDLES, start=1):
        inside = (rows - row) ** 2 + (columns - column) ** 2 <= RADIUS**2
        mask[inside] = number
        light[inside] = random.uniform(0.6, 1.0)
    photons = random.poisson(200 * (gaussian_filter(light, 1.0) + 0.1))
    return (photons * 100).astype(np.uint16), mask


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    image, mask = make(seed=3)
    tifffile.imwrite(OUT / "image.tif", image)
    tifffile.imwrite(OUT / "mask.tif", mask)
