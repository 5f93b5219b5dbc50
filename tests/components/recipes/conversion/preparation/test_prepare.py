"""Texts to prepared folders: what comes out of a small one, and the message for each that is wrong."""

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from components.core.errors import CasebookError
from components.core.files import dvc_md5, write_json
from components.core.job import Meta
from components.recipes.conversion.preparation import preparation
from components.recipes.conversion.preparation.preparation import prepare as prepare_job
from components.recipes.conversion.preparation.split import some_blocks
from tests.components.recipes.conversion.preparation.texts import SPLITS, block, clauses, prepare, prepared
from tests.toy.jobs import job_of_block

FOUR = "今天天气很好。\n我在银行工作，他长大了\n绿色的衣服\n北京 2008 年\n"
TAGGED = "迈向/v  充满/v  希望/n  的/u  新/a  世纪/n  ——/w  新年/t  讲话/n\n[中国/ns  银行/n]nt  １２月/t  行走/v\n"


def test_a_plain_text_is_cut_read_and_numbered(tmp_path: Path) -> None:
    meta = prepare(tmp_path, FOUR, block())
    found = clauses(tmp_path)
    assert found["text"].tolist() == ["今天天气很好", "我在银行工作", "他长大了", "绿色的衣服", "北京"]
    assert found["clause"].tolist() == [1, 2, 3, 4, 5]  # 年, the sixth, is too short
    assert found["line"].tolist() == [1, 2, 2, 3, 4]
    assert found["syllables"].tolist() == [
        "jin tian tian qi hen hao",
        "wo zai yin hang gong zuo",
        "ta zhang da le",
        "lv se de yi fu",
        "bei jing",
    ]
    assert all(sum(words) == len(text) for words, text in zip(found["words"], found["text"], strict=True))
    # Blocks of a line in the order 2 3 | 0 | 1 of random.Random(1998): lines 3 and 4, 1, 2.
    assert meta.rows == {"train": 2, "validation": 1, "test": 2, "rejected": 1}
    assert meta.rejected == {"fewer than 2 hanzi": 1}
    assert Meta.read(tmp_path / "prepared") == meta


def test_a_segmented_text_keeps_its_words_and_is_read_by_them(tmp_path: Path) -> None:
    prepare(tmp_path, TAGGED * 2, block(form="segmented"))
    found = clauses(tmp_path).head(4)
    assert found["text"].tolist() == ["迈向充满希望的新世纪", "新年讲话", "中国银行", "月行走"]
    assert [list(words) for words in found["words"]] == [[2, 2, 2, 1, 1, 2], [2, 2], [2, 2], [1, 2]]
    assert found["syllables"].tolist()[2:] == ["zhong guo yin hang", "yue xing zou"]
    assert [list(tags) for tags in found["tags"]] == [list("vvnuan"), ["t", "n"], ["ns", "n"], ["t", "v"]]


def test_a_word_cut_inside_gives_its_tag_to_its_parts(tmp_path: Path) -> None:
    prepare(tmp_path, "很/d  卡拉ＯＫ厅里/nz  好/a\n" * 4, block(form="segmented"))
    found = clauses(tmp_path)
    assert found["text"].tolist()[:2] == ["很卡拉", "厅里好"]
    assert [list(tags) for tags in found["tags"]][:2] == [["d", "nz"], ["nz", "a"]]


def test_a_plain_text_has_no_tags(tmp_path: Path) -> None:
    prepare(tmp_path, FOUR, block())
    for split in SPLITS:
        tags = pq.read_table(tmp_path / "prepared" / f"{split}.parquet")["tags"]
        assert (str(tags.type), tags.null_count) == ("list<element: string>", len(tags))


