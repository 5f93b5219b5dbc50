"""`cases.<case>.prepare` of a table whose target has several classes, or is a number."""

import operator
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from components.core.blocks import Block, Names
from components.kits.tables.encoding.spec import TARGET, AmountColumn, FeatureParams, NumericColumn

FEWEST_CLASSES, MOST_CLASSES = 3, 100


def _as_texts(given: Any) -> Any:
    """`2` and `[1, 2]` are as `["2"]` and `["1", "2"]`: cells are compared as texts."""
    values = given if isinstance(given, list | tuple) else [given]
    return [value if isinstance(value, str) else f"{value}" for value in values]


Values = Annotated[Names, BeforeValidator(_as_texts)]
SomeValues = Annotated[Values, Field(exclude_if=operator.not_)]


class ClassesTarget(Block):
    """`values` are the classes, in the order in which they are told. `merge` makes one class of several values:
    `{other: [spline, gam]}`, where `other` is one of `values`. Rows whose cell is one of `ignore` have no outcome, and
    are left out.
    """

    column: str
    values: Values
    merge: Annotated[dict[str, Values], Field(exclude_if=operator.not_)] = Field(default_factory=dict)
    ignore: SomeValues = ()

    @property
    def codes(self) -> dict[str, int]:
        """The place in `values` of each text that a cell may have."""
        own = {value: place for place, value in enumerate(self.values)}
        return own | {text: own[value] for value, texts in self.merge.items() for text in texts}

    @model_validator(mode="after")
    def _values_are_several(self) -> Self:
        if not FEWEST_CLASSES <= len(self.values) <= MOST_CLASSES:
            raise ValueError(
                f"target.values are {FEWEST_CLASSES} classes at least and {MOST_CLASSES} at most, and these are "
                f"{len(self.values)}; two are a case of the recipe binary"
            )
        return self

    @model_validator(mode="after")
    def _each_value_has_one_role(self) -> Self:
        if strangers := [name for name in self.merge if name not in self.values]:
            raise ValueError(f"target.merge makes a class {strangers[0]!r}, which target.values does not have")
        merged = [text for name, texts in self.merge.items() for text in texts if text != name]
        seen: set[str] = set()
        for text in (*self.values, *merged, *self.ignore):
            word = text.strip().casefold()
            if word in seen:
                raise ValueError(f"target: {text!r} stands twice in values, merge and ignore; it can have one role")
            seen.add(word)
        return self


class ClassesParams(FeatureParams):
    """A table with a target of several classes. A class of fewer than `min_class_rows` rows is asked about, and a
    column that alone tells the classes apart with a mean AUC above `max_leak_auc` is refused.
    """

    target: ClassesTarget
    min_class_rows: Annotated[int, Field(ge=3)]
    max_leak_auc: Annotated[float, Field(gt=0.5, le=1)]

    @property
    def outcome(self) -> tuple[str, ...]:
        return (self.target.column,)

    @property
    def outcome_labels(self) -> tuple[str, str]:
        raise NotImplementedError("several classes have no event")

    @property
    def added(self) -> tuple[str, ...]:
        return (TARGET,)


class NumericTarget(NumericColumn):
    """A column of plain numbers, with the bounds that a value may have; rows beyond them are set aside. Rows whose
    cell is one of `ignore` have no outcome, and are left out.
    """

    column: str
    ignore: SomeValues = ()

    @property
    def numbers(self) -> NumericColumn:
        """The column as a feature would be read."""
        return NumericColumn.model_validate(self.model_dump(exclude={"column", "ignore"}))


class AmountTarget(AmountColumn):
    """The same of numbers that are written for people: `$1,234.50`."""

    column: str
    ignore: SomeValues = ()

    @property
    def numbers(self) -> AmountColumn:
        """The column as a feature would be read."""
        return AmountColumn.model_validate(self.model_dump(exclude={"column", "ignore"}))


class NumberParams(FeatureParams):
    """A table with a number for a target. A column that alone explains more of its variance than `max_leak_r2` is
    refused.
    """

    target: Annotated[NumericTarget | AmountTarget, Field(discriminator="kind")]
    max_leak_r2: Annotated[float, Field(gt=0, le=1)]

    @property
    def outcome(self) -> tuple[str, ...]:
        return (self.target.column,)

    @property
    def outcome_labels(self) -> tuple[str, str]:
        raise NotImplementedError("a number has no event")

    @property
    def added(self) -> tuple[str, ...]:
        return (TARGET,)
