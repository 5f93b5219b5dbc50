import numpy as np
import pytest

from components.evaluation.presentation.figures import new_figure
from components.evaluation.presentation.labels import End, apart, name_ends


@pytest.mark.parametrize(
    ("heights", "placed"),
    [
        ([0.2, 0.8], [0.2, 0.8]),
        ([0.5, 0.5], [0.45, 0.55]),
        ([0.52, 0.5, 0.1], [0.56, 0.46, 0.1]),
        ([0.5, 0.5, 0.58], [0.5 + 0.08 / 3 - 0.1, 0.5 + 0.08 / 3, 0.5 + 0.08 / 3 + 0.1]),  # the third is pushed as well
        ([0.99, 0.98, 0.01, 0.01], [1, 0.9, 0, 0.1]),  # none goes beyond the axes
    ],
)
def test_names_too_near_share_their_middle_in_their_order(heights, placed):
    assert apart(np.array(heights), 0.1) == pytest.approx(placed)


def test_names_stand_beside_the_ends_of_their_lines():
    figure = new_figure()
    axes = figure.subplots()
    axes.set(xlim=(0, 1), ylim=(0, 10))
    name_ends(axes, [End(1.0, 2.0, "low", "red"), End(1.0, 9.0, "high", "blue")])
    figure.draw_without_rendering()
    low, high = axes.texts
    assert low.get_position() == pytest.approx((1.02, 0.2))
    assert high.get_position() == pytest.approx((1.02, 0.9))
    assert high.get_window_extent().x1 <= figure.bbox.x1
