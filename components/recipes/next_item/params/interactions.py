"""`cases.<case>.prepare` of interactions: what the raw files' columns are, and how events are filtered and split."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from components.core.blocks import Block, Names
from components.core.forgotten import Forgotten
from components.kits.tables.encoding.reading import AS_THE_HEADER_SAYS, TextReading

TimeUnit = Literal["seconds", "milliseconds", "microseconds", "nanoseconds", "days", "excel_days", "datetime", "auto"]
LEAST_EVENTS = 3  # leave-one-out asks one event of a user for each of training, validation and test

Share = Annotated[float, Field(gt=0, lt=1)]
Edges = Annotated[tuple[float, ...], Field(strict=False, min_length=1)]


class EventColumns(Block):
    """Names in the raw file; `rating` is null where events have none."""

    user: str
    item: str
    time: str
    rating: str | None


class CategoryFeature(Block):
    """One of the texts that occur in training; another one is unknown."""

    column: str
    kind: Literal["category"]


class BandFeature(Block):
    """A number's place among ascending `edges`; an edge belongs to the band above it."""

    column: str
    kind: Literal["band"]
    edges: Edges

    @model_validator(mode="after")
    def _edges_ascend(self) -> "BandFeature":
        if list(self.edges) != sorted(set(self.edges)):
            raise ValueError("edges must ascend, each higher than the one before")
        return self


class SetFeature(Block):
    """Any number of texts in one cell, between separators."""

    column: str
    kind: Literal["set"]
    separator: Annotated[str, Field(min_length=1)]


UserFeature = Annotated[CategoryFeature | BandFeature, Field(discriminator="kind")]
ItemFeature = Annotated[CategoryFeature | BandFeature | SetFeature, Field(discriminator="kind")]


class UserFile(Block):
    """A file with a row for each user, in the raw folder; `columns` by the names that features get."""

    file: str
    read: TextReading = AS_THE_HEADER_SAYS
    id: str
    columns: dict[str, UserFeature]


class ItemFile(Block):
    """A file with a row for each item, in the raw folder; `title` is shown to people, or null."""

    file: str
    read: TextReading = AS_THE_HEADER_SAYS
    id: str
    title: str | None
    columns: dict[str, ItemFeature]


class KCore(Block):
    """Users and items of fewer events are set aside, again and again until all have enough.

    Where time splits, only training events count, so that no later one decides what is learned
    from: with 1 or more, users and items that training does not know are set aside, with 0 they
    stay. Leave-one-out counts all events.
    """

    user: Annotated[int, Field(ge=0)]
    item: Annotated[int, Field(ge=0)]


class LeaveOneOut(Block):
    """Each user's last event is the test, the last but one the validation."""

    by: Literal["leave_one_out"]


class TimeSplit(Block):
    """The newest `test` share of all events is the test, the share before it the validation."""

    by: Literal["time"]
    validation: Share
    test: Share

    @model_validator(mode="after")
    def _something_is_left(self) -> "TimeSplit":
        if self.validation + self.test >= 1:
            raise ValueError("validation and test leave no event to train on")
        return self


class InteractionsParams(Block):
    """The whole block. `read` says of the file what it does not say itself. `missing` are cells, in any case, that
    stand for no value; empty ones always do.

    `duplicates` says what becomes of events with the user, item and time of an earlier one.
    `merge_within`, in whole seconds, makes events of one user and item one that follow each other no
    later; null leaves them. `repeats` says whether items that a user has seen are recommended to them:
    null leaves them out, and is refused where more than a few questions ask for one.
    `rating_bands` is the most codes that ratings get: one for each value, or for each quantile
    where there are more values. Events of users of `forgotten`, by digests of their ids, are left
    out. `memory_limit` and `threads` are DuckDB's.
    """

    file: str
    read: TextReading = AS_THE_HEADER_SAYS
    missing: Names
    forgotten: Forgotten = ()
    columns: EventColumns
    time_unit: TimeUnit
    odd_times: Literal["keep", "set_aside"] | None = None
    zero_rating: Literal["rating", "missing"] | None = None
    least_known: Annotated[float, Field(ge=0, le=1)] = 0.5
    rating_bands: Annotated[int, Field(ge=2, le=100)]
    users: UserFile | None
    items: ItemFile | None
    duplicates: Literal["keep", "drop"]
    merge_within: Annotated[int, Field(ge=0)] | None = None
    repeats: Literal["recommend", "exclude"] | None = None
    k_core: KCore
    split: Annotated[LeaveOneOut | TimeSplit, Field(discriminator="by")]
    max_rejected: Annotated[float, Field(ge=0, lt=1)]
    memory_limit: Annotated[str, Field(pattern=r"^\d+(\.\d+)? ?(MB|GB|TB)$")]
    threads: Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def _names_are_free(self) -> "InteractionsParams":
        for side, taken in ((self.users, {"id"}), (self.items, {"id", "title", "count"})):
            if side and (wrong := taken & set(side.columns)):
                raise ValueError(f"{sorted(wrong)[0]!r} is the name of a column that {side.file} gets; rename it")
        return self

    @property
    def unanswered(self) -> set[str]:
        """Keys of questions that were not asked, or that no reader of prepared data needs the answer to."""
        return {
            "least_known",
            *(key for key in ("odd_times", "zero_rating", "merge_within", "repeats") if getattr(self, key) is None),
        }

    @property
    def least_user_events(self) -> int:
        """Fewest events that keep a user."""
        return max(self.k_core.user, LEAST_EVENTS) if self.split.by == "leave_one_out" else self.k_core.user
