"""The log of `casebook predict`: what was asked and what was answered, in Parquet files that are only ever added."""

import logging
import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from components.core.errors import CasebookError
from components.core.files import whole_file
from components.core.params.monitor import PredictionLog
from components.core.private import file_mode, private_folder

log = logging.getLogger(__name__)

OURS = "casebook."  # before the names of the log's own columns; a raw column of such a name is not kept
TIME, VERSION, SAID = f"{OURS}time", f"{OURS}version", f"{OURS}said."
REFUSED = f"{OURS}refused"  # only where the rows were
BESIDE = ("shadow", "canary")  # folders in the log's, of versions that were tried beside the champion
STAMP = "%Y%m%dT%H%M%S%fZ"
SUFFIX = ".parquet"
MEGABYTE = 1_000_000


def log_folder(root: Path, case: str) -> Path:
    return root / "state" / "predictions" / case


def append(
    root: Path,
    case: str,
    rows: pd.DataFrame,
    scores: pd.DataFrame,
    version: str,
    params: PredictionLog,
    now: datetime | None = None,
    *,
    refused: bool = False,
    beside: str = "",
) -> Path | None:
    """Add raw rows (N) and what `version` said of them (N, or none), or would have said had they not been `refused`, as
    one file; drop what is too old or too much. What a version said `beside` the champion has a folder of its own.

    The file appears whole or not at all, under a name that no other process takes. Returns it; None if there are no
    rows.
    """
    if not len(rows):
        return None
    now = now or datetime.now(UTC)
    kept = rows[[name for name in rows if not str(name).startswith(OURS)]].reset_index(drop=True)
    said = {f"{SAID}{name}": values.to_numpy() for name, values in scores.items()} if len(scores) == len(rows) else {}
    table = pa.Table.from_pandas(pd.concat([_storable(kept), pd.DataFrame(said)], axis=1), preserve_index=False)
    table = table.append_column(TIME, pa.array([now] * len(kept), pa.timestamp("us", tz="UTC")))
    table = table.append_column(VERSION, pa.array([version] * len(kept)))
    if refused:
        table = table.append_column(REFUSED, pa.array([True] * len(kept)))
    folder = log_folder(root, case) / beside
    target = folder / f"{now.strftime(STAMP)}-{os.getpid()}-{uuid.uuid4().hex[:8]}{SUFFIX}"
    for path in (log_folder(root, case).parent, log_folder(root, case), folder):
        private_folder(path, root)
    with whole_file(target, file_mode(root)) as temporary:
        pq.write_table(table, temporary, compression="zstd", write_page_checksum=True)
    forget_old(root, case, params, now)
    _bound(folder, int(params.megabytes * MEGABYTE))
    return target


def forget_old(root: Path, case: str, params: PredictionLog, now: datetime | None = None) -> int:
    """Remove the files that are older than `params.days`; how many those were."""
    before = ((now or datetime.now(UTC)) - timedelta(days=params.days)).strftime(STAMP)
    old = [path for path in _all_files(root, case) if path.name < before]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def forget_key(
    root: Path, case: str, columns: Sequence[str], key: Sequence[str], *, as_name: Callable[[pd.Series], pd.Series]
) -> int:
    """Take the rows with this key out of every file; how many those were. A file in which no other is left goes.

    `as_name` makes texts of cells, equal for one value however it was stored.

    Raises:
        CasebookError: a file cannot be read.
    """
    count = 0
    for path in _all_files(root, case):
        table = _read(path)
        if table is None or not set(columns) <= set(table.column_names):
            continue
        cells = table.select([*columns]).to_pandas(ignore_metadata=True)
        mine = np.logical_and.reduce([as_name(cells[name]) == value for name, value in zip(columns, key, strict=True)])
        if mine.all():
            path.unlink(missing_ok=True)
        elif mine.any():
            with whole_file(path, file_mode(root)) as temporary:
                pq.write_table(table.filter(pa.array(~mine)), temporary, compression="zstd")
        count += int(mine.sum())
    return count


def _read(path: Path) -> pa.Table | None:
    """None where the file has gone beyond the bound meanwhile."""
    try:
        return pq.read_table(path, page_checksum_verification=True)
    except FileNotFoundError:
        return None
    except (pa.ArrowException, OSError, ValueError) as error:
        raise CasebookError(f"{path}: not a readable file of the log: {error}; remove it") from None


def logged(root: Path, case: str, *, days: float, now: datetime | None = None) -> Iterator[pd.DataFrame]:
    """The raw rows of each file of the last `days`, the oldest first.

    Raises:
        CasebookError: there is none.
    """
    now, folder = now or datetime.now(UTC), log_folder(root, case)
    since = (now - timedelta(days=days)).strftime(STAMP)
    found = [path for path in _files(folder) if path.name >= since]
    if not found:
        raise CasebookError(
            f"{folder}: nothing was logged in the last {days:g} days; `casebook predict {case} …` logs "
            "what it is asked while operate.monitor.log.enabled is true; or name a file with --rows"
        )
    for path in found:
        if (table := _read(path)) is None:
            continue
        frame = table.to_pandas(ignore_metadata=True)
        yield frame[[name for name in frame if not str(name).startswith(OURS)]]


def refused_rows(root: Path, case: str, *, days: float, now: datetime | None = None) -> int:
    """How many rows of the last `days` were refused, as they are not written as those of training."""
    since = ((now or datetime.now(UTC)) - timedelta(days=days)).strftime(STAMP)
    recent = [path for path in _files(log_folder(root, case)) if path.name >= since]
    return sum(pq.read_metadata(path).num_rows for path in recent if REFUSED in pq.read_schema(path).names)


def _files(folder: Path) -> list[Path]:
    """Names begin with the time, so their order is the time's; a draft of a writer begins with a dot."""
    return sorted(path for path in folder.glob(f"*{SUFFIX}") if not path.name.startswith("."))


def _all_files(root: Path, case: str) -> list[Path]:
    folder = log_folder(root, case)
    return [path for one in (folder, *(folder / name for name in BESIDE)) for path in _files(one)]


def _bound(folder: Path, most: int) -> None:
    """Remove the oldest files until the others have at most `most` bytes; the newest stays."""
    sizes = [(path, size) for path in _files(folder) if (size := _size(path)) is not None]
    total = sum(size for _, size in sizes)
    for path, size in sizes[:-1]:
        if total <= most:
            return
        path.unlink(missing_ok=True)
        total -= size


def _size(path: Path) -> int | None:
    """None where another process has just removed it."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _storable(rows: pd.DataFrame) -> pd.DataFrame:
    """Columns of several types, as databases and spreadsheets give them, as text; bytes stay."""
    mixed = [
        name
        for name, values in rows.items()
        if values.dtype == object and not values.dropna().map(lambda cell: isinstance(cell, bytes)).all()
    ]
    stored = rows.copy()
    for name in mixed:
        stored[name] = rows[name].map(str, na_action="ignore").astype("str")
    return stored
