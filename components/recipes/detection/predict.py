"""A folder of images to one file of boxes in COCO's form, to pictures with the boxes drawn, counts and regions."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from components.core.errors import CasebookError
from components.core.files import whole_file, write_json
from components.recipes.detection.encoding.files import found_in
from components.recipes.detection.params.params import PredictOptions
from components.recipes.detection.serving.drawing import drawn
from components.recipes.detection.serving.findings import Counted, count, write_counts, write_rois
from components.recipes.detection.serving.predictor import CUT, DetectionPredictor, coco_boxes, open_predictor

log = logging.getLogger(__name__)

SHOWN = 50  # images that cannot be read, in a message; the file of boxes names all
OTHER_FORM = "images of this form are not read; convert it to PNG or TIFF"


@dataclass
class Answers:
    """`document` is COCO's; `strange` and `cut` are the names of images that are told of."""

    document: dict[str, Any]
    skipped: list[tuple[str, str]] = field(default_factory=list)
    counted: list[Counted] = field(default_factory=list)
    strange: list[tuple[str, str]] = field(default_factory=list)
    cut: list[tuple[str, int]] = field(default_factory=list)
    several: int = 0  # images with more than one channel


def predict_file(bundle: Path, source: Path, target: Path, options: Mapping[str, Any]) -> int:
    """Write the boxes of an image, or of all images in a folder, to `target`, and return how many images there were.

    `target` is COCO JSON: `images`, `categories`, and `annotations` with a `score` each; an image that may have more
    objects than are answered has `cut`, one that is not as training images are has `warnings`, and `skipped` are the
    files that could not be read. `options` are those of `PredictOptions`.

    Raises:
        CasebookError: no image is there, `target` is no `.json` file; or, after the others are written, some images
            cannot be read or are of a form that is not, unless the option `skip_unreadable` says to go on.
    """
    if target.suffix != ".json":
        raise CasebookError(f"{target}: boxes are written as COCO JSON; end its name with .json")
    asked = PredictOptions(**{name: options[name] for name in PredictOptions.model_fields if name in options})
    check_targets(source, asked)
    predictor = open_predictor(bundle)
    if asked.threshold is not None and asked.threshold < predictor.settings.least:
        least = predictor.settings.least
        raise CasebookError(f"--threshold {asked.threshold:g}: the model does not weigh answers below {least:g}")
    there = found_in(source, dicom=predictor.spec.looks is not None and predictor.spec.looks.dicom)
    if there.others:
        log.warning("%s: %d file(s) are no images, such as %s", source, len(there.others), there.others[0])
    answers = Answers({"images": [], "annotations": [], "categories": _categories(predictor)})
    answers.skipped += [(name, f"{name}: {OTHER_FORM}") for name in there.unread]
    for path, name in tqdm(there.images, desc="images", unit="image", leave=False, disable=None):
        try:
            _answer(predictor, path, name, asked, answers)
        except CasebookError as error:
            answers.skipped.append((name, str(error)))
    if asked.channel is not None and answers.counted and not answers.several:
        log.warning("--channel %d does nothing: no image has several channels", asked.channel)
    _tell(answers)
    return _write(source, target, answers, predictor, asked, len(there.images) + len(there.unread))


def check_targets(source: Path, asked: PredictOptions) -> None:
    """Refuse what would be written over the images that are asked, or where something else lies.

    Raises:
        CasebookError: an option names such a place.
    """
    if asked.counts is not None and asked.counts.is_dir():
        raise CasebookError(f"--counts {asked.counts}: a folder; name a file, such as {asked.counts / 'counts.csv'}")
    for option, folder in (("draw", asked.draw), ("rois", asked.rois)):
        if folder is not None and folder.exists() and not folder.is_dir():
            raise CasebookError(f"--{option} {folder}: a file; name a folder")
    drawn = None if asked.draw is None else asked.draw if source.is_dir() else asked.draw / source.name
    for option, given, written in (("counts", asked.counts, asked.counts), ("draw", asked.draw, drawn)):
        if written is not None and written.resolve() == source.resolve():
            raise CasebookError(f"--{option} {given}: it would be written over {source}, which is asked; name another")


