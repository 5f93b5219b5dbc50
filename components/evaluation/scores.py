"""Scores as the stages hand them on."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from components.core.files import read_json, write_json
from components.core.results import Interval, Scores

FILE = "scores.json"


def write_scores(folder: Path, scores: Sequence[Scores]) -> None:
    write_json(folder / FILE, [asdict(one) for one in scores])


def read_scores(folder: Path) -> list[Scores]:
    return [
        Scores(
            entry["split"],
            {
                name: {metric: Interval(**value) for metric, value in metrics.items()}
                for name, metrics in entry["by_model"].items()
            },
        )
        for entry in read_json(folder / FILE)
    ]


def as_column(answers: np.ndarray) -> list[Any]:
    """Answers (N, ...) as a column of N cells: numbers, texts, or nested lists of them, which Parquet holds."""
    cells: list[Any] = answers.tolist() if answers.ndim > 1 else list(answers)
    return cells


def from_column(column: Iterable[Any]) -> np.ndarray:
    """The answers that `as_column` made the cells of a Parquet file of."""
    cells = [_plain(cell) for cell in column]
    return np.array(cells, object if cells and isinstance(cells[0], str) else None)


def _plain(cell: Any) -> Any:
    return [_plain(one) for one in cell] if isinstance(cell, list | np.ndarray) else cell
