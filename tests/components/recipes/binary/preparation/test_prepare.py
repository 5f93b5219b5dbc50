import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from components.core.errors import CasebookError
from components.core.files import dvc_md5
from components.core.job import Meta
from components.kits.tables.encoding.convert import clean
from components.kits.tables.encoding.encode import TableEncoder
from components.kits.tables.learning.data import read_groups
from components.kits.tables.noted import read_told, told_tables
from components.kits.tables.read import read_table
from components.recipes.binary.preparation.preparation import prepare as prepare_job
from tests.components.kits.tables.tables import (
    APPLICATION,
    NUMERIC,
    SOURCE,
    applications,
    block,
    prepare,
    write_raw,
)
from tests.forks import Forks
from tests.toy.jobs import CHECKOUT, job_of_block

ROWS = 200
SPLITS = ["train", "val", "test"]


def splits(folder: Path) -> list[pd.DataFrame]:
    return [pd.read_parquet(folder / "prepared" / f"{name}.parquet") for name in SPLITS]


def test_every_row_is_in_one_file_with_its_number_and_its_answer(tmp_path: Path) -> None:
    table = applications(ROWS)
    table.loc[4, "age"], table.loc[9, "y"] = 7, None
    meta = prepare(tmp_path, table, block(APPLICATION))
    together = pd.concat(splits(tmp_path)).sort_values("row")
    assert together["row"].tolist() == [row + 1 for row in range(ROWS) if row not in (4, 9)]
    kept = table.drop([4, 9])
    assert together["age"].tolist() == kept["age"].tolist()
    assert together["town"].tolist() == kept["town"].tolist()
    assert together["target"].tolist() == (kept["y"] == "yes").astype(int).tolist()
    train, validation, test = (len(rows) for rows in splits(tmp_path))
    assert meta.rows == {"train": train, "validation": validation, "test": test, "rejected": 2}


def test_prepared_columns_are_typed_and_named_in_the_order_of_the_params(tmp_path: Path) -> None:
    prepare(tmp_path, applications(ROWS), block(APPLICATION))
    schema = pq.read_schema(tmp_path / "prepared" / "train.parquet")
    assert {field.name: str(field.type) for field in schema} == {
        "row": "int64",
        "age": "double",
        "sum": "double",
        "town": "large_string",
        "target": "int8",
    }


def test_rejected_rows_keep_their_cells_as_text_with_number_and_reason(tmp_path: Path) -> None:
    table = applications(ROWS).astype(object)
    table.loc[4, "age"], table.loc[9, "sum"], table.loc[9, "y"] = " 007", "a lot", "?"
    meta = prepare(tmp_path, table.assign(reason="r"), block(APPLICATION))
    rejected = pd.read_parquet(tmp_path / "prepared" / "rejected.parquet")
    assert list(rejected.columns) == ["row", "reason (of the check)", "age", "sum", "town", "y", "reason"]
    assert rejected["row"].tolist() == [5, 10]
    assert rejected["reason (of the check)"].tolist() == [
        "age: below 18: ' 007'",
        "sum: not a number: 'a lot'; y: no value: '?'",
    ]
    assert rejected["age"].tolist() == ["007", str(table.loc[9, "age"])]
    assert rejected["sum"].tolist()[1] == "a lot"
    assert meta.rejected == {"age: below 18": 1, "sum: not a number": 1}
    assert meta.rows["rejected"] == sum(meta.rejected.values())


def test_no_rejected_rows_are_a_table_too(tmp_path: Path) -> None:
    prepare(tmp_path, applications(ROWS), block(APPLICATION))
    rejected = pd.read_parquet(tmp_path / "prepared" / "rejected.parquet")
    assert list(rejected.columns) == ["row", "reason", "age", "sum", "town", "y"]
    assert rejected.empty


def test_the_key_takes_the_place_of_the_row_number(tmp_path: Path) -> None:
    table = applications(ROWS).assign(bank="A", no=[f"{row:03d}" for row in range(ROWS)])
    meta = prepare(tmp_path, table, block(APPLICATION, key=["bank", "no"]))
    train = splits(tmp_path)[0]
    assert list(train.columns) == ["bank", "no", "age", "sum", "town", "target"]
    assert train["no"].str.len().eq(3).all()
    assert meta.data["key"] == ["bank", "no"]


