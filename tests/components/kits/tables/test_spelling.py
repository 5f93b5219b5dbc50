from pathlib import Path

import numpy as np
import pandas as pd

from components.kits.tables.encoding.convert import clean
from tests.components.kits.tables.tables import APPLICATION, applications, block, prepare

FOLD = {"numeric": "quantile", "knots": 256, "min_count": 2, "fold": True}


def test_classes_that_differ_in_case_blanks_or_width_are_one_where_that_is_on(tmp_path: Path) -> None:
    """One of ten is written in capitals, one with full-width letters: beside the same rows written alike."""
    plain = applications(300)
    capitals, wide = np.arange(300) % 10 == 3, np.arange(300) % 10 == 5
    mixed = plain.assign(town=plain["town"].mask(capitals, plain["town"].str.upper()))
    mixed["town"] = mixed["town"].mask(wide & (mixed["town"] == "Rome"), "Ｒｏｍｅ")
    content = block(APPLICATION, encode=FOLD)
    found, expected = prepare(tmp_path / "mixed", mixed, content), prepare(tmp_path / "plain", plain, content)
    assert found.data["encoder"] == expected.data["encoder"]
    assert found.data["spellings"] == {"town": {"rome": "Rome", "oslo": "Oslo", "北京": "北京"}}
    asked = pd.DataFrame({"age": ["20"] * 4, "sum": ["1"] * 4, "town": ["ROME", "oslo", "ｏｓｌｏ", "Bonn"]})
    assert clean(asked, found.data)["town"].tolist() == ["Rome", "Oslo", "Oslo", "Bonn"]


def test_they_are_several_where_it_is_off_and_nothing_is_written_of_it(tmp_path: Path) -> None:
    rows = applications(300)
    rows["town"] = rows["town"].mask(np.arange(300) % 10 == 3, rows["town"].str.upper())
    meta = prepare(tmp_path, rows, block(APPLICATION))
    assert {"Rome", "ROME"} <= set(meta.data["encoder"]["categorical"][0]["classes"])
    assert "spellings" not in meta.data
    assert "fold" not in meta.data["spec"]["encode"]


def test_a_listed_value_is_met_in_any_case(tmp_path: Path) -> None:
    columns = {**APPLICATION, "town": {"kind": "categorical", "values": ["ROME", "oslo", "北京"]}}
    meta = prepare(tmp_path, applications(300), block(columns, encode=FOLD))
    assert meta.rows["rejected"] == 0
    assert set(meta.data["encoder"]["categorical"][0]["classes"]) == {"ROME", "oslo", "北京"}
