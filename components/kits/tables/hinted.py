"""Guesses at columns with what a person says of them, and with cells that are no numbers among numbers."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from pydantic import TypeAdapter

from components.kits.tables.dated import date_column
from components.kits.tables.encoding.laboratory import without_marks
from components.kits.tables.encoding.spec import Column
from components.kits.tables.encoding.text import as_label, as_text
from components.kits.tables.encoding.values import read_cells
from components.kits.tables.hints import Hints
from components.kits.tables.kinds import guess_column
from components.kits.tables.seen import Guess
from components.kits.tables.sentinels import find_sentinels

COLUMN: TypeAdapter[Column] = TypeAdapter(Column)
NUMBERS = ("numeric", "amount")
FEWEST = 3  # different numbers without a mark
LEFT_OUT = "--ignore said so"

Guesser = Callable[[str, pd.Series, Iterable[str]], Guess]


def guess_hinted(
    name: str, cells: pd.Series, missing: Iterable[str], hints: Hints, guess: Guesser = guess_column
) -> Guess:
    """As `guess` has it, which is not asked about what the hints settle; numbers as laboratories write them are
    numbers, and those of them that stand for no value are the column's own `missing`.
    """
    if name in hints.ignore:
        return Guess(None, LEFT_OUT)
    texts = hints.no_value(name, missing)
    if name in hints.dates:
        found = _dated(name, cells, texts, hints.dates[name])
    else:
        found = _of_a_laboratory(name, cells, texts, guess) or guess(name, cells, texts)
    if found.column is None:
        return found
    kept = {text.lower() for text in hints.present.get(name, ())}
    own = tuple(text for text in _sentinels(found, cells, texts) if text.lower() not in kept)
    stated = hints.told(name)
    if every := [*own, *stated.pop("missing", ())]:
        stated["missing"] = every
    return replace(found, column=found.column | stated, sentinels=own)


def _of_a_laboratory(name: str, cells: pd.Series, missing: tuple[str, ...], guess: Guesser) -> Guess | None:
    """Numbers, of which some have an open end or a flag: `<0.01`, `7.4 H`."""
    if not pd.api.types.is_string_dtype(cells.dtype):
        return None
    text = as_text(cells, missing)
    plain = without_marks(text)
    marks = pc.fill_null(pc.not_equal(plain, text), False)
    marked, unmarked = (text.filter(which).drop_null().unique() for which in (marks, pc.invert(marks)))
    if not len(marked) or len(unmarked) < max(FEWEST, len(marked)):
        return None  # `<18`, `18 to 65` and `>65` are classes
    found = guess(name, pd.Series(plain.to_pandas(), index=cells.index, name=name), missing)
    if found.column is None or found.column["kind"] not in NUMBERS:
        return None
    return replace(found, column=found.column | {"laboratory": True}, marked=tuple(marked.to_pylist()))


def _sentinels(guess: Guess, cells: pd.Series, missing: tuple[str, ...]) -> tuple[str, ...]:
    """The texts of numbers that stand for no value."""
    if guess.column is None or guess.column["kind"] not in NUMBERS:
        return ()
    present = as_label(as_text(cells, (*missing, *guess.words))).drop_null().value_counts()
    numbers, _ = read_cells(present.field("values"), COLUMN.validate_python(guess.column), ())
    found = find_sentinels(np.asarray(numbers), present.field("counts").to_numpy())
    return tuple(present.field("values")[int(place)].as_py() for place in np.flatnonzero(found))


def _dated(name: str, cells: pd.Series, missing: Iterable[str], formats: tuple[str, ...]) -> Guess:
    text = as_text(cells, missing)
    column = date_column(name, text.drop_null().unique().to_pandas(), formats)
    _, broken = read_cells(text, COLUMN.validate_python(column), ())
    return Guess(column, broken=float(broken.sum() / max(1, len(text) - text.null_count)))
