"""`casebook …`: thin commands. Each imports what it needs when it is called, so that `--help` is quick."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.environment import prepare_environment
from pipelines.operating.commands import app as operating
from pipelines.servers.commands import app as servers

if TYPE_CHECKING:
    from components.contracts import Job
    from components.monitor_params import PredictionLog
    from components.monitoring.once import Retrain
    from components.registry.track import Tracker

app = typer.Typer(
    name="casebook",
    help="Machine-learning case studies from raw data to a promoted, servable model.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(operating)
app.add_typer(servers)

CaseName = Annotated[str, typer.Argument(metavar="CASE", help="a case of params.yaml")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON instead of a table")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="say what has changed and would run; run nothing")]
Version = Annotated[str | None, typer.Option(help="a version's number; the champion if not given")]


@app.command("list")
def list_cases(as_json: AsJson = False) -> None:
    """The cases of params.yaml, and the champion of each."""
    from components.params import load_params

    tracker = _tracker()
    rows = []
    for name, case in sorted(load_params(Path("params.yaml")).cases.items()):
        found = _champion(tracker, name, None) or {}
        rows.append({"case": name, "source": case.source.kind, "champion": found.get("version")})
    _print(rows, as_json)


@app.command()
def run(
    cases: Annotated[
        list[str] | None, typer.Argument(help="cases of params.yaml; all of them if none is named")
    ] = None,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="the same code on little work, apart from the results")
    ] = False,
    refresh: Annotated[bool, typer.Option("--refresh", help="fetch the source again first")] = False,
    dry_run: DryRun = False,
) -> None:
    """Bring cases up to date, from raw data to a promoted model."""
    from components.params import load_params

    params = load_params(Path("params.yaml"))
    names = cases or sorted(params.cases)
    for name in names:
        params.case(name)
    if smoke:
        from pipelines.commands.smoke import smoke as run_smoke
        from pipelines.stages import set_up_logging

        set_up_logging()
        for name in names:
            run_smoke(name, Path.cwd())
        return
    if refresh:
        _reproduce([f"fetch@{name}" for name in names], dry_run=dry_run, force=True)
    _reproduce([f"release@{name}" for name in names], dry_run=dry_run)


@app.command()
def search(case: CaseName, dry_run: DryRun = False) -> None:
    """Run the case's Optuna study, and what it needs before."""
    _reproduce([_target("search", case)], dry_run=dry_run)


@app.command("search-worker")
def search_worker(case: CaseName) -> None:
    """Work at the case's search that another process has begun, until it is complete."""
    from pipelines.stages import set_up_logging
    from pipelines.workers import join

    set_up_logging()
    join(_job(case))


@app.command()
def fit(case: CaseName, dry_run: DryRun = False) -> None:
    """Train the case's model, and what it needs before."""
    _reproduce([_target("fit", case)], dry_run=dry_run)


@app.command()
def evaluate(case: CaseName, dry_run: DryRun = False) -> None:
    """Score the case's model on the test split, and what it needs before."""
    _reproduce([_target("evaluate", case)], dry_run=dry_run)


@app.command()
def compress(case: CaseName, dry_run: DryRun = False) -> None:
    """Make and measure smaller variants, and what they need before."""
    _reproduce([_target("compress", case)], dry_run=dry_run)


@app.command()
def promote(case: CaseName, dry_run: DryRun = False) -> None:
    """Register the newest bundle and ask the gate again; exit code 3 if it refuses."""
    from components.errors import GATE_REFUSED
    from components.files import read_json

    target = _target("release", case)
    _reproduce([target], dry_run=dry_run)
    if dry_run:
        return
    report = Path("reports") / case / "release.json"
    if not read_json(report)["promoted"]:
        # DVC has the refusal as a result; what the gate did not like (git's state, a champion) may have changed.
        _reproduce([target], dry_run=False, force=True, single=True)
    found = read_json(report)
    typer.echo(f"{case} version {found['version']}: {'champion' if found['promoted'] else 'refused'}")
    for reason in found["reasons"]:
        typer.echo(f"  {reason}")
    if not found["promoted"]:
        raise typer.Exit(GATE_REFUSED)


