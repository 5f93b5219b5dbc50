"""Files of items that are allowed or denied to single users: a column of users, and one of items."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from components.core.errors import CasebookError
from components.recipes.next_item.encoding.ids import id_texts
from components.recipes.next_item.serving.asked import Columns

MAGIC = b"PAR1"
DELIMITERS = "\t,;|"


def lists_by_user(path: Path, columns: Columns) -> dict[str, list[str]] | None:
    """Items by user of a CSV or Parquet file with both columns, under the names of the case or as `user` and `item`;
    None of a file without such a header.

    Raises:
        CasebookError: a line of such a file has no user or no item.
    """
    pairs = _pairs(path, {columns["user"], "user"}, {columns["item"], "item"})
    if pairs is None:
        return None
    found: dict[str, list[str]] = {}
    for number, (user, item) in enumerate(pairs, start=1):
        if not user or not item:
            raise CasebookError(
                f"{path}: row {number} has no {'item' if user else 'user'}; fill it in, or leave it out"
            )
        found.setdefault(user, []).append(item)
    if not found:
        raise CasebookError(f"{path}: it has a header but no rows; give a row for each user and item")
    return found


def _pairs(path: Path, users: set[str | None], items: set[str | None]) -> Iterable[tuple[str, str]] | None:
    try:
        with path.open("rb") as file:
            packed = file.read(len(MAGIC)) == MAGIC
        rows = _parquet(path, users, items) if packed else _text(path, users, items)
    except (OSError, UnicodeDecodeError, pa.ArrowException):
        return None  # who reads it as lines says what is wrong with it
    if rows is None:
        return None
    return zip(*(id_texts(list(column)).tolist() for column in rows), strict=True)


def _parquet(
    path: Path, users: set[str | None], items: set[str | None]
) -> tuple[Sequence[object], Sequence[object]] | None:
    names = pq.read_schema(path).names
    both = [next((name for name in names if name in wanted), None) for wanted in (users, items)]
    if None in both:
        return None
    table = pq.read_table(path, columns=both)
    return table[both[0]].to_pylist(), table[both[1]].to_pylist()


def _text(
    path: Path, users: set[str | None], items: set[str | None]
) -> tuple[Sequence[object], Sequence[object]] | None:
    with path.open(encoding="utf-8-sig", newline="") as file:
        header = file.readline()
        for delimiter in DELIMITERS:
            names = [name.strip() for name in next(csv.reader([header], delimiter=delimiter), [])]
            places = [next((place for place, name in enumerate(names) if name in each), -1) for each in (users, items)]
            if min(places) >= 0:
                rows = list(_filled(csv.reader(file, delimiter=delimiter)))
                first, second = ([row[place] if place < len(row) else "" for row in rows] for place in places)
                return first, second
    return None


def _filled(rows: Iterable[list[str]]) -> Iterator[list[str]]:
    return (row for row in rows if any(cell.strip() for cell in row))
