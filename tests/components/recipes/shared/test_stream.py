from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.core.errors import CasebookError
from components.recipes.shared.stream import FrameWriter, predict_rows

FIELDS = pa.schema([("user", pa.string()), ("rank", pa.int32()), ("title", pa.string())])
FIRST = pd.DataFrame({"score": [0.5, 0.25], "reasons": [[], []]})
SECOND = pd.DataFrame({"score": [1.0], "reasons": [["old", "rich"]]})


def written(path: Path, *frames: pd.DataFrame, **options: Any) -> int:
    with FrameWriter(path, path.suffix, **options) as writer:
        for frame in frames:
            writer.write(frame)
    return writer.rows


def test_lists_that_are_empty_at_first_are_lists_of_texts_in_parquet(tmp_path: Path) -> None:
    assert written(tmp_path / "a.parquet", FIRST, SECOND, lists=["reasons"]) == 3
    table = pq.read_table(tmp_path / "a.parquet")
    assert table.schema.field("reasons").type == pa.list_(pa.string())
    assert table["reasons"].to_pylist() == [[], [], ["old", "rich"]]
    assert table["score"].to_pylist() == [0.5, 0.25, 1.0]


def test_lists_are_joined_in_csv_below_one_header_and_the_frames_are_left_alone(tmp_path: Path) -> None:
    assert written(tmp_path / "a.csv", FIRST, SECOND, lists=["reasons"]) == 3
    assert (tmp_path / "a.csv").read_text() == "score,reasons\n0.5,\n0.25,\n1.0,old; rich\n"
    assert SECOND["reasons"].tolist() == [["old", "rich"]]


def test_given_fields_say_the_types_of_the_columns_that_there_are(tmp_path: Path) -> None:
    frames = [pd.DataFrame({"user": ["a"], "rank": [1]}), pd.DataFrame({"user": ["b"], "rank": [2]})]
    written(tmp_path / "a.parquet", *frames, fields=FIELDS)
    table = pq.read_table(tmp_path / "a.parquet")
    assert table.schema.equals(pa.schema([("user", pa.string()), ("rank", pa.int32())]))
    assert table.to_pylist() == [{"user": "a", "rank": 1}, {"user": "b", "rank": 2}]


class Doubler:
    """Answers `x` with twice of it, and with the key column where the rows have it."""

    data = {"key": ["name"]}  # noqa: RUF012 - as a predictor's

    def predict(self, rows: pd.DataFrame) -> pd.DataFrame:
        answer = pd.DataFrame({"score": 2 * rows["x"], "reasons": [[] for _ in range(len(rows))]})
        return pd.concat([rows[["name"]], answer], axis=1) if "name" in rows else answer


def batches(*, named: bool) -> list[pd.DataFrame]:
    found = [pd.DataFrame({"x": [1.0, 2.0]}), pd.DataFrame({"x": [3.0]})]
    return [frame.assign(name="n") for frame in found] if named else found


def test_rows_without_a_key_are_numbered_over_all_batches(tmp_path: Path) -> None:
    target = tmp_path / "out.parquet"
    assert predict_rows(Doubler(), batches(named=False), tmp_path / "in.csv", target) == 3
    answer = pd.read_parquet(target)
    assert answer["row"].tolist() == [1, 2, 3]
    assert answer["score"].tolist() == [2.0, 4.0, 6.0]


def test_rows_with_a_key_have_no_number(tmp_path: Path) -> None:
    predict_rows(Doubler(), batches(named=True), tmp_path / "in.csv", tmp_path / "out.csv")
    assert list(pd.read_csv(tmp_path / "out.csv").columns) == ["name", "score", "reasons"]


def test_no_rows_are_an_error_and_leave_the_target_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "out.parquet"
    target.write_text("old")
    with pytest.raises(CasebookError, match=r"in\.csv: no rows to score"):
        predict_rows(Doubler(), [], tmp_path / "in.csv", target)
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out.parquet"]
