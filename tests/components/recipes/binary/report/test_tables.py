"""Tables of a two-class model speak the words of its params: none of them is about credit unless its case is."""

import numpy as np
import pandas as pd

from components.core.results import Interval
from components.recipes.binary.report import tables
from components.recipes.binary.report.fairness import Comparison, Fairness, Group
from components.recipes.binary.report.outcome import Outcome
from components.recipes.binary.report.scorecard import score_bands
from components.recipes.shared.table_report import stability_table

ILL = Outcome("Diagnosis", "ill", "healthy", "operate", "send home")
HALF, MOST = Interval(0.5, 0.4, 0.6), Interval(0.75, 0.65, 0.85)
FOUND = Fairness(
    column="Sex",
    minimum=50,
    groups=(
        Group("F", 60, 50, True, True, 0.5, HALF, 0.75, MOST),
        Group("M", 40, 30, False, False, 0.8, None, None, None),
    ),
    approval_ratio=Comparison(0.625, 0.525, 0.725, lowest="F", highest="M"),
    opportunity_gap=None,
)


def test_decisions_are_counted_by_class_and_answer() -> None:
    counts = np.array([[5, 3], [2, 10]])  # of 8 healthy three are operated on, of 12 ill two are sent home
    table = tables.confusion_table(counts, outcome=ILL, threshold=0.25)
    assert table.columns == ["test rows", "answered operate", "answered send home", "share answered rightly"]
    assert table.rows == [
        ["ill", 10, 2, 10 / 12],
        ["healthy", 3, 5, 5 / 8],
        ["share answered rightly", 10 / 13, 5 / 7, 15 / 20],
    ]
    assert "A score of 0.2500 or more is answered operate" in table.note
    assert "True positives 10, false positives 3, false negatives 2, true negatives 5; ill is" in table.note
    nobody = tables.confusion_table(np.array([[8, 0], [12, 0]]), outcome=ILL, threshold=1)
    assert nobody.rows[2][1] is None


def test_decisions_show_each_group_and_say_what_could_not_be_compared() -> None:
    table = tables.decision_table(FOUND, outcome=ILL)
    assert table.title == "Decisions by Sex"
    assert table.columns == ["Sex", "rows", "answered send home", "answered send home among healthy"]
    assert table.rows == [["F", 60, HALF, MOST], ["M", 40, None, None]]
    assert "answered 'send home'. The lowest over the highest: 0.625 [0.525, 0.725]." in table.note
    assert "difference among those that are healthy: not enough rows." in table.note
    assert "under 50 rows" in table.note
    assert not {"good", "bad", "approve"} & set(" ".join([table.title, *table.columns, table.note]).split())


def test_bands_have_the_share_of_the_class_and_the_mean_score() -> None:
    target, score = np.array([0, 0, 1, 0, 1, 1]), np.array([0.1, 0.2, 0.3, 0.5, 0.6, 0.9])
    bands = score_bands(target, score, np.array([0.3, 0.6]), confidence=0.95)
    table = tables.band_table(bands, outcome=ILL, calibrator="beta")
    assert table.columns == ["band", "from", "to", "rows", "share of ill", "mean score"]
    assert table.rows[1] == [2, 0.3, 0.6, 2, 1 / 2, (0.3 + 0.5) / 2]
    assert "chosen on validation: beta" in table.note


def test_slices_without_a_figure_stay_in_the_table() -> None:
    part = pd.DataFrame({"slice": ["a", "b"], "rows": [90, 3], "bad_rate": [0.1, 1 / 3], "auc": [0.8, np.nan]})
    table = tables.slice_table({"Job": part}, ["auc"], outcome=ILL, minimum=50)
    assert table.columns == ["by", "group", "rows", "share of ill", "auc"]
    assert table.rows == [["Job", "a", 90, 0.1, 0.8], ["Job", "b", 3, 1 / 3, None]]


def test_stability_begins_with_the_score_and_shows_what_moved_furthest() -> None:
    moved = pd.DataFrame({"column": [f"c{place}" for place in range(12)], "psi": np.arange(12)[::-1] / 10})
    table = stability_table(0.0625, moved)
    assert table.rows[:2] == [["the score", 0.0625], ["c0", 1.1]]
    assert len(table.rows) == 1 + 10
    assert "the 10 columns" in table.note
