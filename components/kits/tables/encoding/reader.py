"""Raw rows to the typed rows that a model takes: what a request and a file go through, without a frame."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import TypeAdapter

from components.core.errors import CasebookError, suggested
from components.kits.tables.encoding.cells import Cells, RawRows, as_frames_have
from components.kits.tables.encoding.spec import Column
from components.kits.tables.encoding.spelling import Spelling
from components.kits.tables.encoding.values import TypedRows, Values, infinite, read_cells, rules

log = logging.getLogger(__name__)

SPELLINGS = "spellings"  # of `Meta.data`: for each column of classes, how a folded class is written
COLUMNS: TypeAdapter[dict[str, Column]] = TypeAdapter(dict[str, Column])


@dataclass(frozen=True)
class Read:
    """Typed rows (N), and by column which cells (N,) were no value of its kind, and which broke what rule of it."""

    typed: TypedRows
    unreadable: Mapping[str, np.ndarray]
    ruled: Mapping[str, Mapping[str, np.ndarray]]


@dataclass(frozen=True)
class RowReader:
    """The columns of a model, the texts that stand for no value in any of them, and how classes are written."""

    columns: Mapping[str, Column]
    missing: tuple[str, ...]
    spellings: Mapping[str, Spelling] = field(default_factory=dict)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "RowReader":
        """By `Meta.data` of a prepared table."""
        spellings = {name: Spelling.of(written) for name, written in data.get(SPELLINGS, {}).items()}
        return cls(COLUMNS.validate_python(data["spec"]["columns"]), tuple(data["spec"]["missing"]), spellings)

    def read(self, rows: RawRows) -> TypedRows:
        """Raw rows (N) to what `TableEncoder.encode_rows` takes, in their order.

        Cells that break a rule count as missing, with a warning that names the column, the count
        and an example; so do infinite ones. A category may be a new one. Columns that the model
        does not use, the target among them, may be there or not.

        Raises:
            CasebookError: columns that the model uses are not there.
        """
        found = self.look(rows)
        for name in self.columns:
            masks = list(found.ruled.get(name, {}).values())
            if name in found.unreadable:
                masks.append(found.unreadable[name])
            if masks:
                broken = np.logical_or.reduce(masks)
                shown = raw_cell(rows[name], int(broken.argmax()))
                log.warning("column %s: %d cell(s) taken as missing, such as %r", name, broken.sum(), shown)
        return found.typed

    def look(self, rows: RawRows) -> Read:
        """What `read` gives, without a warning, and which cells it would warn of.

        Raises:
            CasebookError: columns that the model uses are not there.
        """
        self.check_names(rows)
        typed: dict[str, Values] = {}
        unreadable: dict[str, np.ndarray] = {}
        ruled: dict[str, dict[str, np.ndarray]] = {}
        for name, column in self.columns.items():
            values, broken = read_cells(as_frames_have(rows[name]), column, self.missing)
            if column.kind in ("numeric", "amount"):
                broken = broken | infinite(values)
                breaches = {rule: ~holds(values) & ~broken for rule, holds in rules(column).items()}
                if found := {rule: breach for rule, breach in breaches.items() if breach.any()}:
                    ruled[name] = found
                values = np.where(np.logical_or.reduce([broken, *found.values()]), np.nan, values)
            elif name in self.spellings:
                values = self.spellings[name](values)
            if broken.any():
                unreadable[name] = broken
            typed[name] = values
        return Read(typed, unreadable, ruled)

    def check_names(self, names: Iterable[str]) -> None:
        """Raises CasebookError if columns that the model uses are not among the names."""
        there = dict.fromkeys(names)
        if absent := [name for name in self.columns if name not in there]:
            others = [name for name in there if name not in self.columns]
            raise CasebookError(
                f"the rows lack {len(absent)} column(s) that the model uses: {suggested(absent, others)}"
            )


def raw_cell(cells: Cells, row: int) -> Any:
    """A cell as it was given."""
    found = cells[row]
    return found.as_py() if isinstance(found, pa.Scalar) else found
