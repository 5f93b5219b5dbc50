"""`cases.<case>.prepare` of a cohort whose times end with one of several causes."""

import re
from typing import Annotated

from pydantic import Field, model_validator

from components.core.blocks import Block
from components.kits.survival.cohort import CohortParams, Outcome, Values
from components.kits.tables.encoding.derive import names_in
from components.kits.tables.encoding.spec import is_none
from components.kits.tables.limits import TableOptions

CAUSE_NAME = re.compile(r"[^\W_](?:[\w .+-]{0,38}[\w.+-])?")  # of metrics, columns of answers and files


class Cause(Block):
    """What ends times: its name, and the cells that stand for it."""

    name: str
    values: Values

    @model_validator(mode="after")
    def _can_be_named(self) -> "Cause":
        if not CAUSE_NAME.fullmatch(self.name):
            raise ValueError(f"the cause {self.name!r}: a name has letters, digits, blanks and _ . + -, 40 at most")
        if not self.values:
            raise ValueError(f"the cause {self.name!r} has no value")
        return self


class CausesOutcome(Outcome):
    """As in a cohort with one kind of event, and `causes`, that of interest first. Their values are those of the column
    `event`, beside `censored_value` for rows that ended without any; or those of another column, `cause`, where the
    event's says only whether there was one.
    """

    cause: Annotated[str | None, Field(exclude_if=is_none)] = None
    causes: Annotated[tuple[Cause, ...], Field(strict=False, min_length=2)]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.causes)

    @property
    def cause_column(self) -> str:
        """Whose values name causes."""
        (column,) = names_in(self.event if self.cause is None else self.cause)
        return column

    @property
    def event_columns(self) -> set[str]:
        return names_in(self.event) | (set() if self.cause is None else names_in(self.cause))

    @property
    def of_causes(self) -> bool:
        return self.cause is None

    @property
    def of_any(self) -> Outcome:
        """The time, and whether anything ended it."""
        said = {name: getattr(self, name) for name in Outcome.model_fields}
        if self.cause is None:
            said["event_value"] = tuple(value for one in self.causes for value in one.values)
        return Outcome(**said)

    @model_validator(mode="after")
    def _causes_are_told_apart(self) -> "CausesOutcome":
        owners: dict[str, str] = {}
        for one in self.causes:
            for value in one.values:
                if (other := owners.setdefault(value.strip().casefold(), one.name)) != one.name:
                    raise ValueError(f"the value {value!r} is in two causes, {other} and {one.name}")
        if len({name.casefold() for name in self.names}) < len(self.names):
            raise ValueError(f"two causes have one name: {', '.join(self.names)}")
        if self.cause is not None and {self.cause.strip().strip("`")} != names_in(self.cause):
            raise ValueError(f"cause is one column, whose values name causes, and no arithmetic: {self.cause}")
        if self.cause is None and self.event_value:
            raise ValueError("event_value goes with cause; where the event's column names causes, they have its values")
        _ = self.of_any  # its own rules hold, too
        return self


class ExternalCauses(Block):
    """Another cohort's file, with the same feature columns and causes and an outcome of its own; never learned from."""

    file: str
    target: CausesOutcome


class CausesParams(CohortParams):
    """The whole block."""

    target: CausesOutcome
    external: ExternalCauses | None  # type: ignore[assignment]  # frozen: nobody puts another one there

    @property
    def outcome_labels(self) -> tuple[str, str]:
        return "with an event", "censored"

    @model_validator(mode="after")
    def _cohorts_have_the_same_causes(self) -> "CausesParams":
        if self.external is not None and self.external.target.names != self.target.names:
            raise ValueError(
                f"external.target names the causes {', '.join(self.external.target.names)}, and target "
                f"{', '.join(self.target.names)}: state the same, in the same order"
            )
        return self


class CausesOptions(TableOptions):
    """What `casebook predict` takes for a cohort with several causes."""

    curve: bool = Field(False, description="answer whole curves of each cause's incidence, too")
