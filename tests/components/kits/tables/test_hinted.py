import logging
import random
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.kits.tables.encoding.convert import convert
from components.kits.tables.encoding.reading import Reading
from components.kits.tables.encoding.spec import TableParams
from components.kits.tables.hinted import guess_hinted
from components.kits.tables.hints import NO_HINTS, Hints, by_column
from components.kits.tables.infer import infer_table
from components.kits.tables.read import read_table
from components.kits.tables.remarks import tell_of_columns
from tests.components.kits.tables.tables import NUMERIC, prepare, write_raw

R = random.Random(3)  # noqa: S311
ROWS = 400
ODD: dict[str, list[str]] = {
    "age": [str(R.randint(18, 79)) if row % 10 else "99" for row in range(ROWS)],
    "crp": [["<0.5", "7.4 H"][row % 20 // 10] if row % 10 == 0 else f"{R.random() * 9:.2f}" for row in range(ROWS)],
    "country": [R.choice(["US", "ZA", "NA", "None"]) for _ in range(ROWS)],
    "born": [f"{R.randint(1, 28):02d}.0{R.randint(1, 9)}.{R.randint(30, 99)}" for _ in range(ROWS)],
    "when": [R.choice(["13/01/2020", "01/13/2020"]) for _ in range(ROWS)],
    "y": [R.choice(["yes", "no"]) for _ in range(ROWS)],
}
SETTLED = Hints(dates={"when": ("%d/%m/%Y",)})


def infer(folder: Path, hints: Hints = SETTLED) -> dict[str, Any]:
    return infer_table(write_raw(folder / "raw", pd.DataFrame(ODD)) / "rows.csv", "y", None, hints=hints)


def test_what_is_assumed_is_in_the_block_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        columns = infer(tmp_path)["columns"]
    assert columns["age"] == NUMERIC | {"missing": ["99"]}
    assert columns["crp"] == NUMERIC | {"laboratory": True}
    assert columns["born"]["formats"] == ["%d.%m.%y"]
    for words in (
        "column age: '99', in 40 cell(s), is taken for no value: the others are from 18 to 79",
        "column crp: cells such as '<0.5', '7.4 H' are read as numbers",
        f"column country: 'NA', in {ODD['country'].count('NA')} cell(s), is taken for no value",
        f"column country: 'None', in {ODD['country'].count('None')} cell(s), is taken for no value",
        "column born: its years of two digits are taken for",
    ):
        assert caplog.text.count(words) == 1


def test_what_is_said_settles_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    hints = Hints(
        ignore=("born", "when"),
        missing={"age": ("18",), "crp": ("7.4 H",)},
        present={"age": ("99",), "country": ("NA",)},
    )
    block = infer(tmp_path, hints)
    assert block["ignore"] == {"born": "--ignore said so", "when": "--ignore said so"}
    assert block["columns"] == {
        "age": NUMERIC | {"present": ["99"], "missing": ["18"]},
        "crp": NUMERIC | {"laboratory": True, "missing": ["7.4 H"]},
        "country": {"kind": "categorical", "values": None, "present": ["NA"]},
    }
    assert "'99'" not in caplog.text
    assert "'NA'" not in caplog.text


def test_dates_of_both_ways_are_asked_about_and_settled(tmp_path: Path) -> None:
    with pytest.raises(CasebookError, match="column when: day and month stand both ways"):
        infer(tmp_path, Hints())
    block = infer(tmp_path)
    assert block["columns"]["when"] == {"kind": "date", "formats": ["%d/%m/%Y"]}
    broken = ODD["when"].count("01/13/2020") / ROWS
    assert block["max_rejected"] == pytest.approx(0.01 + broken, abs=0.011)


def test_the_block_reads_the_same_in_prepare(tmp_path: Path) -> None:
    block = infer(tmp_path, Hints(ignore=("when",)))
    frame = read_table(tmp_path / "raw" / "rows.csv")
    typed = convert(frame, TableParams.model_validate(block).columns, block["missing"]).frame
    assert typed["age"].isna().sum() == 40
    assert typed["crp"][0] == 0.5
    assert typed["crp"][10] == 7.4
    assert typed["born"].dt.year.between(1930, 1999).all()
    assert prepare(tmp_path, pd.DataFrame(ODD), block).rows["rejected"] == 0


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["0", "1", "2", "3+"], "numeric"),
        (["<18", "18", "65", ">65"], "categorical"),  # as many classes with a mark as without
        (["18-25", "26-50", "50+"], "categorical"),
        (["<30", ">30"], "categorical"),
    ],
)
def test_marks_are_of_numbers_and_not_of_classes(cells: list[str], kind: str) -> None:
    column = guess_hinted("x", pd.Series([R.choice(cells) for _ in range(ROWS)]), (), NO_HINTS).column
    assert column is not None
    assert (column["kind"], column.get("laboratory", False)) == (kind, kind == "numeric")


def test_amounts_have_sentinels_in_their_own_writing(caplog: pytest.LogCaptureFixture) -> None:
    cells = pd.Series([f"{R.randint(0, 60)}%" for _ in range(ROWS)] + ["99%"] * 3)
    found = guess_hinted("rate", cells, (), NO_HINTS)
    tell_of_columns({"rate": found}, pd.DataFrame({"rate": cells}), NO_HINTS)
    assert "column rate: '99%', in 3 cell(s), is taken for no value: the others are from 0 to 60" in caplog.text


def test_typed_numbers_have_sentinels_too(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": np.r_[np.arange(300.0), -999, np.nan], "y": [0, 1] * 151})
    frame.to_parquet(tmp_path / "rows.parquet")
    column = infer_table(tmp_path / "rows.parquet", "y", None)["columns"]["x"]
    assert column == NUMERIC | {"missing": ["-999"]}


def test_hints_name_columns_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(CasebookError, match=r"rows\.csv: no column 'agee'; did you mean 'age'\?"):
        infer(tmp_path, Hints(ignore=("agee",)))
    assert by_column("--missing", ["a=1", "a=2", "b=c=3"]) == {"a": ("1", "2"), "b=c": ("3",)}
    with pytest.raises(CasebookError, match="--missing 'age': write it as --missing COLUMN=TEXT"):
        by_column("--missing", ["age"])


def test_how_the_file_is_read_goes_into_the_block(tmp_path: Path) -> None:
    table = pd.DataFrame(ODD).drop(columns="when")
    (tmp_path / "raw").mkdir()
    path = tmp_path / "raw" / "rows.csv"
    path.write_bytes(("이름,x\n" + "김,1\n").encode("euc_kr"))
    table.rename(columns={"country": "이름"}).to_csv(path, index=False, encoding="euc_kr")
    block = infer_table(path, "y", None, hints=Hints(reading=Reading(encoding="euc_kr")))
    assert block["read"] == {"encoding": "euc_kr"}
    assert TableParams.model_validate(block).model_dump(mode="json")["read"]["encoding"] == "euc_kr"
    assert "이름" in block["columns"]
    assert "read" not in TableParams.model_validate({**block, "read": {}}).model_dump()
