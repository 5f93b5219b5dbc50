"""What this machine has, and how many cases run side by side on it."""

import os
from pathlib import Path

import psutil
import pytest

from pipelines.room import A_CASE, Cores, Memory, memory, side_by_side, usable_cores


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
    assert memory(tmp_path) == Memory(5_000_000, 4_000_000, limited=True)
    (tmp_path / "memory.current").write_text("5000001\n")
    assert memory(tmp_path).free == 0


@pytest.mark.parametrize("limit", ["max\n", None, f"{1 << 60}\n"])
def test_where_there_is_none_the_machine_counts(tmp_path: Path, limit: str | None) -> None:
    if limit is not None:
        (tmp_path / "memory.max").write_text(limit)
        (tmp_path / "memory.current").write_text("1000000\n")
    total, found = psutil.virtual_memory().total, memory(tmp_path)
    assert (found.total, found.limited) == (total, False)
    assert 0.01 * total < found.free <= total


@pytest.mark.parametrize(
    ("quota", "usable", "share"),
    [
        ("100000 100000\n", 1, 1.0),
        ("50000 100000\n", 1, 0.5),  # one in any case
        ("99900000 100000\n", None, 999.0),
        ("max 100000\n", None, None),
        (None, None, None),
    ],
)
def test_the_quota_of_a_container_and_the_affinity_count(
    tmp_path: Path, quota: str | None, usable: int | None, share: float | None
) -> None:
    if quota is not None:
        (tmp_path / "cpu.max").write_text(quota)
    allowed = os.sched_getaffinity(0)
    assert usable_cores(tmp_path) == Cores(os.cpu_count() or 0, usable or len(allowed), share)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        assert usable_cores(tmp_path).usable == 1
    finally:
        os.sched_setaffinity(0, allowed)
