"""Raw rows that are read as numbers, and files of them that are answered."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from components.core.errors import CasebookError, nearest
from components.kits.tables.encoding.spec import ROW as ROW
from components.kits.tables.encoding.spec import TARGET as TARGET
from components.kits.tables.read import read_batches
from components.recipes.shared.serving import read_split as read_split
from components.recipes.shared.stream import BATCH_ROWS, RowPredictor, predict_rows


def numbers_of(rows: pd.DataFrame, columns: Sequence[str], where: object) -> pd.DataFrame:
    """The columns (N, F) as numbers, NaN where a cell is none.

    Raises:
        CasebookError: a column is not there; `where` begins the message.
    """
    if absent := [name for name in columns if name not in rows]:
        raise CasebookError(
            f"{where}: no column {absent[0]!r}{nearest(absent[0], rows.columns)} ({len(absent)} of {len(columns)} are "
            f"not there); there are: {', '.join(map(str, rows.columns))}"
        )
    numbers = rows[list(columns)].apply(pd.to_numeric, errors="coerce").astype(np.float64)
    return numbers.reset_index(drop=True)


def predict_table(
    open_predictor: Callable[[Path], RowPredictor],
) -> Callable[[Path, Path, Path, Mapping[str, Any]], int]:
    """What `casebook predict` calls: a CSV or Parquet file of raw rows, through a bundle, to a file of answers."""

    def predict_file(bundle: Path, source: Path, target: Path, _options: Mapping[str, Any], /) -> int:
        return predict_rows(open_predictor(bundle), read_batches(source, BATCH_ROWS), source, target)

    return predict_file
