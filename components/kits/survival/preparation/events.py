"""Which value of the event's column is the event: told where it is known, asked where it is not."""

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from components.core.errors import CasebookError
from components.kits.tables.encoding.convert import convert
from components.kits.tables.encoding.spec import BooleanColumn
from components.kits.tables.encoding.text import as_label, as_text

BOOLEAN = BooleanColumn(kind="boolean")
SHOWN = 5
MOST = 20  # values of an event; more are no words for it
# A truth of such a column may be the end without the event: in GBSG2 `cens` is 1 for the event, elsewhere 0.
REVERSED = re.compile("cens|alive|surviv|living|free", re.IGNORECASE)
WORD_OF_EVENT = re.compile(
    r"^(1\s*:\s*)?(dead|died|deceased|death|event|yes|relapsed?|recurred|recurrence|progressed|failed|failure|true)$|"
    "^(死亡|复发|已故)$",
    re.IGNORECASE,
)
COMPETING = (
    "several types that compete are of the recipe competing_risks, with each named: --cause relapse=1 --cause death=2 "
    "(prepare.target.causes). Any of several types is one event (the time to the first of them) with each named as the "
    "event; of one type alone, rows that ended by another one count as censored when they were, which says how soon "
    "that type would come if the others did not, and more than does come"
)


@dataclass(frozen=True)
class Events:
    """The event (N,) as 1.0, 0.0 or NaN where nothing is known, and how many rows each side has by its values."""

    event: np.ndarray
    had: dict[str, int]
    censored: dict[str, int]

    @property
    def known(self) -> pd.Series:
        """As a typed column (N,)."""
        return pd.Series(self.event).map({1.0: True, 0.0: False}).astype("boolean")

    def told(self, column: str) -> str:
        without = f"{_counted(self.censored)} is censored" if self.censored else "no row is censored"
        return f"event {column}: {_counted(self.had) or 'no value'} is the event, {without}"


def read_events(
    cells: pd.Series, column: str, values: Sequence[str], censored: Sequence[str], missing: Sequence[str], place: str
) -> Events:
    """Cells (N,) of a column, by the `values` of the event and those of no event, or by the words for yes and no.

    `place` begins a message.

    Raises:
        CasebookError: it cannot be known which value is the event, or a value is said to be neither.
    """
    written = written_cells(cells, missing, (*values, *censored))
    counts = written.value_counts()
    if not values:
        typed = convert(cells.to_frame(column), {column: BOOLEAN}, missing)
        if typed.unreadable[column].any():
            raise CasebookError(f"{place} {_unknown(typed.unreadable[column], written)}; {_question(counts)}")
        event = typed.frame[column].astype("Float64").to_numpy(np.float64, na_value=np.nan)
    else:
        event = _by_values(written, counts, values, censored, place)
    sides = [written[event == side].value_counts() for side in (1, 0)]
    return Events(event, *({str(name): int(count) for name, count in side.items()} for side in sides))


def written_cells(cells: pd.Series, missing: Sequence[str], values: Sequence[str]) -> pd.Series:
    """Cells (N,) as texts, those of `values` even if they are words for no value elsewhere."""
    return pd.Series(as_label(as_text(cells, _without(missing, values))).to_pandas(), dtype="str")


def check_not_reversed(events: Events, column: str, place: str) -> None:
    """Ask of a column of truths whose name may say the opposite.

    Raises:
        CasebookError: the name has a word for being censored, alive or free of the event.
    """
    if not REVERSED.search(column):
        return
    counts = pd.Series(events.had | events.censored)
    raise CasebookError(
        f"{place} {_counted(dict(counts))}; by its name 1 may be the end without the event; "
        f"say which value is the event: {_options(list(counts.index))}"
    )


def _by_values(
    written: pd.Series, counts: pd.Series, values: Sequence[str], censored: Sequence[str], place: str
) -> np.ndarray:
    words = written.map(folded, na_action="ignore")
    known = {folded(str(value)) for value in counts.index}
    for value in values:
        if folded(value) not in known:
            raise CasebookError(f"{place} no value {value!r} (the event), only {listed(counts)}")
    had = words.isin([folded(value) for value in values])
    others = counts[[folded(str(value)) not in {*map(folded, values)} for value in counts.index]]
    unsaid = others[[folded(str(value)) not in {*map(folded, censored)} for value in others.index]]
    if len({folded(str(value)) for value in (unsaid if censored else others).index}) > (0 if censored else 1):
        raise CasebookError(
            f"{place} {listed(unsaid)} beside {' and '.join(map(repr, values))} (the event): more than one type "
            f"of event? {COMPETING}. Say what each stands for: "
            + " ".join(f"--event-value {shlex.quote(value)}" for value in values)
            + " "
            + " ".join(f"--censored-value {shlex.quote(str(value))}" for value in others.index[:SHOWN])
            + " (prepare.target.event_value and censored_value), or empty the cells of rows that are to be left out"
        )
    return np.where(words.isna(), np.nan, had.astype(float))


def _question(counts: pd.Series) -> str:
    values = [str(value) for value in counts.index]
    if len(values) > MOST:
        return f"it has {len(values)} different values; name the column that says whether the time ended with the event"
    if len(values) == 1:
        return f"say whether it is the event ({_options(values)}), or name another column"
    if len(values) == 2:
        return f"which is the event? {_options(values)} (prepare.target.event_value)"
    several = " ".join(f"--censored-value {shlex.quote(value)}" for value in sorted(values)[:1])
    return (
        f"more than one type of event, or of its absence? {COMPETING}. Say what each of {listed(counts)} stands for "
        f"with --event-value and --censored-value, one each, such as --event-value {shlex.quote(sorted(values)[-1])} "
        f"{several} (prepare.target.event_value and censored_value)"
    )


def _options(values: Sequence[str]) -> str:
    """One for each, what is a word for an event first, and of numbers the larger."""
    ordered = sorted(values, key=lambda value: (WORD_OF_EVENT.match(value) is None, -_number(value), value))
    return " or ".join(f"--event-value {shlex.quote(value)}" for value in ordered[:SHOWN])


def _unknown(unreadable: np.ndarray, written: pd.Series) -> str:
    first = int(unreadable.argmax())
    return (
        f"{int(unreadable.sum())} value(s) are neither a yes nor a no, such as {str(written.iloc[first])!r} in "
        f"row {first + 1} (it has {listed(written.value_counts())})"
    )


def folded(value: str) -> str:
    """`Dead `, `dead`; 2.0 and 2."""
    label = as_label(as_text(pd.Series([value]), ()))
    return str(pc.utf8_lower(label)[0].as_py() or "")


def _without(missing: Sequence[str], values: Sequence[str]) -> tuple[str, ...]:
    said = {value.strip().lower() for value in values}
    return tuple(text for text in missing if text.strip().lower() not in said)


def _number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return 0.0


def _counted(counts: dict[str, int]) -> str:
    return " and ".join(f"{value[:60]!r} ({count:,} row(s))" for value, count in list(counts.items())[:SHOWN])


def listed(counts: pd.Series) -> str:
    more = ", ..." if len(counts) > SHOWN else ""
    return ", ".join(f"{str(value)[:60]!r} ({count})" for value, count in counts.head(SHOWN).items()) + more
