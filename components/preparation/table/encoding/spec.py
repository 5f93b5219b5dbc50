"""`cases.<case>.prepare` of a table: what each column of the raw file is, and how rows are split."""

from typing import Annotated, Literal

import pandas as pd
from pydantic import Field, field_validator, model_validator

from components.params import Block, Names
from components.preparation.table.encoding.derive import names_in

ROW, TARGET = "row", "target"  # columns that a prepared table adds

Share = Annotated[float, Field(gt=0, lt=1)]


class NumericColumn(Block):
    """Plain numbers (`12`, `-0.5`, `1e3`). `min` and `max` are the bounds a value may have."""

    kind: Literal["numeric"]
    min: float | None
    max: float | None


class AmountColumn(Block):
    """Numbers written for people: `$1,234.50`, `1.234,50 €`, `12%` (12, not 0.12), `(300)` for -300.

    `thousands` and `decimal` are the separators ("" for none); `unit` may stand before or after
    the number, and must do so if it is `%`, where a number without it would mean something else.
    """

    kind: Literal["amount"]
    thousands: Literal["", ",", ".", " ", "'"]
    decimal: Literal[".", ","]
    unit: str
    min: float | None
    max: float | None

    @model_validator(mode="after")
    def _separators_differ(self) -> "AmountColumn":
        if self.thousands == self.decimal:
            raise ValueError("thousands and decimal must differ")
        return self


class CategoricalColumn(Block):
    """Names of classes, at any number. With `values`, a row with another one breaks the schema."""

    kind: Literal["categorical"]
    values: Names | None


class BooleanColumn(Block):
    """Two answers, in the words of `convert.TRUE_WORDS` and `convert.FALSE_WORDS`, in any case."""

    kind: Literal["boolean"]


class DateColumn(Block):
    """Dates or times; a cell takes the first of `formats` (strptime's, or `ISO8601`) that fits it."""

    kind: Literal["date"]
    formats: Annotated[tuple[str, ...], Field(strict=False, min_length=1)]

    @field_validator("formats")
    @classmethod
    def _formats_are_known(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in formats:
            pd.to_datetime(pd.Series(["-"]), format=pattern, errors="coerce")  # raises ValueError if it is none
        return formats


class TextColumn(Block):
    """Free text, of which only its length, number of words and share of digits are used."""

    kind: Literal["text"]


Column = Annotated[
    NumericColumn | AmountColumn | CategoricalColumn | BooleanColumn | DateColumn | TextColumn,
    Field(discriminator="kind"),
]


class Target(Block):
    column: str
    positive: str
    negative: str


class StratifiedSplit(Block):
    """Rows at random, each split with the same share of positives."""

    by: Literal["stratified"]
    validation: Share
    test: Share
    seed: int


class GroupSplit(Block):
    """Rows that share a value of `column` (a person, a shop) stay in one split."""

    by: Literal["group"]
    column: str
    validation: Share
    test: Share
    seed: int


class TimeSplit(Block):
    """The oldest rows train, the newest test; rows of one moment stay in one split."""

    by: Literal["time"]
    column: str
    validation: Share
    test: Share


Split = Annotated[StratifiedSplit | GroupSplit | TimeSplit, Field(discriminator="by")]


class EncodeParams(Block):
    """How columns become what a network takes.

    `numeric` names the transform: `quantile` to a normal distribution through at most `knots`
    points, `standard` to mean 0 and deviation 1, `log_standard` the same after sign(x)·log(1+|x|).
    Categories of fewer than `min_count` training rows share one code.
    """

    numeric: Literal["quantile", "standard", "log_standard"]
    knots: Annotated[int, Field(ge=2)]
    min_count: Annotated[int, Field(ge=1)]


class TableParams(Block):
    """The whole block. `missing` are cells, in any case, that stand for no value; empty ones always do."""

    file: str
    missing: Names
    key: Names
    target: Target
    columns: Annotated[dict[str, Column], Field(min_length=1)]
    derived: dict[str, str]
    ignore: dict[str, str]
    split: Split
    encode: EncodeParams
    max_rejected: Annotated[float, Field(ge=0, lt=1)]
    max_leak_auc: Annotated[float, Field(gt=0.5, le=1)]

    @model_validator(mode="after")
    def _each_column_has_one_role(self) -> "TableParams":
        roles: dict[str, str] = {self.target.column: "target"}
        for role, names in (("columns", self.columns), ("key", self.key), ("ignore", self.ignore)):
            for name in names:
                if name in roles:
                    raise ValueError(f"{name!r} is in both {roles[name]} and {role}; it can have one role")
                roles[name] = role
        for name in {*self.columns, *self.key, *self.derived} & {TARGET, *(() if self.key else (ROW,))}:
            raise ValueError(f"{name!r} is the name of a column that a prepared table adds; rename it or ignore it")
        return self

    @model_validator(mode="after")
    def _labels_and_shares_differ(self) -> "TableParams":
        if self.target.positive.strip().casefold() == self.target.negative.strip().casefold():
            raise ValueError("target.positive and target.negative must differ")
        if self.split.validation + self.split.test >= 1:
            raise ValueError("split.validation and split.test leave no row to train on")
        return self

    @model_validator(mode="after")
    def _derived_use_numbers(self) -> "TableParams":
        numbers = {name for name, column in self.columns.items() if column.kind in ("numeric", "amount")}
        for name, expression in self.derived.items():
            if name in self.columns:
                raise ValueError(f"derived {name!r} has the name of a column")
            used = names_in(expression)
            if not used:
                raise ValueError(f"derived {name!r} uses no column")
            if unknown := used - numbers:
                raise ValueError(f"derived {name!r} uses {', '.join(sorted(unknown))}: not a numeric or amount column")
        return self
