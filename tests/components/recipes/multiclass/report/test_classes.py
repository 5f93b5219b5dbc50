import numpy as np

from components.core.results import Interval
from components.recipes.multiclass.report import figures
from components.recipes.multiclass.report.classes import Counts, answer_table, class_table

NAMES = ("low", "mid", "high")
TARGET = np.array([0, 0, 0, 1, 1, 2])
SCORE = np.array([[0.6, 0.3, 0.1], [0.5, 0.4, 0.1], [0.2, 0.7, 0.1], [0.3, 0.6, 0.1], [0.5, 0.2, 0.3], [0.1, 0.8, 0.1]])
COUNTS = Counts.of(NAMES, TARGET, SCORE, np.array([0, 0, 1, 2, 2, 2]))
ONE = Interval(0.5, 0.4, 0.6)


def test_rows_are_counted_by_class_and_answer() -> None:
    assert COUNTS.matrix.tolist() == [[2, 1, 0], [1, 1, 0], [0, 1, 0]]
    assert COUNTS.rows.tolist() == [3, 2, 1]
    assert COUNTS.rare(3) == ["mid", "high"]


def test_answers_by_class_have_recall_and_precision() -> None:
    table = answer_table(COUNTS)
    assert table.columns == ["test rows", "answered low", "answered mid", "answered high", "share answered rightly"]
    assert table.rows == [
        ["low", 2, 1, 0, 2 / 3],
        ["mid", 1, 1, 0, 1 / 2],
        ["high", 0, 1, 0, 0.0],
        ["share answered rightly", 2 / 3, 1 / 3, None, 3 / 6],
    ]


def test_of_many_classes_the_commonest_errors_are_told() -> None:
    names = [f"c{place}" for place in range(13)]
    target = np.array([0, 1, 1, 1, 2])
    score = np.eye(13)[[0, 2, 2, 1, 3]]
    table = answer_table(Counts.of(names, target, score, target))
    assert table.rows == [["c1", "c2", 2, 2 / 3], ["c2", "c3", 1, 1.0]]
    assert "rightly to 2 of 5 test rows" in table.note


def test_classes_are_told_with_their_rows_and_figures() -> None:
    table = class_table(COUNTS, {"f1@low": ONE}, minimum=2)
    assert table.rows[0] == ["low", 2, 3, SCORE[:, 0].sum(), 2 / 3, 2 / 3, ONE, None]
    assert table.note.endswith("Rare, with fewer than 2 test rows, so that their figures say little: high.")
    assert "Rare" not in class_table(COUNTS, {}, minimum=1).note


def test_pictures_are_drawn_of_few_classes_and_of_many() -> None:
    many = Counts(
        tuple(f"class number {place}" for place in range(30)), *(np.ones((30, 30), int), np.ones(30), np.ones(30))
    )
    for counts in (COUNTS, many):
        target = np.repeat(np.arange(len(counts.classes)), 10)
        score = np.full((len(target), len(counts.classes)), 1 / len(counts.classes))
        drawn = [
            figures.confusion(counts),
            figures.calibration(counts, target, score, bins=3, confidence=0.95),
            figures.by_class(counts, {"served": {"f1@low": ONE}, "TabM": {"f1@low": ONE}}, confidence=0.95, minimum=3),
        ]
        assert all(figure.axes for figure in drawn)
