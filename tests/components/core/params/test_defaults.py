"""A case states what differs from its recipe's defaults; the whole is what they make together."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from components.core.blocks import Block, read_block
from components.core.errors import CasebookError
from components.core.job import Paths
from components.core.params.case import CaseParams
from components.core.params.defaults import defaults_of, merge, minimal, same
from components.core.params.dotted import place_of
from components.core.params.load import load_params, read_whole, stated_block, whole_block
from components.core.params.overrides import check_override
from components.core.recipe import make_job
from components.core.recipe_names import recipes
from components.core.yaml_files import dump_yaml, read_yaml

ROOT = Path(__file__).resolve().parents[4]
STATED = read_yaml(ROOT / "params.yaml")["cases"]
READY = [*STATED.values(), read_yaml(ROOT / "examples/blood_cells.yaml")]
OWN = ("columns", "derived", "monotone")  # a line each, of columns, derived values and constraints
LINES = 40


class Stratified(Block):
    by: Literal["stratified"]
    seed: int


class ByTime(Block):
    by: Literal["time"]
    column: str


class Some(Block):
    rate: float
    steps: int | None
    split: Annotated[Stratified | ByTime, Field(discriminator="by")]
    space: dict[str, dict[str, Any]]
    names: tuple[str, ...]


DEFAULT = {
    "rate": 0.1,
    "steps": 5,
    "split": {"by": "stratified", "seed": 1},
    "space": {"fit.lr": {"low": 0.1, "high": 1.0}, "k": {"low": 1, "high": 2}},
    "names": ["a", "b"],
}


@pytest.mark.parametrize(
    ("stated", "changed"),
    [
        ({}, {}),
        ({"rate": 0.2}, {"rate": 0.2}),
        ({"names": ["c"]}, {"names": ["c"]}),
        ({"steps": None}, {"steps": None}),  # in a block of fixed keys null is a value
        ({"split": {"seed": 2}}, {"split": {"by": "stratified", "seed": 2}}),
        ({"split": {"by": "time", "column": "at"}}, {"split": {"by": "time", "column": "at"}}),  # another kind, whole
        ({"space": {"k": None}}, {"space": {"fit.lr": {"low": 0.1, "high": 1.0}}}),  # an entry is out
        (
            {"space": {"k": {"high": 3}, "m": {"low": 0}}},
            {"space": {"fit.lr": {"low": 0.1, "high": 1.0}, "k": {"low": 1, "high": 3}, "m": {"low": 0}}},
        ),
        ({"typo": 1}, {"typo": 1}),  # to be refused by who reads the block
    ],
)
def test_what_is_stated_is_written_over_the_defaults(stated: dict[str, Any], changed: dict[str, Any]) -> None:
    whole = merge(DEFAULT, stated, Some)
    assert whole == DEFAULT | changed
    assert minimal(DEFAULT, whole, Some) == stated
    assert DEFAULT["space"] == {"fit.lr": {"low": 0.1, "high": 1.0}, "k": {"low": 1, "high": 2}}


def test_where_a_key_of_a_block_stands_changes_nothing() -> None:
    stated = {"names": ["c"], "steps": 3}
    assert dump_yaml(merge(DEFAULT, stated, Some)) == dump_yaml(merge(dict(reversed(DEFAULT.items())), stated, Some))


def test_columns_stay_in_their_order() -> None:
    assert list(merge(DEFAULT, {"space": {"z": {}, "a": {}}}, Some)["space"]) == ["fit.lr", "k", "z", "a"]


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [(1, 1.0, True), (True, 1, False), ([1, 2], (1, 2), True), ({"a": 1}, {"a": 2}, False), (None, 0, False)],
)
def test_a_value_that_equals_its_default(one: Any, other: Any, equal: bool) -> None:
    assert same(one, other) is equal


@pytest.mark.parametrize("stated", READY)
def test_no_stated_value_equals_its_default(stated: dict[str, Any]) -> None:
    whole = whole_block(stated, "params.yaml")
    assert stated_block(whole, "params.yaml") == stated
    default = dict(leaves(defaults_of(stated["recipe"])))
    repeated = [key for key, value in leaves(stated) if key in default and same(default[key], value)]
    assert repeated == []


def leaves(node: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


@pytest.mark.parametrize("name", STATED)
def test_a_case_is_a_line_a_column_and_forty_others(name: str) -> None:
    assert sum(1 for _ in other_lines(name)) <= LINES, list(other_lines(name))


def other_lines(case: str) -> Iterator[str]:
    """The lines of a block but for the entries of `columns`, `derived` and `monotone`.

    A column of which a text has a colon takes a line for each of its keys, see `dump_yaml`; it counts once as well.
    """
    lines = (ROOT / "params.yaml").read_text(encoding="utf-8").splitlines()
    start = lines.index(f"  {case}:") + 1
    end = next(place for place in range(start, len(lines)) if re.match(r" {0,2}[^ \n]", lines[place]))
    own: int | None = None  # how far the key is indented whose entries are not counted
    for line in lines[start:end]:
        indent = len(line) - len(line.lstrip())
        if own is not None and line.strip() and indent <= own:
            own = None
        if own is None and line.strip():
            yield line
            if re.fullmatch(rf"({'|'.join(OWN)}):(\s+#.*)?", line.strip()):
                own = indent


@pytest.mark.parametrize("recipe", recipes())
def test_defaults_are_those_of_a_case_of_the_recipe(recipe: str) -> None:
    cases = [name for name, stated in STATED.items() if stated["recipe"] == recipe]
    assert cases, "a shipped case reads them"
    whole = read_whole(ROOT / "params.yaml")["cases"][cases[0]]
    for dotted, _ in leaves(defaults_of(recipe)):
        place_of(whole, dotted)


def test_a_block_without_a_key_that_has_no_default_is_told() -> None:
    stated = {key: value for key, value in STATED["finance_risk"].items() if key != "source"}
    with pytest.raises(CasebookError, match=r"x\.source: missing"):
        read_block(CaseParams, whole_block(stated, "x"), "x")


def test_smoke_forgets_what_the_case_has_taken_out() -> None:
    stated = STATED["finance_risk"] | {"compress": {"variants": {"pruned": None}}}
    whole = whole_block(stated, "x")
    assert list(whole["compress"]["variants"]) == ["int8_dynamic", "int8_static", "distilled"]
    assert "compress.variants.pruned.epochs" not in whole["smoke"]
    assert "compress.variants.distilled.epochs" in whole["smoke"]
    assert stated_block(whole, "x") == stated


def test_smoke_that_names_no_key_is_told_with_the_nearest(tmp_path: Path) -> None:
    stated = STATED["finance_risk"] | {"smoke": {"fit.max_epoch": 1}}
    (tmp_path / "params.yaml").write_text(dump_yaml({"cases": {"mine": stated}}), encoding="utf-8")
    told = r"cases\.mine\.smoke: 'fit\.max_epoch' names no key of the case; did you mean 'fit\.max_epochs'\?"
    with pytest.raises(CasebookError, match=told):
        load_params(tmp_path / "params.yaml")


@pytest.mark.parametrize(
    ("dotted", "nearest"),
    [
        ("fit.max_epoch", "did you mean 'max_epochs'?"),
        ("release.flors", "did you mean 'floors'?"),
        ("model.network.widht", "did you mean 'width'?"),
        ("prepare.split.sede", "did you mean 'seed'?"),
        ("source.requirment", "did you mean 'requirement'?"),
    ],
)
def test_an_unknown_key_is_told_with_the_nearest(tmp_path: Path, dotted: str, nearest: str) -> None:
    content = read_yaml(ROOT / "params.yaml")
    *parents, last = dotted.split(".")
    node = content["cases"]["finance_risk"]
    for part in parents:
        node = node.setdefault(part, {})
    node[last] = 1
    (tmp_path / "params.yaml").write_text(dump_yaml(content), encoding="utf-8")
    with pytest.raises(CasebookError, match=re.escape(f"{dotted}: unknown key; {nearest}")):
        make_job("finance_risk", load_params(tmp_path / "params.yaml").case("finance_risk"), Paths(tmp_path))


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("fit.lr=0.003", "fit.lr", 0.003),
        ("fit.lr=1e-4", "fit.lr", 0.0001),
        ("fit.max_steps=null", "fit.max_steps", None),
        ("evaluate.notice=a: b", None, "evaluate.notice: Input should be a valid string"),
        ("evaluate.notice=[a", None, "the value of evaluate.notice: not YAML"),
        ("model.serving.decisions=[no, yes]", "model.serving.decisions", ["no", "yes"]),
        ("search.space.fit.lr.low=0.001", "search.space.fit.lr.low", 0.001),
        ("fit.lrr=1", None, "'fit.lrr' names no key of the case; did you mean 'fit.lr'?"),
        ("fit.lr=fast", None, "fit.lr: Input should be a valid number, not 'fast' (str)"),
        ("fit.lr", None, "'fit.lr' is not of the form KEY=VALUE, such as fit.lr=0.003"),
    ],
)
def test_an_override_is_a_known_key_with_a_value_that_fits(text: str, key: str | None, value: Any) -> None:
    case = load_params(ROOT / "params.yaml").case("finance_risk")
    if key is not None:
        assert check_override(case, text) == (key, value)
        return
    with pytest.raises(CasebookError, match=re.escape(value)):
        check_override(case, text)
