"""Figures as people write them."""

import math

import pytest

from components.core.written import written, written_interval


@pytest.mark.parametrize(
    ("value", "sign", "said"),
    [
        (0.866, "", "0.8660"),
        (-0.00004, "+", "-0.0000"),
        (99.99, "", "99.9900"),
        (132.5, "", "132.50"),
        (19_534.6, "", "19,535"),
        (1234.0, "+", "+1,234"),
        (math.nan, "", "nan"),
    ],
)
def test_a_figure_has_the_decimals_that_say_something(value, sign, said):
    assert written(value, sign) == said


def test_an_interval_is_written_alike_throughout():
    assert written_interval(0.866, 0.8388, 0.8916) == "0.8660 [0.8388, 0.8916]"
    assert written_interval(99.0, 88.0, 1022.0, "+") == "+99 [+88, +1,022]"
    assert written_interval(150.0, -2.0, 302.0) == "150.00 [-2.00, 302.00]"
    assert written_interval(math.nan, 0.0, 1.0) == "nan [0.0000, 1.0000]"
