from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from components.recipes.next_item.encoding.catalogue import Catalogue, multi_hot, read_catalogue
from components.recipes.next_item.encoding.spec import Feature
from tests.components.recipes.next_item.preparation.events import block, events, prepare
from tests.components.recipes.next_item.preparation.test_features import ITEM_ROWS, ITEMS, USER_ROWS, USERS


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    folder = tmp_path_factory.mktemp("case")
    items = {**ITEMS, "columns": {**ITEMS["columns"], "year": {"column": "year", "kind": "band", "edges": [1990.0]}}}
    lines = ITEM_ROWS.splitlines()
    rows = "\n".join([f"{lines[0]},year", *(f"{line},{1985 + 5 * place}" for place, line in enumerate(lines[1:]))])
    content = block(users=USERS, items=items)
    seen = events([(user, item, item) for user in ("a", "b") for item in (1, 2, 30)])
    prepare(folder, seen, content, {"users.csv": USER_ROWS, "items.csv": rows})
    return read_catalogue(folder / "prepared")


def test_users_and_items_stand_by_index(catalogue: Catalogue) -> None:
    assert catalogue.item_ids.tolist() == ["1", "2", "30"]
    assert catalogue.titles.tolist() == ["One", "Two", ""]
    assert catalogue.counts.tolist() == [2, 0, 0]
    assert catalogue.user_ids.tolist() == ["a", "b"]
    assert catalogue.user_codes.tolist() == [[1, 1], [2, 0]]
    assert catalogue.item_codes["year"].tolist() == [1, 2, 0]
    assert catalogue.item_sets["tags"].tolist() == [[0, 1, 1], [0, 1, 0], [1, 0, 0]]
    assert [feature.name for feature in catalogue.item_features] == ["tags", "year"]
    assert catalogue.user_features[1] == Feature("town", "category", 2, ("(unknown)", "Rome"))


@pytest.mark.parametrize("ids", [["30", 2, " 1 ", 30.0, "x", None], pd.Series(["30", 2, "1\t", 30.0, "01", np.nan])])
def test_ids_are_found_however_they_are_written(catalogue: Catalogue, ids: object) -> None:
    found = catalogue.item_index(ids)  # type: ignore[arg-type]
    assert found.tolist() == [2, 1, 0, 2, -1, -1]
    assert found.dtype == np.int64


def test_users_are_found_and_nobody_is_an_empty_answer(catalogue: Catalogue) -> None:
    assert catalogue.user_index(np.array(["b", "nobody"])).tolist() == [1, -1]
    assert catalogue.user_index([]).tolist() == []


def test_without_features_there_are_codes_of_width_0(tmp_path: Path) -> None:
    prepare(tmp_path, events([("a", item, item) for item in range(3)]), block())
    catalogue = read_catalogue(tmp_path / "prepared")
    assert catalogue.user_codes.shape == (1, 0)
    assert (catalogue.item_codes, catalogue.item_sets) == ({}, {})


def test_lists_in_several_pieces_become_rows() -> None:
    pieces = pa.chunked_array([[[1, 2], []], [[2]]], pa.list_(pa.int32()))
    assert multi_hot(pieces, 3).tolist() == [[0, 1, 1], [1, 0, 0], [0, 0, 1]]
