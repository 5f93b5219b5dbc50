"""Files for a model or a block that is there already: their numbers as its columns expect them, or a refusal.

A file may write its numbers in another way than the training file did. Where its cells prove that, they are rewritten
as the columns' rules say; where they leave it open and it would matter, the file is refused.
"""

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from components.core.errors import CasebookError, StrangeError
from components.kits.tables.encoding.reader import COLUMNS
from components.kits.tables.encoding.reading import AS_IT_IS, Reading, reading_of
from components.kits.tables.encoding.spec import Column, FeatureParams, NumbersParams
from components.kits.tables.encoding.text import plain_characters
from components.kits.tables.numbers.columns import delimiter_of, look, look_at, texts_of
from components.kits.tables.numbers.decide import NAMES, Proof, conflict, doubt_of, open_cell, proofs_of
from components.kits.tables.numbers.marks import BETWEEN, CELL, DECIMALS, OTHER, Marks
from components.kits.tables.read import read_batches

log = logging.getLogger(__name__)

NUMBERS = ("numeric", "amount", "band")
RANGE = "training's numbers are of the other size"
GROUPED = ("thousands", "open")
OPEN_END = r"^\s*[<>≤≥~]=?\s*|\s*\+\s*$"  # of <0,01 and 80+
REMEDY = "write all of its numbers as the training file did, or give Parquet, whose numbers have a type"
AGAIN = "correct the cells of one of them, or say under prepare.numbers how the file is written"


@dataclass(frozen=True)
class Expected:
    """What a block or a model expects of a file: columns of numbers, the texts that stand for no value, the marks that
    a person has stated, and by column the least and largest value of training, and which are of whole numbers.
    """

    columns: Mapping[str, Column]
    missing: tuple[str, ...]
    stated: NumbersParams | None
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    whole: frozenset[str] = frozenset()

    @classmethod
    def of_block(cls, spec: FeatureParams, more: Mapping[str, Column] | None = None) -> "Expected":
        """By a `prepare` block; `more` are columns of numbers besides its own."""
        return cls(_numbers({**spec.columns, **(more or {})}), tuple(spec.missing), spec.numbers)

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> "Expected":
        """By `Meta.data` of a prepared table."""
        spec, summary = data["spec"], data.get("summary", {})
        quantiles = {name: found["quantiles"] for name, found in summary.items() if "quantiles" in found}
        ranges = {name: (found["0"], found["1"]) for name, found in quantiles.items()}
        whole = frozenset(name for name, found in quantiles.items() if all(value % 1 == 0 for value in found.values()))
        stated = NumbersParams.model_validate(spec["numbers"]) if spec.get("numbers") else None
        columns = _numbers(COLUMNS.validate_python(spec["columns"]))
        return cls(columns, tuple(spec["missing"]), stated, ranges, whole)

    def decimal(self, name: str) -> str:
        """The mark that the column is read with."""
        return getattr(self.columns[name], "decimal", ".")

    def thousands(self, name: str) -> str:
        return getattr(self.columns[name], "thousands", "")

    def is_amount(self, name: str) -> bool:
        """It states its marks; other columns are whole numbers, or written as a machine does."""
        return self.columns[name].kind == "amount"

    @property
    def usual(self) -> str:
        """The decimal mark of the training file."""
        if self.stated is not None:
            return self.stated.decimal
        amounts = {self.decimal(name) for name in self.columns if self.is_amount(name)}
        return "," if amounts == {","} else "."


@dataclass(frozen=True)
class Rewriting:
    """Marks of thousands to take out of a column's numbers, and the decimal mark to exchange."""

    thousands: tuple[str, ...]
    decimal: str
    to: str

    def rewrite(self, texts: pa.Array) -> pa.Array:
        """Numbers in the column's writing; other texts as they stand."""
        plain = plain_characters(texts)
        closed = pc.replace_substring_regex(plain, OPEN_END, "")
        is_number = pc.fill_null(pc.match_substring_regex(closed, CELL), False)
        for mark in self.thousands:
            plain = pc.replace_substring_regex(plain, rf"(\d){re.escape(mark)}(\d)", r"\1\2")
        if self.decimal != self.to:
            mark = re.escape(self.decimal)
            plain = pc.replace_substring_regex(plain, rf"(\d){mark}", rf"\1{self.to}")
            plain = pc.replace_substring_regex(plain, rf"(^|[^\d{mark}]){mark}(\d)", rf"\1{self.to}\2")
        return pc.if_else(is_number, plain, texts)