def test_meta_holds_what_readers_need(tmp_path: Path) -> None:
    table = applications(ROWS)
    table.loc[:9, "sum"] = None
    meta = prepare(tmp_path, table, block(APPLICATION, derived={"per year": "sum / age"}))
    assert Meta.read(tmp_path / "prepared") == meta
    assert meta.source == SOURCE
    assert meta.data["key"] == ["row"]
    assert meta.data["spec"] == json.loads(json.dumps(block(APPLICATION, derived={"per year": "sum / age"})))
    train = splits(tmp_path)[0]
    summary = meta.data["summary"]
    assert summary["sum"]["missing"] == train["sum"].isna().mean() > 0
    assert summary["age"]["distinct"] == train["age"].nunique()
    assert summary["age"]["quantiles"]["0.5"] == train["age"].median()
    assert summary["town"]["top"] == [[town, (train["town"] == town).sum()] for town, _ in summary["town"]["top"]]
    assert TableEncoder.from_json(meta.data["encoder"]).raw_names == ("age", "sum", "per year")


def test_the_figures_of_the_splits_and_the_groups_are_left_beside_the_rows(tmp_path: Path) -> None:
    table = applications(600).assign(customer_id=[f"c{row // 3}" for row in range(600)])
    split = {"by": "group", "column": "customer_id", "validation": 0.2, "test": 0.2, "seed": 1}
    prepare(tmp_path, table, block(APPLICATION, split=split, ignore={"customer_id": "names whose they are"}))
    told = read_told(tmp_path / "prepared")
    for name, rows in zip(("train", "validation", "test"), splits(tmp_path), strict=True):
        own = {"rows": len(rows), "positives": rows["target"].sum(), "share": rows["target"].mean()}
        assert told["splits"][name] == own
        assert rows["target"].mean() == pytest.approx((table["y"] == "yes").mean(), abs=0.02)
    assert told["hindsight"] == []
    (table_of_splits,) = [one for one in told_tables(tmp_path / "prepared", "yes") if one.rows]
    assert [row[0] for row in table_of_splits.rows] == ["train", "validation", "test"]


def test_what_is_warned_of_is_left_for_the_card_without_the_folder_and_each_time(tmp_path: Path) -> None:
    table = applications(ROWS)
    table.loc[:2, "y"] = "in court"
    target = {"column": "y", "positive": "yes", "negative": "no", "ignore": ["in court"]}
    told = []
    for name in ("one", "two"):
        raw = f"Loans 2024\n{table.to_csv(index=False)}"
        prepare(tmp_path / name, raw, block(APPLICATION, target=target))
        told.append(read_told(tmp_path / name / "prepared")["notes"])
        (notes,) = [one for one in told_tables(tmp_path / name / "prepared", "yes") if one.title.startswith("Told")]
        assert [row[0] for row in notes.rows] == told[-1]
    title = "rows.csv: the header is not in line 1; 1 line(s) above it are left out: 'Loans 2024'"
    assert told[0] == told[1] == [title, "3 row(s) of no outcome (prepare.target.ignore) are left out"]


def test_uneven_splits_are_asked_about_once(tmp_path: Path) -> None:
    table = applications(600).assign(opened=range(2, 1202, 2))
    table.loc[400:, "y"] = np.where(np.arange(200) % 4 == 0, "no", "yes")  # later rows are positive more often
    split = {"by": "time", "column": "opened", "validation": 0.2, "test": 0.2}
    asked = block(APPLICATION, split=split)
    with pytest.raises(
        CasebookError, match=r"split 'time' by opened: the splits have different shares of 'yes'.*uneven"
    ):
        prepare(tmp_path, table, asked)
    assert not (tmp_path / "prepared").exists()
    assert prepare(tmp_path, table, block(APPLICATION, split=split | {"uneven": True})).rows["test"] == 120


