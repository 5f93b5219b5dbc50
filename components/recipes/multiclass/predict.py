"""Answers to a file of rows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.recipes.multiclass.serving.predictor import open_predictor
from components.recipes.shared.checked import predict_table_file


def predict_file(bundle: Path, source: Path, target: Path, options: Mapping[str, Any]) -> int:
    """Stream a CSV or Parquet file of raw rows through a bundle, and count the rows written."""
    return predict_table_file(open_predictor, bundle, source, target, options)
