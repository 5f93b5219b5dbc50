"""Images as monitoring sees them: size, brightness, contrast, detail, and how many objects are found."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from components.core.job import TEST, TRAIN
from components.core.parts import Watch
from components.core.results import Observed
from components.recipes.detection.encoding.decode import read_values
from components.recipes.detection.encoding.files import images_of
from components.recipes.detection.encoding.looks import detail_of
from components.recipes.detection.encoding.spec import IMAGE, PIXELS
from components.recipes.detection.params.params import DetectionJob
from components.recipes.detection.serving.predictor import DetectionPredictor, open_predictor
from components.recipes.detection.serving.serving import read_split

BATCH = 8  # images read at a time
SEED = 0


def rows(job: DetectionJob, source: Path) -> Iterator[pd.DataFrame]:  # noqa: ARG001 - the folder says it all
    """Encoded images with their names."""
    found = images_of(source)
    for first in range(0, len(found), BATCH):
        part = found[first : first + BATCH]
        yield pd.DataFrame({IMAGE: [name for _, name in part], PIXELS: [path.read_bytes() for path, _ in part]})


def observe(job: DetectionJob, bundle: Path, rows: pd.DataFrame) -> Observed:  # noqa: ARG001 - the bundle says it all
    predictor = open_predictor(bundle)
    named = list(zip(rows[IMAGE], rows[PIXELS], strict=True))
    return Observed(
        pd.DataFrame([features_of(pixels, name) for name, pixels in named]),
        pd.DataFrame([scores_of(predictor, pixels, name) for name, pixels in named]),
        None,
    )


def reference(job: DetectionJob, bundle: Path, rows: int) -> Observed:
    """Training images, and what is found in test images."""
    predictor = open_predictor(bundle)
    return Observed(
        pd.DataFrame([features_of(pixels, name) for name, pixels in _some(job, TRAIN, rows)]),
        pd.DataFrame([scores_of(predictor, pixels, name) for name, pixels in _some(job, TEST, rows)]),
        None,
    )


def features_of(pixels: bytes, name: str) -> dict[str, float]:
    """Of the values as they are written, 0 to 1 of their type's range: mean, deviation, and the mean step between
    neighbours in units of the deviation, which blur lowers and noise raises.
    """
    values = read_values(pixels, name=name).mean(axis=2)
    return {
        "height": float(values.shape[0]),
        "width": float(values.shape[1]),
        "brightness": float(values.mean()),
        "contrast": float(values.std()),
        "detail": detail_of(values),
    }


def scores_of(predictor: DetectionPredictor, pixels: bytes, name: str) -> dict[str, float]:
    image = predictor.decode(pixels, name)
    found = predictor.served(image, name)
    return {
        "objects a megapixel": 1e6 * len(found) / (image.shape[0] * image.shape[1]),
        "mean confidence": float(found[:, 5].mean()) if len(found) else np.nan,
    }


def _some(job: DetectionJob, split: str, count: int) -> Iterator[tuple[str, bytes]]:
    """At most so many images, at random; read one at a time."""
    places = [place for place, _ in enumerate(read_split(job, split, pixels=False))]
    chosen = set(np.random.default_rng(SEED).permutation(places)[:count].tolist())
    for place, row in enumerate(read_split(job, split)):
        if place in chosen:
            yield row.name, row.pixels


WATCH = Watch(
    rows=rows,
    unit=lambda job: None,  # noqa: ARG005 - each image is one
    key=lambda job: (),  # noqa: ARG005 - boxes are no columns
    outcome=lambda job: (),  # noqa: ARG005
    observe=observe,
    reference=reference,
)