def _answer(predictor: DetectionPredictor, path: Path, name: str, asked: PredictOptions, answers: Answers) -> None:
    raw = predictor.spec.read(path, name)
    image = predictor.spec.picture(raw, name, asked.channel)
    found, cut = predictor.sure(image, asked.threshold)
    strange = predictor.strange(raw, asked.channel)
    answers.several += raw.channels > 1
    _add(answers.document, name, image.shape, found, cut=cut, strange=strange)
    microns = asked.pixel_size or raw.microns or predictor.spec.pixel_size
    answers.counted.append(count(name, found, len(predictor.spec.classes), image.shape, microns))
    if cut:
        answers.cut.append((name, len(found)))
    if strange:
        answers.strange.append((name, "; ".join(strange)))
    if asked.draw is not None:
        draw(image, found, asked.draw / (name if name.endswith(".png") else f"{name}.png"))
    if asked.rois is not None:
        write_rois(asked.rois, name, found, predictor.spec.classes)


def _tell(answers: Answers) -> None:
    """One line for each kind of remark."""
    for named, text in ((answers.cut, CUT.format), (answers.strange, None)):
        if named:
            name, of = named[0]
            more = f" (and {len(named) - 1} more images of the kind)" if len(named) > 1 else ""
            log.warning("%s: %s%s", name, text(count=of) if text else of, more)


def _write(
    source: Path, target: Path, answers: Answers, predictor: DetectionPredictor, asked: PredictOptions, whole: int
) -> int:
    done, skipped = len(answers.document["images"]), answers.skipped
    if skipped:
        answers.document["skipped"] = [{"file_name": name, "reason": reason} for name, reason in skipped]
    if done:
        write_json(target, answers.document)
        if asked.counts is not None:
            write_counts(asked.counts, answers.counted, predictor.spec.classes)
    if not skipped:
        return done
    shown = "\n".join(f"  {reason}" for _, reason in skipped[:SHOWN])
    if len(skipped) > SHOWN:
        shown += f"\n  and {len(skipped) - SHOWN} more"
    left = f"; the other {done} are in {target}" if done else ""
    problem = f"{source}: {len(skipped)} of {whole} images cannot be read{left}"
    if not (done and asked.skip_unreadable):
        how = " (--skip-unreadable is content with that)" if done else ""
        raise CasebookError(f"{problem}{how}:\n{shown}")
    log.warning("%s:\n%s", problem, shown)
    return done


def _categories(predictor: DetectionPredictor) -> list[dict[str, Any]]:
    return [{"id": number, "name": name} for number, name in enumerate(predictor.spec.classes, start=1)]


def _add(
    document: dict[str, Any], name: str, shape: tuple[int, ...], found: np.ndarray, *, cut: bool, strange: list[str]
) -> None:
    number = len(document["images"]) + 1
    told: dict[str, Any] = ({"cut": True} if cut else {}) | ({"warnings": strange} if strange else {})
    document["images"].append({"id": number, "file_name": name, "height": shape[0], "width": shape[1], **told})
    document["annotations"] += list(_annotations(number, len(document["annotations"]), found))


def _annotations(image: int, before: int, found: np.ndarray) -> Iterator[dict[str, Any]]:
    for place, (label, box) in enumerate(coco_boxes(found), start=1):
        yield {"id": before + place, "image_id": image, "category_id": label + 1, "iscrowd": 0, **box}


def draw(image: np.ndarray, found: np.ndarray, target: Path) -> None:
    """A PNG of the image as the network is given it, with a box in its class's colour around each object."""
    with whole_file(target) as temporary:
        drawn(image, found).save(temporary, format="PNG")
