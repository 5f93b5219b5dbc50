import re
import warnings

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text
from scipy.special import expit
from sklearn.metrics import average_precision_score, roc_auc_score

from components.core.errors import CasebookError
from components.evaluation.bands import band_edges
from components.evaluation.bootstrap import Resampling
from components.evaluation.presentation.figures import save
from components.recipes.binary.metrics.explain import Reason
from components.recipes.binary.metrics.metrics import ks
from components.recipes.binary.report import curves, figures
from components.recipes.binary.report.fairness import fairness
from components.recipes.binary.report.groups import fairness_by_group
from components.recipes.binary.report.outcome import Outcome
from components.recipes.binary.report.reasons import Explained, near_threshold, reasons
from components.recipes.binary.report.scorecard import score_bands


def rows(noise, seed=0, size=500):
    generator = np.random.default_rng(0)
    odds = generator.normal(-1, 1.5, size=size)
    target = (generator.random(size) < expit(odds)).astype(int)
    return target, expit(odds + np.random.default_rng(seed).normal(scale=noise, size=size))


SERIES = {"served": rows(0.0), "TabM": rows(0.5, 1), "tied": (rows(0)[0], np.round(rows(0.0)[1], 1))}
TARGET, SCORE = SERIES["served"]
THRESHOLD = 0.4
CHURN = Outcome("Churn", "yes", "no", "alert", "none")
OF_CREDIT = re.compile("bad|good|payer|applicant|approv|declin|credit")
OVER = Explained(0.5, [Reason("Records", "yes", np.log(4)), Reason("Income", 90.0, 0.1)], {"Records": "no"})
RESAMPLING = Resampling(100, confidence=0.95, seed=1)
BANDS = score_bands(TARGET, SCORE, band_edges(SCORE, 8), confidence=0.95)


def report(names=("single", "married", "widow"), minimum=50):
    group = pd.Series(np.random.default_rng(1).choice(names, size=500), name="Marital")
    return fairness(TARGET, SCORE < 0.4, group, edges=None, minimum=minimum, resampling=RESAMPLING)


PICTURES = {
    "roc": lambda: curves.roc(SERIES, outcome=CHURN, threshold=THRESHOLD, resampling=RESAMPLING),
    "precision_recall": lambda: curves.precision_recall(
        SERIES, outcome=CHURN, threshold=THRESHOLD, resampling=RESAMPLING
    ),
    "calibration": lambda: figures.calibration(SERIES, outcome=CHURN, bins=10, confidence=0.95, threshold=THRESHOLD),
    "ks_curve": lambda: figures.ks_curve(SERIES, outcome=CHURN, threshold=THRESHOLD),
    "score_bands": lambda: figures.score_bands(BANDS, outcome=CHURN, threshold=THRESHOLD),
    "reasons": lambda: reasons(OVER, outcome=CHURN, threshold=THRESHOLD),
    "fairness_by_group": lambda: fairness_by_group(report(), outcome=CHURN),
}


def texts(figure):
    axes = figure.axes[0]
    legend = axes.get_legend()
    found = [*figure.texts, *axes.texts, axes.title, axes.xaxis.label, *axes.get_xticklabels(), *axes.get_yticklabels()]
    return [text.get_text() for text in [*found, *(legend.get_texts() if legend else [])]]


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_has_title_units_and_the_cases_own_words_and_is_saved_the_same_twice(name, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a glyph no font has, a layout that does not fit
        for copy in ("first", "again"):
            save(PICTURES[name](), tmp_path / f"{copy}.png")
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "again.png").read_bytes()
    figure = PICTURES[name]()
    assert figure.axes[0].get_title(loc="left")
    assert figure.axes[-1].get_xlabel()
    assert not [text.get_text() for text in figure.findobj(Text) if OF_CREDIT.search(text.get_text().lower())]


def test_curves_are_labelled_with_their_area():
    target, score = SERIES["TabM"]
    assert f"TabM: AUC {roc_auc_score(target, score):.3f}" in texts(PICTURES["roc"]())
    assert f"TabM: AP {average_precision_score(target, score):.3f}" in texts(PICTURES["precision_recall"]())


# Two of each class, by falling score: 1, 0, 1, 0; and another order: 0, 1, 1, 0.
FOUR = {
    "served": (np.array([1, 0, 1, 0]), np.array([0.9, 0.6, 0.5, 0.1])),
    "other": (np.array([1, 0, 1, 0]), np.array([0.6, 0.9, 0.5, 0.1])),
}


def test_below_the_roc_stands_what_others_find_more_or_less_of_at_the_same_false_positive_rate():
    axes, below = curves.roc(FOUR, outcome=CHURN, threshold=0.5, resampling=RESAMPLING).axes
    assert axes.lines[1].get_xydata()[[0, -1]].tolist() == [[0, 0], [1, 1]]
    places, differences = below.lines[1].get_data()
    # With no negative flagged the served one has half of the positives and the other none; with half of them, both all.
    assert differences[places == 0] == pytest.approx(-0.5)
    assert differences[places >= 0.5] == pytest.approx(0)
    served = below.collections[0].get_paths()[0].vertices
    assert served[:, 1].min() <= 0 <= served[:, 1].max()


