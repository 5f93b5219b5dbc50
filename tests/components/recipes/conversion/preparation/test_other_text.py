from pathlib import Path

import pyarrow.parquet as pq
import pytest

from components.core.errors import CasebookError
from components.recipes.conversion.preparation.other_text import write_other_text
from tests.components.recipes.conversion.preparation.texts import block, prepare


def written(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def texts(path: Path) -> list[str]:
    return pq.read_table(path)["text"].to_pylist()


def test_stretches_of_known_characters_are_kept_once_and_sorted(tmp_path):
    one = written(tmp_path, "one.txt", "好吗，你好！ok你好\n我好。吗\n")  # 我 is unknown, 吗 alone has no order
    two = written(tmp_path, "two.txt", "\ufeff你好吗\r\n好吗\n")
    assert write_other_text([one, two], tmp_path / "out.parquet", "你好吗") == 3
    assert texts(tmp_path / "out.parquet") == ["你好", "你好吗", "好吗"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file"),
        ("", "the file is empty"),
        ("你好".encode("gb18030"), "not UTF-8: byte 0xc4 in line 1"),
        ("马虎\n你马\n", "none of its 2 stretches of hanzi is of the training text's characters alone; give a Chinese"),
        ("nothing\n", "none of its 0 stretches"),
    ],
    ids=["missing", "empty", "not utf-8", "other characters", "no hanzi"],
)
def test_what_gives_nothing_is_named(tmp_path, content, said):
    good, path = written(tmp_path, "good.txt", "你好"), tmp_path / "bad.txt"
    if content is not None:
        written(tmp_path, "bad.txt", content)
    with pytest.raises(CasebookError, match=said) as caught:
        write_other_text([good, path], tmp_path / "out.parquet", "你好")
    assert str(caught.value).startswith(str(path))
    assert not (tmp_path / "out.parquet").exists()


def test_a_prepared_folder_has_the_text_of_its_own_characters(tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "other.txt").write_text("天气很好，今夜好\n", encoding="utf-8")
    meta = prepare(tmp_path, "今天天气很好。\n" * 4, block(other_text=["other.txt"]))
    assert meta.data["other_text"] == 1
    assert texts(tmp_path / "prepared" / "other_text.parquet") == ["天气很好"]
    prepare(tmp_path / "none", "今天天气很好。\n" * 4, block())
    assert not (tmp_path / "none" / "prepared" / "other_text.parquet").exists()
