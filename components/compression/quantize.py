"""Eight-bit integers for the weights of an ONNX graph, and for its activations where a sample is given."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)
from onnxruntime.quantization.matmul_nbits_quantizer import DefaultWeightOnlyQuantConfig, MatMulNBitsQuantizer
from onnxruntime.quantization.onnx_model import ONNXModel
from onnxruntime.quantization.shape_inference import quant_pre_process

from components.core.errors import CasebookError
from components.core.files import whole_file

Feed = Mapping[str, np.ndarray]

# Of products with a matrix of weights: each block of a row has a scale of its own, and so has each of the activations,
# which are made integers as they come (accuracy level 4). So an answer does not depend on the other rows of a call.
BY_BLOCK = DefaultWeightOnlyQuantConfig(block_size=32, is_symmetric=True, accuracy_level=4, bits=8)
INTEGERS = (onnx.TensorProto.INT8, onnx.TensorProto.UINT8)


def int8_dynamic(source: Path, target: Path) -> None:
    """Weights of products with a matrix, and of tables of vectors, in int8; activations quantized as they come.

    Batched products of an ensemble stay as they are: the kernel for those takes one range for all rows of a call.

    Raises:
        CasebookError: nothing in the graph could be quantized, so the variant would be a copy.
    """
    with _prepared(source) as graph, whole_file(target) as temporary:
        model = ONNXModel(onnx.load(graph))
        model.replace_gemm_with_matmul()
        products = MatMulNBitsQuantizer(model.model, algo_config=BY_BLOCK)
        products.process()
        quantize_dynamic(products.model.model, temporary, weight_type=QuantType.QInt8, op_types_to_quantize=["Gather"])
        _require_int8(temporary, source)


def int8_static(
    source: Path,
    target: Path,
    feeds: Sequence[Feed],
    *,
    operators: Sequence[str] | None = None,
    per_channel: bool = False,
    kept: str | None = None,
) -> None:
    """Weights and activations in int8, their ranges taken from `feeds`; of `operators` alone if any are named:
    where a mask is added as a large negative number, an addition in int8 has no steps left for the rest. With
    `per_channel` each output channel of a convolution has a range of its own. What reads the graph's input `kept`
    stays as it is.

    Raises:
        CasebookError: as `int8_dynamic`.
    """
    with _prepared(source) as graph, whole_file(target) as temporary:
        quantize_static(
            graph,
            temporary,
            _Feeds(feeds),
            quant_format=QuantFormat.QDQ,
            per_channel=per_channel,
            weight_type=QuantType.QInt8,
            activation_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            op_types_to_quantize=None if operators is None else list(operators),
            nodes_to_exclude=[] if kept is None else _readers(graph, kept),
        )
        _require_int8(temporary, source)


def _readers(graph: Path, value: str) -> list[str]:
    return [node.name for node in onnx.load(graph).graph.node if value in node.input]


class _Feeds(CalibrationDataReader):
    def __init__(self, feeds: Sequence[Feed]) -> None:
        self._feeds = iter(feeds)

    def get_next(self) -> Feed | None:
        return next(self._feeds, None)


@contextmanager
def _prepared(source: Path) -> Iterator[Path]:
    """The graph with shapes inferred, in a folder of its own; onnxruntime's hints are kept quiet."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        with TemporaryDirectory() as folder:
            prepared = Path(folder) / source.name
            quant_pre_process(source, prepared, skip_symbolic_shape=True)
            yield prepared
    finally:
        root.setLevel(level)


def _require_int8(path: Path, source: Path) -> None:
    tensors = onnx.load(path).graph.initializer
    if not any(tensor.data_type in INTEGERS and len(tensor.dims) > 1 for tensor in tensors):
        raise CasebookError(f"{source}: no weight of this graph could be quantized to int8; leave the variant out")
