"""The file of `predict --out`."""

import gzip
import json
from datetime import datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from components.core.errors import CasebookError
from pipelines.commands import answerfile
from pipelines.commands.answerfile import answers_to, check_apart, check_out, form_of, forms

ROWS, LINES, BOXES = (".csv", ".parquet"), (".txt", ".csv", ".parquet"), (".json",)
ANSWERS = pd.DataFrame(
    {
        "user": ["=1+1", "00012"],
        "score": [0.25, float("nan")],
        "count": [2**60 + 1, 3],
        "sure": [True, False],
        "reasons": [["age", "income"], []],
        "day": [datetime(2026, 1, 2, 3, 4, 5), datetime(2026, 1, 2)],
    }
)


def write(target: Path) -> None:
    """As a recipe does."""
    if target.suffix == ".parquet":
        ANSWERS.to_parquet(target)
    else:
        target.write_text("one\ntwo\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "written", "found"),
    [
        ("a.csv", ROWS, (".csv", False)),
        ("a.CSV", ROWS, (".csv", False)),
        ("a.json", ROWS, (".json", False)),
        ("a.b.XLSX", ROWS, (".xlsx", False)),
        ("a.csv.gz", ROWS, (".csv", True)),
        ("a.Txt.GZ", LINES, (".txt", True)),
        ("a.json.gz", BOXES, (".json", True)),
    ],
)
def test_forms_by_name(name: str, written: tuple[str, ...], found: tuple[str, bool]) -> None:
    assert form_of(Path(name), written) == found


@pytest.mark.parametrize(
    ("name", "written", "said"),
    [
        (
            "a.txt",
            ROWS,
            "as .csv, .parquet, .json, .xlsx, or one of .csv, .json with .gz behind it",
        ),
        ("a.tsv", LINES, "ends with .tsv"),
        ("a", ROWS, "has no ending"),
        ("a.gz", ROWS, "ends with .gz;"),
        ("a.parquet.gz", ROWS, "ends with .parquet.gz"),
        ("a.xlsx.gz", ROWS, "ends with .xlsx.gz"),
        ("a.csv", BOXES, "they are written as .json, or one of .json with .gz"),
    ],
)
def test_other_forms_are_refused_by_name(name: str, written: tuple[str, ...], said: str) -> None:
    with pytest.raises(CasebookError) as problem:
        form_of(Path(name), written)
    assert said in str(problem.value)


def test_boxes_are_no_rows() -> None:
    assert forms(BOXES) == (".json",)
    assert forms(LINES) == (".txt", ".csv", ".parquet", ".json", ".xlsx")


def test_what_cannot_become_the_answers_is_refused_first(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "rows.csv").write_text("a\n1\n")
    (tmp_path / "same.csv").hardlink_to(tmp_path / "rows.csv")
    source = tmp_path / "rows.csv"
    for out, said in (
        (tmp_path / "folder.csv", "a folder; name a file"),
        (source, "the file that is asked"),
        (tmp_path / "same.csv", "the file that is asked"),
        (source / "x.csv", "is a file, not a folder"),
        (tmp_path / "new" / "x.tsv", "ends with .tsv"),
    ):
        with pytest.raises(CasebookError) as problem:
            check_out(source, out, ROWS)
        assert said in str(problem.value)
        assert str(out) in str(problem.value)
    check_out(source, tmp_path / "new" / "x.csv", ROWS)
    assert not (tmp_path / "new").exists()


