"""Commands that bring a case about: all of it, or up to a stage."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.shared import AsJson, CaseName, DryRun, bring_up_to_date, job_of, show, target_of

app = typer.Typer()


@app.command()
def run(
    cases: Annotated[
        list[str] | None, typer.Argument(help="cases of params.yaml; all of them if none is named")
    ] = None,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="the same code on little work, apart from the results")
    ] = False,
    refresh: Annotated[bool, typer.Option("--refresh", help="fetch the source again first")] = False,
    force: Annotated[bool, typer.Option("--force", help="run every stage, changed or not")] = False,
    jobs: Annotated[
        int, typer.Option("--jobs", min=1, help="cases side by side, where there is a core and memory for each")
    ] = 1,
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            "-S",
            metavar="KEY=VALUE",
            help="try a value of one case, such as fit.lr=0.003, as a DVC experiment: params.yaml and the outs are "
            "those of the experiment afterwards, `dvc exp show` has it, and nothing is registered or promoted",
        ),
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Bring cases up to date, from raw data to a promoted model.

    One after another, the quickest first: by what each took when it last ran here, then in the order of params.yaml.
    """
    from components.core.params.load import load_params

    params = load_params(Path("params.yaml"))
    names = list(dict.fromkeys(cases or params.cases))
    for name in names:
        params.case(name)
    if not (smoke or dry_run):
        _check_registry(names)
    if values:
        if len(names) != 1 or smoke or refresh or force:
            raise typer.BadParameter("-S goes with one case, and with none of --smoke, --refresh and --force")
        _try_values(names[0], values, dry_run=dry_run)
        return
    if smoke:
        from pipelines.commands.smoke import smoke as run_smoke
        from pipelines.stages import set_up_logging

        set_up_logging()
        for name in names:
            run_smoke(name, Path.cwd())
        return
    if refresh:
        _look_at_databases(names, dry_run=dry_run)
        bring_up_to_date([f"fetch@{name}" for name in names], dry_run=dry_run, force=True)
    if dry_run:
        from pipelines.stages import STAGES

        stages = STAGES if force else STAGES[-1:]
        bring_up_to_date([f"{stage}@{name}" for name in names for stage in stages], dry_run=True, force=force)
    else:
        _run_cases(names, jobs, force=force)


def _look_at_databases(names: list[str], *, dry_run: bool) -> None:
    from pipelines.news import look_at_database

    for name in names:
        if not dry_run and (found := look_at_database(name, Path.cwd())) is not None:
            typer.echo(found)


def _check_registry(names: list[str]) -> None:
    from components.registry.finding import check_registry

    check_registry(Path.cwd(), names)


def _run_cases(names: list[str], jobs: int, *, force: bool) -> None:
    from components.core.params.load import load_params
    from pipelines.casewise import run_cases
    from pipelines.closing import closing
    from pipelines.room import side_by_side

    room = side_by_side(jobs)
    if room < min(jobs, len(names)):
        typer.echo(f"{room} at a time: there is no core or no memory for {jobs}")
    ended = run_cases(names, Path.cwd(), typer.echo, jobs=room, force=force)
    for line in closing(ended, load_params(Path("params.yaml")), Path.cwd()):
        typer.echo(line)
    if not all(one.well for one in ended):
        raise typer.Exit(1)


def _try_values(case: str, settings: list[str], *, dry_run: bool) -> None:
    import shlex

    from pipelines.experiments import experiment_arguments
    from pipelines.reproduce import call_dvc

    arguments = experiment_arguments(job_of(case), settings)
    typer.echo(f"dvc {shlex.join(arguments)}", err=True)
    if not dry_run and call_dvc(arguments, Path.cwd(), case):
        raise typer.Exit(1)


@app.command()
def metrics(as_json: AsJson = False) -> None:
    """The newest figures of every case beside its best baseline's. Which cases never ran, too."""
    from components.core.job import Paths
    from components.core.params.load import load_params
    from pipelines.summary import read_summary

    names, paths = sorted(load_params(Path("params.yaml")).cases), Paths(Path.cwd())
    show([{"case": name, **read_summary(paths, name)} for name in names], as_json)


@app.command()
def search(case: CaseName, dry_run: DryRun = False) -> None:
    """Run the case's Optuna study, and what it needs before."""
    bring_up_to_date([target_of("search", case)], dry_run=dry_run)


