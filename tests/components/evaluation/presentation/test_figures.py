import subprocess
import sys
import warnings

import matplotlib as mpl
import pytest
from matplotlib.image import imread
from matplotlib.text import Text

from components.evaluation.presentation.figures import axis_limit, new_figure, save, shortened, shown_percent, styled


@styled
def drawn(title):
    figure = new_figure()
    axes = figure.subplots()
    axes.set_title(title)
    axes.plot([0, 1], [0, 1])
    return figure


def test_a_saved_figure_is_1200_pixels_wide(tmp_path):
    save(drawn("line"), tmp_path / "line.png")
    assert imread(tmp_path / "line.png").shape == (900, 1200, 4)


def test_the_same_figure_gives_the_same_bytes_without_naming_its_software(tmp_path):
    first, again = tmp_path / "first.png", tmp_path / "again.png"
    save(drawn("line"), first)
    save(drawn("line"), again)
    assert first.read_bytes() == again.read_bytes()
    assert b"Software" not in first.read_bytes()
    assert b"Date" not in first.read_bytes()


def test_saving_twice_gives_the_same_bytes(tmp_path):
    figure = drawn("line")
    save(figure, tmp_path / "first.png")
    save(figure, tmp_path / "again.png")
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "again.png").read_bytes()


def test_a_users_own_settings_change_no_picture_and_are_left_alone(tmp_path):
    save(drawn("line"), tmp_path / "first.png")
    with mpl.rc_context({"lines.linewidth": 9, "axes.facecolor": "black", "font.size": 30, "savefig.dpi": 20}):
        save(drawn("line"), tmp_path / "again.png")
        assert mpl.rcParams["lines.linewidth"] == 9
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "again.png").read_bytes()


def title_width(text):
    figure = drawn(text)
    figure.draw_without_rendering()
    (title,) = figure.findobj(lambda one: isinstance(one, Text) and one.get_text() == text)
    return title.get_window_extent().width


def test_dollar_signs_in_names_are_no_formulas(tmp_path):
    save(drawn(r"$100-$200 and \frac{"), tmp_path / "line.png")  # as mathematics this would raise
    assert title_width("$100$") > 1.5 * title_width("100")  # as mathematics the signs would not be drawn


def test_names_in_any_script_are_drawn_without_a_warning(tmp_path):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        save(drawn("婚姻状况 審査"), tmp_path / "line.png")
    assert [str(one.message) for one in said] == []


@pytest.mark.slow
def test_drawing_never_loads_pyplot():
    code = "import sys, components.recipes.binary.report.figures; print('matplotlib.pyplot' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("share", "text"), [(0.4012, "40%"), (0.04, "4.0%"), (0.0041, "0.4%"), (0.0004, "0.04%"), (0, "0%"), (1, "100%")]
)
def test_percentages_have_two_digits_that_say_something(share, text):
    assert shown_percent(share) == text


def test_long_names_keep_both_ends():
    assert shortened("separated", 9) == "separated"
    assert shortened("category number 17", 10) == "catego… 17"
    assert len(shortened("x" * 99, 26)) == 26


def test_an_axis_of_shares_ends_at_one_unless_all_is_small():
    assert axis_limit(0.51) == 1
    assert axis_limit(0.04) == pytest.approx(0.044)
