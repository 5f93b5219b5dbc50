from pathlib import Path

import numpy as np
import pytest

from components.kits.survival.training.data import (
    CohortData,
    interval_edges,
    lived_by_cause,
    lived_through,
    soft_outcome,
)
from tests.components.kits.survival.preparation.cohorts import block, patients, prepare
from tests.toy.jobs import toy_params

EDGES = np.array([1.0, 3.0, 4.0])


def test_intervals_hold_equally_many_events() -> None:
    time = np.arange(1.0, 11.0)
    target = np.column_stack([time, np.ones(10)])
    edges = interval_edges(target, 3)
    events, _ = lived_through(target, edges)
    assert len(edges) == 3
    assert edges[-1] >= 10
    assert events.sum(axis=0).tolist() == [4, 3, 3]


def test_equal_times_leave_fewer_intervals() -> None:
    target = np.array([[2.0, 1]] * 9 + [[5.0, 1]])
    assert len(interval_edges(target, 5)) == 2


@pytest.mark.parametrize(
    ("time", "event", "events", "exposure"),
    [
        (0.5, 1, [1, 0, 0], [0.5, 0, 0]),
        (1.0, 1, [1, 0, 0], [1, 0, 0]),
        (2.0, 0, [0, 0, 0], [1, 0.5, 0]),
        (3.5, 1, [0, 0, 1], [1, 1, 0.5]),
        (9.0, 1, [0, 0, 1], [1, 1, 1]),
    ],
)
def test_what_a_patient_lived_through(time: float, event: int, events: list[int], exposure: list[float]) -> None:
    found = lived_through(np.array([[time, event]]), EDGES)
    assert [part[0].tolist() for part in found] == [events, exposure]


def test_the_outcome_that_a_teacher_expects() -> None:
    events, exposure = soft_outcome(np.array([[0.5, 0.5, 1.5]]))
    survival = np.exp([-0.5, -0.5, -1.5])
    assert events[0].tolist() == pytest.approx([1 - survival[0], 0, survival[1] - survival[2]])
    # The chance of the event is the hazard times the time lived: 0.5, none in the second, 1 in the third.
    lived = [(1 - survival[0]) / 0.5, survival[0], (survival[1] - survival[2]) / 1]
    assert exposure[0].tolist() == pytest.approx(lived)


def test_parts_of_a_prepared_cohort(tmp_path: Path) -> None:
    meta = prepare(tmp_path, block(), rows=patients(100))
    params = toy_params("medical_prognosis").fit
    part, whole = (CohortData(tmp_path / "prepared", params, intervals=4, whole=flag) for flag in (False, True))
    assert len(part.parts[0].target) == meta.rows["train"]
    assert len(whole.parts[0].target) == meta.rows["train"] + meta.rows["validation"]
    assert len(part.parts[1].target) == meta.rows["validation"]
    shapes = [tuple(tensor.shape) for tensor in part.parts[0].tensors()]
    rows, intervals = meta.rows["train"], len(part.edges)
    assert shapes == [(rows, 1), (rows, 1), (rows, 2), (rows, intervals), (rows, intervals)]


@pytest.mark.parametrize(
    ("entry", "exposure"), [(0.0, [1, 1, 0.5]), (0.5, [0.5, 1, 0.5]), (2.0, [0, 0.5, 0.5]), (3.25, [0, 0, 0.25])]
)
def test_nobody_lived_through_what_was_before_they_entered(entry: float, exposure: list[float]) -> None:
    events, found = lived_through(np.array([[3.5, 1, entry]]), EDGES)
    assert (events[0].tolist(), found[0].tolist()) == ([0, 0, 1], exposure)


def test_what_was_lived_through_until_an_event_of_a_cause() -> None:
    events, exposure = lived_by_cause(np.array([[2.0, 2], [3.5, 0], [0.5, 1]]), EDGES, 2)
    assert events.tolist() == [[[0, 0, 0], [0, 1, 0]], [[0, 0, 0]] * 2, [[1, 0, 0], [0, 0, 0]]]
    assert exposure.tolist() == [[[1, 0.5, 0]], [[1, 1, 0.5]], [[0.5, 0, 0]]]
