"""What is asked and answered over HTTP, as JSON Schema: rows, keys of a request, answers."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from components.recipes.detection.encoding.spec import IMAGE, PIXELS
from components.recipes.detection.serving.predictor import DETECTIONS, SCORE, WARNINGS, DetectionSettings
from components.recipes.detection.serving.specimen import specimen
from components.serving.problems import Detail

NAME, LONGEST_NAME = "name", 200
NARROWEST, WIDEST = 1e-6, 1e6  # micrometres of a pixel that anybody means
KNOWN = "PNG, JPEG, BMP, TIFF or DICOM"
COUNT, NUMBER, TEXT = ({"type": "integer", "minimum": 0}, {"type": "number"}, {"type": "string"})
CORNERS = {"type": "array", "items": NUMBER, "minItems": 4, "maxItems": 4}


def keys_of(settings: DetectionSettings) -> Mapping[str, Mapping[str, Any]]:
    """Keys of a request beside its rows."""
    least = settings.least
    said = f"the least confidence of a box, {least:g} to below 1, in place of the model's own"
    return {
        "draw": {"type": "boolean", "description": "true for the picture with its boxes, or false"},
        "threshold": {"type": "number", "minimum": least, "exclusiveMaximum": 1, "description": said},
        "channel": {"type": "integer", "minimum": 1, "description": "the channel to look at, counted from 1"},
        "pixel_size": {
            "type": "number",
            "minimum": NARROWEST,
            "maximum": WIDEST,
            "description": "micrometres that a pixel is wide",
        },
    }


def wrong_keys(keys: Mapping[str, Mapping[str, Any]], given: Mapping[str, Any]) -> list[Detail]:
    """Those that there are not, and those whose value is not what their schema says."""
    return [
        Detail((name,), f"send {keys[name]['description']}" if name in keys else "is no key of a request", value)
        for name, value in given.items()
        if name not in keys or not _is(keys[name], value)
    ]


def row_of(settings: DetectionSettings) -> Mapping[str, Any]:
    """A row, with an example."""
    encoded = {**TEXT, "contentEncoding": "base64"}
    said = f"the file of an image in base64, {KNOWN}; its name where `pixels` has the file"
    return {
        "type": "object",
        "properties": {
            IMAGE: {**encoded, "contentMediaType": "image/*", "description": said},
            NAME: {**TEXT, "maxLength": LONGEST_NAME, "description": "how the image is called in the answer"},
            PIXELS: {**encoded, "description": "the file, where `image` is its name: as MLflow's server takes it"},
        },
        "required": [IMAGE],
        "additionalProperties": False,
        "examples": [{IMAGE: base64.b64encode(specimen(settings)).decode(), NAME: "example.png"}],
    }


def answer_of(classes: Sequence[str]) -> Mapping[str, Any]:
    """What is answered to an image; `drawn` where it is asked for."""
    box = {"id": COUNT, "category_id": COUNT, "category": {"enum": list(classes)}, "iscrowd": {"const": 0}}
    box |= {"bbox": {**CORNERS, "description": "x, y, width, height in pixels"}, "area": NUMBER, SCORE: NUMBER}
    sides = {**CORNERS, "description": "x1, y1, x2, y2"}
    corners = {"label": {"enum": list(classes)}, "box": sides, "confidence": NUMBER}
    found = {
        IMAGE: {**TEXT, "description": "its name"},
        "height": COUNT,
        "width": COUNT,
        SCORE: {**NUMBER, "description": "the surest box's, or 0"},
        "count": COUNT,
        DETECTIONS: {
            **_list(_object(corners)),
            "description": "boxes, the surest first, as MLflow's server has them",
        },
        "counts": {**_object(dict.fromkeys(classes, COUNT)), "description": "objects of each class"},
        "mm2": {"type": ["number", "null"], "description": "its area, where the size of a pixel is known"},
        "annotations": {**_list(_object(box)), "description": "the same boxes as COCO has them"},
        "cut": {"type": "boolean", "description": "whether there may be more objects than are answered"},
        WARNINGS: {**_list(TEXT), "description": "what is not as in training images"},
    }
    drawn = {**TEXT, "contentEncoding": "base64", "contentMediaType": "image/png"}
    return {**_object(found), "properties": {**found, "drawn": drawn}}


def _object(needed: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(needed), "properties": dict(needed)}


def _list(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _is(schema: Mapping[str, Any], value: Any) -> bool:
    """Whether a value is a key's."""
    if schema["type"] == "boolean" or isinstance(value, bool):
        return schema["type"] == "boolean" and isinstance(value, bool)
    if not isinstance(value, int if schema["type"] == "integer" else int | float):
        return False
    enough = schema.get("minimum", -np.inf) <= value <= schema.get("maximum", np.inf)
    return bool(enough and value < schema.get("exclusiveMaximum", np.inf))
