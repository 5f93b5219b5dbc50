"""Scores as the stages hand them on."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from components.contracts import Interval, Scores
from components.files import read_json, write_json

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
