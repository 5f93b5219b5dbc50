"""The block `operate.monitor` of `params.yaml`."""

from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator

from components.params import Block


def known_timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("is no time zone of the tz database, such as UTC or Europe/Berlin")
    return name


Timezone = Annotated[str, AfterValidator(known_timezone)]


class MonitorParams(Block):
    """`cron`, in the time zone of `timezone`, is null where nothing is scheduled."""

    cron: str | None
    timezone: Timezone
