"""A detector that finds bright squares of 16 pixels by arithmetic alone, so that every box of it is known."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from components.core.bundle import Manifest, write_bundle
from components.recipes.detection.encoding.looks import Looks
from components.recipes.detection.encoding.spec import Spec
from components.recipes.detection.serving.predictor import (
    DetectionPredictor,
    DetectionSettings,
    TileSettings,
    open_predictor,
)

SIDE, STRIDE, REACH = 16, 8, 8.0
LINEAR = {
    "regions": {"objects": "bright", "smooth": 0.0, "spacing": 0.5},
    "object_pixels": 16.0,
    "mean": [0.0] * 8,
    "scale": [1.0] * 8,
    "weights": [[0.0] * 8, [0.0] * 8],
    "bias": [1.0, 0.0],
}


def graph() -> bytes:
    """`image` (B, 1, H, W) to `map` (B, 5, H / 8, W / 8).

    The logit at a point is 80 times the mean brightness of the 16 x 16 pixels around it, less 60; its box is that
    square. So a bright square of 16 pixels whose middle is a point has the confidence 1 there, and half of it none.
    """
    kernel = np.zeros((5, 1, SIDE, SIDE), np.float32)
    kernel[0] = 80 / SIDE**2
    bias = np.array([-60, 0, 0, 0, 0], np.float32)
    node = helper.make_node(
        "Conv",
        ["image", "kernel", "bias"],
        ["map"],
        strides=[STRIDE, STRIDE],
        pads=[4, 4, 4, 4],
        kernel_shape=[SIDE] * 2,
    )
    whole = helper.make_graph(
        [node],
        "squares",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 1, "height", "width"])],
        [helper.make_tensor_value_info("map", TensorProto.FLOAT, ["batch", 5, "rows", "columns"])],
        [numpy_helper.from_array(kernel, "kernel"), numpy_helper.from_array(bias, "bias")],
    )
    model = helper.make_model(whole, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    content: bytes = model.SerializeToString()
    onnx.checker.check_model(model)
    return content


def make(
    folder: Path,
    *,
    tile: int = 1024,
    margin: int = 32,
    mirrors: int = 1,
    scale: float = 1.0,
    zooms: tuple[float, ...] = (1.0,),
    votes: float | None = None,
    looks: Looks | None = None,
) -> DetectionPredictor:
    settings = DetectionSettings.model_validate(
        {
            "spec": Spec(classes=("square",), channels=1, percentiles=None, looks=looks),
            "scale": scale,
            "stride": STRIDE,
            "reach": REACH,
            "least": 0.05,
            "overlap": 0.3,
            "most": 20,
            "thresholds": [0.5],
            "mirrors": mirrors,
            "zooms": zooms,
            "votes": votes,
            "tile": TileSettings(size=tile, margin=margin),
        }
    )
    manifest = Manifest(
        case="squares", predictor="detection.predictor", graphs=("learner",), settings=settings.model_dump(mode="json")
    )
    write_bundle(folder, manifest, {"learner.onnx": graph(), "segmentation.json": LINEAR})
    return open_predictor(folder)


def picture(width: int, height: int, *corners: tuple[int, int]) -> np.ndarray:
    """(H, W, 1) with a bright square at each corner, x and y; middles are points where these are 4 more than eights."""
    image = np.zeros((height, width, 1), np.float32)
    for x, y in corners:
        image[y : y + SIDE, x : x + SIDE] = 1
    return image
