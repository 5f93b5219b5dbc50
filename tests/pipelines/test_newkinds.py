"""Which options of `casebook new` go together, and how its help shows them."""

import re

import pytest
import typer
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.commands.newkinds import GOES_WITH, NEEDS, OUTCOMES, SOURCES, Kind

CSV, IMAGES, QUERY = ("--csv", "rows.csv"), ("--images", "lab"), ("--query", "select 1", "--variable", "SHOP_URL")
EVENTS, COHORT = (*CSV, "--recipe", "next_item"), (*CSV, "--time", "days", "--event", "dead")


def said(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["new", "mine", *words], env={"COLUMNS": "100"}, prog_name="casebook")
    return done.exit_code, " ".join(done.output.split())


def test_every_option_goes_with_a_kind_and_no_other_is_named() -> None:
    command = typer.main.get_command(app).commands["new"]  # type: ignore[attr-defined]
    options = {param.opts[0] for param in command.params if param.param_type_name == "option"}
    assert set(GOES_WITH) == options
    assert {*NEEDS, *NEEDS.values(), *SOURCES} <= options
    assert {option for options in OUTCOMES.values() for option in options} <= options


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((*EVENTS, "--unit", "days"), f"--unit goes with {Kind.COHORT}, not with {Kind.EVENTS}"),
        ((*EVENTS, "--horizons", "30,90"), f"--horizons goes with {Kind.COHORT}, not with {Kind.EVENTS}"),
        ((*EVENTS, "--per-year", "365.25"), f"--per-year goes with {Kind.COHORT}, not with {Kind.EVENTS}"),
        ((*IMAGES, "--horizons", "30,90"), f"--horizons goes with {Kind.COHORT}, not with {Kind.IMAGES}"),
        ((*IMAGES, "--sheet", "one"), "or events (--recipe next_item), not with images (--images)"),
        ((*IMAGES, "--missing", "age=99"), f"--missing goes with {Kind.TABLE} or {Kind.COHORT}, not with"),
        (("--from", "a.yaml", "--entry", "first"), f"--entry goes with {Kind.COHORT}, not with {Kind.READY}"),
        (("--from", "a.yaml", "--like", "toy"), f"or {Kind.IMAGES}, not with {Kind.READY}"),
        ((*QUERY, "--target", "y", "--rating", "stars"), f"--rating goes with {Kind.EVENTS}, not with {Kind.TABLE}"),
        ((*QUERY, "--target", "y", "--encoding", "gb18030"), "--encoding goes with --csv"),
        ((*CSV, "--target", "y", "--watermark", "at"), "--watermark goes with --query"),
        ((*CSV, "--target", "y", "--time", "days"), f"--time goes with {Kind.COHORT} or {Kind.EVENTS}, not with"),
        ((*CSV, "--target", "y", "--event-value", "1"), "--positive names the value of --target to look for"),
        ((*COHORT, "--positive", "1"), "--event-value names the value of --event that is the event"),
        ((*CSV, "--recipe", "survival", "--stop", "to", "--censored-value", "0"), "--censored-value goes with --event"),
        ((*CSV, "--recipe", "survival"), "name what to predict: --target of a table, --time and --event of a cohort"),
        ((*CSV, "--target", "y", "--group", "id", "--no-group"), "give one of --group and --no-group, not both"),
        ((*CSV, *IMAGES), "give one of --csv, --query, --images and --from"),
    ],
)
def test_what_does_not_go_together_is_refused_with_what_it_goes_with(words: tuple[str, ...], message: str) -> None:
    code, text = said(*words)
    assert code == 2
    assert message in text


def test_what_goes_together_gets_as_far_as_the_file() -> None:
    for words in (
        EVENTS,
        COHORT,
        (*CSV, "--target", "y", "--decimal", ","),
        (*EVENTS, "--time", "at", "--sheet", "one"),
    ):
        done = CliRunner().invoke(app, ["new", "mine", *words])
        assert "rows.csv: not found" in str(done.exception)


def test_the_help_has_each_option_below_the_title_of_its_kind() -> None:
    text = CliRunner().invoke(app, ["new", "--help"], env={"COLUMNS": "100"}, prog_name="casebook").output
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if title := re.fullmatch(r"(\w.*):", line):
            names = found.setdefault(title[1], [])
        elif option := re.match(r"  (--[a-z-]+)", line):
            names.append(option[1])
    assert sorted(name for names in found.values() for name in names) == sorted([*GOES_WITH, "--help"])
    assert list(found)[2:] == [
        "A table, with a target",
        "A cohort, with a time and an event",
        "Any table or cohort",
        "Events of users and items",
        "Images with boxes",
        "How files are written",
    ]
    assert found["Images with boxes"] == ["--boxes", "--channel", "--pixel-size", "--plane"]
    assert max(map(len, text.splitlines())) <= 100
