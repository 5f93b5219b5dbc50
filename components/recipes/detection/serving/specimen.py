"""An image of nothing that was ever seen, as a server's example and for its first answer."""

import io

import numpy as np
from PIL import Image

from components.recipes.detection.encoding.looks import BRIGHT, detail_of
from components.recipes.detection.serving.predictor import DetectionSettings

OBJECT = 24.0  # a typical object's side as networks see it
ACROSS = 3  # objects
SIDES = (64, 480)  # pixels
BACKGROUND, EDGE = 0.08, 0.12  # of the brightest value, and of an object's radius
NOISE = (0.0, 0.01, 0.02, 0.04, 0.08, 0.16)  # as much as makes it as sharp as training images were
SEED = 3


def specimen(settings: DetectionSettings) -> bytes:
    """A PNG with a few round objects of the usual size, as deep, bright and sharp as training images were."""
    random = np.random.default_rng(SEED)
    size = OBJECT / settings.scale
    side = int(np.clip(round(2.2 * ACROSS * size), *SIDES))
    step = side / ACROSS
    y, x = np.mgrid[:side, :side].astype(np.float32)
    grey: np.ndarray = np.full((side, side), BACKGROUND, np.float32)
    for place in range(ACROSS**2):
        middle = step * (np.array(divmod(place, ACROSS)) + 0.5 + random.uniform(-0.15, 0.15, 2))
        radii = size / 2 * random.uniform(0.8, 1.2, 2)
        distance = np.hypot((y - middle[0]) / radii[0], (x - middle[1]) / radii[1])
        grey = np.maximum(grey, random.uniform(0.6, 1.0) / (1 + np.exp((distance - 1) / EDGE)))
    looks = settings.spec.looks
    noise = random.normal(size=grey.shape)
    sharp = 0.0 if looks is None else float(np.sqrt(np.prod(looks.detail)))
    grey = next((one for one in (grey + share * noise for share in NOISE) if detail_of(one) >= sharp), grey)
    bright = 0.8 if looks is None else float(np.mean(looks.bright))
    deep = looks is not None and "uint8" not in looks.depths and "uint16" in looks.depths
    kind = np.uint16 if deep else np.uint8
    values = (grey / np.percentile(grey, BRIGHT) * bright).clip(0, 1) * np.iinfo(kind).max
    array = values.astype(kind)
    colours = looks is not None and 1 not in looks.channels and not deep
    file = io.BytesIO()
    Image.fromarray(np.repeat(array[..., None], 3, axis=2) if colours else array).save(file, format="PNG")
    return file.getvalue()