def batches_as_trained(path: Path, rows: int, data: Mapping[str, Any]) -> Callable[[], Iterator[pd.DataFrame]]:
    """`read_batches`, as often as it is called, with numbers as the model of `Meta.data` expects them.

    Raises:
        CasebookError: as `read_batches`; or numbers that can be read in several ways.
    """
    reading = reading_of(data)
    plan = look_through(path, read_batches(path, rows, reading), Expected.of_data(data), reading)
    return lambda: (rewritten(frame, plan) for frame in read_batches(path, rows, reading))


def look_through(
    path: Path, frames: Iterable[pd.DataFrame], expected: Expected, reading: Reading = AS_IT_IS
) -> dict[str, Rewriting]:
    """What to rewrite in the frames of a file. All are looked at: what the last row proves holds for the first.

    Raises:
        CasebookError: numbers that can be read in several ways.
    """
    marks: dict[str, Marks] = {}
    for frame in frames:
        for name in [name for name in expected.columns if name in frame]:
            look(marks.setdefault(name, Marks(name)), frame[name], expected.missing)
    return _planned(path, marks, delimiter_of(path, reading), expected, REMEDY)


def frame_as_expected(path: Path, frame: pd.DataFrame, expected: Expected, reading: Reading = AS_IT_IS) -> pd.DataFrame:
    """A whole file with its numbers as the block expects them.

    Raises:
        CasebookError: numbers that can be read in several ways.
    """
    names = [name for name in expected.columns if name in frame]
    marks = look_at(frame, names, expected.missing)
    return rewritten(frame, _planned(path, marks, delimiter_of(path, reading), expected, AGAIN))


def rewritten(frame: pd.DataFrame, plan: Mapping[str, Rewriting]) -> pd.DataFrame:
    changed = {}
    for name, rewriting in plan.items():
        texts = texts_of(frame[name]) if name in frame else None
        if texts is not None:
            found = pd.Series(rewriting.rewrite(texts).to_pandas(), index=frame.index)
            typed = frame[name].dtype == object  # cells that are no texts stay as they are
            changed[name] = found.astype(object).where(found.notna(), frame[name]) if typed else found
    return frame.assign(**changed) if changed else frame


def _planned(
    path: Path, marks: Mapping[str, Marks], delimiter: str | None, expected: Expected, remedy: str
) -> dict[str, Rewriting]:
    try:
        return plan_rewriting(marks, delimiter, expected, remedy)
    except CasebookError as error:
        raise StrangeError(f"{path}: {error}") from None


def plan_rewriting(
    marks: Mapping[str, Marks], delimiter: str | None, expected: Expected, remedy: str
) -> dict[str, Rewriting]:
    """What to rewrite, by column, in a file whose columns have these marks.

    Raises:
        CasebookError: its cells contradict each other, or leave open what would matter.
    """
    proofs = [proof for found in marks.values() for proof in proofs_of(found)]
    first = {proof.decimal: proof for proof in reversed(proofs)}
    as_trained = all(proof.decimal == expected.decimal(proof.column) for proof in proofs)
    if len(first) == 2 and not as_trained:
        raise conflict(first["."], first[","], remedy)
    proven = next(iter(first)) if len(first) == 1 else None
    plan = {}
    for name, found in marks.items():
        mark = expected.decimal(name) if as_trained and expected.is_amount(name) else proven or expected.usual
        _refuse_doubt(found, mark, delimiter, expected, first, remedy)
        if proven is None:
            _refuse_open(found, OTHER[mark], delimiter, expected, remedy)
        thousands = tuple(other for other in (*BETWEEN, OTHER[mark]) if _groups(found, other))
        exchanged = mark != expected.decimal(name) and _has(found, mark)
        if exchanged or any(other != expected.thousands(name) for other in thousands):
            plan[name] = Rewriting(thousands, mark, expected.decimal(name))
    _tell(plan, marks, first)
    return plan


