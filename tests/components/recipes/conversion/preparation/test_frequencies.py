from pathlib import Path

import pyarrow.parquet as pq
import pytest

from components.core.errors import CasebookError
from components.recipes.conversion.preparation.frequencies import write_frequencies
from tests.components.recipes.conversion.preparation.texts import block, prepare

LIST = "好,12\n你好,7\n妳好,5\nmiyo,2\n\n你好,3\n" + "好" * 16 + ",4\n"


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "list.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_words_of_known_characters_are_kept_with_the_sum_of_their_counts(tmp_path):
    assert write_frequencies(written(tmp_path, LIST), tmp_path / "out.parquet", "你好") == 2
    table = pq.read_table(tmp_path / "out.parquet")
    # 妳 is unknown, miyo is no hanzi, and nothing of 16 characters is a word.
    assert table.to_pylist() == [{"text": "你好", "count": 10}, {"text": "好", "count": 12}]
    assert str(table.schema.field("count").type) == "int64"


def test_marks_line_ends_and_order_do_not_matter(tmp_path):
    write_frequencies(written(tmp_path, LIST), tmp_path / "one.parquet", "你好")
    turned = "\ufeff" + "\r\n".join(LIST.splitlines()[::-1])
    write_frequencies(written(tmp_path, turned), tmp_path / "other.parquet", "你好")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "other.parquet").read_bytes()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file; fetch it, or set prepare.frequencies to null"),
        ("你好,7\n".encode("gb18030"), "not UTF-8: byte 0xc4 after line 0; convert it"),
        ("你好,7\n很好 many\n", "line 2, '很好 many', is no word with its count; give lines such as '你好,12'"),
        ("word,count\n你好,7\n", "line 1, 'word,count', is no word with its count"),
        ("你好,7.5\n", "line 1, '你好,7.5', is no word"),
        ("你好,-7\n", "line 1, '你好,-7', is no word"),
        ("", "no word of the characters of the training text stands in it; give a list of Chinese words"),
        ("马虎,7\n", "no word of the characters of the training text stands in it"),
    ],
    ids=["missing", "not utf-8", "no count", "a header", "a share", "negative", "empty", "nothing of it"],
)
def test_what_is_no_such_list_is_named(tmp_path, content, said):
    path = tmp_path / "list.csv"
    if content is not None:
        written(tmp_path, content)
    with pytest.raises(CasebookError, match=said) as caught:
        write_frequencies(path, tmp_path / "out.parquet", "你好")
    assert str(caught.value).startswith(str(path))
    assert not (tmp_path / "out.parquet").exists()


def test_a_prepared_folder_has_the_words_of_its_own_characters(tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "list.csv").write_text("天气,9\n今夜,5\n", encoding="utf-8")
    meta = prepare(tmp_path, "今天天气很好。\n" * 4, block(frequencies="list.csv"))
    assert meta.data["frequencies"] == 1
    table = pq.read_table(tmp_path / "prepared" / "frequencies.parquet").to_pylist()
    assert table == [{"text": "天气", "count": 9}]
