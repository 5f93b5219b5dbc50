"""A small table such as `prepare` writes."""

from pathlib import Path

import pandas as pd
import pytest

from components.recipes.conversion.assembly.lattice.associations import prepared_associations
from components.recipes.conversion.encoding.associations import UNSEEN

SYMBOLS = {"中": 2, "国": 3, "人": 4}


def test_texts_of_known_characters_become_symbols(tmp_path: Path) -> None:
    rows = {"中": -4.5, "中国": -6.0, "中國": -7.0, "国": -4.0, "国人": -8.5, "國": -4.0}
    pd.DataFrame({"text": rows.keys(), "log_p": rows.values()}).to_parquet(tmp_path / "associations.parquet")
    table = prepared_associations(tmp_path, SYMBOLS)
    assert table.size == 5
    assert table.pairs.tolist() == [0 * 5 + 2, 0 * 5 + 3, 2 * 5 + 3, 3 * 5 + 4]
    assert table.joint.tolist() == [-4.5, -4, -6, -8.5]


def test_without_the_table_nothing_is_known(tmp_path: Path) -> None:
    table = prepared_associations(tmp_path, SYMBOLS)
    assert len(table.pairs) == 0
    assert table.character.tolist() == pytest.approx([UNSEEN] * 5)
