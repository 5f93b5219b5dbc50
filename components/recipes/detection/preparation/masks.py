"""Folders of images with masks beside them: pictures whose numbers are objects."""

import io
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image
from scipy import ndimage
from skimage.measure import label as connected

from components.core.errors import CasebookError
from components.recipes.detection.encoding.raw import TIFF_STARTS
from components.recipes.detection.preparation.files import KNOWN, Folder, Places
from components.recipes.detection.preparation.reading import Reading
from components.recipes.detection.preparation.records import (
    NO_ANNOTATION,
    NO_FILE,
    ImageRecord,
    Rejected,
    as_boxes,
)

OBJECT = "object"  # the class of what a mask shows, where prepare.classes names none
BAD_MASK = "mask cannot be read"
# Folders of masks, and what tools put behind the name of a mask and of its image.
FOLDERS = frozenset(
    [
        "mask",
        "masks",
        "label",
        "labels",
        "gt",
        "groundtruth",
        "ground_truth",
        "segmentation",
        "annotations",
        "seg",
        "instances",
    ]
)
MASK = re.compile(r"[-_. ](?:cp_)?(?:masks?|labels?|labelled|labeled|seg|segmentation|gt|instances?)$", re.IGNORECASE)
IMAGE = re.compile(r"[-_. ](?:img|image|raw|im)$", re.IGNORECASE)
VOID = 255  # of a palette, as VOC has it: the seam around an object
APART = 1.2  # regions for each number: more, and the numbers are no objects but classes


def read_masks(images: Path, annotations: Path, reading: Reading | None = None) -> Iterator[ImageRecord | Rejected]:
    """Each image with the boxes around what its mask numbers, by name; 0 is what is around objects.

    A mask has its image's name, mostly with `_mask` behind it or in a folder of masks; several masks of one image, as
    in folders of one image each, are its objects. With `reading.masks` "instances" each number is an object, with
    "components" each connected region, of the class that its number names.

    Raises:
        CasebookError: a folder is missing, has no image or no mask, or numbers seem to be classes and nothing says so.
    """
    reading = reading or Reading()
    files, masks = split_masks(images, annotations)
    if not masks:
        raise CasebookError(f"{annotations}: no mask in it; prepare.annotations names the folder of the masks")
    numbers = regions = 0
    for name, found in _joined(images, annotations, files, masks):
        if isinstance(found, Rejected):
            yield found
            continue
        try:
            arrays = [_array(path) for path in found]
        except (OSError, ValueError) as error:
            yield Rejected(name, None, f"{BAD_MASK}: {found[0].name}: {error}")
            continue
        if len(arrays) == 1 and reading.masks is None:
            numbers, regions = numbers + len(_values(arrays[0])), regions + _regions(arrays[0])
        yield _record(name, files[name], arrays, reading)
    if regions > APART * numbers:
        raise CasebookError(
            f"{annotations}: the masks have {numbers} numbers and {regions} separate regions: is a number an object, "
            "or a class? prepare.masks: components makes each region an object, instances each number (casebook new "
            "--boxes components, or instances)"
        )


def split_masks(images: Path, annotations: Path) -> tuple[dict[str, Path], list[Path]]:
    """The images by name, and the masks; they may lie in one folder."""
    if not images.is_dir():
        raise CasebookError(f"{images}: no such folder; prepare.images names the folder of the images")
    masks = _pictures(annotations)
    if annotations == images or annotations.name.lower() not in FOLDERS:
        named = [path for path in masks if is_mask(path, annotations)]
        # Without any such name it is a folder of masks alone, however it is called.
        masks = named if named or annotations == images else masks
    taken = {*masks}
    files = {path.relative_to(images).as_posix(): path for path in _pictures(images) if path not in taken}
    if not files:
        raise CasebookError(f"{images}: no image in it beside the masks; {', '.join(KNOWN)} are taken")
    return files, masks


