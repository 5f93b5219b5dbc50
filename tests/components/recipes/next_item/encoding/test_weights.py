import math

import pytest

from components.recipes.next_item.encoding.weights import history_weights
from components.recipes.next_item.params.recency import RecencyParams
from tests.components.recipes.next_item.sequence_toys import histories

FADING = RecencyParams(events=10.0, seconds=None, floor=0.0, last=None)


def test_an_event_fades_with_those_after_it() -> None:
    weights = history_weights(histories([[3, 1], [], [0]]), FADING, 4).toarray()
    assert weights.tolist() == [[0, 1, 0, pytest.approx(math.exp(-1 / 10))], [0] * 4, [1, 0, 0, 0]]


def test_an_event_fades_with_its_age_down_to_a_floor() -> None:
    params = RecencyParams(events=15.0, seconds=200.0, floor=0.02, last=2)
    weights = history_weights(histories([[0, 1, 2]], [[0, 100, 500]]), params, 3).toarray()[0]
    assert weights[0] == 0  # only the last two count
    assert weights[1] == pytest.approx(math.exp(-1 / 15) * (math.exp(-400 / 200) + 0.02))
    assert weights[2] == pytest.approx(1 + 0.02)


def test_of_an_item_met_twice_the_later_event_counts() -> None:
    assert history_weights(histories([[0, 1, 0]]), FADING, 2).toarray()[0, 0] == 1
