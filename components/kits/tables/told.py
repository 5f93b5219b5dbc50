"""`told.json` of a prepared table: what its readers pass on of it, beside the rows."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from components.core.files import read_json, write_json
from components.core.results import Table
from components.kits.tables.encoding.spec import FeatureParams
from components.kits.tables.hindsight import Hindsight, hindsight_table
from components.kits.tables.shares import Shares, shares_table

FILE, GROUPS, GROUP = "told.json", "groups.parquet", "group of the split"


def write_told(folder: Path, shares: Shares, suspects: Sequence[Hindsight] = ()) -> None:
    write_json(folder / FILE, {"splits": shares.to_json(), "hindsight": [one.to_json() for one in suspects]})


def told_tables(prepared: Path, positive: str) -> list[Table]:
    """What the model card says of a prepared folder; nothing of one that was made before there was anything."""
    content = read_told(prepared)
    if not content:
        return []
    return [shares_table(content["splits"], positive), hindsight_table(content["hindsight"])]


def read_told(prepared: Path) -> dict[str, Any]:
    path = prepared / FILE
    return dict(read_json(path)) if path.is_file() else {}


def write_groups(folder: Path, key: pd.DataFrame, by: pd.Series, spec: FeatureParams) -> None:
    """The number of each row's group beside its key (N, K), where groups decide: cross-validation cuts by it, too."""
    if spec.split.by == "group":
        key.assign(**{GROUP: pd.factorize(by)[0]}).to_parquet(folder / GROUPS, index=False)


def read_groups(prepared: Path, rows: pd.DataFrame, key: list[str]) -> np.ndarray | None:
    """The number of each row's group (N,), None where no groups decide."""
    path = prepared / GROUPS
    if not path.is_file():
        return None
    return rows[key].merge(pd.read_parquet(path), on=key, how="left")[GROUP].to_numpy(np.int64)
