"""Common ground of the commands: their arguments, and how they find, bring about and show things."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from components.core.written import written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from components.core.job import Job
    from components.tracking.reading.registry import Registry
    from components.tracking.track import Tracker

CaseName = Annotated[str, typer.Argument(metavar="CASE", help="a case of params.yaml")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON instead of a table")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="say what has changed and would run; run nothing")]
Version = Annotated[str | None, typer.Option(help="a version's number; the champion if not given")]

NO_TERMINAL = 200  # columns


def job_of(case: str) -> "Job":
    from components.core.job import Paths
    from components.core.params.load import load_params
    from components.core.recipe import make_job

    return make_job(case, load_params(Path("params.yaml")).case(case), Paths(Path.cwd()))


def target_of(stage: str, case: str) -> str:
    return f"{stage}@{job_of(case).case}"


def open_tracker() -> "Tracker":
    from components.tracking.track import connect

    return connect(Path.cwd())


def open_registry() -> "Registry":
    """The registry, to read it: no MLflow is loaded where that can be avoided."""
    from components.registry.finding import open_registry as found

    return found(Path.cwd())


def bring_up_to_date(
    targets: list[str],
    *,
    dry_run: bool,
    force: bool = False,
    single: bool = False,
    variables: "Mapping[str, str] | None" = None,
) -> None:
    if dry_run:
        from pipelines.plan import plan

        for line in plan(targets, Path.cwd(), force=force):
            typer.echo(line)
        return
    from pipelines.code import forget_experiments
    from pipelines.reproduce import reproduce

    forget_experiments(Path.cwd())
    code = reproduce(targets, Path.cwd(), force=force, single=single, variables=variables)
    if code:
        raise typer.Exit(1)


def show(rows: list[dict[str, Any]], as_json: bool, *, one: bool = False) -> None:
    if as_json:
        typer.echo(json.dumps(rows[0] if one else rows, indent=2, ensure_ascii=False, sort_keys=False))
        return
    from rich.table import Table

    if one:
        rows = [{"": name, " ": value} for name, value in rows[0].items()]
    table = Table(*(rows[0] if rows else ["nothing yet"]))
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    page().print(table)


def page() -> "Console":
    """Where tables are written: as wide as the terminal, or wide enough not to be wrapped in a file or a pipe."""
    from rich.console import Console

    terminal = Console(markup=False)  # [a, b] in a cell is no style
    return terminal if terminal.is_terminal or "COLUMNS" in os.environ else Console(markup=False, width=NO_TERMINAL)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return written(value)
    return json.dumps(value, ensure_ascii=False, indent=1) if isinstance(value, dict | list) else str(value)
