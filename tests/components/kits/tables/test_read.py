import csv
import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.core.errors import CasebookError
from components.kits.tables import read
from components.kits.tables.read import read_batches, read_table

EXPECTED = {"名字": ["Ann", "Bo"], "sum": ["1,5", ""]}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rows.csv"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_every_dialect_gives_the_same_strings(file: Path, delimiter: str, newline: str, mark: bytes) -> None:
    lines = [["名字", " sum "], ["Ann", '"1,5"'], ["Bo", ""]]
    file.write_bytes(mark + newline.join(delimiter.join(line) for line in lines).encode() + newline.encode())
    assert read_table(file).to_dict("list") == EXPECTED


def test_quoted_values_hold_line_breaks_delimiters_and_quotes(file: Path) -> None:
    file.write_text('a,b\n"one\ntwo","x, ""y"""\n3,4\n')
    assert read_table(file).to_dict("list") == {"a": ["one\ntwo", "3"], "b": ['x, "y"', "4"]}


def test_the_file_is_arrows_own(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes in a hundred were aborted as they ended, where a thread of Arrow closed a file of Python's."""
    files, open_csv = [], pa.csv.open_csv

    def opened(source: object, *options: object) -> object:
        files.append(source)
        return open_csv(source, *options)

    monkeypatch.setattr(pa.csv, "open_csv", opened)
    file.write_text("a,b\n1,2\n")
    assert len(read_table(file)) == 1
    assert [isinstance(source, pa.NativeFile) for source in files] == [True]


def test_the_delimiter_is_the_one_that_cuts_all_lines_alike(file: Path) -> None:
    file.write_text("a;b\n1,5;2,5\n3;4\n5,0;6\n")
    assert list(read_table(file).columns) == ["a", "b"]
    file.write_text("text,n\nx; y; z,1\nu,2\n")
    assert list(read_table(file).columns) == ["text", "n"]


def test_blank_lines_and_a_missing_last_newline_do_no_harm(file: Path) -> None:
    file.write_text("\n\na,b\n1,2\n\n3,4")
    assert read_table(file).to_dict("list") == {"a": ["1", "3"], "b": ["2", "4"]}


def test_values_stay_as_they_stand(file: Path) -> None:
    file.write_text("zip,x\n007, NA \n1e3,nan\n")
    assert read_table(file).to_dict("list") == {"zip": ["007", "1e3"], "x": [" NA ", "nan"]}


def test_a_column_without_a_name_is_called_by_its_place(file: Path) -> None:
    file.write_text(",a\n0,1\n1,2\n")
    assert list(read_table(file).columns) == ["column_1", "a"]


def test_parquet_keeps_types_and_the_index_stays_a_column(tmp_path: Path) -> None:
    frame = pd.DataFrame({" a ": [1, 2], "t": pd.to_datetime(["2020-01-01", None])}, index=pd.Index([7, 8], name="i"))
    frame.to_parquet(tmp_path / "rows.parquet")
    read_back = read_table(tmp_path / "rows.parquet")
    assert list(read_back.columns) == ["a", "t", "i"]
    assert read_back["a"].dtype == np.int64
    assert read_back["t"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("above", "told"),
    [
        ("sep=;\r\n", ""),
        ('\ufeff"sep=;"\n', ""),
        ("Loan report 2024\n\n", "1 line(s) above it are left out: 'Loan report 2024'"),
        ('Report;;\n"Two\nlines"\n\n', "2 line(s) above it are left out: 'Report'; 'Two\\nlines'"),
    ],
)
def test_what_stands_above_the_header_is_left_out(
    file: Path, above: str, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    file.write_text(above + "a;b,c;d\n1;2;x\n3;4,5;y\n", newline="")
    assert read_table(file).to_dict("list") == {"a": ["1", "3"], "b,c": ["2", "4,5"], "d": ["x", "y"]}
    assert told in caplog.text


@pytest.mark.parametrize("content", ["a\n1\nx\n", ",name\nx,Bob\ny,Ann\n", "a,b\nTotal,1\n3,2\n4,3\n"])
def test_what_is_no_title_and_no_total_stays(file: Path, content: str) -> None:
    file.write_text(content)
    assert len(read_table(file)) == content.count("\n") - 1


@pytest.mark.parametrize(
    ("last", "kept"),
    [
        (["Total,-1.5,7\n"], 3),  # a word among numbers
        (["Total,-1.5,7\n", "Mean,,2.5\n"], 3),
        (["Total,few,7\n"], 4),  # a value of a kind beside it
    ],
)
def test_rows_of_totals_are_left_out_and_told(
    file: Path, last: list[str], kept: int, caplog: pytest.LogCaptureFixture
) -> None:
    file.write_text("a,b,c\n" + "1,-0.5,2\n" * 3 + "".join(last))
    assert [len(batch) for batch in read_batches(file, 1)] == [1] * kept
    assert ("'Total' says that they are totals" in caplog.text) == (kept == 3)


@pytest.mark.parametrize(("total", "kept"), [("1.203,5", 3), ("1.204", 4)])
def test_among_names_a_total_is_one_that_is_the_sum(file: Path, total: str, kept: int) -> None:
    file.write_text(f"region;n\nNorth;3,5\nSouth;1.000\nWest;200\nTotal;{total}\n")
    assert len(read_table(file)) == kept


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_batches_are_the_table_in_order(tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "BLOCK", 1000)  # so that the CSV has many blocks
    frame = pd.DataFrame({"a": np.arange(1000), "b": ["x\ny"] * 1000})
    path = tmp_path / f"rows.{suffix}"
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_parquet(path)
    batches = list(read_batches(path, 64))
    assert max(len(batch) for batch in batches) <= 64
    assert pd.concat(batches)["a"].astype(int).tolist() == list(range(1000))


def test_batches_of_a_large_file_do_not_hold_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "BLOCK", 1 << 12)
    path = tmp_path / "rows.csv"
    with path.open("w") as out:
        out.write("a,b\n")
        out.writelines(f"{row},x\n" for row in range(200_000))
        out.write("broken\n")
    batches = read_batches(path, 100)
    assert next(batches)["a"].iloc[0] == "0"  # the fault at the end is not met yet
    with pytest.raises(CasebookError, match=r"row 200002 \(the header is row 1\) has 1 value"):
        list(batches)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"\n \n", "the file is empty"),
        (b"a,b\n", "a header but no rows"),
        (b"a,b", "a header but no rows"),
        (b"a,b,a\n1,2,3\n", r"1 column name\(s\) stand more than once, such as 'a' \(columns 1, 3\)"),
        (b"a, a\n1,2\n", r"such as 'a' \(columns 1, 2\)"),
        (b"a,b\n1,2\n3\n", r"row 3 \(the header is row 1\) has 1 value\(s\) where the header has 2: '3'"),
        (b"a,b\n1,2\n3,4,5\n", r"row 3 .* has 3 value\(s\) where the header has 2: '3,4,5'"),
        (b'a,b\n1,2\n3,"4\n5,6\n', r"the quote \(\"\) before '4\\n5,6' is never closed"),
        ("a,b\nŁódź,1\nx,2\n".encode("cp1250"), r"not UTF-8: byte 0xa3 at offset 4 \(line 2\).*--encoding"),
        ("姓名,b\n王,1\n".encode("gb18030"), r"not UTF-8: byte 0xd0 at offset 0 \(line 1\).*gb18030"),
        (b"a,b\n1,\xe7\x8e", r"not UTF-8: byte 0xe7 at offset 6 \(line 2\)"),
        (b"\0a,b\n1,2\n", r"first bytes hold a zero.*--encoding"),
        (b"PK\x03\x04rest", "a zip archive or a workbook, but damaged"),
        (b"\x1f\x8brest", "a file of gzip.*, but damaged"),
        (b"\xd0\xcf\x11\xe0rest", "not a readable workbook"),
        (b"Loans, 2024\na,b,c\n1,2,3\n", "row 2 .* has 3 value.*if the header is not in line 1, delete what"),
        (b"BZh91AY&SYrest", "this is packed with bzip2; give the table in it as CSV"),
        (gzip.compress(b"a" * 257 + b"ustar", mtime=0), "this is a tar archive"),
        (b"Report\n1,2\n3,4\n", "has 2 value.*'Report', may be a title"),
        (b"a,b,c\n1,2,3\nTotal,3\n", "it looks like a row of totals: delete it"),
        (b"PAR1 but no Parquet", "not a readable Parquet file"),
    ],
)
def test_what_is_wrong_is_said_once_with_the_file(file: Path, content: bytes, message: str) -> None:
    file.write_bytes(content)
    with pytest.raises(CasebookError, match=message) as caught:
        read_table(file)
    assert str(caught.value).startswith(str(file))


