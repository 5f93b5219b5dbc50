from pathlib import Path

import pandas as pd

from components.recipes.conversion.preparation.lexicon import LONGEST, write_lexicon
from tests.components.recipes.conversion.preparation.texts import block, prepare


def test_words_whose_characters_are_all_legal_are_written_with_their_pinyin(tmp_path: Path) -> None:
    pairs = {"yin": "银音", "hang": "行航", "xing": "行", "lv": "绿旅", "you": "游", "zi": "子"}
    count = write_lexicon(tmp_path / "words.parquet", pairs)
    found = pd.read_parquet(tmp_path / "words.parquet")
    readings = dict(zip(found["text"], found["syllables"], strict=True))
    assert len(readings) == count
    assert readings["银行"] == "yin hang"
    assert readings["旅游"] == "lv you"
    assert "旅行" in readings
    assert set("".join(readings)) <= set("".join(pairs.values()))
    assert list(readings) == sorted(readings)
    without = {**pairs, "hang": "航"}
    write_lexicon(tmp_path / "fewer.parquet", without)
    assert "银行" not in set(pd.read_parquet(tmp_path / "fewer.parquet")["text"])


def test_a_prepared_folder_has_them(tmp_path: Path) -> None:
    meta = prepare(tmp_path, "今天天气很好\n我在银行工作\n他长大了\n绿色的衣服\n", block(readings="gb2312"))
    found = pd.read_parquet(tmp_path / "prepared" / "lexicon.parquet")
    assert len(found) == meta.data["lexicon"] > 90_000
    lengths = found["text"].str.len()
    assert lengths.between(2, LONGEST).all()
    assert (found["syllables"].str.count(" ") + 1 == lengths).all()
    legal = {(syllable, one) for syllable, characters in meta.data["pairs"].items() for one in characters}
    for text, syllables in found.sample(500, random_state=0).itertuples(index=False):
        assert set(zip(syllables.split(" "), text, strict=True)) <= legal
