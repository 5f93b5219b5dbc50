"""Columns of dates: their formats, which of day and month comes first, and the century of two digits."""

import logging
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from components.core.errors import CasebookError
from components.kits.tables.dates import both_ways, find_formats, latest_of
from components.kits.tables.encoding.spec import DateColumn
from components.kits.tables.encoding.text import NUMBER
from components.kits.tables.encoding.values import read_cells
from components.kits.tables.encoding.years import CENTURY
from components.kits.tables.seen import Guess, Seen, accept

log = logging.getLogger(__name__)


def guess_date(seen: Seen) -> Guess | None:
    """Dates, where most texts fit a few formats.

    Raises:
        CasebookError: some can only have the day first, others only the month.
    """
    texts = seen.texts.to_pandas()
    formats, broken = find_formats(texts, seen.name)
    if not formats:
        return None
    if broken.any() and (both := both_ways(texts, formats)):
        raise CasebookError(
            f"column {seen.name}: day and month stand both ways: {both[0]!r} has the day first, {both[1]!r} the month; "
            f"write them one way, say which one counts with --dates {seen.name}={formats[0]} (cells that do not fit "
            f"then set their rows aside), or leave the column out with --ignore {seen.name}"
        )
    return accept(seen, broken, date_column(seen.name, texts, formats), 0, _is_no_number)


def date_column(name: str, texts: pd.Series, formats: Sequence[str]) -> dict[str, Any]:
    """A column of dates; the last year that two digits mean in the texts (N,), if years have two, is told."""
    column: dict[str, Any] = {"kind": "date", "formats": list(formats)}
    latest = latest_of(name, texts, formats, datetime.now(UTC).year)
    if latest is None:
        return column
    column["latest"] = latest
    moments = np.asarray(read_cells(texts.tolist(), DateColumn.model_validate(column), ())[0])
    oldest = int(np.argmin(np.where(np.isnat(moments), moments[~np.isnat(moments)].max(), moments)))
    log.warning(
        "column %s: its years of two digits are taken for %d to %d, so %r is in %s; prepare.columns.%s.latest says so",
        name, latest - CENTURY + 1, latest, texts.iloc[oldest], str(moments[oldest])[:4], name,
    )  # fmt: skip
    return column


def _is_no_number(text: str) -> bool:
    return re.match(NUMBER, text) is None
