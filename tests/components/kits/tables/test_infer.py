import csv
import random
import string
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.core.errors import CasebookError
from components.kits.tables.encoding.convert import clean
from components.kits.tables.encoding.encode import TableEncoder
from components.kits.tables.encoding.spec import TableParams
from components.kits.tables.infer import infer_table
from components.kits.tables.read import read_table
from components.recipes.binary.preparation.preparation import prepare as prepare_job
from tests.components.kits.tables.tables import NUMERIC, SOURCE, applications, prepare, write_raw
from tests.examples import examples
from tests.toy.jobs import job_of_block


def infer(folder: Path, table: pd.DataFrame | str, target: str = "y", positive: str | None = None) -> dict[str, Any]:
    return infer_table(write_raw(folder / "raw", table) / "rows.csv", target, positive)


def test_the_block_is_whole_and_survives_yaml(tmp_path: Path) -> None:
    block = infer(tmp_path, applications(300))
    assert yaml.safe_load(yaml.safe_dump(block, allow_unicode=True)) == block
    assert TableParams.model_validate(block).target.model_dump(exclude={"ignore"}) == block["target"]
    assert block["target"] == {"column": "y", "positive": "yes", "negative": "no"}
    assert block["columns"] == {"age": NUMERIC, "sum": NUMERIC, "town": {"kind": "categorical", "values": None}}
    assert (block["file"], block["key"], block["ignore"], block["max_rejected"]) == ("rows.csv", [], {}, 0.01)
    assert block["encode"]["fold"] is True  # classes of another case, width or blanks are one in a new case


def test_what_is_inferred_can_be_prepared(tmp_path: Path) -> None:
    table = applications(300)
    assert prepare(tmp_path, table, infer(tmp_path, table)).rows["train"] == 300 - 60 - 48


def test_the_first_identifier_becomes_the_key_and_others_are_left_out(tmp_path: Path) -> None:
    table = applications(300)
    table.insert(0, "", range(300))
    table["申请编号"] = [f"N{row}" for row in range(300)]
    table["empty"], table["same"] = "", "x"
    block = infer(tmp_path, table)
    assert block["key"] == ["column_1"]
    assert block["ignore"] == {
        "申请编号": "300 of its 300 values differ",
        "empty": "it has no values",
        "same": "it is always 'x'",
    }


def test_rows_without_a_target_are_allowed_for(tmp_path: Path) -> None:
    table = applications(300)
    table.loc[:29, "y"] = ""
    block = infer(tmp_path, table)
    assert block["max_rejected"] == 0.11  # 30 of 300, and 0.01 more
    assert prepare(tmp_path, table, block).rejected == {"y: no value": 30}


def test_rows_of_no_outcome_are_left_out_and_not_counted_as_broken(tmp_path: Path) -> None:
    table = applications(300)
    table.loc[:29, "y"] = "in court"
    block = infer_table(write_raw(tmp_path / "raw", table) / "rows.csv", "y", None, ["in court"])
    assert (block["target"]["ignore"], block["max_rejected"]) == (["in court"], 0.01)
    rows = prepare(tmp_path, table, block).rows
    assert (rows["rejected"], sum(rows.values())) == (30, 300)


def test_words_for_no_value_go_to_missing(tmp_path: Path) -> None:
    table = applications(300).astype({"sum": "object"})
    table.loc[::10, "sum"] = "not told"
    block = infer(tmp_path, table)
    assert block["missing"][-1] == "not told"
    assert block["columns"]["sum"] == NUMERIC
    assert prepare(tmp_path, table, block).rejected == {}


def test_rows_of_one_customer_stay_together(tmp_path: Path) -> None:
    table = applications(600).assign(customer_id=[f"c{row // 3}" for row in range(600)])
    block = infer(tmp_path, table)
    assert block["split"] == {"by": "group", "column": "customer_id", "validation": 0.16, "test": 0.2, "seed": 11}
    assert block["ignore"] == {"customer_id": "its 200 values name what rows belong to"}
    assert prepare(tmp_path, table, block).rows["rejected"] == 0


def test_columns_with_names_that_a_prepared_table_adds(tmp_path: Path) -> None:
    table = applications(300).assign(target=lambda rows: rows["sum"], row=lambda rows: rows["sum"])
    block = infer(tmp_path, table)
    assert set(block["ignore"]) == {"target", "row"}
    prepare(tmp_path, table, block)
    table["id"] = range(300)
    assert "row" in infer(tmp_path, table)["columns"]  # the key stands for the row's number


def test_the_target_may_be_named_target(tmp_path: Path) -> None:
    table = applications(300).rename(columns={"y": "target"})
    assert prepare(tmp_path, table, infer(tmp_path, table, "target")).data["spec"]["target"]["column"] == "target"


ODD_NAMES = ["客户 年龄", "a.b", "null", "1", "é'\"`"]


def test_odd_names_and_a_rare_class(tmp_path: Path) -> None:
    random_ = np.random.default_rng(1)
    table = pd.DataFrame(
        {name: random_.normal(size=400).round(3) for name in ["客户 年龄", "a.b", "null", "1", "é'\"`"]}
    )
    table["是否违约"] = ["是" if row % 80 == 0 else "否" for row in range(400)]
    block = infer(tmp_path, table, "是否违约")
    assert block["target"] == {"column": "是否违约", "positive": "是", "negative": "否"}
    assert prepare(tmp_path, table, yaml.safe_load(yaml.safe_dump(block))).rows["test"] == 80


