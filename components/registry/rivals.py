"""Who a candidate is compared with, and figures as the gate's reasons show them."""

import math
from dataclasses import dataclass
from typing import Any, TypeGuard

from components.core.results import Interval
from components.core.written import written, written_interval


@dataclass(frozen=True)
class Rival:
    """Who the candidate is compared with, on the rows that both have scored.

    `value` is the rival's figure. `difference` is candidate less rival, turned so that more is better, with the bounds
    of its paired bootstrap interval; None if the rival could not be scored, and then `problem` says why.
    """

    name: str
    value: float | None
    difference: Interval | None
    problem: str = ""


def comparable(rival: Rival) -> bool:
    return finite(rival.value) and finite_interval(rival.difference)


def margin_of(rival: Rival, given: float, *, relative: bool) -> float:
    """A margin of the params in units of the figures that are compared: of a relative metric it is a share of the
    rival's.
    """
    return given * abs(rival.value) if relative and finite(rival.value) else given


def finite_interval(interval: Any) -> TypeGuard[Interval]:
    """Three numbers, the bounds in order; the value of a biased metric such as ECE may lie outside them."""
    if not isinstance(interval, Interval):
        return False
    if not all(finite(number) for number in (interval.value, interval.low, interval.high)):
        return False
    return interval.low <= interval.high


def finite(number: Any) -> TypeGuard[float]:
    return isinstance(number, int | float) and not isinstance(number, bool) and math.isfinite(number)


def figure(number: float | None, sign: str = "") -> str:
    return "missing" if number is None else written(number, sign)


def shown(interval: Interval, sign: str = "") -> str:
    return written_interval(interval.value, interval.low, interval.high, sign)
