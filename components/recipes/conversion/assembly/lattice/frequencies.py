"""The prepared folder's counts of words in other text."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow.parquet as pq

from components.recipes.conversion.encoding.spec import FREQUENCIES


def prepared_frequencies(prepared: Path) -> dict[str, int]:
    """Counts of the words; without the table, none."""
    path = prepared / FREQUENCIES
    return dict(zip(*pq.read_table(path).to_pydict().values(), strict=True)) if path.is_file() else {}


def frequent_words(frequencies: Mapping[str, int], least: int, longest: int) -> set[str]:
    """Words of two up to `longest` characters that were counted `least` times or more."""
    return {word for word, count in frequencies.items() if count >= least and 2 <= len(word) <= longest}
