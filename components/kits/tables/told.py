"""What is to be told of guesses at columns: which cells are taken for no value, or read as numbers."""

import logging
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from components.kits.tables.encoding.text import as_label, as_text
from components.kits.tables.encoding.values import read_cells
from components.kits.tables.hinted import COLUMN
from components.kits.tables.hints import Hints
from components.kits.tables.seen import Guess

log = logging.getLogger(__name__)

CLASSES = ("categorical", "boolean", "band")
WORDS = ("na", "none", "null")  # that name classes in some files: Namibia, or no pool


def tell_of_columns(guesses: Mapping[str, Guess], frame: pd.DataFrame, hints: Hints) -> None:
    """Warn of numbers, and of words in columns of classes, that are taken for no value, and of laboratory values."""
    for name, guess in guesses.items():
        assert guess.column is not None
        if guess.sentinels:
            _tell_of_sentinels(name, frame[name], guess)
        if guess.marked:
            log.warning(
                "column %s: cells such as %s are read as numbers: as the limit, without the flag (laboratory: true)",
                name, ", ".join(map(repr, guess.marked[:2])),
            )  # fmt: skip
        if guess.column["kind"] in CLASSES:
            tell_of_words(name, frame[name], hints)


def _tell_of_sentinels(name: str, cells: pd.Series, guess: Guess) -> None:
    text = as_label(as_text(cells, guess.words))
    numbers = np.asarray(read_cells(text, COLUMN.validate_python(guess.column), ())[0])
    others = numbers[~np.isnan(numbers)]
    for sentinel in guess.sentinels:
        count = pc.sum(pc.cast(pc.equal(text, sentinel), pa.int64())).as_py()
        log.warning(
            "column %s: %r, in %d cell(s), is taken for no value: the others are from %g to %g; if it is a number, say "
            "--present %s=%s, or take it out of prepare.columns.%s.missing",
            name, sentinel, count, others.min(), others.max(), name, sentinel, name,
        )  # fmt: skip


def tell_of_words(name: str, cells: pd.Series, hints: Hints) -> None:
    """Warn of words that name classes in some files, and are taken for no value here."""
    kept = {text.lower() for text in (*hints.present.get(name, ()), *hints.missing.get(name, ()))}
    text = as_text(cells, ())
    for word in WORDS:
        there = pc.fill_null(pc.equal(pc.utf8_lower(text), word), False)
        if word in kept or not (count := pc.sum(pc.cast(there, pa.int64())).as_py()):
            continue
        shown = text.filter(there)[0].as_py()
        log.warning(
            "column %s: %r, in %d cell(s), is taken for no value; if it is a class, say --present %s=%s, or "
            "`present: [%r]` in prepare.columns.%s",
            name, shown, count, name, shown, shown, name,
        )  # fmt: skip
