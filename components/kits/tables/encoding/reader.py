"""Raw rows to the typed rows that a model takes: what a request and a file go through, without a frame."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import TypeAdapter

from components.core.errors import CasebookError
from components.kits.tables.encoding.cells import Cells, RawRows
from components.kits.tables.encoding.spec import Column
from components.kits.tables.encoding.values import TypedRows, Values, infinite, read_cells, rules

log = logging.getLogger(__name__)

COLUMNS: TypeAdapter[dict[str, Column]] = TypeAdapter(dict[str, Column])


@dataclass(frozen=True)
class RowReader:
    """The columns of a model, and the texts that stand for no value in any of them."""

    columns: Mapping[str, Column]
    missing: tuple[str, ...]

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "RowReader":
        """By `Meta.data` of a prepared table."""
        return cls(COLUMNS.validate_python(data["spec"]["columns"]), tuple(data["spec"]["missing"]))

    def read(self, rows: RawRows) -> TypedRows:
        """Raw rows (N) to what `TableEncoder.encode_rows` takes, in their order.

        Cells that break a rule count as missing, with a warning that names the column, the count
        and an example; so do infinite ones. A category may be a new one. Columns that the model
        does not use, the target among them, may be there or not.

        Raises:
            CasebookError: columns that the model uses are not there.
        """
        if absent := [name for name in self.columns if name not in rows]:
            raise CasebookError(f"the rows lack {len(absent)} column(s) that the model uses: {', '.join(absent)}")
        return {name: self._read(name, rows[name]) for name in self.columns}

    def _read(self, name: str, cells: Cells) -> Values:
        column = self.columns[name]
        values, broken = read_cells(cells, column, self.missing)
        if column.kind in ("numeric", "amount"):
            broken = broken | infinite(values)
            for holds in rules(column).values():
                broken |= ~holds(values)
            values = np.where(broken, np.nan, values)
        if broken.any():
            first = cells[int(broken.argmax())]
            shown = first.as_py() if isinstance(first, pa.Scalar) else first
            log.warning("column %s: %d cell(s) taken as missing, such as %r", name, broken.sum(), shown)
        return values
