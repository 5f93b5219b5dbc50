from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.core.job import PREPARED_FILES
from components.kits.tables.encoding.encode import TableEncoder
from tests.components.recipes.survival.preparation.cohorts import EXTERNAL, block, others, patients, prepare


def test_a_cohort_alone(tmp_path: Path) -> None:
    table = patients(100)
    meta = prepare(tmp_path, block(), rows=table)
    frames = [
        pd.read_parquet(tmp_path / "prepared" / PREPARED_FILES[split]) for split in ("train", "validation", "test")
    ]
    whole = pd.concat(frames).sort_values("row", ignore_index=True)
    assert list(whole) == ["row", "age", "site", "time", "event"]
    np.testing.assert_allclose(whole["time"], table["days"] / 365.25)
    assert whole["event"].tolist() == table["dead"].tolist()
    assert meta.rows == {"train": len(frames[0]), "validation": len(frames[1]), "test": len(frames[2]), "rejected": 0}
    assert not (tmp_path / "prepared" / "external.parquet").exists()


def test_the_external_cohort_is_converted_alike_and_teaches_nothing(tmp_path: Path) -> None:
    alone = prepare(tmp_path / "alone", block(), rows=patients(100))
    meta = prepare(tmp_path / "both", block(external=EXTERNAL), rows=patients(100), other=others(40))
    external = pd.read_parquet(tmp_path / "both" / "prepared" / "external.parquet")
    assert list(external) == ["row", "age", "site", "time", "event"]
    np.testing.assert_allclose(external["time"], others(40)["months"] / 12)
    assert external["event"].sum() == (others(40)["died"] == "yes").sum()
    assert meta.rows["external"] == 40
    assert meta.data["encoder"] == alone.data["encoder"]
    for name in ("train.parquet", "val.parquet", "test.parquet"):
        both, one = (tmp_path / where / "prepared" / name for where in ("both", "alone"))
        assert both.read_bytes() == one.read_bytes()
    TableEncoder.from_json(meta.data["encoder"]).encode(external)


def test_an_outcome_may_be_arithmetic(tmp_path: Path) -> None:
    table = patients(60).rename(columns={"days": "dtime", "dead": "death"})
    recur = np.arange(60) % 3 == 0
    table = table.assign(recur=recur.astype(int), rtime=table["dtime"] // 2)
    target = {"time": "recur * rtime + (1 - recur) * dtime", "event": "recur + death - recur * death", "per_year": 1.0}
    prepare(tmp_path, block(target=target), rows=table)
    files = [tmp_path / "prepared" / name for name in ("train.parquet", "val.parquet", "test.parquet")]
    whole = pd.concat([pd.read_parquet(file) for file in files]).sort_values("row")
    assert whole["time"].tolist() == np.where(recur, table["rtime"], table["dtime"]).tolist()
    assert whole["event"].tolist() == (recur | (table["death"] == 1)).astype(int).tolist()


def test_rows_without_an_outcome_are_set_aside(tmp_path: Path) -> None:
    table = patients(100).astype({"days": object})
    table.loc[3, "days"] = "NA"
    meta = prepare(tmp_path, block(), rows=table)
    rejected = pd.read_parquet(tmp_path / "prepared" / "rejected.parquet")
    assert meta.rows["rejected"] == 1
    assert rejected["reason"].tolist() == ["days: no value: 'NA'"]
    assert rejected["row"].tolist() == [4]


def changed(**cells: Any) -> pd.DataFrame:
    """Patients with one cell of row 7 changed."""
    table = patients(100).astype(object)
    for name, value in cells.items():
        table.loc[6, name] = value
    return table


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            changed(days=-3),
            r"rows.csv: column days \(of the outcome\): 1 value\(s\) are negative.* such as -3 in row 7",
        ),
        (
            changed(dead=2),
            r"column dead \(of the outcome\): 1 value\(s\) are neither a yes nor a no, such as '2' in row 7",
        ),
        (
            changed(days="soon"),
            r"column days \(of the outcome\): 1 value\(s\) are not a number, such as 'soon' in row 7",
        ),
        (patients(100).assign(dead=0), r"column dead \(the event\): all 100 row\(s\) are censored"),
        (patients(100).drop(columns="days"), r"1 column\(s\) of params.yaml are missing: 'days'"),
        (patients(100).drop(columns="age"), r"1 column\(s\) of params.yaml are missing: 'age'"),
        (patients(100).assign(age=lambda t: 18 + t["days"] / 100), "column age: it follows the time to the event"),
    ],
)
def test_bad_input_is_named(tmp_path: Path, table: pd.DataFrame, message: str) -> None:
    with pytest.raises(CasebookError, match=message):
        prepare(tmp_path, block(), rows=table)
    assert not (tmp_path / "prepared").exists()


def test_an_event_that_is_neither_after_arithmetic(tmp_path: Path) -> None:
    table = patients(100).assign(ill=1)
    target = {"time": "days", "event": "dead + ill", "per_year": 1.0}
    with pytest.raises(CasebookError, match=r"column dead \+ ill .* neither 0 nor 1, such as 2 in row"):
        prepare(tmp_path, block(target=target), rows=table)


def test_an_unknown_class_in_the_external_cohort_is_named(tmp_path: Path) -> None:
    other = others(40)
    other.loc[[2, 5], "site"] = "Lima"
    with pytest.raises(CasebookError, match=r"other.csv: column site: 2 row\(s\) are of classes .* such as 'Lima'"):
        prepare(tmp_path, block(external=EXTERNAL), rows=patients(100), other=other)


def test_an_external_cohort_of_censored_patients_is_named(tmp_path: Path) -> None:
    with pytest.raises(CasebookError, match=r"other.csv: column died \(the event\): all 40"):
        prepare(tmp_path, block(external=EXTERNAL), rows=patients(100), other=others(40).assign(died="no"))
