"""Small cohorts and `prepare` blocks for the tests of this folder."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from components.core.files import write_json
from components.core.job import Meta
from components.recipes.survival.preparation.preparation import prepare as prepare_job
from tests.components.kits.tables.tables import SOURCE
from tests.toy.jobs import job_of_block

AGE = {"kind": "numeric", "min": 18, "max": 110}
SITE = {"kind": "categorical", "values": None}
EXTERNAL = {"file": "other.csv", "target": {"time": "months", "event": "died", "per_year": 12.0}}


def block(**changes: Any) -> dict[str, Any]:
    """A whole `prepare` block; the outcome is column `days` and column `dead`."""
    return {
        "file": "rows.csv",
        "missing": ["NA"],
        "key": [],
        "target": {"time": "days", "event": "dead", "per_year": 365.25},
        "external": None,
        "columns": {"age": AGE, "site": SITE},
        "derived": {},
        "ignore": {},
        "split": {"by": "stratified", "validation": 0.2, "test": 0.2, "seed": 1},
        "encode": {"numeric": "standard", "knots": 256, "min_count": 2},
        "max_rejected": 0.1,
    } | changes


def patients(rows: int, seed: int = 5) -> pd.DataFrame:
    """Made-up patients: the older, the sooner."""
    random = np.random.default_rng(seed)
    age = random.integers(20, 80, rows)
    days = np.ceil(random.exponential(90_000 / age)).astype(int)
    end = random.integers(200, 4000, rows)
    return pd.DataFrame(
        {
            "age": age,
            "site": random.choice(["Rome", "Oslo"], rows),
            "days": np.minimum(days, end),
            "dead": (days <= end).astype(int),
        }
    )


def others(rows: int) -> pd.DataFrame:
    """Another cohort's patients: months, and a yes or no."""
    found = patients(rows, seed=9)
    months = (found.pop("days") / 30.4375).round(2)
    return found.assign(months=months, died=np.where(found.pop("dead") == 1, "yes", "no"))


def prepare(folder: Path, content: dict[str, Any], **tables: pd.DataFrame) -> Meta:
    """Prepare `rows.csv` and others by their names from `folder/raw` to `folder/prepared`."""
    raw = folder / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    write_json(raw / "source.json", SOURCE)
    for name, table in tables.items():
        table.to_csv(raw / f"{name}.csv", index=False)
    return prepare_job(job_of_block("survival", folder, content))
