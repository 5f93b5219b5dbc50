import numpy as np
import pytest
import torch
from torch import Tensor, nn

from components.kits.survival.training.data import Patients
from components.kits.survival.training.network import HazardNetwork, MeanHazard, fit_baseline
from components.kits.tables.encoding.encode import Encoded

BASELINE = torch.tensor([0.0, 1.0])


class Fixed(nn.Module):
    """Answers what it is told, whoever asks."""

    def __init__(self, answer: list[float]) -> None:
        super().__init__()
        self.answer = nn.Parameter(torch.tensor(answer))

    def forward(self, numeric: Tensor, categorical: Tensor) -> Tensor:  # noqa: ARG002
        return self.answer.expand(len(numeric), *self.answer.shape)


def test_a_patient_adds_to_every_interval_and_a_little_to_each() -> None:
    network = HazardNetwork(Fixed([[2.0, 1.0, -1.0]]), baseline=BASELINE, time_varying=0.5)  # type: ignore[list-item]
    logs = network(torch.zeros(3, 1), torch.zeros(3, 0).long())
    assert logs.shape == (3, 1, 2)
    assert logs[0, 0].tolist() == [2 + 0.5 * 1 + 0, 2 - 0.5 * 1 + 1]


def test_each_cause_has_a_baseline_and_an_answer_of_its_own() -> None:
    baseline = torch.tensor([[0.0, 1.0], [2.0, 3.0]])
    answer = [[2.0, 1.0, -1.0, 5.0, 0.0, 4.0]]  # of the first cause what it adds to both intervals and to each, then
    network = HazardNetwork(Fixed(answer), baseline=baseline, time_varying=0.5)  # type: ignore[arg-type]
    logs = network(torch.zeros(3, 1), torch.zeros(3, 0).long())
    assert logs.shape == (3, 1, 2, 2)
    assert logs[0, 0].tolist() == [[2 + 0.5 * 1 + 0, 2 - 0.5 * 1 + 1], [5 + 0 + 2, 5 + 0.5 * 4 + 3]]


def test_proportional_hazards_need_one_answer() -> None:
    network = HazardNetwork(Fixed([2.0, 3.0]), baseline=BASELINE, time_varying=0.0)
    logs = network(torch.zeros(1, 1), torch.zeros(1, 0).long())
    assert logs[0].tolist() == [[2, 3], [3, 4]]


def test_the_mean_is_of_hazards_not_of_their_logarithms() -> None:
    network = HazardNetwork(Fixed([0.0, np.log(3.0)]), baseline=BASELINE, time_varying=0.0)
    hazard = MeanHazard(network)(torch.zeros(1, 1), torch.zeros(1, 0).long())
    assert hazard[0].tolist() == pytest.approx([2, 2 * np.e])


def test_the_baseline_makes_expected_events_those_that_came() -> None:
    network = HazardNetwork(Fixed([0.0, np.log(3.0)]), baseline=BASELINE.clone(), time_varying=0.0)
    rows = Patients(
        Encoded(np.zeros((4, 1)), np.zeros((4, 1), dtype=np.float32), np.zeros((4, 0), dtype=np.int64), {}),
        np.zeros((4, 2)),
        events=np.array([[1, 0], [1, 0], [0, 1], [0, 0]], dtype=float),
        exposure=np.array([[0.5, 0], [0.5, 0], [1, 0.5], [1, 1]]),
    )
    fit_baseline(network, rows)
    # Exposure of 3 and 1.5 at hazards of 2 and 2e, 2 events and 1; half an event is lent to each side.
    expected = [np.log(2.5 / (3 * 2 + 0.5)), 1 + np.log(1.5 / (1.5 * 2 * np.e + 0.5))]
    assert network.baseline.tolist() == pytest.approx(expected, rel=1e-5)
