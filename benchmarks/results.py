"""What a benchmark leaves: a table a person reads, and the same as JSON; README.md gathers them all."""

import importlib.metadata
import os
import platform
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from components.core.files import read_json, write_json, write_text

FOLDER = Path(__file__).with_name("results")
TOOLS = ("torch", "lightning", "dvc", "prefect", "mlflow", "optuna", "onnxruntime")

Cell = str | int | float | None


@dataclass(frozen=True)
class Limit:
    """What a measured value must be at least or at most."""

    what: str
    value: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def met(self) -> bool:
        above = self.at_least is None or self.value >= self.at_least
        return above and (self.at_most is None or self.value <= self.at_most)

    def __str__(self) -> str:
        sign, bound = ("≥", self.at_least) if self.at_least is not None else ("≤", self.at_most)
        return f"{self.what}: {number(self.value)}, wanted {sign} {bound:g}: {'met' if self.met else 'MISSED'}"


@dataclass(frozen=True)
class Result:
    """One table: `rows` hold a cell for each of `columns`; `notes` say how it was measured."""

    name: str
    title: str
    columns: list[str]
    rows: list[list[Cell]]
    limits: list[Limit] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)
    machine: str = ""


def describe_machine() -> str:
    """Cores, load at the start and versions: without them no figure means anything."""
    load = os.getloadavg()[0]
    versions = " · ".join(f"{name} {importlib.metadata.version(name)}" for name in TOOLS)
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC · {os.cpu_count()} cores, load {load:.1f} before the run · "
        f"{platform.system()} {platform.machine()} · Python {platform.python_version()} · {versions}"
    )


def number(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.4f}" if abs(value) < 1 else f"{value:,.1f}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else value


def show(result: Result) -> None:
    table = Table(*result.columns, title=result.title)
    for row in result.rows:
        table.add_row(*map(number, row))
    console = Console()
    console.print(table)
    for line in (*map(str, result.limits), *result.notes):
        console.print(line, highlight=False, markup=False)


def markdown(result: Result) -> str:
    lines = [f"## {result.title}", "", f"`python -m benchmarks {result.name}` · {result.machine}", ""]
    lines += [_row(result.columns), _row(["---"] * len(result.columns))]
    lines += [_row([number(cell) for cell in row]) for row in result.rows]
    lines += ["", *(f"- {limit}" for limit in result.limits), *(f"- {note}" for note in result.notes)]
    return "\n".join(lines).rstrip() + "\n"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def save(result: Result, folder: Path = FOLDER) -> None:
    """Write `NAME.json`, and `README.md` anew from every result there is."""
    write_json(folder / f"{result.name}.json", asdict(result))
    found = [load(path) for path in sorted(folder.glob("*.json"))]
    head = "# Measured\n\nWritten by `make bench`. Both sides of a comparison run in turn, in the same run.\n"
    write_text(folder / "README.md", "\n".join([head, *map(markdown, found)]))


def load(path: Path) -> Result:
    content = read_json(path)
    return Result(**{**content, "limits": [Limit(**limit) for limit in content["limits"]]})
