"""The command that has champions answer over HTTP."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

if TYPE_CHECKING:
    from components.serving.state import Serving

app = typer.Typer()


@app.command()
def serve(
    cases: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CASE]…", help="cases of params.yaml; all that have a champion if none"),
    ] = None,
    host: Annotated[
        str, typer.Option(help="the address to listen on; others than loopback need CASEBOOK_TOKEN")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free")] = 8000,
    version: Annotated[
        str | None, typer.Option(help="a version's number, or candidate; the champion if not given")
    ] = None,
    explain: Annotated[
        Literal["always", "declined", "never"],
        typer.Option(help="which rows get reasons, where a request does not say"),
    ] = "declined",
    strict: Annotated[
        bool, typer.Option("--strict/--lenient", help="refuse what training never had, or answer it with a warning")
    ] = False,
) -> None:
    """Answer over HTTP until told to end: docs/serving.md says what is asked and answered."""
    from components.serving.server import run
    from pipelines.servers.guard import OwnNames
    from pipelines.servers.names import own
    from pipelines.servers.settings import settings_for
    from pipelines.stages import set_up_logging

    set_up_logging()
    settings = settings_for(host)
    asked = _asked(cases or [], version, explain, settings.token, strict=strict)
    names = (*own(host), *settings.names)
    raise typer.Exit(run(asked, host, port, lambda application: OwnNames(application, names, settings.names)))


def _asked(
    names: list[str],
    version: str | None,
    explain: Literal["always", "declined", "never"],
    token: str | None,
    *,
    strict: bool,
) -> "Serving":
    from components.core.errors import CasebookError
    from components.core.job import Paths
    from components.core.params.load import load_params
    from components.core.params.operate import load_operate
    from components.core.recipe import make_job
    from components.registry.champion import CHAMPION
    from components.registry.finding import open_registry
    from components.serving.models import online
    from components.serving.state import Serving

    path = Path("params.yaml")
    params, operate = load_params(path), load_operate(path)
    if not names:
        models = open_registry(Path.cwd()).registered_models()
        with_champion = [case for case in params.cases if case in models and CHAMPION in models[case].aliases]
        names = [case for case in with_champion if _is_online(params.case(case).recipe)]
        if not names:
            raise CasebookError(
                "no case has a champion that is answered over HTTP; `casebook run CASE` trains and promotes one"
            )
    jobs = [make_job(case, params.case(case), Paths(Path.cwd())) for case in dict.fromkeys(names)]
    for job in jobs:
        online(job.params.recipe)
    logs = {job.case: operate.of(job.case).monitor.log for job in jobs}
    return Serving(jobs, version, cast(Literal["always", "declined", "never"], explain), strict, token, logs)


def _is_online(recipe: str) -> bool:
    from components.core.errors import CasebookError
    from components.serving.models import online

    try:
        online(recipe)
    except CasebookError:
        return False
    return True
