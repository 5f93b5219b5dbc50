"""Two-class rows as monitoring sees them: columns, scores, and targets where they are known."""

from pathlib import Path

import numpy as np
import pandas as pd

from components.core.results import Answers
from components.kits.tables.encoding.spec import TableParams
from components.kits.tables.labels import read_target
from components.kits.tables.observed import watch_table
from components.recipes.binary.serving.predictor import open_predictor
from components.recipes.shared.serving import read_split


def labelled(rows: pd.DataFrame, score: np.ndarray, spec: TableParams) -> Answers | None:
    """Targets (N,) of the rows whose target is known, and their scores (N,)."""
    if spec.target.column not in rows:
        return None
    target = read_target(rows, spec, Path("the rows"))
    known = target.notna().to_numpy()
    return Answers(target[known].to_numpy(np.int8), score[known]) if known.any() else None


WATCH = watch_table(
    open_predictor=open_predictor,
    read_split=read_split,
    said=lambda predictor, score: pd.DataFrame({"score": score}),  # noqa: ARG005 - alike for every model
    labelled=labelled,
)
