"""Pictures are drawn, say what they are, and are the same twice; what they show was looked at."""

import warnings

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from components.core.errors import CasebookError
from components.evaluation.bootstrap import Resampling
from components.evaluation.presentation.figures import save
from components.recipes.detection.metrics.froc import froc
from components.recipes.detection.metrics.matching import match
from components.recipes.detection.metrics.metrics import counted
from components.recipes.detection.metrics.outcomes import confusion, outcome, worst_first
from components.recipes.detection.report import figures
from components.recipes.detection.report.boxes import FALSE, HIT, MISSED, Shown, sheets
from components.recipes.detection.report.slices import by_class, by_size, true_boxes
from tests.components.recipes.detection.metrics.boxes import crowds, scores, targets

CLASSES = ("RBC", "WBC", "Platelets")
LEAST = np.array([0.3, 0.3, 0.3])
TARGET, SCORE = crowds(10, 9, 3, seed=4)
MATCHES = match(TARGET, SCORE, 3)
BOXES = true_boxes(MATCHES, TARGET, LEAST)
OPTIONS = {"minimum": 5, "resampling": Resampling(resamples=100, confidence=0.95, seed=1)}
TABLES = {"size of the box": by_size(BOXES, 3, **OPTIONS), "class": by_class(BOXES, CLASSES, **OPTIONS)}
PIXELS = np.random.default_rng(0).random((60, 80, 3)).astype(np.float32)


def drawn(number: int, pixels: np.ndarray = PIXELS, **options) -> list[Figure]:
    def show(place: int) -> Shown:
        return Shown(f"{place}.png", pixels, outcome(MATCHES, TARGET, SCORE, place, LEAST))

    return [draw() for draw in sheets(worst_first(MATCHES, LEAST)[:number].tolist(), show, CLASSES, **options)]


PICTURES = {
    "precision_recall": lambda: figures.precision_recall(MATCHES, CLASSES, LEAST),
    "froc": lambda: figures.froc_curves({"model": froc(MATCHES), "baseline": froc(match(TARGET, SCORE[:, :4], 3))}),
    "counts": lambda: figures.counts(MATCHES.true, counted(MATCHES, LEAST), CLASSES),
    "counts of one class": lambda: figures.counts(MATCHES.true[:, :1], counted(MATCHES, LEAST)[:, :1], CLASSES[:1]),
    "counts of four": lambda: figures.counts(np.eye(4, dtype=int), np.ones((4, 4), int), ("a", "b", "c", "d")),
    "confusion": lambda: figures.confusion(confusion(TARGET, SCORE, LEAST), CLASSES),
    "slices": lambda: figures.slices(TABLES, overall=0.7, confidence=0.95, minimum=5),
    "colour": lambda: drawn(3, title="Worst images")[0],
    "grey": lambda: drawn(1, PIXELS[..., :1], title="One image")[0],
}


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_says_what_it_is_and_is_saved_the_same_twice(name, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a glyph no font has, a layout that does not fit
        figure = PICTURES[name]()
        save(figure, tmp_path / "first.png")
        save(PICTURES[name](), tmp_path / "again.png")
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "again.png").read_bytes()
    assert figure.get_suptitle() or figure.axes[0].get_title(loc="left")


def test_curves_are_named_where_they_end_and_the_served_point_says_what_it_finds():
    target = targets([(0, 0, 10, 10, 0), (30, 30, 40, 40, 0)])
    matches = match(target, scores([(0, 0, 10, 10, 0, 0.9), (50, 50, 60, 60, 0, 0.8)]), 1)
    (label,) = figures.precision_recall(matches, ["cell"], np.array([0.5])).axes[0].get_legend_handles_labels()[1]
    assert label.endswith("served from 0.50: 50.0% found, 50.0% right")  # one of two boxes, one of two answers
    names = [text.get_text() for text in PICTURES["froc"]().axes[0].texts]
    assert names[0] == f"model ({froc(MATCHES).at_rates.mean():.3f})"
    assert names[1].startswith("baseline (")


def test_a_count_is_drawn_by_how_far_it_is_off():
    (axes,) = figures.counts(np.array([[5], [5], [20]]), np.array([[6], [6], [18]]), ["cell"]).axes
    (dots,) = axes.collections
    assert dots.get_offsets().tolist() == [[5, 1], [20, -2]]
    assert (dots.get_sizes() / 22).tolist() == [2, 1]  # two images of 5 that were counted as 6
    assert axes.get_title(loc="left") == "cell: off by 1.33 of 10.0"


def test_a_false_box_is_no_share_of_a_class():
    image = figures.confusion(np.array([[3, 1], [2, 0]]), ["cell"]).axes[0].images[0].get_array()
    assert image.tolist() == [[3 / 4, 1 / 4], [2 / 6, 0]]


def test_sheets_hold_six_images_each_and_say_which():
    found = drawn(8, title="Worst")
    assert [len(figure.axes) for figure in found] == [6, 2]
    assert [figure.get_suptitle() for figure in found] == ["Worst, 1 to 6 of 8", "Worst, 7 to 8 of 8"]


def test_hits_are_green_false_ones_red_and_missed_ones_yellow():
    target = targets([(0, 0, 10, 10, 0), (30, 30, 40, 40, 0)])
    score = scores([(0, 0, 10, 10, 0, 0.9), (50, 50, 60, 60, 0, 0.8)])
    found = outcome(match(target, score, 1), target, score, 0, np.array([0.5]))
    (draw,) = sheets([7], lambda place: Shown(f"{place}.png", PIXELS, found), ["cell"], title="One")
    figure = draw()
    drawn = {
        to_hex(patch.get_edgecolor()).upper(): patch.get_xy()
        for patch in figure.axes[0].patches
        if isinstance(patch, Rectangle)
    }
    assert drawn == {HIT["edgecolor"]: (0, 0), FALSE["edgecolor"]: (50, 50), MISSED["edgecolor"]: (30, 30)}
    assert "1 found, 1 false, 1 missed" in figure.axes[0].get_title(loc="left")


def test_pictures_of_nothing_found_and_nothing_there():
    empty = match(targets([(0, 0, 9, 9, 0)], []), scores([], []), 1)
    assert (
        "AP 0.000"
        in figures.precision_recall(empty, ["cell"], np.array([0.5])).axes[0].get_legend_handles_labels()[1][0]
    )
    figures.froc_curves({"model": froc(empty)})
    with pytest.raises(CasebookError, match="no slices"):
        figures.slices({"class": []}, overall=0.5, confidence=0.95, minimum=5)


def labels_drawn(classes: list[str]) -> list[str]:
    """What stands at a box of each class, one beside the other."""
    target = targets([(10 * label, 0, 10 * label + 9, 9, label) for label in range(len(classes))])
    score, least = scores([]), np.full(len(classes), 0.5)
    missed = outcome(match(target, score, len(classes)), target, score, 0, least)
    (draw,) = sheets([0], lambda place: Shown(f"{place}.png", PIXELS, missed), classes, title="One")
    return [text.get_text() for text in draw().axes[0].texts]


def test_classes_are_told_apart_by_as_little_of_their_names_as_will_do():
    assert labels_drawn(["RBC", "WBC", "Platelets"]) == ["R", "W", "P"]
    assert labels_drawn(["cell", "cellulose", "crystal"]) == ["cell", "cellu", "cr"]
    assert labels_drawn(["cell"]) == []