@app.command()
def rollback(
    case: CaseName, to: Annotated[str | None, typer.Option(help="version; the one before if not given")] = None
) -> None:
    """Make an earlier champion the champion again."""
    from components.registry.promote import rollback as roll_back

    entry = roll_back(_tracker(), _job(case).case, to)
    typer.echo(f"{case}: version {entry.after} is champion again, after {entry.before}")


@app.command()
def history(case: CaseName, as_json: AsJson = False) -> None:
    """Every decision about the case's models, oldest first."""
    from components.registry.ledger import history as entries

    rows = [
        {"time": one.time, "action": one.action, "version": one.version, "before": one.before, "after": one.after}
        | ({"checks": [list(check) for check in one.checks], "metrics": dict(one.metrics)} if as_json else {})
        for one in entries(_tracker(), _job(case).case)
    ]
    _print(rows, as_json)


@app.command()
def champion(
    case: CaseName, at: Annotated[str | None, typer.Option(help="a moment, ISO 8601")] = None, as_json: AsJson = False
) -> None:
    """The model that serves now, or served at a moment."""
    from components.errors import CasebookError

    found = _champion(_tracker(), _job(case).case, at)
    if found is None:
        raise CasebookError(f"{case}: no champion{f' at {at}' if at else ''}; `casebook run {case}` makes one")
    _print([found], as_json, one=True)


@app.command()
def trace(case: CaseName, version: Version = None, as_json: AsJson = False) -> None:
    """From a version back to its run, commit, data digests and source."""
    from components.registry.champion import CHAMPION
    from components.registry.trace import trace as follow

    _print([follow(_tracker(), _job(case).case, version or CHAMPION)], as_json, one=True)


@app.command()
def verify(case: CaseName, version: Version = None, as_json: AsJson = False) -> None:
    """Derive the digests of a version again; exit code 1 if anything no longer matches."""
    from dataclasses import asdict

    from components.errors import BAD_INPUT
    from components.registry.champion import CHAMPION
    from components.registry.trace import verify as check

    job = _job(case)
    found = [asdict(mismatch) for mismatch in check(_tracker(), case, job.params, version or CHAMPION)]
    if as_json or found:
        _print(found, as_json)
    else:
        typer.echo(f"{case}: everything matches")
    if found:
        raise typer.Exit(BAD_INPUT)


@app.command()
def crossval(
    case: CaseName,
    tune: Annotated[bool, typer.Option(help="search anew inside each fold")] = True,
    as_json: AsJson = False,
) -> None:
    """Cross-validate the case, searching, fitting and calibrating inside each fold."""
    from pipelines.commands.crossval import crossval as validate
    from pipelines.stages import set_up_logging

    set_up_logging()
    job = _job(case)
    found = validate(job, job.paths.state(case) / "crossval", tune=tune)
    if as_json:
        _print([found], as_json, one=True)
        return
    rows = [{"who": "model", **found["mean"]}] + [{"who": name, **mean} for name, mean in found["peers"].items()]
    _print(rows, as_json)


