"""Answers to a file of rows."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from components.kits.survival.serving.asked import CURVE
from components.recipes.shared.checked import predict_table_file
from components.recipes.survival.serving.predictor import open_predictor


def predict_file(bundle: Path, source: Path, target: Path, options: Mapping[str, Any]) -> int:
    """Stream a CSV or Parquet file of raw rows through a bundle, and count the rows written."""
    opened = partial(open_predictor, curve=bool(options.get(CURVE, False)))
    return predict_table_file(opened, bundle, source, target, options)
