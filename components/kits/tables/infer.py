"""A `prepare` block for a table that nobody has described."""

import logging
import math
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from components.core.errors import CasebookError
from components.kits.tables.encoding.spec import ROW, TARGET
from components.kits.tables.encoding.text import as_label, as_number, as_text
from components.kits.tables.encoding.values import infinite
from components.kits.tables.entities import find_entity, is_row_number
from components.kits.tables.firstlook import look_at
from components.kits.tables.hinted import guess_hinted
from components.kits.tables.hints import NO_HINTS, Hints
from components.kits.tables.kinds import guess_column
from components.kits.tables.labels import column_of
from components.kits.tables.numbers.columns import find_writing
from components.kits.tables.numbers.decide import NOT_STATED, Stated, Writing
from components.kits.tables.outcome.aims import Aim, TwoValues, Undescribed
from components.kits.tables.read import read_table
from components.kits.tables.seen import Guess
from components.kits.tables.told import tell_of_columns

log = logging.getLogger(__name__)

MISSING = ("NA", "N/A", "#N/A", "null", "None", "nan", "NaT", "?", "-")
SHOWN = 5


def infer_table(
    path: Path,
    target: str,
    positive: str | None,
    no_outcome: Sequence[str] = (),
    numbers: Stated = NOT_STATED,
    hints: Hints = NO_HINTS,
    *,
    group: str | bool = True,
    hindsight: bool = True,
    as_truth: Callable[[pd.Series], pd.Series] | None = None,
) -> dict[str, Any]:
    """As `infer_rows`, of a column `target` of two values: see `TwoValues`. Rows whose target is one of `no_outcome`
    are left out.
    """
    aim = TwoValues(positive, tuple(no_outcome), as_truth)
    return infer_rows(path, target, aim, numbers, hints, group=group, hindsight=hindsight)


