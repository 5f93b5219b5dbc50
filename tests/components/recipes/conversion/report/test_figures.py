import numpy as np
import pytest

from components.core.errors import CasebookError
from components.evaluation.bootstrap import Resampling, intervals
from components.evaluation.presentation.figures import save
from components.evaluation.slices import Slice
from components.recipes.conversion.metrics.metrics import text_metrics
from components.recipes.conversion.report import figures
from components.recipes.conversion.report.confusions import character_table, confusions
from components.recipes.conversion.report.slices import clause_slices, length_groups

GENERATOR = np.random.default_rng(0)
LETTERS = np.array(list("他她它的得地天田甜气汽七好号毫来莱赖"))
TARGET = np.array(["".join(GENERATOR.choice(LETTERS, size=size)) for size in GENERATOR.integers(1, 12, 150)], object)


def spoiled(share):
    return np.array(
        ["".join(GENERATOR.choice(LETTERS) if GENERATOR.random() < share else one for one in text) for text in TARGET],
        object,
    )


ANSWERS = {"model": spoiled(0.1), "learner": spoiled(0.2), "trigram": spoiled(0.3)}
TABLE = character_table(TARGET, ANSWERS["model"], [" ".join(["x"] * len(text)) for text in TARGET])
PAIRS = confusions(TABLE, most=50)
FOUND = {
    name: intervals(text_metrics(), TARGET, answer, resampling=Resampling(100, confidence=0.95, seed=0))
    for name, answer in ANSWERS.items()
}
BOOTSTRAP = Resampling(100, confidence=0.95, seed=0)
SLICES = clause_slices(
    text_metrics(), TARGET, ANSWERS["model"], length_groups(TARGET, [4, 8]), minimum=20, resampling=BOOTSTRAP
)
CURVES = {"learner": [(1.0, 0.7), (2.0, 0.9), (4.0, 0.95)]}
CAPTION = "150 clauses of the test split"


def slice_figure(tables):
    overall = FOUND["model"]["char_accuracy"]
    return figures.slices(
        tables, "char_accuracy", overall=overall, confidence=0.95, minimum=20, caption=CAPTION, of="kind of clause"
    )


PICTURES = {
    "slices": lambda: slice_figure({"clause length": SLICES}),
    "confused_pairs": lambda: figures.confused_pairs(PAIRS, caption=CAPTION),
    "accuracy_over_minutes": lambda: figures.accuracy_over_minutes(CURVES, {"trigram": 0.92}, caption=CAPTION),
}


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_says_what_it_is_and_how_it_was_measured_and_is_saved_the_same_twice(name, tmp_path):
    for copy in ("first", "again"):
        save(PICTURES[name](), tmp_path / f"{copy}.png")
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "again.png").read_bytes()
    figure = PICTURES[name]()
    assert figure.get_suptitle()
    assert figure.get_supxlabel().endswith(CAPTION)
    assert all(axes.get_xlabel() for axes in figure.axes)


def test_slices_are_the_values_and_the_title_says_of_what():
    figure = PICTURES["slices"]()
    shown = [text.get_text() for text in figure.axes[0].texts]
    assert shown == [f"{one.metrics['char_accuracy'].value:.1%}" for one in SLICES if one.sufficient]
    assert figure.get_suptitle() == "Character accuracy by kind of clause"


def test_pairs_are_written_with_their_syllable_in_two_columns():
    left, right = PICTURES["confused_pairs"]().axes
    first = PAIRS.iloc[0]
    assert left.get_yticklabels()[0].get_text() == f"{first['reference']} → {first['answer']} (x)"
    assert (len(left.patches), len(right.patches)) == (25, 25)
    assert left.texts[0].get_text() == f"{first['count']} of {first['of']:,}"
    dropped = character_table(np.array(["天气"]), np.array(["天"]), ["tian qi"])
    (axes,) = figures.confused_pairs(confusions(dropped, most=50), caption=CAPTION).axes
    assert axes.get_yticklabels()[0].get_text() == "气 → ∅ (qi)"


def test_training_time_is_in_order_and_the_last_value_is_said():
    (axes,) = figures.accuracy_over_minutes({"learner": [(2.0, 0.9), (1.0, 0.7)]}, {"trigram": 0.92}, caption="").axes
    assert axes.lines[0].get_xdata().tolist() == [1.0, 2.0]
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["learner: 90.0% after 2.0 min", "trigram: 92.0%"]


def test_small_slices_say_so():
    axes = slice_figure(
        {"rare": [Slice("0", {"clauses": 3, "characters": 7}, sufficient=False, metrics={})], "clause length": SLICES}
    ).axes[0]
    assert "fewer than 20" in [text.get_text() for text in axes.texts]
    labels = {label.get_text(): label.get_fontweight() for label in axes.get_yticklabels()}
    assert labels["0  (7 characters)"] == "normal"
    assert labels["rare"] == "bold"


def test_what_cannot_be_drawn_is_said():
    nothing = confusions(character_table(TARGET[:1], TARGET[:1], [" ".join("x" * len(TARGET[0]))]), most=50)
    with pytest.raises(CasebookError, match="no character was answered wrong"):
        figures.confused_pairs(nothing, caption="")
    with pytest.raises(CasebookError, match="no slices"):
        slice_figure({})
    with pytest.raises(CasebookError, match=r"no points .*\(learner\)"):
        figures.accuracy_over_minutes({"learner": []}, {}, caption="")
    with pytest.raises(CasebookError, match="no metric of text 'auc'"):
        figures.plain("auc")
    assert figures.plain("top@5") == "right among the first 5"
