"""Answers to a file of rows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.kits.tables.encoding.reading import reading_of
from components.kits.tables.read import read_batches
from components.recipes.shared.stream import BATCH_ROWS, predict_rows
from components.recipes.survival.serving.predictor import open_predictor


def predict_file(bundle: Path, source: Path, target: Path, options: Mapping[str, Any]) -> int:  # noqa: ARG001 - none
    """Stream a file of raw rows through a bundle, and count the rows written."""
    predictor = open_predictor(bundle)
    rows = read_batches(source, BATCH_ROWS, reading_of(predictor.data))
    return predict_rows(predictor, rows, source, target)
