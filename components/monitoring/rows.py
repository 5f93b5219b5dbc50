"""The newest rows, from wherever the params say, as frames of raw rows; and outcomes that came later."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import pandas as pd

from components.core.databases import BATCH, literal, open_database
from components.core.errors import CasebookError
from components.core.files import nearest_path
from components.core.job import Job
from components.core.params.monitor import FileRows, LogRows, SqlRows
from components.core.parts import Watch
from components.monitoring.log import logged


def newest_rows(job: Job, watch: Watch, source: LogRows | FileRows | SqlRows) -> Iterator[pd.DataFrame]:
    """Frames of raw rows.

    Raises:
        CasebookError: the file or the database cannot be read, or has no rows; nothing has been logged.
    """
    if isinstance(source, LogRows):
        yield from logged(job.paths.root, job.case, days=source.days)
    elif isinstance(source, FileRows):
        path = job.paths.root / source.path
        if not path.exists():
            hint = f"correct operate.monitor.rows, or name a file with --rows{nearest_path(path)}"
            raise CasebookError(f"{path}: not found; {hint}")
        yield from watch.rows(job, path)
    else:
        yield from query_rows(source)


def query_rows(source: SqlRows) -> Iterator[pd.DataFrame]:
    """What a query answers, a batch at a time: no more is held, if the database's driver can stream.

    Raises:
        CasebookError: the variable is not set, the database cannot be reached, the query is wrong or answers nothing.
    """
    count, shown = 0, ""
    with open_database(source.variable, "operate.monitor") as database:
        shown = database.shown
        for names, part in database.batches(literal(source.query), BATCH):
            count += len(part)
            yield pd.DataFrame(part, columns=names)
    if not count:
        raise CasebookError(f"{shown}: the query of operate.monitor answers no rows: {source.query[:200]}")


def with_labels(
    rows: pd.DataFrame,
    case: str,
    labels: Iterable[pd.DataFrame],
    key: Sequence[str],
    outcome: Sequence[str],
    *,
    as_name: Callable[[pd.Series], pd.Series],
) -> pd.DataFrame:
    """The rows with the outcome columns of `labels`, whose own are left aside; empty where none has arrived.

    `as_name` makes texts of a key's cells, equal for one value however it was stored: rows and labels come from
    different places.

    Raises:
        CasebookError: the case has no key, or the rows or the labels lack a column of it or of the outcome, or the
            labels have a key twice.
    """
    if not key:
        raise CasebookError(f"{case}: operate.monitor.labels need columns that name a row; write them into prepare.key")
    found = pd.concat(list(labels), ignore_index=True)
    for what, frame, wanted in (("labels", found, [*key, *outcome]), ("rows", rows, [*key])):
        if absent := [name for name in wanted if name not in frame]:
            there = ", ".join(map(str, frame.columns[:20]))
            raise CasebookError(f"{case}: the {what} lack column(s) {', '.join(absent)}; there are: {there}")
    names, known = (_names(frame, key, as_name) for frame in (rows, found))
    if known.duplicated().any():
        example = known[known.duplicated()].iloc[0]
        raise CasebookError(f"{case}: the labels have {known.duplicated().sum()} key(s) twice, such as {example!r}")
    place = pd.Index(known).get_indexer(pd.Index(names))
    joined = rows.copy()
    for name in outcome:
        joined[name] = found[name].astype(object).where(found[name].notna(), None).to_numpy()[place]
        joined.loc[place < 0, name] = None
    return joined


def _names(frame: pd.DataFrame, key: Sequence[str], as_name: Callable[[pd.Series], pd.Series]) -> pd.Series:
    texts = [as_name(frame[name]) for name in key]
    return pd.Series([repr(values) for values in zip(*texts, strict=True)], dtype=object)
