"""Answers to a file of rows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.predictors.table.predictor import open_predictor
from components.preparation.table import stream


def predict_file(bundle: Path, source: Path, target: Path, options: Mapping[str, Any]) -> int:  # noqa: ARG001 - none
    """Stream a CSV or Parquet file of raw rows through a bundle, and count the rows written."""
    return stream.predict_file(open_predictor(bundle), source, target)
