"""`casebook new` on files nobody has seen: the block loads, `prepare` works, and a smoke run ends with a model."""

import shutil
import sqlite3
from contextlib import closing
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from components.core.errors import CasebookError
from components.core.files import read_json
from components.core.job import Job, Meta, Paths
from components.core.params.load import load_params
from components.core.recipe import make_job, recipe_of
from components.kits.tables import firstlook
from components.kits.tables.learning.data import TableData
from pipelines.cli import app
from pipelines.commands.newasked import Asked
from pipelines.commands.newcase import new_case, plan_case
from pipelines.commands.smoke import smoke
from pipelines.steps import fetch, prepare
from tests.components.serving.served import served
from tests.pipelines.strange_tables import TABLES
from tests.recipes.asked import as_read

ROOT = Path(__file__).resolve().parents[2]
GERMAN = str.maketrans(",.", ".,")
HARDEST = ["kinds", "names", "only_categories"]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copyfile(ROOT / "params.yaml", tmp_path / "params.yaml")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(root: Path, name: str) -> dict[str, Any]:
    table = TABLES[name]
    table.write(root / table.file)
    asked = Asked(table.target, None, None, None, 1.0)
    return dict(new_case(root, name, "finance_risk", root / table.file, asked)["prepare"])


def prepared(root: Path, name: str) -> Job:
    job = make_job(name, load_params(root / "params.yaml").case(name), Paths(root))
    fetch.run(job)
    prepare.run(job)
    return job


@pytest.mark.parametrize("name", TABLES)
def test_a_strange_file_becomes_a_case_that_can_be_prepared(root: Path, name: str) -> None:
    block = make(root, name)
    job = prepared(root, name)
    meta = Meta.read(job.paths.prepared(name))
    rows = sum(1 for _ in (root / TABLES[name].file).open(encoding="utf-8-sig")) - 1
    assert sum(meta.rows.values()) >= 0.99 * min(rows, 600)
    data = TableData(job.paths.prepared(name), job.params.fit, dtype=np.int8)
    for part in data.parts:
        assert np.isfinite(part.encoded.numeric).all()
        assert part.encoded.numeric.shape[1] + part.encoded.categorical.shape[1] > 0
        assert 0 < part.target.sum() < len(part.target)
    assert TABLES[name].target not in block["columns"]


@pytest.mark.parametrize("name", ["names", "wide"])
def test_the_other_lines_of_params_stay_as_they_were(root: Path, name: str) -> None:
    cases = list(load_params(root / "params.yaml").cases)
    before = (root / "params.yaml").read_text(encoding="utf-8").splitlines()
    make(root, name)
    after = (root / "params.yaml").read_text(encoding="utf-8").splitlines()
    changes = SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes()
    assert [change[0] for change in changes] == ["equal", "insert", "equal"], "one block was added, nothing else"
    behind = next(line for line in after[changes[2][3] :] if line)
    assert behind.startswith("operate:")  # the block is one of the cases
    # A second one goes behind the first.
    make(root, "rare")
    assert list(load_params(root / "params.yaml").cases) == [*cases, name, "rare"]


def test_each_column_is_taken_for_what_it_is(root: Path) -> None:
    block = make(root, "kinds")
    found = {name: column["kind"] for name, column in block["columns"].items()}
    assert found == {
        "opened": "date",
        "seen_at": "date",
        "vip": "boolean",
        "mail": "boolean",
        "flag": "boolean",
        "note": "text",
        "merchant": "categorical",
        "number": "numeric",
        "infinite": "numeric",
        "constant": "categorical",
    }
    assert block["columns"]["opened"]["formats"] == ["%d/%m/%Y"]
    assert block["key"] == ["customer_id"]
    assert set(block["ignore"]) == {"row", "empty"}
    assert block["target"] == {"column": "churned", "positive": "yes", "negative": "no"}
    assert "inf" in block["missing"]


