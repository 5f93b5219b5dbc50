"""`cases.<case>.prepare` of a cohort: a table whose outcome is a time and whether it ended with the event."""

import operator
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from components.core.blocks import Block, Names
from components.kits.survival.units import DAYS_A_YEAR, Unit
from components.kits.tables.encoding.derive import names_in
from components.kits.tables.encoding.spec import DateColumn, FeatureParams, is_none
from components.kits.tables.limits import TableOptions

TIME, EVENT = "time", "event"  # columns that a prepared cohort adds: years (N,) and 0 or 1 (N,)
ENTRY = "time until entry"  # and where `target.entry` is stated: years (N,) until a row came under observation
GONE = "max_leak_correlation"  # blocks and bundles of before state it; the outcome's leaks are found without it

if TYPE_CHECKING:
    import pandas as pd


def _as_texts(given: Any) -> Any:
    """`2` and `[1, 2]` are as `["2"]` and `["1", "2"]`: cells are compared as texts."""
    values = given if isinstance(given, list | tuple) else [given]
    return [value if isinstance(value, str) else f"{value}" for value in values]


Values = Annotated[Names, BeforeValidator(_as_texts), Field(exclude_if=operator.not_)]


class Outcome(Block):
    """`time` and `event` are columns, or arithmetic over columns, where the event is 1 and censoring 0.

    `per_year` is how many units of the file's time a year has: 365.25 for days. `entry`, as `time`, is when a row
    came under observation, where that was not at time zero. `dates` says of those of the columns that hold dates how
    they are written: what lies between two is counted in days. Where the event's column has other
    words than 0 and 1, yes and no, `event_value` are those of the event and `censored_value` those of rows that ended
    without it: all others, if there is one other.
    """

    time: str
    event: str
    per_year: Annotated[float, Field(gt=0)]
    event_value: Values = ()
    censored_value: Values = ()
    entry: Annotated[str | None, Field(exclude_if=is_none)] = None
    dates: Annotated[dict[str, DateColumn], Field(exclude_if=operator.not_)] = Field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """The raw columns that both use, those of the event last."""
        return tuple(dict.fromkeys([*sorted(self.time_columns), *sorted(self.event_columns)]))

    @property
    def time_columns(self) -> set[str]:
        """Those that only the time and the entry use."""
        return (names_in(self.time) | names_in(self.entry or "0")) - self.event_columns

    @property
    def event_columns(self) -> set[str]:
        return names_in(self.event)

    @property
    def of_causes(self) -> bool:
        """Whether the values of several kinds of events are stated besides."""
        return False

    @model_validator(mode="after")
    def _values_are_of_one_column(self) -> "Outcome":
        if self.censored_value and not self.event_value and not self.of_causes:
            raise ValueError("censored_value goes with event_value")
        if self.event_value and {self.event.strip().strip("`")} != names_in(self.event):
            raise ValueError(f"event_value is of one column, and event is arithmetic: {self.event}")
        if both := {value.strip().casefold() for value in self.event_value} & {
            value.strip().casefold() for value in self.censored_value
        }:
            raise ValueError(f"{sorted(both)[0]!r} is in both event_value and censored_value")
        return self

    @model_validator(mode="after")
    def _both_use_columns(self) -> "Outcome":
        for part, names in (("time", names_in(self.time)), ("event", names_in(self.event))):
            if not names:
                raise ValueError(f"{part} names no column")
        return self

    @model_validator(mode="after")
    def _entry_uses_columns(self) -> "Outcome":
        if self.entry is not None and not names_in(self.entry):
            raise ValueError("entry names no column")
        if strangers := self.dates.keys() - self.time_columns:
            raise ValueError(f"dates names {', '.join(sorted(strangers))}, which neither time nor entry uses")
        if self.dates and self.per_year != DAYS_A_YEAR:
            raise ValueError(f"per_year is {DAYS_A_YEAR} where the time is one between two dates, which is in days")
        return self


class ExternalCohort(Block):
    """Another cohort's file, with the same feature columns and an outcome of its own; never learned from."""

    file: str
    target: Outcome


class CohortParams(FeatureParams):
    """The whole block. `unit` is what horizons and answers are counted in, "years" below. `intervals` names a column
    whose value says whose interval of one follow-up a row is: what is learned from is one row for each.
    """

    target: Outcome
    unit: Annotated[Unit, Field(exclude_if="years".__eq__)] = "years"
    intervals: Annotated[str | None, Field(exclude_if=is_none)] = None
    external: ExternalCohort | None

    @model_validator(mode="before")
    @classmethod
    def _without_what_is_gone(cls, content: Any) -> Any:
        return {key: content[key] for key in content if key != GONE} if isinstance(content, Mapping) else content

    @property
    def needs_both(self) -> bool:
        return False

    @property
    def outcome(self) -> tuple[str, ...]:
        return self.target.columns

    @property
    def outcome_labels(self) -> tuple[str, str]:
        return "with the event", "censored"

    @property
    def added(self) -> tuple[str, ...]:
        return (TIME, EVENT) if self.target.entry is None else (TIME, EVENT, ENTRY)

    @model_validator(mode="after")
    def _entries_are_of_all_or_of_none(self) -> "CohortParams":
        if self.target.entry is None and self.external is not None and self.external.target.entry is not None:
            raise ValueError("external.target has an entry, and target has none; state when its rows came in, too")
        if ENTRY in {*self.columns, *self.key, *self.derived}:
            raise ValueError(f"{ENTRY!r} is the name of a column that a prepared table adds; rename it or ignore it")
        if self.intervals in {*self.columns, *self.outcome}:
            raise ValueError(
                f"intervals: {self.intervals!r} says whose a row is; move it to prepare.key or prepare.ignore"
            )
        return self


class CohortOptions(TableOptions):
    """What `casebook predict` takes for a cohort."""

    curve: bool = Field(False, description="answer whole survival curves, their span and the median, too")


def outcome_columns(rows: "pd.DataFrame") -> list[str]:
    """Those of the outcome that prepared rows have."""
    return [name for name in (TIME, EVENT, ENTRY) if name in rows]


def outcome_of(rows: "pd.DataFrame") -> np.ndarray:
    """Years and event `(N, 2)` of prepared rows, or where there are entries `(N, 3)` with the years until those."""
    return rows[outcome_columns(rows)].to_numpy(np.float64)
