"""Files that are wrong, each with the message that a person gets, and odd ones that are right."""

import logging
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.recipes.next_item.preparation.preparation import prepare as prepare_job
from tests.components.recipes.next_item.preparation.events import block, events, prepare, prepared, three_each, with_ids
from tests.toy.jobs import job_of_block

HEAD = "user,item,time,rating\n"
GOOD = "".join(f"a,{item},{item},3\n" for item in range(1, 5))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "events.csv: the file is empty; it needs a header line and rows"),
        ("\n\n", "events.csv: the file is empty"),
        (HEAD, "events.csv: it has columns but no rows"),
        (
            "user,item,rating\na,1,3\n",
            "events.csv: 1 column(s) of params.yaml are missing: 'time'; the file has 'user', 'item', 'rating'; "
            "correct the file or the names under prepare.columns",
        ),
        ("user,user,item,time,rating\na,a,1,1,1\n", "column 'user' stands 2 times; rename all but one"),
        (HEAD + GOOD + "a,5\n", "events.csv: cannot be read: "),
        (HEAD + GOOD + 'a,5,"5,3\n', "close all quotes"),
        ((HEAD + GOOD).encode() + b"\x81\x8d,1,1,1\n", "not UTF-8: byte 0x81 at offset 54 (line 6)"),
        (b"[\n" + GOOD.encode(), "an array of JSON; write an object a line: jq -c '.[]' events.csv > events.jsonl"),
        (b'{"user":1}\n{"user":2\n{"user":3}\n', "3 column(s) of params.yaml are missing"),
        ("user,item,time,rating\r\n" + GOOD, "line 2 ends in LF and those above it in CR LF: 'a,1,1,3'; write all"),
        (HEAD + GOOD + "x" * 900 + ",1,2,3,4\n", f"line 6: {'x' * 200!r}… has 5 cells, not 4; quote values"),
        (HEAD + GOOD + 'a,"5" b,5,3\n', """line 6: 'a,"5" b,5,3': a quote (") opens a cell and does not close it"""),
        (b"PAR1 and no more", "events.csv: not a readable Parquet file"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_apart(tmp_path: Path, text: str | bytes, expected: str) -> None:
    with pytest.raises(CasebookError) as caught:
        prepare(tmp_path, text, block())
    assert expected in str(caught.value)
    assert not (tmp_path / "prepared").exists()


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    prepare(tmp_path, three_each(), block())
    job = job_of_block("next_item", tmp_path, block(file="other.csv"))
    with pytest.raises(CasebookError, match=r"other.csv: no such file.*prepare.columns"):
        prepare_job(job)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",1,1,1", "user: no value"),
        (" NA ,1,1,1", "user: no value"),
        ("a,?,1,1", "item: no value"),
        ("a,1,,1", "time: no value"),
        ("a,1,noon,1", "time: not a number"),
        ("a,1,inf,1", "time: infinite"),
        ("a,1,nan,1", "time: not a number"),
        ("a,1,1e13,1", "time: beyond the years 1684 to 2255 as seconds"),
        ("a,1,1,good", "rating: not a number"),
        ("a,1,1,inf", "rating: not a number"),
    ],
)
def test_a_bad_row_is_set_aside_with_its_reason_and_cells(tmp_path: Path, row: str, reason: str) -> None:
    meta = prepare(tmp_path, HEAD + row + "\n" + GOOD, block())
    assert meta.rejected == {reason: 1}
    assert meta.rows == {"train": 2, "validation": 1, "test": 1, "rejected": 1}
    rejected = prepared(tmp_path)["rejected"].iloc[0]
    assert (rejected["event"], rejected["reason"]) == (1, reason)
    if "time: no" not in reason and "user" not in reason:
        assert rejected["time"] == row.split(",")[2]


