import numpy as np
import pytest

from components.core.errors import CasebookError
from components.recipes.competing_risks.metrics.rows import (
    any_event,
    caused_outcome,
    censoring_of,
    checked_incidences,
    event_of,
    weights_of,
)

TARGET = np.array([[1, 1], [2, 2], [3, 0], [4, 1], [5, 0]], dtype=float)


def test_an_event_of_any_cause_and_of_one() -> None:
    assert any_event(TARGET)[:, 1].tolist() == [1, 1, 0, 1, 0]
    assert event_of(TARGET, 2)[:, 1].tolist() == [0, 1, 0, 0, 0]
    assert TARGET[1, 1] == 2  # as it was


def test_who_had_another_event_before_is_known_to_be_without() -> None:
    """By 4, of the first cause: the first person and the fourth, who stands for 3/2 of those; the second had the other
    cause; the fifth stands for 3/2, too; the third left before.
    """
    with_event, without = weights_of(caused_outcome(TARGET), 1, 4, censoring_of(TARGET))
    assert with_event == pytest.approx([1, 0, 0, 3 / 2, 0])
    assert without == pytest.approx([0, 1, 0, 0, 3 / 2])


@pytest.mark.parametrize("wrong", [0.5, -1, np.nan])
def test_causes_are_counted(wrong: float) -> None:
    target = TARGET.copy()
    target[2, 1] = wrong
    with pytest.raises(CasebookError, match="cause: 1 of 5 rows are not 0"):
        caused_outcome(target)


def test_a_score_has_an_incidence_for_each_cause_and_horizon() -> None:
    found = checked_incidences(np.arange(10.0).reshape(1, 10), 1, 2, 5)
    assert found[0, 1].tolist() == [5, 6, 7, 8, 9]  # of the second cause
    with pytest.raises(CasebookError, match="3 cause"):
        checked_incidences(np.zeros((1, 10)), 1, 3, 5)
