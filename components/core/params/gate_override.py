"""Override of a check of the gate: a person's word that a model may serve all the same, which ends at a date."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, field_validator

from components.core.blocks import Block

SMOKE_CHECK = "real"  # no word of a person makes figures of a smoke model mean something
ALONE = ("committed", "not withdrawn", "trained", "scored", "champion", "exported", "served")  # names of checks
OF_A_NAME = ("floor", "baseline", "calibration", "constant", "limits")  # of those that each metric or baseline has one
KNOWN = re.compile(rf"{'|'.join(ALONE)}|baseline|calibration|({'|'.join(OF_A_NAME)}) \S.*")


def _moment(value: Any) -> Any:
    """A date or time of a text, with a zone; a date is its first moment, in UTC."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    if not isinstance(value, str):
        raise ValueError("write the date as a text in quotes, such as '2030-12-31': DVC reads no dates")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("no date; write it like 2030-12-31 or 2030-12-31T18:00+01:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _one_line(text: str) -> str:
    if not (words := text.split()):
        raise ValueError("is empty; say it in a few words")
    return " ".join(words)


def day_of(moment: datetime) -> str:
    """`2030-12-31`, with the minute where it is not the day's first one, in UTC."""
    at = moment.astimezone(UTC)
    return f"{at:%Y-%m-%d}" if (at.hour, at.minute) == (0, 0) else f"{at:%Y-%m-%dT%H:%M}+00:00"


Until = Annotated[datetime, BeforeValidator(_moment), PlainSerializer(day_of, when_used="json")]
OneLine = Annotated[str, AfterValidator(_one_line)]


class Override(Block):
    """`who` lets a model pass although `check` fails, `because`; from the first moment of `until` on it has ended.

    The check stays failed, and is shown so.
    """

    check: OneLine
    who: Annotated[OneLine, Field(max_length=100)]
    because: Annotated[OneLine, Field(max_length=500)]
    until: Until

    @field_validator("check")
    @classmethod
    def _is_a_check(cls, name: str) -> str:
        if name == SMOKE_CHECK:
            raise ValueError("a smoke model cannot be let pass: its figures mean nothing; run without --smoke")
        if not KNOWN.fullmatch(name):
            ways = ", ".join([*ALONE, *(f"{kind} NAME" for kind in OF_A_NAME)])
            raise ValueError(f"no check of the gate; there are: {ways}")
        return name

    def ended(self, now: datetime) -> bool:
        return now >= self.until

    @property
    def day(self) -> str:
        return day_of(self.until)

    @property
    def told(self) -> str:
        return f"overridden by {self.who} until {self.day} because {self.because}"


def in_words(overrides: Iterable[Override]) -> str:
    """`floor auc, champion overridden by Ada until 2030-12-31 because it is a demo`, for each who has overridden."""
    checks: dict[str, list[str]] = {}
    for one in overrides:
        checks.setdefault(one.told, []).append(one.check)
    return "; ".join(f"{', '.join(names)} {told}" for told, names in checks.items())
