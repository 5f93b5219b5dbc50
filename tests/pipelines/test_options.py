"""Options that a case declares, as `casebook predict` takes them."""

from pathlib import Path
from typing import Annotated

import pytest
import typer
from pydantic import Field

from components.core.blocks import Block
from components.core.errors import CasebookError
from pipelines.commands.options import read_options, spelled_out

OWN = ("--out", "--log", "--no-log", "--option", "--help")


class Options(Block):
    n_best: Annotated[int, Field(ge=1)] | None = None
    draw: Path | None = None
    exact: bool | None = None


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("case in.txt --n-best 5", "case in.txt --option n-best=5"),
        ("--n-best 5 case in.txt", "--option n-best=5 case in.txt"),
        ("case --n-best=5 in.txt --out=o.txt", "case --option n-best=5 in.txt --out=o.txt"),
        ("case in.txt --out o.txt --no-log", "case in.txt --out o.txt --no-log"),
        ("case - --option n-best=5 --draw -", "case - --option n-best=5 --option draw=-"),
        ("case --draw= -- --n-best 5", "case --option draw= -- --n-best 5"),
        ("case --draw a=b", "case --option draw=a=b"),
    ],
)
def test_what_is_not_the_commands_own_is_the_cases(words: str, expected: str) -> None:
    assert list(spelled_out(words.split(), OWN)) == expected.split()


def test_a_flag_is_true_by_being_there() -> None:
    words = ["case", "--exact", "in.txt", "--exact=false", "--n-best", "5"]
    expected = ["case", "--option", "exact=true", "in.txt", "--option", "exact=false", "--option", "n-best=5"]
    assert list(spelled_out(words, OWN, lambda: {"--exact"})) == expected


@pytest.mark.parametrize("words", ["case in.txt --n-best", "case --n-best --out o.txt"])
def test_an_option_without_its_value_is_wrong_usage(words: str) -> None:
    with pytest.raises(typer.BadParameter, match="'--n-best' requires an argument"):
        list(spelled_out(words.split(), OWN))


def test_values_are_of_the_kind_that_is_declared() -> None:
    given = ["n-best=5", "draw=drawn/here", "exact=true"]
    assert read_options("toy", Options, given) == {"n_best": 5, "draw": Path("drawn/here"), "exact": True}
    assert read_options("toy", Options, ["n-best=5", "n-best=7"]) == {"n_best": 7}
    assert read_options("toy", Options, ["n_best=5"]) == {"n_best": 5}
    assert read_options("toy", Options, ["draw=a=b"]) == {"draw": Path("a=b")}
    assert read_options("toy", Options, []) == {}
    assert read_options("toy", None, []) == {}


@pytest.mark.parametrize(
    ("declared", "given", "message"),
    [
        (Options, ["top=5", "deny=x"], "toy: predict does not take --deny, --top for this case; it takes "),
        (None, ["top=5"], "toy: predict does not take --top for this case; it takes no options of its own"),
        (Options, ["n-bets=5"], "it takes --draw, --exact, --n-best; did you mean 'n-best'?"),
        (Options, ["n-best"], "--option n-best: write it as NAME=VALUE, such as --option n-best=10"),
        (Options, ["n-best=many"], "--n-best: Input should be a valid integer, unable to parse string as an integer, "),
        (Options, ["n-best=0"], "--n-best: Input should be greater than or equal to 1, not '0'"),
    ],
)
def test_what_is_wrong_is_one_message(declared: type[Block] | None, given: list[str], message: str) -> None:
    with pytest.raises(CasebookError) as error:
        read_options("toy", declared, given)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
