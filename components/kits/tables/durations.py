"""Columns of durations, as pandas' timedelta is in Parquet: a number of days each, whatever unit they are stored in."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from components.kits.tables.charset import tell

PER_DAY = {"s": 86_400.0, "ms": 86_400e3, "us": 86_400e6, "ns": 86_400e9}


def in_days(table: pa.Table, path: Path) -> pa.Table:
    """The table with its durations as doubles; that they are days is told."""
    names = [field.name for field in table.schema if pa.types.is_duration(field.type)]
    for name in names:
        place = table.schema.get_field_index(name)
        ticks = pc.cast(pc.cast(table.column(place), pa.int64()), pa.float64(), safe=False)
        days = pc.divide(ticks, PER_DAY[table.schema.field(place).type.unit])
        table = table.set_column(place, name, days)
    if names:
        tell(f"{path}: {len(names)} column(s) of durations, such as {names[0]}, are read as days")
    return table
