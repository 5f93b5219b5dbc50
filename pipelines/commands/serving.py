"""The command that has champions answer over HTTP."""

from typing import Annotated, Literal

import typer

app = typer.Typer()

CANDIDATE = "candidate"


@app.command()
def serve(
    cases: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CASE]…", help="cases of params.yaml; all that have a champion if none is named"),
    ] = None,
    host: Annotated[
        str, typer.Option(help="the address to listen on; another than loopback needs CASEBOOK_TOKEN")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free")] = 8000,
    version: Annotated[
        str | None, typer.Option(help="a version's number, or candidate; the champion if not given")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="processes that answer, each with all models")] = 1,
    explain: Annotated[
        Literal["always", "declined", "never"],
        typer.Option(help="which rows get reasons, where a request does not say"),
    ] = "declined",
    look_every: Annotated[float, typer.Option(min=0.1, help="seconds between looks at what the alias names")] = 5.0,
    shadow: Annotated[
        str | None,
        typer.Option(
            metavar="candidate|N", help="a version that answers too, unseen: its difference is told and logged"
        ),
    ] = None,
    canary: Annotated[
        float | None,
        typer.Option(min=0.01, max=99.99, metavar="PERCENT", help="how many of the rows the candidate answers"),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict/--lenient", help="refuse what training never had, or answer it with a warning")
    ] = False,
) -> None:
    """Answer over HTTP until told to end. docs/serving.md says what is asked and answered."""
    from components.serving.server import run
    from pipelines.servers.online import WORKER, Noted, application, cases_to_serve, note
    from pipelines.servers.settings import settings_for
    from pipelines.stages import set_up_logging

    _check_beside(version, shadow, canary)
    set_up_logging()
    settings_for(host)
    note(Noted(host, cases_to_serve(cases or []), version, explain, look_every, strict, shadow, canary))
    raise typer.Exit(run(application, WORKER, host, port, workers))


def _check_beside(version: str | None, shadow: str | None, canary: float | None) -> None:
    """Raises typer.BadParameter where what is tried beside the champion cannot be."""
    if version is not None and (shadow is not None or canary is not None):
        option = "--shadow" if shadow is not None else "--canary"
        raise typer.BadParameter(f"{option} tries a version beside the champion; leave --version out")
    if shadow is not None and shadow != CANDIDATE and not shadow.isdecimal():
        raise typer.BadParameter(f"--shadow takes {CANDIDATE} or a version's number, not {shadow!r}")
