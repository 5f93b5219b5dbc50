"""Commands about what was registered: decisions, lineage, and the way back."""

from typing import Annotated

import typer

from pipelines.commands.shared import AsJson, CaseName, Version, job_of, open_registry, open_tracker, show

app = typer.Typer()


@app.command()
def rollback(
    case: CaseName, to: Annotated[str | None, typer.Option(help="version; the one before if not given")] = None
) -> None:
    """Make an earlier champion the champion again."""
    from components.registry.promote import rollback as roll_back

    entry = roll_back(open_tracker(), job_of(case).case, to)
    typer.echo(f"{case}: version {entry.after} is champion again, after {entry.before}")


@app.command()
def history(case: CaseName, as_json: AsJson = False) -> None:
    """Every decision about the case's models, oldest first."""
    from components.registry.ledger import history as entries

    rows = [
        {"time": one.time, "action": one.action, "version": one.version, "before": one.before, "after": one.after}
        | ({"checks": [list(check) for check in one.checks], "metrics": dict(one.metrics)} if as_json else {})
        for one in entries(open_registry(), job_of(case).case)
    ]
    show(rows, as_json)


@app.command()
def champion(
    case: CaseName, at: Annotated[str | None, typer.Option(help="a moment, ISO 8601")] = None, as_json: AsJson = False
) -> None:
    """The model that serves now, or served at a moment."""
    from components.core.errors import CasebookError
    from components.registry.champion import champion_at
    from components.registry.ledger import parse_time

    found = champion_at(open_registry(), job_of(case).case, parse_time(at) if at else None)
    if found is None:
        raise CasebookError(f"{case}: no champion{f' at {at}' if at else ''}; `casebook run {case}` makes one")
    show([found], as_json, one=True)


@app.command()
def trace(case: CaseName, version: Version = None, as_json: AsJson = False) -> None:
    """From a version back to its run, commit, data digests and source."""
    from components.registry.champion import CHAMPION
    from components.registry.trace import trace as follow

    show([follow(open_registry(), job_of(case).case, version or CHAMPION)], as_json, one=True)


@app.command()
def verify(case: CaseName, version: Version = None, as_json: AsJson = False) -> None:
    """Derive the digests of a version again; exit code 1 if anything no longer matches."""
    from dataclasses import asdict

    from components.core.errors import BAD_INPUT
    from components.registry.champion import CHAMPION
    from components.registry.verify import verify as check

    job = job_of(case)
    found = [asdict(mismatch) for mismatch in check(open_tracker(), case, job.params, version or CHAMPION)]
    if as_json or found:
        show(found, as_json)
    else:
        typer.echo(f"{case}: everything matches")
    if found:
        raise typer.Exit(BAD_INPUT)
