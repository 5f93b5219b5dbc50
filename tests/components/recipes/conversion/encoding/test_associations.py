"""Probabilities of three characters and of two pairs, written out."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from components.recipes.conversion.encoding.associations import (
    BACKED_OFF,
    MOST_ATTRACTED,
    MOST_REPELLED,
    UNSEEN,
    Associations,
    make_associations,
    read_associations,
)
from components.recipes.conversion.encoding.ngrams import START

A, B, C = 2, 3, 4


@pytest.fixture
def table() -> Associations:
    """C is not in it."""
    return make_associations({A: np.log(0.5), B: np.log(0.1)}, {(B, A): np.log(0.04), (A, B): np.log(0.02)}, 5)


def test_characters_and_pairs(table: Associations) -> None:
    assert_allclose(table.character[[A, B, C]], [np.log(0.5), np.log(0.1), UNSEEN], rtol=1e-6)
    assert_allclose(
        table.pair(np.array([A, B, A]), np.array([B, A, A])), [np.log(0.02), np.log(0.04), UNSEEN], rtol=1e-6
    )


def test_attraction_is_the_log_ratio_to_chance(table: Associations) -> None:
    attraction = table.attraction(np.array([A, B, A, C]), np.array([B, A, A, C]))
    expected = [np.log(0.02 / (0.5 * 0.1)), np.log(0.04 / (0.5 * 0.1)), MOST_REPELLED, MOST_ATTRACTED]
    assert_allclose(attraction, expected, rtol=1e-5)


def test_a_character_after_another_is_mixed_with_itself(table: Associations) -> None:
    after = table.after(np.array([B, A, START]), np.array([A, A, A]))
    seen = (1 - BACKED_OFF) * 0.04 / 0.1 + BACKED_OFF * 0.5
    unseen = (1 - BACKED_OFF) * np.exp(UNSEEN) / 0.5 + BACKED_OFF * 0.5
    assert_allclose(np.exp(after), [seen, unseen, 0.5], rtol=1e-6)


def test_distribution_sums_to_one_over_characters(table: Associations) -> None:
    total = 0.5 + 0.1 + np.exp(UNSEEN)
    assert_allclose(table.distribution(), [0, 0, 0.5 / total, 0.1 / total, np.exp(UNSEEN) / total], rtol=1e-5)


def test_without_a_table_all_characters_are_alike() -> None:
    table = make_associations({}, {}, 5)
    assert_allclose(table.distribution(), [0, 0, 1 / 3, 1 / 3, 1 / 3])
    assert table.pair(np.array([A]), np.array([B])).tolist() == [UNSEEN]


def test_file_gives_the_table_back(table: Associations, tmp_path: Path) -> None:
    (tmp_path / "associations.parquet").write_bytes(table.to_content())
    read = read_associations(tmp_path / "associations.parquet", 5)
    assert read.pairs.tolist() == table.pairs.tolist()
    assert_allclose(read.joint, table.joint, rtol=0.001)
