import pytest
import torch
from torch import Tensor
from torch.nn import functional

from components.kits.transformers.layers import MASKED, Block, Dropout, table

SIZE, HEADS, LENGTH = 8, 2, 5


@pytest.fixture
def block() -> Block:
    torch.manual_seed(0)
    return Block(size=SIZE, heads=HEADS, expansion=3, dropout=0.5, attention_dropout=0.5).eval()


@pytest.fixture
def bias() -> Tensor:
    """Of three rows of tokens: learned numbers, and the last place of the second row masked."""
    torch.manual_seed(1)
    found = torch.randn(HEADS, 3, LENGTH, LENGTH)
    found[:, 1, :, -1] += MASKED
    return found


def test_a_block_is_torchs_attention_and_a_feed_forward_layer(block: Block, bias: Tensor) -> None:
    tokens = torch.randn(3, LENGTH, SIZE)
    normed = functional.layer_norm(tokens, (SIZE,), block.first_norm.weight, block.first_norm.bias)
    query, key, value = (
        part.view(3, LENGTH, HEADS, SIZE // HEADS).transpose(1, 2)
        for part in block.query_key_value(normed).chunk(3, dim=-1)
    )
    read = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias.transpose(0, 1))
    kept = tokens + block.mixed(read.transpose(1, 2).reshape(3, LENGTH, SIZE))
    expected = kept + block.narrow(functional.gelu(block.widen(block.second_norm(kept))))
    assert torch.allclose(block(tokens, bias), expected, atol=1e-6)


def test_only_the_last_is_the_last_of_the_whole(block: Block, bias: Tensor) -> None:
    tokens = torch.randn(3, LENGTH, SIZE)
    last = block(tokens, bias, only_last=True)
    assert last.shape == (3, 1, SIZE)
    assert torch.allclose(last, block(tokens, bias)[:, -1:], atol=1e-6)


def test_what_is_masked_changes_nothing_else(block: Block, bias: Tensor) -> None:
    tokens = torch.randn(3, LENGTH, SIZE)
    other = tokens.clone()
    other[:, -1] += 1
    same = (block(tokens, bias)[:, :-1] == block(other, bias)[:, :-1]).flatten(1).all(dim=1)
    assert same.tolist() == [False, True, False]


def test_weights_keep_their_names(block: Block) -> None:
    """Fits from before, and what continues them, are read by these."""
    layers = ("first_norm", "second_norm", "query_key_value", "mixed", "widen", "narrow")
    assert list(block.state_dict()) == [f"{layer}.{part}" for layer in layers for part in ("weight", "bias")]


def test_a_table_has_the_deviation_that_is_asked_for() -> None:
    torch.manual_seed(0)
    assert table(1000, 50, 0.3).weight.std().item() == pytest.approx(0.3, rel=0.02)
    assert table(1000, 50).weight.std().item() == pytest.approx(0.01, rel=0.02)


@pytest.mark.parametrize("chance", [0.25, 0.4])
def test_dropout_keeps_the_mean_and_a_share(chance: float) -> None:
    torch.manual_seed(0)
    values = torch.ones(500, 401, requires_grad=True)
    dropout = Dropout(chance)
    kept = dropout(values)
    share = (kept > 0).float().mean().item()
    assert share == pytest.approx(1 - chance, abs=0.005)
    assert kept.mean().item() == pytest.approx(1, abs=0.01)
    assert kept.unique().numel() == 2
    kept.sum().backward()
    assert torch.equal(values.grad, kept.detach())
    assert dropout.eval()(values) is values
    assert Dropout(0.0)(values) is values


def test_dropout_follows_the_seed() -> None:
    drawn = []
    for seed in (1, 1, 2):
        torch.default_generator.manual_seed(seed)
        drawn.append(Dropout(0.5)(torch.ones(99)))
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
