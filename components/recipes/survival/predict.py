"""Answers to a file of rows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.kits.tables.numbers.trained import read_as_trained
from components.recipes.shared.stream import BATCH_ROWS, predict_rows
from components.recipes.survival.serving.predictor import open_predictor


def predict_file(bundle: Path, source: Path, target: Path, options: Mapping[str, Any]) -> int:  # noqa: ARG001 - none
    """Stream a CSV or Parquet file of raw rows through a bundle, and count the rows written."""
    predictor = open_predictor(bundle)
    return predict_rows(predictor, read_as_trained(source, BATCH_ROWS, predictor.data), source, target)
