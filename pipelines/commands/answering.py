"""Commands that use a champion: on rows, and on how rows have changed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.options import CommandOfCase
from pipelines.commands.shared import AsJson, CaseName, Version, job_of, show

if TYPE_CHECKING:
    from components.core.params.monitor import PredictionLog
    from components.monitoring.once import Result, Retrain

app = typer.Typer()


@app.command(cls=CommandOfCase)
def predict(
    case: CaseName,
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="IN",
            help="rows as the raw data has them: CSV, Parquet or text, or a folder of images; - is the standard input",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help=".csv, .parquet, .json, .xlsx, for lines .txt, packed .csv.gz; with - standard output if not given"
        ),
    ] = None,
    version: Version = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="one of the case's own, such as top=10; --top 10 for short. `casebook predict CASE --help` tells them",
        ),
    ] = None,
    smoke: Annotated[
        bool,
        typer.Option("--smoke", help="by the model of `casebook run CASE --smoke`, whose answers mean nothing"),
    ] = False,
    log: Annotated[bool, typer.Option(help="keep the champion's rows and answers for monitoring")] = True,
) -> None:
    """Score a file of any size with the champion."""
    from pipelines.commands.predicting import predict as answer

    if smoke and version is not None:
        raise typer.BadParameter("--smoke is of a model that is no version; leave --version out")
    kept = _prediction_log(case) if log else None
    count = answer(job_of(case), source, out, version, option or [], log=kept, smoke=smoke)
    if out is not None:
        typer.echo(f"{out}: {count} rows", err=True)


@app.command("catch-up")
def catch_up(
    case: CaseName,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="events with the source's columns; the case's source if not given"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Let the champion know what users have done since its release. Nothing is fitted."""
    from pipelines.commands.catching_up import catch_up as bring_in
    from pipelines.commands.catching_up import in_words
    from pipelines.stages import set_up_logging

    set_up_logging()
    found = bring_in(job_of(case), file)
    if not as_json:
        for line in in_words(found):
            typer.echo(line)
        return
    events = found.events
    told = {"case": found.case, "version": found.version, "set": found.number, "until": events.until}
    counts = {"added": events.added, "users": events.users, "known": events.known, **events.counts}
    show([told | counts], as_json, one=True)


@app.command()
def monitor(
    case: CaseName,
    rows: Annotated[
        Path | None, typer.Option(help="a file as predict takes it; what operate.monitor.rows says if not given")
    ] = None,
    retrain: Annotated[bool, typer.Option(help="start a retrain if the rows call for one")] = True,
    as_json: AsJson = False,
) -> None:
    """Compare new rows with the champion's training data. Report, and retrain if they call for it."""
    from components.core.params.operate import load_operate
    from components.monitoring.report import as_json as figures
    from pipelines.commands.monitoring import look, retrain_once, summary
    from pipelines.operating.notify import notify_look
    from pipelines.provenance import flow_run_id
    from pipelines.stages import set_up_logging

    set_up_logging()
    job, params = job_of(case), load_operate(Path("params.yaml")).of(case).monitor
    looked = look(job, params, rows, flow_run=flow_run_id())
    if as_json:
        show([figures(looked.found)], as_json, one=True)
    else:
        for line in summary(looked):
            typer.echo(line)
    if not retrain:
        return
    if rows is None:  # what somebody tries with a file of theirs is no news for others
        notify_look(job.paths.root, job.case, looked.found, decided=looked.found.compared >= params.min_rows)
    started = retrain_once(job, params, looked.found, lambda due: _start_retrain(case, due))
    if started is not None:
        typer.echo(f"retrain {started.id} was started: {'; '.join(started.reasons)}", err=True)


def _prediction_log(case: str) -> "PredictionLog | None":
    """None where it is off, or the params have no such block."""
    from components.core.params.load import load_params
    from components.core.params.operate import load_operate

    if load_params(Path("params.yaml")).operate is None:
        return None
    log = load_operate(Path("params.yaml")).of(case).monitor.log
    return log if log.enabled else None


def _start_retrain(case: str, due: "Retrain") -> "Result | None":
    from pipelines.monitor import start_retrain  # it imports prefect, which a look at rows does not need

    return start_retrain(case, str(Path.cwd()), due)
