"""How many cases run side by side."""

from pathlib import Path

import psutil
import pytest

from pipelines.room import A_CASE, free_memory, side_by_side


@pytest.mark.parametrize(
    ("asked", "cores", "free", "found"),
    [
        (2, 2, 2 * A_CASE, 2),
        (2, 8, 2 * A_CASE - 1, 1),  # memory for one
        (2, 1, 9 * A_CASE, 1),
        (3, 2, 9 * A_CASE, 2),
        (1, 8, 9 * A_CASE, 1),
        (2, 2, 0, 1),  # one in any case
    ],
)
def test_each_has_a_core_and_memory(asked: int, cores: int, free: int, found: int) -> None:
    assert side_by_side(asked, cores=cores, free=free) == found


def test_the_limit_of_a_container_counts(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("5000000\n")
    (tmp_path / "memory.current").write_text("1000000\n")
    assert free_memory(tmp_path) == 4_000_000


@pytest.mark.parametrize("limit", ["max\n", None])
def test_where_there_is_none_the_machine_counts(tmp_path: Path, limit: str | None) -> None:
    if limit is not None:
        (tmp_path / "memory.max").write_text(limit)
        (tmp_path / "memory.current").write_text("1000000\n")
    total = psutil.virtual_memory().total
    assert 0.01 * total < free_memory(tmp_path) <= total
