"""`casebook deploy` and `casebook worker`; thin, and imports what it needs when it is called."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.shared import CaseName, job_of

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


@app.command()
def retrain(case: CaseName) -> None:
    """Start the case's retrain now. On the Prefect server that is up, or PREFECT_API_URL names."""
    from components.core.params.operate import load_operate
    from pipelines.operating.ask import ask_now

    name = job_of(case).case
    run, page = ask_now(name, load_operate(Path.cwd() / "params.yaml").of(name))
    typer.echo(f"flow run {run.name} of retrain/{name}: {page}")


@app.command()
def notify() -> None:
    """Send a trial to the address of operate.notify. To see that a team would be told."""
    from components.core.errors import CasebookError
    from components.core.params.operate import load_operate
    from pipelines.operating.delivery import deliver
    from pipelines.operating.events import trial

    where = load_operate(Path.cwd() / "params.yaml").notify
    if where is None:
        raise CasebookError(
            "params.yaml: operate.notify: not there, so nobody is told of anything; "
            "write {kind: webhook, variable: TEAM_WEBHOOK} or {kind: email, variable: TEAM_MAIL}"
        )
    deliver(where, trial())
    typer.echo(f"the {where.kind} of {where.variable} took the trial")
