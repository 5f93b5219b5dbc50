"""Rows of people who are to be forgotten do not come into what is prepared."""

import hashlib
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.core.forgotten import digest_of
from components.kits.tables.forgotten import without_forgotten

ROWS = pd.DataFrame({"id": [7, 8, None, 9.0], "part": ["a", " b ", "c", "d"], "x": [1, 2, 3, 4]})


def spec(key: list[str], *forgotten: str) -> Any:
    return SimpleNamespace(key=key, forgotten=forgotten)


def test_a_digest_is_that_of_the_lines_of_the_key() -> None:
    assert digest_of(["7", "a"]) == hashlib.sha256(b"casebook\n7\na").hexdigest()


def test_a_key_is_known_however_it_is_stored() -> None:
    assert without_forgotten(ROWS, spec(["id"], digest_of(["7"]), digest_of(["9"])))["x"].tolist() == [2, 3]
    left = without_forgotten(ROWS, spec(["id", "part"], digest_of(["8", "b"]), digest_of(["7", "b"])))
    assert left["x"].tolist() == [1, 3, 4]
    assert left.index.tolist() == [0, 1, 2]


def test_nobody_forgotten_leaves_the_frame_itself() -> None:
    assert without_forgotten(ROWS, spec(["id"])) is ROWS


def test_without_a_key_nobody_can_be_known() -> None:
    with pytest.raises(CasebookError, match=r"prepare\.forgotten: needs prepare\.key"):
        without_forgotten(ROWS, spec([], digest_of(["7"])))
