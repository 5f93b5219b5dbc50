"""Shares that answers state, held against those that were measured."""

import math

import pytest

from components.core.results import Interval
from components.registry.stated import Stated, stated_checks

STATED = (Stated("coverage", 0.9),)


@pytest.mark.parametrize(
    ("measured", "margin", "passed"),
    [
        (Interval(0.894, 0.87, 0.91), 0.0, True),
        (Interval(0.86, 0.84, 0.879), 0.02, False),  # .879 is below .9 - .02
        (Interval(0.86, 0.84, 0.881), 0.02, True),
        (Interval(0.95, 0.921, 0.97), 0.02, False),  # .921 is above .9 + .02
        (Interval(0.95, 0.919, 0.97), 0.02, True),
        (Interval(0.50, 0.45, 0.55), None, True),  # told only
        (Interval(math.nan, 0.45, 0.55), 0.02, False),
        (None, 0.02, False),
    ],
)
def test_all_of_the_measured_interval_must_be_off_for_a_refusal(measured, margin, passed):
    (check,) = stated_checks(STATED, {"coverage": measured}, margin)
    assert (check.name, check.passed) == ("stated coverage", passed)


def test_the_reason_has_both_figures():
    (check,) = stated_checks(STATED, {"coverage": Interval(0.86, 0.84, 0.879)}, 0.02)
    assert check.reason == (
        "coverage 0.8600 [0.8400, 0.8790], stated 0.9000, at most 0.0200 apart by all of the interval"
    )


def test_what_states_nothing_is_not_asked_and_what_is_not_known_fails():
    assert stated_checks((), {}, 0.02) == []
    (check,) = stated_checks(None, {}, 0.02)
    assert not check.passed
