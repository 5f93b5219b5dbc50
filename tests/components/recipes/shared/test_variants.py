from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from components.compression.export import export_onnx
from components.core.bundle import Manifest, read_bundle, write_bundle
from components.recipes.shared.variants import first_feeds, int8_dynamic, int8_static, replaced

ROWS = {"left": np.arange(150, dtype=np.float32)[:, None] * np.ones(64, np.float32), "right": np.ones((150, 2))}


class Left(nn.Module):
    """A product of one of two inputs: the exporter leaves the other out of the graph."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.linear = nn.Linear(64, 64)

    def forward(self, left: Tensor, right: Tensor) -> Tensor:  # noqa: ARG002
        answer: Tensor = self.linear(left)
        return answer


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    graph = export_onnx(Left(), {"left": torch.ones(2, 64), "right": torch.ones(2, 2)}, "answer")
    contents = {"net.onnx": graph, "table.json": {"a": 1}, "notes.txt": "as it was"}
    manifest = Manifest(case="toy", predictor="toy", graphs=("net",), settings={"threshold": 0.5})
    write_bundle(tmp_path / "bundle", manifest, contents)
    return tmp_path / "bundle"


def kinds(path: Path) -> set[int]:
    return {tensor.data_type for tensor in onnx.load(path).graph.initializer}


def test_a_copy_differs_in_the_files_that_are_given(bundle: Path, tmp_path: Path) -> None:
    replaced(bundle, {"table.json": {"a": 2}}, tmp_path / "other")
    first, other = read_bundle(bundle, threads=1), read_bundle(tmp_path / "other", threads=1)
    assert other.manifest == first.manifest
    assert other.json("table") == {"a": 2}
    for name in ("net.onnx", "notes.txt"):
        assert other.path(name).read_bytes() == first.path(name).read_bytes()


@pytest.mark.parametrize("contents", [None, {"table.json": {"a": 2}}])
def test_in_eight_bits_the_graph_is_another_and_what_is_given_beside_it(
    bundle: Path, tmp_path: Path, contents: Mapping[str, dict[str, int]] | None
) -> None:
    int8_dynamic(bundle, "net", tmp_path / "dynamic", contents)
    int8_static(bundle, "net", tmp_path / "static", first_feeds(bundle / "net.onnx", ROWS, 8), contents)
    assert not {onnx.TensorProto.INT8, onnx.TensorProto.UINT8} & kinds(bundle / "net.onnx")
    left = ROWS["left"][:8]
    (expected,) = read_bundle(bundle, threads=1).session("net").run(["answer"], {"left": left})
    for name in ("dynamic", "static"):
        made = read_bundle(tmp_path / name, threads=1)
        assert {onnx.TensorProto.INT8, onnx.TensorProto.UINT8} & kinds(made.path("net.onnx"))
        assert made.json("table") == ({"a": 2} if contents else {"a": 1})
        assert made.path("notes.txt").read_text() == "as it was"
        (answer,) = made.session("net").run(["answer"], {"left": left})
        assert np.abs(answer - expected).max() < 0.03 * np.abs(expected).max()
        assert (answer != expected).any()


def test_settings_of_static_quantization_are_handed_on(bundle: Path, tmp_path: Path) -> None:
    feeds = first_feeds(bundle / "net.onnx", ROWS, 8)
    int8_static(bundle, "net", tmp_path / "all", feeds)
    int8_static(bundle, "net", tmp_path / "products", feeds, operators=["Gemm", "MatMul"])
    count = {name: len(onnx.load(tmp_path / name / "net.onnx").graph.node) for name in ("all", "products")}
    assert count["products"] <= count["all"]


@pytest.mark.parametrize(("count", "sizes"), [(1, [1]), (64, [64]), (130, [64, 64, 2]), (1000, [64, 64, 22])])
def test_feeds_are_the_first_rows_in_batches_of_what_the_graph_reads(
    bundle: Path, count: int, sizes: list[int]
) -> None:
    feeds = first_feeds(bundle / "net.onnx", ROWS, count)
    assert [set(feed) for feed in feeds] == [{"left"}] * len(sizes)
    assert [len(feed["left"]) for feed in feeds] == sizes
    assert np.concatenate([feed["left"][:, 0] for feed in feeds]).tolist() == list(range(sum(sizes)))
