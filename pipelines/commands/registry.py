"""Commands about what was registered: decisions, lineage, and the way back."""

from pathlib import Path
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
    from pipelines.operating.notify import notify_champion

    job = job_of(case)
    notify_champion(job.paths.root, job.case)  # what has changed before
    entry = roll_back(open_tracker(), job.case, to)
    typer.echo(f"{case}: version {entry.after} is champion again, after {entry.before}")
    notify_champion(job.paths.root, job.case)


@app.command("restore-registry")
def restore_registry(
    cases: Annotated[
        list[str] | None, typer.Argument(help="cases of params.yaml; all that have a file in ledger/ if none is named")
    ] = None,
    files: Annotated[
        Path | None,
        typer.Option("--from", help="a folder below which the models' files lie, such as a copy of the bucket"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Build MLflow's registry again, from ledger/ and the models' files. Versions, aliases and decisions it lost."""
    from dataclasses import asdict

    from components.core.params.load import load_params
    from pipelines.commands.restoring import in_words, restore_all
    from pipelines.stages import set_up_logging

    set_up_logging()
    params = load_params(Path("params.yaml"))
    for case in cases or []:
        params.case(case)
    found = restore_all(Path.cwd(), cases or sorted(params.cases), files, named=bool(cases))
    if as_json:
        show([asdict(one) for one in found], as_json)
        return
    for line in in_words(found):
        typer.echo(line)


@app.command()
def history(case: CaseName, as_json: AsJson = False) -> None:
    """Every decision about the case's models, oldest first."""
    from components.core.recipe import recipe_of
    from components.registry.ledger import history as entries_of
    from pipelines.commands.telling import history_rows

    job = job_of(case)
    entries = entries_of(open_registry(), job.case)
    if not as_json:
        show(history_rows(entries, recipe_of(job).primary), as_json)
        return
    rows = [
        {"time": one.time, "action": one.action, "version": one.version, "before": one.before, "after": one.after}
        | {"checks": [list(check) for check in one.checks], "metrics": dict(one.metrics)}
        | {"overrides": [dict(given) for given in one.overrides]}
        for one in entries
    ]
    show(rows, as_json)


@app.command()
def champion(
    case: CaseName, at: Annotated[str | None, typer.Option(help="a moment, ISO 8601")] = None, as_json: AsJson = False
) -> None:
    """The model that serves now, or served at a moment."""
    from datetime import UTC, datetime

    from components.core.errors import CasebookError
    from components.registry.champion import champion_at
    from components.registry.ledger import parse_time
    from pipelines.commands.looking import look_of
    from pipelines.commands.telling import champion_lines

    job, registry, moment = job_of(case), open_registry(), parse_time(at) if at else None
    found = champion_at(registry, job.case, moment)
    if found is None:
        raise CasebookError(f"{case}: no champion{f' at {at}' if at else ''}; `casebook run {case}` makes one")
    if as_json:
        show([found], as_json, one=True)
        return
    for line in champion_lines(found, look_of(job, registry, found["version"]), datetime.now(UTC), moment):
        typer.echo(line)


@app.command()
def trace(case: CaseName, version: Version = None, as_json: AsJson = False) -> None:
    """From a version back to its run, commit, data digests and source."""
    from components.registry.champion import CHAMPION
    from components.registry.trace import trace as follow
    from pipelines.commands.telling import trace_lines

    found = follow(open_registry(), job_of(case).case, version or CHAMPION)
    if as_json:
        show([found], as_json, one=True)
        return
    for line in trace_lines(found):
        typer.echo(line)


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
