"""A file of rows of a table through a bundle, once all of them have been held against those of training."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.core.recipe import CHECKS
from components.kits.tables.asked import ACCEPT, AskedTable
from components.kits.tables.numbers.trained import batches_as_trained
from components.recipes.shared.stream import BATCH_ROWS, predict_rows

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class _Passed:
    """A predictor of rows that are checked already."""

    predictor: AskedTable

    @property
    def data(self) -> dict[str, Any]:
        return self.predictor.data

    def predict(self, rows: "pd.DataFrame") -> "pd.DataFrame":
        return self.predictor.predict_checked(rows)


def predict_table_file(
    open_predictor: Callable[[Path], AskedTable], bundle: Path, source: Path, target: Path, options: Mapping[str, Any]
) -> int:
    """Stream a CSV or Parquet file of raw rows through a bundle, and count the rows written.

    The file is looked through, for how it writes its numbers and then for strange cells, before it is answered: of one
    that is refused nothing is written, and none has to fit into memory.

    Raises:
        CasebookError: the file cannot be read, or its numbers in several ways, or it lacks a column.
        StrangeError: it is not written as the training rows were, and the options do not say to go on.
    """
    predictor = open_predictor(bundle)
    if CHECKS in options:
        predictor.checks = lambda: options[CHECKS]
    batches = batches_as_trained(source, BATCH_ROWS, predictor.data)
    predictor.check_file(batches(), source, accept=bool(options.get(ACCEPT, False)))
    return predict_rows(_Passed(predictor), batches(), source, target)
