import csv
import logging
from pathlib import Path

import pandas as pd
import pytest

from components.core.bundle import read_bundle, write_bundle
from components.core.errors import CasebookError
from components.recipes.conversion.encoding import typed
from components.recipes.conversion.predict import predict_file
from components.recipes.conversion.serving.predictor import open_predictor
from tests.components.recipes.conversion.serving.tiny import PAIRS, write_tiny

LINES = ["ni hao ma", "", "Zhongguo, 中国!", "😀", "ni3hao3 2026"]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("tiny") / "bundle")


def source(folder: Path, lines: list[str], end: str = "\n") -> Path:
    path = folder / "in.txt"
    path.write_bytes("".join(line + end for line in lines).encode())
    return path


def test_each_line_gets_a_line(bundle, tmp_path):
    assert predict_file(bundle, source(tmp_path, LINES), tmp_path / "out.txt", {}) == len(LINES)
    written = (tmp_path / "out.txt").read_text(encoding="utf-8").split("\n")
    assert written == [one.text for one in open_predictor(bundle).convert(LINES, 1)] + [""]
    assert written[1] == ""
    assert written[3] == "😀"


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_batches_a_byte_order_mark_and_other_line_ends_change_nothing(bundle, tmp_path, monkeypatch, end):
    predict_file(bundle, source(tmp_path, LINES), tmp_path / "one.txt", {})
    monkeypatch.setattr(typed, "BATCH_LINES", 2)
    marked = source(tmp_path, ["\ufeff" + LINES[0], *LINES[1:]], end)
    predict_file(bundle, marked, tmp_path / "other.txt", {})
    assert (tmp_path / "other.txt").read_bytes() == (tmp_path / "one.txt").read_bytes()


def test_n_best_answers_stand_behind_the_number_of_their_line(bundle, tmp_path):
    rows = predict_file(bundle, source(tmp_path, LINES), tmp_path / "out.txt", {"n_best": 2})
    table = [line.split("\t") for line in (tmp_path / "out.txt").read_text(encoding="utf-8").splitlines()]
    assert rows == len(table)
    expected = open_predictor(bundle).convert(LINES, 2)
    assert [(int(line), int(rank), text) for line, rank, _, text in table] == [
        (number, rank, text)
        for number, one in enumerate(expected, start=1)
        for rank, (text, _) in enumerate(one.alternatives, start=1)
    ]
    assert [rank for line, rank, *_ in table if line == "1"] == ["1", "2"]


def test_a_listed_answer_that_holds_a_tab_or_a_quote_reads_back(bundle, tmp_path):
    predict_file(bundle, source(tmp_path, ['中\t国 "2"', "ni"]), tmp_path / "out.txt", {"n_best": 2})
    with (tmp_path / "out.txt").open(encoding="utf-8", newline="") as file:
        table = list(csv.reader(file, delimiter="\t"))
    assert {len(row) for row in table} == {4}
    first = open_predictor(bundle).convert(['中\t国 "2"'], 2)[0]
    assert [text for line, _, _, text in table if line == "1"] == [text for text, _ in first.alternatives]
    assert "\t" in first.text
    assert '"2"' in first.text


def test_what_is_dropped_and_what_is_fewer_than_asked_is_said(bundle, tmp_path, caplog):
    lines = ["ni\u200b hao\u00ad", "中国", ""]
    with caplog.at_level(logging.WARNING):
        predict_file(bundle, source(tmp_path, lines), tmp_path / "out.txt", {"n_best": 9999})
    said = [record.getMessage() for record in caplog.records]
    assert said[0] == (
        "in.txt: 2 character(s) that nobody sees are dropped (zero-width, soft hyphen, NUL), the first in line 1"
    )
    assert said[1].startswith("in.txt: 2 line(s) have fewer answers than the 9999 asked for, the first in line 1")
    assert len(said) == 2


