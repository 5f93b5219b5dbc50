"""What Python has in hand, through predictors that say what they take, and one that takes frames alone."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.recipes.shared.asking import ask


class Doubles:
    """Twice the column `x`, and `more`, beside the key."""

    TAKES: ClassVar[Literal["rows"]] = "rows"

    def answers_to(self, rows: Mapping[str, Any], /, *, more: float = 0.0) -> dict[str, Any]:
        twice = 2 * np.asarray(rows["x"], dtype=float) + more
        return {"id": rows["id"], "twice": twice, "reasons": [["x"] for _ in twice]}


class Lengths:
    TAKES: ClassVar[Literal["lines"]] = "lines"

    def answers_to(self, lines: Sequence[str], /) -> dict[str, Any]:
        return {"length": [len(line) for line in lines]}


class Names:
    TAKES: ClassVar[Literal["images"]] = "images"

    def answers_to(self, paths: Sequence[Path | str], /) -> dict[str, Any]:
        return {"name": [Path(path).name for path in paths]}


class OwnRecipe:
    """As a newcomer's predictor is: frames alone, with a key that these rows lack."""

    data: ClassVar[dict[str, Any]] = {"key": ["day"]}

    def predict(self, rows: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"score": rows["x"].to_numpy() / 2})


ROWS = [{"id": "a", "x": 1}, {"id": "b", "x": 2.5}]


def test_a_list_of_dicts_gets_one_of_plain_values() -> None:
    found = ask(Doubles(), "toy", ROWS, {"more": 1.0})
    assert found == [{"id": "a", "twice": 3.0, "reasons": ["x"]}, {"id": "b", "twice": 6.0, "reasons": ["x"]}]
    assert {type(value) for row in found for value in row.values()} == {str, float, list}


def test_a_frame_gets_a_frame() -> None:
    found = ask(Doubles(), "toy", pd.DataFrame(ROWS), {})
    pd.testing.assert_frame_equal(
        found, pd.DataFrame({"id": ["a", "b"], "twice": [2.0, 5.0], "reasons": [["x"], ["x"]]})
    )


def test_lines_and_images_get_rows_each() -> None:
    assert ask(Lengths(), "toy", ["ni hao", ""], {}) == [{"length": 6}, {"length": 0}]
    assert ask(Names(), "toy", (Path("a/b.png"), "c.png"), {}) == [{"name": "b.png"}, {"name": "c.png"}]
    assert ask(Lengths(), "toy", [], {}) == []


def test_a_predictor_of_frames_alone_is_given_one() -> None:
    assert ask(OwnRecipe(), "toy", [{"x": 3.0}, {"x": 5.0}], {}) == [
        {"row": 1, "score": 1.5},
        {"row": 2, "score": 2.5},
    ]
    assert list(ask(OwnRecipe(), "toy", pd.DataFrame({"x": [3.0]}), {}).columns) == ["row", "score"]


def test_cells_of_arrow_are_plain_in_rows() -> None:
    assert ask(Doubles(), "toy", [{"id": 7, "x": 1}], {}) == [{"id": 7, "twice": 2.0, "reasons": ["x"]}]


@pytest.mark.parametrize(
    ("predictor", "given", "told"),
    [
        (Doubles(), {"x": 1}, "toy: predict takes a list of dicts, or a DataFrame; this is a dict: {'x': 1}"),
        (Doubles(), ["x"], "toy: predict takes a list of dicts, or a DataFrame; this is a str: 'x'"),
        (Lengths(), "ni hao", "toy: predict takes a list of strings; this is a str: 'ni hao'"),
        (Lengths(), [{"pinyin": "ni"}], "toy: predict takes a list of strings; this is a dict: {'pinyin': 'ni'}"),
        (Names(), Path("a.png"), "toy: predict takes a list of paths; this is a PosixPath: PosixPath('a.png')"),
        (Names(), pd.DataFrame({"image": ["a.png"]}), "toy: predict takes a list of paths; this is a DataFrame"),
    ],
)
def test_rows_of_another_kind_are_one_message(predictor: Any, given: Any, told: str) -> None:
    with pytest.raises(CasebookError) as error:
        ask(predictor, "toy", given, {})
    assert str(error.value).startswith(told)


def test_an_option_that_there_is_not_is_named_with_those_there_are() -> None:
    with pytest.raises(CasebookError, match="toy: predict does not take mroe; it takes more; did you mean 'more'"):
        ask(Doubles(), "toy", ROWS, {"mroe": 1})
    with pytest.raises(CasebookError, match="predict does not take top; it takes no options of its own"):
        ask(OwnRecipe(), "toy", ROWS, {"top": 1})
