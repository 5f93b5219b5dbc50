"""Effects of a table's columns on what a model says: partial dependence (Friedman, 2001), by columns as they come in.

A column's value is put into all rows, and what is derived of it follows; the other columns stay as they are.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from components.evaluation.examples import drawn
from components.evaluation.presentation.effects import Effect
from components.kits.tables.encoding.convert import typed_rows
from components.kits.tables.encoding.encode import Encoded, TableEncoder
from components.kits.tables.encoding.replace import Replacements
from components.kits.tables.encoding.spec import Column
from components.kits.tables.encoding.values import TypedRows, Values, take
from components.kits.tables.explain import Scored, changes

ROWS = 150  # that answers are the mean of
POINTS = 12  # of a curve
INNER = (0.02, 0.98)  # quantiles between which a curve is drawn: beyond them there are too few rows
CLASSES = 6  # of a column at most, the most frequent
NUMBERS, NAMES = ("numeric", "amount"), ("categorical", "band", "boolean")

Answer = Callable[[Encoded], np.ndarray]


def strongest_effects(
    answer: Answer,
    rows: pd.DataFrame,
    columns: Mapping[str, Column],
    typical: Replacements,
    *,
    scale: Callable[[np.ndarray], np.ndarray],
    most: int,
    seed: int,
) -> list[Effect]:
    """Of rows drawn from a frame, the effects of the `most` columns that set them furthest apart from a typical row.

    `answer` takes encoded rows to (N,); changes are told on the scale that `scale` brings answers to.
    """
    encoder, some = typical.encoder, _some(rows, seed)
    typed = typed_rows(some, columns)
    encoded = encoder.encode_rows(typed)
    scored = Scored(typed, encoded, scale(answer(encoded)))
    strength = np.abs(changes(lambda one: scale(answer(one)), scored, typical)).mean(axis=0)
    order = [typical.names[place] for place in np.argsort(-strength, kind="stable")]
    shown = [name for name in order if columns[name].kind in (*NUMBERS, *NAMES)][:most]
    found = [effect(answer, typed, rows[name], columns[name], encoder) for name in shown]
    return [one for one in found if len(one.values)]


def effect(answer: Answer, typed: TypedRows, held: pd.Series, column: Column, encoder: TableEncoder) -> Effect:
    """The effect of the column that `held` is, over the typed rows (N)."""
    name, count = str(held.name), len(next(iter(typed.values())))
    values, shares = _values(held.dropna(), column)
    if not len(values):
        return Effect(name, values, values, shares)
    index = np.tile(np.arange(count), len(values))
    asked = {other: take(cells, index) for other, cells in typed.items()}
    asked[name] = _repeated(values, count, column.kind)
    answers = answer(encoder.encode_rows(asked)).reshape(len(values), count).mean(axis=1)
    return Effect(name, values, answers, shares)


def _some(rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    return rows.iloc[drawn(np.random.default_rng(seed), np.arange(len(rows)), ROWS)]


def _values(known: pd.Series, column: Column) -> tuple[np.ndarray, np.ndarray]:
    """What is put in (V,), and where the rows are: see `Effect`."""
    if column.kind in NUMBERS:
        numbers = known.to_numpy(np.float64)
        asked = np.quantile(numbers, np.linspace(*INNER, POINTS), method="nearest") if len(numbers) else numbers
        return np.unique(asked), numbers
    counts = {str(value): int(count) for value, count in known.astype(str).value_counts().items()}
    frequent = sorted(counts, key=lambda value: (-counts[value], value))[:CLASSES]
    if column.kind != "categorical":  # truths and bands have an order of their own
        labels = getattr(column, "labels", ("False", "True"))
        frequent.sort(key=labels.index)
    return np.array(frequent, object), np.array([counts[value] for value in frequent], np.int64)


def _repeated(values: np.ndarray, times: int, kind: str) -> Values:
    """Each of the values so many times, as a column of typed rows."""
    each = np.repeat(values, times)
    if kind in NUMBERS:
        return each.astype(np.float64)
    return pa.array(each == "True", pa.bool_()) if kind == "boolean" else pa.array(each, pa.large_string())
