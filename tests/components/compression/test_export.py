import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from components.compression.export import export_onnx
from components.kits.tables.tabm import MeanProbability, TabMNetwork, periodic, piecewise_linear

EMBEDDINGS = {
    "none": lambda _: None,
    "periodic": lambda rows: periodic(rows, size=4, frequencies=6, scale=0.1),
    "piecewise_linear": lambda rows: piecewise_linear(rows, bins=5, size=4),
}


def rows(count: int, seed: int = 0) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {
        "numeric": torch.randn(count, 3, generator=generator),
        "categorical": torch.randint(0, 2, (count, 2), generator=generator),
    }


def network(embedding: str) -> MeanProbability:
    torch.manual_seed(1)
    return MeanProbability(
        TabMNetwork(
            embedding=EMBEDDINGS[embedding](rows(50)["numeric"]),
            features=3,
            cardinalities=(2, 4),
            k=3,
            blocks=2,
            width=8,
            dropout=0.5,
            outputs=1,
        )
    )


@pytest.mark.parametrize("embedding", EMBEDDINGS)
def test_a_graph_answers_what_torch_answers_for_any_number_of_rows(embedding: str) -> None:
    served = network(embedding)
    graph = export_onnx(served, rows(2), "score")
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    for count in (1, 2, 7, 300):
        batch = rows(count, seed=count)
        with torch.no_grad():
            expected = served.eval()(**batch).numpy()
        (answer,) = session.run(["score"], {name: values.numpy() for name, values in batch.items()})
        assert answer.shape == (count,)
        assert np.abs(answer - expected).max() < 1e-6


@pytest.mark.parametrize("embedding", EMBEDDINGS)
def test_the_same_weights_give_the_same_bytes(embedding: str) -> None:
    assert export_onnx(network(embedding), rows(2), "score") == export_onnx(network(embedding), rows(2), "score")


def test_weights_are_initializers_that_quantization_can_find() -> None:
    graph = onnx.load_from_string(export_onnx(network("none"), rows(2), "score")).graph
    constants = {tensor.name for tensor in graph.initializer}
    products = [node for node in graph.node if node.op_type in {"MatMul", "Gemm"}]
    assert products
    assert any(set(node.input) & constants for node in products)
    assert [put.name for put in graph.input] == ["numeric", "categorical"]


def test_planes_are_of_any_height_and_width() -> None:
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3, stride=2, padding=1), torch.nn.Upsample(scale_factor=2.0))
    graph = export_onnx(net, {"image": torch.zeros(2, 1, 8, 12)}, "map", planes=("image", "map"))
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    for shape in ((1, 1, 16, 4), (3, 1, 6, 20)):
        image = torch.randn(*shape)
        with torch.no_grad():
            expected = net(image).numpy()
        assert session.run(["map"], {"image": image.numpy()})[0] == pytest.approx(expected, abs=1e-6)
