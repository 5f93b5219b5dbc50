"""Tables and notes of a report, beside the metrics: from the stage that writes them to those that show them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from components.core.files import read_json, write_json
from components.core.results import Cell, Interval, Table
from components.core.written import written_interval

DIGITS = 4  # of a figure below 100; larger ones have fewer
TABLES, NOTES, ABOUT = "tables.json", "notes.json", "about.json"


def write_tables(folder: Path, tables: Sequence[Table], notes: Mapping[str, Any]) -> None:
    write_json(folder / TABLES, [asdict(table) for table in tables])
    write_json(folder / NOTES, notes)


def write_about(folder: Path, predicts: str, decisions: Sequence[Table]) -> None:
    write_json(folder / ABOUT, {"predicts": predicts, "decisions": [asdict(table) for table in decisions]})


def read_tables(folder: Path) -> list[Table]:
    return [_table(content) for content in read_json(folder / TABLES)]


def read_about(folder: Path) -> tuple[str, list[Table]]:
    """What the model predicts, and the tables of its decisions."""
    about = read_json(folder / ABOUT)
    return str(about["predicts"]), [_table(content) for content in about["decisions"]]


def read_notes(folder: Path) -> dict[str, Any]:
    notes: dict[str, Any] = read_json(folder / NOTES)
    return notes


def shown(value: Interval | None, absent: str, *, digits: int = DIGITS) -> str:
    """An interval in words; `absent` says why there is none."""
    if value is None:
        return absent
    if digits == DIGITS:
        return written_interval(value.value, value.low, value.high)
    return f"{value.value:.{digits}f} [{value.low:.{digits}f}, {value.high:.{digits}f}]"


def _table(content: Mapping[str, Any]) -> Table:
    return Table(**{**content, "rows": [[_cell(cell) for cell in row] for row in content["rows"]]})


def _cell(content: Any) -> Cell:
    return Interval(content["value"], content["low"], content["high"]) if isinstance(content, dict) else content
