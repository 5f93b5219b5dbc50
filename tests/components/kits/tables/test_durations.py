from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.kits.tables.read import read_table


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_durations_are_days_in_whatever_unit_they_are_stored(tmp_path: Path, unit: str) -> None:
    seconds = [86_400, None, 129_600]
    scale = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    ticks = [None if one is None else one * scale for one in seconds]
    table = pa.table({"name": ["a", "b", "c"], "stay": pa.array(ticks, pa.duration(unit))})
    pq.write_table(table, tmp_path / f"{unit}.parquet")
    found = read_table(tmp_path / f"{unit}.parquet")
    assert found["name"].tolist() == ["a", "b", "c"]
    assert found["stay"].dropna().tolist() == [1.0, 1.5]
    assert pd.isna(found["stay"].iloc[1])


def test_that_they_are_days_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pd.DataFrame({"stay": pd.to_timedelta([1, 2], unit="D")}).to_parquet(tmp_path / "rows.parquet")
    read_table(tmp_path / "rows.parquet")
    assert "1 column(s) of durations, such as stay, are read as days" in caplog.text
