"""What the options of `casebook new` say of a table or a cohort."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from components.kits.survival.preparation.course import PLAIN, Course
from components.kits.tables.hints import NO_HINTS, Hints
from components.kits.tables.numbers.decide import NOT_STATED, Stated


@dataclass(frozen=True)
class Asked:
    """The outcome's columns: `target` with its `positive` value and those of no outcome, or `time` and `event`; how the
    file writes `numbers`, where its cells leave that open; and what is said of the other columns. Of several classes
    `merge` makes one of several values, and so many rows of one are enough; of several kinds of events `causes` are the
    values of each, that of interest first.
    """

    target: str | None
    positive: str | None
    time: str | None
    event: str | None
    per_year: float
    ignore_target: tuple[str, ...] = ()
    numbers: Stated = NOT_STATED
    hints: Hints = NO_HINTS
    group: str | bool = True  # of the split: a column, none, or one that is guessed
    event_value: tuple[str, ...] = ()  # the words for the event, and for its absence
    censored_value: tuple[str, ...] = ()
    course: Course = PLAIN  # what else is said of a cohort's times
    merge: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    min_class_rows: int | None = None
    causes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cause_column: str | None = None  # whose values these are, where the event's says only whether there was one
