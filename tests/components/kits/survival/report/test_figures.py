import numpy as np
import pytest
from matplotlib.figure import Figure

from components.core.results import Interval
from components.kits.survival.metrics.contributions import Contribution
from components.kits.survival.report import figures
from components.kits.survival.report.calibration import reliability
from components.kits.survival.report.groups import kaplan_meier
from components.kits.survival.report.patients import patients

TIMES = np.array([1.0, 2.0, 3.0])


def target(count: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return np.column_stack([random.exponential(4, count), random.random(count) < 0.6]).astype(float)


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_survival_by_group_with_the_numbers_at_risk() -> None:
    curves = [kaplan_meier(name, target(40, seed), [0, 1, 2, 3], 0.95) for seed, name in enumerate(("low", "high"))]
    figure = figures.kaplan_meier("title", curves, [0, 1, 2, 3], np.exp(-np.outer([0.1, 0.3], TIMES)), TIMES)
    shown = texts(figure)
    for curve in curves:
        assert all(f"{count:,}" in shown for count in curve.at_risk)
    # The first step line starts with everybody and ends where the grid does.
    time, survival = figure.axes[0].lines[0].get_data()
    assert (time[0], survival[0], time[-1]) == (0, 1, 3)


def test_calibration_has_a_panel_a_horizon() -> None:
    rows = target(60, 0)
    one = reliability(rows, np.linspace(0.1, 0.9, 60), horizon=2.0, groups=3, confidence=0.95)
    figure = figures.calibration(
        "title", {"2 years": {"served": one, "before": one}, "3 years": {"served": one}}, confidence=0.95
    )
    assert len(figure.axes) == 2
    assert figure.axes[0].get_xlabel() == "predicted risk by 2 years"
    served, before = (line for line in figure.axes[0].lines if line.get_label() in ("served", "before"))
    assert served.get_xydata().tolist() == before.get_xydata().tolist()
    assert (served.get_markerfacecolor() != "none", before.get_markerfacecolor()) == (True, "none")  # both are seen


def test_the_decision_curve_shows_treating_all_and_nobody_and_what_others_gain() -> None:
    thresholds = np.array([0.1, 0.5])
    series = {"served": np.array([0.2, np.nan]), "Cox regression": np.array([0.25, 0.1])}
    figure = figures.decision_curve("title", thresholds, series, np.array([0.2, -0.5]), threshold=0.3)
    axes, below = figure.axes
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["treat all", "treat none", "served", "Cox regression"]
    assert axes.lines[2].get_ydata()[0] == pytest.approx(20)  # of 100 patients
    assert below.lines[1].get_ydata() == pytest.approx([5, np.nan], nan_ok=True)
    assert below.lines[-1].get_xdata()[0] == 0.3
    assert "high risk from 30%" in texts(figure)


def test_an_auc_that_is_not_defined_leaves_a_gap_and_lines_are_named_where_they_end() -> None:
    series = {"served": [Interval(0.7, 0.6, 0.8), None], "Cox regression": [Interval(0.6, 0.5, 0.7)] * 2}
    figure = figures.auc_over_time("title", [1, 2], series, confidence=0.95)
    assert np.isnan(figure.axes[0].lines[0].get_ydata()[1])
    assert [(text.get_text(), text.xy) for text in figure.axes[0].texts] == [
        ("served", (1, 0.7)),
        ("Cox regression", (2, 0.6)),
    ]


def test_a_subgroup_has_its_risks_at_its_side_and_a_small_one_says_so() -> None:
    enough = {"group": "a", "rows": 60, "events": 9, "measure": 0.7, "predicted": 0.3, "observed": None}
    few = {"group": "b", "rows": 6, "events": 1, "measure": None, "predicted": None, "observed": None}
    figure = figures.by_subgroup("title", "C-index", {"age": [enough, few]}, 0.68)
    assert {"too few", "0.700", "30%", "unknown"} <= set(texts(figure))
    labels = {label.get_text(): label.get_fontweight() for label in figure.axes[0].get_yticklabels()}
    assert labels == {"age": "bold", "a  (n 60, events 9)": "normal", "b  (n 6, events 1)": "normal"}


@pytest.mark.parametrize("found", [[], [Contribution("nodes", 9.0, 2.0), Contribution("grade", None, 0.5)]])
def test_a_patients_curve_and_contributions(found: list[Contribution]) -> None:
    figure = patients("title", TIMES, np.array([[0.9, 0.8, 0.7]]), np.array([0.95, 0.9, 0.85]), [found])
    labels = [label.get_text() for label in figure.axes[1].get_yticklabels()]
    assert labels == [["nodes = 9", "grade = missing"], []][not found]
    assert figure.axes[0].get_title(loc="left") == "patient 1: risk 30% by 3 years"
