"""What is found in images as other programs take it: counts for a table, regions for ImageJ and QuPath."""

import csv
import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from components.core.files import whole_file, write_text

COLOURS = ((255, 80, 80), (90, 170, 255), (250, 210, 60), (120, 230, 120), (220, 120, 255), (255, 160, 60))
COUNTS = ("image", "class", "count", "mm2", "per_mm2")
FEATURES = uuid.UUID("6f6f6e70-0000-4000-8000-636173656264")  # under which a box of an image has always the same id


@dataclass(frozen=True)
class Counted:
    """Objects of each class in an image, and its area in square millimetres where its pixels' size is known."""

    image: str
    counts: tuple[int, ...]
    area: float | None


def count(image: str, found: np.ndarray, classes: int, shape: Sequence[int], microns: float | None) -> Counted:
    """Of the answers (K, 6) to an image of `shape` (H, W, …) whose pixels are so many micrometres wide."""
    area = None if microns is None else shape[0] * shape[1] * (microns / 1000) ** 2
    return Counted(image, tuple(np.bincount(found[:, 4].astype(int), minlength=classes).tolist()), area)


def write_counts(target: Path, counted: Iterable[Counted], classes: Sequence[str]) -> None:
    """CSV with a line for each image and class; area and density are empty where the size of a pixel is not known."""
    with whole_file(target) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COUNTS)
        for one in counted:
            for name, number in zip(classes, one.counts, strict=True):
                area = "" if one.area is None else f"{one.area:.6g}"
                density = "" if one.area is None else f"{number / one.area:.6g}"
                writer.writerow((one.image, name, number, area, density))


def write_rois(folder: Path, image: str, found: np.ndarray, classes: Sequence[str]) -> None:
    """The boxes of an image as `IMAGE.zip`, a set of ImageJ's regions, and as `IMAGE.geojson`, which QuPath imports."""
    import roifile

    rois = []
    for number, (x1, y1, x2, y2, label, confidence) in enumerate(found.astype(float).tolist(), start=1):
        rois.append(
            roifile.ImagejRoi(
                roitype=roifile.ROI_TYPE.RECT,
                left=round(x1),
                top=round(y1),
                right=max(round(x2), round(x1) + 1),
                bottom=max(round(y2), round(y1) + 1),
                name=f"{number:04d} {classes[int(label)]} {confidence:.2f}",
            )
        )
    with whole_file(folder / f"{image}.zip") as temporary:
        temporary.unlink()  # to an archive that is there roifile adds
        roifile.roiwrite(temporary, rois)
    write_text(folder / f"{image}.geojson", json.dumps(_features(image, found, classes), ensure_ascii=False) + "\n")


def _features(image: str, found: np.ndarray, classes: Sequence[str]) -> dict[str, object]:
    features = []
    for number, (x1, y1, x2, y2, label, confidence) in enumerate(found.astype(float).round(2).tolist(), start=1):
        corners = [[x1, y1], [x2, y1], [x2, y2], [x1, y2], [x1, y1]]
        colour = COLOURS[int(label) % len(COLOURS)]
        features.append(
            {
                "type": "Feature",
                "id": str(uuid.uuid5(FEATURES, f"{image} {number}")),
                "geometry": {"type": "Polygon", "coordinates": [corners]},
                "properties": {
                    "objectType": "detection",
                    "classification": {"name": classes[int(label)], "color": list(colour)},
                    "measurements": {"confidence": confidence},
                },
            }
        )
    return {"type": "FeatureCollection", "features": features}