def test_amounts_and_padded_labels_are_read_as_people_mean_them(root: Path) -> None:
    block = make(root, "padded")
    units = {name: column.get("unit") for name, column in block["columns"].items() if column["kind"] == "amount"}
    assert units == {"salary": "", "price": "€", "share": "%"}
    assert {block["target"]["positive"].lower(), block["target"]["negative"].lower()} == {"yes", "no"}
    meta = Meta.read(prepared(root, "padded").paths.prepared("padded"))
    (grade,) = meta.data["encoder"]["categorical"]
    assert {value.strip() for value in grade["classes"]} == set(grade["classes"]), "padding made classes of its own"


def test_rows_of_one_patient_stay_in_one_split_and_codes_stay_codes(root: Path) -> None:
    block = make(root, "visits")
    assert (block["split"]["by"], block["split"]["column"]) == ("group", "patient_id")
    assert block["columns"]["zip code"]["kind"] == "categorical"
    assert block["columns"]["value"] == {
        "kind": "amount", "thousands": ".", "decimal": ",", "unit": "", "min": None, "max": None,
    }  # fmt: skip


def with_group(root: Path, table: pd.DataFrame, group: str | bool = True) -> dict[str, Any]:
    table.to_csv(root / "rows.csv", index=False)
    asked = Asked("y", None, None, None, 1.0, group=group)
    return dict(plan_case(root, "mine", "finance_risk", root / "rows.csv", asked)["prepare"])


