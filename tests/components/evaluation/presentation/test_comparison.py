"""The served model beside the others: what is drawn is what was found, under names that people know."""

import pytest

from components.core.errors import CasebookError
from components.core.recipe import load_recipe
from components.core.results import Interval, Scores
from components.evaluation.presentation.comparison import PERCENT, compared, served_beside

BINARY = load_recipe("binary")
TEST = Scores(
    "test",
    {
        "model": {"auc": Interval(0.80, 0.7, 0.9), "brier": Interval(0.10, 0.08, 0.12)},
        "lightgbm": {"auc": Interval(0.78, 0.6, 0.85), "brier": Interval(0.11, 0.09, 0.13)},
        "learner": {"auc": Interval(0.75, 0.6, 0.8), "brier": Interval(0.14, 0.1, 0.2)},
    },
)


def test_the_served_model_comes_first_and_the_network_second() -> None:
    panel = compared(TEST, "auc", BINARY)
    assert panel.label == "AUC"
    assert [*panel.found] == ["served", "TabM", "LightGBM"]
    assert panel.best_other == Interval(0.78, 0.6, 0.85)
    assert compared(TEST, "brier", BINARY).best_other == Interval(0.11, 0.09, 0.13)  # lower is better


def test_a_network_that_is_what_is_served_is_not_shown_twice() -> None:
    alone = Scores("test", {"model": TEST.by_model["model"], "learner": TEST.by_model["model"]})
    assert [*compared(alone, "auc", BINARY).found] == ["served"]


def test_dots_lines_and_the_title_are_the_figures() -> None:
    panels = [compared(TEST, "auc", BINARY), compared(TEST, "brier", BINARY, label="Brier score", shown=PERCENT)]
    figure = served_beside(panels, confidence=0.95, over="applicants", caption="3 rows.")
    first, second = figure.axes
    dots = [line.get_xdata()[0] for line in first.lines if line.get_marker() == "o"]
    assert dots == [0.80, 0.75, 0.78]
    assert list(first.lines[0].get_xdata()) == [0.7, 0.9]
    assert [text.get_text() for text in second.texts] == ["10.0%", "14.0%", "11.0%"]
    assert figure.get_suptitle() == "AUC: 0.800 served, 0.780 the best of the others"
    assert (first.get_xlabel(), second.get_xlabel()) == ("AUC\nhigher is better", "Brier score\nlower is better")
    assert [label.get_text() for label in first.get_yticklabels()] == ["served", "TabM", "LightGBM"]
    assert "95% bootstrap intervals over applicants" in figure.get_supxlabel()


@pytest.mark.parametrize(("label", "title"), [("exact match", "Exact match"), ("mAP, test", "mAP, test")])
def test_a_title_begins_large_unless_the_name_of_the_metric_is_written_so(label: str, title: str) -> None:
    figure = served_beside([compared(TEST, "auc", BINARY, label=label)], confidence=0.95, over="rows")
    assert figure.get_suptitle().startswith(f"{title}: 0.800 served")


def test_a_metric_that_one_lacks_is_named() -> None:
    with pytest.raises(CasebookError, match=r"'model' has no 'ks'; it has auc, brier"):
        compared(TEST, "ks", BINARY)
