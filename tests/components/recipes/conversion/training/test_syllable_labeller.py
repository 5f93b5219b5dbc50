from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from components.compression.export import export_onnx
from components.compression.quantize import int8_dynamic
from components.kits.transformers.layers import MASKED
from components.recipes.conversion.encoding.windows import WINDOWS
from components.recipes.conversion.training.syllable_labeller import (
    CHUNK,
    Labels,
    SyllableLabeller,
    deal,
)
from tests.components.recipes.conversion.syllable_toys import PAIRS, network

SEQUENCES = ("syllables", "windows", "logits")
LONGEST = 20


def feed(*clauses: list[int], padding: int = 0, grams: int = 20, seed: int = 0) -> dict[str, Tensor]:
    """Clauses with drawn windows, the same for the same syllables in the same places."""
    longest = max(map(len, clauses)) + padding
    syllables = torch.tensor([clause + [0] * (longest - len(clause)) for clause in clauses])
    drawn = torch.from_numpy(np.random.default_rng(seed).integers(0, grams + 1, (6, LONGEST, len(WINDOWS))))
    windows = drawn[syllables, torch.arange(longest)] * (syllables > 0)[..., None]
    return {"syllables": syllables, "windows": windows}


@pytest.fixture
def net() -> SyllableLabeller:
    net = network().eval()
    with torch.no_grad():
        net.distance.normal_()
    return net


def test_each_syllable_is_answered_among_its_candidates_alone(net: SyllableLabeller) -> None:
    inputs = feed([1, 2, 3, 4, 5])
    logits = Labels(net)(**inputs)[0]
    assert logits.shape == (5, max(map(len, PAIRS.values())))
    for row, characters in zip(logits, PAIRS.values(), strict=True):
        assert (row > MASKED / 2).tolist() == [place < len(characters) for place in range(logits.shape[1])]


def test_every_syllable_and_window_changes_every_answer(net: SyllableLabeller) -> None:
    inputs = feed([1, 2, 3, 4])
    before = net(**inputs)
    for place in range(4):
        other = inputs["syllables"].clone()
        other[0, place] = 5
        assert (net(other, inputs["windows"]) - before).abs().amax(dim=2).min() > 1e-4
    for window in range(len(WINDOWS)):
        other = inputs["windows"].clone()
        other[0, 2, window] = (other[0, 2, window] + 1) % 20
        assert (net(inputs["syllables"], other) - before)[0, 2].abs().max() > 1e-3