def test_too_many_bad_rows_stop_the_stage_with_counts_and_an_example(tmp_path: Path) -> None:
    with pytest.raises(CasebookError) as caught:
        prepare(tmp_path, HEAD + "a,1,noon,1\n,2,4,1\na,1,dusk,1\n" + GOOD, block(max_rejected=0.2))
    assert str(caught.value).partition("events.csv: ")[2].splitlines() == [
        "3 of 7 rows (42.9%) break the schema, and prepare.max_rejected allows 20.0%:",
        "  2 row(s), such as row 1: time: not a number: 'noon'",
        "  1 row(s), such as row 2: user: no value: ''",
        "correct the file, or time_unit, missing or max_rejected under prepare",
    ]


def test_what_the_core_sets_aside_does_not_count_as_broken(tmp_path: Path) -> None:
    rows = pd.concat([three_each("a"), events([(f"u{place}", 1, 1) for place in range(20)])])
    assert prepare(tmp_path, rows, block(max_rejected=0.0)).rows["rejected"] == 20


def test_ids_lose_surrounding_blanks_and_stay_texts(tmp_path: Path) -> None:
    text = HEAD + " 007 , x y,1,3\n007,b,2,3\n007\t,x y ,3,3\n\N{NO-BREAK SPACE}007,7,4,3\n"
    prepare(tmp_path, text, block())
    assert prepared(tmp_path)["users"]["id"].tolist() == ["007"]
    assert prepared(tmp_path)["items"]["id"].tolist() == ["7", "b", "x y"]


@pytest.mark.parametrize("kind", ["int64", "int32", "float64", "str", "Int64"])
def test_ids_of_any_type_in_parquet_are_those_of_csv(tmp_path: Path, kind: str) -> None:
    rows = pd.DataFrame({"user": [12, 12, 12, 7], "item": [3, 10, 2, 1], "time": [1, 2, 3, 4], "rating": 1.0})
    rows = rows.astype({"user": kind, "item": kind})
    prepare(tmp_path, rows, block(file="events.parquet", max_rejected=0.0))
    assert with_ids(tmp_path) == {"train": [("12", "3", 1)], "val": [("12", "10", 2)], "test": [("12", "2", 3)]}


def test_an_id_with_and_without_a_point_is_one_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    text = HEAD + "1,5,1,3\n1.0,6.0,2,3\n1.0,7,3,3\n 01,8,4,3\n01,9,5,3\n01,5,6,3\n"
    with caplog.at_level(logging.WARNING):
        prepare(tmp_path, text, block())
    assert prepared(tmp_path)["users"]["id"].tolist() == ["1", "01"]
    assert [message.partition("events.csv: ")[2] for message in caplog.messages] == [
        "user: 2 id(s), such as '1.0', end in .0: read as whole numbers",
        "user: 1 id(s), such as ' 01', have blanks around them: read without",
        "item: 1 id(s), such as '6.0', end in .0: read as whole numbers",
        "user: 1 id(s) stand with zeros before them and without, such as '01' and '1': they are different ids; write "
        "them alike if they are one",
    ]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ('a,"b\nc",5,3', "column item: 1 id(s), such as that of row 5, 'b\\nc', hold the end of a line"),
        ('"x\n\n' + "y" * 300 + '",b,5,3', "column user: 1 id(s), such as that of row 5, 'x\\n\\nyyy"),
        ("a,b\0c,5,3", "hold a NUL: write the file anew, without"),
        ("a,1.2346E+11,5,3", "are rounded numbers of a spreadsheet: write them in full"),
    ],
)
def test_an_id_that_can_be_none_is_refused_with_its_row(tmp_path: Path, row: str, told: str) -> None:
    with pytest.raises(CasebookError) as caught:
        prepare(tmp_path, HEAD + GOOD + row + "\n", block())
    assert told in str(caught.value)
    assert "y" * 100 not in str(caught.value)