def _refuse_doubt(
    found: Marks, mark: str, delimiter: str | None, expected: Expected, first: Mapping[str, Proof], remedy: str
) -> None:
    """Refuse `1.000`, though a point is the decimal mark, where it looks like thousands."""
    doubt = doubt_of(found, mark, delimiter) if expected.stated is None else None
    speaks = _in_range(found, mark, expected, 1)
    if mark not in first and found.says(f"open {mark}") and not speaks:
        doubt = doubt or _training_against(found, mark, expected)
    if doubt and not speaks:
        proof = first.get(mark)
        why = f", as {proof.text!r} in column {proof.column} has" if proof else ""
        raise CasebookError(
            f"column {found.name}: cannot tell whether {open_cell(found, mark)!r} is thousands or has a decimal "
            f"{NAMES[mark]}{why}, a factor of 1,000: {doubt}; {remedy}"
        )


def _training_against(found: Marks, mark: str, expected: Expected) -> str | None:
    """Why cells that are decimals by training's writing alone may yet be thousands."""
    if found.name in expected.whole:
        return "training's numbers are whole"
    return RANGE if _in_range(found, mark, expected, 1000) else None


def _refuse_open(found: Marks, other: str, delimiter: str | None, expected: Expected, remedy: str) -> None:
    """Refuse a mark that is not training's decimal mark where nothing in the file proves that it parts thousands."""
    if not found.says(f"open {other}"):
        return
    stated = expected.stated is not None and other == expected.stated.thousands
    if not stated and other != expected.thousands(found.name):
        why = "training's numbers have no such mark"
    elif _in_range(found, other, expected, 1):
        why = RANGE
    elif not stated and delimiter == ";" and other == "," and not _in_range(found, other, expected, 1000):
        why = "; between the fields is for decimal commas"
    else:
        return
    raise CasebookError(
        f"column {found.name}: cannot tell whether {open_cell(found, other)!r} is thousands or has a decimal "
        f"{NAMES[other]}, a factor of 1,000: {why}, and no other cell tells how the file is written; {remedy}"
    )


def _in_range(found: Marks, mark: str, expected: Expected, factor: int) -> bool:
    """Training's values speak for open cells times 1 (decimals) or 1,000 (thousands), and against the other reading.

    Sizes are compared, without their signs.
    """
    if found.name not in expected.ranges or mark not in found.low:
        return False
    low, high = expected.ranges[found.name]
    least, most = max(0.0, low, -high), max(abs(low), abs(high))
    rest = 1000 // factor
    within = least <= found.low[mark] * factor and found.high[mark] * factor <= most
    return within and (found.low[mark] * rest > most or found.high[mark] * rest < least)


def _groups(found: Marks, mark: str) -> bool:
    return found.says(f"thousands {mark}") or found.says(f"open {mark}")


def _has(found: Marks, mark: str) -> bool:
    return found.says(f"decimal {mark}") or found.says(f"open {mark}") or found.says(f"thousands {OTHER[mark]}")


def _tell(plan: Mapping[str, Rewriting], marks: Mapping[str, Marks], first: Mapping[str, Proof]) -> None:
    if not plan:
        return
    name, rewriting = next(iter(plan.items()))
    facts = [f"decimal {rewriting.decimal}", *(f"{fact} {mark}" for mark in rewriting.thousands for fact in GROUPED)]
    proof = first.get(rewriting.decimal)
    why = f" (proven by {proof.text!r} in column {proof.column})" if proof else ""
    log.warning(
        "%d column(s) write their numbers in another way than training, and are read by theirs, with a decimal %s%s: "
        "such as %r in column %s",
        len(plan),
        NAMES[rewriting.decimal],
        why,
        marks[name].example(*facts, *(f"open {mark}" for mark in DECIMALS)),
        name,
    )


def _numbers(columns: Mapping[str, Column]) -> dict[str, Column]:
    return {name: column for name, column in columns.items() if column.kind in NUMBERS}
