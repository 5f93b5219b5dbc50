"""`told.json` of a prepared table: what its readers pass on of it, beside the rows."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from components.core.files import read_json, write_json
from components.core.results import Table
from components.kits.tables.hindsight import Hindsight, hindsight_table
from components.kits.tables.shares import Shares, shares_table

FILE = "told.json"


def write_told(folder: Path, shares: Shares, suspects: Sequence[Hindsight] = ()) -> None:
    write_json(folder / FILE, {"splits": shares.to_json(), "hindsight": [one.to_json() for one in suspects]})


def told_tables(prepared: Path, positive: str) -> list[Table]:
    """What the model card says of a prepared folder; nothing of one that was made before there was anything."""
    content = read_told(prepared)
    if not content:
        return []
    return [shares_table(content["splits"], positive), hindsight_table(content["hindsight"])]


def read_told(prepared: Path) -> dict[str, Any]:
    path = prepared / FILE
    return dict(read_json(path)) if path.is_file() else {}
