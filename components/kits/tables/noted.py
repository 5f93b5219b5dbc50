"""`told.json` of a prepared table: what its readers pass on of it, beside the rows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from components.core.files import read_json, write_json
from components.core.results import Cell, Table
from components.core.told import TOLD
from components.core.told import warned_of as warnings_of
from components.kits.tables.charset import tell
from components.kits.tables.hindsight import Hindsight, hindsight_table
from components.kits.tables.shares import shares_table

APART = "components.kits.tables.hindsight"  # whose warnings have a table of their own


@contextmanager
def warned_of(folder: Path) -> Iterator[list[str]]:
    """As `components.core.told.warned_of`, of a table."""
    tell.cache_clear()  # an earlier reader of the same file may have warned of it
    with warnings_of(folder, (APART,)) as lines:
        yield lines


class Splits(Protocol):
    """Figures of the rows of each split."""

    def to_json(self) -> dict[str, Any]: ...


def write_told(folder: Path, shares: Splits, notes: Sequence[str], suspects: Sequence[Hindsight] = ()) -> None:
    hindsight = [one.to_json() for one in suspects]
    write_json(folder / TOLD, {"splits": shares.to_json(), "notes": [*notes], "hindsight": hindsight})


def told_tables(prepared: Path, positive: str) -> list[Table]:
    """As `tables_told`, of rows that had an event, or had not."""
    return tables_told(prepared, partial(shares_table, positive=positive))


def tables_told(prepared: Path, of_splits: Callable[[Mapping[str, Any]], Table]) -> list[Table]:
    """What the model card says of a prepared folder; nothing of one that was made before there was anything."""
    content = read_told(prepared)
    if not content:
        return []
    tables = [of_splits(content["splits"]), hindsight_table(content["hindsight"])]
    return [*tables, _notes_table(content.get("notes", []))]


def read_told(prepared: Path) -> dict[str, Any]:
    path = prepared / TOLD
    return dict(read_json(path)) if path.is_file() else {}


def _notes_table(notes: Sequence[str]) -> Table:
    rows: list[list[Cell]] = [[note] for note in notes]
    return Table("Told when the rows were read", ["what"], rows, "A key of the block settles each: the docs name them.")