@app.command()
def predict(
    case: CaseName,
    source: Annotated[
        Path,
        typer.Argument(
            metavar="IN",
            help="rows as the raw data has them: CSV, Parquet or text, or a folder of images; - is the standard input",
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(help="Parquet, CSV, text or JSON by its name; with - standard output if not given")
    ] = None,
    version: Version = None,
    top: Annotated[int | None, typer.Option(min=1, help="answers for each, where the case ranks")] = None,
    allow: Annotated[
        Path | None, typer.Option(help="items to choose from, where the case ranks: one id a line")
    ] = None,
    deny: Annotated[Path | None, typer.Option(help="items to leave out, where the case ranks: one id a line")] = None,
    n_best: Annotated[int | None, typer.Option(min=1, help="answers for each line, where the case converts")] = None,
    draw: Annotated[
        Path | None, typer.Option(help="a folder for the images with their boxes, where the case finds objects")
    ] = None,
    log: Annotated[bool, typer.Option(help="keep the champion's rows and answers for monitoring")] = True,
) -> None:
    """Score a file of any size with the champion."""
    from pipelines.commands.predicting import predict as answer

    options = {"top": top, "allow": allow, "deny": deny, "n-best": n_best, "draw": draw}
    count = answer(_job(case), source, out, version, options, log=_prediction_log(case) if log else None)
    if out is not None:
        typer.echo(f"{out}: {count} rows", err=True)


@app.command()
def monitor(
    case: CaseName,
    rows: Annotated[
        Path | None, typer.Option(help="a file as predict takes it; what operate.monitor.rows says if not given")
    ] = None,
    retrain: Annotated[bool, typer.Option(help="start a retrain if the rows call for one")] = True,
    as_json: AsJson = False,
) -> None:
    """Compare the newest rows with the champion's training data; report, and retrain if they call for it."""
    from components.monitoring.report import as_json as figures
    from components.operate_params import load_operate
    from pipelines.commands.monitoring import look, retrain_once, summary
    from pipelines.provenance import flow_run_id
    from pipelines.stages import set_up_logging

    set_up_logging()
    job, params = _job(case), load_operate(Path("params.yaml")).of(case).monitor
    looked = look(job, params, rows, flow_run=flow_run_id())
    if as_json:
        _print([figures(looked.found)], as_json, one=True)
    else:
        for line in summary(looked):
            typer.echo(line)
    if not retrain:
        return
    started = retrain_once(job, params, looked.found, lambda due: _start_retrain(case, due))
    if started is not None:
        typer.echo(f"retrain {started.id} was started: {'; '.join(started.reasons)}", err=True)


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="the new case's name: small letters, digits, _")],
    csv: Annotated[Path | None, typer.Option(help="a CSV or Parquet file with a header")] = None,
    target: Annotated[str | None, typer.Option(help="the column to predict; it has two values")] = None,
    images: Annotated[Path | None, typer.Option(help="a folder of images with VOC or COCO annotations")] = None,
    example: Annotated[
        Path | None, typer.Option("--from", help="a ready block, such as examples/blood_cells.yaml")
    ] = None,
    like: Annotated[
        str | None,
        typer.Option(help="the case, or the example, whose block is the pattern: finance_risk, or medical_cells"),
    ] = None,
    positive: Annotated[str | None, typer.Option(help="the value to look for; the rarer one if not given")] = None,
    time: Annotated[str | None, typer.Option(help="of a cohort: the column of how long each row was observed")] = None,
    event: Annotated[str | None, typer.Option(help="of a cohort: the column of whether that ended it, 0 or 1")] = None,
    per_year: Annotated[float, typer.Option(min=1e-6, help="units of --time in a year; days if not given")] = 365.25,
    dry_run: DryRun = False,
) -> None:
    """Make a case of your own table or images, or of an example: write its block into params.yaml."""
    import yaml

    from pipelines.commands.newcase import Asked, new_case, new_example, plan_case, plan_example
    from pipelines.commands.newimages import new_images, plan_images
    from pipelines.stages import set_up_logging

    if sum(given is not None for given in (csv, images, example)) != 1:
        raise typer.BadParameter("give one of --csv, --images and --from")
    if (csv is None) == any(given is not None for given in (target, positive, time, event)):
        raise typer.BadParameter("--csv goes with --target, or for a cohort with --time and --event")
    if example is not None and like is not None:
        raise typer.BadParameter("--from is the whole block; leave --like out")
    set_up_logging()
    if csv is not None:
        make = plan_case if dry_run else new_case
        block = make(Path.cwd(), name, like or "finance_risk", csv, Asked(target, positive, time, event, per_year))
    elif images is not None:
        block = (plan_images if dry_run else new_images)(Path.cwd(), name, like or "medical_cells", images)
    else:
        assert example is not None
        block = (plan_example if dry_run else new_example)(Path.cwd(), name, example)
    typer.echo(yaml.safe_dump({name: {"prepare": block["prepare"]}}, sort_keys=False, allow_unicode=True, width=120))
    if not dry_run:
        typer.echo(f"params.yaml has the case {name}; look it over, commit it, then: casebook run {name}")


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """What this machine and this checkout lack; exit code 1 if anything."""
    from dataclasses import asdict

    from components.errors import BAD_INPUT
    from pipelines.commands.doctor import examine

    found = examine(Path.cwd())
    _print([asdict(finding) for finding in found], as_json)
    if any(finding.remedy for finding in found):
        raise typer.Exit(BAD_INPUT)


