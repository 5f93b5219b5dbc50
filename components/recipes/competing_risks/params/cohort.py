"""`cases.<case>.prepare` of a cohort whose times end with one of several causes."""

import re
from typing import Annotated, Any

from pydantic import Field, model_validator

from components.core.blocks import Block
from components.kits.survival.cohort import CohortParams, Outcome, Values
from components.kits.tables.encoding.derive import names_in
from components.kits.tables.encoding.spec import is_none
from components.kits.tables.limits import TableOptions

CAUSE_NAME = re.compile(r"[^\W_](?:[\w .+-]{0,38}[\w.+-])?")  # of metrics, columns of answers and files


class CausesOutcome(Outcome):
    """As in a cohort with one kind of event, and `causes`: each by its name, that of interest first, with the values
    that stand for it. They are those of the column `event`, beside `censored_value` for rows that ended without any; or
    those of another column, `cause`, where the event's says only whether there was one.
    """

    cause: Annotated[str | None, Field(exclude_if=is_none)] = None
    causes: dict[str, Values]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.causes)

    @property
    def cause_column(self) -> str:
        """Whose values name causes."""
        (column,) = names_in(self.event if self.cause is None else self.cause)
        return column

    @property
    def event_columns(self) -> set[str]:
        return names_in(self.event) | (set() if self.cause is None else names_in(self.cause))

    @model_validator(mode="before")
    @classmethod
    def _the_values_are_those_of_the_event(cls, content: Any) -> Any:
        """A base reads which values are the event: all that name a cause."""
        if not isinstance(content, dict) or content.get("cause") is not None or "event_value" in content:
            return content
        causes = content.get("causes")
        given = list(causes.values()) if isinstance(causes, dict) else []
        values = [value for one in given for value in (one if isinstance(one, list | tuple) else [one])]
        return {**content, "event_value": values}

    @model_validator(mode="after")
    def _causes_are_told_apart(self) -> "CausesOutcome":
        if len(self.causes) < 2:
            raise ValueError("causes names fewer than two; a cohort with one kind of event is of the recipe survival")
        for name, values in self.causes.items():
            if not CAUSE_NAME.fullmatch(name):
                raise ValueError(f"the cause {name!r}: a name has letters, digits, blanks and _ . + - alone, 40 at most")
            if not values:
                raise ValueError(f"the cause {name!r} has no value")
        by_value: dict[str, str] = {}
        for name, values in self.causes.items():
            for value in values:
                if (other := by_value.setdefault(value.strip().casefold(), name)) != name:
                    raise ValueError(f"the value {value!r} is in both causes, {other} and {name}")
        folded = [name.casefold() for name in self.causes]
        if len(set(folded)) < len(folded):
            raise ValueError("two causes have one name")
        if self.cause is not None and {self.cause.strip().strip("`")} != names_in(self.cause):
            raise ValueError(f"cause is one column, whose values name causes, and no arithmetic: {self.cause}")
        return self


class ExternalCauses(Block):
    """Another cohort's file, with the same feature columns and causes and an outcome of its own; never learned from."""

    file: str
    target: CausesOutcome


class CausesParams(CohortParams):
    """The whole block."""

    target: CausesOutcome
    external: ExternalCauses | None

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
