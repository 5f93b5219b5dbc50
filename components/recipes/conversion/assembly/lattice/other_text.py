"""The prepared folder's text of another kind, by the symbols of the character models."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow.parquet as pq

from components.recipes.conversion.assembly.lattice.corpus import end_to_end
from components.recipes.conversion.assembly.lattice.kneser_ney import Sentences
from components.recipes.conversion.encoding.spec import OTHER_TEXT


def prepared_other_text(prepared: Path, symbols: Mapping[str, int]) -> Sentences | None:
    """By characters, all of which have `symbols`; None where the folder has no such text."""
    path = prepared / OTHER_TEXT
    if not path.is_file():
        return None
    return end_to_end([[symbols[one] for one in text] for text in pq.read_table(path)["text"].to_pylist()])