def owned_rows(rows: int = 600) -> pd.DataFrame:
    random = np.random.default_rng(2)
    owner = np.repeat(np.arange(rows // 4), 4)
    table = {"owner": [f"o{number}" for number in owner], "x": (owner % 7 + random.normal(size=rows)).round(2)}
    return pd.DataFrame(table | {"y": random.integers(0, 2, rows)})


def test_a_group_may_be_named_or_refused(root: Path) -> None:
    table = owned_rows().rename(columns={"owner": "customer_id"}).assign(shop=[f"s{row % 40}" for row in range(600)])
    assert with_group(root, table)["split"]["column"] == "customer_id"
    named = with_group(root, table, "shop")
    assert (named["split"]["column"], "shop" in named["columns"]) == ("shop", False)
    assert "customer_id" in with_group(root, table, group=False)["ignore"]
    assert with_group(root, table, group=False)["split"]["by"] == "stratified"
    for column, why in {"y": "it is the target", "row_nr": "each of its values stands in one row"}.items():
        with pytest.raises(CasebookError, match=f"--group {column}: {why}"):
            with_group(root, table.assign(row_nr=range(600)), column)
    with pytest.raises(CasebookError, match="no column 'shops'; there are: shop"):
        with_group(root, table, "shops")


@pytest.mark.parametrize("name", ["rownames", "index", "Unnamed: 0", "X"])
def test_row_numbers_of_joined_files_are_neither_groups_nor_features(root: Path, name: str) -> None:
    table = owned_rows().drop(columns="owner")
    table.insert(0, name, [*range(1, 251), *range(1, 351)])
    block = with_group(root, table)
    assert block["split"]["by"] == "stratified"
    assert block["ignore"][name] == "it numbers the rows"
    assert block["key"] == []


def test_a_guessed_group_that_makes_uneven_splits_is_asked_about(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = owned_rows().rename(columns={"owner": "customer_id"})
    random = np.random.default_rng(1)  # few rows a group are dealt evenly: the rule itself is moved to see what is said
    monkeypatch.setattr(firstlook, "UNLIKELY", 1.01)
    table["y"] = random.integers(0, 2, 600)
    with pytest.raises(CasebookError, match=r"--group customer_id takes it so, --no-group deals each row by itself"):
        with_group(root, table)
    assert with_group(root, table, "customer_id")["split"]["uneven"] is True


@pytest.mark.slow
@pytest.mark.parametrize("name", HARDEST)
def test_the_smoke_run_of_a_strange_file_ends_with_a_registered_model(checkout: Any, name: str) -> None:
    table = TABLES[name]
    table.write(checkout.root / table.file)
    made = checkout.run(
        "python", "-m", "pipelines.cli", "new", name, "--like", "toy", "--csv", table.file, "--target", table.target
    )
    assert made.code == 0, made.said
    # DVC reads the file with a parser of its own.
    ended = checkout.repro(f"prepare@{name}")
    assert ended.code == 0, ended.said
    ended = checkout.run("python", "-m", "pipelines.cli", "run", name, "--smoke")
    assert ended.code == 0, ended.said
    with closing(sqlite3.connect(checkout.root / "state" / "smoke" / name / "mlflow.db")) as connection:
        versions = connection.execute("select name, version from model_versions").fetchall()
        running = connection.execute("select count(*) from runs where status = 'RUNNING'").fetchone()
    assert versions == [(name, 1)]
    assert running == (0,)
    report = checkout.json(f"state/smoke/{name}/reports/{name}/release.json")
    assert report["promoted"] is False, "a smoke model may not be promoted"
    answered_over_http_as_by_predict(checkout, name, table.file)


def answered_over_http_as_by_predict(checkout: Any, name: str, file: str) -> None:
    """The file's first rows, cells and names of columns as they stand there."""
    lines = pd.read_csv(checkout.root / file, dtype=str, keep_default_na=False).head(200)
    lines.to_csv(checkout.root / "first.csv", index=False)
    paths = Paths(checkout.root / "state" / "smoke" / name)
    job = make_job(name, load_params(checkout.root / "params.yaml").case(name), paths)
    bundle = paths.bundle(name)
    accept, answers = {"accept_strange": True}, checkout.root / "answers.csv"
    recipe_of(job).predict.predict_file(bundle, checkout.root / "first.csv", answers, accept)
    with served(job, bundle) as (client, _):
        text, kind = (checkout.root / "first.csv").read_bytes(), {"content-type": "text/csv"}
        found = client.post(f"/v1/{name}/invocations?accept_strange=true", content=text, headers=kind)
    wanted = pd.read_csv(answers).drop(columns="row", errors="ignore")  # a number where a file has no key
    pd.testing.assert_frame_equal(
        as_read(pd.DataFrame(found.json()["predictions"])), wanted, rtol=1e-9, check_dtype=False
    )


def cohort(root: Path, rows: int = 300, **changes: Any) -> Path:
    """Days and a status, a feature, and an identifier."""
    random = np.random.default_rng(3)
    age = random.integers(30, 80, rows)
    days, end = np.ceil(random.exponential(60_000 / age)), random.integers(200, 2000, rows)
    table = {
        "patient_id": [f"p{number}" for number in range(rows)],
        "age": age,
        "arm": random.choice(["a", "b"], rows),
        "follow up": np.minimum(days, end).astype(int),
        "status": (days <= end).astype(int),
    }
    pd.DataFrame(table | changes).to_csv(root / "cohort.csv", index=False)
    return root / "cohort.csv"


def like_prognosis(root: Path, path: Path, **asked: Any) -> dict[str, Any]:
    whole = {"target": None, "positive": None, "time": "follow up", "event": "status", "per_year": 365.25} | asked
    return new_case(root, "mine", "medical_prognosis", path, Asked(**whole))


def test_a_cohort_becomes_a_case_with_a_time_and_an_event(root: Path) -> None:
    block = like_prognosis(root, cohort(root))
    assert block["prepare"]["target"] == {"time": "`follow up`", "event": "status", "per_year": 365.25}
    assert block["prepare"]["external"] is None
    assert set(block["prepare"]["columns"]) == {"age", "arm"}
    assert block["prepare"]["key"] == ["patient_id"]
    # 2,000 days are five and a half years, but hardly anybody is observed for so long.
    assert block["model"]["curve"]["horizons"] == [1, 2, 3]
    assert block["evaluate"]["calibrated"] == [3]
    meta = Meta.read(prepared(root, "mine").paths.prepared("mine"))
    assert sum(meta.rows.values()) == 300


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"time": None}, "name them with --time and --event"),
        ({"target": "status"}, "name them with --time and --event"),
        ({"time": "folow up"}, "no column 'folow up'; there are: follow up"),
        ({"time": "status"}, "an event has a column of its own"),
        ({"event": "age"}, "it has 49 different values; name the column that says whether"),
        ({"per_year": 1e6}, "say with --unit what it counts"),
        ({"positive": "1"}, "--positive 1 is of a table with a --target; .* --event-value names the value"),
        ({"event_value": ("9",)}, r"no value '9' \(the event\), only '1'"),
    ],
)
def test_a_cohort_that_cannot_become_a_case_is_told_why(root: Path, asked: dict[str, Any], message: str) -> None:
    before = (root / "params.yaml").read_bytes()
    with pytest.raises(CasebookError, match=message):
        like_prognosis(root, cohort(root), **asked)
    assert (root / "params.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "message", "said"),
    [
        ({0: 1, 1: 2}, "--event-value 2 or --event-value 1", {"event_value": ("2",)}),
        ({0: "Alive", 1: "Dead"}, "--event-value Dead or --event-value Alive", {"event_value": ("Dead",)}),
        ({0: "0:LIVING", 1: "1:DECEASED"}, "--event-value 1:DECEASED or", {"event_value": ("1:deceased",)}),
    ],
)
def test_which_value_is_the_event_is_asked_before_anything_is_written(
    root: Path, words: dict[int, Any], message: str, said: dict[str, tuple[str, ...]]
) -> None:
    path, before = cohort(root), (root / "params.yaml").read_bytes()
    rows = pd.read_csv(path)
    had = int(rows["status"].sum())
    rows.assign(status=rows["status"].map(words)).to_csv(path, index=False)
    with pytest.raises(CasebookError, match=message):
        like_prognosis(root, path)
    assert (root / "params.yaml").read_bytes() == before
    block = like_prognosis(root, path, **said)["prepare"]
    assert block["target"]["event_value"] == [*said["event_value"]]
    folder = prepared(root, "mine").paths.prepared("mine")
    assert (
        sum(int(pd.read_parquet(folder / f"{split}.parquet")["event"].sum()) for split in ("train", "val", "test"))
        == had
    )


