"""`casebook deploy` and `casebook worker`; thin, and imports what it needs when it is called."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def deploy() -> None:
    """Put the schedules and pools of params.yaml into Prefect. Which, prefect.yaml says."""
    from components.core.params.load import load_params
    from components.core.params.operate import load_operate
    from pipelines.operating.deployments import deploy as put
    from pipelines.stages import set_up_logging

    set_up_logging()
    path = Path.cwd() / "params.yaml"
    for name in put(Path.cwd(), load_params(path), load_operate(path)):
        typer.echo(name)


@app.command()
def worker(
    pool: Annotated[str, typer.Argument(help="cpu or gpu")],
    name: Annotated[
        str | None, typer.Option(help="of two workers of a pool on one machine, each needs its own")
    ] = None,
) -> None:
    """Run what is scheduled for a pool. And what a killed worker of the same name left behind."""
    from components.core.params.operate import load_operate
    from pipelines.operating.worker import work
    from pipelines.stages import set_up_logging

    set_up_logging()
    work(pool, Path.cwd(), load_operate(Path.cwd() / "params.yaml"), name)
