"""Words of a dictionary that owes nothing to the corpus, with their pinyin: CC-CEDICT, as pypinyin-dict has it."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pypinyin.contrib.tone_convert import to_normal
from pypinyin_dict.phrase_pinyin_data import cc_cedict

from components.recipes.conversion.encoding.syllables import toneless
from components.recipes.shared.smoke import some_of

LONGEST = 7  # characters; what is longer is mostly sayings and titles
SCHEMA = pa.schema([("text", pa.string()), ("syllables", pa.string())])


def write_lexicon(target: Path, pairs: Mapping[str, str], most: int | None = None) -> int:
    """Words of 2 to `LONGEST` characters, each of which can be read so by `pairs`, as in `meta.data`; how many. Of more
    than `most` a sample.

    Columns text and syllables are as those of a split, in the order of code points.
    """
    words = {text: " ".join(reading) for text, reading in sorted(_words()) if _is_legal(text, reading, pairs)}
    texts = list(words) if most is None else some_of(list(words), most)
    table = pa.table([texts, [words[text] for text in texts]], schema=SCHEMA)
    pq.write_table(table, target, compression="zstd")
    return len(texts)


def _words() -> list[tuple[str, list[str]]]:
    phrases = cc_cedict.phrases_dict.items()
    kept = [(text, readings) for text, readings in phrases if 2 <= len(text) <= LONGEST]
    spelled = {one[0] for _, readings in kept for one in readings}
    toneless_of = {one: toneless(to_normal(one)) for one in spelled}
    return [(text, [toneless_of[one[0]] for one in readings]) for text, readings in kept]


def _is_legal(text: str, reading: list[str], pairs: Mapping[str, str]) -> bool:
    return len(reading) == len(text) and all(
        character in pairs.get(syllable, "") for syllable, character in zip(reading, text, strict=True)
    )