def test_what_was_paid_is_told_until_it_is_known(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    random = np.random.default_rng(2)
    amount, bad = random.uniform(1_000, 9_000, 900).round(), random.random(900) < 0.3
    paid = np.where(bad, amount * random.uniform(0.1, 0.95, 900), amount * random.uniform(1, 1.2, 900)).round(2)
    table = pd.DataFrame({"amount": amount, "paid": paid, "y": np.where(bad, "yes", "no")})
    table = table.assign(**{f"x{place}": random.normal(size=900).round(3) for place in range(3)})
    columns = dict.fromkeys(["amount", "paid", "x0", "x1", "x2"], NUMERIC)
    prepare(tmp_path, table, block(columns))
    assert [one["columns"] for one in read_told(tmp_path / "prepared")["hindsight"]] == [["paid"]]
    assert any("prepare.known: [paid]" in message for message in caplog.messages)
    prepare(tmp_path, table, block(columns, known=["paid"]))
    assert read_told(tmp_path / "prepared")["hindsight"] == []


def test_the_encoder_knows_the_training_rows_alone(tmp_path: Path) -> None:
    table = applications(ROWS)
    meta = prepare(tmp_path, table, block(APPLICATION))
    train, _, test = splits(tmp_path)
    table.loc[test["row"] - 1, "sum"] = 1e6  # what is outside train changes nothing in the encoder
    again = prepare(tmp_path, table, block(APPLICATION))
    assert again.data["encoder"] == meta.data["encoder"]
    assert meta.data["encoder"]["numeric"][1]["median"] == train["sum"].median()


def test_raw_rows_at_prediction_are_encoded_as_the_prepared_ones(tmp_path: Path) -> None:
    table = applications(ROWS)
    table.loc[::7, "sum"] = None
    table.loc[::5, "town"] = " Rome "
    meta = prepare(tmp_path, table, block(APPLICATION))
    encoder = TableEncoder.from_json(meta.data["encoder"])
    prepared = pd.concat(splits(tmp_path)).sort_values("row")
    raw = read_table(tmp_path / "raw" / "rows.csv").drop(columns="y")
    for rows in (raw, table, pd.DataFrame(json.loads(table.to_json(orient="records")))):
        encoded, expected = encoder.encode(clean(rows, meta.data)), encoder.encode(prepared)
        np.testing.assert_array_equal(encoded.numeric, expected.numeric)
        np.testing.assert_array_equal(encoded.categorical, expected.categorical)


@pytest.mark.parametrize(
    "split",
    [
        {"by": "group", "column": "house", "validation": 0.2, "test": 0.2, "seed": 3},
        {"by": "time", "column": "day", "validation": 0.2, "test": 0.2},
        {"by": "time", "column": "age", "validation": 0.2, "test": 0.2},
    ],
)
def test_rows_may_be_split_by_a_column_that_is_no_feature(tmp_path: Path, split: dict[str, Any]) -> None:
    table = applications(ROWS).assign(
        house=[f"h{row % 50}" for row in range(ROWS)],
        day=pd.date_range("2020-01-01", periods=ROWS).strftime("%Y-%m-%d"),
    )
    table["y"] = np.where(np.arange(ROWS) % 3 == 0, "yes", "no")
    prepare(tmp_path, table, block(APPLICATION, split=split, ignore={"house": "a name", "day": "a date"}))
    by = [set(table.loc[rows["row"] - 1, split["column"]]) for rows in splits(tmp_path)]
    assert not by[0] & by[1]
    assert not by[1] & by[2]
    assert split["by"] == "group" or max(by[0]) < min(by[1]) <= max(by[1]) < min(by[2])
    groups = read_groups(tmp_path / "prepared")
    if split["by"] == "time":
        assert groups is None
    else:  # a number for each house, in the order of the rows
        known = pd.concat(splits(tmp_path)[:2])["row"]
        houses = pd.DataFrame({"house": table.loc[known - 1, "house"], "group": groups})
        assert len(houses.drop_duplicates()) == houses["house"].nunique() == houses["group"].nunique()


def test_two_runs_give_the_same_bytes(tmp_path: Path) -> None:
    table = applications(ROWS)
    table.loc[3, "age"] = 1
    for name in ("one", "two"):
        prepare(tmp_path / name, table, block(APPLICATION))
    assert dvc_md5(tmp_path / "one" / "prepared") == dvc_md5(tmp_path / "two" / "prepared")


def test_a_process_of_its_own_gives_the_same_bytes(tmp_path: Path, data_forks: Forks) -> None:
    prepare(tmp_path, applications(ROWS), block(APPLICATION))
    program = (
        "import json, sys; from pathlib import Path; from tests.toy.jobs import job_of_block; "
        "from components.recipes.binary.preparation.preparation import prepare; "
        "prepare(job_of_block('binary', Path(sys.argv[1]), json.loads(sys.argv[2])))"
    )
    shutil.copytree(tmp_path / "raw", tmp_path / "again" / "raw")
    arguments = [str(tmp_path / "again"), json.dumps(block(APPLICATION))]
    done = data_forks.run("-c", program, *arguments, cwd=CHECKOUT)
    assert done.returncode == 0, done.stderr
    assert dvc_md5(tmp_path / "again" / "prepared") == dvc_md5(tmp_path / "prepared")


LEAKING = applications(ROWS).assign(loss=lambda table: (table["y"] == "yes") * 10.0)


@pytest.mark.parametrize(
    ("table", "changes", "message"),
    [
        (applications(ROWS).drop(columns="sum"), {}, r"1 column\(s\) of params\.yaml are missing: 'sum'"),
        (applications(ROWS).assign(y="no"), {}, r"column y \(the target\) is 'no' in all 200 row\(s\)"),
        (applications(ROWS).replace({"y": {"yes": "maybe"}}), {}, r"neither 'yes' nor 'no': 'maybe' \(\d+\)"),
        (applications(ROWS).assign(sum="inf"), {}, r"column sum: 200 infinite value\(s\), the first in row 1: 'inf'"),
        (applications(ROWS).assign(age="old"), {}, r"200 of 200 rows \(100\.0%\) break the schema"),
        (applications(ROWS).assign(id=1), {"key": ["id"]}, r"key id: 1 key\(s\) stand in more than one row"),
        (applications(ROWS).assign(town=range(ROWS)), {}, "column town looks like an identifier: 200 of its 200"),
        (LEAKING, {"columns": APPLICATION | {"loss": NUMERIC}}, r"column loss alone reaches AUC 1\.0000"),
        (applications(4), {}, "both are needed"),
        ("", {}, "the file is empty"),
        ("age,sum,town,y\n", {}, "a header but no rows"),
        ("age,sum,town,y\nŁódź\n".encode("cp1250"), {}, r"not UTF-8: byte 0xa3 at offset 15 \(line 2\)"),
        ("age,sum,town,y\n1,2\n", {}, "has 2 value"),
        (applications(ROWS), {"read": {"encoding": "latin-9000"}}, "'latin-9000' is no encoding"),
        (applications(ROWS), {"splitt": 1}, r"params\.cases\.toy\.prepare\.splitt: unknown key"),
    ],
)
def test_bad_input_stops_with_one_message_and_leaves_the_old_result(
    tmp_path: Path, table: Any, changes: dict[str, Any], message: str
) -> None:
    (tmp_path / "prepared").mkdir()
    (tmp_path / "prepared" / "old").write_text("kept")
    with pytest.raises(CasebookError, match=message):
        prepare(tmp_path, table, block(APPLICATION) | changes)
    assert [path.name for path in tmp_path.iterdir() if path.name != "raw"] == ["prepared"]
    assert (tmp_path / "prepared" / "old").read_text() == "kept"


def test_a_raw_folder_that_fetch_did_not_leave_is_refused(tmp_path: Path) -> None:
    raw = write_raw(tmp_path / "raw", applications(ROWS))
    (raw / "source.json").unlink()
    with pytest.raises(CasebookError, match=r"source\.json: not found.*run fetch first"):
        prepare_job(job_of_block("binary", tmp_path, block(APPLICATION)))
