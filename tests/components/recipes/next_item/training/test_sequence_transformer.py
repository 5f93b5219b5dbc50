from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor

from components.compression.export import export_onnx
from components.compression.quantize import int8_dynamic
from components.kits.transformers.layers import MASKED
from components.recipes.next_item.encoding.histories import Histories
from components.recipes.next_item.encoding.tokens import last_windows
from components.recipes.next_item.training.sequence_transformer import NEAR, Query, SequenceTransformer
from tests.components.recipes.next_item.sequence_toys import ITEMS, histories, network, random_users, tokenizer

WINDOW = 6
SEQUENCES = ("vectors", "features", "times", "valid")


def feed(net: SequenceTransformer, seen: Histories, *, padding: int = 0, featured: bool = True) -> dict[str, Tensor]:
    """What the served graph is fed, with so many more columns of padding."""
    shown = last_windows(seen, tokenizer(featured), WINDOW)
    item, valid = torch.from_numpy(shown.item), torch.from_numpy(shown.valid)
    vectors = net.item_vectors()[item.clamp(min=0)] * valid[..., None]
    users = torch.arange(len(item))[:, None] % 3
    inputs = {"vectors": vectors.detach(), "features": torch.from_numpy(shown.features)}
    inputs["times"] = torch.from_numpy(shown.times)
    inputs["valid"] = valid
    wider = {name: torch.cat([torch.zeros_like(one[:, :1])] * padding + [one], dim=1) for name, one in inputs.items()}
    ordered = {name: wider[name] for name in ("vectors", "features", "times")}
    return {**ordered, "user": users if featured else users[:, :0], "valid": wider["valid"]}


@pytest.fixture
def net() -> SequenceTransformer:
    net = network().eval()
    with torch.no_grad():
        net.relation.normal_()
    return net


def test_a_later_event_changes_no_earlier_output(net: SequenceTransformer) -> None:
    known, other = (
        histories([[1, 2, 3, 4, 5, 6]], [[0, 9, 9, 30, 40, 50]]),
        histories([[1, 2, 3, 4, 5, 9]], [[0, 9, 9, 30, 40, 5000]]),
    )
    first, second = net(**feed(net, known)), net(**feed(net, other))
    assert torch.equal(first[:, :-1], second[:, :-1])
    assert not torch.allclose(first[:, -1], second[:, -1], atol=1e-3)


def test_every_earlier_event_changes_the_output(net: SequenceTransformer) -> None:
    last = [net(**feed(net, histories([[item, 2, 3, other]])))[:, -1] for item, other in ((1, 5), (7, 5), (1, 8))]
    assert not torch.allclose(last[0], last[1], atol=1e-3)
    assert not torch.allclose(last[0], last[2], atol=1e-3)


def test_padding_changes_nothing(net: SequenceTransformer) -> None:
    seen = histories([[1, 2, 3, 4, 5, 6], [7, 8], [9]])
    inputs = feed(net, seen)
    narrow, wide = net(**inputs), net(**feed(net, seen, padding=5))
    torch.testing.assert_close(wide[:, 5:][inputs["valid"]], narrow[inputs["valid"]], atol=1e-5, rtol=1e-5)
    for user, length in enumerate((6, 2, 1)):
        whole = {name: one[user : user + 1] for name, one in inputs.items()}
        cut = {name: one if name == "user" else one[:, -length:] for name, one in whole.items()}
        torch.testing.assert_close(net(**cut)[0, -1], narrow[user, -1], atol=1e-5, rtol=1e-5)


def test_a_user_without_events_gets_a_finite_answer(net: SequenceTransformer) -> None:
    answer = Query(net)(**feed(net, histories([[], [3, 4]])))
    assert answer.shape == (2, 8)
    assert torch.isfinite(answer).all()


def test_every_weight_learns(net: SequenceTransformer) -> None:
    net.train()
    seen = histories([[1, 2, 3, 4, 5, 6], [7, 8]], [[0, 0, 0, 30, 30, 9000], [0, 40]])
    inputs = feed(net, seen)
    inputs["vectors"] = net.item_vectors(torch.tensor([[1, 2, 3, 4, 5, 6], [0, 0, 0, 0, 7, 8]]))
    (net(**inputs)[:, -1] @ net.item_vectors().T + net.bias).square().sum().backward()
    silent = [name for name, weight in net.named_parameters() if weight.grad is None or not weight.grad.abs().sum()]
    assert silent == []


def test_the_last_query_is_that_of_the_whole_pass(net: SequenceTransformer) -> None:
    inputs = feed(net, histories(random_users(5, 9)))
    torch.testing.assert_close(Query(net)(**inputs), net(**inputs)[:, -1], atol=1e-5, rtol=1e-5)


