"""What the options of `casebook new` say of a cohort's times."""

from dataclasses import dataclass
from typing import cast

from components.core.errors import CasebookError, nearest
from components.kits.survival.preparation.course import Course
from components.kits.survival.units import DAYS_A_YEAR, PER_YEAR, Unit


@dataclass(frozen=True)
class Times:
    """The options: columns, the unit, and what is to be answered, as `30,90,180`."""

    time: str | None = None
    entry: str | None = None
    start: str | None = None
    stop: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    unit: str | None = None
    horizons: str | None = None

    @property
    def column(self) -> str | None:
        """That of the time, where there is one."""
        return self.time or self.stop

    @property
    def named(self) -> bool:
        """Whether anything says how long rows were observed."""
        return self.column is not None or self.end_date is not None

    def course(self) -> Course:
        """Raises CasebookError if options exclude each other, or one lacks another."""
        if sum(one is not None for one in (self.time, self.stop, self.end_date)) > 1:
            raise CasebookError("give one of --time, --stop (with --start), and --start-date with --end-date")
        if (self.start_date is None) != (self.end_date is None):
            raise CasebookError("--start-date and --end-date are the two dates that the time lies between; give both")
        if self.start is not None and (self.stop is None or self.entry is not None):
            raise CasebookError("--start goes with --stop; where each row is of somebody else, say --entry and --time")
        if self.entry is not None and self.stop is not None:
            raise CasebookError("--stop goes with --start, --time with --entry")
        dates = None if self.start_date is None or self.end_date is None else (self.start_date, self.end_date)
        unit = None if self.unit is None else _unit(self.unit)
        return Course(self.entry or self.start, self.stop is not None, dates, unit, _numbers(self.horizons))

    def per_year(self, stated: float) -> float:
        """How many units of the time a year has: by the unit, or as was `stated`."""
        if self.unit is None:
            return stated
        found = PER_YEAR[_unit(self.unit)]
        if stated not in (found, DAYS_A_YEAR):
            raise CasebookError(f"--unit {self.unit} has {found:g} in a year, and --per-year says {stated:g}; give one")
        return found


def _unit(given: str) -> Unit:
    for name in (given.lower(), f"{given.lower()}s"):
        if name in PER_YEAR:
            return cast("Unit", name)
    raise CasebookError(f"--unit {given}: one of {', '.join(PER_YEAR)}{nearest(given, PER_YEAR)}")


def _numbers(given: str | None) -> tuple[float, ...]:
    if given is None:
        return ()
    try:
        read = [float(part) for part in given.split(",")]
        found = tuple(int(one) if one.is_integer() else one for one in read)
    except ValueError:
        found = ()
    if len(found) < 2 or list(found) != sorted(set(found)) or not 0 < found[0] <= found[-1] < float("inf"):
        raise CasebookError(f"--horizons {given}: write two or more numbers that rise from above 0, such as 30,90,180")
    return found
