"""What the cells of a raw column are: how many differ, numbers or dates, and of which unit times are."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from components.recipes.next_item.preparation.database import one
from components.recipes.next_item.preparation.read import RawFile

NEARLY_ALL = 0.95
# Seconds since 1970 from 1973 to 2096; later units count more of them.
EPOCH = (1e8, 4e9)
UNITS = {"seconds": 1.0, "milliseconds": 1e3, "microseconds": 1e6}
DATETIME = "datetime"
FACTS = """
with cells as (select {text} as text from {table}),
counted as (select text, count(*) as many, min(place) as place
  from (select text, row_number() over () as place from cells) where text is not null group by text)
select (select count(*) from cells), coalesce(sum(many), 0), count(*),
  coalesce(sum(many) filter (isfinite(try_cast(text as double))), 0),
  coalesce(sum(many) filter (try_cast(text as timestamptz) is not null), 0),
  quantile_cont(try_cast(text as double), 0.5) filter (isfinite(try_cast(text as double))),
  min(try_cast(text as double)) filter (isfinite(try_cast(text as double))),
  max(try_cast(text as double)) filter (isfinite(try_cast(text as double))),
  (select list(text) from (from counted order by place limit 3))
from counted
"""


@dataclass(frozen=True)
class Facts:
    """`numbers` and `dates` are shares of the `filled` cells; `median`, `low` and `high` are of its numbers."""

    name: str
    rows: int
    filled: int
    different: int
    numbers: float
    dates: float
    median: float | None
    low: float | None
    high: float | None
    examples: tuple[str, ...]

    @property
    def is_number(self) -> bool:
        return self.filled > 0 and self.numbers >= NEARLY_ALL

    @property
    def is_date(self) -> bool:
        """A day or a moment in words of its own: plain numbers are none."""
        return self.filled > 0 and not self.is_number and self.dates >= NEARLY_ALL

    @property
    def unit(self) -> str | None:
        """Of times since 1970, by how large they are; null where no unit fits."""
        if self.is_date:
            return DATETIME
        if not self.is_number or self.median is None:
            return None
        low, high = EPOCH
        return next((unit for unit, factor in UNITS.items() if low * factor <= self.median < high * factor), None)

    @property
    def shown(self) -> str:
        examples = ", ".join(example[:30] for example in self.examples)
        return f"{self.name!r} ({self.different:,} different: {examples}, …)"


def facts_of(connection: duckdb.DuckDBPyConnection, raw: RawFile, missing: Sequence[str]) -> dict[str, Facts]:
    """Of every column that stands once in the header."""
    return {name: _facts(connection, raw, name, missing) for name in raw.columns if name not in raw.twice}


def _facts(connection: duckdb.DuckDBPyConnection, raw: RawFile, name: str, missing: Sequence[str]) -> Facts:
    query = FACTS.format(text=raw.text(name, missing), table=raw.table)
    rows, filled, different, numbers, dates, median, low, high, examples = one(connection, query)
    share = max(1, _whole(filled))
    return Facts(
        name=name,
        rows=_whole(rows),
        filled=_whole(filled),
        different=_whole(different),
        numbers=_whole(numbers) / share,
        dates=_whole(dates) / share,
        median=_float(median),
        low=_float(low),
        high=_float(high),
        examples=tuple(map(str, examples if isinstance(examples, list) else ())),
    )


def _whole(value: object) -> int:
    return int(str(value))


def _float(value: object) -> float | None:
    return None if value is None else float(str(value))