def test_a_wrong_byte_far_into_the_file_is_placed(file: Path) -> None:
    lines = b"a,b\n" + "é,1\n".encode() * 700_000  # the characters lie across the chunks' borders
    file.write_bytes(lines + b"\xff,1\n")
    with pytest.raises(CasebookError, match=rf"offset {len(lines)} \(line 700002\)"):
        read_table(file)


def test_a_file_that_is_not_there_is_named(file: Path) -> None:
    with pytest.raises(CasebookError, match=r"rows\.csv: no such file"):
        read_table(file)


def test_parquet_without_rows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pd.DataFrame({"a": []}).to_parquet(path)
    with pytest.raises(CasebookError, match="columns but no rows"):
        read_table(path)


@given(content=st.binary(max_size=300) | st.text("ab1,;\t|\"'\n\r é\0", max_size=60).map(str.encode))
def test_any_bytes_are_a_table_or_a_clear_error(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(content)
    message = str(path)
    try:
        frame = read_table(path)
    except CasebookError as error:
        message = str(error)
    else:
        assert len(frame) > 0
        assert frame.columns.is_unique
    assert str(path) in message


@given(
    rows=st.lists(
        st.tuples(st.text(st.characters(codec="utf-8", exclude_characters="\0")), st.integers().map(str)), min_size=1
    )
)
def test_what_pandas_writes_is_read_back(rows: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "written.csv"
    pd.DataFrame(rows, columns=["text", "n"]).to_csv(path, index=False, quoting=csv.QUOTE_ALL)
    assert list(read_table(path).itertuples(index=False, name=None)) == rows


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
@pytest.mark.parametrize("title", ["", "Loan report 2024\n"])
def test_a_header_above_decimal_commas_is_no_title(delimiter: str, title: str, tmp_path: Path) -> None:
    rows = [f"{place},5;x{place};0,{place}7;y" for place in range(1, 30)]
    path = tmp_path / "rows.csv"
    path.write_text(title + "\n".join(["a;b;c;d", *rows]).replace(";", delimiter), encoding="utf-8")
    frame = read_table(path)
    assert list(frame.columns) == ["a", "b", "c", "d"]
    assert frame.iloc[0].tolist() == ["1,5", "x1", "0,17", "y"]
