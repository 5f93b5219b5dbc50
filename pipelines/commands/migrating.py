"""The command that brings a checkout of an older form to the form of today."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def migrate(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would change; touch nothing")] = False,
) -> None:
    """Rewrite a params.yaml and examples of an older form. Accept results where only names changed."""
    from pipelines.migrate.migrate import migrate as rewrite
    from pipelines.stages import set_up_logging

    set_up_logging()
    found = rewrite(Path.cwd(), dry_run=dry_run)
    for name in found.cases:
        typer.echo(f"params.yaml  cases.{name}")
    for file in found.files:
        typer.echo(file)
    for one in found.stages:
        told = f"runs again, {one.why}" if one.why else "accepted; its code was not compared"
        absent = f"; not here as it was made: {', '.join(one.absent)}" if one.absent else ""
        typer.echo(f"{one.stage}: {told}{absent}")
    if any(one.absent for one in found.stages):
        typer.echo("what is not here as it was made `casebook run` takes from the cache; `dvc pull` brings it to there")
    if not found.cases and not found.files:
        typer.echo("nothing is of an older form")
    elif not dry_run:
        typer.echo("look at `git diff`, then commit params.yaml, dvc.lock and the examples")
