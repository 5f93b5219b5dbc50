"""Options of `casebook new`, in the order and below the titles in which its help shows them."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

_of_table = partial(typer.Option, rich_help_panel="A table, with a target")
_of_cohort = partial(typer.Option, rich_help_panel="A cohort, with a time and an event")
_of_rows = partial(typer.Option, rich_help_panel="Any table or cohort")
_of_events = partial(typer.Option, rich_help_panel="Events of users and items")
_of_images = partial(typer.Option, rich_help_panel="Images with boxes")
_of_writing = partial(typer.Option, rich_help_panel="How files are written")

Name = Annotated[str, typer.Argument(help="the new case's name: small letters, digits, _")]

# What it is made of

Csv = Annotated[
    Path | None, typer.Option(help="a CSV or Parquet file with a header, or a workbook; of events JSON lines too")
]
Query = Annotated[
    str | None, typer.Option(help="instead of --csv: what a database is asked; --variable names its address")
]
Variable = Annotated[
    str | None, typer.Option(help="of --query: the environment variable that holds the database's address")
]
Watermark = Annotated[str | None, typer.Option(help="of --query: a column that grows with every new or changed row")]
Folder = Annotated[
    Path | None,
    typer.Option("--images", help="a folder of images with their annotations: VOC, COCO, YOLO, CVAT or masks"),
]
Example = Annotated[Path | None, typer.Option("--from", help="a ready block, such as examples/blood_cells.yaml")]
Recipe = Annotated[
    str | None,
    typer.Option(
        help="the kind of problem: of a table (--target) binary, multiclass or regression; of a cohort (--time, "
        "--event) survival or competing_risks; detection (--images); of events (--user, --item, --time) next_item. "
        "Of tables and cohorts found where not given"
    ),
]
Like = Annotated[
    str | None, typer.Option(help="the case, or the example, whose block is the pattern; older than --recipe")
]

DryRun = Annotated[bool, typer.Option("--dry-run", help="print the block; leave params.yaml as it is")]

# What is predicted: of a table, of a cohort

Target = Annotated[str | None, _of_table(help="the column to predict: of two values, classes or a number")]
Positive = Annotated[str | None, _of_table(help="of two values: the one to look for; the rarer one if not given")]
IgnoreTarget = Annotated[
    list[str] | None, _of_table(metavar="VALUE", help="a value of --target that is no outcome; may be repeated")
]
Merge = Annotated[
    list[str] | None,
    _of_table(metavar="CLASS=VALUE", help="of several classes: a value that counts as another class; may be repeated"),
]
MinClassRows = Annotated[
    int | None, _of_table(min=3, help="of several classes: how many rows of each are enough; 10 if not given")
]
Time = Annotated[
    str | None, _of_cohort(help="the column of how long each row was observed; of events, of when they were")
]
Event = Annotated[str | None, _of_cohort(help="the column of whether that ended it, 0 or 1")]
EventValue = Annotated[
    list[str] | None, _of_cohort(metavar="VALUE", help="the value of --event that is the event; may be repeated")
]
CensoredValue = Annotated[
    list[str] | None, _of_cohort(metavar="VALUE", help="a value of --event for rows that ended without it")
]
Cause = Annotated[
    list[str] | None,
    _of_cohort(metavar="NAME=VALUE", help="of several kinds of events: a value of one; the first is of interest"),
]
CauseColumn = Annotated[
    str | None, _of_cohort(help="of --cause: the column of its values, where --event has 0 and 1 alone")
]
Entry = Annotated[str | None, _of_cohort(help="when a row came under observation, where that was after time zero")]
Start = Annotated[str | None, _of_cohort(help="of intervals: when each began; goes with --stop")]
Stop = Annotated[str | None, _of_cohort(help="instead of --time: when each interval ended; --group says whose it is")]
StartDate = Annotated[str | None, _of_cohort(help="instead of --time: a date, of time zero; --end-date is the other")]
EndDate = Annotated[str | None, _of_cohort(help="the date of the event, or the last one without it")]
Unit = Annotated[
    str | None, _of_cohort(help="what the time counts: days (if not given), weeks, months, years, hours …")
]
PerYear = Annotated[float, _of_cohort(min=1e-6, help="units of --time in a year; days if not given")]
Horizons = Annotated[str | None, _of_cohort(metavar="30,90,180", help="what is answered, in --unit; else years")]

# The other columns of either

Group = Annotated[
    str | None, _of_rows(help="the column whose rows stay in one split (a person's, a shop's); else guessed")
]
NoGroup = Annotated[bool, _of_rows("--no-group", help="deal each row to a split by itself")]
Ignore = Annotated[list[str] | None, _of_rows(metavar="COLUMN", help="a column to leave out; of events, too")]
Missing = Annotated[
    list[str] | None, _of_rows(metavar="COLUMN=TEXT", help="a cell that stands for no value there: age=99")
]
Present = Annotated[list[str] | None, _of_rows(metavar="COLUMN=TEXT", help="a cell that is a value there: country=NA")]
Dates = Annotated[
    list[str] | None, _of_rows(metavar="COLUMN=FORMAT", help="how dates are written there: born=%d/%m/%Y")
]

# Events

Users = Annotated[Path | None, _of_events(help="a file with a row for each user")]
Items = Annotated[Path | None, _of_events(help="a file with a row for each item")]
User = Annotated[str | None, _of_events(metavar="COLUMN", help="who; guessed if not given")]
Item = Annotated[str | None, _of_events(metavar="COLUMN", help="what; guessed if not given")]
Rating = Annotated[str | None, _of_events(metavar="COLUMN", help="how much it was liked, or `none`")]
Weight = Annotated[str | None, _of_events(metavar="COLUMN", help="without ratings: how much each counts, or `none`")]
Repeats = Annotated[
    str | None,
    _of_events(metavar="recommend or exclude", help="whether items that a user has had are recommended again"),
]

# Images

Boxes = Annotated[
    list[str] | None, _of_images(metavar="WORD", help="where it asks: how boxes are written, such as corners or shares")
]
Channel = Annotated[int | None, _of_images(min=1, help="of several channels: the one to look at, from 1")]
PixelSize = Annotated[
    float | None, _of_images(min=1e-6, help="micrometres that a pixel is wide, where images do not tell it")
]
Plane = Annotated[
    list[str] | None, _of_images(metavar="AXIS=N", help="of several planes: z=3, t=1 or page=2 from 1, or z=max")
]

# How files are written

Encoding = Annotated[str | None, _of_writing(help="what --csv is written in where it is not UTF-8")]
Sheet = Annotated[str | None, _of_writing(help="of a workbook with several sheets: the one to learn from")]
Decimal = Annotated[
    str | None,
    _of_writing(metavar=". or ,", help="of a table or a cohort: the decimal mark, if the file leaves it open"),
]
Thousands = Annotated[
    str | None,
    _of_writing(metavar=". , ' or blank", help="of a table or a cohort: what parts thousands, as the point in 86.468"),
]
Delimiter = Annotated[str | None, _of_writing(help="of events: what parts cells, if that is not found")]
Quote = Annotated[
    str | None, _of_writing(metavar="none", help="of events: none, where quotes are characters like any other")
]