def test_several_types_of_event_are_refused_until_each_is_said(root: Path) -> None:
    path, random = cohort(root), np.random.default_rng(0)
    rows = pd.read_csv(path)
    types = rows["status"] * random.integers(1, 3, len(rows))
    rows.assign(status=types).to_csv(path, index=False)
    with pytest.raises(CasebookError, match="are of the recipe competing_risks"):
        like_prognosis(root, path)
    with pytest.raises(CasebookError, match="Say what each stands for: --event-value 2 --censored-value"):
        like_prognosis(root, path, event_value=("2",))
    block = like_prognosis(root, path, event_value=("2",), censored_value=("0", "1"))["prepare"]
    assert block["target"]["censored_value"] == ["0", "1"]
    meta = Meta.read(prepared(root, "mine").paths.prepared("mine"))
    assert sum(meta.rows.values()) == 300


def test_a_cohort_without_censoring_becomes_a_case_and_one_of_few_events_does_not(root: Path) -> None:
    block = like_prognosis(root, cohort(root, status=1))
    assert set(block["prepare"]["columns"]) == {"age", "arm"}
    few = (np.arange(300) < 15).astype(int)
    with pytest.raises(CasebookError, match=r"15 of 300 row\(s\) have the event, .* 400 rows would do"):
        new_case(
            root, "few", "medical_prognosis", cohort(root, status=few), Asked(None, None, "follow up", "status", 365.25)
        )


