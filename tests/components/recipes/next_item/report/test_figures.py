import warnings
from itertools import pairwise

import numpy as np
import pytest

from components.core.errors import CasebookError
from components.evaluation.bootstrap import Resampling, intervals
from components.evaluation.presentation.figures import save
from components.evaluation.slices import Slice, bands, slices
from components.recipes.next_item.metrics.metrics import ranking_metrics
from components.recipes.next_item.metrics.protocol import RankingProtocol
from components.recipes.next_item.metrics.ranks import ranks, top_items
from components.recipes.next_item.metrics.sets import Sets
from components.recipes.next_item.report import figures

GENERATOR = np.random.default_rng(0)
USERS, ITEMS = 120, 60
LENGTHS = GENERATOR.integers(1, 12, size=USERS)
SEEN = Sets((ITEMS * GENERATOR.random(LENGTHS.sum()) ** 2).astype(int), np.append(0, np.cumsum(LENGTHS)))
COUNTS = np.bincount(SEEN.item, minlength=ITEMS)
TARGET = (ITEMS * GENERATOR.random(USERS) ** 2).astype(int)
SCORES = {
    "served": GENERATOR.normal(size=(USERS, ITEMS)) + 0.05 * COUNTS,
    "learner": GENERATOR.normal(size=(USERS, ITEMS)),
    "popularity": np.tile(COUNTS.astype(float), (USERS, 1)),
}
RANKS = {name: ranks(scores, TARGET, SEEN) for name, scores in SCORES.items()}
LISTS = {name: top_items(scores, SEEN, places=10) for name, scores in SCORES.items()}
METRICS = ranking_metrics([10])
BOOTSTRAP = Resampling(100, confidence=0.95, seed=1)
FOUND = {name: intervals(METRICS, TARGET, rank, resampling=BOOTSTRAP) for name, rank in RANKS.items()}
LENGTH_SLICES = slices(
    METRICS,
    TARGET,
    RANKS["served"],
    bands("history length", LENGTHS, [2, 6]),
    counted="users",
    minimum=20,
    resampling=BOOTSTRAP,
)
PROTOCOL = RankingProtocol("leave-one-out; ties in file order; rank = 1 + greater + equal", "test", USERS, ITEMS)
OVERALL = FOUND["served"]["ndcg@10"]


def slice_figure(tables):
    return figures.slices(tables, "ndcg@10", overall=OVERALL, confidence=0.95, minimum=20, protocol=PROTOCOL)


PICTURES = {
    "cutoff_curves": lambda: figures.cutoff_curves(RANKS, largest=20, protocol=PROTOCOL),
    "popularity_bias": lambda: figures.popularity_bias(LISTS, SEEN, COUNTS, protocol=PROTOCOL),
    "slices": lambda: slice_figure({"history length": LENGTH_SLICES}),
}


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_says_what_it_is_and_how_it_was_measured_and_is_saved_the_same_twice(name, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a glyph no font has, a layout that does not fit
        for copy in ("first", "again"):
            save(PICTURES[name](), tmp_path / f"{copy}.png")
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "again.png").read_bytes()
    figure = PICTURES[name]()
    assert figure.get_suptitle() or figure.axes[0].get_title(loc="left")
    assert " ".join(figure.get_supxlabel().split()).endswith(PROTOCOL.caption)
    assert all(axes.get_xlabel() for axes in figure.axes)


def test_curves_pass_through_the_metrics():
    hits, gains = figures.cutoff_curves(RANKS, largest=20, protocol=PROTOCOL).axes
    for axes, name in ((hits, "hr@10"), (gains, "ndcg@10")):
        for line, rank in zip(axes.lines, RANKS.values(), strict=True):
            assert line.get_ydata()[10 - 1] == pytest.approx(METRICS[name](TARGET, rank))


def test_lines_are_named_where_they_end_within_the_picture():
    figure = figures.cutoff_curves(RANKS, largest=20, protocol=PROTOCOL)
    figure.draw_without_rendering()
    names = figure.axes[1].texts
    assert [text.get_text() for text in names] == list(RANKS)
    assert [text.xy[1] for text in names] == [line.get_ydata()[-1] for line in figure.axes[1].lines]
    boxes = sorted((text.get_window_extent() for text in names), key=lambda box: box.y0)
    assert all(lower.y1 <= upper.y0 for lower, upper in pairwise(boxes))
    assert max(box.x1 for box in boxes) <= figure.bbox.x1


def test_popularity_counts_every_user_the_same():
    history = Sets(np.array([0, 1, 1, 1]), np.array([0, 1, 4]))
    figure = figures.popularity_bias({"served": np.array([[1], [0]])}, history, np.array([10, 30]), protocol=PROTOCOL)
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert labels == ["catalogue: 20", f"histories: {(10 + 30) / 2:.0f}", "served: 20"]


def test_small_slices_say_so():
    tables = {"age": [Slice("under 18", {"users": 7}, sufficient=False, metrics={}), *LENGTH_SLICES]}
    axes = slice_figure(tables).axes[0]
    assert "fewer than 20 users" in [text.get_text() for text in axes.texts]
    labels = {label.get_text(): label.get_fontweight() for label in axes.get_yticklabels()}
    assert labels["under 18  (n 7)"] == "normal"
    assert labels["age"] == "bold"


def test_what_cannot_be_drawn_is_said():
    with pytest.raises(CasebookError, match="no slices"):
        slice_figure({})
    with pytest.raises(CasebookError, match="'served' has no items"):
        figures.popularity_bias({"served": np.array([[-1]])}, SEEN, COUNTS, protocol=PROTOCOL)
    with pytest.raises(CasebookError, match="no ranking metric 'auc'"):
        figures.plain("auc")
    assert figures.plain("ndcg@10") == "NDCG at 10"