def is_mask(path: Path, folder: Path) -> bool:
    """Whether a name says so, or that of a folder below `folder`."""
    parts = path.relative_to(folder).parts[:-1]
    return MASK.search(path.stem) is not None or any(part.lower() in FOLDERS for part in parts)


def _pictures(folder: Path) -> list[Path]:
    paths = (path for path in folder.rglob("*") if path.suffix.lower() in KNOWN and path.is_file())
    return sorted(path for path in paths if not path.name.startswith("."))


def _joined(
    images: Path, annotations: Path, files: dict[str, Path], masks: list[Path]
) -> Iterator[tuple[str, list[Path] | Rejected]]:
    """Each image with its masks, and what has no counterpart."""
    lie = Places(images, annotations)
    exact, beside, anywhere = (defaultdict[object, set[str]](set) for _ in range(3))
    for name, path in files.items():
        place, stem = lie.of(path), IMAGE.sub("", path.stem)
        for key in {stem, path.stem}:
            exact[place, key].add(name)
            anywhere[key].add(name)
        beside[place].add(name)
    several: dict[Folder, int] = defaultdict(int)
    for path in masks:
        several[lie.of(path)] += 1
    found: dict[str, list[Path]] = defaultdict(list)
    for path in masks:
        place, stem = lie.of(path), MASK.sub("", path.stem)
        candidates = exact[place, stem] or exact[place, path.stem]
        if not candidates and place and several[place] > 1 and len(beside.get(place, ())) == 1:
            candidates = beside[place]  # a folder for each image
        if not candidates and place not in beside:
            candidates = anywhere[stem] or anywhere[path.stem]
        if len(candidates) != 1:
            yield path.name, Rejected(path.name, None, f"{NO_FILE}: a mask")
        else:
            found[next(iter(candidates))].append(path)
    for name in files:
        yield name, found.get(name) or Rejected(name, None, NO_ANNOTATION)


def _array(path: Path) -> np.ndarray:
    """(H, W) of whole numbers.

    Raises:
        ValueError, OSError: it is no picture of one channel of whole numbers.
    """
    content = path.read_bytes()
    if content[:4] in TIFF_STARTS:
        array = tifffile.imread(io.BytesIO(content)).squeeze()
    else:
        with Image.open(io.BytesIO(content)) as image:
            array = np.array(image)
            if image.mode == "P":
                array[array == VOID] = 0
    if array.ndim == 3 and array.shape[2] in (3, 4) and not np.ptp(array[..., :3], axis=2).any():
        array = array[..., 0]  # grey, saved in colours
    if array.ndim != 2:
        raise ValueError(f"of shape {array.shape}, where a mask has one number for each pixel")
    if array.dtype.kind == "f" and not (np.isfinite(array).all() and (array == np.round(array)).all()):
        raise ValueError("of floats that are no whole numbers")
    return array.astype(np.int64)


def _values(array: np.ndarray) -> np.ndarray:
    values = np.unique(array)
    return values[values != 0]


def _regions(array: np.ndarray) -> int:
    return int(connected(array, background=0, connectivity=2).max())


def _record(name: str, path: Path, arrays: list[np.ndarray], reading: Reading) -> ImageRecord:
    corners, labels = list[list[float]](), list[str]()
    for array in arrays:
        objects = connected(array, background=0, connectivity=2) if reading.masks == "components" else array
        values, places = np.unique(objects, return_inverse=True)  # numbers may be large, and leave gaps
        found = ndimage.find_objects(places.reshape(objects.shape) + 1)
        for value, part in zip(values.tolist(), found, strict=True):
            if value == 0 or part is None:
                continue
            rows, columns = part
            corners.append([columns.start, rows.start, columns.stop, rows.stop])
            number = int(array[part][objects[part] == value][0])
            labels.append(reading.label or (str(number) if reading.masks == "components" else OBJECT))
    sides = {array.shape for array in arrays}
    height, width = sides.pop() if len(sides) == 1 else (0, 0)
    return ImageRecord(
        name, path, width, height, as_boxes(corners), tuple(labels), None, frozenset(range(len(corners)))
    )
