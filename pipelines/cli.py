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
from pipelines.commands.migrating import app as migrating
from pipelines.commands.notices import tell_ended
from pipelines.commands.registry import app as registry
from pipelines.commands.shared import AsJson, DryRun, open_registry, open_tracker, page, show
from pipelines.environment import prepare_environment
from pipelines.operating.commands import app as operating
from pipelines.servers.commands import app as servers

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
for group in (building, registry, answering, leaving, migrating, operating, servers):
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
def new(
    name: Annotated[str, typer.Argument(help="the new case's name: small letters, digits, _")],
    csv: Annotated[
        Path | None, typer.Option(help="a CSV or Parquet file with a header, or a workbook; of events JSON lines too")
    ] = None,
    target: Annotated[str | None, typer.Option(help="the column to predict; it has two values")] = None,
    query: Annotated[
        str | None, typer.Option(help="instead of --csv: what a database is asked; --variable names its address")
    ] = None,
    variable: Annotated[
        str | None, typer.Option(help="of --query: the environment variable that holds the database's address")
    ] = None,
    watermark: Annotated[
        str | None, typer.Option(help="of --query: a column that grows with every new or changed row")
    ] = None,
    images: Annotated[
        Path | None, typer.Option(help="a folder of images with their annotations: VOC, COCO, YOLO, CVAT or masks")
    ] = None,
    boxes: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WORD", help="of --images, where it asks: how boxes are written, such as corners or shares"
        ),
    ] = None,
    channel: Annotated[
        int | None, typer.Option(min=1, help="of images with several channels: the one to look at, from 1")
    ] = None,
    pixel_size: Annotated[
        float | None, typer.Option(min=1e-6, help="of images that do not tell it: micrometres that a pixel is wide")
    ] = None,
    plane: Annotated[
        list[str] | None,
        typer.Option(metavar="AXIS=N", help="of images with several planes: z=3, t=1 or page=2 from 1, or z=max"),
    ] = None,
    example: Annotated[
        Path | None, typer.Option("--from", help="a ready block, such as examples/blood_cells.yaml")
    ] = None,
    like: Annotated[
        str | None,
        typer.Option(help="the case, or the example, whose block is the pattern; older than --recipe"),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            help="the kind of problem: binary (--target), survival (--time, --event), detection (--images), next_item, "
            "of events (--user, --item, --time)"
        ),
    ] = None,
    positive: Annotated[str | None, typer.Option(help="the value to look for; the rarer one if not given")] = None,
    ignore_target: Annotated[
        list[str] | None,
        typer.Option(metavar="VALUE", help="a value of --target that is no outcome; may be repeated"),
    ] = None,
    time: Annotated[
        str | None,
        typer.Option(help="of a cohort: the column of how long each row was observed; of events: of when they were"),
    ] = None,
    event: Annotated[str | None, typer.Option(help="of a cohort: the column of whether that ended it, 0 or 1")] = None,
    event_value: Annotated[
        list[str] | None,
        typer.Option(metavar="VALUE", help="of a cohort: the value of --event that is the event; may be repeated"),
    ] = None,
    censored_value: Annotated[
        list[str] | None,
        typer.Option(metavar="VALUE", help="of a cohort: a value of --event for rows that ended without it"),
    ] = None,
    entry: Annotated[
        str | None, typer.Option(help="of a cohort: when a row came under observation, where that was after time zero")
    ] = None,
    start: Annotated[
        str | None, typer.Option(help="of a cohort of intervals: when each began; goes with --stop")
    ] = None,
    stop: Annotated[
        str | None, typer.Option(help="instead of --time: when each interval ended; --group says whose it is")
    ] = None,
    start_date: Annotated[
        str | None, typer.Option(help="instead of --time: a date, of time zero; --end-date is the other")
    ] = None,
    end_date: Annotated[str | None, typer.Option(help="of the event, or the last date without it")] = None,
    unit: Annotated[
        str | None, typer.Option(help="what the time counts: days (if not given), weeks, months, years, hours …")
    ] = None,
    horizons: Annotated[
        str | None, typer.Option(metavar="30,90,180", help="of a cohort: what is answered, in --unit; else years")
    ] = None,
    per_year: Annotated[float, typer.Option(min=1e-6, help="units of --time in a year; days if not given")] = 365.25,
    group: Annotated[
        str | None, typer.Option(help="the column whose rows stay in one split (a person's, a shop's); else guessed")
    ] = None,
    no_group: Annotated[bool, typer.Option("--no-group", help="deal each row to a split by itself")] = False,
    decimal: Annotated[
        str | None,
        typer.Option(metavar=". or ,", help="the decimal mark, if the file leaves it open"),
    ] = None,
    thousands: Annotated[
        str | None, typer.Option(metavar=". , ' or blank", help="what parts thousands, as the point in 86.468")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="what --csv is written in where it is not UTF-8")] = None,
    sheet: Annotated[str | None, typer.Option(help="of a workbook with several sheets: the one to learn from")] = None,
    ignore: Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="a column to leave out")] = None,
    missing: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN=TEXT", help="a cell that stands for no value there: age=99")
    ] = None,
    present: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN=TEXT", help="a cell that is a value there: country=NA")
    ] = None,
    dates: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN=FORMAT", help="how dates are written there: born=%d/%m/%Y")
    ] = None,
    users: Annotated[Path | None, typer.Option(help="of events: a file with a row for each user")] = None,
    items: Annotated[Path | None, typer.Option(help="of events: a file with a row for each item")] = None,
    user: Annotated[str | None, typer.Option(metavar="COLUMN", help="of events: who; guessed if not given")] = None,
    item: Annotated[str | None, typer.Option(metavar="COLUMN", help="of events: what; guessed if not given")] = None,
    rating: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="of events: how much it was liked, or `none`")
    ] = None,
    weight: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="of events without ratings: how much each counts, or `none`")
    ] = None,
    repeats: Annotated[
        str | None,
        typer.Option(
            metavar="recommend or exclude", help="of events: whether items that a user has had are recommended again"
        ),
    ] = None,
    delimiter: Annotated[str | None, typer.Option(help="of events: what parts cells, if that is not found")] = None,
    quote: Annotated[
        str | None, typer.Option(metavar="none", help="of events: none, where quotes are characters like any other")
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Make a case of your own table, events or images, or of an example. Its block is written into params.yaml."""
    from components.core.blocks import read_block
    from components.core.yaml_files import dump_yaml
    from components.kits.tables.encoding.reading import Reading
    from components.kits.tables.hints import Hints, by_column
    from components.kits.tables.numbers.decide import stated
    from pipelines.commands.newcase import Asked, new_case, new_example, plan_case, plan_example, shipped
    from pipelines.commands.newcohort import Times
    from pipelines.commands.newevents import are_events, make_events
    from pipelines.commands.newimages import Chosen, new_images, plan_images, read_planes
    from pipelines.stages import set_up_logging

    times = Times(time, entry, start, stop, start_date, end_date, unit, horizons)
    if sum(given is not None for given in (csv, query, images, example)) != 1:
        raise typer.BadParameter("give one of --csv, --query, --images and --from")
    if (query is None) != (variable is None) or (query is None and watermark is not None):
        raise typer.BadParameter("--query goes with --variable, and --watermark with both")
    roles = {"user": user, "item": item, "time": time, "rating": rating, "weight": weight}
    of_events = [users, items, repeats, delimiter, quote, *(given for role, given in roles.items() if role != "time")]
    if csv is not None and are_events(Path.cwd(), like, recipe, asked=any(given is not None for given in of_events)):
        others: dict[str, object] = {"--target": target, "--positive": positive, "--event": event}
        others |= {
            "--ignore-target": ignore_target,
            "--group": group,
            "--decimal": decimal,
            "--thousands": thousands,
            "--missing": missing,
        }
        others |= {"--present": present, "--dates": dates, "--no-group": no_group or None}
        others |= {"--channel": channel, "--plane": plane, "--pixel-size": pixel_size, "--boxes": boxes}
        others |= {"--event-value": event_value, "--censored-value": censored_value, "--entry": entry, "--start": start}
        others |= {"--stop": stop, "--start-date": start_date, "--end-date": end_date, "--horizons": horizons}
        if wrong := [option for option, given in others.items() if given is not None]:
            raise typer.BadParameter(f"{wrong[0]} does not go with events")
        set_up_logging()
        reading = {"encoding": encoding, "sheet": sheet, "delimiter": delimiter, "quote": quote}
        make_events(name, like, csv, users, items, roles, reading, ignore or (), repeats, dry_run=dry_run)
        return
    if any(given is not None for given in of_events):
        raise typer.BadParameter("--users, --items, --user, --item and the like go with --csv, a file of events")
    if (csv is None and query is None) == any(
        given is not None for given in (target, positive, event, times.column, end_date)
    ):
        raise typer.BadParameter("--csv or --query goes with --target, or for a cohort with --time and --event")
    if (event_value or censored_value) and event is None:
        raise typer.BadParameter("--event-value and --censored-value say what the cells of --event stand for")
    if (group is not None or no_group) and ((csv is None and query is None) or (group is not None and no_group)):
        raise typer.BadParameter("--csv or --query goes with --group or --no-group, not with both")
    if csv is None and query is None and (decimal is not None or thousands is not None):
        raise typer.BadParameter("--decimal and --thousands say how --csv writes numbers")
    if boxes and images is None:
        raise typer.BadParameter("--boxes says how the annotations of --images write boxes")
    if images is None and (channel is not None or plane or pixel_size is not None):
        raise typer.BadParameter("--channel, --plane and --pixel-size say how --images are looked at")
    if like is not None and recipe is not None:
        raise typer.BadParameter("--recipe takes the pattern of a recipe, --like that of a case; give one of them")
    if example is not None and (like is not None or recipe is not None):
        raise typer.BadParameter("--from is the whole block; leave --like and --recipe out")
    set_up_logging()
    if like is None and target is None and (times.named or event is not None):
        recipe = recipe or "survival"
    if recipe is not None:
        like = shipped(Path.cwd(), recipe)
    by = not no_group if group is None else group
    hints = Hints(
        read_block(Reading, {"encoding": encoding, "sheet": sheet}, "--encoding"),
        tuple(ignore or ()),
        missing=by_column("--missing", missing or ()),
        present=by_column("--present", present or ()),
        dates=by_column("--dates", dates or ()),
    )
    numbers = stated(decimal, thousands)
    words = tuple(event_value or ()), tuple(censored_value or ())
    course, per_year = times.course(), times.per_year(per_year)
    more = tuple(ignore_target or ()), numbers, hints, by, *words
    asked = Asked(target, positive, times.column, event, per_year, *more, course)
    if csv is not None:
        make = plan_case if dry_run else new_case
        block = make(Path.cwd(), name, like or "finance_risk", csv, asked)
    elif query is not None and variable is not None:
        from pipelines.commands.newquery import new_query

        like = like or "finance_risk"
        block = new_query(Path.cwd(), name, like, query, variable, watermark, asked, dry_run=dry_run)
    elif images is not None:
        chosen = Chosen(channel, read_planes(plane or ()), pixel_size)
        make_images, like = plan_images if dry_run else new_images, like or "medical_cells"
        block = make_images(Path.cwd(), name, like, images, chosen, tuple(boxes or ()))
    else:
        assert example is not None
        block = (plan_example if dry_run else new_example)(Path.cwd(), name, example)
    typer.echo(dump_yaml({name: {"prepare": block["prepare"]}}))
    if not dry_run:
        typer.echo(f"params.yaml has the case {name}; look it over, commit it, then: casebook run {name}")


@app.command("new-recipe")
def new_recipe(
    name: Annotated[str, typer.Argument(help="the new recipe's name: small letters, digits, _")],
    dry_run: DryRun = False,
) -> None:
    """Write a small recipe that works, to make your own of it. Code, toy rows, a case, a test."""
    from pipelines.commands.newrecipe import block_text, check_recipe_name
    from pipelines.commands.newrecipe import new_recipe as write_recipe

    if dry_run:
        check_recipe_name(Path.cwd(), name)
        typer.echo(block_text(name))
        return
    for path in write_recipe(Path.cwd(), name):
        typer.echo(path)
    typer.echo(f"the recipe and its case {name} work as they are: commit them, then: casebook run {name}")


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


def main() -> int:
    """Run a command. Exit codes: 0 done, 1 wrong input or environment, 2 wrong usage, 3 the gate refused."""
    from components.core.errors import BAD_INPUT, DONE, CasebookError, disk_problem

    try:
        prepare_environment(Path.cwd())
        app(prog_name="casebook")  # ends with SystemExit: its own 0 and 2, and what a command exits with
    except CasebookError as error:
        typer.echo(f"casebook: {error}", err=True)
        return BAD_INPUT
    except OSError as error:
        if (problem := disk_problem(error, Path.cwd())) is None:
            raise
        typer.echo(f"casebook: {problem}", err=True)
        return BAD_INPUT
    return DONE


if __name__ == "__main__":
    sys.exit(main())
