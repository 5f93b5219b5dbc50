"""What is answered to the rows of each class: counts, and how often it is right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from components.core.results import Cell, Interval, Table

MOST_IN_TABLE = 12  # classes of a whole table of confusion; of more the commonest errors are told
MOST_ERRORS = 20


@dataclass(frozen=True)
class Counts:
    """Of the test rows of C `classes`: `matrix (C, C)` counts them by true and answered class, `expected (C,)` is the
    sum of each class's probabilities, `learned (C,)` its training rows.
    """

    classes: Sequence[str]
    matrix: np.ndarray
    expected: np.ndarray
    learned: np.ndarray

    @classmethod
    def of(cls, classes: Sequence[str], target: np.ndarray, score: np.ndarray, trained: np.ndarray) -> "Counts":
        """Of codes (N,) and probabilities (N, C), and the codes (T,) of the training rows."""
        size = len(classes)
        pairs = target.astype(np.intp) * size + score.argmax(axis=1)
        matrix = np.bincount(pairs, minlength=size * size).reshape(size, size)
        return cls(classes, matrix, score.sum(axis=0), np.bincount(trained, minlength=size))

    @property
    def rows(self) -> np.ndarray:
        """Of each class (C,)."""
        rows: np.ndarray = self.matrix.sum(axis=1)
        return rows

    def rare(self, minimum: int) -> list[str]:
        """The classes with fewer test rows than that."""
        return [name for name, rows in zip(self.classes, self.rows, strict=True) if rows < minimum]


def answer_table(counts: Counts) -> Table:
    """How often what is answered is right: by true class (rows) and answered class (columns), or the errors."""
    if len(counts.classes) > MOST_IN_TABLE:
        return _errors(counts)
    rows: list[list[Cell]] = [
        [name, *map(int, row), _share(int(row[place]), int(row.sum()))]
        for place, (name, row) in enumerate(zip(counts.classes, counts.matrix, strict=True))
    ]
    right = counts.matrix.diagonal()
    named = counts.matrix.sum(axis=0)
    shares = [_share(int(hit), int(count)) for hit, count in zip(right, named, strict=True)]
    rows.append(["share answered rightly", *shares, _share(int(right.sum()), int(named.sum()))])
    return Table(
        "Answers by class",
        ["test rows", *(f"answered {name}" for name in counts.classes), "share answered rightly"],
        rows,
        "The likeliest class is answered. Rows: the true class; the last column is its recall, the last row the "
        "precision of each answer.",
    )


def _errors(counts: Counts) -> Table:
    wrong = counts.matrix * (1 - np.eye(len(counts.classes), dtype=int))
    order = np.argsort(-wrong, axis=None, kind="stable")[:MOST_ERRORS]
    true, answered = np.unravel_index(order, wrong.shape)
    rows: list[list[Cell]] = [
        [counts.classes[one], counts.classes[other], int(wrong[one, other]), _share(int(wrong[one, other]), int(of))]
        for one, other, of in zip(true, answered, counts.rows[true], strict=True)
        if wrong[one, other]
    ]
    right, whole = int(counts.matrix.trace()), int(counts.matrix.sum())
    return Table(
        "Commonest errors",
        ["true class", "answered", "rows", "share of the class"],
        rows,
        f"The likeliest class is answered: rightly to {right:,} of {whole:,} test rows.",
    )


def class_table(counts: Counts, judged: Mapping[str, Interval], *, minimum: int) -> Table:
    """A row for each class; `judged` are the served model's metrics by name."""
    rows: list[list[Cell]] = [
        [
            name,
            int(counts.learned[place]),
            int(counts.rows[place]),
            float(counts.expected[place]),
            _share(int(counts.matrix[place, place]), int(counts.matrix[:, place].sum())),
            _share(int(counts.matrix[place, place]), int(counts.rows[place])),
            judged.get(f"f1@{name}"),
            judged.get(f"auc@{name}"),
        ]
        for place, name in enumerate(counts.classes)
    ]
    rare = counts.rare(minimum)
    told = f" Rare, with fewer than {minimum} test rows, so that their figures say little: {', '.join(rare)}."
    return Table(
        "Classes",
        ["class", "training rows", "test rows", "expected", "precision", "recall", "F1", "AUC"],
        rows,
        "Expected: the sum of the class's probabilities over the test rows, which are as many if it is calibrated."
        + (told if rare else ""),
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
