"""Images over HTTP: boxes as COCO has them, how many objects of each class, and if asked the picture with its boxes."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from components.core.errors import CasebookError
from components.recipes.detection.encoding.raw import Raw
from components.recipes.detection.encoding.size import check_size
from components.recipes.detection.encoding.spec import IMAGE, PIXELS
from components.recipes.detection.serving.drawing import drawn, png
from components.recipes.detection.serving.findings import count
from components.recipes.detection.serving.forms import (
    LONGEST_NAME,
    NAME,
    NARROWEST,
    WIDEST,
    answer_of,
    keys_of,
    row_of,
    wrong_keys,
)
from components.recipes.detection.serving.predictor import (
    DETECTIONS,
    SCORE,
    WARNINGS,
    DetectionPredictor,
    coco_boxes,
    open_predictor,
)
from components.serving.keys import known_keys
from components.serving.problems import Detail, Problem
from components.serving.service import MEBIBYTE, Answered, Options

MAX_BODY = 32 * MEBIBYTE
MOST_NUMBERS = 100_000_000  # of an image as it is written: close to a gigabyte of memory
MOST_SEEN = 1 << 23  # pixels as the network sees them: half a minute
AS_A_KEY = ("with --channel (prepare.channel)", "with the key channel")  # how what a message names is named here
MARK = "base64,"  # after which the content of an address of the kind `data:` begins


def open_service(bundle: Path, _histories: Path | None, _checks: Any) -> "ImageService":
    """The bundle, answering."""
    return ImageService(open_predictor(bundle))


class ImageService:
    """A detector that answers images as JSON and forms have them.

    A row is `{"image": base64, "name": …}`, or as MLflow takes it `{"image": name, "pixels": base64}`; a file of a form
    has bytes in place of base64.
    """

    at_once: ClassVar[int] = 1  # each is a call of its own: who came first need not wait for the others
    takes_files: ClassVar[bool] = True

    def __init__(self, predictor: DetectionPredictor) -> None:
        self.predictor, settings = predictor, predictor.settings
        self._row = row_of(settings)
        self._most = int(MOST_SEEN / (settings.scale * max(settings.zooms)) ** 2)

    def options(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Those of `casebook predict`, and `draw`."""
        keys = self.more()
        said = known_keys(given, keys)
        if wrong := wrong_keys(keys, said):
            raise Problem(422, "keys of the request have values that they cannot have", wrong)
        return said

    def more(self) -> Mapping[str, Mapping[str, Any]]:
        """Keys of a request, as JSON Schema."""
        return keys_of(self.predictor.settings)

    def check(self, row: Any) -> Sequence[Detail]:
        """What is wrong with a row's form."""
        if not isinstance(row, Mapping):
            return [Detail((), 'is no object; send {"image": BASE64}', row)]
        wrong = [
            Detail((name,), "is no column of the model", cell)
            for name, cell in row.items()
            if name not in (IMAGE, PIXELS, NAME)
        ]
        column = _column(row)
        if not isinstance(row.get(column), str | bytes):
            wrong.append(Detail((column,), "send the file of the image in base64", row.get(column)))
        names = {name: row.get(name, "") for name in (NAME, IMAGE) if name != column}
        return wrong + [
            Detail((name,), f"is no text of at most {LONGEST_NAME} characters", said)
            for name, said in names.items()
            if not (isinstance(said, str) and len(said) <= LONGEST_NAME)
        ]

    def answer(self, rows: Sequence[Mapping[str, Any]], options: Options) -> Sequence[Answered]:
        """One after the other; what is wrong with one does not concern the others."""
        return [self._answer(row, options) for row in rows]

    def about(self) -> Mapping[str, Any]:
        """Classes, and the confidence from which boxes of each are answered."""
        settings = self.predictor.settings
        return {"classes": list(settings.spec.classes), "threshold": list(settings.thresholds)}

    def gathered(self, rows: Sequence[Any]) -> list[Any]:
        """Rows as they are."""
        return list(rows)

    def flat(self, answers: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """The columns of `DetectionPredictor.predict`, boxes as JSON."""
        kept = (IMAGE, SCORE, "count", DETECTIONS, WARNINGS)
        return [{name: json.dumps(row[name]) if name == DETECTIONS else row[name] for name in kept} for row in answers]

    def schema(self) -> Mapping[str, Any]:
        """A row as JSON Schema."""
        return self._row

    def answer_schema(self) -> Mapping[str, Any]:
        """An answer as JSON Schema."""
        return answer_of(self.predictor.spec.classes)

    def _answer(self, row: Mapping[str, Any], options: Options) -> Answered:
        column, name = _column(row), _name(row)
        spec, channel = self.predictor.spec, options.more.get("channel")
        try:
            content = _content(row[column], name)
            self._check_size(content, name)
            raw = spec.read(content, name)
            image = spec.picture(raw, name, channel)
        except CasebookError as error:
            told = str(error).replace(*AS_A_KEY)
            return Answered(None, [Detail((column,), told, name)])
        warnings = self.predictor.strange(raw, channel)
        if options.strict and warnings:
            return Answered(None, [Detail((column,), f"{name}: {said}", name) for said in warnings])
        every, threshold = self.predictor.find(image), options.more.get("threshold")
        usual, found = self._sure(every, None), self._sure(every, threshold)
        cut = len(found) == len(every) == self.predictor.most(image)
        values = self._values(name, image, found, raw, options.more)
        return Answered(
            {**values, "cut": cut, WARNINGS: warnings},
            told=_scores(image, usual),
            # What was seen of one channel alone, monitoring cannot see again.
            kept=[{IMAGE: name, PIXELS: content}] if channel is None else (),
        )

    def _check_size(self, content: bytes, name: str) -> None:
        height, width = check_size(content, name, MOST_NUMBERS)
        if height * width > self._most:
            raise CasebookError(
                f"{name}: {width} x {height} pixels; over HTTP at most {self._most:,} are looked at: cut it into "
                "parts, or ask `casebook predict`"
            )

    def _sure(self, found: np.ndarray, threshold: float | None) -> np.ndarray:
        """Those of all answers (K, 6) that are sure enough, as `DetectionPredictor.sure` has them."""
        classes = len(self.predictor.spec.classes)
        least = np.array(self.predictor.settings.thresholds if threshold is None else [threshold] * classes)
        enough: np.ndarray = found[found[:, 5] >= least[found[:, 4].astype(int)]]
        return enough

    def _values(
        self, name: str, image: np.ndarray, found: np.ndarray, raw: Raw, more: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What is found in an image, as `predict_file` and `predict` name it."""
        classes = self.predictor.spec.classes
        said = raw.microns if raw.microns and NARROWEST <= raw.microns <= WIDEST else None
        microns = more.get("pixel_size") or said or self.predictor.spec.pixel_size
        counted = count(name, found, len(classes), image.shape, microns)
        values: dict[str, Any] = {
            IMAGE: name,
            "height": image.shape[0],
            "width": image.shape[1],
            SCORE: float(found[:1, 5].sum()),
            "count": len(found),
            DETECTIONS: self.predictor.named(found),
            "counts": dict(zip(classes, counted.counts, strict=True)),
            "mm2": counted.area,
            "annotations": [
                {"id": number, "category_id": label + 1, "category": classes[label], "iscrowd": 0, **box}
                for number, (label, box) in enumerate(coco_boxes(found), start=1)
            ],
        }
        if more.get("draw"):
            values["drawn"] = base64.b64encode(png(drawn(image, found))).decode()
        return values


def _scores(image: np.ndarray, found: np.ndarray) -> dict[str, float]:
    """Those that monitoring compares, of the answers (K, 6) that the bundle is sure of."""
    return {
        "objects a megapixel": 1e6 * len(found) / (image.shape[0] * image.shape[1]),
        "mean confidence": float(found[:, 5].mean()) if len(found) else np.nan,
    }


def _column(row: Mapping[str, Any]) -> str:
    return PIXELS if PIXELS in row else IMAGE


def _name(row: Mapping[str, Any]) -> str:
    said = row.get(NAME) or (row.get(IMAGE) if PIXELS in row else None)
    return str(said or IMAGE)


def _content(given: str | bytes, name: str) -> bytes:
    """The file.

    Raises:
        CasebookError: it is no base64; the message starts with `name`.
    """
    if isinstance(given, bytes):
        return given
    if given.startswith("data:"):
        given = given.partition(MARK)[2]
    try:
        return base64.b64decode("".join(given.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise CasebookError(f"{name}: no base64: {error}") from None
