"""Folders in the form of Pascal VOC: an XML file for each image."""

import math
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from components.core.errors import CasebookError
from components.recipes.detection.preparation.files import Names, Places, image_files
from components.recipes.detection.preparation.outlines import NO_BOX, around, pairs, turned
from components.recipes.detection.preparation.reading import Reading
from components.recipes.detection.preparation.records import (
    BAD_FLAG,
    BAD_XML,
    CONFLICT,
    DIFFICULT,
    IGNORED,
    NO_ANNOTATION,
    NO_FILE,
    ImageRecord,
    Rejected,
    as_boxes,
    flag,
)

CORNERS = ("xmin", "ymin", "xmax", "ymax")
TURNED = ("cx", "cy", "w", "h", "angle")  # of a box of roLabelImg; the angle in radians


def read_voc(images: Path, annotations: Path, reading: Reading | None = None) -> Iterator[ImageRecord | Rejected]:
    """Each image with its boxes, by name, and each file that has no counterpart or cannot be read.

    An annotation belongs to the image that its `filename` names, or else to the one with its own
    stem; where both are there and differ `reading.named_by` says which, or it is set aside. Corners are taken as
    written: the tools in use today count pixels from 0 and mean the edges of a box, where VOC's own files count from 1
    and include the last pixel (`prepare.boxes.first`).

    Raises:
        CasebookError: a folder is missing, or has no image or no XML file.
    """
    reading = reading or Reading()
    files = image_files(images)
    xmls = sorted(path for path in annotations.rglob("*.xml") if path.is_file()) if annotations.is_dir() else []
    if not xmls:
        raise CasebookError(f"{annotations}: no .xml file; prepare.annotations names the folder of the VOC annotations")
    lie = Places(images, annotations)
    places = {name: lie.of(path) for name, path in files.items()}
    names = Names(files, places=places, folders=[lie.of(path) for path in xmls], told=reading.told)
    seen: set[str] = set()
    for path in xmls:
        found, *others = _Reader(files, names, lie, reading).read(path)
        if isinstance(found, ImageRecord) and found.name in seen:
            found, others = Rejected(found.name, None, f"{BAD_XML}: {path.name} is a second one for this image"), []
        seen.add(found.name if isinstance(found, ImageRecord) else found.image)
        yield found
        yield from others
    for name in sorted(files.keys() - seen):
        yield Rejected(name, None, NO_ANNOTATION)


class _Reader:
    """Reads the files of one folder."""

    def __init__(self, files: dict[str, Path], names: Names, places: Places, reading: Reading) -> None:
        self.files, self.names, self.places, self.reading = files, names, places, reading

    def read(self, path: Path) -> list[ImageRecord | Rejected]:
        near = self.places.of(path)
        try:
            root = ElementTree.fromstring(path.read_bytes())  # noqa: S314 - expat refuses what grows without end
        except (ElementTree.ParseError, ValueError, LookupError) as error:
            title = self.names.find(path.stem, near) or path.stem
            return [Rejected(title, None, f"{BAD_XML}: {path.name}: {error}")]
        name = self._image(path, (root.findtext("filename") or "").strip())
        if isinstance(name, Rejected):
            return [name]
        objects, others = self._objects(name, root)
        drawn = frozenset(place for place, one in enumerate(objects) if one.find("bndbox") is None)
        boxes = as_boxes([_box(one) for one in objects])
        if drawn:
            self.reading.told.add("box(es) are those around a polygon or a turned box", name, len(drawn))
        labels = tuple((one.findtext("name") or "").strip() for one in objects)
        size = root.find("size")
        width, height = (_length(_number(size, key)) for key in ("width", "height"))
        return [ImageRecord(name, self.files[name], width, height, boxes, labels, None, drawn), *others]

    def _image(self, path: Path, written: str) -> str | Rejected:
        near = self.places.of(path)
        own = self.names.find(path.stem, near, tell=False)
        named = self.names.find(written, near, tell=False)
        if own is not None and named is not None and own != named and self.reading.named_by is None:
            return Rejected(own, None, f"{CONFLICT}: {path.name} says {written}")
        by_stem = named is None or (own is not None and self.reading.named_by == "stem")
        name = self.names.find(path.stem if by_stem else written, near)
        return name or Rejected(written or path.stem, None, f"{NO_FILE}: {path.name}")

    def _objects(self, name: str, root: ElementTree.Element) -> tuple[list[ElementTree.Element], list[Rejected]]:
        """The objects that have a box to learn, and what is said of the others."""
        kept, others = list[ElementTree.Element](), list[Rejected]()
        for place, one in enumerate(root.findall("object")):
            difficult, ignored = flag(one.findtext("difficult")), flag(one.findtext("ignore"))
            if difficult is None or ignored is None:
                others.append(Rejected(name, place, BAD_FLAG))
            elif ignored:
                others.append(Rejected(name, place, IGNORED))
            elif difficult and self.reading.difficult == "leave_out":
                others.append(Rejected(name, place, DIFFICULT))
            else:
                kept.append(one)
                if difficult:
                    kind = "box(es) marked difficult are learned like the others; prepare.difficult: leave_out"
                    self.reading.told.add(kind, name)
        return kept, others


def _box(one: ElementTree.Element) -> list[float]:
    box = one.find("bndbox")
    if box is not None:
        return [_number(box, corner) for corner in CORNERS]
    if (skew := one.find("robndbox")) is not None:
        x, y, wide, high, angle = (_number(skew, key) for key in TURNED)
        upright = [x - wide / 2, y - high / 2, x + wide / 2, y + high / 2]
        return turned(upright, math.degrees(angle)) if math.isfinite(angle) else NO_BOX
    if (polygon := one.find("polygon")) is not None:
        return around(pairs([_number(polygon, child.tag) for child in polygon]))
    return NO_BOX


def _number(parent: ElementTree.Element | None, key: str) -> float:
    """The number in a child, NaN where there is none."""
    try:
        return float((parent.findtext(key) if parent is not None else None) or "nan")
    except ValueError:
        return math.nan


def _length(number: float) -> int:
    return int(number) if math.isfinite(number) else 0
