"""The typed schema of a table's rows (pandera), and the rows that break it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
from pandera.errors import SchemaErrors

from components.core.errors import CasebookError
from components.kits.tables.encoding.convert import Typed
from components.kits.tables.encoding.spec import CategoricalColumn, Column, FeatureParams
from components.kits.tables.encoding.text import as_label, as_text
from components.kits.tables.encoding.values import UNREADABLE, rules

SHOWN = 5
NO_VALUE = "no value"
NOT_LISTED = "not one of its values"
DTYPES = {
    "numeric": "float64",
    "amount": "float64",
    "categorical": "str",
    "band": "str",
    "boolean": "boolean",
    "date": "datetime64[us]",
    "text": "str",
}


@dataclass(frozen=True)
class Rejections:
    """Rows that break the schema: `reasons` by position from 0, `counts` by the first reason of each."""

    reasons: pd.Series
    counts: dict[str, int]


def table_schema(spec: FeatureParams, typed: Typed, required: tuple[str, ...]) -> pandera.DataFrameSchema:
    """The schema of the typed columns and of `required` ones, in which every row has a value."""
    columns = {
        name: pandera.Column(DTYPES[column.kind], _checks(column, typed.unreadable[name]), nullable=True)
        for name, column in spec.columns.items()
    }
    for name in required:
        column = columns.setdefault(name, pandera.Column(None, nullable=True))
        column.checks.append(pandera.Check(lambda values: values.notna(), name=NO_VALUE, ignore_na=False))
    return pandera.DataFrameSchema(columns)


def find_rejections(
    frame: pd.DataFrame, typed: Typed, outcome: Mapping[str, pd.Series], spec: FeatureParams
) -> Rejections:
    """Check every raw row, whose index counts from 0; each breach is told as "column: rule: 'value'".

    `outcome` holds the typed columns of `spec.outcome`, in which every row must have a value.
    """
    required = {**outcome} | {name: _texts(frame[name]) for name in spec.key}
    if spec.split.by != "stratified":
        name = spec.split.column
        required[name] = typed.frame[name] if name in typed.frame else _texts(frame[name])
    checked = typed.frame.assign(**required)
    try:
        table_schema(spec, typed, tuple(required)).validate(checked, lazy=True)
    except SchemaErrors as error:
        breaches = error.failure_cases.sort_values("index", kind="stable")
    else:
        return Rejections(pd.Series(dtype="str"), {})
    rows = breaches["index"].astype("int64")
    names = breaches["column"] + ": " + breaches["check"]
    cells = [f": {_shown(frame[name].iloc[row])}" for name, row in zip(breaches["column"], rows, strict=True)]
    counts = names.groupby(rows).first().value_counts()
    return Rejections(
        (names + cells).groupby(rows).agg("; ".join), {str(name): int(count) for name, count in counts.items()}
    )


def check_share(rejections: Rejections, rows: int, spec: FeatureParams, file: Path, left_out: int = 0) -> None:
    """No more rows break the schema than `max_rejected` allows, beside those that the block leaves out by name."""
    broken, rows = len(rejections.reasons) - left_out, rows - left_out
    share = broken / max(1, rows)
    if share <= spec.max_rejected:
        return
    lines = []
    for name, count in sorted(rejections.counts.items(), key=lambda item: -item[1])[:SHOWN]:
        first = rejections.reasons[rejections.reasons.str.startswith(name)]
        lines.append(f"  {count} row(s), such as row {first.index[0] + 1}: {first.iloc[0]}")
    raise CasebookError(
        f"{file}: {broken} of {rows} rows ({share:.1%}) break the schema, and prepare.max_rejected "
        f"allows {spec.max_rejected:.1%}:\n" + "\n".join(lines) + "\n"
        "correct the file, or the columns' rules, missing or max_rejected under prepare"
    )


def _checks(column: Column, unreadable: np.ndarray) -> list[pandera.Check]:
    checks = [pandera.Check(rule, name=name) for name, rule in rules(column).items()]
    if isinstance(column, CategoricalColumn) and column.values is not None:
        listed = as_label(as_text(pd.Series(column.values), ())).to_pylist()
        checks.append(pandera.Check(lambda values: values.isin(listed), name=NOT_LISTED))
    if column.kind in UNREADABLE:
        # What cannot be read is missing in the typed column, so its place is looked up.
        readable = pd.Series(~unreadable)
        checks.append(pandera.Check(lambda _: readable, name=UNREADABLE[column.kind], ignore_na=False))
    return checks


def _texts(cells: pd.Series) -> pd.Series:
    text: pa.Array = as_label(as_text(cells, ()))
    return pd.Series(text.to_pandas(), dtype="str")


def _shown(cell: Any) -> str:
    return repr("" if pd.api.types.is_scalar(cell) and pd.isna(cell) else str(cell)[:60])
