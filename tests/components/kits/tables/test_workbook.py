import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.kits.tables.encoding.reading import Reading
from components.kits.tables.read import read_batches, read_table

DAY = datetime.datetime(2024, 1, 31)
TABLE: list[list[Any]] = [
    ["id", " x ", "since", "rich", "code"],
    [1, 0.5, DAY, True, 7],
    [2, None, datetime.datetime(2024, 2, 1, 12, 30), False, "A7"],
]


def written(path: Path, **sheets: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)  # type: ignore[arg-type]
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


@pytest.mark.parametrize("title", [[], [["Loans of 2024"], []]])
def test_a_sheet_has_numbers_moments_and_texts(tmp_path: Path, title: list[list[Any]]) -> None:
    frame = read_table(written(tmp_path / "rows.xlsx", Data=title + TABLE, Empty=[]))
    assert frame["id"].tolist() == [1, 2]
    assert frame["x"].isna().tolist() == [False, True]
    assert frame["since"].tolist() == [pd.Timestamp(2024, 1, 31), pd.Timestamp(2024, 2, 1, 12, 30)]
    assert frame["rich"].tolist() == ["true", "false"]
    assert frame["code"].tolist() == ["7", "A7"]


def test_batches_and_totals(tmp_path: Path) -> None:
    rows = [["n", "x"], *([number, 0.5] for number in range(10)), ["Total", 5]]
    batches = list(read_batches(written(tmp_path / "rows.xlsx", Data=rows), 4))
    assert [len(batch) for batch in batches] == [4, 4, 2]
    assert pd.concat(batches)["n"].tolist() == list(range(10))


def test_a_sheet_among_several_is_asked_for(tmp_path: Path) -> None:
    path = written(tmp_path / "rows.xlsx", Loans=TABLE, Notes=[["a", "b"], ["x", "y"]])
    with pytest.raises(CasebookError, match=r"2 sheets have rows: 'Loans', 'Notes'; name one: --sheet"):
        read_table(path)
    assert list(read_table(path, Reading(sheet="Notes")).columns) == ["a", "b"]
    with pytest.raises(CasebookError, match=r"no sheet 'Loan'; did you mean 'Loans'\?"):
        read_table(path, Reading(sheet="Loan"))
    alone = written(tmp_path / "new.xlsx", Sheet1=TABLE)
    assert len(read_table(alone, Reading(sheet="Loans"))) == 2  # new rows in a workbook of one sheet


@pytest.mark.parametrize(("rows", "message"), [([], "the sheet is empty"), ([["a", "b"]], "a header but no rows")])
def test_a_sheet_without_rows_is_refused(tmp_path: Path, rows: list[list[Any]], message: str) -> None:
    with pytest.raises(CasebookError, match=message):
        read_table(written(tmp_path / "rows.xlsx", Data=rows))
