"""Simulated training, validation and test images, and a real annotated one that only the evaluation reads."""

import io
import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image
from scipy.ndimage import find_objects
from tqdm import tqdm

from components.core.blocks import read_block
from components.core.errors import CasebookError
from components.core.files import whole_folder
from components.core.job import EXTERNAL, TEST, TRAIN, VALIDATION, Meta
from components.recipes.detection.encoding.decode import read_size
from components.recipes.detection.encoding.rows import ImageRow
from components.recipes.detection.encoding.spec import Spec
from components.recipes.detection.params.params import DetectionJob
from components.recipes.detection.preparation.looked import with_looks
from components.recipes.detection.preparation.prepare import SMOKE_IMAGES, describe, read_source
from components.recipes.detection.preparation.simulate.micrograph import simulate
from components.recipes.detection.preparation.simulate.params import External, SimulateParams
from components.recipes.detection.preparation.write import write_rejected, write_split

log = logging.getLogger(__name__)

SPLITS = (TRAIN, VALIDATION, TEST)
PROTOCOL = "simulated images, each drawn by itself; no object of one is in another"


def prepare_simulated(job: DetectionJob) -> Meta:
    """Write the splits of `prepare.simulate` to the prepared folder whole, and its external image, if any, apart.

    The same params give the same pixels and boxes. The training images do not depend on the raw folder.

    Raises:
        CasebookError: the params are wrong, or the external image and its mask are no pair.
    """
    images, raw, case = job.prepare, job.paths.raw(job.case), job.case
    if images.simulate is None:
        raise CasebookError(f"params.cases.{case}.prepare: form {images.form!r} is not simulated; say where images are")
    block = read_block(SimulateParams, images.simulate, f"params.cases.{case}.prepare.simulate")
    spec = Spec.of(images, (block.label,))
    asked = (block.train, block.validation, block.test)
    counts = dict(zip(SPLITS, (min(count, SMOKE_IMAGES) if job.smoke else count for count in asked), strict=True))
    with whole_folder(job.paths.prepared(case)) as folder:
        written = {
            split: write_split(folder, split, _simulated(split, count, block), spec) for split, count in counts.items()
        }
        if block.external is not None:
            written[EXTERNAL] = write_split(folder, EXTERNAL, [_external(raw, block.external)], spec)
        write_rejected(folder, [])
        spec = with_looks(spec, folder)
        meta = describe(case, spec, written, [], read_source(raw), clipped=0, protocol=PROTOCOL)
        meta.write(folder)
    log.info("%s: simulated %s", case, ", ".join(f"{name} {count}" for name, count in counts.items()))
    return meta


def _simulated(split: str, count: int, params: SimulateParams) -> Iterator[ImageRow]:
    for number in tqdm(range(count), desc=f"simulated {split}", unit="image", leave=False, disable=None):
        random = np.random.default_rng([params.seed, SPLITS.index(split), number])
        micrograph = simulate(random, params)
        boxes = micrograph.boxes(params.visible)
        labels = np.zeros(len(boxes), np.int32)
        name = f"{split}-{number:04d}.png"
        yield ImageRow(name, None, params.size, params.size, _png(micrograph.pixels), boxes, labels)


def _png(pixels: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, format="PNG")
    return content.getvalue()


def _external(raw: Path, names: External) -> ImageRow:
    """The annotated image: a box around each object that its mask numbers."""
    content = (raw / names.image).read_bytes()
    width, height = read_size(content, name=names.image)
    mask = tifffile.imread(raw / names.mask)
    if mask.shape != (height, width) or mask.dtype.kind not in "ui" or not mask.any():
        raise CasebookError(
            f"{raw / names.mask}: shape {mask.shape} of {mask.dtype} for an image of {height} by {width}; "
            "a mask has the number of an object, from 1, at each of the image's pixels that it covers"
        )
    found = [place for place in find_objects(mask.astype(np.int64)) if place is not None]
    boxes = np.array([[x.start, y.start, x.stop, y.stop] for y, x in found], np.float32)
    return ImageRow(names.image, None, width, height, content, boxes, np.zeros(len(boxes), np.int32))
