"""The log of predictions: whole files, newest kept, what comes out is what was asked."""

import stat
from datetime import UTC, datetime, timedelta

import pandas as pd
import pyarrow.parquet as pq
import pytest

from components.core.errors import CasebookError
from components.core.params.monitor import PredictionLog
from components.monitoring.log import SAID, TIME, VERSION, append, forget_old, log_folder, logged, refused_rows

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
KEPT = PredictionLog(enabled=True, rows=100, megabytes=1.0)


def rows(count: int = 3) -> pd.DataFrame:
    return pd.DataFrame({"Age": ["30", "", "41"] * (count // 3), "Home": ["owner", "rent", "rent"] * (count // 3)})


def scores(count: int = 3) -> pd.DataFrame:
    return pd.DataFrame({"score": [0.25] * count})


def test_a_file_tells_when_what_who_and_how_sure(tmp_path):
    path = append(tmp_path, "toy", rows(), scores(), "7", KEPT, NOW)
    table = pq.read_table(path).to_pandas()
    assert path.parent == log_folder(tmp_path, "toy") == tmp_path / "state" / "predictions" / "toy"
    assert table["Age"].tolist() == ["30", "", "41"]
    assert set(table[VERSION]) == {"7"}
    assert set(table[TIME]) == {pd.Timestamp(NOW)}
    assert table[f"{SAID}score"].tolist() == [0.25] * 3


def test_refused_rows_come_back_like_others_and_are_counted(tmp_path):
    append(tmp_path, "toy", rows(6), scores(6), "7", KEPT, NOW - timedelta(days=9), refused=True)
    append(tmp_path, "toy", rows(3), scores(3), "7", KEPT, NOW - timedelta(days=1), refused=True)
    append(tmp_path, "toy", rows(3), scores(3), "7", KEPT, NOW)
    assert refused_rows(tmp_path, "toy", days=5, now=NOW) == 3
    assert refused_rows(tmp_path, "other", days=5, now=NOW) == 0
    assert [list(frame.columns) for frame in logged(tmp_path, "toy", days=5, now=NOW)] == [["Age", "Home"]] * 2


@pytest.mark.parametrize(("shared", "folder", "file"), [(False, 0o700, 0o600), (True, 0o770, 0o660)])
def test_others_cannot_read_it(tmp_path, shared, folder, file):
    (tmp_path / "params.yaml").write_text(f"operate: {{shared: {str(shared).lower()}}}\n")
    path = append(tmp_path, "toy", rows(), scores(), "7", KEPT, NOW)
    modes = [stat.S_IMODE(one.stat().st_mode) for one in (path.parent.parent, path.parent, path)]
    assert modes == [folder, folder, file]


def test_it_forgets_after_so_many_days(tmp_path):
    short = KEPT.model_copy(update={"days": 7.0})
    paths = [
        append(tmp_path, "toy", rows(), scores(), "1", short, NOW - timedelta(days=days)) for days in (7.1, 6.9, 0)
    ]
    assert sorted(log_folder(tmp_path, "toy").iterdir()) == paths[1:]  # the newest call has dropped the oldest file
    assert forget_old(tmp_path, "toy", short, NOW + timedelta(days=1)) == 1  # and monitoring does without a call
    assert [*log_folder(tmp_path, "toy").iterdir()] == paths[2:]
    assert forget_old(tmp_path, "other", short, NOW) == 0


def test_the_newest_come_back_as_they_were_asked_oldest_first(tmp_path):
    for days in (9, 1, 3):
        append(tmp_path, "toy", rows().assign(Age=str(days)), scores(), "1", KEPT, NOW - timedelta(days=days))
    found = list(logged(tmp_path, "toy", days=5, now=NOW))
    assert [frame["Age"].iloc[0] for frame in found] == ["3", "1"]
    assert [list(frame.columns) for frame in found] == [["Age", "Home"]] * 2


@pytest.mark.parametrize("before", [None, 9])
def test_nothing_logged_lately_is_said(tmp_path, before):
    if before is not None:
        append(tmp_path, "toy", rows(), scores(), "1", KEPT, NOW - timedelta(days=before))
    with pytest.raises(CasebookError, match="nothing was logged in the last 5 days; `casebook predict toy"):
        list(logged(tmp_path, "toy", days=5, now=NOW))


def test_the_oldest_go_when_there_is_too_much_and_the_newest_stays_however_large(tmp_path):
    paths = [
        append(tmp_path, "toy", rows(), scores(), "1", KEPT, NOW + timedelta(seconds=number)) for number in range(4)
    ]
    size = paths[0].stat().st_size
    tight = PredictionLog(enabled=True, rows=100, megabytes=2.5 * size / 1e6)
    last = append(tmp_path, "toy", rows(), scores(), "1", tight, NOW + timedelta(seconds=9))
    assert sorted(log_folder(tmp_path, "toy").iterdir()) == [paths[3], last]
    tiny = PredictionLog(enabled=True, rows=100, megabytes=1e-6)
    newest = append(tmp_path, "toy", rows(), scores(), "1", tiny, NOW + timedelta(seconds=10))
    assert list(log_folder(tmp_path, "toy").iterdir()) == [newest]


def test_what_a_killed_writer_left_is_not_read(tmp_path):
    append(tmp_path, "toy", rows(), scores(), "1", KEPT, NOW)
    (log_folder(tmp_path, "toy") / f".{NOW:%Y%m%dT%H%M%S%fZ}-1-x.parquet").write_bytes(b"PAR1 half")
    assert len(list(logged(tmp_path, "toy", days=1, now=NOW))) == 1


def test_a_broken_file_is_named(tmp_path):
    path = append(tmp_path, "toy", rows(), scores(), "1", KEPT, NOW)
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(CasebookError, match=f"{path.name}: not a readable file of the log"):
        list(logged(tmp_path, "toy", days=1, now=NOW))


def test_columns_of_several_types_and_of_bytes_are_kept_and_names_of_ours_are_not(tmp_path):
    odd = pd.DataFrame({"mixed": [1, "a", None], "pixels": [b"\x00", b"\xff", None], f"{SAID}score": [1, 2, 3]})
    append(tmp_path, "toy", odd.astype({"mixed": object, "pixels": object}), scores(0), "1", KEPT, NOW)
    (found,) = logged(tmp_path, "toy", days=1, now=NOW)
    assert found["mixed"].tolist()[:2] == ["1", "a"]
    assert found["mixed"].isna().tolist() == [False, False, True]
    assert found["pixels"].tolist() == [b"\x00", b"\xff", None]
    assert list(found.columns) == ["mixed", "pixels"]


def test_no_rows_leave_no_file(tmp_path):
    assert append(tmp_path, "toy", rows(0), scores(0), "1", KEPT, NOW) is None
    assert not log_folder(tmp_path, "toy").exists()


def test_a_file_that_is_not_what_was_written_is_named(tmp_path):
    path = append(tmp_path, "toy", rows(3000), scores(3000), "1", KEPT, NOW)
    content = bytearray(path.read_bytes())
    content[100] ^= 1  # in the first column's cells
    path.write_bytes(content)
    with pytest.raises(CasebookError, match=f"{path.name}: not a readable file of the log: .*; remove it"):
        list(logged(tmp_path, "toy", days=5, now=NOW))