def test_rows_as_json_and_in_a_workbook(tmp_path: Path) -> None:
    for name in ("a.json", "a.json.gz", "A.XLSX"):
        with answers_to(tmp_path / "new" / name, ROWS) as target:
            write(target)
    text = (tmp_path / "new" / "a.json").read_text(encoding="utf-8")
    assert gzip.decompress((tmp_path / "new" / "a.json.gz").read_bytes()).decode() == text
    first, second = json.loads(text)
    assert first == {
        "user": "=1+1",
        "score": 0.25,
        "count": 2**60 + 1,
        "sure": True,
        "reasons": ["age", "income"],
        "day": "2026-01-02 03:04:05",
    }
    assert second["score"] is None
    assert second["reasons"] == []
    header, *rows = openpyxl.load_workbook(tmp_path / "new" / "A.XLSX").active.iter_rows(values_only=True)
    assert header == tuple(ANSWERS.columns)
    assert rows == [
        ("=1+1", 0.25, str(2**60 + 1), True, "age; income", datetime(2026, 1, 2, 3, 4, 5)),
        ("00012", None, 3, False, None, datetime(2026, 1, 2)),
    ]
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["A.XLSX", "a.json", "a.json.gz"]


def test_texts_are_packed_and_written_under_a_name_in_capitals(tmp_path: Path) -> None:
    for name in ("a.TXT", "a.txt.gz"):
        with answers_to(tmp_path / name, LINES) as target:
            assert target.suffix == ".txt"
            write(target)
    assert (tmp_path / "a.TXT").read_text() == "one\ntwo\n"
    assert gzip.decompress((tmp_path / "a.txt.gz").read_bytes()) == b"one\ntwo\n"


def test_no_answer_is_no_file_and_what_was_written_before_an_error_stays(tmp_path: Path) -> None:
    def answer(name: str, *, some: bool) -> str:
        with pytest.raises(CasebookError) as problem, answers_to(tmp_path / name, BOXES) as target:
            refuse(target, some=some)
        return str(problem.value)

    def refuse(target: Path, *, some: bool) -> None:
        if some:
            write(target)
        raise CasebookError(f"the others are in {target}")

    assert answer("none.json.gz", some=False) == f"the others are in {tmp_path / 'none.json.gz'}"
    assert list(tmp_path.iterdir()) == []
    answer("some.json.gz", some=True)
    assert [path.name for path in tmp_path.iterdir()] == ["some.json.gz"]


def test_a_sheet_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answerfile, "SHEET_ROWS", 1)
    (tmp_path / "a.xlsx").write_text("as it was")
    with (
        pytest.raises(CasebookError, match=r"2 answers, and a sheet holds 1; write .parquet or .csv"),
        answers_to(tmp_path / "a.xlsx", ROWS) as target,
    ):
        write(target)
    assert (tmp_path / "a.xlsx").read_text() == "as it was"


def test_a_text_that_no_cell_holds_is_refused_and_not_cut(tmp_path: Path) -> None:
    with (
        pytest.raises(CasebookError, match=r"a.xlsx: row 1 has a text of 32768 characters, and a cell holds 32767"),
        answers_to(tmp_path / "a.xlsx", ROWS) as target,
    ):
        pd.DataFrame({"text": ["x" * 32_768]}).to_parquet(target)
    assert list(tmp_path.iterdir()) == []


def test_large_fractions_stay_numbers(tmp_path: Path) -> None:
    with answers_to(tmp_path / "a.xlsx", ROWS) as target:
        pd.DataFrame({"score": [1e300, -(2.0**60)]}).to_parquet(target)
    _, *rows = openpyxl.load_workbook(tmp_path / "a.xlsx").active.iter_rows(values_only=True)
    assert rows == [(1e300,), (-(2.0**60),)]


def test_no_answers_are_an_empty_list(tmp_path: Path) -> None:
    with answers_to(tmp_path / "a.json", ROWS) as target:
        ANSWERS.iloc[:0].to_parquet(target)
    assert json.loads((tmp_path / "a.json").read_text()) == []


def test_an_option_that_names_the_answers_is_refused(tmp_path: Path) -> None:
    out, options = tmp_path / "boxes.json", {"top": 3, "counts": tmp_path / "x" / ".." / "boxes.json"}
    with pytest.raises(CasebookError, match=r"--counts .*boxes.json: the answers go there \(--out\)"):
        check_apart(out, options)
    check_apart(tmp_path / "others.json", options)
