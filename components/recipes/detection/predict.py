"""A folder of images to one file of boxes in COCO's form, and to pictures with the boxes drawn."""

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from tqdm import tqdm

from components.core.errors import CasebookError
from components.core.files import whole_file, write_json
from components.recipes.detection.encoding.files import found_in
from components.recipes.detection.serving.predictor import CUT, DetectionPredictor, coco_boxes, open_predictor

log = logging.getLogger(__name__)

COLOURS = ((255, 80, 80), (90, 170, 255), (250, 210, 60), (120, 230, 120), (220, 120, 255), (255, 160, 60))
SHOWN = 5  # images that cannot be read, in a message
DRAW, SKIP = "draw", "skip_unreadable"


def predict_file(bundle: Path, source: Path, target: Path, options: Mapping[str, Any]) -> int:
    """Write the boxes of an image, or of all images in a folder, to `target`, and return how many images there were.

    `target` is COCO JSON: `images`, `categories`, and `annotations` with a `score` each; an image that may have more
    objects than are answered has `cut`. With the option `draw`, a folder, each image is written there with its boxes.

    Raises:
        CasebookError: no image is there, `target` is no `.json` file; or, after the others are written, some images
            cannot be read or are of a form that is not, unless the option `skip_unreadable` says to go on.
    """
    if target.suffix != ".json":
        raise CasebookError(f"{target}: boxes are written as COCO JSON; end its name with .json")
    predictor, there = open_predictor(bundle), found_in(source)
    paths = there.images
    document: dict[str, Any] = {"images": [], "annotations": [], "categories": _categories(predictor)}
    broken = [f"{name}: images of this form are not read; convert it to PNG or TIFF" for name in there.unread]
    for one in broken:
        log.warning("%s", f"skipped: {one}")
    if there.others:
        log.warning("%s: %d file(s) are no images, such as %s", source, len(there.others), there.others[0])
    for path, name in tqdm(paths, desc="images", unit="image", leave=False, disable=None):
        try:
            image = predictor.decode(path, name)
        except CasebookError as error:
            log.warning("%s", f"skipped: {error}")
            broken.append(str(error))
            continue
        found, cut = predictor.sure(image)
        if cut:
            log.warning("%s: %s", name, CUT.format(count=len(found)))
        _add(document, name, image.shape, found, cut=cut)
        if (folder := options.get(DRAW)) is not None:
            draw(image, found, Path(folder) / (name if name.endswith(".png") else f"{name}.png"))
    count, whole = len(document["images"]), len(paths) + len(there.unread)
    if count:
        write_json(target, document)
    if broken and not (count and options.get(SKIP)):
        shown = "\n".join(f"  {one}" for one in broken[:SHOWN])
        left = f"; the other {count} are in {target} (--skip-unreadable is content with that)" if count else ""
        raise CasebookError(f"{source}: {len(broken)} of {whole} images cannot be read{left}:\n{shown}")
    return count


def _categories(predictor: DetectionPredictor) -> list[dict[str, Any]]:
    return [{"id": number, "name": name} for number, name in enumerate(predictor.spec.classes, start=1)]


def _add(document: dict[str, Any], name: str, shape: tuple[int, ...], found: np.ndarray, *, cut: bool) -> None:
    number = len(document["images"]) + 1
    told = {"cut": True} if cut else {}
    document["images"].append({"id": number, "file_name": name, "height": shape[0], "width": shape[1], **told})
    document["annotations"] += list(_annotations(number, len(document["annotations"]), found))


def _annotations(image: int, before: int, found: np.ndarray) -> Iterator[dict[str, Any]]:
    for place, (label, box) in enumerate(coco_boxes(found), start=1):
        yield {"id": before + place, "image_id": image, "category_id": label + 1, "iscrowd": 0, **box}


def draw(image: np.ndarray, found: np.ndarray, target: Path) -> None:
    """A PNG of the image as the network is given it, with a box in its class's colour around each object."""
    channels = np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image
    picture = Image.fromarray((channels * 255).round().astype(np.uint8))
    pen = ImageDraw.Draw(picture)
    for x1, y1, x2, y2, label, _ in found.astype(float).tolist():
        pen.rectangle((x1, y1, max(x1, x2 - 1), max(y1, y2 - 1)), outline=COLOURS[int(label) % len(COLOURS)])
    with whole_file(target) as temporary:
        picture.save(temporary, format="PNG")
