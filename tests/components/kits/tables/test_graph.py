from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from components.core.bundle import Bundle, Manifest, read_bundle, write_bundle
from components.kits.tables.encoding.encode import Encoded
from components.kits.tables.graph import TableGraph

WEIGHTS = np.array([[1.0, -2.0], [0.5, 4.0], [3.0, 0.25]], dtype=np.float32)
ROWS = (np.random.default_rng(0).normal(size=(200, 3)) * np.logspace(-2, 1, 200)[:, None]).astype(np.float32)


def bundle_of(folder: Path, *, quantized: bool) -> Bundle:
    """A graph `net` of one product, `numeric` (N, 3) with `WEIGHTS`; there is no input of classes. Quantized, it is as
    bundles had it whose products took one range for all rows.
    """
    folder.mkdir()
    numeric = helper.make_tensor_value_info("numeric", TensorProto.FLOAT, ["rows", 3])
    score = helper.make_tensor_value_info("score", TensorProto.FLOAT, ["rows", 2])
    product = helper.make_node("MatMul", ["numeric", "weights"], ["score"])
    graph = helper.make_graph([product], "net", [numeric], [score], [numpy_helper.from_array(WEIGHTS, "weights")])
    path = folder / "net.onnx"
    path.write_bytes(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10).SerializeToString()
    )
    if quantized:
        quantize_dynamic(path, path, weight_type=QuantType.QInt8)
    manifest = Manifest(case="toy", predictor="table.predictor", graphs=("net",), settings={})
    write_bundle(folder / "bundle", manifest, {"net.onnx": path})
    return read_bundle(folder / "bundle", threads=1)


def encoded(rows: np.ndarray) -> Encoded:
    return Encoded(rows, rows.astype(np.float32), np.zeros((len(rows), 1), dtype=np.int64), {})


@pytest.mark.parametrize("quantized", [False, True])
@pytest.mark.parametrize("count", [0, 1, 3, 8, 200])
def test_rows_are_answered_in_their_order(tmp_path: Path, quantized: bool, count: int) -> None:
    answer = TableGraph(bundle_of(tmp_path / "net", quantized=quantized), "net", "score")(encoded(ROWS[:count]))
    assert (answer.shape, answer.dtype) == ((count, 2), np.float64)
    # A row's own range is at most 255 steps, and no number is rounded by more than half of one.
    most = 0.02 * np.abs(ROWS[:count]).max(axis=1, initial=0) * np.abs(WEIGHTS).sum() + 1e-5
    assert (np.abs(answer - ROWS[:count].astype(float) @ WEIGHTS.astype(float)) <= most[:, None]).all()


@pytest.mark.parametrize("quantized", [False, True])
def test_a_row_is_answered_alike_alone_and_among_200(tmp_path: Path, quantized: bool) -> None:
    bundle = bundle_of(tmp_path / "net", quantized=quantized)
    assert bundle.mixes_rows("net") == quantized
    graph = TableGraph(bundle, "net", "score")
    whole = graph(encoded(ROWS))
    alone = np.concatenate([graph(encoded(ROWS[row : row + 1])) for row in range(len(ROWS))])
    np.testing.assert_allclose(alone, whole, rtol=0, atol=1e-9)
    in_one_call = bundle.session("net").run(["score"], {"numeric": ROWS})[0]
    assert (np.abs(in_one_call - whole).max() > 1e-3) == quantized  # what it would be otherwise
