"""`casebook …`: thin commands. Each imports what it needs when it is called, so that `--help` is quick."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.answering import app as answering
from pipelines.commands.building import app as building
from pipelines.commands.groups import GroupedCommands
from pipelines.commands.leaving import app as leaving
from pipelines.commands.making import app as making
from pipelines.commands.migrating import app as migrating
from pipelines.commands.notices import tell_ended
from pipelines.commands.registry import app as registry
from pipelines.commands.serving import app as serving
from pipelines.commands.shared import AsJson, open_registry, open_tracker, page, show
from pipelines.environment import prepare_environment
from pipelines.operating.commands import app as operating
from pipelines.servers.commands import app as servers

SERVING = ("fastapi", "prometheus_client", "python_multipart", "starlette", "uvicorn")  # what the extra `serve` brings
STORING = ("boto3", "botocore", "dvc_s3", "s3fs")  # what the extra `s3` brings

app = typer.Typer(
    name="casebook",
    cls=GroupedCommands,
    help="Machine-learning case studies from raw data to a promoted, servable model.",
    epilog="Begin with `casebook run finance_risk`. `casebook COMMAND --help` tells a command's options.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for group in (building, registry, answering, serving, making, leaving, migrating, operating, servers):
    app.add_typer(group)


def _tell_version(asked: bool) -> None:
    if not asked:
        return
    from importlib.metadata import PackageNotFoundError, version

    from components.core.errors import CasebookError

    try:
        typer.echo(f"casebook {version('casebook')}")
    except PackageNotFoundError:
        raise CasebookError("no version is known: casebook is not installed here; `make setup`") from None
    raise typer.Exit


@app.callback()
def tool(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 - its callback has told it
        bool, typer.Option("--version", is_eager=True, callback=_tell_version, help="print the version and exit")
    ] = False,
) -> None:
    """What every command has in common: a version, and what has to be said before it."""
    tell_ended(context.invoked_subcommand, Path.cwd())


@app.command("list")
def list_cases(as_json: AsJson = False) -> None:
    """The cases, what serves each and how good it is. How old it is, and what the last run came to, too."""
    from dataclasses import asdict
    from datetime import UTC, datetime

    from components.core.params.load import load_params
    from pipelines.commands.listing import in_words, standings

    found, now = standings(open_registry(), Path.cwd(), load_params(Path("params.yaml"))), datetime.now(UTC)
    show([asdict(one) if as_json else in_words(one, now, page().width) for one in found], as_json)


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """What this machine has, and what it and this checkout lack. Exit code 1 if anything is to be mended."""
    from dataclasses import asdict

    from components.core.errors import BAD_INPUT
    from pipelines.commands.doctor import examine

    found = examine(Path.cwd())
    show([asdict(finding) for finding in found], as_json)
    if any(finding.remedy for finding in found):
        raise typer.Exit(BAD_INPUT)


@app.command()
def ui(port: Annotated[int, typer.Option(help="on 127.0.0.1")] = 5000) -> None:
    """MLflow's pages for the store of this checkout."""
    from components.tracking.address import artifact_folder
    from pipelines.servers.names import ALLOWED, mlflow_variables, stated
    from pipelines.servers.settings import LOOPBACK

    uri = open_tracker().uri
    artifacts = artifact_folder(uri)
    # One worker and no jobs of MLflow's own: a busy machine starts several so slowly that they are killed for it.
    os.environ.setdefault("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")
    os.environ.update(mlflow_variables(LOOPBACK, port, stated(os.environ.get(ALLOWED) or "")))
    os.environ["MLFLOW_BACKEND_STORE_URI"] = uri  # not on the command line: it may hold a password
    options = ["--host", LOOPBACK, "--port", str(port), "--workers", "1"]
    # MLflow opens on its pages for language models; the choice in the address is remembered.
    typer.echo(f"http://127.0.0.1:{port}/#/experiments?workflowType=machine_learning", err=True)
    if artifacts is not None:
        options += ["--default-artifact-root", str(artifacts)]
    os.execv(sys.executable, [sys.executable, "-m", "mlflow", "server", *options])  # noqa: S606 - becomes the server


def _lacking(error: ModuleNotFoundError) -> str | None:
    """Which extra brings a package that is not installed here; None where it is a module of ours that lacks."""
    package = (error.name or "").partition(".")[0]
    if package in ("", "components", "pipelines", "casebook"):
        return None
    extra = "serve" if package in SERVING else "s3" if package in STORING else "train"
    return f"the package {package} is not installed here, which this needs: `pip install 'casebook[{extra}]'`"


def main() -> int:
    """Run a command. Exit codes: 0 done, 1 wrong input or environment, 2 wrong usage, 3 the gate refused."""
    from components.core.errors import BAD_INPUT, DONE, CasebookError, disk_problem

    try:
        prepare_environment(Path.cwd())
        app(prog_name="casebook")  # ends with SystemExit: its own 0 and 2, and what a command exits with
    except CasebookError as error:
        typer.echo(f"casebook: {error}", err=True)
        return BAD_INPUT
    except ModuleNotFoundError as error:
        if (lacking := _lacking(error)) is None:
            raise
        typer.echo(f"casebook: {lacking}", err=True)
        return BAD_INPUT
    except OSError as error:
        if (problem := disk_problem(error, Path.cwd())) is None:
            raise
        typer.echo(f"casebook: {problem}", err=True)
        return BAD_INPUT
    return DONE


if __name__ == "__main__":
    sys.exit(main())