@pytest.mark.parametrize(
    ("table", "target", "positive", "message"),
    [
        ("a,y\n1,x\n2,z\n3,w\n", "y", None, r"column y \(the target\) has 3 different value\(s\)"),
        ("a,y\n1,x\n2,z\n", "Y", None, "no column 'Y'; there are: "),
        ("a,y\n1,x\n2,z\n", "y", "q", r"column y \(the target\) has no value 'q', only 'x' and 'z'"),
        ("a,y\n1,x\n1,z\n", "y", None, "no column is left to learn y from: a: it is always '1'"),
        ("y\nx\nz\n", "y", None, "no column is left to learn y from"),
        ("a,y\n1\n", "y", None, r"row 2 \(the header is row 1\) has 1 value"),
    ],
)
def test_what_cannot_be_inferred_is_said(
    tmp_path: Path, table: str, target: str, positive: str | None, message: str
) -> None:
    with pytest.raises(CasebookError, match=message):
        infer(tmp_path, table, target, positive)


CELLS = [
    lambda r: str(r.randint(0, 1000)),
    lambda r: f"{r.gauss(0, 1):.3f}",
    lambda r: r.choice(["yes", "no"]),
    lambda r: r.choice(["a", "b ", " c", "NA", ""]),
    lambda r: f"{r.randint(1, 28):02d}/{r.randint(1, 12):02d}/{r.randint(1990, 2024)}",
    lambda r: f"{r.randint(1990, 2024)}-{r.randint(1, 12):02d}-{r.randint(1, 28):02d}",
    lambda r: f"${r.randint(0, 99999):,}.{r.randint(0, 99):02d}",
    lambda r: f"{r.random() * 100:.1f}%",
    lambda r: f"ID{r.randint(0, 10**9)}",
    lambda r: " ".join(r.choice(["late", "paid, twice", "好", '"x"', "line\nbreak"]) for _ in range(r.randint(3, 9))),
    lambda r: "今天天气很好我们去公园散步吧"[: r.randint(8, 14)] + str(r.randint(0, 10**6)),
    lambda _: "",
    lambda _: "same",
    lambda r: r.choice(["101", "205", "330"]),
    lambda r: r.choice([str(r.randint(0, 500)), "unknown", "n.a."]),
    lambda r: "inf" if r.random() < 0.001 else str(r.random()),
    lambda r: "".join(r.choice(string.printable[:95]) for _ in range(r.randint(0, 6))),
    lambda r: f"{r.randint(0, 300):05d}",
    lambda r: str(r.randint(0, 80)) if r.random() < 0.9 else r.choice(["<5", "x", "80+"]),
]
LABELS = [("0", "1"), ("good", "bad"), ("是", "否"), ("1.0", "0.0"), ("-", "+")]
NAMES = ["x", "金额", "a b", "客户编号", "target", "row", "id", "1", "é", "date", "null", "Unnamed: 0", ""]


def messy_table(r: random.Random, path: Path) -> None:
    """A CSV such as a stranger might bring: any columns, gaps, padding, delimiter and labels."""
    rows = r.choice([3, 10, 30, 100, 300])
    columns: dict[str, list[str]] = {}
    for place in range(r.randint(1, 6)):
        cell, gaps, padding = r.choice(CELLS), r.choice([0, 0, 0.3]), r.choice(["", "", "  "])
        name = r.choice(NAMES) + (str(place) if r.random() < 0.8 else "")
        columns[name] = [r.choice(["", "NA", "?"]) if r.random() < gaps else padding + cell(r) for _ in range(rows)]
    labels, share = (
        r.choice([("0", "1"), ("good", "bad"), ("是", "否"), ("1.0", "0.0"), ("-", "+")]),
        r.choice([0.5, 0.1]),
    )
    columns["label"] = [labels[r.random() < share] if r.random() > 0.02 else "" for _ in range(rows)]
    with path.open("w", encoding=r.choice(["utf-8", "utf-8-sig"]), newline="") as file:
        writer = csv.writer(file, delimiter=r.choice(",;\t|"), lineterminator=r.choice(["\n", "\r\n"]))
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


@pytest.mark.slow
@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(r=st.randoms(use_true_random=True))
def test_a_messy_table_is_prepared_or_refused_with_a_reason(r: random.Random, tmp_path: Path) -> None:
    raw = write_raw(tmp_path / "raw", "")
    messy_table(r, raw / "rows.csv")
    try:
        block = yaml.safe_load(yaml.safe_dump(infer_table(raw / "rows.csv", "label", None), allow_unicode=True))
        meta = prepare_job(job_of_block("binary", tmp_path, block))
    except CasebookError:
        return  # refused in words; any other exception is a fault
    assert meta.source == SOURCE
    rows = read_table(raw / "rows.csv")
    encoded = TableEncoder.from_json(meta.data["encoder"]).encode(clean(rows, meta.data))
    assert len(encoded.numeric) == len(rows)
    assert np.isfinite(encoded.numeric).all()
