"""`cases.<case>.prepare` of a table: what each column of the raw file is, and how rows are split."""

import operator
from abc import abstractmethod
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SerializerFunctionWrapHandler, field_validator, model_serializer, model_validator

from components.core.blocks import Block, Names
from components.core.forgotten import FORGOTTEN, Forgotten
from components.kits.tables.encoding.derive import names_in
from components.kits.tables.encoding.reading import AS_IT_IS, Reading

ROW, TARGET = "row", "target"  # columns that a prepared table adds
QUESTIONS: Any = {FORGOTTEN: True, "known": True, "split": {"uneven"}}  # a model's spec does not repeat the answers

Share = Annotated[float, Field(gt=0, lt=1)]
Decimal = Literal[".", ","]
Thousands = Literal["", ",", ".", " ", "'"]


class NumbersParams(Block):
    """How a person has said that the file writes numbers, where its cells leave that open (`1.234`)."""

    decimal: Decimal
    thousands: Thousands

    @model_validator(mode="after")
    def _marks_differ(self) -> "NumbersParams":
        if self.thousands == self.decimal:
            raise ValueError("thousands and decimal must differ")
        return self


def is_none(value: object) -> bool:
    """Where a key is not stated: a dump leaves it out, so that blocks and bundles without it keep their bytes."""
    return value is None


class AnyColumn(Block):
    """Of a column of any kind: `missing` are further cells that stand for no value in it, and `present` those of the
    table's `missing` that are values in it.
    """

    missing: Annotated[Names, Field(exclude_if=operator.not_)] = ()
    present: Annotated[Names, Field(exclude_if=operator.not_)] = ()


class NumericColumn(AnyColumn):
    """Plain numbers (`12`, `-0.5`, `1e3`). `min` and `max` are the bounds a value may have. With `laboratory`, here
    and in amounts, `<0.01` and `80+` count as their limits, and `7.4 H` as 7.4.
    """

    kind: Literal["numeric"]
    min: float | None
    max: float | None
    laboratory: Annotated[bool, Field(exclude_if=operator.not_)] = False


class AmountColumn(AnyColumn):
    """Numbers written for people: `$1,234.50`, `1.234,50 €`, `12%` (12, not 0.12), `(300)` for -300.

    `thousands` and `decimal` are the separators ("" for none); `unit` may stand before or after
    the number, and must do so if it is `%`, where a number without it would mean something else.
    `suffixes` are what else may stand behind it, with what the number is times then: `{k: 1000}`.
    """

    kind: Literal["amount"]
    thousands: Thousands
    decimal: Decimal
    unit: str
    suffixes: dict[str, Annotated[float, Field(gt=0)]] = Field(default_factory=dict, exclude_if=lambda value: not value)
    min: float | None
    max: float | None
    laboratory: Annotated[bool, Field(exclude_if=operator.not_)] = False

    @model_validator(mode="after")
    def _separators_differ(self) -> "AmountColumn":
        if self.thousands == self.decimal:
            raise ValueError("thousands and decimal must differ")
        return self


class CategoricalColumn(AnyColumn):
    """Names of classes, at any number. With `values`, a row with another one breaks the schema."""

    kind: Literal["categorical"]
    values: Names | None


class BandColumn(AnyColumn):
    """Bands of a number, which some files give as the number and others by the band's name.

    A number up to and including the first of `edges` is in the first band, and so on; the last of
    `labels` is for what is above the last edge. Cells that are one of `labels` are taken as they are.
    """

    kind: Literal["band"]
    edges: Annotated[tuple[float, ...], Field(strict=False, min_length=1)]
    labels: Annotated[tuple[str, ...], Field(strict=False, min_length=2)]

    @model_validator(mode="after")
    def _edges_part_the_labels(self) -> "BandColumn":
        if any(low >= high for low, high in pairwise(self.edges)):
            raise ValueError("edges must rise")
        if len(self.labels) != len(self.edges) + 1 or len(set(self.labels)) < len(self.labels):
            raise ValueError(f"{len(self.edges)} edges part {len(self.edges) + 1} bands, each with a label of its own")
        return self


class BooleanColumn(AnyColumn):
    """Two answers, in the words of `convert.TRUE_WORDS` and `convert.FALSE_WORDS`, in any case."""

    kind: Literal["boolean"]