def test_a_message_does_not_hold_a_long_text(bundle, tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        predict_file(bundle, source(tmp_path, ["xyzq" * 500, "ni hao"]), tmp_path / "out.txt", {})
    assert max(len(record.getMessage()) for record in caplog.records) < 200


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_tables_have_line_rank_text_and_score(bundle, tmp_path, suffix):
    target = tmp_path / f"out{suffix}"
    rows = predict_file(bundle, source(tmp_path, LINES), target, {"n_best": 3})
    table = pd.read_parquet(target) if suffix == ".parquet" else pd.read_csv(target, keep_default_na=False)
    assert list(table.columns) == ["line", "rank", "text", "score"]
    assert len(table) == rows
    assert table.groupby("line")["rank"].min().tolist() == [1] * len(LINES)
    first = open_predictor(bundle).convert(LINES, 3)[0]
    assert table.loc[table["line"] == 1, "score"].tolist() == pytest.approx([score for _, score in first.alternatives])


def test_what_is_no_pinyin_is_named_with_its_line_and_the_rest_is_counted(bundle, tmp_path, caplog):
    lines = ["ni hao"] + ["ni xyzq hao"] * 7
    with caplog.at_level(logging.WARNING):
        predict_file(bundle, source(tmp_path, lines), tmp_path / "out.txt", {})
    said = [record.getMessage() for record in caplog.records]
    assert said[0] == "in.txt: line 2, syllable 2: 'xyzq' is no pinyin; it is left as it is"
    assert said[-1] == "in.txt: and 2 more that are no pinyin"
    assert len(said) == 6
    assert (tmp_path / "out.txt").read_text(encoding="utf-8").splitlines()[1].count("xyzq") == 1


@pytest.mark.parametrize(("lines", "refused"), [("qzx\n\nvv\n", True), ("qzx\nni hao\n", False), ("12\n", False)])
def test_a_file_of_which_no_line_is_pinyin_is_refused(bundle, tmp_path, lines, refused):
    (tmp_path / "in.txt").write_text(lines, encoding="utf-8")
    if not refused:
        assert predict_file(bundle, tmp_path / "in.txt", tmp_path / "out.txt", {}) == lines.count("\n")
        return
    with pytest.raises(CasebookError, match=r"none of 2 line\(s\) can be read as pinyin, such as line 1, .*qzx"):
        predict_file(bundle, tmp_path / "in.txt", tmp_path / "out.txt", {})
    assert not (tmp_path / "out.txt").exists()


def test_tones_that_say_nothing_are_told(bundle, tmp_path, caplog):
    files = read_bundle(bundle, threads=1)
    write_bundle(tmp_path / "old", files.manifest, {**files.contents(), "pinyin.json": {"pairs": PAIRS}})
    with caplog.at_level(logging.WARNING):
        predict_file(bundle, source(tmp_path, ["ma3", "xi4"]), tmp_path / "out.txt", {})
        predict_file(tmp_path / "old", source(tmp_path, ["ma3", "xi", "xi4"]), tmp_path / "out.txt", {})
    assert [record.getMessage() for record in caplog.records] == [
        "in.txt: line 2, 'xi4': no character of 'xi' has this tone; it is left out",
        "in.txt: 2 line(s) have tones, which say nothing here: this model is of before they were kept; fit it again",
    ]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("in.txt", b"", "in.txt: the file is empty; give one with a line of pinyin for each answer"),
        ("in.txt", b"ni hao\n\xc4\xe3\n", "not UTF-8: byte 0xc4 in line 2; convert it, for example: iconv"),
        ("in.csv", b"ni hao\n", "suffix '.csv'; give a text"),
        ("in.txt", None, "cannot be read: No such file"),
    ],
)
def test_a_file_that_is_no_such_text_leaves_no_answer(bundle, tmp_path, name, content, said):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CasebookError, match=said):
        predict_file(bundle, path, tmp_path / "out.txt", {})
    assert not (tmp_path / "out.txt").exists()
