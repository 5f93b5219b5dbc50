from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from components.recipes.next_item.preparation.write import row_groups

SCHEMA = pa.schema({"x": pa.int64()})


def write(path: Path, pieces: list[int]) -> pq.ParquetFile:
    start = 0
    with row_groups(path, SCHEMA, rows=4) as groups:
        for piece in pieces:
            groups.add(pa.table({"x": range(start, start + piece)}, schema=SCHEMA))
            start += piece
    assert groups.written == start
    return pq.ParquetFile(path)


def test_bytes_do_not_depend_on_the_pieces(tmp_path: Path) -> None:
    whole, pieces = write(tmp_path / "whole", [10]), write(tmp_path / "pieces", [1, 0, 3, 5, 1])
    assert (tmp_path / "whole").read_bytes() == (tmp_path / "pieces").read_bytes()
    assert [whole.metadata.row_group(group).num_rows for group in range(3)] == [4, 4, 2]
    assert pieces.read()["x"].to_pylist() == list(range(10))


def test_nothing_is_a_file_without_rows(tmp_path: Path) -> None:
    assert write(tmp_path / "empty", []).read().schema == SCHEMA
