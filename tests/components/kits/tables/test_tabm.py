import pytest
import torch
from torch import nn

from components.kits.tables.tabm import MeanProbability, TabMNetwork, periodic, piecewise_linear, quantile_bins

ROWS, K = 40, 3
SIZES = (2, 4)


def numeric_rows() -> torch.Tensor:
    """Three columns: spread, an indicator, a constant."""
    generator = torch.Generator().manual_seed(0)
    spread = torch.randn(ROWS, generator=generator)
    return torch.stack([spread, (torch.arange(ROWS) % 2).float(), torch.full((ROWS,), 5.0)], dim=1)


EMBEDDINGS = {
    "none": lambda _: None,
    "periodic": lambda rows: periodic(rows, size=4, frequencies=6, scale=0.1),
    "piecewise_linear": lambda rows: piecewise_linear(rows, bins=5, size=4),
}


def network(embedding: str, sizes: tuple[int, ...] = SIZES, **values: object) -> TabMNetwork:
    torch.manual_seed(1)
    options = {"k": K, "blocks": 2, "width": 8, "dropout": 0.5, "outputs": 1} | values
    rows = numeric_rows()
    return TabMNetwork(embedding=EMBEDDINGS[embedding](rows), features=3, cardinalities=sizes, **options)


def codes(sizes: tuple[int, ...] = SIZES) -> torch.Tensor:
    return torch.stack([torch.arange(ROWS) % size for size in sizes], dim=1) if sizes else torch.empty(ROWS, 0).long()


@pytest.mark.parametrize("embedding", EMBEDDINGS)
def test_each_member_gives_a_logit_a_row_and_every_weight_learns(embedding: str) -> None:
    net = network(embedding)
    logits = net(numeric_rows(), codes())
    assert logits.shape == (ROWS, K)
    logits.square().sum().backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize("embedding", EMBEDDINGS)
def test_answers_are_those_of_the_package_itself(embedding: str) -> None:
    net = network(embedding).eval()
    theirs = net.members(numeric_rows(), codes()).squeeze(-1)
    torch.testing.assert_close(net(numeric_rows(), codes()), theirs, rtol=0, atol=1e-6)


@pytest.mark.parametrize("embedding", EMBEDDINGS)
def test_a_table_without_categories(embedding: str) -> None:
    net = network(embedding, sizes=())
    assert net(numeric_rows(), codes(())).shape == (ROWS, K)


def test_members_differ_and_a_category_matters() -> None:
    net = network("none").eval()
    logits = net(numeric_rows(), codes())
    assert logits.std(dim=1).min() > 0
    assert not torch.equal(net(numeric_rows(), (codes() + 1) % torch.tensor(SIZES)), logits)


def test_an_answer_does_not_depend_on_its_neighbours() -> None:
    net = network("piecewise_linear").eval()
    whole = net(numeric_rows(), codes())
    torch.testing.assert_close(net(numeric_rows()[5:6], codes()[5:6]), whole[5:6], rtol=0, atol=1e-6)


def test_bins_hold_equal_mass() -> None:
    column = torch.arange(9.0).unsqueeze(1)  # quartiles of 0 to 8 are 2, 4 and 6
    assert [edges.tolist() for edges in quantile_bins(column, 4)] == [[0, 2, 4, 6, 8]]


def test_a_constant_column_gets_a_bin_around_its_value() -> None:
    spread, indicator, constant = quantile_bins(numeric_rows(), 4)
    assert len(spread) == 5
    assert indicator.tolist() == [0, (0 + 1) / 2, 1]  # half of the rows each: the median lies between
    assert constant.tolist() == [5 - 1, 5 + 1]


def test_the_served_answer_is_the_mean_of_the_members_probabilities() -> None:
    class Fixed(nn.Module):
        def forward(self, numeric: torch.Tensor, categorical: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
            return numeric

    logits = torch.tensor([[0.0, torch.log(torch.tensor(3.0))], [0.0, 0.0]])
    answer = MeanProbability(Fixed())(logits, torch.empty(2, 0))
    assert answer.tolist() == pytest.approx([(1 / 2 + 3 / 4) / 2, 1 / 2])
