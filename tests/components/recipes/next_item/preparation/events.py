"""Small events and `prepare` blocks for the tests of this folder."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from components.core.files import write_json
from components.core.job import Job, Meta
from components.recipes.next_item.preparation.preparation import prepare as prepare_job
from tests.toy.jobs import job_of_block

COLUMNS = {"user": "user", "item": "item", "time": "time", "rating": "rating"}
BY_TIME = {"by": "time", "validation": 0.2, "test": 0.2}
SPLITS = ("train", "val", "test")

Rows = pd.DataFrame | str | bytes


def block(**changes: Any) -> dict[str, Any]:
    """A whole `prepare` block for `events.csv` with the columns user, item, time, rating."""
    return {
        "file": "events.csv",
        "missing": ["NA", "?"],
        "columns": COLUMNS,
        "time_unit": "seconds",
        "odd_times": "keep",  # small numbers, as are easily read
        "zero_rating": None,
        "least_known": 0.0,
        "rating_bands": 10,
        "users": None,
        "items": None,
        "duplicates": "drop",
        "merge_within": None,
        "repeats": "exclude",  # so that few events may hold what they like
        "k_core": {"user": 0, "item": 0},
        "split": {"by": "leave_one_out"},
        "max_rejected": 0.5,
        "memory_limit": "200MB",
        "threads": 1,
    } | changes


def events(rows: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    """(user, item, time) or (user, item, time, rating)."""
    filled = [row if len(row) == 4 else (*row, 3) for row in rows]
    return pd.DataFrame(filled, columns=list(COLUMNS), dtype=object)


def three_each(users: str = "ab") -> pd.DataFrame:
    """Users who each had items 1, 2, 3 at seconds 10, 20, 30."""
    return events([(user, item, 10 * item) for user in users for item in (1, 2, 3)])


def prepare(folder: Path, rows: Rows, content: dict[str, Any], sides: Mapping[str, str] | None = None) -> Meta:
    """Prepare events, few as they may be, from `folder/raw` to `folder/prepared`; `sides` are texts of more files."""
    return prepare_job(written(folder, rows, content, sides), refuse=lambda *_: None)


def written(folder: Path, rows: Rows, content: dict[str, Any], sides: Mapping[str, str] | None = None) -> Job:
    """The job of events that stand in `folder/raw`."""
    raw = folder / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    write_json(raw / "source.json", {"kind": "file"})
    for name, text in (sides or {}).items():
        (raw / name).write_text(text, encoding="utf-8")
    if isinstance(rows, pd.DataFrame) and content["file"].endswith(".parquet"):
        rows.to_parquet(raw / content["file"], index=False)
    else:
        text = rows.to_csv(index=False) if isinstance(rows, pd.DataFrame) else rows
        (raw / content["file"]).write_bytes(text.encode() if isinstance(text, str) else text)
    return job_of_block("next_item", folder, content)


def prepared(folder: Path) -> dict[str, pd.DataFrame]:
    names = (*SPLITS, "users", "items", "rejected")
    return {name: pd.read_parquet(folder / "prepared" / f"{name}.parquet") for name in names}


def with_ids(folder: Path) -> dict[str, list[tuple[str, str, int]]]:
    """(user id, item id, event) of each split, in the order of the file."""
    tables = prepared(folder)
    users, items = tables["users"]["id"].to_numpy(), tables["items"]["id"].to_numpy()
    return {
        name: list(
            zip(
                users[tables[name]["user"]].tolist(),
                items[tables[name]["item"]].tolist(),
                tables[name]["event"].tolist(),
                strict=True,
            )
        )
        for name in SPLITS
    }
