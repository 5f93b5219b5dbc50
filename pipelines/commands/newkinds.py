"""Which options of `casebook new` go together: each goes with some kinds of case, and a few need another option."""

from collections.abc import Sequence
from enum import StrEnum

import typer


class Kind(StrEnum):
    """What a new case is made of; the value is how messages name it."""

    TABLE = "a table (--target)"
    COHORT = "a cohort (--time, --event)"
    EVENTS = "events (--recipe next_item)"
    IMAGES = "images (--images)"
    READY = "a ready block (--from)"


COHORTS = ("survival", "competing_risks")  # recipes
ROWS = (Kind.TABLE, Kind.COHORT)
FILES = (*ROWS, Kind.EVENTS)

TOGETHER: tuple[tuple[tuple[Kind, ...], str], ...] = (
    (tuple(Kind), "--dry-run"),
    ((*FILES, Kind.IMAGES), "--like --recipe"),
    (FILES, "--csv --ignore --encoding --sheet"),
    (ROWS, "--query --variable --watermark --group --no-group --missing --present --dates --decimal --thousands"),
    ((Kind.TABLE,), "--target --positive --ignore-target --merge --min-class-rows"),
    ((Kind.COHORT, Kind.EVENTS), "--time"),
    ((Kind.COHORT,), "--event --event-value --censored-value --entry --start --stop --start-date --end-date"),
    ((Kind.COHORT,), "--unit --per-year --horizons --cause --cause-column"),
    ((Kind.EVENTS,), "--users --items --user --item --rating --weight --repeats --delimiter --quote"),
    ((Kind.IMAGES,), "--images --boxes --channel --pixel-size --plane"),
    ((Kind.READY,), "--from"),
)
GOES_WITH = {option: kinds for kinds, options in TOGETHER for option in options.split()}
INSTEAD = {  # what a person likely means by an option of the other kind
    ("--positive", Kind.COHORT): "--event-value names the value of --event that is the event",
    ("--event-value", Kind.TABLE): "--positive names the value of --target to look for",
}
NEEDS = {
    "--query": "--variable",
    "--variable": "--query",
    "--watermark": "--query",
    "--encoding": "--csv",
    "--sheet": "--csv",
    "--event-value": "--event",
    "--censored-value": "--event",
    "--cause": "--event",
    "--cause-column": "--cause",
}
SOURCES = ("--csv", "--query", "--images", "--from")
ONE_AT_MOST = (("--like", "--recipe"), ("--group", "--no-group"))
TIMES = ("--time", "--stop", "--end-date")
OUTCOMES = {Kind.TABLE: ("--target",), Kind.COHORT: ("--event", *TIMES)}  # one of them at least


def given_options(context: typer.Context) -> tuple[str, ...]:
    """Those that stand on the command line, by their names there."""
    found = []
    for param in context.command.params:
        source = context.get_parameter_source(str(param.name))
        if param.param_type_name == "option" and source is not None and source.name == "COMMANDLINE":
            found.append(param.opts[0])
    return tuple(found)


def of_events(given: Sequence[str]) -> bool:
    """Whether one of the options goes with events alone."""
    return any(GOES_WITH[option] == (Kind.EVENTS,) for option in given)


def of_cohort(given: Sequence[str]) -> bool:
    """Whether they name one of the two columns that a cohort is known by, and no target."""
    return "--target" not in given and any(option in given for option in ("--event", *TIMES))


def check_sources(given: Sequence[str]) -> None:
    """Raises typer.BadParameter unless there is one source, and of options that exclude each other one at most."""
    if sum(option in given for option in SOURCES) != 1:
        raise typer.BadParameter(f"give one of {_listed(SOURCES, 'and')}")
    for options in ONE_AT_MOST:
        if all(option in given for option in options):
            raise typer.BadParameter(f"give one of {_listed(options, 'and')}, not both")


def check_options(given: Sequence[str], kind: Kind) -> None:
    """Raises typer.BadParameter if an option does not go with the kind, or if one is missing."""
    for option in given:
        if kind not in GOES_WITH[option]:
            meant = f"; {INSTEAD[option, kind]}" if (option, kind) in INSTEAD else ""
            raise typer.BadParameter(f"{option} goes with {_listed(GOES_WITH[option], 'or')}, not with {kind}{meant}")
    for option in given:
        if (other := NEEDS.get(option, option)) not in given:
            raise typer.BadParameter(f"{option} goes with {other}")
    if kind in OUTCOMES and not any(option in given for option in OUTCOMES[kind]):
        raise typer.BadParameter("name what to predict: --target of a table, --time and --event of a cohort")


def _listed(names: Sequence[str], word: str) -> str:
    return f" {word} ".join(filter(None, (", ".join(names[:-1]), names[-1])))
