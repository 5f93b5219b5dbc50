"""Counts of words in other text, and which of them are frequent."""

from pathlib import Path

import pandas as pd

from components.recipes.conversion.assembly.lattice.frequencies import frequent_words, prepared_frequencies


def test_counts_are_those_of_the_prepared_folder(tmp_path: Path) -> None:
    assert prepared_frequencies(tmp_path) == {}
    pd.DataFrame({"text": ["你好", "很"], "count": [3, 8]}).to_parquet(tmp_path / "frequencies.parquet")
    assert prepared_frequencies(tmp_path) == {"你好": 3, "很": 8}


def test_frequent_words_are_of_two_characters_or_more() -> None:
    counts = {"很": 8, "你好": 3, "很好": 2, "你好吗": 9, "你好你好": 9}
    assert frequent_words(counts, least=3, longest=3) == {"你好", "你好吗"}
