"""Answers to a file of rows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.kits.tables.read import read_batches
from components.recipes.binary.serving.predictor import open_predictor
from components.recipes.shared.stream import BATCH_ROWS, predict_rows


def predict_file(bundle: Path, source: Path, target: Path, options: Mapping[str, Any]) -> int:  # noqa: ARG001 - none
    """Stream a CSV or Parquet file of raw rows through a bundle, and count the rows written."""
    return predict_rows(open_predictor(bundle), read_batches(source, BATCH_ROWS), source, target)