def test_padding_changes_nothing(net: SyllableLabeller) -> None:
    clauses = ([1, 2, 3, 4, 5, 1], [2, 3], [4])
    narrow, wide = net(**feed(*clauses)), net(**feed(*clauses, padding=5))
    for row, clause in enumerate(clauses):
        torch.testing.assert_close(wide[row, : len(clause)], narrow[row, : len(clause)], atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(net(**feed(clause))[0], narrow[row, : len(clause)], atol=1e-5, rtol=1e-5)


def test_the_bias_of_attention_by_hand(net: SyllableLabeller) -> None:
    with torch.no_grad():
        net.distance.copy_(torch.arange(7.0).expand(2, 7))  # 3 for a syllable itself
    bias = net.relations(torch.tensor([[True, True, True, True, True, False]]))[0, 0].detach()
    assert bias[0, :5].tolist() == [3, 4, 5, 6, 6]
    assert bias[4, :5].tolist() == [0, 0, 1, 2, 3]
    assert (bias[:, 5] < MASKED / 2).all()


@given(st.lists(st.integers(0, 5), max_size=80))
def test_syllables_are_dealt_into_chunks_of_one_kind(syllables: list[int]) -> None:
    slot, chunk = deal(torch.tensor(syllables, dtype=torch.long), 6)
    assert len(set(slot.tolist())) == len(syllables)
    assert [int(chunk[place // CHUNK]) for place in slot.tolist()] == syllables
    assert len(chunk) == sum(-(-syllables.count(kind) // CHUNK) for kind in range(6))


def test_scores_read_together_are_those_read_alone(net: SyllableLabeller) -> None:
    torch.manual_seed(0)
    syllables = torch.randint(1, 6, (200,))
    asked = torch.randn(200, 8)
    torch.testing.assert_close(net.scores(asked, syllables), net.scores_alone(asked, syllables), atol=1e-4, rtol=1e-4)
    pairs = [one for one in net.candidates[2].tolist() if one >= 0]
    by_hand = asked[syllables == 2] @ net.pair.weight[pairs].T + net.bias[pairs]
    torch.testing.assert_close(net.scores(asked, syllables)[syllables == 2][:, : len(pairs)], by_hand)


def test_the_output_starts_at_the_log_of_frequency() -> None:
    bias = network().bias
    assert (bias[4] - bias[0]).item() == pytest.approx(np.log(4.1) - np.log(0.1), rel=1e-5)


def test_every_weight_learns(net: SyllableLabeller) -> None:
    inputs = feed([1, 2, 3, 4, 5, 1], [2, 3])
    asked = inputs["syllables"] > 0
    scores = net.train().scores(net(**inputs)[asked], inputs["syllables"][asked])
    torch.nn.functional.cross_entropy(scores, torch.ones(8, dtype=torch.long)).backward()
    silent = [name for name, weight in net.named_parameters() if weight.grad is None or not weight.grad.abs().sum()]
    assert silent == []


def looked_up(module: torch.nn.Embedding) -> list[Tensor]:
    """What is looked up in a table from now on."""
    found: list[Tensor] = []
    module.register_forward_hook(lambda _module, inputs, _output: found.append(inputs[0]))
    return found


def test_rare_ngrams_are_unknown_more_often_than_frequent_ones() -> None:
    net = network(window_counts=torch.tensor([1, 1, 9]), window_dropout=3.0).train()
    asked = looked_up(net.window)
    torch.manual_seed(0)
    windows = torch.tensor([1, 2]).repeat(10)[None, :, None].expand(100, 20, len(WINDOWS))
    net(torch.ones(100, 20, dtype=torch.long), windows)
    assert (asked[0][:, ::2] == 1).float().mean().item() == pytest.approx(1 / (3 + 1), abs=0.02)
    assert (asked[0][:, 1::2] == 2).float().mean().item() == pytest.approx(9 / (3 + 9), abs=0.02)
    net.eval()(torch.ones(100, 20, dtype=torch.long), windows)
    assert torch.equal(asked[1], windows)


def test_a_hidden_syllable_is_answered_all_the_same() -> None:
    net = network(hidden=0.5).train()
    torch.manual_seed(0)
    inputs = feed(*[[1]] * 400)
    inputs["windows"].zero_()
    answers = net(**inputs)[:, 0]
    shown, hidden = answers.unique(dim=0)  # nothing else sets them apart
    assert torch.isfinite(answers).all()
    assert (answers == shown).all(dim=1).float().mean().item() == pytest.approx(0.5, abs=0.06)
    assert not torch.allclose(shown, hidden, atol=1e-3)
    assert len(net.eval()(**inputs)[:, 0].unique(dim=0)) == 1


def test_the_served_graph_answers_as_the_network_for_any_clauses(tmp_path: Path, net: SyllableLabeller) -> None:
    labels = Labels(net).eval()
    graph = export_onnx(labels, feed([1, 2, 3], [4, 5]), "logits", sequences=SEQUENCES)
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    for clauses in ([[1, 2, 3, 4, 5, 1, 2]], [[1], [2, 3, 4, 5, 1, 2]], [[5, 4]] * 9):
        inputs = feed(*clauses)
        (answer,) = session.run(["logits"], {name: value.numpy() for name, value in inputs.items()})
        np.testing.assert_allclose(answer, labels(**inputs).detach().numpy(), atol=1e-4)
    (tmp_path / "learner.onnx").write_bytes(graph)
    int8_dynamic(tmp_path / "learner.onnx", tmp_path / "int8.onnx")
    small = onnxruntime.InferenceSession(tmp_path / "int8.onnx", providers=["CPUExecutionProvider"])
    inputs = feed(*[[1, 2, 3, 4, 5], [5, 4, 3, 2, 1], [2, 2, 2, 2, 2]])
    (answer,) = small.run(["logits"], {name: value.numpy() for name, value in inputs.items()})
    (alone,) = small.run(["logits"], {name: value[1:2].numpy() for name, value in inputs.items()})
    np.testing.assert_allclose(alone[0], answer[1], rtol=0, atol=1e-6)
    expected = labels(**inputs).detach().numpy()
    legal = expected > MASKED / 2
    assert np.corrcoef(answer[legal], expected[legal])[0, 1] > 0.98


@pytest.mark.parametrize("precision", [torch.bfloat16, torch.float16])
def test_masks_survive_half_precision(net: SyllableLabeller, precision: torch.dtype) -> None:
    inputs = feed([1, 2, 3, 4], [5], padding=3)
    with torch.autocast("cpu", dtype=precision):
        half = Labels(net)(**inputs)
    whole = Labels(net)(**inputs)
    assert torch.isfinite(half).all()
    valid = inputs["syllables"] > 0
    torch.testing.assert_close(half[valid].softmax(-1).float(), whole[valid].softmax(-1), atol=0.1, rtol=0.1)
