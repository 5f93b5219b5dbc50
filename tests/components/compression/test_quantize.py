from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from components.compression.export import export_onnx
from components.compression.quantize import int8_dynamic, int8_static
from components.core.errors import CasebookError

RANDOM = np.random.default_rng(0)
FEEDS = [{"numeric": RANDOM.normal(size=(32, 16)).astype(np.float32)} for _ in range(4)]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1), nn.Sigmoid())
    (tmp_path / "net.onnx").write_bytes(export_onnx(net, {"numeric": torch.zeros(2, 16)}, "score"))
    return tmp_path / "net.onnx"


def quantized(kind: str, source: Path, target: Path) -> Path:
    if kind == "dynamic":
        int8_dynamic(source, target)
    else:
        int8_static(source, target, FEEDS)
    return target


def answer(path: Path) -> np.ndarray:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(["score"], FEEDS[0])[0]


@pytest.mark.parametrize("kind", ["dynamic", "static"])
def test_weights_are_int8_and_answers_near(kind: str, source: Path, tmp_path: Path) -> None:
    target = quantized(kind, source, tmp_path / "int8.onnx")
    weights = [t for t in onnx.load(target).graph.initializer if np.prod(t.dims) >= 16 * 64]
    assert {t.data_type for t in weights} == {onnx.TensorProto.UINT8 if kind == "dynamic" else onnx.TensorProto.INT8}
    assert {int(np.prod(t.dims)) for t in weights} == {
        16 * 64 if kind == "static" else 32 * 64,
        64 * 64,
    }  # whole blocks
    difference = np.abs(answer(target) - answer(source)).max()
    assert 0 < difference < 0.02
    assert target.stat().st_size < 0.75 * source.stat().st_size


def test_a_row_is_answered_alike_alone_and_among_rows_of_other_sizes(source: Path, tmp_path: Path) -> None:
    """Ranges of activations are those of a row's own blocks."""
    session = onnxruntime.InferenceSession(
        quantized("dynamic", source, tmp_path / "int8.onnx"), providers=["CPUExecutionProvider"]
    )
    rows = FEEDS[0]["numeric"] * np.logspace(-2, 2, 32, dtype=np.float32)[:, None]
    together = session.run(["score"], {"numeric": rows})[0]
    alone = np.concatenate([session.run(["score"], {"numeric": rows[i : i + 1]})[0] for i in range(32)])
    np.testing.assert_array_equal(together, alone)


@pytest.mark.parametrize("kind", ["dynamic", "static"])
def test_the_same_graph_gives_the_same_bytes(kind: str, source: Path, tmp_path: Path) -> None:
    first, again = (quantized(kind, source, tmp_path / name).read_bytes() for name in ("a.onnx", "b.onnx"))
    assert first == again


@pytest.mark.parametrize("kind", ["dynamic", "static"])
def test_a_graph_without_weights_is_no_variant(kind: str, tmp_path: Path) -> None:
    source = tmp_path / "relu.onnx"
    source.write_bytes(export_onnx(nn.ReLU(), {"numeric": torch.zeros(2, 16)}, "score"))
    with pytest.raises(CasebookError, match="could be quantized to int8; leave the variant out"):
        quantized(kind, source, tmp_path / "int8.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["relu.onnx"]


def test_each_channel_of_a_convolution_may_have_its_own_range(tmp_path: Path) -> None:
    """One kernel a thousand times the other: with one range for both, the small one has no steps left."""
    net = nn.Conv2d(1, 2, 3, bias=False)
    with torch.no_grad():
        net.weight[0] *= 1000
    (tmp_path / "net.onnx").write_bytes(export_onnx(net, {"image": torch.zeros(2, 1, 8, 8)}, "map"))
    feeds = [{"image": RANDOM.normal(size=(2, 1, 8, 8)).astype(np.float32)} for _ in range(4)]
    for each in (False, True):
        int8_static(tmp_path / "net.onnx", tmp_path / f"{each}.onnx", feeds, operators=["Conv"], per_channel=each)
    scales = {
        each: {
            tuple(t.dims) for t in onnx.load(tmp_path / f"{each}.onnx").graph.initializer if "weight_scale" in t.name
        }
        for each in (False, True)
    }
    assert scales == {False: {()}, True: {(2,)}}


def test_what_reads_a_kept_input_stays_as_it_is(tmp_path: Path) -> None:
    net = nn.Sequential(nn.Conv2d(1, 4, 3, bias=False), nn.ReLU(), nn.Conv2d(4, 4, 3, bias=False))
    (tmp_path / "net.onnx").write_bytes(export_onnx(net, {"image": torch.zeros(2, 1, 8, 8)}, "map"))
    feeds = [{"image": RANDOM.normal(size=(2, 1, 8, 8)).astype(np.float32)} for _ in range(4)]
    int8_static(tmp_path / "net.onnx", tmp_path / "int8.onnx", feeds, operators=["Conv"], kept="image")
    types = {tuple(t.dims): t.data_type for t in onnx.load(tmp_path / "int8.onnx").graph.initializer if len(t.dims) > 1}
    assert types == {(4, 1, 3, 3): onnx.TensorProto.FLOAT, (4, 4, 3, 3): onnx.TensorProto.INT8}
