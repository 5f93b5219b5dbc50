"""`cases.<case>.prepare` of a cohort: a table whose outcome is a time and whether it ended with the event."""

import operator
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from components.core.blocks import Block, Names
from components.kits.tables.encoding.derive import names_in
from components.kits.tables.encoding.spec import FeatureParams

TIME, EVENT = "time", "event"  # columns that a prepared cohort adds: years (N,) and 0 or 1 (N,)
GONE = "max_leak_correlation"  # blocks and bundles of before state it; the outcome's leaks are found without it


def _as_texts(given: Any) -> Any:
    """`2` and `[1, 2]` are as `["2"]` and `["1", "2"]`: cells are compared as texts."""
    values = given if isinstance(given, list | tuple) else [given]
    return [value if isinstance(value, str) else f"{value}" for value in values]


Values = Annotated[Names, BeforeValidator(_as_texts), Field(exclude_if=operator.not_)]


class Outcome(Block):
    """`time` and `event` are columns, or arithmetic over columns, where the event is 1 and censoring 0.

    `per_year` is how many units of the file's time a year has: 365.25 for days. Where the event's column has other
    words than 0 and 1, yes and no, `event_value` are those of the event and `censored_value` those of rows that ended
    without it: all others, if there is one other.
    """

    time: str
    event: str
    per_year: Annotated[float, Field(gt=0)]
    event_value: Values = ()
    censored_value: Values = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The raw columns that both use, those of the event last."""
        return tuple(dict.fromkeys([*sorted(self.time_columns), *sorted(self.event_columns)]))

    @property
    def time_columns(self) -> set[str]:
        """Those that only the time uses."""
        return names_in(self.time) - self.event_columns

    @property
    def event_columns(self) -> set[str]:
        return names_in(self.event)

    @model_validator(mode="after")
    def _values_are_of_one_column(self) -> "Outcome":
        if self.censored_value and not self.event_value:
            raise ValueError("censored_value goes with event_value")
        if self.event_value and {self.event.strip().strip("`")} != self.event_columns:
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


class ExternalCohort(Block):
    """Another cohort's file, with the same feature columns and an outcome of its own; never learned from."""

    file: str
    target: Outcome


class CohortParams(FeatureParams):
    """The whole block."""

    target: Outcome
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
        return TIME, EVENT
