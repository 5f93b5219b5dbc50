from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.core.files import read_json
from components.core.job import PREPARED_FILES
from components.kits.tables.encoding.encode import TableEncoder
from tests.components.kits.survival.preparation.cohorts import AGE, EXTERNAL, SITE, block, others, patients, prepare


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


def alive_or_dead(rows: int) -> pd.DataFrame:
    table = patients(rows)
    return table.assign(dead=np.where(table["dead"] == 1, "Dead", "Alive"))


def target(**said: Any) -> dict[str, Any]:
    return {"time": "days", "event": "dead", "per_year": 365.25} | said


@pytest.mark.parametrize("value", ["Dead", ["dead"]])
def test_the_value_of_the_event_is_said_and_told(tmp_path: Path, value: Any) -> None:
    prepare(tmp_path / "said", block(target=target(event_value=value)), rows=alive_or_dead(100))
    prepare(tmp_path / "plain", block(), rows=patients(100))
    for name in ("train.parquet", "val.parquet", "test.parquet"):
        said, plain = (tmp_path / where / "prepared" / name for where in ("said", "plain"))
        assert said.read_bytes() == plain.read_bytes()
    had = int(patients(100)["dead"].sum())
    (note,) = read_json(tmp_path / "said" / "prepared" / "told.json")["notes"]
    assert note == f"event dead: 'Dead' ({had} row(s)) is the event, 'Alive' ({100 - had} row(s)) is censored"


def test_a_cohort_without_censoring_is_prepared(tmp_path: Path) -> None:
    meta = prepare(tmp_path / "dealt", block(), rows=patients(100).assign(dead=1))
    assert meta.rows["test"] == 20
    split = {"by": "group", "column": "site", "validation": 0.2, "test": 0.2, "seed": 1}
    rows = patients(100).assign(dead=1, site=[f"site {row % 20}" for row in range(100)])
    grouped = block(columns={"age": AGE}, ignore={"site": "groups"}, split=split)
    meta = prepare(tmp_path / "grouped", grouped, rows=rows)
    assert meta.rows == {"train": 60, "validation": 20, "test": 20, "rejected": 0}


DAYS = {"kind": "numeric", "min": None, "max": None}
DATE = {"kind": "date", "formats": ["ISO8601"]}


@pytest.mark.parametrize(
    ("columns", "kinds", "message"),
    [
        (
            {"vital_status": lambda t: np.where(t["dead"] == 1, "dead", "alive")},
            {"vital_status": SITE},
            r"column vital_status: it tells the event by itself \(AUC 1.000\); .* move vital_status to prepare.ignore$",
        ),
        (
            {"years": lambda t: t["days"] // 365},
            {"years": DAYS},
            "column years: it is the time, in years, in 100.0% of",
        ),
        (
            {"last": lambda t: np.where(np.arange(len(t)) % 3 == 0, t["days"] // 2, t["days"])},
            {"last": DAYS},
            r"column last: it is the time, in days, in .* with prepare.known: \[last\]$",
        ),
        (
            {
                "enrolled": lambda t: np.datetime64("2001-01-01") + (37 * t["age"].to_numpy()).astype("timedelta64[D]"),
                "closed": lambda t: t["enrolled"] + pd.to_timedelta(t["days"], unit="D"),
            },
            {"enrolled": DATE, "closed": DATE},
            "closed less enrolled is the time to the event, in days, .* move closed to prepare.ignore$",
        ),
    ],
)
def test_the_outcome_in_other_words_is_refused_or_asked(
    tmp_path: Path, columns: dict[str, Any], kinds: dict[str, Any], message: str
) -> None:
    table = patients(300).assign(**columns)
    with pytest.raises(CasebookError, match=message):
        prepare(tmp_path, block(columns={"age": AGE, "site": SITE} | kinds), rows=table)
    assert not (tmp_path / "prepared").exists()


def test_what_is_known_is_not_asked_again(tmp_path: Path) -> None:
    table = patients(300)
    table["last"] = np.where(np.arange(300) % 3 == 0, table["days"] // 2, table["days"])
    columns = {"age": AGE, "site": SITE, "last": DAYS}
    meta = prepare(tmp_path, block(columns=columns, known=["last"]), rows=table)
    assert meta.rows["train"] == 180
    assert "known" not in meta.data["spec"]


def wide(markers: int) -> tuple[dict[str, Any], pd.DataFrame]:
    """Sixty patients with numbers of chance, and their block."""
    random, names = np.random.default_rng(0), [f"marker {number}" for number in range(markers)]
    rows = patients(60).assign(**{name: random.normal(size=60) for name in names})
    return block(columns={"age": AGE} | dict.fromkeys(names, DAYS), ignore={"site": "few"}), rows


def test_too_few_events_are_refused_and_few_are_told(tmp_path: Path) -> None:
    few = patients(300).assign(dead=lambda t: (np.arange(len(t)) < 19).astype(int))
    with pytest.raises(CasebookError, match=r"19 of 300 row\(s\) have the event, and a model needs 20"):
        prepare(tmp_path / "few", block(), rows=few)
    content, rows = wide(12)
    events = int(rows["dead"].sum())
    prepare(tmp_path / "told", content, rows=rows)
    notes = read_json(tmp_path / "told" / "prepared" / "told.json")["notes"]
    assert notes[1].startswith(f"{events} events for 13 coefficients, {events / 13:.1f} for each")
    content, rows = wide(30)
    with pytest.raises(CasebookError, match=rf"{events} event\(s\) for 31 coeff.* 62 events would do, or at most"):
        prepare(tmp_path / "wide", content, rows=rows)
