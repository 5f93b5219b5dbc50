import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.metrics import average_precision_score, roc_auc_score

from components.core.errors import CasebookError
from components.evaluation.bands import band_edges
from components.evaluation.bootstrap import Resampling
from components.evaluation.presentation.figures import save
from components.recipes.binary.metrics.metrics import ks
from components.recipes.binary.report import figures
from components.recipes.binary.report.fairness import fairness
from components.recipes.binary.report.scorecard import score_bands


def rows(noise, seed=0, size=500):
    generator = np.random.default_rng(0)
    odds = generator.normal(-1, 1.5, size=size)
    target = (generator.random(size) < expit(odds)).astype(int)
    return target, expit(odds + np.random.default_rng(seed).normal(scale=noise, size=size))


SERIES = {"model": rows(0.0), "learner": rows(0.5, 1), "tied": (rows(0)[0], np.round(rows(0.0)[1], 1))}
TARGET, SCORE = SERIES["model"]
RESAMPLING = Resampling(100, confidence=0.95, seed=1)
BANDS = score_bands(TARGET, SCORE, band_edges(SCORE, 8), confidence=0.95)


def report(names=("single", "married", "widow"), minimum=50):
    group = pd.Series(np.random.default_rng(1).choice(names, size=500), name="Marital")
    return fairness(TARGET, SCORE < 0.4, group, edges=None, minimum=minimum, resampling=RESAMPLING)


PICTURES = {
    "roc": lambda: figures.roc(SERIES),
    "precision_recall": lambda: figures.precision_recall(SERIES),
    "calibration": lambda: figures.calibration(SERIES, bins=10, confidence=0.95),
    "ks_curve": lambda: figures.ks_curve(SERIES),
    "score_bands": lambda: figures.score_bands(BANDS),
    "fairness_by_group": lambda: figures.fairness_by_group(report()),
}


def texts(figure):
    axes = figure.axes[0]
    legend = axes.get_legend()
    found = [*figure.texts, *axes.texts, axes.title, axes.xaxis.label, *axes.get_xticklabels(), *axes.get_yticklabels()]
    return [text.get_text() for text in [*found, *(legend.get_texts() if legend else [])]]


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_has_title_and_units_and_is_saved_the_same_twice(name, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a glyph no font has, a layout that does not fit
        for copy in ("first", "again"):
            save(PICTURES[name](), tmp_path / f"{copy}.png")
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "again.png").read_bytes()
    axes = PICTURES[name]().axes
    assert axes[0].get_title(loc="left")
    assert axes[-1].get_xlabel()


def test_curves_are_labelled_with_their_area():
    target, score = SERIES["learner"]
    assert f"learner: AUC {roc_auc_score(target, score):.3f}" in texts(figures.roc(SERIES))
    labels = texts(figures.precision_recall(SERIES))
    assert f"learner: AP {average_precision_score(target, score):.3f}" in labels


def test_the_roc_curve_ends_in_both_corners():
    curve = figures.roc(SERIES).axes[0].lines[1].get_xydata()
    assert curve[0].tolist() == [0, 0]
    assert curve[-1].tolist() == [1, 1]


def test_calibration_points_are_mean_score_and_bad_rate_of_equal_bins():
    points = figures.calibration({"model": (TARGET, SCORE)}, bins=5, confidence=0.95).axes[0].lines[-1].get_xydata()
    order = np.argsort(SCORE)
    expected = [(SCORE[part].mean(), TARGET[part].mean()) for part in np.split(order, 5)]
    assert points == pytest.approx(np.array(expected))


def test_the_ks_gap_is_drawn_where_the_curves_are_farthest_apart():
    figure = figures.ks_curve(SERIES)
    gap = figure.axes[0].lines[-1].get_ydata()
    assert abs(gap[1] - gap[0]) == pytest.approx(ks(TARGET, SCORE))
    assert f"KS {ks(TARGET, SCORE):.3f}" in texts(figure)
    assert any(f"learner: KS {ks(*SERIES['learner']):.3f}" in text for text in texts(figure))


def test_a_rare_class_fills_the_axes():
    generator = np.random.default_rng(0)
    score = expit(generator.normal(-5, 1, size=4000))
    series = {"model": ((generator.random(4000) < score).astype(int), score)}
    for figure in (figures.calibration(series, bins=10, confidence=0.95), figures.precision_recall(series)):
        assert 0.005 < figure.axes[0].get_ylim()[1] < 0.5


def test_band_bars_are_bad_rates_and_empty_bands_are_left_out():
    table = score_bands(np.array([0, 1, 1, 0]), np.array([0.1, 0.2, 0.8, 0.9]), np.array([0.4, 0.6]), confidence=0.95)
    axes = figures.score_bands(table).axes[0]
    assert [bar.get_height() for bar in axes.patches] == [1 / 2, 1 / 2]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["10%\nto 40%\nn 2", "60%\nto 90%\nn 2"]


def test_small_groups_are_hollow_and_the_comparison_is_written_out():
    found = report()
    ratio = found.approval_ratio
    written = f"approval-rate ratio: {ratio.value:.2f} ({ratio.low:.2f} to {ratio.high:.2f}), {ratio.lowest} against"
    assert any(written in text for text in texts(figures.fairness_by_group(found)))
    lonely = figures.fairness_by_group(report(minimum=10_000))
    assert any("gap of good payers: not enough rows" in text for text in texts(lonely))
    assert {line.get_color() for line in lonely.axes[0].lines} == {"white"}


def test_many_groups_make_a_taller_picture():
    few, many = (figures.fairness_by_group(report([f"group {i}" for i in range(n)])) for n in (3, 20))
    assert many.get_figheight() > 2 * few.get_figheight()


def test_one_class_has_no_curve():
    with pytest.raises(CasebookError, match="all 3 targets of 'model' are 0"):
        figures.roc({"model": (np.zeros(3), np.array([0.1, 0.2, 0.3]))})
