"""`casebook up`, `down` and what else keeps the servers; thin, and imports what it needs when it is called."""

from pathlib import Path

import typer

app = typer.Typer()


@app.command()
def up() -> None:
    """Start the Prefect server, the MLflow server and a worker for each pool."""
    from pipelines.servers.supervise import up as start

    found = start(Path.cwd())
    typer.echo(f"Prefect  {found['PREFECT_API_URL'].removesuffix('/api')}")
    # MLflow opens on its pages for language models; the choice in the address is remembered.
    typer.echo(f"MLflow   {found['MLFLOW_TRACKING_URI']}/#/experiments?workflowType=machine_learning")
    typer.echo("commands in this checkout use them; `casebook down` ends them, state/servers/up.log has what they say")


@app.command()
def down() -> None:
    """End exactly what `casebook up` has started, and the work that its workers are at."""
    from pipelines.servers.supervise import down as end

    count = end(Path.cwd())
    typer.echo(f"{count} processes ended" if count else "nothing was up")
