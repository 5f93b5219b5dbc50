"""`casebook up`, `down` and what else keeps the servers; thin, and imports what it needs when it is called."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()

Targets = Annotated[list[str] | None, typer.Argument(metavar="STAGE@CASE", help="all of dvc.lock if none is named")]


@app.command()
def up() -> None:
    """Start Prefect's and MLflow's servers and a worker for each pool. And `serve`, if operate.serve names cases."""
    from pipelines.servers.champions import serve_params
    from pipelines.servers.settings import read_settings
    from pipelines.servers.supervise import up as start

    found = start(Path.cwd())
    typer.echo(f"Prefect  {found['PREFECT_API_URL'].removesuffix('/api')}")
    # MLflow opens on its pages for language models; the choice in the address is remembered.
    typer.echo(f"MLflow   {found['MLFLOW_TRACKING_URI']}/#/experiments?workflowType=machine_learning")
    if (serve := serve_params(Path.cwd())).cases:
        typer.echo(f"serve    {read_settings().url(serve.port)} ({', '.join(serve.cases)}), each from its champion on")
    typer.echo("commands in this checkout use them; `casebook down` ends them, state/servers/up.log has what they say")


@app.command()
def down() -> None:
    """End exactly what `casebook up` has started. The work that its workers are at is ended, too."""
    from pipelines.servers.supervise import down as end

    count = end(Path.cwd())
    typer.echo(f"{count} processes ended" if count else "nothing was up")


@app.command()
def backup(target: Annotated[Path, typer.Argument(metavar="FILE", help="a tar file that is not there yet")]) -> None:
    """Write every store to one file. Databases, studies, MLflow's artifacts."""
    from pipelines.servers.backup import backup as write

    typer.echo(f"{target}: {write(Path.cwd(), target)} bytes")


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="what `casebook backup` wrote")],
    replace: Annotated[bool, typer.Option("--replace", help="over the stores that are here")] = False,
) -> None:
    """Put the stores of a backup into this checkout."""
    from pipelines.servers.backup import restore as put_back

    typer.echo(f"restored: {', '.join(put_back(Path.cwd(), source, replace=replace))}")


@app.command()
def push(targets: Targets = None) -> None:
    """Send what DVC keeps to the team's bucket. Data, models, reports."""
    from pipelines.servers.remote import share

    share(Path.cwd(), "push", targets or [])


@app.command()
def pull(targets: Targets = None) -> None:
    """Bring what DVC keeps from the team's bucket."""
    from pipelines.servers.remote import share

    share(Path.cwd(), "pull", targets or [])