@app.command()
def ui(port: Annotated[int, typer.Option(help="on 127.0.0.1")] = 5000) -> None:
    """MLflow's pages for the store of this checkout."""
    from components.registry.store import artifact_folder

    uri = _tracker().uri
    artifacts = artifact_folder(uri)
    # One worker and no jobs of MLflow's own: a busy machine starts several so slowly that they are killed for it.
    os.environ.setdefault("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")
    options = ["--backend-store-uri", uri, "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    # MLflow opens on its pages for language models; the choice in the address is remembered.
    typer.echo(f"http://127.0.0.1:{port}/#/experiments?workflowType=machine_learning", err=True)
    if artifacts is not None:
        options += ["--default-artifact-root", str(artifacts)]
    os.execv(sys.executable, [sys.executable, "-m", "mlflow", "server", *options])  # noqa: S606 - becomes the server


def main() -> int:
    """Run a command. Exit codes: 0 done, 1 wrong input or environment, 2 wrong usage, 3 the gate refused."""
    from components.errors import BAD_INPUT, DONE, CasebookError

    prepare_environment(Path.cwd())
    try:
        app(prog_name="casebook")  # ends with SystemExit: its own 0 and 2, and what a command exits with
    except CasebookError as error:
        typer.echo(f"casebook: {error}", err=True)
        return BAD_INPUT
    return DONE


def _job(case: str) -> "Job":
    from components.contracts import Job, Paths
    from components.params import load_params

    return Job(case, load_params(Path("params.yaml")).case(case), Paths(Path.cwd()))


def _target(stage: str, case: str) -> str:
    return f"{stage}@{_job(case).case}"


def _prediction_log(case: str) -> "PredictionLog | None":
    """None where it is off, or the params have no such block."""
    from components.operate_params import load_operate
    from components.params import load_params

    if load_params(Path("params.yaml")).operate is None:
        return None
    log = load_operate(Path("params.yaml")).of(case).monitor.log
    return log if log.enabled else None


def _start_retrain(case: str, due: "Retrain") -> None:
    from pipelines.monitor import start_retrain  # it imports prefect, which a look at rows does not need

    start_retrain(case, str(Path.cwd()), due)


def _tracker() -> "Tracker":
    from components.registry.track import connect

    return connect(Path.cwd())


def _champion(tracker: "Tracker", case: str, at: str | None) -> dict[str, Any] | None:
    from components.registry.champion import champion_at
    from components.registry.ledger import parse_time

    return champion_at(tracker, case, parse_time(at) if at else None)


def _reproduce(targets: list[str], *, dry_run: bool, force: bool = False, single: bool = False) -> None:
    if dry_run:
        from pipelines.plan import plan

        for line in plan(targets, Path.cwd(), force=force):
            typer.echo(line)
        return
    from pipelines.reproduce import reproduce

    code = reproduce(targets, Path.cwd(), force=force, single=single)
    if code:
        raise typer.Exit(1)


def _print(rows: list[dict[str, Any]], as_json: bool, *, one: bool = False) -> None:
    if as_json:
        typer.echo(json.dumps(rows[0] if one else rows, indent=2, ensure_ascii=False, sort_keys=False))
        return
    from rich.console import Console
    from rich.table import Table

    if one:
        rows = [{"": name, " ": value} for name, value in rows[0].items()]
    table = Table(*(rows[0] if rows else ["nothing yet"]))
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    Console().print(table)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4f}"
    return json.dumps(value, ensure_ascii=False, indent=1) if isinstance(value, dict | list) else str(value)


if __name__ == "__main__":
    sys.exit(main())
