"""`cases.<case>.prepare` of a cohort: a table whose outcome is a time and whether it ended with the event."""

from typing import Annotated

from pydantic import Field, model_validator

from components.core.blocks import Block
from components.kits.tables.encoding.derive import names_in
from components.kits.tables.encoding.spec import FeatureParams

TIME, EVENT = "time", "event"  # columns that a prepared cohort adds: years (N,) and 0 or 1 (N,)


class Outcome(Block):
    """`time` and `event` are columns, or arithmetic over columns, where the event is 1 and censoring 0.

    `per_year` is how many units of the file's time a year has: 365.25 for days.
    """

    time: str
    event: str
    per_year: Annotated[float, Field(gt=0)]

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
    """The whole block. `max_leak_correlation` is the most that a number may follow the time to the event, in ranks."""

    target: Outcome
    external: ExternalCohort | None
    max_leak_correlation: Annotated[float, Field(gt=0, le=1)]

    @property
    def outcome(self) -> tuple[str, ...]:
        return self.target.columns

    @property
    def outcome_labels(self) -> tuple[str, str]:
        return "with the event", "censored"

    @property
    def added(self) -> tuple[str, ...]:
        return TIME, EVENT
