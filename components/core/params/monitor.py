"""The block `operate.monitor` of `params.yaml`: whose rows are looked at, and what counts as drift."""

from functools import cache
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field

from components.core.blocks import Block, Names

_timezones = cache(available_timezones)  # it looks through some 600 files


def known_timezone(name: str) -> str:
    if name not in _timezones():
        raise ValueError("is no time zone of the tz database, such as UTC or Europe/Berlin")
    return name


Timezone = Annotated[str, AfterValidator(known_timezone)]

Positive = Annotated[float, Field(gt=0, strict=False)]
Share = Annotated[float, Field(gt=0, le=1, strict=False)]
Count = Annotated[int, Field(ge=1)]
Variable = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]  # of the environment


class LogRows(Block):
    """What `casebook predict` was asked in the last `days`."""

    kind: Literal["log"]
    days: Positive


class FileRows(Block):
    """A file, or a folder of images, as `casebook predict` takes it; `path` is relative to the checkout."""

    kind: Literal["file"]
    path: str


class SqlRows(Block):
    """The rows a query answers; the environment's `variable` holds the database's address, as SQLAlchemy writes it."""

    kind: Literal["sql"]
    variable: Variable
    query: str


Rows = Annotated[LogRows | FileRows | SqlRows, Field(discriminator="kind")]
Labels = Annotated[FileRows | SqlRows, Field(discriminator="kind")]


class PredictionLog(Block):
    """Of each call of `casebook predict` at most `rows` rows are kept, for `days`; of all at most `megabytes`."""

    enabled: bool
    rows: Count
    megabytes: Positive
    days: Positive = 90


class DriftParams(Block):
    """A column has drifted where its PSI, over `bins` bins with shares of at least `floor`, reaches `psi`, and its
    test's p, after Benjamini and Hochberg's correction, is below `alpha`. Columns of `ignore` are left out.
    `columns` is the share of drifted columns that calls for a retrain; one drifted score does.
    """

    psi: Positive
    alpha: Annotated[float, Field(gt=0, lt=1)]
    bins: Annotated[int, Field(ge=2)]
    floor: Annotated[float, Field(gt=0, lt=0.1)]
    columns: Share
    ignore: Names


class QualityParams(Block):
    """The primary metric has dropped where the interval of its change lies below minus `max_drop` altogether; of a
    metric in units of the data that is a share of the figure before.

    Nothing is said of fewer than `min_rows` labelled rows.
    """

    max_drop: Annotated[float, Field(ge=0, strict=False)]
    min_rows: Count
    resamples: Annotated[int, Field(ge=100)]
    confidence: Annotated[float, Field(gt=0.5, lt=1)]


class MonitorParams(Block):
    """`cron`, in the time zone of `timezone`, is null where nothing is scheduled.

    Of `rows` and of the training rows a random `sample` each is compared, and nothing is decided on fewer than
    `min_rows`. `labels` are outcomes that came later, by the key of the rows. `retrain` lets a drift start one,
    at most one in `cooldown_hours`.
    """

    cron: str | None
    timezone: Timezone
    rows: Rows
    labels: Labels | None
    log: PredictionLog
    sample: Annotated[int, Field(ge=10)]
    min_rows: Count
    seed: Annotated[int, Field(ge=0)]
    drift: DriftParams
    quality: QualityParams
    retrain: bool
    cooldown_hours: Positive