def test_the_bias_of_attention_by_hand(net: SequenceTransformer) -> None:
    with torch.no_grad():
        net.relation.copy_(torch.tensor([[1.0, 0, 0, 0], [0, 5.0, 0, 0]]))
    times = torch.tensor([[0.0, 0.0, 7.0, 7.0]])
    valid = torch.tensor([[False, True, True, True]])
    same, gap = net.relations(times, valid)[:, 0].detach()
    # The first event is padding: nobody may attend to it, nor to what comes later.
    hidden = [[column == 0 or column > row for column in range(4)] for row in range(4)]
    assert (same < MASKED / 2).tolist() == hidden
    assert same[3, 1:].tolist() == [0, 1, 1]
    assert gap[3, 1:].tolist() == pytest.approx([np.log(8), 0, 0], rel=1e-4)
    with torch.no_grad():
        net.relation.copy_(torch.tensor([[0.0, 0, 3.0, 0], [0, 0, 0, 1.0]]))
    apart, near = net.relations(torch.zeros(1, 5), torch.ones(1, 5, dtype=torch.bool))[:, 0].detach()
    assert apart[4].tolist() == pytest.approx([np.log(5), np.log(4), np.log(3), np.log(2), 0], rel=1e-4)
    assert near[4].tolist() == [float(4 - place <= NEAR) for place in range(5)]


def test_an_items_vector_is_the_sum_of_its_parts(net: SequenceTransformer) -> None:
    item = 5  # odd, so of code 2; of set 5 % 4
    expected = net.item.weight[item] + net.codes[0].weight[2] + net.sets.weight[:, 1]
    torch.testing.assert_close(net.item_vectors()[item], expected)
    torch.testing.assert_close(net.item_vectors(torch.tensor([[3, item]]))[0, 1], expected)


def test_the_output_starts_at_the_log_of_popularity() -> None:
    bias = network().bias
    assert (bias[4] - bias[0]).item() == pytest.approx(np.log(5) - np.log(1))
    assert bias.mean().item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("features", [True, False])
def test_the_served_graph_answers_as_the_network_for_any_history(features: bool) -> None:
    net = network(features=features).eval()
    with torch.no_grad():
        net.relation.normal_()
    query = Query(net).eval()
    graph = export_onnx(
        query, feed(net, histories(random_users(3, WINDOW)), featured=features), "query", sequences=SEQUENCES
    )
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    asked = {put.name for put in session.get_inputs()}
    for users in ([[1, 2, 3, 4, 5, 6, 7]], [[], [1], [2, 3, 4, 5, 6, 7]], random_users(9, 5)):
        inputs = feed(net, histories(users), featured=features)
        length = int(inputs["valid"].sum(dim=1).max())  # the length is free, too
        inputs = {name: one if name == "user" else one[:, -length:] for name, one in inputs.items()}
        expected = query(**inputs).detach().numpy()
        (answer,) = session.run(["query"], {name: value.numpy() for name, value in inputs.items() if name in asked})
        np.testing.assert_allclose(answer, expected, atol=1e-4)
        assert answer.shape == (len(users), 8)


def test_the_served_graph_can_be_quantized(tmp_path: Path, net: SequenceTransformer) -> None:
    inputs = feed(net, histories(random_users(8, 12)))
    (tmp_path / "learner.onnx").write_bytes(export_onnx(Query(net), inputs, "query"))
    int8_dynamic(tmp_path / "learner.onnx", tmp_path / "int8.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "int8.onnx", providers=["CPUExecutionProvider"])
    (answer,) = session.run(["query"], {name: value.numpy() for name, value in inputs.items()})
    expected = Query(net)(**inputs).detach().numpy()
    assert np.corrcoef(answer.ravel(), expected.ravel())[0, 1] > 0.98
    alone = [
        session.run(["query"], {name: one[row : row + 1].numpy() for name, one in inputs.items()}) for row in (0, 7)
    ]
    np.testing.assert_allclose([one[0][0] for one in alone], answer[[0, 7]], rtol=0, atol=1e-6)


@pytest.mark.parametrize("precision", [torch.bfloat16, torch.float16])
def test_masks_survive_half_precision(net: SequenceTransformer, precision: torch.dtype) -> None:
    seen = histories([[1, 2, 3, 4, 5, 6], [7]])
    with torch.autocast("cpu", dtype=precision):
        half = net(**feed(net, seen, padding=3))
    assert torch.isfinite(half).all()
    whole = net(**feed(net, seen, padding=3))
    torch.testing.assert_close(half[:, -1].float(), whole[:, -1], atol=0.1, rtol=0.1)


def test_the_catalogue_is_all_there_is(net: SequenceTransformer) -> None:
    assert net.item_vectors().shape == (ITEMS, 8)
