import numpy as np
import pytest

from components.kits.survival.metrics.censoring import Censoring

# Two events and three censorings; at 2 years an event and a censoring are tied.
TARGET = np.array([[1.0, 0], [2.0, 1], [2.0, 0], [3.0, 1], [4.0, 0]])


def test_the_chance_to_be_observed_steps_down_at_censorings_after_tied_events() -> None:
    # At 1 one of five is censored. At 2 the event comes first: one of the three left.
    after_1, after_2 = 4 / 5, 4 / 5 * (1 - 1 / 3)
    found = Censoring.of(TARGET).at(np.array([0.5, 1.0, 1.5, 2.0, 3.5, 4.0, 9.0]))
    assert found.tolist() == pytest.approx([1, after_1, after_1, after_2, after_2, 0, 0])


def test_rows_weigh_by_the_chance_to_have_seen_them_so() -> None:
    cases, controls = Censoring.of(TARGET).weights(TARGET[:, 0], TARGET[:, 1] == 1, 2.5)
    after_2 = 4 / 5 * (1 - 1 / 3)
    assert cases.tolist() == pytest.approx([0, 1 / after_2, 0, 0, 0])
    assert controls.tolist() == pytest.approx([0, 0, 0, 1 / after_2, 1 / after_2])
