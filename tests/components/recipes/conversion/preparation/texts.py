"""Small texts and `prepare` blocks for the tests of this folder."""

from pathlib import Path
from typing import Any

import pandas as pd

from components.core.files import write_json
from components.core.job import Meta
from components.recipes.conversion.preparation.preparation import prepare as prepare_job
from tests.toy.jobs import job_of_block

SPLITS = ("train", "val", "test")


def block(**changes: Any) -> dict[str, Any]:
    """A whole `prepare` block for a plain `text.txt`, a line a block, a quarter validation and a quarter test."""
    return {
        "file": "text.txt",
        "form": "plain",
        "lengths": {"shortest": 2, "longest": 60},
        "readings": "none",
        "associations": None,
        "frequencies": None,
        "other_text": [],
        "split": {"lines": 1, "seed": 1998, "validation": 0.25, "test": 0.25},
        "remove_duplicates": "none",
        "max_rejected": 0.0,
    } | changes


def prepare(folder: Path, text: str | bytes, content: dict[str, Any]) -> Meta:
    raw = folder / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    write_json(raw / "source.json", {"kind": "file"})
    (raw / "text.txt").write_bytes(text.encode() if isinstance(text, str) else text)
    return prepare_job(job_of_block("conversion", folder, content))


def prepared(folder: Path) -> dict[str, pd.DataFrame]:
    return {name: pd.read_parquet(folder / "prepared" / f"{name}.parquet") for name in (*SPLITS, "rejected")}


def clauses(folder: Path) -> pd.DataFrame:
    """All splits together by number, with the name of the split."""
    tables = prepared(folder)
    return pd.concat([tables[name].assign(split=name) for name in SPLITS]).sort_values("clause", ignore_index=True)