def test_what_tells_the_outcome_is_told_at_once_and_refused_later(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = cohort(root)
    rows = pd.read_csv(path)
    rows.assign(vital=rows["status"].map({0: "alive", 1: "dead"})).to_csv(path, index=False)
    with caplog.at_level("WARNING"):
        like_prognosis(root, path)
    assert "column vital: it tells the event by itself (AUC 1.000); `casebook run` will refuse it" in caplog.text
    assert "--ignore vital leaves it out" in caplog.text
    with pytest.raises(CasebookError, match=r"move vital to prepare\.ignore"):
        prepared(root, "mine")


def test_a_table_has_no_value_of_an_event(root: Path) -> None:
    asked = Asked("status", None, None, None, 1.0, event_value=("1",))
    with pytest.raises(CasebookError, match="--positive names the value of --target"):
        new_case(root, "mine", "finance_risk", cohort(root), asked)


def test_times_with_decimal_commas_are_those_with_points(root: Path) -> None:
    path = cohort(root)
    rows = pd.read_csv(path)
    rows["follow up"] = rows["follow up"] + 0.5
    rows["marker"] = np.arange(300) * 7.25
    rows.to_csv(path, index=False)
    like_prognosis(root, path)
    plain = pd.read_parquet(prepared(root, "mine").paths.prepared("mine") / "train.parquet")
    german = rows.assign(**{"follow up": [f"{days:,.1f}".translate(GERMAN) for days in rows["follow up"]]})
    german.to_csv(path, index=False, sep=";", decimal=",")
    block = new_case(root, "german", "medical_prognosis", path, Asked(None, None, "follow up", "status", 365.25))
    assert block["prepare"]["columns"]["marker"]["decimal"] == ","
    assert block["model"]["curve"]["horizons"] == [1, 2, 3]
    found = pd.read_parquet(prepared(root, "german").paths.prepared("german") / "train.parquet")
    pd.testing.assert_frame_equal(found, plain)


@pytest.mark.parametrize(
    ("option", "column", "number"),
    [
        (("--decimal", "."), {"kind": "numeric", "min": None, "max": None}, 86.468),
        (
            ("--thousands", "."),
            {"kind": "amount", "thousands": ".", "decimal": ",", "unit": "", "min": None, "max": None},
            86468.0,
        ),
    ],
)
def test_what_a_file_leaves_open_is_asked_and_answered_once(
    root: Path, option: tuple[str, str], column: dict[str, Any], number: float
) -> None:
    amounts = ["86.468", "467", *(f"{place}.{999 - 7 * place}" for place in range(10, 33))]
    rows = pd.DataFrame({"amount": amounts * 8, "y": ["no", "yes", "no", "no"] * 50})
    rows.to_csv(root / "rows.csv", index=False)
    asked = ["new", "mine", "--csv", "rows.csv", "--target", "y"]
    before = (root / "params.yaml").read_bytes()
    refused = CliRunner().invoke(app, asked)
    assert refused.exit_code == 1
    assert "column amount: cannot tell thousands from decimals" in str(refused.exception)
    assert (root / "params.yaml").read_bytes() == before
    assert CliRunner().invoke(app, [*asked, *option]).exit_code == 0
    block = load_params(root / "params.yaml").case("mine").prepare
    assert block["columns"]["amount"] == column
    assert block["numbers"]["decimal"] == {"--decimal": ".", "--thousands": ","}[option[0]]
    train = pd.read_parquet(prepared(root, "mine").paths.prepared("mine") / "train.parquet")
    assert number in set(train["amount"])


def test_a_table_has_one_target_and_no_time(root: Path) -> None:
    with pytest.raises(CasebookError, match="name it with --target"):
        new_case(root, "mine", "finance_risk", cohort(root), Asked("status", None, "follow up", None, 365.25))


@pytest.mark.slow
def test_the_smoke_run_of_a_users_cohort_ends_with_a_registered_model(root: Path) -> None:
    like_prognosis(root, cohort(root))
    smoke("mine", root)
    report = read_json(root / "state" / "smoke" / "mine" / "reports" / "mine" / "release.json")
    assert report["promoted"] is False, "a smoke model may not be promoted"
    metrics = read_json(root / "state" / "smoke" / "mine" / "reports" / "mine" / "metrics.json")
    assert {"c_index", "ibs", "auc@3y"} <= set(metrics["test"])
    assert "external" not in metrics
