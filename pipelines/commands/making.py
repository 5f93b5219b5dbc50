"""Commands that make something of a user's own: a case of their data, or a recipe."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands import newoptions as options
from pipelines.commands.groups import GroupedOptions
from pipelines.commands.newkinds import COHORTS, Kind, check_options, check_sources, given_options, of_cohort, of_events
from pipelines.commands.shared import DryRun

WIDEST = 100  # columns of the help, which tells of some fifty options

app = typer.Typer()


@app.command(cls=GroupedOptions, context_settings={"max_content_width": WIDEST})
def new(
    context: typer.Context,
    name: options.Name,
    csv: options.Csv = None,
    query: options.Query = None,
    variable: options.Variable = None,
    watermark: options.Watermark = None,
    images: options.Folder = None,
    example: options.Example = None,
    recipe: options.Recipe = None,
    like: options.Like = None,
    dry_run: options.DryRun = False,
    target: options.Target = None,
    positive: options.Positive = None,
    ignore_target: options.IgnoreTarget = None,
    merge: options.Merge = None,
    min_class_rows: options.MinClassRows = None,
    time: options.Time = None,
    event: options.Event = None,
    event_value: options.EventValue = None,
    censored_value: options.CensoredValue = None,
    cause: options.Cause = None,
    cause_column: options.CauseColumn = None,
    entry: options.Entry = None,
    start: options.Start = None,
    stop: options.Stop = None,
    start_date: options.StartDate = None,
    end_date: options.EndDate = None,
    unit: options.Unit = None,
    per_year: options.PerYear = 365.25,
    horizons: options.Horizons = None,
    group: options.Group = None,
    no_group: options.NoGroup = False,
    ignore: options.Ignore = None,
    missing: options.Missing = None,
    present: options.Present = None,
    dates: options.Dates = None,
    users: options.Users = None,
    items: options.Items = None,
    user: options.User = None,
    item: options.Item = None,
    rating: options.Rating = None,
    weight: options.Weight = None,
    repeats: options.Repeats = None,
    boxes: options.Boxes = None,
    channel: options.Channel = None,
    pixel_size: options.PixelSize = None,
    plane: options.Plane = None,
    encoding: options.Encoding = None,
    sheet: options.Sheet = None,
    decimal: options.Decimal = None,
    thousands: options.Thousands = None,
    delimiter: options.Delimiter = None,
    quote: options.Quote = None,
) -> None:
    """Make a case of your own table, events or images, or of an example. Its block is written into params.yaml."""
    kind = _kind(given_options(context), like, recipe)
    from components.core.yaml_files import dump_yaml
    from components.kits.tables.hints import by_column
    from components.kits.tables.numbers.decide import stated
    from pipelines.commands.newasked import Asked
    from pipelines.commands.newblocks import block_of_example, block_of_images, block_of_rows, hints_of
    from pipelines.commands.newcohort import Times
    from pipelines.commands.newevents import make_events
    from pipelines.stages import set_up_logging

    set_up_logging()
    reading = {"encoding": encoding, "sheet": sheet}
    if csv is not None and kind is Kind.EVENTS:
        roles = {"user": user, "item": item, "time": time, "rating": rating, "weight": weight}
        reading |= {"delimiter": delimiter, "quote": quote}
        make_events(name, like, csv, users, items, roles, reading, ignore or (), repeats, dry_run=dry_run)
        return
    if example is not None:
        block = block_of_example(name, example, dry_run=dry_run)
    elif images is not None:
        block = block_of_images(name, like, recipe, images, channel, plane, pixel_size, boxes, dry_run=dry_run)
    else:
        times = Times(time, entry, start, stop, start_date, end_date, unit, horizons)
        hints = hints_of(reading, ignore, missing, present, dates)
        asked = Asked(
            target=target,
            positive=positive,
            time=times.column,
            event=event,
            per_year=times.per_year(per_year),
            ignore_target=tuple(ignore_target or ()),
            numbers=stated(decimal, thousands),
            hints=hints,
            group=not no_group if group is None else group,
            event_value=tuple(event_value or ()),
            censored_value=tuple(censored_value or ()),
            course=times.course(),
            merge=by_column("--merge", merge or ()),
            min_class_rows=min_class_rows,
            causes=by_column("--cause", cause or ()),
            cause_column=cause_column,
        )
        block = block_of_rows(name, like, recipe, csv, query, variable, watermark, asked, dry_run=dry_run)
    typer.echo(dump_yaml({name: {"recipe": block["recipe"], "prepare": block["prepare"]}}))
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


def _kind(given: tuple[str, ...], like: str | None, recipe: str | None) -> Kind:
    """What the new case is made of, by its options and its pattern; they go together, or wrong usage is told."""
    check_sources(given)
    shown = {"--images": Kind.IMAGES, "--from": Kind.READY}
    found = next((kind for option, kind in shown.items() if option in given), None) or _of_rows(given, like, recipe)
    check_options(given, found)
    return found


def _of_rows(given: tuple[str, ...], like: str | None, recipe: str | None) -> Kind:
    from pipelines.commands.newevents import are_events, recipe_of_pattern

    named = recipe if like is None else recipe_of_pattern(Path.cwd(), like)
    if "--csv" in given and are_events(like or recipe, named, asked=of_events(given)):
        return Kind.EVENTS
    return Kind.COHORT if named in COHORTS or (named is None and of_cohort(given)) else Kind.TABLE
