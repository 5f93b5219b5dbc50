"""Training clauses of a prepared folder, whole and in part."""

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.core.job import TRAIN, VALIDATION
from components.recipes.conversion.assembly.lattice.corpus import Corpus, number_symbols, read_corpus

ROWS = {
    "text": ["银行长", "银行", "行走"],
    "words": [[2, 1], [2], [1, 1]],
    "syllables": ["yin hang zhang", "yin hang", "xing zou"],
    "tags": [["n", "v"], ["n"], ["v", "v"]],
}


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    pd.DataFrame(ROWS).to_parquet(tmp_path / "train.parquet")
    return read_corpus(tmp_path)


def test_clauses_are_cut_into_words_with_readings_and_tags(corpus: Corpus) -> None:
    assert corpus.clauses == [["银行", "长"], ["银行"], ["行", "走"]]
    assert corpus.tags == ROWS["tags"]
    assert corpus.readings == {
        "银行": Counter({"yin hang": 2}),
        "长": Counter({"zhang": 1}),
        "行": Counter({"xing": 1}),
        "走": Counter({"zou": 1}),
    }
    assert corpus.counts == Counter({"银行": 2, "长": 1, "行": 1, "走": 1})


def test_a_part_has_its_own_clauses_readings_and_tags_alone(corpus: Corpus) -> None:
    part = corpus.select(np.array([False, True, True]))
    assert part.clauses == [["银行"], ["行", "走"]]
    assert part.tags == [["n"], ["v", "v"]]
    assert part.readings["银行"] == Counter({"yin hang": 1})
    assert set(part.readings) == set(part.counts) == {"银行", "行", "走"}
    symbols = number_symbols("行走银长")
    assert part.characters(symbols).start.tolist() == [0, 2, 4]
    assert corpus.counts["银行"] == 2  # the whole stays as it was


def test_a_text_without_tags_has_none_in_its_parts_too(tmp_path: Path) -> None:
    pd.DataFrame(ROWS | {"tags": [None] * 3}).to_parquet(tmp_path / "train.parquet")
    corpus = read_corpus(tmp_path)
    assert corpus.tags is None
    assert corpus.select(np.array([True, False, False])).tags is None


def test_splits_stand_one_after_another(tmp_path: Path) -> None:
    pd.DataFrame(ROWS).iloc[:2].to_parquet(tmp_path / "train.parquet")
    pd.DataFrame(ROWS).iloc[2:].to_parquet(tmp_path / "val.parquet")
    both = read_corpus(tmp_path, (TRAIN, VALIDATION))
    assert both.clauses == [["银行", "长"], ["银行"], ["行", "走"]]
    assert both.tags == ROWS["tags"]


def test_a_clause_is_legal_if_every_character_is_one_of_its_syllables(corpus: Corpus) -> None:
    pairs = {"yin": "银", "hang": "行", "zhang": "长", "xing": "醒", "zou": "走"}
    assert corpus.legal(pairs).tolist() == [True, True, False]
