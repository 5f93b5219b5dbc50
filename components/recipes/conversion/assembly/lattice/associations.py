"""The prepared folder's table of characters that stand side by side, by the symbols of the character model."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow.parquet as pq

from components.recipes.conversion.encoding.associations import Associations, make_associations
from components.recipes.conversion.encoding.ngrams import FIRST
from components.recipes.conversion.encoding.spec import ASSOCIATIONS


def prepared_associations(prepared: Path, symbols: Mapping[str, int]) -> Associations:
    """Of the characters that have `symbols`; without the table, nothing is known of any."""
    path = prepared / ASSOCIATIONS
    characters: dict[int, float] = {}
    pairs: dict[tuple[int, int], float] = {}
    table = pq.read_table(path).to_pydict() if path.is_file() else {"text": [], "log_p": []}
    for text, log_p in zip(table["text"], table["log_p"], strict=True):
        found = [symbols.get(one) for one in text]
        match found:
            case [int(alone)]:
                characters[alone] = log_p
            case [int(before), int(after)]:
                pairs[before, after] = log_p
    return make_associations(characters, pairs, FIRST + len(symbols))