def test_blocks_of_lines_stay_together_and_fall_as_the_shuffle_says(tmp_path: Path) -> None:
    text = "".join(f"今天{'好' * (1 + line)}\n" for line in range(24))
    prepare(tmp_path, text, block(split={"lines": 3, "seed": 5, "validation": 0.25, "test": 0.25}))
    order = list(range(8))  # 24 lines / 3
    random.Random(5).shuffle(order)  # noqa: S311
    expected = dict(zip(order, ["train"] * 4 + ["val"] * 2 + ["test"] * 2, strict=True))
    found = clauses(tmp_path)
    assert [expected[(line - 1) // 3] for line in found["line"]] == found["split"].tolist()


def test_pairs_are_those_of_training_by_frequency_and_of_the_dictionary(tmp_path: Path) -> None:
    text = "他他她\n" * 6 + "它们\n" * 2
    meta = prepare(tmp_path, text, block(readings="none"))
    seen = set("".join(prepared(tmp_path)["train"]["text"]))
    assert set(meta.data["pairs"]["ta"]) == seen - {"们"}
    assert meta.data["pairs"]["ta"].startswith("他她")
    more = prepare(tmp_path, text, block(readings="gb2312"))
    assert more.data["pairs"]["ta"].startswith("他她")
    assert set("它踏塔") <= set(more.data["pairs"]["ta"])
    assert more.data["syllables"] == sorted(more.data["pairs"])
    assert {"lv", "nve", "zhuang", "er"} <= set(more.data["syllables"])
    assert all(one.isascii() and one.isalpha() for one in more.data["syllables"])


def repeated(tmp_path: Path, remove: str) -> dict[str, int]:
    """Eight equal lines, four in training and two in each other split."""
    meta = prepare(tmp_path / remove, "今天很好\n明天\n" * 8, block(remove_duplicates=remove))
    return dict(meta.rows) | {"known": meta.data["counts"]["in_training"]["test"]}


@pytest.mark.slow
def test_repeats_across_splits_are_kept_or_taken_out_on_either_side(tmp_path: Path) -> None:
    assert repeated(tmp_path, "none") == {"train": 8, "validation": 4, "test": 4, "rejected": 0, "known": 4}
    for remove, keeps in (("from_train", "test"), ("from_held_out", "train")):
        with pytest.raises(CasebookError, match="without a clause"):
            repeated(tmp_path, remove)
        text = "".join(f"今天很好\n今天{'很' * line}\n" for line in range(1, 13))
        meta = prepare(tmp_path / remove, text, block(remove_duplicates=remove))
        found = clauses(tmp_path / remove)
        assert set(found.loc[found["text"] == "今天很好", "split"]) == {keeps}
        assert meta.rejected["also in another split"] > 0
        assert meta.data["counts"]["in_training"] == {"validation": 0, "test": 0}


def test_a_clause_with_a_character_that_has_no_reading_is_set_aside_with_it(tmp_path: Path) -> None:
    meta = prepare(tmp_path, FOUR * 5 + "今天\u9fa6好\n", block(max_rejected=0.1))
    assert meta.rejected["a character without a reading"] == 1
    rejected = prepared(tmp_path)["rejected"].iloc[-1]
    assert (rejected["line"], rejected["text"]) == (21, "今天\u9fa6好")
    assert rejected["reason"] == "a character without a reading: \u9fa6"


def test_marks_line_ends_and_blank_lines_are_understood(tmp_path: Path) -> None:
    split = {"lines": 2, "seed": 1998, "validation": 0.25, "test": 0.25}
    prepare(tmp_path, b"\xef\xbb\xbf" + FOUR.replace("\n", "\r\n\r\n").encode(), block(split=split))
    assert clauses(tmp_path)["text"][0] == "今天天气很好"
    assert clauses(tmp_path)["line"].tolist() == [1, 3, 3, 5, 7]


@pytest.mark.slow
def test_the_same_text_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        prepare(tmp_path / name, FOUR * 4, block(readings="gb2312"))
    assert dvc_md5(tmp_path / "one" / "prepared") == dvc_md5(tmp_path / "two" / "prepared")


@pytest.mark.parametrize(
    ("text", "changes", "expected"),
    [
        ("", {}, "text.txt: the file is empty"),
        (FOUR.encode("gb18030"), {}, "text.txt: not UTF-8: byte 0xbd in line 1; convert it"),
        (FOUR.encode() + b"caf\xe9\n", {}, "not UTF-8: byte 0xe9 in line 5"),
        (FOUR.encode("utf-16"), {}, "text.txt: not UTF-8"),
        ("no hanzi\nat all\n\n1234\n", {}, "text.txt: no hanzi in its 4 line(s)"),
        (FOUR, {"split": {"lines": 40, "seed": 1, "validation": 0.05, "test": 0.05}},
         "its 4 line(s) make 1 block(s) of prepare.split.lines 40, which leaves train and validation without any"),
        (FOUR, {"lengths": {"shortest": 6, "longest": 6}}, "without a clause of 6 to 6 hanzi"),
        (FOUR, {"form": "segmented"}, "none of its first 4 lines is made of word/tag tokens"),
        (TAGGED, {}, "2 of its first 2 lines are word/tag tokens, and prepare.form is plain; set it to segmented"),
    ],
)  # fmt: skip
def test_a_text_that_cannot_be_used_is_told_why(
    tmp_path: Path, text: str | bytes, changes: dict[str, object], expected: str
) -> None:
    with pytest.raises(CasebookError) as caught:
        prepare(tmp_path, text, block(**changes))
    assert expected in str(caught.value)
    assert not (tmp_path / "prepared").exists()


def test_too_much_that_cannot_be_used_stops_the_stage_with_counts_and_an_example(tmp_path: Path) -> None:
    with pytest.raises(CasebookError) as caught:
        prepare(tmp_path, TAGGED * 4 + "今天 很/d\n" * 2, block(form="segmented", max_rejected=0.1))
    assert str(caught.value).partition("text.txt: ")[2].splitlines() == [
        "2 of 10 lines (20.0%) cannot be used, and prepare.max_rejected allows 10.0%:",
        "  2 line(s), such as line 9: not word/tag tokens: '今天' is no word/tag in '今天 很/d'",
        "correct the file, or form or max_rejected under prepare",
    ]


def test_files_that_are_not_there_are_named(tmp_path: Path) -> None:
    job = job_of_block("conversion", tmp_path, block(file="other.txt"))
    with pytest.raises(CasebookError, match=r"source.json: not found"):
        prepare_job(job)
    prepare(tmp_path, FOUR, block())
    with pytest.raises(CasebookError, match=r"other.txt: no such file.*prepare.file"):
        prepare_job(job)


def test_a_smoke_run_has_few_lines_and_a_small_vocabulary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "".join(f"{one}国{other}年\n" for one in "中美法英德" for other in "今明后去前每半全新旧")
    tables = {"frequencies": "words.csv", "other_text": ["other.txt"]}
    whole = prepare_with_tables(tmp_path, text, block(**tables), smoke=False)
    assert (sum(whole.rows.values()), whole.data["frequencies"], whole.data["other_text"]) == (50, 5, 10)
    monkeypatch.setattr(preparation, "SMOKE_LINES", 12)
    monkeypatch.setattr(preparation, "SMOKE_ROWS", 3)
    few = prepare_with_tables(tmp_path, text, block(**tables), smoke=True)
    assert few.rows == {"train": 6, "validation": 2, "test": 3, "rejected": 0}
    assert 0 < few.data["frequencies"] <= 3
    assert 0 < few.data["other_text"] <= 3
    assert sum(map(len, few.data["pairs"].values())) < sum(map(len, whole.data["pairs"].values()))
    assert prepare_with_tables(tmp_path, text, block(**tables), smoke=True) == few


def prepare_with_tables(folder: Path, text: str, content: dict[str, Any], *, smoke: bool) -> Meta:
    (folder / "raw").mkdir(exist_ok=True)
    (folder / "raw" / "words.csv").write_text("中国,5\n美国,4\n法国,3\n英国,2\n德国,1\n")
    (folder / "raw" / "other.txt").write_text("\n".join(f"国年{one}" for one in "今明后去前每半全新旧"))
    (folder / "raw" / "text.txt").write_text(text)
    write_json(folder / "raw" / "source.json", {"kind": "file"})
    return prepare_job(replace(job_of_block("conversion", folder, content), smoke=smoke))


def test_a_sample_of_blocks_has_some_of_each_split() -> None:
    places = ["train"] * 90 + ["validation"] * 5 + ["test"] * 5
    few = some_blocks(places, 20)
    assert [sum(places[block] == name for block in few) for name in ("train", "validation", "test")] == [18, 2, 2]
    assert some_blocks(["train", "validation", "test"], 20) == {0, 1, 2}
