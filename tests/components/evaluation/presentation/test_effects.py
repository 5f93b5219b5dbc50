import numpy as np
import pytest

from components.evaluation.presentation.effects import Effect, effects
from components.evaluation.presentation.figures import save

NUMBER = Effect("Income", np.array([0.0, 10.0, 20.0]), np.array([0.5, 0.4, 0.2]), np.array([1.0, 1.0, 19.0, 99.0]))
CLASSES = Effect("Records", np.array(["no", "yes"], object), np.array([0.2, 0.6]), np.array([30, 10]))


def draw():
    return effects([NUMBER, CLASSES], title="What moves it", answer="probability", overall=0.3, note="Mean answers.")


def test_a_number_is_a_line_and_classes_are_dots_on_one_scale():
    number, classes = draw().axes
    assert number.lines[1].get_xydata().tolist() == [[0, 0.5], [10, 0.4], [20, 0.2]]
    assert classes.lines[-1].get_xydata().tolist() == [[0, 0.2], [1, 0.6]]
    assert [label.get_text() for label in classes.get_xticklabels()] == ["no", "yes"]
    assert number.get_ylim() == classes.get_ylim()
    assert number.lines[0].get_ydata()[0] == 0.3
    assert [axes.get_title(loc="left") for axes in (number, classes)] == ["Income", "Records"]


def test_at_the_foot_stands_where_the_rows_are_within_the_curve():
    number, classes = draw().axes
    heights = [bar.get_height() for bar in number.patches]
    assert sum(height > 0 for height in heights) == 2  # 99 lies outside
    assert max(heights) == pytest.approx(2 * min(height for height in heights if height))  # 1 is there twice, 19 once
    assert [bar.get_height() for bar in classes.patches] == pytest.approx([0.16, 0.16 / 3])


def test_the_same_effects_are_the_same_picture(tmp_path):
    for copy in ("first", "again"):
        save(draw(), tmp_path / f"{copy}.png")
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "again.png").read_bytes()
