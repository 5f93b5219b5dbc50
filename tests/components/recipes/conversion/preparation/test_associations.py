import gzip
from math import log
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from components.core.errors import CasebookError
from components.recipes.conversion.preparation.associations import write_associations

TABLE = """Languages: zh-hans zh-hant
你 -5.5 -6.5
你好 -7.25 -9.0
好你 0 -8.0
妳好 -9.5 -7.0
你好吗 -11.0 -12.0
"""


def packed(text: str) -> bytes:
    return gzip.compress(text.encode(), mtime=0)


def written(folder: Path, text: str) -> Path:
    path = folder / "table.gz"
    path.write_bytes(packed(text))
    return path


def test_texts_of_known_characters_that_have_a_probability_are_kept(tmp_path):
    count = write_associations(written(tmp_path, TABLE), tmp_path / "out.parquet", "你好吗")
    assert count == 1
    table = pq.read_table(tmp_path / "out.parquet").to_pylist()
    # 好你 has none in this script, 妳 is unknown, and three characters are no pair.
    assert table == [{"text": "你", "log_p": -5.5}, {"text": "你好", "log_p": -7.25}]


def test_the_order_of_the_table_does_not_matter(tmp_path):
    head, *lines = TABLE.splitlines()
    write_associations(written(tmp_path, TABLE), tmp_path / "one.parquet", "你好")
    write_associations(written(tmp_path, "\n".join([head, *lines[::-1]])), tmp_path / "other.parquet", "你好")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "other.parquet").read_bytes()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file; fetch it, or set prepare.associations to null"),
        (b"plain text", "not a gzipped text in UTF-8"),
        (packed(TABLE)[:-20], "not a gzipped text in UTF-8"),
        (packed("你好 many"), "'你好 many' is no text with log probabilities"),
        (packed(f"马虎 {log(0.01)}"), "no two characters of the training text stand in it"),
    ],
    ids=["missing", "not packed", "cut off", "no number", "nothing of it"],
)
def test_what_is_no_such_table_is_named(tmp_path, content, said):
    path = tmp_path / "table.gz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CasebookError, match=said):
        write_associations(path, tmp_path / "out.parquet", "你好")
    assert not (tmp_path / "out.parquet").exists()
