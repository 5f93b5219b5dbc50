"""Small tables and `prepare` blocks for the tests of this folder."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from components.core.errors import CasebookError
from components.core.files import write_json
from components.core.job import Meta
from components.kits.tables.encoding.spec import TableParams
from components.recipes.binary.preparation.preparation import prepare as prepare_job
from tests.toy.jobs import job_of_block

NUMERIC = {"kind": "numeric", "min": None, "max": None}
CATEGORICAL = {"kind": "categorical", "values": None}
SOURCE = {"kind": "file", "sha256": "0" * 64}


def block(columns: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A whole `prepare` block; the target is column `y` of yes and no."""
    return {
        "file": "rows.csv",
        "missing": ["NA", "?", "-"],
        "key": [],
        "target": {"column": "y", "positive": "yes", "negative": "no"},
        "columns": columns,
        "derived": {},
        "ignore": {},
        "split": {"by": "stratified", "validation": 0.2, "test": 0.2, "seed": 1},
        "encode": {"numeric": "quantile", "knots": 256, "min_count": 2},
        "max_rejected": 0.1,
        "max_leak_auc": 0.99,
    } | changes


def spec(columns: dict[str, Any], **changes: Any) -> TableParams:
    return TableParams.model_validate(block(columns, **changes))


def told(check: Callable[..., None], *values: Any) -> str:
    """What a check refuses the values with; nothing where they pass."""
    try:
        check(*values)
    except CasebookError as error:
        return str(error)
    return ""


def applications(rows: int, seed: int = 5) -> pd.DataFrame:
    """Made-up rows: `age` and `sum` say something of `y` but not all, `town` nothing."""
    random = np.random.default_rng(seed)
    age = random.integers(18, 80, rows)
    amount = random.normal(100, 20, rows).round(2)
    risky = (age < 40) & (random.random(rows) < 0.7) | (random.random(rows) < 0.2)
    town = random.choice(["Rome", "Oslo", "北京"], rows)
    return pd.DataFrame({"age": age, "sum": amount, "town": town, "y": np.where(risky, "yes", "no")})


APPLICATION = {"age": {"kind": "numeric", "min": 18, "max": 110}, "sum": NUMERIC, "town": CATEGORICAL}


def write_raw(folder: Path, table: pd.DataFrame | str | bytes) -> Path:
    """A raw folder as `fetch` leaves it, with `rows.csv`."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "source.json", SOURCE)
    text = table.to_csv(index=False) if isinstance(table, pd.DataFrame) else table
    (folder / "rows.csv").write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


def prepare(folder: Path, table: pd.DataFrame | str | bytes, content: dict[str, Any]) -> Meta:
    """Prepare a table from `folder/raw` to `folder/prepared`."""
    write_raw(folder / "raw", table)
    return prepare_job(job_of_block("binary", folder, content))