@pytest.mark.parametrize(
    ("ids", "told"),
    [
        ([[1], [2], [3]], r"column item: its type is BIGINT\[\], and ids are texts or whole numbers"),
        ([Decimal("1"), Decimal("2"), Decimal("3")], r"column item: its type is DECIMAL\(1,0\)"),
        ([b"1", b"2", b"3"], "column item: its type is BLOB"),
        ([2.0**53 + 2, 2.0, 3.0], "1 id.* are floats past what floats hold exactly"),
    ],
)
def test_ids_of_types_that_are_none_are_refused(tmp_path: Path, ids: list[object], told: str) -> None:
    rows = pd.DataFrame({"user": 1, "item": ids, "time": [1, 2, 3], "rating": 1.0})
    with pytest.raises(CasebookError, match=told):
        prepare(tmp_path, rows, block(file="events.parquet"))


@pytest.mark.parametrize("column", ["time", "rating"])
def test_lists_are_neither_times_nor_ratings(tmp_path: Path, column: str) -> None:
    rows = pd.DataFrame({"user": 1, "item": [1, 2, 3], "time": [1, 2, 3], "rating": 1.0})
    rows[column] = [[1.0], [2.0], [3.0]]
    with pytest.raises(
        CasebookError, match=rf"column {column}: its type is DOUBLE\[\], which is no {column}; write one"
    ):
        prepare(tmp_path, rows, block(file="events.parquet"))


@pytest.mark.parametrize("file", ["events.csv", "events.parquet"])
def test_long_whole_numbers_are_exact(tmp_path: Path, file: str) -> None:
    long = [2**53 + 1, 2**53 + 2, 2**53 + 3]
    prepare(tmp_path, pd.DataFrame({"user": long[0], "item": long, "time": [1, 2, 3], "rating": 1}), block(file=file))
    assert prepared(tmp_path)["items"]["id"].tolist() == [str(each) for each in long]


@pytest.mark.parametrize(
    ("ratings", "told"),
    [
        (["", "", "", ""], "column rating: none of 4 events has a rating; set prepare.columns.rating: null"),
        (
            [0, 0, 0, 0],
            "column rating: all 4 ratings are 0: set prepare.columns.rating: null to go without, or prep",
        ),
        ([0, 0, 3, 4], "column rating: 2 of 4 ratings (50%) are 0: set prepare.zero_rating: missing if a 0 means"),
    ],
)
def test_ratings_that_are_hardly_any_are_asked(tmp_path: Path, ratings: list[object], told: str) -> None:
    rows = events([("a", place, place, rating) for place, rating in enumerate(ratings)])
    with pytest.raises(CasebookError) as caught:
        prepare(tmp_path, rows, block())
    assert told in str(caught.value)


def test_a_rating_of_0_is_what_is_answered(tmp_path: Path) -> None:
    rows = events([("a", place, place, rating) for place, rating in enumerate([0, 4, 0, 0])])
    prepare(tmp_path, rows, block(zero_rating="rating"))
    assert prepared(tmp_path)["train"]["rating"].tolist() == [0, 4]
    meta = prepare(tmp_path, rows, block(zero_rating="missing"))
    assert prepared(tmp_path)["train"]["rating"].isna().tolist() == [True, False]
    assert (meta.data["rating_range"], meta.data["spec"]["zero_rating"]) == ([4, 4], "missing")


def test_missing_cells_of_a_typed_column_are_missing(tmp_path: Path) -> None:
    rows = pd.DataFrame({"user": [1.0, 1, 1, None], "item": [1, 2, 3, 4], "time": [1.0, 2, 3, 4], "rating": 1.0})
    assert prepare(tmp_path, rows, block(file="events.parquet")).rejected == {"user: no value": 1}


def test_a_number_may_stand_for_no_value(tmp_path: Path) -> None:
    rows = pd.DataFrame({"user": [1, 1, 1, -1], "item": [1, 2, 3, 4], "time": [1, 2, 3, 4], "rating": [5.0, -1, 5, 5]})
    meta = prepare(tmp_path, rows, block(file="events.parquet", missing=["-1"]))
    assert meta.rejected == {"user: no value": 1}
    assert prepared(tmp_path)["val"]["rating"].isna().tolist() == [True]