def infer_rows(
    path: Path,
    target: str,
    aim: Aim,
    numbers: Stated = NOT_STATED,
    hints: Hints = NO_HINTS,
    *,
    group: str | bool = True,
    hindsight: bool = True,
) -> dict[str, Any]:
    """The whole `prepare` block, of plain types, for a CSV or Parquet file with a column `target` of what the aim says.

    Columns that cannot
    help (identifiers, constants, columns without values) are under `ignore`, each with its
    reason; the first identifier that names every row becomes the key. `numbers` is what a person has said of how the
    file writes them, which its cells then need not tell. Rows that share a value of `group` stay in one split: of the
    column of that name, of none (False), or of one that earns it (True). Every choice is logged, and with `hindsight`
    columns that may be known too late, too.

    Raises:
        CasebookError: the file cannot be read, the target is not there or is not what the aim says, no column is left
            to learn from, its numbers can be read in
            several ways, or a `group` that is guessed makes splits that differ by more than chance allows.
    """
    table = undescribed(path, numbers, hints)
    sought, frame = aim.look(table, target), table.frame
    frame = frame.assign(**{target: sought.cells})
    unlabelled = 1 - sought.labelled
    others = [name for name in frame.columns if name != target]
    writing = table.writing()
    guesses = _guess_all(path, frame[others], MISSING, writing, hints)
    words = [*_words(guesses), *_infinite(frame, guesses)]
    if words:  # they stand for no value in every column, so the columns are looked at again
        guesses = _guess_all(path, frame[others], (*MISSING, *words), writing, hints)
    key = [name for name, guess in guesses.items() if guess.key and name != TARGET][:1]
    reserved = {TARGET, *(() if key else (ROW,))}
    ignore = {name: guess.reason for name, guess in guesses.items() if guess.column is None and name not in key}
    entity, belonging = _group(frame, guesses, group, target, path)
    key, ignore = [name for name in key if name != entity], ignore | belonging
    ignore |= dict.fromkeys((name for name in others if name in reserved), "a prepared table has a column of this name")
    columns = {name: guess.column for name, guess in guesses.items() if guess.column and name not in ignore}
    if not columns:
        raise CasebookError(f"{path}: no column is left to learn {target} from: {_listed(ignore)}")
    for name, reason in ignore.items():
        log.info("column %s is left out: %s", name, reason)
    tell_of_columns({name: guesses[name] for name in columns}, frame, hints)
    broken = unlabelled + sum(guess.broken for guess in guesses.values())
    broken += 0.0 if entity is None else as_text(frame[entity], ()).null_count / len(frame)
    if broken:
        log.warning("about %.1f%% of the rows will be set aside: no target, or a cell that does not fit", 100 * broken)
    told = dict(sought.block)
    block = {
        "file": path.name,
        **({"read": read} if (read := hints.reading.model_dump(exclude_defaults=True)) else {}),
        "missing": [*MISSING, *words],
        **({} if numbers == NOT_STATED else {"numbers": {"decimal": writing.decimal, "thousands": writing.thousands}}),
        "key": key,
        "target": told.pop("target"),
        "columns": columns,
        "derived": {},
        "ignore": ignore,
        "split": _split(entity),
        # A class of fewer rows would be one of too many columns, and have too few rows to learn from.
        "encode": {"numeric": "quantile", "knots": 256, "min_count": max(5, len(frame) // 200), "fold": True},
        "max_rejected": min(0.99, math.ceil(100 * (0.01 + broken)) / 100),
        **told,
    }
    return look_at(frame, block, aim.outcome(block), path, guessed=group is True, hindsight=hindsight)


def undescribed(path: Path, numbers: Stated = NOT_STATED, hints: Hints = NO_HINTS) -> Undescribed:
    """Raises CasebookError if the file cannot be read, or the hints are of no column of it."""
    frame = read_table(path, hints.reading)
    hints.check(frame.columns, path)
    find = cache(lambda: find_writing(path, frame.drop(columns=[*hints.ignore]), MISSING, numbers, hints.reading))
    return Undescribed(frame, path, MISSING, hints, find)


def _guess_all(
    path: Path, frame: pd.DataFrame, missing: tuple[str, ...], writing: Writing, hints: Hints
) -> dict[str, Guess]:
    guess = partial(guess_column, writing=writing)
    try:
        return {name: guess_hinted(name, frame[name], missing, hints, guess) for name in frame.columns}
    except CasebookError as error:
        raise CasebookError(f"{path}: {error}") from None


def _words(guesses: dict[str, Guess]) -> list[str]:
    words: dict[str, str] = {}
    for name, guess in guesses.items():
        for word in guess.words:
            if word.lower() not in words:
                words[word.lower()] = word
                log.info("%r stands for no value: column %s is otherwise %s", word, name, (guess.column or {})["kind"])
    return list(words.values())


def _infinite(frame: pd.DataFrame, guesses: dict[str, Guess]) -> list[str]:
    """Texts of numbers that nothing can be computed with, such as `inf`."""
    words: dict[str, str] = {}
    for name, guess in guesses.items():
        if guess.column is not None and guess.column["kind"] == "numeric":
            texts = as_label(as_text(frame[name], MISSING)).drop_null().unique()
            numbers, _ = as_number(texts)
            for word in texts.filter(pa.array(infinite(numbers))).to_pylist():
                words.setdefault(word.lower(), word)
                log.warning("%r stands for no value: column %s is otherwise finite", word, name)
    return list(words.values())


def _group(
    frame: pd.DataFrame, guesses: dict[str, Guess], asked: str | bool, target: str, path: Path
) -> tuple[str | None, dict[str, str]]:
    """The column by whose values rows stay together, and why it and row numbers are left out."""
    left_out = {name: "it numbers the rows" for name in guesses if is_row_number(name, frame[name])}
    left_out = {name: why for name, why in left_out.items() if not guesses[name].key}
    if isinstance(asked, str):
        cells = column_of(frame, asked, path)
        if asked == target or cells.nunique() == cells.notna().sum():
            why = "it is the target" if asked == target else "each of its values stands in one row"
            raise CasebookError(f"{path}: --group {asked}: {why}; name a column whose values several rows share")
        return asked, {**left_out, asked: f"rows that share one of its {cells.nunique()} values stay in one split"}
    columns = {name: guess.column for name, guess in guesses.items() if guess.column}
    found = find_entity(frame, columns, target) if asked else None
    if found is None:
        return None, left_out
    log.info(
        "rows that share a value of %s stay in one split: %s; --no-group deals each row", found.name, found.because
    )
    return found.name, {**left_out, found.name: f"its {found.groups} values name what rows belong to"}


def _split(entity: str | None) -> dict[str, Any]:
    shares = {"validation": 0.16, "test": 0.2, "seed": 11}
    return {"by": "stratified", **shares} if entity is None else {"by": "group", "column": entity, **shares}


def _listed(reasons: dict[str, str]) -> str:
    return "; ".join(f"{name}: {reason}" for name, reason in list(reasons.items())[:SHOWN])