class DateColumn(AnyColumn):
    """Dates or times; a cell takes the first of `formats` (strptime's, or `ISO8601`) that fits it.

    A year of two digits (`%y`) is the last one up to `latest` that ends so; without it strptime decides, from 1969 to
    2068.
    """

    kind: Literal["date"]
    formats: Annotated[tuple[str, ...], Field(strict=False, min_length=1)]
    latest: Annotated[int | None, Field(ge=1900, le=2200, exclude_if=is_none)] = None

    @field_validator("formats")
    @classmethod
    def _formats_are_known(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        import pandas as pd  # it decides, and only who has dates pays for loading it

        for pattern in formats:
            pd.to_datetime(pd.Series(["-"]), format=pattern, errors="coerce")  # raises ValueError if it is none
        return formats


class TextColumn(AnyColumn):
    """Free text, of which only its length, number of words and share of digits are used."""

    kind: Literal["text"]


Column = Annotated[
    NumericColumn | AmountColumn | CategoricalColumn | BandColumn | BooleanColumn | DateColumn | TextColumn,
    Field(discriminator="kind"),
]


class Target(Block):
    """Rows whose cell is one of `ignore` have no outcome, and are left out."""

    column: str
    positive: str
    negative: str
    ignore: Annotated[Names, Field(exclude_if=operator.not_)] = ()


class StratifiedSplit(Block):
    """Rows at random, each split with the same share of positives."""

    by: Literal["stratified"]
    validation: Share
    test: Share
    seed: int


class GroupSplit(Block):
    """Rows that share a value of `column` (a person, a shop) stay in one split.

    `uneven` says that the splits may have other shares of positives by more than chance allows.
    """

    by: Literal["group"]
    column: str
    validation: Share
    test: Share
    seed: int
    uneven: bool = False


class TimeSplit(Block):
    """The oldest rows train, the newest test; rows of one moment stay in one split. `uneven` as of groups."""

    by: Literal["time"]
    column: str
    validation: Share
    test: Share
    uneven: bool = False


Split = Annotated[StratifiedSplit | GroupSplit | TimeSplit, Field(discriminator="by")]


class EncodeParams(Block):
    """How columns become what a network takes.

    `numeric` names the transform: `quantile` to a normal distribution through at most `knots`
    points, `standard` to mean 0 and deviation 1, `log_standard` the same after sign(x)·log(1+|x|).
    Categories of fewer than `min_count` training rows share one code. `fold` makes one of those that
    differ in case, blanks or width alone: `Rent`, `RENT`, `rent `, and full-width letters.
    """

    numeric: Literal["quantile", "standard", "log_standard"]
    knots: Annotated[int, Field(ge=2)]
    min_count: Annotated[int, Field(ge=1)]
    fold: bool = False

    @model_serializer(mode="wrap")
    def _without_fold_where_it_is_off(self, dumped: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A bundle of such a case has the bytes that it had before there was the switch."""
        content: dict[str, Any] = dumped(self)
        return {name: value for name, value in content.items() if name != "fold" or value}


class FeatureParams(Block):
    """What a block says of the features. `missing` are cells, in any case, that stand for no value; empty ones
    always do. `forgotten` are digests of keys whose rows are left out. `numbers` settles what the file's numbers leave
    open. Columns that are `known` when a row is asked about are not suspected of being written later, nor of being
    somebody's judgement of the row. What it says of the outcome is added by the blocks below and in `cohort.py`.
    """

    file: str
    read: Annotated[Reading, Field(exclude_if=AS_IT_IS.__eq__)] = AS_IT_IS
    missing: Names
    numbers: NumbersParams | None = Field(default=None, exclude_if=lambda value: value is None)
    key: Names
    forgotten: Forgotten = ()
    columns: Annotated[dict[str, Column], Field(min_length=1)]
    derived: dict[str, str]
    known: Names = ()
    ignore: dict[str, str]
    split: Split
    encode: EncodeParams
    max_rejected: Annotated[float, Field(ge=0, lt=1)]

    @property
    @abstractmethod
    def outcome(self) -> tuple[str, ...]:
        """The raw columns that hold the outcome."""

    @property
    @abstractmethod
    def outcome_labels(self) -> tuple[str, str]:
        """What a row that had the event is called, and one that had not."""

    @property
    def needs_both(self) -> bool:
        """Whether a split must have rows without the event, too."""
        return True

    @property
    @abstractmethod
    def added(self) -> tuple[str, ...]:
        """The columns that the prepared table has in their place."""

    @model_validator(mode="after")
    def _each_column_has_one_role(self) -> Self:
        roles: dict[str, str] = dict.fromkeys(self.outcome, "target")
        for role, names in (("columns", self.columns), ("key", self.key), ("ignore", self.ignore)):
            for name in names:
                if name in roles:
                    raise ValueError(f"{name!r} is in both {roles[name]} and {role}; it can have one role")
                roles[name] = role
        for name in {*self.columns, *self.key, *self.derived} & {*self.added, *(() if self.key else (ROW,))}:
            raise ValueError(f"{name!r} is the name of a column that a prepared table adds; rename it or ignore it")
        return self

    @model_validator(mode="after")
    def _known_are_columns(self) -> Self:
        if unknown := [name for name in self.known if name not in self.columns]:
            raise ValueError(f"known names {', '.join(unknown)}, which columns does not have")
        return self

    @model_validator(mode="after")
    def _shares_leave_rows(self) -> Self:
        if self.split.validation + self.split.test >= 1:
            raise ValueError("split.validation and split.test leave no row to train on")
        return self

    @model_validator(mode="after")
    def _derived_use_numbers(self) -> Self:
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


class TableParams(FeatureParams):
    """A table with a target of two values."""

    target: Target
    max_leak_auc: Annotated[float, Field(gt=0.5, le=1)]

    @property
    def outcome(self) -> tuple[str, ...]:
        return (self.target.column,)

    @property
    def outcome_labels(self) -> tuple[str, str]:
        return self.target.positive, self.target.negative

    @property
    def added(self) -> tuple[str, ...]:
        return (TARGET,)

    @model_validator(mode="after")
    def _labels_differ(self) -> "TableParams":
        if self.target.positive.strip().casefold() == self.target.negative.strip().casefold():
            raise ValueError("target.positive and target.negative must differ")
        labels = {self.target.positive.strip().casefold(), self.target.negative.strip().casefold()}
        if both := [value for value in self.target.ignore if value.strip().casefold() in labels]:
            raise ValueError(f"target.ignore: {both[0]!r} is one of the two values to tell apart")
        return self