def test_the_threshold_is_marked_with_what_it_flags():
    axes, below = curves.roc(FOUR, outcome=CHURN, threshold=0.5, resampling=RESAMPLING).axes
    mark = next(line for line in axes.lines if line.get_marker() == "o")
    assert mark.get_xydata().tolist() == [[1 / 2, 1]]  # one negative of two, both positives
    assert "alert from 50%:\n100% of yes, 50% of no" in texts(axes.figure)
    assert below.lines[-1].get_xdata()[0] == 1 / 2
    axes, below = curves.precision_recall(FOUR, outcome=CHURN, threshold=0.5, resampling=RESAMPLING).axes
    mark = next(line for line in axes.lines if line.get_marker() == "o")
    assert mark.get_xydata() == pytest.approx(np.array([[1, 2 / 3]]))
    # At a recall of a half: of the served one nothing flagged is negative, of the other one of two is.
    places, differences = below.lines[1].get_data()
    assert differences[np.isclose(places, 0.5)] == pytest.approx(1 / 2 - 1)
    assert below.lines[-1].get_xdata()[0] == 1


def test_arrows_end_where_the_score_would_be_without_a_reason():
    assert OVER.without == pytest.approx([1 / 5, 1 / (1 + np.exp(0.1))])  # even odds over 4, and over e^0.1
    figure = PICTURES["reasons"]()
    assert {"20%", "48%"} <= set(texts(figure))
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == ["Records: yes\n(typical: no)", "Income: 90\n(typical: missing)"]
    assert figure.axes[0].lines[0].get_xdata()[0] == THRESHOLD
    assert near_threshold(np.array([0.9, 0.41, 0.3, 0.6]), 0.4) == 1
    assert near_threshold(np.linspace(1, 0, 41), 0.5) == 18  # of 21 that are over it, rows 20 to 0, the third
    assert near_threshold(np.array([0.3]), 0.4) is None


def test_calibration_points_are_mean_score_and_share_of_positives_of_equal_bins():
    points = (
        figures.calibration({"served": (TARGET, SCORE)}, outcome=CHURN, bins=5, confidence=0.95, threshold=THRESHOLD)
        .axes[0]
        .lines[-1]
        .get_xydata()
    )
    order = np.argsort(SCORE)
    expected = [(SCORE[part].mean(), TARGET[part].mean()) for part in np.split(order, 5)]
    assert points == pytest.approx(np.array(expected))


def test_the_ks_gap_is_drawn_where_the_curves_are_farthest_apart():
    figure = PICTURES["ks_curve"]()
    gap = figure.axes[0].lines[-1].get_ydata()
    assert abs(gap[1] - gap[0]) == pytest.approx(ks(TARGET, SCORE))
    assert figure.axes[0].get_title(loc="left").endswith(f"KS {ks(TARGET, SCORE):.3f}")
    assert any(f"TabM: KS {ks(*SERIES['TabM']):.3f}" in text for text in texts(figure))
    assert figure.axes[0].lines[-2].get_xdata()[0] == np.mean(SCORE >= THRESHOLD)


def test_long_words_are_shortened_for_pictures_alone():
    long = Outcome("default.payment.next.month", "no longer a customer", "customer", "call them today", "none")
    drawn = long.for_pictures()
    assert drawn == Outcome("default.payme….month", "no longer…omer", "customer", "call them…oday", "none")
    assert drawn.score == "predicted probability that default.payme….month is no longer…omer"


def test_a_rare_class_fills_the_axes():
    generator = np.random.default_rng(0)
    score = expit(generator.normal(-5, 1, size=4000))
    series = {"served": ((generator.random(4000) < score).astype(int), score)}
    for figure in (
        figures.calibration(series, outcome=CHURN, bins=10, confidence=0.95, threshold=0.01),
        curves.precision_recall(series, outcome=CHURN, threshold=0.01, resampling=RESAMPLING),
    ):
        assert 0.005 < figure.axes[0].get_ylim()[1] < 0.5


def test_band_bars_are_shares_of_positives_and_empty_bands_are_left_out():
    table = score_bands(np.array([0, 1, 1, 0]), np.array([0.1, 0.2, 0.8, 0.9]), np.array([0.4, 0.6]), confidence=0.95)
    axes = figures.score_bands(table, outcome=CHURN, threshold=0.7).axes[0]
    assert [bar.get_height() for bar in axes.patches] == [1 / 2, 1 / 2]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["10%\nto 40%\nn 2", "60%\nto 90%\nn 2"]
    assert axes.lines[-1].get_xdata()[0] == pytest.approx(0.5 + 1 / 3)  # a third into the second bar's band


def test_small_groups_are_hollow_and_the_comparison_is_written_out():
    found = report()
    ratio = found.approval_ratio
    written = f"ratio among all rows: {ratio.value:.2f} ({ratio.low:.2f} to {ratio.high:.2f}), {ratio.lowest} against"
    assert any(written in text for text in texts(fairness_by_group(found, outcome=CHURN)))
    lonely = fairness_by_group(report(minimum=10_000), outcome=CHURN)
    assert any("gap among those that are no: not enough rows" in text for text in texts(lonely))
    assert {line.get_color() for line in lonely.axes[0].lines} == {"white"}


def test_many_groups_make_a_taller_picture():
    few, many = (fairness_by_group(report([f"group {i}" for i in range(n)]), outcome=CHURN) for n in (3, 20))
    assert many.get_figheight() > 2 * few.get_figheight()


def test_one_class_has_no_curve():
    with pytest.raises(CasebookError, match="all 3 targets of 'served' are 0"):
        curves.roc(
            {"served": (np.zeros(3), np.array([0.1, 0.2, 0.3]))}, outcome=CHURN, threshold=0.5, resampling=RESAMPLING
        )
