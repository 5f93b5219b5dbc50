"""What the prepared training images are like, for who holds others against them."""

from pathlib import Path

from components.core.job import PREPARED_FILES, TRAIN
from components.recipes.detection.encoding.looks import look_at, looks_of
from components.recipes.detection.encoding.rows import read_rows
from components.recipes.detection.encoding.spec import Spec


def with_looks(spec: Spec, folder: Path) -> Spec:
    """The spec with the looks of the training images in a prepared `folder`, read one at a time."""
    rows = read_rows(folder / PREPARED_FILES[TRAIN])
    return spec.model_copy(update={"looks": looks_of(look_at(spec.read(row.pixels, row.name)) for row in rows)})
