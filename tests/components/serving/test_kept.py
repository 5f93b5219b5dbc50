"""The log of a server: sampled, bounded, each version that is tried in a folder of its own, and forgotten with it."""

import errno
import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from components.core.params.monitor import PredictionLog
from components.monitoring.log import append, forget_key, log_folder, logged
from components.serving.kept import Keeper
from components.serving.metrics import Figures
from tests.components.serving.served import until

LOG = PredictionLog(enabled=True, rows=5, megabytes=1, days=90)


def counted(figures: Figures, name: str) -> float:
    return figures.registry.get_sample_value(name, {"case": "toy"}) or 0.0


def add(keeper: Keeper, rows: range, beside: str = "") -> None:
    keeper.add("toy", "1", [({"id": row},) for row in rows], [{"score": row / 100} for row in rows], beside=beside)


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    return Keeper(tmp_path, {"toy": LOG}, Figures(), every=3600.0)


def test_of_many_rows_a_sample_is_kept_with_what_was_said_of_each(keeper, tmp_path):
    keeper.start()
    add(keeper, range(100))
    keeper.stop()
    (path,) = log_folder(tmp_path, "toy").glob("*.parquet")
    table = pq.read_table(path).to_pandas()
    assert len(table) == LOG.rows
    assert (table["casebook.said.score"] == table["id"] / 100).all()


def test_what_becomes_several_rows_counts_as_many_whatever_its_columns(keeper, tmp_path):
    keeper.start()
    histories = [
        tuple({"id": user, name: item} for item in range(2)) for user in range(20) for name in ("item", "film")
    ]
    keeper.add("toy", "1", histories, [{}] * len(histories))
    keeper.stop()
    tables = [pq.read_table(path) for path in log_folder(tmp_path, "toy").glob("*.parquet")]
    assert sum(len(table) for table in tables) == 4  # of at most 5, two at a time


def test_rows_that_the_disk_is_too_slow_for_are_left_out_and_counted(tmp_path, monkeypatch):
    monkeypatch.setattr("components.serving.kept.ROOM", 8)
    figures = Figures()
    keeper = Keeper(tmp_path, {"toy": LOG}, figures, every=3600.0)
    add(keeper, range(20))  # nobody writes yet
    assert counted(figures, "casebook_log_dropped_rows_total") == 12
    keeper.start()
    keeper.stop()
    (newest,) = logged(tmp_path, "toy", days=1)
    assert len(newest) == LOG.rows


def test_a_disk_that_is_full_is_counted_and_written_to_when_there_is_room(tmp_path, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    figures = Figures()
    keeper = Keeper(tmp_path, {"toy": LOG}, figures, every=0.01)
    with monkeypatch.context() as disk:
        disk.setattr("components.monitoring.log.append", full)
        keeper.start()
        add(keeper, range(3))
        until(lambda: figures.registry.get_sample_value("casebook_log_failures_total"), "a file that fails")
    add(keeper, range(3, 5))
    keeper.stop()
    (newest,) = logged(tmp_path, "toy", days=1)
    assert newest["id"].tolist() == [3, 4]


def test_what_is_tried_beside_the_champion_is_not_read_as_its_own_and_is_forgotten_too(keeper, tmp_path):
    keeper.start()
    for beside in ("", "shadow", "canary"):
        add(keeper, range(3), beside)
    keeper.stop()
    assert [len(frame) for frame in logged(tmp_path, "toy", days=1)] == [3]
    assert forget_key(tmp_path, "toy", ["id"], ["2"], as_name=lambda cells: cells.map(str)) == 3
    left = log_folder(tmp_path, "toy").rglob("*.parquet")
    assert sorted(pq.read_table(path).column("id").to_pylist() for path in left) == [[0, 1]] * 3


def test_each_folder_of_the_log_stays_within_its_bytes(tmp_path):
    import pandas as pd

    small = PredictionLog(enabled=True, rows=5, megabytes=0.004, days=90)
    for beside in ("", "shadow"):
        for turn in range(6):
            append(tmp_path, "toy", pd.DataFrame({"id": [turn]}), pd.DataFrame(), "1", small, beside=beside)
        folder = log_folder(tmp_path, "toy") / beside
        assert 1 <= len(list(folder.glob("*.parquet"))) < 6
        assert sum(path.stat().st_size for path in folder.glob("*.parquet")) <= 4000