@app.command("search-worker")
def search_worker(case: CaseName) -> None:
    """Join a search that another process has begun. Works at it until it is complete."""
    from pipelines.stages import set_up_logging
    from pipelines.workers import join

    set_up_logging()
    join(job_of(case))


@app.command()
def fit(case: CaseName, dry_run: DryRun = False) -> None:
    """Train the case's model, and what it needs before."""
    bring_up_to_date([target_of("fit", case)], dry_run=dry_run)


@app.command()
def evaluate(case: CaseName, dry_run: DryRun = False) -> None:
    """Score the model on the test split, and what it needs before."""
    bring_up_to_date([target_of("evaluate", case)], dry_run=dry_run)


@app.command()
def compress(case: CaseName, dry_run: DryRun = False) -> None:
    """Make and measure smaller variants, and what they need before."""
    bring_up_to_date([target_of("compress", case)], dry_run=dry_run)


@app.command()
def promote(
    case: CaseName,
    override: Annotated[
        bool, typer.Option("--override", help="let the version that was refused last pass all the same, for a time")
    ] = False,
    check: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="of --override: a check to be overridden; all that refused it if not given"),
    ] = None,
    who: Annotated[str | None, typer.Option(metavar="NAME", help="of --override: who answers for it")] = None,
    because: Annotated[str | None, typer.Option(metavar="TEXT", help="of --override: why")] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="of --override: when it ends, such as 2030-12-31")
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Register the newest bundle and ask the gate again. Exit code 3 if it refuses."""
    from components.core.errors import GATE_REFUSED
    from components.core.files import read_json
    from pipelines.asked_overrides import asks_again, variables

    target, report = target_of("release", case), Path("reports") / case / "release.json"
    if not dry_run:
        _check_registry([case])
    if override:
        if who is None or because is None or until is None:
            raise typer.BadParameter("--override goes with --who, --because and --until")
        asked = variables(case, Path.cwd(), check or (), who, because, until)
        # No other stage: what passes is the version that was seen, and none that would be trained now.
        bring_up_to_date([target], dry_run=dry_run, force=True, single=True, variables=asked)
    elif any((check, who, because, until)):
        raise typer.BadParameter("--check, --who, --because and --until go with --override")
    else:
        bring_up_to_date([target], dry_run=dry_run)
    if dry_run:
        return
    if not override and asks_again(read_json(report)):
        # DVC has the answer as a result; what the gate did not like (git's state, a champion) may have changed.
        bring_up_to_date([target], dry_run=False, force=True, single=True)
    found = read_json(report)
    typer.echo(f"{case} version {found['version']}: {'champion' if found['promoted'] else 'refused'}")
    for reason in found["reasons"]:
        typer.echo(f"  {reason}")
    if not found["promoted"]:
        raise typer.Exit(GATE_REFUSED)


@app.command()
def crossval(
    case: CaseName,
    tune: Annotated[bool, typer.Option(help="search anew inside each fold")] = True,
    as_json: AsJson = False,
) -> None:
    """Cross-validate: search, fit and calibrate inside each fold."""
    from components.core.results import MODEL
    from pipelines.commands.crossval import crossval as validate
    from pipelines.stages import set_up_logging

    set_up_logging()
    job = job_of(case)
    found = validate(job, job.paths.state(case) / "crossval", tune=tune)
    if as_json:
        show([found], as_json, one=True)
        return
    rows = [{"who": MODEL, **found["mean"]}] + [{"who": name, **mean} for name, mean in found["peers"].items()]
    show(rows, as_json)


@app.command()
def params(
    case: CaseName,
    settings: Annotated[
        list[str] | None, typer.Option("--set", "-S", metavar="KEY=VALUE", help="show it with this value, too")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Every value that holds for a case, and where it comes from. Its recipe's defaults, or params.yaml."""
    from dataclasses import asdict

    from components.core.params.load import load_params
    from components.core.params.overrides import check_override
    from components.core.yaml_files import flow
    from pipelines.commands.params import values

    known = load_params(Path("params.yaml")).case(case)
    found = values(Path.cwd(), case, dict(check_override(known, text) for text in settings or []))
    if as_json:
        show([asdict(one) for one in found], as_json)
        return
    wide = max(len(one.origin) for one in found)
    for one in found:
        typer.echo(f"{one.origin:<{wide}}  {one.key}: {flow(one.value)}")