def test_a_parquet_file_with_damage_inside_is_named(tmp_path: Path) -> None:
    whole = tmp_path / "whole.parquet"
    pd.DataFrame({"user": range(5000), "item": 1, "time": 1, "rating": 1}).to_parquet(whole, index=False)
    content = whole.read_bytes()
    damaged = content[:40] + b"\xff" * 4000 + content[4040:]
    with pytest.raises(CasebookError, match=r"events.parquet: not a readable Parquet file: "):
        prepare(tmp_path, damaged, block(file="events.parquet"))


@pytest.mark.parametrize(("kind", "unit"), [("datetime64[ns]", "datetime"), ("datetime64[ms, UTC]", "datetime")])
def test_parquet_times_are_read(tmp_path: Path, kind: str, unit: str) -> None:
    times = pd.Series(pd.to_datetime(["2020-01-01", "2020-01-02", "2020-01-03"], utc="UTC" in kind)).astype(kind)
    rows = pd.DataFrame({"user": 1, "item": [1, 2, 3], "time": times, "rating": 1.0})
    prepare(tmp_path, rows, block(file="events.parquet", time_unit=unit))
    assert prepared(tmp_path)["train"]["time"].tolist() == [1_577_836_800]  # date -u -d 2020-01-01 +%s


@pytest.mark.parametrize(
    ("times", "unit", "advice"),
    [
        (
            [1_600_000_000, 1_600_000_001, 1_600_000_002],
            "datetime",
            "as seconds they run .* set prepare.time_unit: sec",
        ),
        (pd.to_datetime(["2020-01-01"] * 3), "seconds", "its type is .* set it to datetime"),
    ],
)
def test_a_time_column_of_another_type_than_its_unit_is_refused(
    tmp_path: Path, times: object, unit: str, advice: str
) -> None:
    rows = pd.DataFrame({"user": 1, "item": [1, 2, 3], "time": times, "rating": 1.0})
    with pytest.raises(CasebookError, match=f"column time: .*{advice}"):
        prepare(tmp_path, rows, block(file="events.parquet", time_unit=unit))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_marks_blank_lines_and_line_ends_are_understood(tmp_path: Path, delimiter: str) -> None:
    text = "\n".join(["", HEAD.strip(), *GOOD.splitlines()]).replace(",", delimiter).replace("\n", "\r\n")
    prepare(tmp_path, b"\xef\xbb\xbf" + text.encode(), block())
    assert [event for *_, event in with_ids(tmp_path)["train"]] == [1, 2]


def test_a_header_with_blanks_and_quotes_is_matched_by_its_names(tmp_path: Path) -> None:
    prepare(tmp_path, '" user", item ,"time",rating,more\n' + GOOD.replace("\n", ',"x, y"\n'), block())
    assert len(with_ids(tmp_path)["train"]) == 2


def test_a_name_with_an_apostrophe_is_no_sql(tmp_path: Path) -> None:
    rows = three_each().rename(columns={"user": "user's"})
    columns = {"user": "user's", "item": "item", "time": "time", "rating": "rating"}
    for file in ("ev'ents.csv", "ev'ents.parquet"):
        prepare(tmp_path / file, rows.astype("str"), block(file=file, columns=columns, missing=["'"]))
        assert len(with_ids(tmp_path / file)["train"]) == 2


def test_a_memory_limit_that_does_not_do_is_named(tmp_path: Path) -> None:
    rows = pd.DataFrame({"user": range(200_000), "item": 1, "time": 1, "rating": 1})
    with pytest.raises(CasebookError, match=r"prepare.memory_limit 1MB with 1 thread"):
        prepare(tmp_path, rows, block(file="events.parquet", memory_limit="1MB"))
