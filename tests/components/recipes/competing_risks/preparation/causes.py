"""Small cohorts with two causes for the tests of this folder."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from components.core.files import write_json
from components.core.job import PREPARED_FILES, Meta
from components.recipes.competing_risks.preparation.preparation import prepare as prepare_job
from tests.components.kits.survival.preparation.cohorts import block as one_event
from tests.components.kits.tables.tables import SOURCE
from tests.toy.jobs import job_of_block

CAUSES = [{"name": "relapse", "values": [1]}, {"name": "death", "values": [2]}]
TARGET = {"time": "days", "event": "status", "per_year": 365.25, "causes": CAUSES}


def block(**changes: Any) -> dict[str, Any]:
    """A whole `prepare` block; the outcome is column `days` and column `status`."""
    return one_event(target=TARGET) | changes


def patients(rows: int = 300, seed: int = 5) -> pd.DataFrame:
    """Made-up patients: the older, the sooner they die; relapses come to all alike."""
    random = np.random.default_rng(seed)
    age = random.integers(20, 80, rows)
    times = np.column_stack([random.exponential(3_000, rows), random.exponential(90_000 / age)])
    end = random.integers(200, 4000, rows)
    status = np.where(times.min(axis=1) <= end, 1 + times.argmin(axis=1), 0)
    return pd.DataFrame(
        {
            "age": age,
            "site": random.choice(["Rome", "Oslo"], rows),
            "days": np.minimum(np.ceil(times.min(axis=1)), end).astype(int),
            "status": status,
        }
    )


def in_two_columns(rows: int = 300) -> pd.DataFrame:
    """The same, with whether there was an event in one column and which in another."""
    found = patients(rows)
    status = found.pop("status")
    return found.assign(ended=(status > 0).astype(int), why=status.map({0: None, 1: "back again", 2: "died"}))


def prepare(folder: Path, content: dict[str, Any], **tables: pd.DataFrame) -> Meta:
    """Prepare `rows.csv` and others by their names from `folder/raw` to `folder/prepared`."""
    raw = folder / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    write_json(raw / "source.json", SOURCE)
    for name, table in tables.items():
        table.to_csv(raw / f"{name}.csv", index=False)
    return prepare_job(job_of_block("competing_risks", folder, content))


def prepared(folder: Path) -> pd.DataFrame:
    """All rows of the three splits, in the file's order."""
    files = [folder / "prepared" / PREPARED_FILES[name] for name in ("train", "validation", "test")]
    return pd.concat([pd.read_parquet(file) for file in files]).sort_values("row", ignore_index=True)
